"""What rows of jobs carry beside their columns: how they came, and why they are turned away.

It knows nothing of runs: what becomes of rows that are turned away is for `pipec_runtime` to say.
"""

from __future__ import annotations

from pipec_lake import quoted, written
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

# Columns that a job adds for itself; no author's name starts with `_`.
ROW = "_row"
LINE = "_line"
REASON = "_reason"
INNER_PAD = "_inner_pad"
OUTER_PAD = "_outer_pad"

# What rows that landed have beside their columns: when they arrived, their places, and of a
# change whether it inserts, updates or deletes.
ARRIVAL = ("_arrived", "_seq", "_op")
# A row's place in an order, and the number of the record that it came from.
PLACE = "_place"
NUMBER = "_number"


def fields_of(frame: DataFrame) -> list[str]:
    """The fields of the rows as they came, in a frame of rows that are turned away."""
    row = frame.schema[ROW].dataType
    return row.names if isinstance(row, T.StructType) else []


def prefixed(rows: DataFrame, prefix: str) -> DataFrame:
    """Rows whose columns have this before their names."""
    rows = plain(rows)
    return rows.toDF(*[prefix + name for name in rows.columns])


def plain(rows: DataFrame) -> DataFrame:
    """Rows without what they have beside their columns."""
    return rows.drop(ROW, REASON, INNER_PAD, OUTER_PAD, *ARRIVAL)


class TurnedAway:
    """Rows that do not go on, each with the first reason in program order.

    A rejected row stays among the others, marked, until `part` takes it out: the steps
    in between cost nothing more, and its reason is that of the first that rejected it.
    """

    def __init__(self) -> None:
        self.frames: list[DataFrame] = []

    def watch(self, rows: DataFrame, *, several: bool = False) -> DataFrame:
        """Remembers each row as it is, and that nothing is wrong with it yet, unless it knows
        how it came. Where a step makes several rows of one, they share its number.
        """
        if ROW in rows.columns:
            return rows
        values = [
            written(F.col(quoted(column.name)), column.dataType).alias(column.name)
            for column in rows.schema
            if not column.name.startswith("_")
        ]
        if several:
            values.append(F.monotonically_increasing_id().alias(NUMBER))
        row = F.struct(*values).alias(ROW)
        return rows.select("*", row, F.lit(None).cast("string").alias(REASON))

    def mark(self, rows: DataFrame, *reasons: Column) -> DataFrame:
        """Gives rows that have no reason yet the first of these that is not missing."""
        return rows.withColumn(REASON, F.coalesce(F.col(REASON), *reasons))

    def part(self, rows: DataFrame) -> DataFrame:
        """Takes the marked rows out, and returns the others."""
        self.frames.append(rows.filter(F.col(REASON).isNotNull()).select(ROW, REASON))
        return rows.filter(F.col(REASON).isNull())

    def once_each(self) -> list[DataFrame]:
        """The rows that were taken out, each row that came once."""
        frames = []
        numbered: dict[str, DataFrame] = {}
        for place, frame in enumerate(self.frames):
            names = fields_of(frame)
            if NUMBER not in names:
                frames.append(frame)
                continue
            frame = frame.withColumn(PLACE, F.lit(place))
            known = numbered.get(repr(names))
            numbered[repr(names)] = frame if known is None else known.unionAll(frame)
        for frame in numbered.values():
            earliest = F.struct(PLACE, REASON)
            firsts = frame.groupBy(F.col(f"{ROW}.{NUMBER}")).agg(
                F.min_by(ROW, earliest).alias(ROW),
                F.min_by(REASON, earliest).alias(REASON),
            )
            row = F.col(ROW).dropFields(NUMBER).alias(ROW)
            frames.append(firsts.select(row, REASON))
        return frames
