"""What sources have landed, read as the rows of tables: by the same rules and with the same
reasons as on every engine, so that a record which is no row never fails a run.

Files of JSON and CSV hold texts, which `pipec_records` reads; the other formats have types of
their own. It knows nothing of what is done with the rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pipec_json as jsons
import pipec_records as records
from pipec_lake import (
    CSV,
    Dataset,
    Folder,
    delimiters,
    quoted,
    read_files,
    written,
)
from pipec_marks import ARRIVAL, LINE, NUMBER, REASON, ROW, plain
from pipec_runtime import MICROSECOND, Run
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

ARRIVED, SEQUENCE, CHANGE = ARRIVAL
MEMBERS = "_members"
FILE = "_file"
# The columns of files that say what became of a row.
OPERATION = ("Op", "op")
# A file's names are in its first bytes.
HEAD = 1 << 16
# The day that a file landed on, and the time where its name begins with that.
LANDED = "/arrived_on=(\\d{4}-\\d\\d-\\d\\d)/(?:[^/]*/)*(?:(\\d{6})(\\d{6})-[^/]*)?"


@dataclass(frozen=True)
class Source:
    """What a source has landed, and what a row of it is."""

    of: Dataset
    fields: Sequence[records.Field]
    # The column that says when a row happened.
    event_time: str | None = None
    # Whether its records may tell of changes, and whether `op` is what became of a row.
    changes: bool = False
    has_operation: bool = False


def rows(
    run: Run, source: Source, *, ordered: bool = False, looked_up: bool = False
) -> DataFrame:
    """The records of a source as rows; those that are none have a reason.

    Rows have the time of their arrival beside them and, where they are `ordered`, their
    places: what tells apart those that arrived at one instant.
    """
    folder, paths = run.paths(source.of)
    if not paths:
        came = _nothing(run, source)
    elif source.of.format == "json":
        came = _of_lines(run, folder, source, paths)
    elif source.of.format == "csv":
        came = _of_values(run, folder, source, paths)
    else:
        came = _of_columns(run, folder, source, paths)
    partition = [F.col(quoted(name)) for name in source.of.partition]
    own = [F.col(quoted(field.name)) for field in source.fields]
    place = F.monotonically_increasing_id().cast("string") if ordered else F.lit("")
    sequence = F.concat_ws(":", F.col(FILE), F.lpad(place, 20, "0"))
    arrived = _arrived(run, source)
    row = [F.col(LINE), arrived.alias(ARRIVED), *partition]
    if ordered:
        row.append(sequence.alias(NUMBER))
    if looked_up:
        row.append(F.regexp_replace(FILE, ":\\d{20}\\z", "").alias(FILE))
    change = records.TEXT.read(F.try_element_at(F.col(MEMBERS), F.lit(CHANGE)))
    hidden = [arrived.alias(ARRIVED), sequence.alias(SEQUENCE), change.alias(CHANGE)]
    hidden = hidden if ordered else []
    row_and_reason = [F.struct(*row).alias(ROW), F.col(REASON)]
    return came.select(*own, *partition, *hidden, *row_and_reason)


def in_time(
    rows: DataFrame, run: Run, source: Source, late: timedelta, reason: str
) -> DataFrame:
    """Turns away what happened too long before it arrived."""
    behind = F.unix_micros(f"{ROW}.{ARRIVED}") - F.unix_micros(
        quoted(source.event_time or "")
    )
    too_late = F.when(behind > late // MICROSECOND, reason)
    return run.turned_away.mark(rows, too_late)


def found(rows: DataFrame, run: Run, source: Source) -> DataFrame:
    """The rows that are any, for a stream that looks them up with each batch. The others are
    turned away once: with the first batch that finds them in their file."""
    version = run.version(source.of)
    before = run.told(source.of)
    if before.get("version") != version:
        file = F.col(f"{ROW}.{FILE}")
        wrong = rows.filter(F.col(REASON).isNotNull())
        wrong = wrong.filter(~file.isin(before.get("files", [])))
        wrong = wrong.select(ROW, REASON).localCheckpoint()
        files = [name for (name,) in wrong.select(file).distinct().collect()]
        known = sorted({*before.get("files", []), *files})
        run.tells(source.of, {"version": version, "files": known})
        run.turned_away.frames.append(wrong)
    return plain(rows.filter(F.col(REASON).isNull()))


def _arrived(run: Run, source: Source) -> Column:
    """When a record arrived: it says so, or it is its event time, or its file does."""
    said = F.try_element_at(F.col(MEMBERS), F.lit(ARRIVED))
    times = [records.TIMESTAMP.read(said)]
    if source.event_time is not None:
        times.append(F.col(quoted(source.event_time)))
    parts = [F.regexp_extract(FILE, LANDED, part) for part in (1, 2, 3)]
    clock = F.when(parts[1] == "", "000000000000").otherwise(F.concat(*parts[1:]))
    landed = F.concat(parts[0], clock)
    by_file = F.try_to_timestamp(landed, F.lit("yyyy-MM-ddHHmmssSSSSSS"))
    run_at = F.lit(f"{run.run_at.isoformat()}").cast("timestamp")
    return F.coalesce(*times, by_file, run_at)


def _nothing(run: Run, source: Source) -> DataFrame:
    beside = {LINE: "string", REASON: "string", FILE: "string"}
    columns = {name: F.lit(None).cast(kind) for name, kind in beside.items()}
    columns[MEMBERS] = F.lit(None).cast("map<string, string>")
    return run.spark.createDataFrame([], source.of.schema).withColumns(columns)


def _where() -> Column:
    """A record's file, and the part of it that one task reads."""
    start = F.col("_metadata.file_block_start").cast("string")
    return F.concat_ws(":", F.col("_metadata.file_path"), F.lpad(start, 20, "0"))


def _decoded(run: Run, came: DataFrame, source: Source, wrong: Column) -> DataFrame:
    """The fields of records by their members."""
    found = F.col(MEMBERS)
    if source.changes:
        came = records.of_changes(came, MEMBERS, has_operation=source.has_operation)
    came = run.taken(came, source.of)
    fields = [records.value_of(f, found).alias(f.name) for f in source.fields]
    came = came.withColumn(REASON, wrong)
    partition = [F.col(quoted(name)) for name in source.of.partition]
    came = came.select(*fields, *partition, LINE, MEMBERS, FILE, REASON)
    reason = F.coalesce(F.col(REASON), *records.reasons(source.fields, found))
    return came.withColumn(REASON, records.once(reason))


def _of_lines(
    run: Run, folder: Folder, source: Source, paths: Sequence[str]
) -> DataFrame:
    """Records of JSON, a line each."""
    reader = folder.spark.read.option("basePath", folder.path)
    came = reader.schema(_texts(["value"], source)).text(list(paths))
    came = came.withColumn(FILE, _where())
    line = records.line(F.col("value").cast("binary"))
    came = came.withColumn(LINE, line).withColumn(
        "_value", records.once(records.rich(F.col(LINE), changes=source.changes))
    )
    members = records.members(F.col(LINE), F.col("_value"), changes=source.changes)
    came = came.withColumn(MEMBERS, records.once(members))
    wrong = records.not_an_object(F.col("_value"), F.col(MEMBERS))
    return _decoded(run, came, source, wrong)


def _of_values(
    run: Run, folder: Folder, source: Source, paths: Sequence[str]
) -> DataFrame:
    """Values between separators: each file's first line says which is which."""
    dataset = source.of
    own = [field.name for field in source.fields]
    alike: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(p for name in paths for p in _files(folder, name)):
        names = first_line(folder, dataset, path) if dataset.header else own
        if names:
            alike.setdefault(tuple(names), []).append(path)
    frames = [_of_names(folder, source, names, some) for names, some in alike.items()]
    if not frames:
        came = folder.spark.createDataFrame([], _texts([LINE, FILE, REASON], source))
        frames = [came.withColumn(MEMBERS, F.lit(None).cast("map<string, string>"))]
    came, *others = frames
    for other in others:
        came = came.unionByName(other)
    return _decoded(run, came, source, F.col(REASON))


def _files(folder: Folder, path: str) -> list[str]:
    """The files with rows of a folder, or the file itself."""
    found = Folder(folder.spark, path).files_below()
    return [
        name for name in found if not name.rpartition("/")[2].startswith(("_", "."))
    ]


def first_line(folder: Folder, dataset: Dataset, path: str) -> list[str]:
    """The names in a file's first line; none where it is empty."""
    text = folder.head(path, HEAD).decode(errors="replace").removeprefix("\ufeff")
    lines = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dataset.separator,
        quotechar=dataset.quote,
    )
    return [name.strip().lower() for name in next(lines, [])]


def _of_names(
    folder: Folder, source: Source, names: Sequence[str], paths: Sequence[str]
) -> DataFrame:
    """The records of files whose values stand in one order, each as members of JSON."""
    dataset = source.of
    kinds = {field.name: field.kind for field in source.fields}
    places = [f"_{place}" for place in range(len(names))]
    reader = folder.spark.read.option("basePath", folder.path).options(
        **{
            **CSV,
            **delimiters(dataset),
            "emptyValue": "",
            "nullValue": "\0\x01\0",
            "columnPruning": "false",
            "mode": "PERMISSIVE",
            "columnNameOfCorruptRecord": LINE,
        }
    )
    came = reader.schema(_texts([*places, LINE], source)).csv(list(paths))
    came = came.withColumn(FILE, _where())
    pairs: list[Column] = []
    texts: list[Column] = []
    for name, place in zip(names, places):
        value = F.when(F.col(place) != dataset.missing, F.col(place))
        kind = kinds.get(name, records.TEXT)
        value = F.when(value.isNotNull(), kind.plain(value))
        pairs += [F.lit(name), value]
        texts.append(F.concat(jsons.quoted(F.lit(name)), F.lit(":"), value))
    line = F.concat(F.lit("{"), F.concat_ws(",", *texts), F.lit("}"))
    is_whole = F.col(LINE).isNull()
    wrong = F.when(~is_whole, records.NOT_JSON)
    partition = [F.col(quoted(name)) for name in dataset.partition]
    return came.select(
        *partition,
        F.col(FILE),
        wrong.alias(REASON),
        records.once(F.when(is_whole, F.create_map(*pairs))).alias(MEMBERS),
        F.coalesce(F.col(LINE), line).alias(LINE),
    )


def _of_columns(
    run: Run, folder: Folder, source: Source, paths: Sequence[str]
) -> DataFrame:
    """Files that have types of their own: what is asked of a row are its values alone."""
    dataset, said = source.of, []
    if source.has_operation:
        beside = [T.StructField(name, T.StringType()) for name in OPERATION]
        schema = T.StructType([*dataset.schema, *beside])
        dataset, said = replace(dataset, schema=schema), list(map(F.col, OPERATION))
    came = read_files(folder, dataset, paths, where=_where().alias(FILE))
    came = run.taken(came, source.of)
    became = F.coalesce(F.lit(None).cast("string"), *said)
    reasons, fields, texts = [], [], [became.alias(OPERATION[-1])] if said else []
    for field in source.fields:
        kind = source.of.schema[field.name].dataType
        value = F.col(quoted(field.name))
        texts.append(written(value, kind).alias(field.name))
        if field.default is not None:
            value = F.coalesce(value, field.default())
        elif not field.kind.may_be_missing:
            wanting = F.lit(f"{field.name} is missing")
            reasons.append(F.when(value.isNull(), wanting))
        if field.kind.holds is not None:
            wrong = F.lit(f"{field.name} is not {field.type}")
            reasons.append(F.when(~field.kind.holds(value), wrong))
        fields.append(value.alias(field.name))
    partition = [F.col(quoted(name)) for name in source.of.partition]
    return came.select(
        *fields,
        *partition,
        FILE,
        F.to_json(F.struct(*texts)).alias(LINE),
        records.once(F.coalesce(F.lit(None).cast("string"), *reasons)).alias(REASON),
        F.create_map(F.lit(CHANGE), jsons.quoted(became)).alias(MEMBERS),
    )


def _texts(names: Sequence[str], source: Source) -> T.StructType:
    """Columns of text, and those that are in the names of folders."""
    own = [T.StructField(name, T.StringType()) for name in names]
    return T.StructType(own + [source.of.schema[name] for name in source.of.partition])
