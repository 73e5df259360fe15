"""Aggregates that Spark has no single function for, or whose own means something else.

All of them leave missing values out. With `over` an aggregate runs along a window. An
overflow fails the run: what a group adds up to is no fault of one of its rows.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, WindowSpec
from pyspark.sql import functions as F

# The most items of a list that an aggregate makes.
MOST_ITEMS = 10_000

# What large values are made smaller by: their squares are no infinity then.
SMALLER = 2.0**-600

# What an absent part of a name is.
ABSENT = "\0"
BETWEEN = "\x1f"


def along(aggregate: Column, over: WindowSpec | None) -> Column:
    """The aggregate over a window, or over a group as it is."""
    return aggregate if over is None else aggregate.over(over)


def finite(value: Column) -> Column:
    """The value; infinity is an overflow."""
    too_large = value.isin(float("inf"), float("-inf"))
    fail = F.raise_error("overflow in an aggregate of floats").cast("double")
    return F.when(too_large, fail).otherwise(value)


def sum_whole(whole: Column, over: WindowSpec | None = None) -> Column:
    """The sum of whole numbers; only a total beyond 64 bits fails, in whatever order."""
    return along(F.sum(whole.cast("decimal(20, 0)")), over).cast("bigint")


def sum_float(value: Column, over: WindowSpec | None = None) -> Column:
    """The sum of floats."""
    return finite(along(F.sum(value), over))


def mean_whole(whole: Column, over: WindowSpec | None = None) -> Column:
    """The mean of whole numbers: their exact sum by their count, divided once."""
    return sum_whole(whole, over).cast("double") / along(F.count(whole), over)


def mean_float(value: Column, over: WindowSpec | None = None) -> Column:
    """The mean of floats."""
    return finite(along(F.avg(value), over))


def min_by(value: Column, by: Column) -> Column:
    """The value where `by` is smallest; of several such rows the smallest value."""
    return F.min(pair(value, by))["value"]


def max_by(value: Column, by: Column) -> Column:
    """The value where `by` is largest; of several such rows the largest value."""
    return F.max(pair(value, by))["value"]


def pair(value: Column, by: Column) -> Column:
    """Both, ordered by the second first; missing where one of them is."""
    both = F.struct(by.alias("by"), value.alias("value"))
    return F.when(value.isNotNull() & by.isNotNull(), both)


def first(value: Column, place: str) -> Column:
    """The value of the row that comes first, among those that have one."""
    return F.min_by(value, F.when(value.isNotNull(), F.col(place)))


def last(value: Column, place: str) -> Column:
    """The value of the row that comes last, among those that have one."""
    return F.max_by(value, F.when(value.isNotNull(), F.col(place)))


def in_order(value: Column, place: str) -> Column:
    """The values that are there, in the rows' order."""
    placed = F.struct(F.col(place).alias("place"), value.alias("value"))

    def sorted_by_place(found: Column) -> Column:
        # Spark sorts nothing that has a map in it: so places are sorted, not values.
        def turn(item: Column, at: Column) -> Column:
            return F.struct(item["place"].alias("place"), at.alias("at"))

        turns = F.sort_array(F.transform(found, turn))
        return F.transform(turns, lambda item: F.get(found, item["at"])["value"])

    # In a list of one, so that rows are collected once.
    found = F.array(F.collect_list(F.when(value.isNotNull(), placed)))
    return F.get(F.transform(found, sorted_by_place), 0)


def few(values: Column) -> Column:
    """The list; one with too many items fails the run."""
    fail = F.raise_error(f"a list of an aggregate has more than {MOST_ITEMS} items")
    return F.when(F.size(values) > MOST_ITEMS, fail).otherwise(values)


def listed(value: Column, place: str) -> Column:
    """The values in the rows' order, as a list."""
    return few(in_order(value, place))


def joined(text: Column, separator: str, place: str) -> Column:
    """The texts in the rows' order, as one; missing without any."""
    texts = in_order(text, place)
    return F.when(F.size(texts) > 0, F.array_join(texts, separator))


def distinct_values(value: Column) -> Column:
    """The different values as a list, smallest first."""
    return few(F.sort_array(F.collect_set(value)))


def mode(value: Column, times: str) -> Column:
    """The value that is there most often; of several the smallest."""
    often = F.struct((-F.col(times)).alias("times"), value.alias("value"))
    return F.min(F.when(value.isNotNull(), often))["value"]


def percentile(value: Column, share: float) -> Column:
    """The value that a share of the values does not exceed, between two of them as far
    as the share says."""

    def at_share(values: Column) -> Column:
        place = F.lit(share) * (F.size(values) - 1)
        low, high = F.floor(place), F.ceil(place)
        part = place - low
        below, above = F.get(values, low.cast("int")), F.get(values, high.cast("int"))
        return below * (F.lit(1.0) - part) + above * part

    # In a list of one, so that values are sorted once and not wherever they are used.
    values = F.array(F.sort_array(F.collect_list(value)))
    return F.get(F.transform(values, at_share), 0)


def median(value: Column) -> Column:
    """The value in the middle; half the sum of both where two are."""
    return percentile(value, 0.5)


def variance(value: Column) -> Column:
    """The variance of a sample; missing for fewer than two values."""
    return finite(_around(F.var_samp, value, power=2))


def variance_all(value: Column) -> Column:
    """The variance of all values."""
    return finite(_around(F.var_pop, value, power=2))


def stddev(value: Column) -> Column:
    """The standard deviation of a sample; missing for fewer than two values."""
    return F.sqrt(variance(value))


def stddev_all(value: Column) -> Column:
    """The standard deviation of all values."""
    return F.sqrt(variance_all(value))


def covariance(left: Column, right: Column) -> Column:
    """The covariance of a sample; missing for fewer than two rows that have both."""
    return finite(_around(F.covar_samp, left, right, power=2))


def correlation(left: Column, right: Column) -> Column:
    """Pearson's correlation; missing for fewer than two rows, or where one is constant."""

    def pearson(left: Column, right: Column) -> Column:
        both = left.isNotNull() & right.isNotNull()
        spread = F.stddev_samp(F.when(both, left)) * F.stddev_samp(F.when(both, right))
        return F.covar_samp(left, right) / F.nullif(spread, F.lit(0.0))

    value = _around(pearson, left, right, power=0)
    return F.when(value > 1, 1.0).when(value < -1, -1.0).otherwise(value)


def _around(function: Callable[..., Column], *values: Column, power: int) -> Column:
    """What an aggregate of distances from a mean answers, whose unit is this power of the
    values'. Spark multiplies the mean by itself on the way, which above 1e154 makes NaN
    of any answer: then it is asked for the same of smaller values."""
    answer = function(*values)
    smaller = function(*[value * F.lit(SMALLER) for value in values])
    for _ in range(power):
        smaller = smaller / F.lit(SMALLER)
    given = F.max(F.greatest(F.lit(False), *[F.isnan(value) for value in values]))
    return F.when(F.isnan(answer) & ~given, smaller).otherwise(answer)


def session_start(time: Column, gap_seconds: int, over: WindowSpec) -> Column:
    """The time of rows that begin a visit: the gap or more behind the row before."""
    before = F.lag(time).over(over)
    since = F.unix_micros(time) - F.unix_micros(before)
    return F.when(before.isNull() | (since >= gap_seconds * 1_000_000), time)


def named(*parts: Column) -> Column:
    """A name of texts, any of which may be missing, that says nothing of them."""
    filled = [F.coalesce(part, F.lit(ABSENT)) for part in parts]
    return F.sha2(F.concat_ws(BETWEEN, *filled), 256)
