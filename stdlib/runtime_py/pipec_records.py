"""Records as they arrive, read as typed columns: one JSON object each, by the same rules and
with the same reasons as on every engine.

Values are read from their texts and never through a float. It knows nothing of streams:
`pipec_stream` says where records come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pipec_json as jsons
import pipec_numbers as numbers
import pipec_text as texts
import pipec_time as times
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

NOT_JSON = "not JSON"
NOT_AN_OBJECT = "not an object"

# An object without lists, objects and escapes inside, which most records are: a pattern finds
# its values at once, where others are taken apart sign by sign.
_SPACE = "[ \\t\\r\\n]*+"
_NAME = '"[^"\\\\\\x00-\\x1f]*+"'
_SCALAR = f"{_NAME}|{jsons.NUMBER}|true|false|null"
_MEMBER = f"{_NAME}{_SPACE}:{_SPACE}(?:{_SCALAR}){_SPACE}"
_OBJECT = f"\\{{{_SPACE}(?:{_MEMBER}(?:,{_SPACE}{_MEMBER})*+)?\\}}"
FLAT = f"\\A{_SPACE}{_OBJECT}{_SPACE}\\z"
PAIR = f"({_NAME}){_SPACE}:{_SPACE}({_SCALAR})"

# A record of a change, whose row and what is said of it are such objects.
CHANGE = (
    f'\\A{_SPACE}\\{{{_SPACE}"data"{_SPACE}:{_SPACE}({_OBJECT}){_SPACE},'
    f'{_SPACE}"metadata"{_SPACE}:{_SPACE}({_OBJECT}){_SPACE}\\}}{_SPACE}\\z'
)

MILLISECOND = 1_000


@dataclass(frozen=True)
class Kind:
    """How a JSON value is read as a type: missing means that it is none of it."""

    read: Callable[[Column], Column]
    may_be_missing: bool = False
    # The JSON of a text of CSV; what is none of the kind stays a text.
    plain: Callable[[Column], Column] = jsons.quoted
    # Of a value that a file holds as its type: whether it is one of those that there are.
    holds: Callable[[Column], Column] | None = None

    def value(self, text: Column) -> Column:
        """What stands inside of another value; `null` is missing."""
        return self.read(F.when(text != "null", text))

    def is_wrong(self, text: Column) -> Column:
        """Whether what stands inside of another value is none of it."""
        wrong = self.value(text).isNull()
        return wrong & (text != "null") if self.may_be_missing else wrong


@dataclass(frozen=True)
class Field:
    """A field of a record: its name, its kind, and why a row without one is turned away."""

    name: str
    kind: Kind
    # The type as an author writes it.
    type: str
    # What it is where it is left out.
    default: Callable[[], Column] | None = None


# Kinds.


def optional(kind: Kind) -> Kind:
    """A value that may be missing."""
    return replace(kind, may_be_missing=True)


def _bare(pattern: str) -> Callable[[Column], Column]:
    """Texts of this pattern stand as they are."""

    def plain(text: Column) -> Column:
        return F.when(text.rlike(pattern), text).otherwise(jsons.quoted(text))

    return plain


def _bare_int(text: Column) -> Column:
    found = numbers.int_of_text(text).cast("string")
    return F.coalesce(found, jsons.quoted(text))


def _bare_json(text: Column) -> Column:
    is_value = jsons.parse(text).isNotNull() & ~text.rlike(
        f"\\A{_SPACE}null{_SPACE}\\z"
    )
    flat = F.translate(text, "\n\r", "  ")
    return F.when(is_value, flat).otherwise(jsons.quoted(text))


BOOL = Kind(jsons.to_bool, plain=_bare("\\A(?:true|false)\\z"))
INT = Kind(jsons.to_int, plain=_bare_int)
FLOAT = Kind(
    lambda text: jsons.to_float(text) + F.lit(0.0),
    plain=_bare(f"\\A{jsons.NUMBER}\\z"),
)
TEXT = Kind(jsons.to_text)
BYTES = Kind(lambda text: texts.bytes_of_base64(jsons.to_text(text)))
UUID = Kind(lambda text: texts.uuid(jsons.to_text(text)))
DATE = Kind(lambda text: times.date_of_text(jsons.to_text(text)))
JSON = Kind(lambda text: text, plain=_bare_json)


def _timestamp(text: Column) -> Column:
    millis = times.from_epoch(jsons.to_int(text), MILLISECOND)
    return F.coalesce(times.timestamp_of_text(jsons.to_text(text)), millis)


TIMESTAMP = Kind(_timestamp, plain=_bare("\\A-?[0-9]++\\z"))


def decimal(precision: int, scale: int) -> Kind:
    """A number, or a text that writes one."""

    def read(text: Column) -> Column:
        digits = F.when(text.startswith('"'), jsons.to_text(text)).otherwise(text)
        return numbers.decimal_of_text(digits, precision, scale)

    return Kind(read)


def one_of(*variants: str) -> Kind:
    """A text that is one of these."""

    def read(text: Column) -> Column:
        value = jsons.to_text(text)
        return F.when(value.isin(*variants), value)

    return Kind(read, holds=lambda value: value.isin(*variants))


def list_of(kind: Kind) -> Kind:
    """An array."""

    def of(items: Column) -> Column:
        whole = ~F.exists(items, kind.is_wrong)
        return F.when(whole, F.transform(items, kind.value))

    return Kind(lambda text: texts.let(jsons.items(text), of), plain=_bare_json)


def map_of(kind: Kind) -> Kind:
    """An object whose names are keys."""

    def of(members: Column) -> Column:
        whole = ~F.exists(F.map_values(members), kind.is_wrong)
        values = F.transform_values(members, lambda _, value: kind.value(value))
        return F.when(whole, values)

    return Kind(lambda text: texts.let(jsons.members(text), of), plain=_bare_json)


def struct(*fields: Field) -> Kind:
    """An object with these fields; others are left out."""

    def of(members: Column) -> Column:
        whole = members.isNotNull()
        values = []
        for field in fields:
            member = F.try_element_at(members, F.lit(field.name))
            found = F.when(member != "null", member)
            value = field.kind.read(found)
            wrong = found.isNotNull() & value.isNull()
            if field.default is not None:
                value = F.when(found.isNull(), field.default()).otherwise(value)
            elif not field.kind.may_be_missing:
                wrong = value.isNull()
            whole &= ~wrong
            values.append(value.alias(field.name))
        return F.when(whole, F.struct(*values))

    return Kind(lambda text: texts.let(jsons.members(text), of), plain=_bare_json)


# Records.


def line(octets: Column) -> Column:
    """A record's text; missing where its bytes are none."""
    text = F.decode(octets, "UTF-8")
    return F.when(F.encode(text, "UTF-8") == octets, text)


def once(value: Column) -> Column:
    """A value that is computed where it stands: what reads it does not write it out again,
    which for records of many fields would be without end."""
    return F.when(F.monotonically_increasing_id() >= 0, value)


def rich(line: Column, *, changes: bool = False) -> Column:
    """The JSON value of a record that is no flat object, nor one of a change where it may be;
    missing where it is no JSON."""
    is_rich = ~line.rlike(FLAT)
    if changes:
        is_rich &= ~line.rlike(CHANGE)
    return jsons.parse(F.when(is_rich, line))


def members(line: Column, value: Column, *, changes: bool = False) -> Column:
    """The members of the object that a record is, as JSON texts, given what `rich` found;
    missing where it is none."""
    found = F.when(line.rlike(FLAT), _pairs(F.when(line.rlike(FLAT), line)))
    if changes:
        parts = [F.regexp_extract(line, CHANGE, part) for part in (1, 2)]
        both = F.create_map(F.lit("data"), parts[0], F.lit("metadata"), parts[1])
        found = found.when(line.rlike(CHANGE), both)
    return found.otherwise(jsons.members(value))


def _pairs(flat: Column) -> Column:
    """The members of a flat object."""
    names = F.transform(
        F.regexp_extract_all(flat, F.lit(PAIR), F.lit(1)),
        lambda name: name.substr(F.lit(2), F.length(name) - 2),
    )
    values = F.regexp_extract_all(flat, F.lit(PAIR), F.lit(2))
    return F.map_from_arrays(names, values)


def of_changes(rows: DataFrame, members: str, *, has_operation: bool) -> DataFrame:
    """Rows with the members of the row that each record tells of: those in `data` where
    `metadata`, a flat object, says what became of it and when. What became of it is the
    member `_op`, and `Op` of a row with nothing around it. Records that tell of tables are
    left out."""
    found, metadata, data = F.col(members), F.col("_metadata"), F.col("_data")
    text = F.try_element_at(found, F.lit("metadata"))
    said = F.when(text.rlike(FLAT), _pairs(F.when(text.rlike(FLAT), text)))
    rows = rows.withColumn("_metadata", once(said))
    kind = jsons.to_text(F.try_element_at(metadata, F.lit("record-type")))
    rows = rows.filter(F.coalesce(kind == "data", F.lit(True)))
    text = F.when(metadata.isNotNull(), F.try_element_at(found, F.lit("data")))
    flat = _pairs(F.when(text.rlike(FLAT), text))
    inner = F.when(text.rlike(FLAT), flat).otherwise(jsons.members(text))
    rows = rows.withColumn("_data", once(inner))
    beside = F.map_from_arrays(
        F.array(F.lit("_op"), F.lit("_arrived")),
        F.array(
            F.try_element_at(metadata, F.lit("operation")),
            F.try_element_at(metadata, F.lit("timestamp")),
        ),
    )
    beside = F.map_filter(beside, lambda _, value: value.isNotNull())
    arrived = F.map_filter(found, lambda name, _: name == "_arrived")
    row = F.when(data.isNotNull(), F.map_concat(arrived, data, beside))
    if has_operation:
        named = F.coalesce(
            *[F.try_element_at(found, F.lit(name)) for name in ("Op", "op")]
        )
        bare = F.map_concat(found, F.create_map(F.lit("_op"), named))
        row = F.coalesce(row, F.when(named.isNotNull(), bare))
    rows = rows.withColumn(members, once(F.coalesce(row, found)))
    return rows.drop("_metadata", "_data")


def not_an_object(value: Column, found: Column) -> Column:
    """Why a record has no members."""
    reason = F.when(value.isNull(), NOT_JSON).otherwise(NOT_AN_OBJECT)
    return F.when(found.isNull(), reason)


def value_of(field: Field, found: Column) -> Column:
    """A field of a record by its members."""
    member = F.try_element_at(found, F.lit(field.name))
    text = F.when(member != "null", member)
    value = field.kind.read(text)
    if field.default is None:
        return value
    return F.when(text.isNull(), field.default()).otherwise(value)


def reasons(fields: Sequence[Field], found: Column) -> list[Column]:
    """Why a record is no row, by its fields in order; the columns hold their values."""
    all_reasons = []
    for field in fields:
        member = F.try_element_at(found, F.lit(field.name))
        there = member.isNotNull() & (member != "null")
        value = F.col("`" + field.name.replace("`", "``") + "`")
        wrong = F.when(
            there & value.isNull(), F.lit(f"{field.name} is not {field.type}")
        )
        if field.default is None and not field.kind.may_be_missing:
            wrong = F.when(~there, F.lit(f"{field.name} is missing")).otherwise(wrong)
        all_reasons.append(wrong)
    return all_reasons
