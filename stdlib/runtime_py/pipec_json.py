"""Json values as columns: their canonical text, keys sorted, numbers as they were written.

A text is taken apart into its signs by a regular expression, which are then put together
again one after the other. Spark's own functions for JSON are not used: they read numbers
through floats, take the first of equal keys, and go on behind the value.
"""

from __future__ import annotations

import re

from pipec_numbers import decimal_of_text, float_of_text, int_of_text
from pipec_text import let
from pyspark.sql import Column
from pyspark.sql import functions as F

# How deep values may nest.
DEPTH = 128

PLAIN = '[^"\\\\\\x00-\\x1f]*+'
TEXT = f'"{PLAIN}(?:\\\\.{PLAIN})*+"'
NUMBER = "-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![0-9+.eE-])"
SIGNS = f"{TEXT}|{NUMBER}|true|false|null|[\\[\\]{{}},:]"
ESCAPE = '\\\\(?:["\\\\/bfnrt]|u[0-9A-Fa-f]{4})'

# The only escapes of canonical texts; the digits of others are of controls.
SHORT = {'"': '"', "\\": "\\", "/": "/", "n": "\n", "r": "\r", "t": "\t"}
SHORT |= {"b": "\b", "f": "\f"}
PIECES = (
    "\\\\u[dD][89abAB][0-9A-Fa-f]{2}\\\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    "|\\\\u[0-9A-Fa-f]{4}|\\\\.|[^\\\\]++"
)
CONTROLS = "[\\x00-\\x1f]|[^\\x00-\\x1f]++"


def _unescaped(inside: Column) -> Column:
    """What stands between the quotes of a text; missing for half a code point."""

    def of(piece: Column) -> Column:
        coded = F.translate(piece, "\\u", "")
        units = F.decode(F.unhex(coded), "UTF-16BE")
        alone = piece.rlike("\\A\\\\u[dD][89a-fA-F]..\\z")
        short = F.substring(piece, 2, 1)
        signs = F.translate(short, "".join(SHORT), "".join(SHORT.values()))
        return (
            F.when(~piece.startswith("\\"), piece)
            .when(alone, F.lit(None))
            .when(piece.startswith("\\u"), units)
            .otherwise(signs)
        )

    def joined(pieces: Column) -> Column:
        known = ~F.exists(pieces, lambda piece: piece.isNull())
        return F.when(known, F.array_join(pieces, ""))

    pieces = F.regexp_extract_all(inside, F.lit(PIECES), F.lit(0))
    rich = let(F.transform(pieces, of), joined)
    return F.when(inside.contains("\\"), rich).otherwise(inside)


def _inside(text: Column) -> Column:
    return text.substr(F.lit(2), F.length(text) - 2)


def quoted(text: Column) -> Column:
    """A text as a json value."""

    def control(piece: Column) -> Column:
        coded = F.concat(F.lit("\\u00"), F.lower(F.hex(piece)))
        return F.when(piece.rlike("\\A[\\x00-\\x1f]"), coded).otherwise(piece)

    escaped = text
    for plain, short in (("\\", "\\\\"), ('"', '\\"')):
        escaped = F.replace(escaped, F.lit(plain), F.lit(short))
    for plain, short in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        escaped = F.replace(escaped, F.lit(plain), F.lit(short))
    pieces = F.regexp_extract_all(escaped, F.lit(CONTROLS), F.lit(0))
    coded = F.array_join(F.transform(pieces, control), "")
    answer = F.when(escaped.rlike("[\\x00-\\x1f]"), coded).otherwise(escaped)
    return F.concat(F.lit('"'), answer, F.lit('"'))


# What may come next: a value (or the end of an array), a name (or the end of an object),
# a colon, or what separates.
VALUE, ITEM, NAME, MEMBER, COLON, NEXT, BROKEN = range(7)


def _frame(kind: Column, key: Column, entries: Column) -> Column:
    """A value that is not whole yet: `[`, `{`, or the place of the whole value."""
    return F.struct(kind.alias("kind"), key.alias("key"), entries.alias("entries"))


def _no_entries() -> Column:
    return F.array().cast("array<struct<key: string, value: string>>")


def _state(stack: Column, want: int | Column) -> Column:
    column = F.lit(want) if isinstance(want, int) else want
    return F.struct(stack.alias("stack"), column.alias("want"))


def _added(frame: Column, value: Column) -> Column:
    entry = F.struct(
        frame.getField("key").alias("key"), value.cast("string").alias("value")
    )
    entries = F.concat(frame.getField("entries"), F.array(entry))
    return _frame(frame.getField("kind"), frame.getField("key"), entries)


def _before(left: Column, right: Column) -> Column:
    one, other = left.getField("key"), right.getField("key")
    return F.when(one < other, -1).when(one > other, 1).otherwise(0)


def _members(entries: Column) -> Column:
    """Entries by name; of equal names the last one counts."""
    return F.array_sort(F.map_entries(F.map_from_entries(entries)), _before)


def _rendered(frame: Column) -> Column:
    entries = frame.getField("entries")
    items = F.transform(entries, lambda entry: entry.getField("value"))
    members = F.transform(
        _members(entries),
        lambda entry: F.concat(
            quoted(entry.getField("key")), F.lit(":"), entry.getField("value")
        ),
    )
    return F.when(
        frame.getField("kind") == "[",
        F.concat(F.lit("["), F.array_join(items, ","), F.lit("]")),
    ).otherwise(F.concat(F.lit("{"), F.array_join(members, ","), F.lit("}")))


def _step(state: Column, sign: Column) -> Column:
    """What is known after one more sign."""
    stack, want = state.getField("stack"), state.getField("want")
    size = F.array_size(stack)
    top = F.try_element_at(stack, F.lit(-1))
    under = F.try_element_at(stack, F.lit(-2))
    kind = top.getField("kind")
    empty = F.lit("")

    def with_top(frame: Column) -> Column:
        return F.concat(F.slice(stack, F.lit(1), size - 1), F.array(frame))

    def closed() -> Column:
        below = F.slice(stack, F.lit(1), size - 2)
        return F.concat(below, F.array(_added(under, _rendered(top))))

    def opened(sign_: str) -> Column:
        return F.concat(stack, F.array(_frame(F.lit(sign_), empty, _no_entries())))

    value = want.isin(VALUE, ITEM) & (size <= DEPTH + 1)
    scalar = ~sign.isin(*"[]{},:")
    name = want.isin(NAME, MEMBER) & sign.startswith('"')
    inside = size > 1
    end_of_list = (want == ITEM) | ((want == NEXT) & (kind == "["))
    end_of_object = (want == MEMBER) | ((want == NEXT) & (kind == "{"))
    named = _frame(kind, _unescaped(_inside(sign)), top.getField("entries"))
    comma = (sign == ",") & (want == NEXT)
    return (
        F.when(sign.isNull() | (want == BROKEN), _state(stack, BROKEN))
        .when(value & (sign == "["), _state(opened("["), ITEM))
        .when(value & (sign == "{"), _state(opened("{"), MEMBER))
        .when(value & scalar, _state(with_top(_added(top, sign)), NEXT))
        .when((sign == "]") & inside & end_of_list, _state(closed(), NEXT))
        .when((sign == "}") & inside & end_of_object, _state(closed(), NEXT))
        .when(name, _state(with_top(named), COLON))
        .when((sign == ":") & (want == COLON), _state(stack, VALUE))
        .when(comma & (kind == "["), _state(stack, VALUE))
        .when(comma & (kind == "{"), _state(stack, NAME))
        .otherwise(_state(stack, BROKEN))
    )


def _entries(signs: Column, kind: str, want: int) -> Column:
    """The entries of a list, an object, or the one of a whole text; missing if broken."""
    start = _state(F.array(_frame(F.lit(kind), F.lit(""), _no_entries())), want)

    def finished(state: Column) -> Column:
        stack = state.getField("stack")
        right = state.getField("want").isin(NEXT, ITEM, MEMBER)
        whole = right & (F.array_size(stack) == 1)
        return F.when(whole, F.get(stack, 0).getField("entries"))

    return F.aggregate(signs, start, _step, finished)


def _canonical(sign: Column) -> Column:
    plain = F.when(sign.startswith('"'), quoted(_unescaped(_inside(sign))))
    return F.when(~sign.startswith('"') | ~sign.contains("\\"), sign).otherwise(plain)


def parse(text: Column) -> Column:
    """The json value that a text writes; missing where it writes none."""
    rest = F.regexp_replace(text, f"{SIGNS}|[ \\t\\r\\n]++", "")

    def checked(sign: Column) -> Column:
        # What is left of a text without its escapes has no `\\` any more.
        plain = F.regexp_replace(sign, ESCAPE, "")
        return F.when(~plain.contains("\\"), _canonical(sign))

    signs = F.regexp_extract_all(F.when(rest == "", text), F.lit(SIGNS), F.lit(0))
    entries = _entries(F.transform(signs, checked), "", VALUE)
    return F.get(entries, 0).getField("value")


def _parts(value: Column, kind: str) -> Column:
    """The entries of an array or an object; missing for other values."""
    # What is asked of parts of parts of a value writes each value out once: of copies of
    # copies Spark would be planning for minutes.
    body = let(value, lambda of: F.when(of.startswith(kind), _inside(of)))
    signs = F.regexp_extract_all(body, F.lit(SIGNS), F.lit(0))
    return _entries(signs, kind, ITEM if kind == "[" else MEMBER)


def _there(value: Column) -> Column:
    return let(value, lambda of: F.when(of != "null", of))


def member(value: Column, name: str | Column) -> Column:
    """A member of an object, unless it is `null`."""
    wanted = F.lit(name) if isinstance(name, str) else name
    found = F.filter(_parts(value, "{"), lambda entry: entry.getField("key") == wanted)
    return _there(F.get(found, 0).getField("value"))


def item(value: Column, at: Column) -> Column:
    """An item of an array, unless it is `null`."""
    known = F.when(at.between(0, 2**31 - 1), at).cast("int")
    return _there(F.get(_parts(value, "["), known).getField("value"))


PATH = re.compile("\\[([^\\]]*)\\]|\\.?([^.\\[]*)")


def get(value: Column, path: str) -> Column:
    """The value at a path of names and positions."""
    rest = path.removeprefix("$")
    value = _there(value)
    while rest:
        found = PATH.match(rest)
        if rest.startswith("[") and (found is None or found.group(1) is None):
            return F.lit(None).cast("string")
        if found is None or not found.group():
            return F.lit(None).cast("string")
        rest = rest[found.end() :]
        if found.group(1) is None:
            value = member(value, found.group(2))
        elif re.fullmatch("\\+?[0-9]+", found.group(1)):
            value = item(value, F.lit(int(found.group(1))))
        else:
            return F.lit(None).cast("string")
    return value


def items(value: Column) -> Column:
    """The items of an array."""
    return F.transform(_parts(value, "["), lambda entry: entry.getField("value"))


def keys(value: Column) -> Column:
    """The names of an object's members, in order."""
    return F.transform(_parts(value, "{"), lambda entry: entry.getField("key"))


def members(value: Column) -> Column:
    """The members of an object."""
    return F.map_from_entries(_parts(value, "{"))


def count(value: Column) -> Column:
    """How many items or members."""

    def of(whole: Column) -> Column:
        both = F.coalesce(_parts(whole, "["), _parts(whole, "{"))
        return F.array_size(both)

    return let(value, of).cast("bigint")


def kind(value: Column) -> Column:
    """`null`, `bool`, `number`, `string`, `array` or `object`."""

    def of(first: Column) -> Column:
        return (
            F.when(first == "{", "object")
            .when(first == "[", "array")
            .when(first == '"', "string")
            .when(first == "n", "null")
            .when(first.isin("t", "f"), "bool")
            .when(first.isNotNull(), "number")
        )

    return let(F.substring(value, 1, 1), of)


# A json number is read from its text: only the right kind of value is read at all.


def _number(value: Column) -> Column:
    return F.when(value.rlike("\\A[-0-9]"), value)


def to_int(value: Column) -> Column:
    """The whole number that a json value is."""
    return int_of_text(_number(value))


def to_float(value: Column) -> Column:
    """The number that a json value is, as a float."""
    return float_of_text(_number(value))


def to_decimal(value: Column, precision: int, scale: int) -> Column:
    """The decimal that a json number is."""
    return decimal_of_text(_number(value), precision, scale)


def to_bool(value: Column) -> Column:
    """The truth that a json value is."""
    return F.when(value == "true", True).when(value == "false", False)


def to_text(value: Column) -> Column:
    """The text that a json value is."""
    return _unescaped(_inside(F.when(value.startswith('"'), value)))
