"""What a job gives to a provided program, and how it takes back what that answers.

A run has two halves: `give` computes the rows that the program is to have and leaves them
in the run's exchange, `take` goes on with what the program has left there. Between them the
state machine lets the program run. It knows nothing of where that is.
"""

import json
from collections.abc import Sequence
from typing import Any

import pipec_records as records
from pipec_lake import NO_MARKS, Folder, quoted, written
from pipec_runtime import Run
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

PART = "part"
LINE = "_line"
VALUE = "_value"
MEMBERS = "_members"
WRONG = "_wrong"

# What a file of the exchange is called.
RUN = "run.json"


class Given(Exception):
    """The program has its rows: the rest of the run comes when it has answered."""


class WrongAnswer(Exception):
    """A program answered what is no row of what it returns."""


def through(
    run: Run, rows: DataFrame, fields: Sequence[records.Field], *, parts: int
) -> DataFrame:
    """The rows that the program makes of these; in the first half, `Given` ends it."""
    exchange, stage = run.arguments.exchange, run.arguments.stage
    if not exchange or not stage:
        raise SystemExit("give --exchange FOLDER and --stage give, then --stage take")
    folder = Folder(run.spark, exchange)
    if stage == "give":
        _give(run, rows, folder, parts)
        raise Given
    return _take(run, folder, fields)


def _give(run: Run, rows: DataFrame, folder: Folder, parts: int) -> None:
    for name in folder.names():
        folder.delete(name)
    own = [c for c in rows.schema if not c.name.startswith("_")]
    values = [_json(F.col(quoted(c.name)), c.dataType).alias(c.name) for c in own]
    lines = rows.select(F.to_json(F.struct(*values)).alias("value"))
    lines = lines.repartition(parts).withColumn(PART, F.spark_partition_id())
    writer = lines.write.mode("overwrite").options(**NO_MARKS)
    writer.partitionBy(PART).text(f"{folder.path}/in")
    rejected = run.turned_away.once_each()
    for number, frame in enumerate(rejected):
        frame.write.mode("overwrite").parquet(f"{folder.path}/rejected/{number}")
    told = {"run": run.handed_over(), "rejected": len(rejected)}
    # What comes last says that all of it is there.
    folder.write_text(RUN, json.dumps(told))


def _json(value: Column, kind: T.DataType) -> Column:
    """A value as it stands in JSON; a float that is no number is missing."""
    if isinstance(kind, T.DoubleType):
        infinite = F.abs(value) == F.lit(float("inf"))
        return F.when(~(F.isnan(value) | infinite), value)
    return written(value, kind)


def _take(run: Run, folder: Folder, fields: Sequence[records.Field]) -> DataFrame:
    told: dict[str, Any] = json.loads(folder.read_text(RUN) or "null")
    if told is None and run.has_finished:
        # It was killed after its last step but one, which the start of this one made up for.
        raise Given
    if told is None:
        raise SystemExit(f"nothing was given in {folder.path}")
    if not run.take_over(told["run"], folder):
        # Its rows are not remembered as read: the next run has them.
        for name in folder.names():
            folder.delete(name)
        raise Given
    # Those of the first half: the steps up to here have not turned them away again.
    places = [f"{folder.path}/rejected/{n}" for n in range(told["rejected"])]
    run.turned_away.frames = [run.spark.read.parquet(place) for place in places]
    answers = Folder(run.spark, f"{folder.path}/out")
    paths = [f"{answers.path}/{name}" for name in sorted(answers.data_files())]
    if paths:
        lines = run.spark.read.text(paths).withColumnRenamed("value", LINE)
    else:
        lines = run.spark.createDataFrame([], f"{LINE} string")
    rows = _decoded(lines.filter(F.trim(LINE) != ""), fields).persist()
    wrong = rows.filter(F.col(WRONG).isNotNull()).select(WRONG).take(1)
    for row in wrong:
        raise WrongAnswer(f"{run.name}: its program answered no row: {row[WRONG]}")
    return rows.drop(WRONG)


def _decoded(lines: DataFrame, fields: Sequence[records.Field]) -> DataFrame:
    lines = lines.withColumn(VALUE, records.rich(F.col(LINE)))
    found = records.members(F.col(LINE), F.col(VALUE))
    lines = lines.withColumn(MEMBERS, found)
    values = [records.value_of(f, F.col(MEMBERS)).alias(f.name) for f in fields]
    rows = lines.select(*values, LINE, VALUE, MEMBERS)
    reason = F.coalesce(
        records.not_an_object(F.col(VALUE), F.col(MEMBERS)),
        *records.reasons(fields, F.col(MEMBERS)),
    )
    return rows.withColumn(WRONG, reason).drop(LINE, VALUE, MEMBERS)
