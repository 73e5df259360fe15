"""How many rows a run takes in, counted while it reads them.

Tables and files of columns say how many rows they have, and no value is read for it. Of
every other format each row is read anyway, by the first write that needs it.
"""

from __future__ import annotations

from threading import Thread

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

# Formats that say how many rows there are.
TELLING = ("iceberg", "orc", "parquet")
# How long a count may be on its way behind the write that read the rows, seconds.
PATIENCE = 10


class Taken:
    """The rows that a run takes in."""

    def __init__(self, known: int = 0) -> None:
        self._known = known
        self._names: set[str] = set()
        # What is read when it is asked for, and what has seen it then.
        self._seen: list[tuple[DataFrame, Observation]] = []

    def of(self, rows: DataFrame, name: str, form: str) -> DataFrame:
        """The same rows, which count as taken in, once by their name; `form` is the format
        in which they come."""
        if name in self._names:
            return rows
        self._names.add(name)
        if form in TELLING:
            self._known += rows.count()
            return rows
        seen = Observation()
        rows = rows.observe(seen, F.count("*").alias("rows"))
        self._seen.append((rows, seen))
        return rows

    def rows(self) -> int:
        """How many there are, after everything is written that needs them."""
        while self._seen:
            self._known += _rows_of(*self._seen.pop())
        return self._known


def _rows_of(rows: DataFrame, seen: Observation) -> int:
    found: list[int] = []
    asking = Thread(target=lambda: found.append(seen.get["rows"]), daemon=True)
    asking.start()
    asking.join(PATIENCE)
    if asking.is_alive():
        # No write needed them: nothing came on the other side of a join, say.
        rows.count()
        asking.join()
    return found[0]
