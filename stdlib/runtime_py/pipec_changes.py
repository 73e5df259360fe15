"""Rows that change others by their keys: of `merge` the newest, of `history` every version.

It knows nothing of runs, and nothing of how a table is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipec_lake import Dataset, quoted
from pipec_marks import ARRIVAL, PLACE
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

ARRIVED, SEQUENCE, CHANGE = ARRIVAL

# The columns that versions have beside those of the rows.
VERSION_COLUMNS = ("valid_from", "valid_to", "is_current")

# Whether a row takes away what there is.
GONE = "_gone"


# What becomes of a key at an instant: a version of it ended, began before, or comes now.
ENDED, KNOWN, CAME = 0, 1, 2
KIND = "_kind"


def newest(rows: DataFrame, target: Dataset, keys: Sequence[str]) -> DataFrame:
    """Of rows with one key the newest, each with whether it takes the key's row away."""
    times = [target.event_time] if target.event_time in rows.columns else []
    rows = last(rows, target, keys, times)
    return target.columns(rows, takes_away(rows).alias(GONE))


def last(
    rows: DataFrame, target: Dataset, keys: Sequence[str], order: Sequence[str]
) -> DataFrame:
    """Of rows with one key the last by these columns, then by how they came; of those that
    came alike the first by their values."""
    order = [*order, *(name for name in (ARRIVED, SEQUENCE) if name in rows.columns)]
    values = [name for name in target.schema.names if name in rows.columns]
    of_key = Window.partitionBy(*map(quoted, keys)).orderBy(
        *[F.desc_nulls_last(quoted(name)) for name in order],
        *[F.asc_nulls_last(quoted(n)) for n in values if has_order(rows, n)],
    )
    rows = rows.withColumn(PLACE, F.row_number().over(of_key))
    return rows.filter(F.col(PLACE) == 1)


def takes_away(rows: DataFrame) -> Column:
    """Whether a row is a change that deletes."""
    if CHANGE not in rows.columns:
        return F.lit(False)
    return F.coalesce(F.col(CHANGE).rlike("^[dD]"), F.lit(False))


def versions(
    rows: DataFrame,
    there: DataFrame,
    target: Dataset,
    keys: Sequence[str],
    run_at: datetime,
) -> DataFrame:
    """The rows of a table of versions that these rows change: those that it does not have
    yet, and those that are gone."""
    own = [n for n in target.schema.names if n not in VERSION_COLUMNS]
    names = list(map(quoted, own))
    touched = rows.select(*map(quoted, keys)).distinct()
    there = there.join(touched, list(keys), "left_semi")
    came = rows.select(
        *names,
        *(name for name in (ARRIVED, SEQUENCE) if name in rows.columns),
        F.coalesce(*_times(rows, target), F.lit(run_at)).alias("valid_from"),
        takes_away(rows).alias(GONE),
        F.lit(CAME).alias(KIND),
    )
    known = there.select(
        *names, "valid_from", F.lit(False).alias(GONE), F.lit(KNOWN).alias(KIND)
    )
    # Where no version follows one that ended, the key was deleted then.
    ended = there.filter(F.col("valid_to").isNotNull()).select(
        *names,
        F.col("valid_to").alias("valid_from"),
        F.lit(True).alias(GONE),
        F.lit(ENDED).alias(KIND),
    )
    every = came.unionByName(known, allowMissingColumns=True)
    every = every.unionByName(ended, allowMissingColumns=True)
    every = last(every, target, [*keys, "valid_from"], [KIND])
    return _difference(there, target.columns(_held(every, own, keys, target)), target)


def _times(rows: DataFrame, target: Dataset) -> list[Column]:
    """What says since when a row holds, if it says so."""
    for name in (target.event_time, ARRIVED):
        if name in rows.columns:
            return [F.col(quoted(str(name)))]
    return []


def _held(
    rows: DataFrame, own: Sequence[str], keys: Sequence[str], target: Dataset
) -> DataFrame:
    """Rows that differ from the one before them, each with the time for which it held."""
    of_key = Window.partitionBy(*map(quoted, keys)).orderBy("valid_from")
    values = [n for n in own if n != target.event_time and n not in keys]
    compared = F.struct(GONE, *[_comparable(rows, name) for name in values])
    rows = rows.withColumn("_value", compared)
    same = F.lag("_value").over(of_key).eqNullSafe(F.col("_value"))
    rows = rows.withColumn("_same", same).filter(~F.col("_same"))
    rows = rows.withColumn("valid_to", F.lead("valid_from").over(of_key))
    rows = rows.withColumn("is_current", F.col("valid_to").isNull())
    return rows.filter(~F.col(GONE))


def _difference(old: DataFrame, new: DataFrame, target: Dataset) -> DataFrame:
    """The rows that one of both has alone, each with whether that is the first."""
    names = list(map(quoted, target.schema.names))
    both = old.select(*names, F.lit(1).alias("_old"))
    both = both.unionAll(new.select(*names, F.lit(0).alias("_old")))
    sides = both.groupBy(*names).agg(
        F.max("_old").alias("_was"), F.min("_old").alias("_only")
    )
    changed = sides.filter(F.col("_was") == F.col("_only"))
    return changed.withColumn(GONE, F.col("_only") == 1).drop("_was", "_only")


def _comparable(rows: DataFrame, name: str) -> Column:
    """A column as something that Spark compares: a map by its entries."""
    value = F.col(quoted(name))
    if isinstance(rows.schema[name].dataType, T.MapType):
        value = F.array_sort(F.map_entries(value))
    return value.alias(name)


def has_order(rows: DataFrame, name: str) -> bool:
    """Whether the values of a column have an order."""
    return "map<" not in rows.schema[name].dataType.simpleString()
