"""Runs generated columns over given rows in one session and writes what came."""

import json
import math
import os
import sys
from datetime import datetime, timezone

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

folder = sys.argv[1]
sys.path.insert(0, folder)

import generated  # noqa: E402
import pipec_runtime as runtime  # noqa: E402

AT_ONCE = 30


def session():
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.memory", "2g")
    builder = builder.config("spark.sql.shuffle.partitions", "1")
    for name, value in runtime.SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


class Run:
    """What expressions ask of a run."""

    def now(self):
        return F.timestamp_micros(F.lit(1767578400000000))

    def today(self):
        return F.to_date(self.now())


def made(value, kind):
    """A value as `createDataFrame` takes it."""
    if value is None:
        return None
    if isinstance(kind, T.DoubleType):
        return float(value)
    if isinstance(kind, T.ArrayType):
        return [made(item, kind.elementType) for item in value]
    if isinstance(kind, T.MapType):
        return {key: made(item, kind.valueType) for key, item in value}
    if isinstance(kind, T.StructType):
        return tuple(made(item, field.dataType) for item, field in zip(value, kind))
    return value


def plain(value):
    """A collected value as JSON has it."""
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return value + 0.0
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def own(name, kind):
    column = F.col(name)
    if kind == "date":
        return F.date_from_unix_date(column.cast("int")).alias(name)
    if kind == "timestamp":
        return F.timestamp_micros(column).alias(name)
    if kind == "binary":
        return F.unhex(column).alias(name)
    return column.cast(kind).alias(name)


def main():
    spark = session()
    with open(os.path.join(folder, "given.json")) as file:
        given = json.load(file)
    physical = ", ".join(f"{name} {kind}" for name, kind, _ in given["columns"])
    schema = T._parse_datatype_string(physical)
    rows = [
        tuple(made(value, field.dataType) for value, field in zip(row, schema))
        for row in given["rows"]
    ]
    frame = spark.createDataFrame(rows, schema)
    frame = frame.select([own(name, kind) for name, _, kind in given["columns"]])
    keyed = runtime.Run.with_pseudonym_key
    stand_in = type("Keyed", (), {"spark": spark, "_pseudonym_key": lambda self: KEY})()
    frame = keyed(stand_in, frame)
    path = os.path.join(folder, "rows.parquet")
    frame.coalesce(1).write.parquet(path)
    frame = spark.read.parquet(path)
    run = Run()
    answers = {}

    def columns(number):
        value = getattr(generated, f"value_{number}")(run)
        reason = getattr(generated, f"reason_{number}")(run)
        reason = F.lit(None).cast("string") if reason is None else reason
        return [value.alias(f"v{number}"), reason.alias(f"r{number}")]

    def ask(numbers):
        try:
            asked = [column for number in numbers for column in columns(number)]
            collected = frame.select(asked).collect()
        except Exception as error:
            if len(numbers) > 1:
                half = len(numbers) // 2
                ask(numbers[:half])
                ask(numbers[half:])
            else:
                lines = [line for line in str(error).splitlines() if line.strip()]
                answers[numbers[0]] = f"{type(error).__name__}: {' '.join(lines)[:600]}"
            return
        for at, number in enumerate(numbers):
            answers[number] = [
                [plain(row[2 * at]), plain(row[2 * at + 1])] for row in collected
            ]

    numbers = list(range(given["count"]))
    for start in range(0, len(numbers), AT_ONCE):
        ask(numbers[start : start + AT_ONCE])
    with open(os.path.join(folder, "came.json"), "w") as file:
        json.dump(answers, file)


KEY = b"local-key-for-tests-only"

if __name__ == "__main__":
    main()
