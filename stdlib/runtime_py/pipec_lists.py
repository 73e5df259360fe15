"""Lists and maps as columns. Positions count from 0, items are equal as `is` compares them.

Maps have no order in Spark; what shows one does so by sorted keys. Nothing here starts a
Python worker.
"""

from collections.abc import Callable

from pipec_numbers import MOST_DIGITS, decimal, is_finite
from pipec_text import let, place, present
from pyspark.sql import Column
from pyspark.sql import functions as F

# The most items of a list that is made of two ends.
MOST = 10_000


def first_reason(list_: Column, reason: Callable[..., Column]) -> Column:
    """Why the first of the items that are wrong is so; missing where none is."""
    reasons = F.transform(list_, reason)
    return F.get(F.filter(reasons, lambda found: found.isNotNull()), 0)


def length(list_: Column) -> Column:
    """How many items."""
    return F.array_size(list_).cast("bigint")


def is_empty(list_: Column) -> Column:
    """Whether there are no items."""
    return F.array_size(list_) == 0


def item(list_: Column, at: Column) -> Column:
    """The item at a position; missing where there is none."""
    return F.get(list_, F.when(at.between(0, 2**31 - 1), at).cast("int"))


def contains(list_: Column, value: Column) -> Column:
    """Whether a value is among the items."""
    found = F.coalesce(F.array_contains(list_, value), F.lit(False))
    return present(found, list_, value)


def index_of(list_: Column, value: Column) -> Column:
    """Where a value first stands; missing where it does not."""
    at = F.call_function("array_position", list_, value)
    return F.when(at > 0, at - 1)


def last(list_: Column) -> Column:
    """The last item; missing in an empty list."""
    return F.try_element_at(list_, F.lit(-1))


def part(list_: Column, start: Column, end: Column) -> Column:
    """The items from one position up to, and without, another."""
    first, last_ = place(start), place(end)
    count = F.when(last_ > first, last_ - first).otherwise(0)
    return present(F.slice(list_, first + 1, count), list_, start, end)


def sort_by(list_: Column, by: Callable[[Column], Column]) -> Column:
    """By what is given for each, missing last; those that give the same stay in order."""

    def keyed(item_: Column, at: Column) -> Column:
        key = by(item_)
        return F.struct(key.isNull().alias("last"), key.alias("key"), at.alias("at"))

    def back(entry: Column) -> Column:
        return F.get(list_, entry.getField("at"))

    return F.transform(F.array_sort(F.transform(list_, keyed)), back)


def _one_zero(list_: Column) -> Column:
    """The items with one zero: Spark's sets of floats hold `-0.0` apart from `0.0`."""
    return F.transform(list_, lambda item_: item_ + 0.0)


def distinct_floats(list_: Column) -> Column:
    """The items without those that stood before."""
    return F.array_distinct(_one_zero(list_))


def intersect_floats(left: Column, right: Column) -> Column:
    """The items that both have, each once."""
    return F.array_intersect(_one_zero(left), _one_zero(right))


def without_floats(left: Column, right: Column) -> Column:
    """The items that the second does not have, each once."""
    return F.array_except(_one_zero(left), _one_zero(right))


def overlap_of_floats(left: Column, right: Column) -> Column:
    """Whether two lists have an item in common."""
    return overlaps(_one_zero(left), _one_zero(right))


def append(list_: Column, value: Column) -> Column:
    """A list with a value behind its last item."""
    return present(F.concat(list_, F.array(value)), list_, value)


def overlaps(left: Column, right: Column) -> Column:
    """Whether two lists have an item in common."""
    return F.array_size(F.array_intersect(left, right)) > 0


def flatten(lists: Column) -> Column:
    """The items of all lists, one after the other."""
    return F.flatten(F.array_compact(lists))


def join(list_: Column, separator: Column) -> Column:
    """The texts in one, with a separator between them."""
    return F.call_function("array_join", list_, separator)


def sum_of_ints(list_: Column) -> Column:
    """The sum; missing where it does not fit 64 bits."""
    zero = F.lit(0).cast("bigint")
    return F.aggregate(F.array_compact(list_), zero, F.try_add)


def sum_of_decimals(list_: Column, to: tuple[int, int]) -> Column:
    """The sum; missing where it has too many digits."""
    precision, scale = to
    items = F.array_compact(list_)
    zero = F.lit(0).cast(f"decimal({precision}, {scale})")
    if precision == MOST_DIGITS and scale > 6:
        # Spark would give up a digit behind the point: the digits alone are added.
        whole = F.aggregate(
            F.transform(items, _digits), F.lit(0).cast("decimal(38, 0)"), F.try_add
        )
        return let(whole, lambda sum_: _pointed(sum_, scale))
    wider = (min(precision + 1, MOST_DIGITS), scale)
    return F.aggregate(
        items,
        zero,
        lambda sum_, item_: decimal(F.try_add(sum_, item_), wider, to),
    )


def _digits(value: Column) -> Column:
    return F.regexp_replace(value.cast("string"), "\\.", "").cast("decimal(38, 0)")


def _pointed(digits: Column, scale: int) -> Column:
    size = F.abs(digits).cast("string")
    filled = F.when(F.length(size) > scale, size).otherwise(
        F.lpad(size, scale + 1, "0")
    )
    whole = filled.substr(F.lit(1), F.length(filled) - scale)
    fraction = filled.substr(F.length(filled) - scale + 1, F.lit(scale))
    value = F.concat_ws(".", whole, fraction).cast(f"decimal({MOST_DIGITS}, {scale})")
    return F.when(digits < 0, -value).when(digits >= 0, value)


def sum_of_floats(list_: Column) -> Column:
    """The sum."""
    zero = F.lit(0.0)
    return F.aggregate(F.array_compact(list_), zero, lambda sum_, item_: sum_ + item_)


def sum_overflows(list_: Column) -> Column:
    """Whether a sum of floats is no finite number."""
    return ~is_finite(sum_of_floats(list_))


def any_holds(list_: Column, holds: Callable[[Column], Column]) -> Column:
    """Whether a condition holds for an item."""
    return F.exists(list_, lambda item_: F.coalesce(holds(item_), F.lit(False)))


def all_hold(list_: Column, holds: Callable[[Column], Column]) -> Column:
    """Whether a condition holds for every item."""
    return F.forall(list_, lambda item_: F.coalesce(holds(item_), F.lit(False)))


def count(list_: Column, counted: Callable[[Column], Column]) -> Column:
    """For how many items a condition holds."""
    return length(F.filter(list_, counted))


def find(list_: Column, wanted: Callable[[Column], Column]) -> Column:
    """The first item for which a condition holds."""
    return F.get(F.filter(list_, wanted), 0)


def reduce(
    list_: Column, start: Column, step: Callable[[Column, Column], Column]
) -> Column:
    """All items in one value."""
    return present(F.aggregate(list_, start, step), list_, start)


def reduce_reason(
    list_: Column,
    start: Column,
    step: Callable[[Column, Column], Column],
    reason: Callable[[Column, Column], Column],
) -> Column:
    """Why the first step that is wrong is so; missing where none is."""
    none = F.lit(None).cast("string")
    begin = F.struct(start.alias("value"), none.alias("reason"))

    def merge(state: Column, item_: Column) -> Column:
        value, found = state.getField("value"), state.getField("reason")
        return F.struct(
            step(value, item_).alias("value"),
            F.coalesce(found, reason(value, item_)).alias("reason"),
        )

    last_state = F.aggregate(
        list_, begin, merge, lambda state: state.getField("reason")
    )
    return present(last_state, list_, start)


def zip_lists(left: Column, right: Column) -> Column:
    """The items of two lists in pairs, as many as the shorter one has."""
    size = F.least(F.array_size(left), F.array_size(right))
    return F.zip_with(
        F.slice(left, F.lit(1), size),
        F.slice(right, F.lit(1), size),
        lambda first, second: F.struct(first.alias("first"), second.alias("second")),
    )


def range_of_ints(start: Column, end: Column) -> Column:
    """The whole numbers from one to another; missing if there were too many."""
    few = F.when(F.try_subtract(end, start) < MOST, F.sequence(start, end))
    empty = F.array().cast("array<bigint>")
    return present(F.when(end < start, empty).otherwise(few), start, end)


def range_of_dates(start: Column, end: Column) -> Column:
    """The days from one to another; missing if there were too many."""
    numbers = range_of_ints(
        F.unix_date(start).cast("bigint"), F.unix_date(end).cast("bigint")
    )
    return F.transform(numbers, lambda day: F.date_from_unix_date(day.cast("int")))


# Maps, whose keys are texts.


def _before(left: Column, right: Column) -> Column:
    one, other = left.getField("key"), right.getField("key")
    return F.when(one < other, -1).when(one > other, 1).otherwise(0)


def entries(map_: Column) -> Column:
    """Keys and values as a list, in the order of the keys."""
    return F.array_sort(F.map_entries(map_), _before)


def map_length(map_: Column) -> Column:
    """How many keys."""
    return length(F.map_keys(map_))


def map_of(keys_: Column, values_: Column) -> Column:
    """The map of keys and values; missing for lists of different lengths."""
    same = F.array_size(keys_) == F.array_size(values_)
    known = ~F.exists(keys_, lambda key: key.isNull())
    return F.when(same & known, F.map_from_arrays(keys_, values_))


def keys(map_: Column) -> Column:
    """The keys, in order."""
    return F.array_sort(F.map_keys(map_))


def values(map_: Column) -> Column:
    """The values, in the order of their keys."""
    return F.transform(entries(map_), lambda entry: entry.getField("value"))


def has_key(map_: Column, key: Column) -> Column:
    """Whether a map has a key."""
    return F.array_contains(F.map_keys(map_), key)


def map_values(map_: Column, each: Callable[[Column], Column]) -> Column:
    """The keys with what a function gives for their values."""
    return F.transform_values(map_, lambda _, value: each(value))


def map_values_reason(map_: Column, reason: Callable[[Column], Column]) -> Column:
    """Why the first value that is wrong is so, by the order of keys."""
    return first_reason(values(map_), reason)


def entries_reason(map_: Column, reason: Callable[[Column, Column], Column]) -> Column:
    """Why the first entry that is wrong is so, by the order of keys."""
    return first_reason(
        entries(map_),
        lambda entry: reason(entry.getField("key"), entry.getField("value")),
    )
