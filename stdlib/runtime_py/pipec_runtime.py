"""What every generated job stands on: arguments, state, days, files, rows turned away.

It runs in AWS Glue 5.0 and EMR Serverless 7.8 (both Spark 3.5.4) and, from the same file,
on any machine with PySpark 3.5. It knows nothing of any one platform: a job hands in its
datasets. EMR has Python 3.9.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pipec_changes as changes
from pipec_counts import Taken
from pipec_lake import (
    NO_MARKS,
    Dataset,
    Folder,
    Table,
    days_before,
    instant_text,
    newest_files,
    partition_day,
    quoted,
    read_files,
    write_files,
)
from pipec_marks import (
    ARRIVAL,
    INNER_PAD,
    LINE,
    OUTER_PAD,
    REASON,
    ROW,
    TurnedAway,
    fields_of,
)
from pipec_params import Param
from pipec_sinks import GIVEN, Sink, Warehouse, send
from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

if TYPE_CHECKING:
    # Python has it from 3.11 on; only who checks types reads it.
    from typing_extensions import Self

# Neither Glue's nor Spark's own defaults: the language fixes what each of these means.
SETTINGS = {
    # Overflow fails instead of wrapping; a job asks for `try_…` where a row is rejected.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    # Of equal keys of a map the last one counts.
    "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
    # Above 38 digits the scale gives way, to 6 at least.
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    # Only the partitions that a run computed are replaced.
    "spark.sql.sources.partitionOverwriteMode": "dynamic",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "snappy",
    # Dates and instants before 1582 and 1900 are proleptic Gregorian, not shifted.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # Small partitions share a task, large ones are split: files of the target's size.
    "spark.sql.adaptive.enabled": "true",
}

# Below how many rows of a rank Spark sorts and thins rows out before it brings those of one
# key together, too. Where hardly any key comes twice, that is a sort of all rows for nothing.
RANKED_EARLY = "spark.sql.optimizer.windowGroupLimitThreshold"

MICROSECOND = timedelta(microseconds=1)

# The setting of Spark in which EMR Serverless hands over the key of pseudonyms.
PSEUDONYM_CONF = "spark.hadoop.pipec.pseudonym.secret"

# Where a row goes of several targets.
BRANCH = "_branch"

# Folders below a target or a quarantine for what is not to be seen yet.
STAGING = "_staging"


# How long whoever waits sleeps between two looks.
WAIT_SECONDS = 15.0


class ExpectationFailed(Exception):
    """An `expect … else fail` found rows that do not hold."""


@dataclass(frozen=True)
class Days:
    """Reads the days that may have changed since the last good run."""

    column: str
    of: Dataset
    # How far a row's time may be behind the moment at which the input has it.
    late: timedelta
    input_retain_days: int
    # What is read whole beside it: where one has changed, every day may have.
    others: Sequence[Dataset] = ()


@dataclass(frozen=True)
class Everything:
    """Reads all of the input, every time."""


@dataclass(frozen=True)
class Additions:
    """Reads the files that came since the last good run."""

    of: Sequence[Dataset]


def pseudonym(text: Column) -> Column:
    """HMAC-SHA-256 of the text, in a row that `Run.with_pseudonym_key` has prepared."""
    inner = F.sha2(F.concat(F.col(INNER_PAD), text.cast("binary")), 256)
    return F.sha2(F.concat(F.col(OUTER_PAD), F.unhex(inner)), 256)


@dataclass
class Run:
    """One run of a job: what it was asked for, what it reads, and where its rows go.

    Nothing counts as done until `done` has written the state, which is the last thing
    that a run does. A run that ends before is repeated over the same days, and what it
    wrote is replaced.
    """

    name: str
    argv: Sequence[str]
    reads: Days | Everything | Additions
    sources: Sequence[Dataset]
    targets: Sequence[Dataset]
    params: Sequence[Param] = ()
    # What it reads beside its first source to unite it with that.
    takes_also: Sequence[Dataset] = ()
    # Whether rows are ranked only to take out the few that came twice.
    few_duplicates: bool = False
    # Whether persons may be taken out of files that it writes: then one waits for the other.
    waits: bool = False
    turned_away: TurnedAway = field(default_factory=TurnedAway)

    def __post_init__(self) -> None:
        self.arguments = self._arguments()
        self.run_at = instant(self.arguments.run_at) if self.arguments.run_at else now()
        self.spark = self._session()
        self._params = {
            param.name: param.value_of(self.arguments) for param in self.params
        }
        self._quarantine = Folder(self.spark, self.arguments.quarantine)
        self._state = Folder(self.spark, self.arguments.state)
        if self.waits:
            wait(self._state, self.name)
        # What the run replaces in its targets and its quarantine; `None` is all of it.
        self._since: date | None = None
        self._taken = Taken()
        self._rows_out = self._rows_rejected = 0
        self._read: dict[str, DataFrame] = {}
        self._views: dict[str, DataFrame] = {}
        # Files that `done` moves to where they are seen: a folder, from, to.
        self._moves: list[tuple[str, str, str]] = []
        self._deletes: list[tuple[str, str]] = []
        # Warehouses, and whether they are to keep what they have beside the new rows.
        self._loads: list[tuple[Warehouse, bool]] = []
        # Other sinks, where each is, and its rows.
        self._sends: list[tuple[Sink, dict[str, Any], DataFrame]] = []
        # Targets that know of which runs they have rows, as far as this run gave them some.
        self._marks: list[str] = []
        # Whether a run before this one ended before it had shown all that it wrote.
        self.has_finished = False
        # What that run meant to do, where only some of its targets have its rows: this one
        # does the same once more.
        self._again: dict[str, Any] | None = None
        self._finish_last_run()
        self._before = self._remembered()
        self._after: dict[str, Any] = {"run_at": self.run_at.isoformat()}
        for folder in [*map(self.folder, self._file_targets()), self._quarantine]:
            folder.sweep()
            folder.delete(STAGING)

    def _session(self) -> SparkSession:
        builder = SparkSession.builder.appName(self.name)
        for setting, value in SETTINGS.items():
            builder = builder.config(setting, value)
        early = "-1" if self.few_duplicates else "1000"
        return builder.config(RANKED_EARLY, early).getOrCreate()

    def _arguments(self) -> argparse.Namespace:
        parser = argparse.ArgumentParser(allow_abbrev=False)
        for argument in {d.argument: d for d in (*self.sources, *self.targets)}:
            parser.add_argument(f"--{argument}", required=True, metavar="FOLDER")
        for argument in sorted({a for t in self.targets for a in t.arguments()}):
            parser.add_argument(f"--{argument}", metavar="NAME")
        for param in self.params:
            parser.add_argument(f"--{param.argument()}", required=True, metavar="JSON")
        parser.add_argument("--state", required=True, metavar="FOLDER")
        parser.add_argument("--quarantine", required=True, metavar="FOLDER")
        parser.add_argument("--run_at", metavar="INSTANT", help="RFC 3339; default now")
        parser.add_argument("--catch_up", type=int, metavar="DAYS")
        parser.add_argument("--exchange", metavar="FOLDER")
        parser.add_argument("--stage", choices=["give", "take"])
        parser.add_argument("--pseudonym_secret", metavar="ARN")
        parser.add_argument("--pseudonym_key_file", metavar="FILE")
        # Glue adds arguments of its own: `--JOB_NAME`, `--TempDir` and more.
        known, _ = parser.parse_known_args(list(self.argv)[1:])
        return known

    def _place(self, dataset: Dataset) -> str:
        return getattr(self.arguments, dataset.argument)

    def folder(self, dataset: Dataset) -> Folder:
        """Where a dataset's files are."""
        return Folder(self.spark, self._place(dataset))

    def table(self, dataset: Dataset) -> Table:
        """A dataset that is a table of Iceberg."""
        return Table(self.spark, dataset, self._place(dataset))

    def _file_targets(self) -> list[Dataset]:
        return [dataset for dataset in self.targets if dataset.format != "iceberg"]

    # What it reads.

    def read(self, dataset: Dataset) -> DataFrame:
        """The rows of an input that this run computes from; a missing folder has none."""
        if dataset.argument not in self._read:
            self._read[dataset.argument] = self._rows_of(dataset)
        return self._read[dataset.argument]

    def once(self, view: Callable[[Self], DataFrame]) -> DataFrame:
        """The rows of a view, the same wherever it is read."""
        if view.__name__ not in self._views:
            self._views[view.__name__] = view(self)
        return self._views[view.__name__]

    def _rows_of(self, dataset: Dataset) -> DataFrame:
        if dataset.format == "iceberg":
            rows = self.table(dataset).read()
            if isinstance(self.reads, Days) and self.reads.of == dataset:
                self._since = self._first_day(self.reads)
                rows = rows.filter(self._computed_rows())
            log("reads", job=self.name, dataset=dataset.argument, since=self._since)
            return self.taken(rows, dataset)
        folder, paths = self.paths(dataset)
        rows = read_files(folder, dataset, paths)
        return self.taken(rows, dataset) if paths else rows

    def taken(self, rows: DataFrame, dataset: Dataset) -> DataFrame:
        """The rows of a dataset as they are read: counted, unless others look them up."""
        if dataset not in self._takes_in():
            return rows
        return self._taken.of(rows, dataset.argument, dataset.format)

    def _takes_in(self) -> Sequence[Dataset]:
        return [*self.sources[:1], *self.takes_also]

    def paths(self, dataset: Dataset) -> tuple[Folder, list[str]]:
        """The files or folders of an input that this run computes from."""
        folder = self.folder(dataset)
        newest = newest_files(folder, dataset)
        if isinstance(self.reads, Days) and self.reads.of == dataset:
            self._since = self._first_day(self.reads)
        if newest is not None:
            paths = newest
        elif isinstance(self.reads, Additions) and dataset in self.reads.of:
            paths = self._added(folder, dataset)
        elif isinstance(self.reads, Days) and self.reads.of == dataset:
            paths = self._parts(folder, dataset.partition)
        else:
            paths = [f"{folder.path}/{n}" for n in folder.partitions(dataset.partition)]
        log(
            "reads",
            job=self.name,
            dataset=dataset.argument,
            since=self._since,
            parts=len(paths),
        )
        return folder, paths

    def _added(self, folder: Folder, dataset: Dataset) -> list[str]:
        """The files that no good run has read."""
        there = sorted(folder.data_files())
        if self._again is not None:
            meant = self._again["state"].get("seen", {}).get(dataset.argument, [])
            there = sorted(set(there) & set(meant))
        seen = self._before.get("seen", {}).get(dataset.argument, [])
        known = set(seen)
        self._after.setdefault("seen", {})[dataset.argument] = there
        return [f"{folder.path}/{name}" for name in there if name not in known]

    def _first_day(self, reads: Days) -> date:
        """The first day that this run computes.

        Since the last good run, rows may have come for its own day and for as many days
        before as rows may be late. A day of which the input has already purged rows must
        not be computed again, or its total would shrink: the newest rows of a day came
        that much later than its oldest, hence the days that are taken off.
        """
        late_days = -(-reads.late // timedelta(days=1))
        today = self.run_at.date()
        first = days_before(today, max(0, reads.input_retain_days - late_days - 1))
        versions = {other.argument: self.version(other) for other in reads.others}
        if versions:
            self._after["others"] = versions
        if "run_at" in self._before and self._before.get("others", {}) == versions:
            last = instant(self._before["run_at"])
            if self.arguments.catch_up is not None:
                # Runs that were missed are made up for no further back than this.
                missed = timedelta(days=self.arguments.catch_up)
                last = max(last, self.run_at - missed)
            first = max(first, (last - reads.late).date())
        kept = [self._oldest_kept(t) for t in self.targets if t.retain_days is not None]
        return max([first, *kept])

    def version(self, dataset: Dataset) -> str:
        """A text that is another one when the dataset is."""
        if dataset.format == "iceberg":
            return self.table(dataset).version()
        return self.folder(dataset).version()

    def told(self, dataset: Dataset) -> dict[str, Any]:
        """What runs before this one have told of the rows of a dataset that are none."""
        return self._before.get("told", {}).get(dataset.argument, {})

    def tells(self, dataset: Dataset, what: dict[str, Any]) -> None:
        """Remembers what is told of a dataset once this run is good."""
        self._after.setdefault("told", {})[dataset.argument] = what

    def _oldest_kept(self, target: Dataset) -> date:
        return days_before(self.run_at.date(), target.retain_days or 0)

    # What it remembers.

    def _state_file(self) -> str:
        return f"{self.name}.json"

    def _plan_file(self) -> str:
        return f"{self.name}.moves.json"

    def _remembered(self) -> dict:
        text = self._state.read_text(self._state_file())
        return {} if text is None else json.loads(text)

    def _finish_last_run(self) -> None:
        """Finishes what a run that was killed had begun to show, so that it is whole."""
        text = self._state.read_text(self._plan_file())
        if text is None:
            return
        plan = json.loads(text)
        if "run" in plan:
            # What it wrote before its source was changed is no target any more.
            targets = (t for t in self.targets if t.argument in plan["marks"])
            marked = map(self._marked, {t.argument: t for t in targets}.values())
            have = [place.has_run(plan["run"]) for place in marked]
            if not any(have):
                self._state.delete(self._plan_file())
                return
            if not (all(have) and plan["is_all"]):
                self._again, self._marks = plan, plan["marks"]
                self.run_at = instant(plan["state"]["run_at"])
                log("again", job=self.name, run_at=self.run_at)
                return
        self._carry_out(plan)
        self.has_finished = True

    def _marked(self, target: Dataset) -> Any:
        """What knows of a target whose rows of which run it has."""
        if isinstance(target, Warehouse):
            return target.at(self.arguments, self.name)
        return self.table(target)

    def _carry_out(self, plan: dict) -> None:
        for place, name in plan["deletes"]:
            Folder(self.spark, place).delete(name)
        for place, old, new in plan["moves"]:
            Folder(self.spark, place).move(old, new)
        self._state.write_text(self._state_file(), json.dumps(plan["state"]))
        self._state.delete(self._plan_file())

    # What a run knows at its first half, and goes on with at its second.

    def handed_over(self) -> dict[str, Any]:
        """What the second half has to know of the first."""
        since = None if self._since is None else self._since.isoformat()
        return {
            "before": self._before,
            "after": self._after,
            "since": since,
            "rows_in": self._taken.rows(),
        }

    def take_over(self, told: dict[str, Any], exchange: Folder) -> bool:
        """Goes on where the first half ended, whatever has come since; not where another
        run was good in between, which may have had the same rows."""
        if told["before"] != self._before:
            log("left", job=self.name, why="another run was good in between")
            return False
        self._after, self._taken = told["after"], Taken(told["rows_in"])
        since = told["since"]
        self._since = None if since is None else date.fromisoformat(since)
        for name in ("run.json", "in", "out", "rejected"):
            self._deletes.append((exchange.path, name))
        return True

    # What steps ask of it.

    def with_pseudonym_key(self, rows: DataFrame) -> DataFrame:
        """Rows with the two pads of HMAC beside them, for `pseudonym`.

        They come from a table of one row: a literal would stand in the query's plan, and
        so in the history that Spark keeps of it.
        """
        if INNER_PAD in rows.columns:
            return rows
        key = self._pseudonym_key()
        key = hashlib.sha256(key).digest() if len(key) > 64 else key
        block = key.ljust(64, b"\0")
        pads = [bytearray(byte ^ pad for byte in block) for pad in (0x36, 0x5C)]
        table = self.spark.createDataFrame(
            [pads], f"{INNER_PAD} binary, {OUTER_PAD} binary"
        )
        return rows.crossJoin(F.broadcast(table))

    def _pseudonym_key(self) -> bytes:
        if self.arguments.pseudonym_key_file:
            with open(self.arguments.pseudonym_key_file, "rb") as file:
                return file.read()
        held = self.spark.sparkContext.getConf().get(PSEUDONYM_CONF)
        if held is not None:
            return held.encode()
        if not self.arguments.pseudonym_secret:
            raise SystemExit("give --pseudonym_secret ARN or --pseudonym_key_file FILE")
        # In Glue; a laptop with a key file does not need it.
        import boto3  # type: ignore[import-untyped]

        secrets = boto3.client("secretsmanager")
        answer = secrets.get_secret_value(SecretId=self.arguments.pseudonym_secret)
        return answer["SecretString"].encode()

    def param(self, name: str) -> Column:
        """What a param is in this deployment."""
        return self._params[name]

    def now(self) -> Column:
        """The run's scheduled time."""
        micros = (
            self.run_at - datetime(1970, 1, 1, tzinfo=timezone.utc)
        ) // MICROSECOND
        return F.timestamp_micros(F.lit(micros))

    def today(self) -> Column:
        """The run's scheduled day, in UTC."""
        return F.to_date(self.now())

    def expect(self, rows: DataFrame, name: str, holds: Column, *, fail: bool) -> None:
        """Counts the rows of which the condition is not true; with `fail`, none may be."""
        wanting = ~F.coalesce(holds, F.lit(False))
        counts = rows.agg(
            F.count_if(wanting).alias("failed"), F.count("*").alias("all")
        ).collect()
        [(failed, total)] = counts
        log("expect", job=self.name, name=name, failed=failed, rows=total)
        if fail and failed:
            raise ExpectationFailed(
                f"expect {name}: {failed} of {total} rows do not hold"
            )

    # What it writes.

    def write(self, rows: DataFrame, target: Dataset) -> None:
        """Replaces what this run computed."""
        rows = target.columns(rows)
        self._sizes(target)
        if target.format == "iceberg":
            self.table(target).overwrite(rows, self._computed_rows())
            return
        folder = self.folder(target)
        partition = list(target.partition)
        if not partition:
            self._stage(rows, target, folder)
            self._deletes += [(folder.path, name) for name in folder.data_names()]
            return
        before = {
            name: folder.files_below(name) for name in self._computed(folder, partition)
        }
        self._rows_out += write_files(rows, target, folder.path, "overwrite")
        self._delete_unwritten(folder, before)

    def append(self, rows: DataFrame, target: Dataset) -> None:
        """Adds rows that no run has added before."""
        rows = target.columns(rows)
        self._sizes(target)
        if target.format == "iceberg":
            self._write_quarantine()
            is_only = len({other.argument for other in self.targets}) == 1
            run = self._begin([target.argument], is_all=is_only)
            if not self._has_already(target, run):
                self.table(target).append(rows, run)
            return
        self._stage(rows, target, self.folder(target))

    def send(self, rows: DataFrame, sink: Sink, *, add: bool = False) -> None:
        """Gives rows to a destination outside the lake, once the run is good."""
        folder = self.folder(sink)
        rows = sink.one_each(rows)
        if isinstance(sink, Warehouse) and self._marked(sink) is not None:
            given = f"{folder.path}/{GIVEN}"
            self._rows_out += write_files(rows, sink, given, "overwrite")
            self._deletes.append((folder.path, GIVEN))
            self._loads.append((sink, add))
            return
        told = None if isinstance(sink, Warehouse) else sink.told(self.arguments)
        if told is not None:
            self._sends.append((sink, told, sink.lines(rows)))
            return
        self._stage(rows, sink, folder)

    def _load(self) -> None:
        """Lets warehouses take the rows that they are given, each in one transaction."""
        if not self._loads:
            return
        sinks = [sink.argument for sink, _ in self._loads]
        run = self._begin(sinks, is_all=not self._sends)
        for sink, add in self._loads:
            if add and self._has_already(sink, run):
                continue
            given = Folder(self.spark, f"{self._place(sink)}/{GIVEN}")
            place = f"{given.path}/" if given.data_files() else None
            self._marked(sink).load(place, run, add=add)
            log("loaded", job=self.name, sink=sink.argument)

    def _begin(self, targets: Sequence[str], *, is_all: bool) -> str:
        """Plans with what targets are about to get, and says which run it is.

        They know whether they have its rows. A run that is killed is made up for where all
        of them have, and nothing else was to come; where only some have, the next run reads
        what it read and gives the others theirs.
        """
        run = hashlib.sha256(json.dumps(self._after).encode()).hexdigest()
        if self._again is not None:
            run = self._again["run"]
        self._marks += [name for name in targets if name not in self._marks]
        self._write_plan(marks=self._marks, run=run, is_all=is_all)
        return run

    def _has_already(self, target: Dataset, run: str) -> bool:
        """Whether a run that was killed has given a target its rows."""
        return self._again is not None and self._marked(target).has_run(run)

    def merge(self, rows: DataFrame, target: Dataset, keys: Sequence[str]) -> None:
        """Of rows with one key the newest wins: of those that came, and of those there."""
        newest = [target.event_time] if target.event_time in target.schema.names else []
        rows = changes.newest(rows, target, keys)
        self.table(target).merge(rows, keys, newest, changes.GONE)

    def history(self, rows: DataFrame, target: Dataset, keys: Sequence[str]) -> None:
        """Keeps every version of a key, with the time for which it held."""
        table = self.table(target)
        changed = changes.versions(rows, table.read(), target, keys, self.run_at)
        table.exchange(changed, keys, changes.GONE)

    def route(
        self, rows: DataFrame, targets: Sequence[Dataset | None], *, add: bool = False
    ) -> None:
        """Writes each row to the target of its branch; the steps run once for all."""
        rows = rows.persist()
        for target in {t.argument: t for t in targets if t is not None}.values():
            numbers = [number for number, t in enumerate(targets) if t == target]
            mine = rows.filter(F.col(BRANCH).isin(numbers))
            if isinstance(target, Sink):
                self.send(mine, target, add=add)
            elif add:
                self.append(mine, target)
            else:
                self.write(mine, target)
        rows.unpersist()

    def _sizes(self, target: Dataset) -> None:
        size = str(target.target_file_bytes)
        self.spark.conf.set("spark.sql.adaptive.advisoryPartitionSizeInBytes", size)

    def _computed_rows(self) -> Column:
        """Which rows of a target this run answers for."""
        if not isinstance(self.reads, Days) or self._since is None:
            return F.lit(True)
        return F.col(quoted(self.reads.column)) >= F.lit(self._since)

    def _stage(self, rows: DataFrame, target: Dataset, folder: Folder) -> None:
        """Writes rows where nobody reads them; `done` moves them to their place."""
        place = f"{folder.path}/{STAGING}"
        self._rows_out += write_files(rows, target, place, "overwrite")
        self._plan_moves(folder)

    def _plan_moves(self, folder: Folder) -> None:
        staged = Folder(self.spark, f"{folder.path}/{STAGING}")
        for name in sorted(staged.data_files()):
            self._moves.append((folder.path, f"{STAGING}/{name}", name))

    def _write_quarantine(self) -> None:
        frames = self.turned_away.once_each()
        self.turned_away.frames = []
        if not frames:
            return
        day = self.reads.column if isinstance(self.reads, Days) else None
        first, *others = [self._records(frame, day) for frame in frames]
        lines = first
        for other in others:
            lines = lines.unionAll(other)
        if day is None:
            lines = lines.coalesce(1)
        else:
            lines = lines.repartition(F.col(quoted(day)))
        seen = Observation()
        lines = lines.observe(seen, F.count("*").alias("rows"))
        if isinstance(self.reads, Additions):
            place = f"{self._quarantine.path}/{STAGING}"
            lines.write.mode("overwrite").options(**NO_MARKS).text(place)
            self._rows_rejected = seen.get["rows"]
            self._plan_moves(self._quarantine)
            return
        partition = [] if day is None else [day]
        computed = self._computed(self._quarantine, partition)
        before = {name: self._quarantine.files_below(name) for name in computed}
        writer = lines.write.mode("overwrite").options(**NO_MARKS)
        writer.partitionBy(*partition).text(self._quarantine.path)
        self._delete_unwritten(self._quarantine, before)
        self._rows_rejected = seen.get["rows"]

    def _records(self, frame: DataFrame, day: str | None) -> DataFrame:
        """Lines for the quarantine, and the day that they are of."""
        names = fields_of(frame)
        if LINE in names:
            row = F.coalesce(F.col(f"{ROW}.{LINE}"), F.lit(""))
            at = instant_text(F.col(f"{ROW}.{ARRIVAL[0]}"))
        else:
            row, at = F.to_json(ROW), self._arrival(names)
        record = F.struct(
            F.lit(self.name).alias("transform"),
            F.col(REASON).alias("reason"),
            at.alias("at"),
            row.alias("row"),
        )
        columns = [F.to_json(record).alias("value")]
        if day is not None:
            value = F.col(f"{ROW}.{quoted(day)}") if day in names else F.lit(None)
            columns.append(value.cast("date").alias(day))
        return frame.select(*columns)

    def _arrival(self, names: Sequence[str]) -> Column:
        """When a row came, as far as it tells: a table's rows keep their event time only."""
        run_at = F.lit(f"{self.run_at:%Y-%m-%dT%H:%M:%S}Z")
        for source in self.sources:
            if source.event_time is not None and source.event_time in names:
                return F.coalesce(F.col(f"{ROW}.{quoted(source.event_time)}"), run_at)
        return run_at

    def _delete_unwritten(self, folder: Folder, before: dict[str, dict]) -> None:
        """Deletes the partitions that were computed and have no rows any more.

        Spark moves each new partition to its place when all of them are written. What it
        wrote carries names never used before, so a partition whose names are the old ones
        was computed and came out empty.
        """
        for name, files in before.items():
            if files.keys() & folder.files_below(name).keys():
                folder.delete(name)

    def _computed(self, folder: Folder, partition: Sequence[str]) -> list[str]:
        """The names of the partitions in a folder that this run answers for."""
        names = folder.partitions(partition)
        if not isinstance(self.reads, Days) or self._since is None:
            return names
        days = ((partition_day(name, self.reads.column), name) for name in names)
        return [name for day, name in days if day is not None and day >= self._since]

    def _parts(self, folder: Folder, partition: Sequence[str]) -> list[str]:
        return [f"{folder.path}/{name}" for name in self._computed(folder, partition)]

    def _write_plan(self, **more: Any) -> None:
        plan = {"moves": self._moves, "deletes": self._deletes, "state": self._after}
        self._state.write_text(self._plan_file(), json.dumps(plan | more))

    def done(self) -> None:
        """Shows and purges what is due, and remembers that this run was good."""
        self._write_quarantine()
        self._load()
        for sink, told, lines in self._sends:
            send(told, lines)
            log("sent", job=self.name, sink=sink.argument)
        self._write_plan()
        self._carry_out(json.loads(self._state.read_text(self._plan_file()) or "{}"))
        for target in self.targets:
            self._purge(target)
        log(
            "done",
            job=self.name,
            rows_in=self._taken.rows(),
            rows_out=self._rows_out,
            rows_rejected=self._rows_rejected,
        )
        self._state.delete(running(self.name))

    def _purge(self, target: Dataset) -> None:
        column = target.aged_by or target.day_column()
        if column is None or target.retain_days is None:
            return
        oldest = self._oldest_kept(target)
        if target.format == "iceberg":
            # A day becomes an instant, its midnight in UTC, where the column holds those.
            self.table(target).delete(f"{quoted(column)} < DATE '{oldest}'")
            return
        folder = self.folder(target)
        for name in folder.partitions(target.partition):
            day = partition_day(name, column)
            if day is not None and day < oldest:
                folder.delete(name)
                log("purged", job=self.name, partition=name)


def running(job: str) -> str:
    """The file that says since when a job runs: it may have been killed."""
    return f"{job}.running.json"


def held(job: str) -> str:
    """The file that says until when a job is to wait."""
    return f"{job}.held.json"


def wait(state: Folder, job: str) -> None:
    """Waits while a job is held up, and says that it runs. It says so first: who holds it up
    looks whether it runs after that, so that one of both always knows of the other."""
    while True:
        state.write_text(running(job), json.dumps({"since": now().isoformat()}))
        text = state.read_text(held(job))
        if text is None or instant(json.loads(text)["until"]) <= now():
            return
        state.delete(running(job))
        log("waits", job=job)
        time.sleep(WAIT_SECONDS)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(timezone.utc)


def instant(text: str) -> datetime:
    """RFC 3339 as an instant in UTC."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found.astimezone(timezone.utc)


def log(event: str, **facts: object) -> None:
    """One line of JSON; never a value of a row."""
    print(json.dumps({"event": event} | facts, default=str), flush=True)
