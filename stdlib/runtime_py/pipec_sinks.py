"""Destinations outside the lake that jobs write, and tables of Amazon Redshift among them.

What a job gives a warehouse lies in a folder of the sink's own, from where that takes it in
one transaction, which also writes down whose rows it took: a run that is repeated adds none
twice. To others rows are sent, at the end of a run. It knows nothing of runs: when rows are given is for `pipec_runtime` to say.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pipec_changes as changes
import pipec_senders as senders
from pipec_lake import Dataset, written
from pyspark import TaskContext
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

# Below the folder of a warehouse: rows that it has not taken yet.
GIVEN = "given"
# The table of rows on their way, which is gone with the transaction.
STAGED = '"_staged"'
# How many parts of a sink's rows are sent at once.
AT_ONCE = 8
# How long a statement is waited for between two questions, seconds: the first, the longest.
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0


class LoadFailed(Exception):
    """A warehouse did not take rows."""


@dataclass(frozen=True)
class Sink(Dataset):
    """A destination outside the lake, and the columns that tell its rows apart."""

    key: Sequence[str] = ()

    def arguments(self) -> list[str]:
        """What a job is told of it beside its folder."""
        return [f"sink_told__{self.argument.removeprefix('sink__')}"]

    def told(self, arguments: argparse.Namespace) -> dict[str, Any] | None:
        """Where it is; nothing where a job is tried out beside it."""
        text = getattr(arguments, self.arguments()[0])
        return senders.decoded(text) if text else None

    def lines(self, rows: DataFrame) -> DataFrame:
        """Rows as lines of JSON, as functions send them: what is missing is left out."""
        values = [written(F.col(c.name), c.dataType).alias(c.name) for c in self.schema]
        return rows.select(F.to_json(F.struct(*values)).alias("value"))

    def one_each(self, rows: DataFrame) -> DataFrame:
        """Of rows with one key the newest; all of them where there is no key."""
        if self.key:
            times = [self.event_time] if self.event_time in rows.columns else []
            rows = changes.last(rows, self, self.key, times)
        return self.columns(rows)


@dataclass(frozen=True)
class Warehouse(Sink):
    """A table of Amazon Redshift."""

    database: str = ""
    # Its schema and its name.
    table: Sequence[str] = ()
    # What each column is there, in their order.
    types: Sequence[str] = ()
    # The table of the runs whose rows there are, in the same schema.
    loads: str = ""

    def arguments(self) -> list[str]:
        """What a job is told of it beside its folder."""
        name = self.argument.removeprefix("sink__")
        return [f"sink_workgroup__{name}", f"sink_role__{name}"]

    def at(self, told: argparse.Namespace, transform: str) -> Place | None:
        """Where it is; nothing where a job is tried out beside it."""
        workgroup, role = (getattr(told, name) for name in self.arguments())
        return Place(self, workgroup, role, transform) if workgroup and role else None

    def mark(self, transform: str) -> str:
        """What stands for a transform's runs that gave it rows; others of its schema have
        their own."""
        return f"{transform} -> {self.table[-1]}"

    def statements(
        self, transform: str, run: str, given: str | None, role: str, *, add: bool
    ) -> list[str]:
        """What makes the rows that are given its own; `given` is where they lie, if there
        are any, and `add` whether the others stay."""
        table, loads = name_of(self.table), name_of([*self.table[:-1], self.loads])
        names = [quoted(name) for name in self.schema.names]
        typed = [f"{n} {kind}" for n, kind in zip(names, self.types)]
        out = [f"CREATE TEMP TABLE {STAGED} ({', '.join(typed)})"]
        if given is not None:
            nested = " SERIALIZETOJSON" if "SUPER" in self.types else ""
            out.append(
                f"COPY {STAGED} FROM {text(given)} IAM_ROLE {text(role)}"
                f" FORMAT AS PARQUET{nested}"
            )
        columns = ", ".join(names)
        insert = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {STAGED}"
        mark = text(self.mark(transform))
        mine = f"{quoted('transform')} = {mark}"
        if self.key:
            out.append(self._merge(table, names))
        elif add:
            known = f"{mine} AND {quoted('run')} = {text(run)}"
            out.append(
                f"{insert} WHERE NOT EXISTS (SELECT 1 FROM {loads} WHERE {known})"
            )
        else:
            out += [f"DELETE FROM {table}", insert]
        out.append(f"DELETE FROM {loads} WHERE {mine}")
        out.append(f"INSERT INTO {loads} VALUES ({mark}, {text(run)})")
        return out

    def _merge(self, table: str, names: Sequence[str]) -> str:
        own = quoted(self.table[-1])
        same = [f"{own}.{quoted(k)} = {STAGED}.{quoted(k)}" for k in self.key]
        return (
            f"MERGE INTO {table} USING {STAGED} ON {' AND '.join(same)}"
            f" WHEN MATCHED THEN UPDATE SET"
            f" {', '.join(f'{n} = {STAGED}.{n}' for n in names)}"
            f" WHEN NOT MATCHED THEN INSERT ({', '.join(names)})"
            f" VALUES ({', '.join(f'{STAGED}.{n}' for n in names)})"
        )


def send(told: dict[str, Any], lines: DataFrame) -> None:
    """Sends lines of JSON, a few parts at once."""

    def part(rows: Iterator[Any]) -> None:
        context = TaskContext.get()
        number = context.partitionId() if context is not None else 0
        senders.send(told, (row[0] for row in rows), str(number))

    lines.coalesce(AT_ONCE).foreachPartition(part)


class Place:
    """A warehouse's table where it is deployed, as one transform's job writes it."""

    def __init__(
        self, sink: Warehouse, workgroup: str, role: str, transform: str
    ) -> None:
        # In AWS; a laptop that tries a job out does not need it.
        import boto3  # type: ignore[import-untyped]

        self.sink, self.role, self.transform = sink, role, transform
        self._client: Any = boto3.client("redshift-data")
        self._where = {"WorkgroupName": workgroup, "Database": sink.database}

    def has_run(self, run: str) -> bool:
        """Whether it has the rows of this run."""
        loads = name_of([*self.sink.table[:-1], self.sink.loads])
        which = f"{quoted('transform')} = {text(self.sink.mark(self.transform))}"
        asked = f"SELECT {quoted('run')} FROM {loads} WHERE {which}"
        return [run] in self._ask(asked)

    def load(self, given: str | None, run: str, *, add: bool) -> None:
        """Takes the rows that are given: all of them, or none."""
        statements = self.sink.statements(
            self.transform, run, given, self.role, add=add
        )
        self._done(
            self._client.batch_execute_statement(
                Sqls=[*self._new_columns(), *statements], **self._where
            )
        )

    def _new_columns(self) -> list[str]:
        """What adds columns that it does not have yet."""
        schema, name = self.sink.table
        there = self._ask(
            "SELECT column_name FROM svv_columns WHERE"
            f" table_schema = {text(schema)} AND table_name = {text(name)}"
        )
        typed = zip(self.sink.schema.names, self.sink.types)
        return [
            f"ALTER TABLE {name_of(self.sink.table)} ADD COLUMN {quoted(n)} {kind}"
            for n, kind in typed
            if [n.lower()] not in there
        ]

    def _ask(self, statement: str) -> list[list[str]]:
        """The rows of an answer, each its texts."""
        asked = self._client.execute_statement(Sql=statement, **self._where)
        self._done(asked)
        rows: list[list[str]] = []
        more: dict[str, str] = {}
        while True:
            answer = self._client.get_statement_result(Id=asked["Id"], **more)
            for record in answer["Records"]:
                rows.append([field.get("stringValue", "") for field in record])
            if not answer.get("NextToken"):
                return rows
            more = {"NextToken": answer["NextToken"]}

    def _done(self, asked: dict[str, Any]) -> None:
        """Waits until it is done; a job's own timeout ends that."""
        wait = FIRST_WAIT
        while True:
            answer = self._client.describe_statement(Id=asked["Id"])
            if answer["Status"] == "FINISHED":
                return
            if answer["Status"] in ("FAILED", "ABORTED"):
                why = answer.get("Error", answer["Status"]).strip().splitlines()[0]
                raise LoadFailed(f"{'.'.join(self.sink.table)}: {why}")
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)


def name_of(parts: Sequence[str]) -> str:
    """The name of a table, with its schema."""
    return ".".join(map(quoted, parts))


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as SQL has it: Redshift reads a backslash in one as the start of an escape."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
