"""What Hive's `JsonSerDe`, and so Firehose's conversion to Parquet, makes of the texts that a function delivers.

A function must write exactly what `KEPT` shows. `CHANGED` is why: the SerDe would rather store something else, without
a word, than refuse.
"""

import datetime as dt
import json
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from support import firehose

COLUMNS = [("d", "decimal(12,2)"), ("t", "timestamp"), ("day", "date"), ("s", "string"), ("n", "bigint"), ("b", "boolean")]


def moment(*parts):
    return dt.datetime(*parts)


KEPT = [
    # Decimals: as a number or as text, with or without all digits of the scale.
    ('{"d":12.50}', "d", Decimal("12.50")),
    ('{"d":"12.50"}', "d", Decimal("12.50")),
    ('{"d":0}', "d", Decimal("0.00")),
    ('{"d":-0.05}', "d", Decimal("-0.05")),
    ('{"d":9999999999.99}', "d", Decimal("9999999999.99")),
    # Timestamps: a space, no zone, all six digits.
    ('{"t":"2026-01-01 10:00:00.123456"}', "t", moment(2026, 1, 1, 10, 0, 0, 123456)),
    ('{"t":"2026-01-01 10:00:00"}', "t", moment(2026, 1, 1, 10)),
    ('{"t":"2026-01-01 10:00:00.000001"}', "t", moment(2026, 1, 1, 10, 0, 0, 1)),
    ('{"t":"1969-12-31 23:59:59.999999"}', "t", moment(1969, 12, 31, 23, 59, 59, 999999)),
    ('{"t":"9999-12-31 23:59:59.999999"}', "t", moment(9999, 12, 31, 23, 59, 59, 999999)),
    ('{"day":"2026-01-01"}', "day", dt.date(2026, 1, 1)),
    ('{"day":"0001-01-01"}', "day", dt.date(1, 1, 1)),
    ('{"s":"é🫖\\"\\\\\\n\\u0000"}', "s", 'é🫖"\\\n\0'),
    ('{"s":""}', "s", ""),
    ('{"s":null}', "s", None),
    ("{}", "s", None),
    ('{"n":9223372036854775807}', "n", 9223372036854775807),
    ('{"b":true}', "b", True),
    ('{"unknown":{"a":[1,2]},"s":"x"}', "s", "x"),
    ('{"s":"a","s":"b"}', "s", "b"),
    ('{"S":"names without case"}', "s", "names without case"),
]

CHANGED = [
    ('{"d":12.505}', "d", Decimal("12.51")),  # rounded, half up
    ('{"d":12345678901.5}', "d", None),  # too many digits: missing
    ('{"d":"twelve"}', "d", None),
    ('{"t":"2026-02-30 10:00:00"}', "t", moment(2026, 3, 2, 10)),  # rolled over
    ('{"day":"2026-02-30"}', "day", dt.date(2026, 3, 2)),
    ('{"t":"2026-01-01 10:00:00.123456789"}', "t", moment(2026, 1, 1, 10, 0, 0, 123456)),
    ('{"n":1.5}', "n", 1),
    ('{"s":7}', "s", "7"),
    ('{"s":{"a":1}}', "s", "{"),
    ('{"s":"x"} trailing', "s", "x"),
]

REFUSED = [
    '{"t":"2026-01-01T10:00:00.123456Z"}',  # RFC 3339 is not what it reads
    '{"t":"2026-01-01 10:00:00.123456Z"}',
    '{"t":1767225600123}',
    '{"day":"2026-01-01T00:00:00Z"}',
    '{"day":"today"}',
    '{"n":9223372036854775808}',
    '{"n":"7"}',
    '{"s":"x"',
    "[]",
    "null",
    "",
]


@pytest.fixture(scope="module")
def outcome(spark):
    """What becomes of every text above, read in one go."""
    texts = [text for text, _, _ in KEPT + CHANGED] + REFUSED
    read = firehose.read(spark.createDataFrame([(text,) for text in texts], "value string"), COLUMNS).collect()
    return {row["value"]: row for row in read}


@pytest.mark.parametrize(("text", "column", "value"), KEPT)
def test_what_is_kept(outcome, text, column, value):
    assert outcome[text]["error"] is None
    assert outcome[text]["row"][column] == value


@pytest.mark.parametrize(("text", "column", "value"), CHANGED)
def test_what_is_changed_without_a_word(outcome, text, column, value):
    assert outcome[text]["error"] is None
    assert outcome[text]["row"][column] == value


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(outcome, text):
    assert outcome[text]["row"] is None
    assert outcome[text]["error"]


def test_a_delivery_becomes_parquet_and_what_is_refused_is_kept_beside_it(spark, aws, tmp_path):
    bucket = aws.bucket("support-firehose")
    lines = [json.dumps({"d": f"{n}.50", "t": f"2026-01-01 10:00:00.{n:06}", "day": "2026-01-01"}) for n in range(100)]
    lines.insert(50, '{"t":"2026-01-01T10:00:00Z"}')
    aws.client("s3").put_object(Bucket=bucket, Key="in/1", Body="\n".join(lines).encode())

    good, bad = firehose.convert(spark, f"s3://{bucket}/in/", COLUMNS)
    good.coalesce(1).write.parquet(f"s3://{bucket}/out/")

    [refused] = bad.collect()
    assert refused["value"] == lines[50]
    assert "Timestamp format" in refused["error"]
    [file] = [path for path in aws.download(bucket, "out/", tmp_path) if path.suffix == ".parquet"]
    table = pq.read_table(file, coerce_int96_timestamp_unit="us")
    assert str(table.schema.field("d").type) == "decimal128(12, 2)"
    assert str(table.schema.field("day").type).startswith("date32")
    found = sorted(table.select(["d", "t"]).to_pylist(), key=lambda row: row["d"])
    assert found == [{"d": Decimal(f"{n}.50"), "t": moment(2026, 1, 1, 10, 0, 0, n)} for n in range(100)]


def test_one_record_alone(spark):
    assert firehose.one(spark, '{"s":"x"}', [("s", "string")]) == ({"s": "x"}, None)
