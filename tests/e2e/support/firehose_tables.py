"""What Firehose makes of a record on its way to a table of Iceberg, by the examples of its own documentation.

    refused = add(spark, "firehose.processed.payments", records)

Columns go by their names, which are compared as they are written; fields that the table has no column for are left out;
a record is one JSON object. Instants are microseconds since 1970, or RFC 3339; dates are days since 1970, or ISO 8601.
<https://docs.aws.amazon.com/firehose/latest/dev/apache-iceberg-destination-supp.html>
"""

import base64
import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CATALOG = "firehose"


def catalog(spark, folder) -> str:
    """A catalog of tables below a folder, by its name."""
    spark.conf.set(f"spark.sql.catalog.{CATALOG}", "org.apache.iceberg.spark.SparkCatalog")
    spark.conf.set(f"spark.sql.catalog.{CATALOG}.type", "hadoop")
    spark.conf.set(f"spark.sql.catalog.{CATALOG}.warehouse", str(folder))
    return CATALOG


def add(spark, table: str, records: Iterable[bytes]) -> list[tuple[bytes, str]]:
    """Adds records to a table, in one change of it; gives those that are refused, with the reasons."""
    schema = spark.table(table).schema
    good, refused = [], []
    for record in records:
        try:
            good.append(row(record, schema))
        except (ValueError, TypeError, ArithmeticError) as wrong:
            refused.append((record, str(wrong)))
    if good:
        spark.createDataFrame(good, schema).writeTo(table).append()
    return refused


def row(record: bytes, schema) -> list:
    """A record as a row of a table."""
    text = record.decode()
    document, end = json.JSONDecoder(parse_float=Decimal).raw_decode(text)
    if text[end:].strip() or not isinstance(document, dict):
        raise ValueError("a record is one JSON object")
    missing = [field.name for field in schema if field.name not in document]
    if missing:
        raise ValueError(f"Iceberg.MissingColumnWithinRecord: {missing}")
    return [value(document[field.name], field.dataType) for field in schema]


def value(found, kind):
    """A value of JSON as one of a column's type."""
    if found is None:
        return None
    return READERS[kind.typeName()](found, kind)


def _whole(found, _):
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise ValueError(f"not a whole number: {found!r}")
    return int(found)


def _decimal(found, kind):
    if isinstance(found, bool) or not isinstance(found, int | str | Decimal):
        raise ValueError(f"not a number: {found!r}")
    exact = Decimal(found)
    fits = exact.quantize(Decimal(1).scaleb(-kind.scale))
    if fits != exact or len(fits.as_tuple().digits) > kind.precision:
        raise ValueError(f"{found} is no {kind.simpleString()}")
    return fits


def _float(found, _):
    if isinstance(found, bool) or not isinstance(found, int | str | Decimal):
        raise ValueError(f"not a number: {found!r}")
    return float(found)


def _truth(found, _):
    known = {True: True, False: False, "true": True, "false": False}
    if found not in known:
        raise ValueError(f"not a truth value: {found!r}")
    return known[found]


def _text(found, _):
    if not isinstance(found, str):
        raise ValueError(f"not a text: {found!r}")
    return found


def _bytes(found, _):
    return base64.b64decode(_text(found, None), validate=True)


def _date(found, _):
    return EPOCH.date() + timedelta(days=found) if isinstance(found, int) else date.fromisoformat(found)


def _instant(found, _):
    if isinstance(found, bool) or not isinstance(found, int | str):
        raise ValueError(f"not an instant: {found!r}")
    if isinstance(found, int):
        return EPOCH + timedelta(microseconds=found)
    at = datetime.fromisoformat(found)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _list(found, kind):
    if not isinstance(found, list):
        raise ValueError(f"not a list: {found!r}")
    return [value(one, kind.elementType) for one in found]


def _map(found, kind):
    if not isinstance(found, dict):
        raise ValueError(f"not a map: {found!r}")
    return {name: value(one, kind.valueType) for name, one in found.items()}


def _struct(found, kind):
    if not isinstance(found, dict):
        raise ValueError(f"not a struct: {found!r}")
    return [value(found.get(field.name), field.dataType) for field in kind]


READERS = {
    "array": _list, "binary": _bytes, "boolean": _truth, "date": _date, "decimal": _decimal, "double": _float, "float": _float,
    "integer": _whole, "long": _whole, "map": _map, "string": _text, "struct": _struct, "timestamp": _instant,
}  # fmt: skip
