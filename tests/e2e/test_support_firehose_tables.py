"""What plays Firehose's delivery to tables of Iceberg: the examples of its documentation, and what it refuses."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from support.firehose_tables import add, catalog, row

COLUMNS = "id long, at timestamp, day date, amount decimal(12, 2), share double, paid boolean, words array<string>, of map<string, timestamp>"
GOOD = (b'{"id": 8, "at": 1725476175099001, "day": "2024-09-04", "amount": 12.50, "share": 0.5, "paid": true, "words": ["a", null],'
        b' "of": {"k": 0}, "more": 1}')


@pytest.fixture(scope="module")
def table(spark, tmp_path_factory):
    name = f"{catalog(spark, tmp_path_factory.mktemp('tables'))}.processed.made"
    spark.sql(f"CREATE TABLE {name} ({COLUMNS}) USING iceberg PARTITIONED BY (day)")
    return name


def test_rows_are_added_in_one_change(spark, table):
    texts = b'{"id": "8", "at": "2024-09-04T18:56:15.099Z", "day": 19970, "amount": "12.50", "share": null, "paid": "false", "words": [], "of": {}}'
    assert add(spark, table, [GOOD, texts]) == []
    first, second = spark.table(table).orderBy("share", ascending=False).collect()
    assert (first.id, first.at, first.day) == (8, datetime(2024, 9, 4, 18, 56, 15, 99_001), date(2024, 9, 4))
    assert (first.amount, first.words, first.of) == (Decimal("12.50"), ["a", None], {"k": datetime(1970, 1, 1)})
    assert (second.at, second.day, second.paid) == (datetime(2024, 9, 4, 18, 56, 15, 99_000), date(2024, 9, 4), False)
    assert spark.table(f"{table}.snapshots").count() == 1


@pytest.mark.parametrize(("was", "becomes"), [
    (b'"id": 8', b'"id": 8.5'), (b'"id": 8', b'"ID": 8'), (b'"day": "2024-09-04"', b'"day": "04.09.2024"'), (b"12.50", b"12.505"),
    (b"true", b'"yes"'), (b'"words": ["a", null]', b'"words": "a"'), (b'"more": 1}', b'"more": 1} {}'),
])  # fmt: skip
def test_what_is_no_row_of_the_table_is_refused(spark, table, was, becomes):
    schema = spark.table(table).schema
    assert row(GOOD, schema)[1] == datetime(2024, 9, 4, 18, 56, 15, 99_001, tzinfo=UTC)
    record = GOOD.replace(was, becomes)
    [(refused, _)] = add(spark, table, [record])
    assert refused == record != GOOD
