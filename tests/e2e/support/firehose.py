"""Firehose's record-format conversion, played with the very SerDe that it uses: Hive's `JsonSerDe`, then Parquet.

    good, bad = convert(spark, "s3://lake/arrived/", [("day", "date"), ("amount", "decimal(12,2)")])
    good.write.parquet("s3://lake/processed/clicks/")

A record that the SerDe cannot read does not stop the delivery: it goes, with the reason, to the error prefix. That is
the second data frame. `test_support_firehose.py` says what the SerDe accepts, which is not what one would guess.
"""

from collections.abc import Sequence

Columns = Sequence[tuple[str, str]]  # names and Hive types, as in the Glue catalog's table
FUNCTION = "pipec_hive_json"


def read(frame, columns: Columns):
    """A data frame with a column `value` of JSON text, with `row` (a struct) and `error` (text) beside it."""
    spark = frame.sparkSession
    struct = ", ".join(f"`{name}`: {kind}" for name, kind in columns)
    spark.udf.registerJavaFunction(FUNCTION, "pipec.support.HiveJson", f"struct<row: struct<{struct}>, error: string>")
    names = ",".join(name for name, _ in columns)
    kinds = ":".join(kind for _, kind in columns)
    return frame.selectExpr("value", f"{FUNCTION}(value, '{names}', '{kinds}') as it").selectExpr(
        "value", "it.row as row", "it.error as error"
    )


def convert(spark, path, columns: Columns):
    """Newline-delimited JSON as two data frames: the table's columns, and what was refused as `value` and `error`."""
    read_once = read(spark.read.text(path), columns).cache()
    good = read_once.where("error is null").select("row.*")
    return good, read_once.where("error is not null").select("value", "error")


def one(spark, text: str, columns: Columns) -> tuple[dict | None, str | None]:
    """What becomes of one record: its row, or the reason why there is none."""
    row = read(spark.createDataFrame([(text,)], "value string"), columns).collect()[0]
    return (row["row"].asDict() if row["row"] is not None else None), row["error"]
