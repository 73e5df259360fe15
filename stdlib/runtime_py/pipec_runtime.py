"""What every generated job stands on: arguments, state, days, files, rows turned away.

It runs in AWS Glue 5.0 (Spark 3.5.4) and, from the same file, on any machine with
PySpark 3.5. It knows nothing of any one platform: a job hands in its datasets.
"""

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

# Neither Glue's nor Spark's own defaults: the language fixes what each of these means.
SETTINGS = {
    # Overflow fails instead of wrapping; a job asks for `try_…` where a row is rejected.
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
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

# Unicode White_Space; Spark's own `trim` takes the space only.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

# Letters with a case that Unicode got after version 13, which is what Java 17 knows: the
# first and the last in upper case, and the first in lower case. Each maps to one letter.
NEW_LETTERS = [
    (0x1C89, 0x1C89, 0x1C8A),
    (0x2C2F, 0x2C2F, 0x2C5F),
    (0xA7C0, 0xA7C0, 0xA7C1),
    (0xA7CB, 0xA7CB, 0x264),
    *[(letter, letter, letter + 1) for letter in range(0xA7CC, 0xA7DB, 2)],
    (0xA7DC, 0xA7DC, 0x19B),
    (0x10570, 0x1057A, 0x10597),
    (0x1057C, 0x1058A, 0x105A3),
    (0x1058C, 0x10592, 0x105B3),
    (0x10594, 0x10595, 0x105BB),
    (0x10D50, 0x10D65, 0x10D70),
    (0x16EA0, 0x16EB8, 0x16EBB),
]
NEW_UPPER = "".join(
    chr(c) for first, last, _ in NEW_LETTERS for c in range(first, last + 1)
)
NEW_LOWER = "".join(
    chr(c) for first, last, to in NEW_LETTERS for c in range(to, to + last - first + 1)
)

# Columns that a job adds for itself; no author's name starts with `_`.
ROW = "_row"
REASON = "_reason"
INNER_PAD = "_inner_pad"
OUTER_PAD = "_outer_pad"

# Readers of the lake have no use for `_SUCCESS` files.
NO_MARKS = {"mapreduce.fileoutputcommitter.marksuccessfuljobs": "false"}


class ExpectationFailed(Exception):
    """An `expect … else fail` found rows that do not hold."""


@dataclass(frozen=True)
class Dataset:
    """A dataset of the lake: which argument says where it is, and what its rows are."""

    argument: str
    schema: T.StructType
    partition: Sequence[str] = ()
    # Of a source: the column that says when a row happened.
    event_time: str | None = None
    # Of a target: the columns that order rows within a file.
    order: Sequence[str] = ()
    retain_days: int | None = None
    target_file_bytes: int = 128 * 1024 * 1024

    def day_column(self) -> str | None:
        """The partition column that is a day, where there is one."""
        days = (
            name
            for name in self.partition
            if self.schema[name].dataType == T.DateType()
        )
        return next(days, None)


@dataclass(frozen=True)
class Days:
    """Reads the days that may have changed since the last good run."""

    column: str
    # How far a row's time may be behind the moment at which the input has it.
    late: timedelta
    input_retain_days: int


@dataclass(frozen=True)
class Everything:
    """Reads all of the input, every time."""


# Expressions that Spark has no single function for.


def trim(text: Column) -> Column:
    """The text without Unicode White_Space at both ends."""
    return F.btrim(text, F.lit(WHITE_SPACE))


def lower(text: Column) -> Column:
    """The text in lower case, by the full mapping of Unicode 17 without locale."""
    return F.lower(F.translate(text, NEW_UPPER, NEW_LOWER))


def upper(text: Column) -> Column:
    """The text in upper case, by the full mapping of Unicode 17 without locale."""
    return F.upper(F.translate(text, NEW_LOWER, NEW_UPPER))


def sum_whole(whole: Column) -> Column:
    """The sum of whole numbers; only a total beyond 64 bits fails, in whatever order."""
    return F.sum(whole.cast("decimal(20, 0)")).cast("bigint")


def instant_text(instant: Column) -> Column:
    """An instant as RFC 3339 in UTC, with six more digits only if they are not zero."""
    seconds = F.date_format(instant, "yyyy-MM-dd'T'HH:mm:ss")
    micros = F.date_format(instant, ".SSSSSS")
    return F.concat(
        seconds, F.when(micros != ".000000", micros).otherwise(""), F.lit("Z")
    )


def pseudonym(text: Column) -> Column:
    """HMAC-SHA-256 of the text, in a row that `Run.with_pseudonym_key` has prepared."""
    inner = F.sha2(F.concat(F.col(INNER_PAD), text.cast("binary")), 256)
    return F.sha2(F.concat(F.col(OUTER_PAD), F.unhex(inner)), 256)


class TurnedAway:
    """Rows that do not go on, each with the first reason in program order.

    A rejected row stays among the others, marked, until `part` takes it out: the steps
    in between cost nothing more, and its reason is that of the first that rejected it.
    """

    def __init__(self) -> None:
        self.frames: list[DataFrame] = []

    def watch(self, rows: DataFrame) -> DataFrame:
        """Remembers each row as it came, and that nothing is wrong with it yet."""
        values = []
        for column in rows.schema:
            value = F.col(quoted(column.name))
            is_instant = column.dataType == T.TimestampType()
            values.append(
                (instant_text(value) if is_instant else value).alias(column.name)
            )
        row = F.struct(*values).alias(ROW)
        return rows.select("*", row, F.lit(None).cast("string").alias(REASON))

    def mark(self, rows: DataFrame, *reasons: Column) -> DataFrame:
        """Gives rows that have no reason yet the first of these that is not missing."""
        return rows.withColumn(REASON, F.coalesce(F.col(REASON), *reasons))

    def part(self, rows: DataFrame) -> DataFrame:
        """Takes the marked rows out, and returns the others."""
        self.frames.append(rows.filter(F.col(REASON).isNotNull()).select(ROW, REASON))
        return rows.filter(F.col(REASON).isNull())


class Folder:
    """A folder on any file system that Hadoop knows: `s3://…` or a local path."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self.spark = spark
        # A local path is made absolute, so that it is one whatever Hadoop's default is.
        self.path = (
            path.rstrip("/") if "://" in path else f"file://{os.path.abspath(path)}"
        )
        self._hadoop = spark._jvm.org.apache.hadoop.fs
        self._path = self._hadoop.Path(self.path)
        self._files = self._path.getFileSystem(spark._jsc.hadoopConfiguration())

    def names(self, below: str = "") -> list[str]:
        """The names of what is in it, sorted; a folder that is not there is empty."""
        folder = self._hadoop.Path(self._path, below) if below else self._path
        if not self._files.exists(folder):
            return []
        return sorted(
            status.getPath().getName() for status in self._files.listStatus(folder)
        )

    def files_below(self, name: str) -> set[str]:
        """The full names of all files below one of its folders."""
        folder = self._hadoop.Path(self._path, name)
        found: set[str] = set()
        if not self._files.exists(folder):
            return found
        walk = self._files.listFiles(folder, True)
        while walk.hasNext():
            found.add(walk.next().getPath().toString())
        return found

    def delete(self, name: str) -> None:
        """Deletes what has this name, with all that is below it."""
        self._files.delete(self._hadoop.Path(self._path, name), True)

    def partitions(self, columns: Sequence[str], below: str = "") -> list[str]:
        """The folders of its partitions, relative to it: `day=2026-01-01/kind=buy`.

        Without columns it is what lies in the folder itself.
        """
        if not columns:
            return [below] if below else self.data_names()
        found = []
        for name in self.data_names(below):
            if name.startswith(f"{columns[0]}="):
                found += self.partitions(
                    columns[1:], f"{below}/{name}" if below else name
                )
        return found

    def data_names(self, below: str = "") -> list[str]:
        """The names of what is in it but for what engines leave beside the data."""
        return [name for name in self.names(below) if not name.startswith(("_", "."))]

    def sweep(self) -> None:
        """Deletes what a run that was killed has left."""
        for name in self.names():
            if name == "_temporary" or name.startswith(".spark-staging"):
                self.delete(name)

    def read_text(self, name: str) -> str | None:
        """The text of a small file, if it is there."""
        path = self._hadoop.Path(self._path, name)
        if not self._files.exists(path):
            return None
        stream = self._files.open(path)
        try:
            return bytes(stream.readAllBytes()).decode()
        finally:
            stream.close()

    def write_text(self, name: str, text: str) -> None:
        """Replaces a small file: a reader sees the old text or the new, never a part."""
        if self.path.startswith("file://"):
            folder = self.path.removeprefix("file://")
            os.makedirs(folder, exist_ok=True)
            fresh = os.path.join(folder, f".{name}.new")
            with open(fresh, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, os.path.join(folder, name))
            return
        # An object appears when its stream is closed, and then whole.
        stream = self._files.create(self._hadoop.Path(self._path, name), True)
        stream.write(bytearray(text.encode()))
        stream.close()


@dataclass
class Run:
    """One run of a job: what it was asked for, what it reads, and where its rows go.

    Nothing counts as done until `done` has written the state, which is the last thing
    that a run does. A run that ends before is repeated over the same days, and what it
    wrote is replaced.
    """

    name: str
    argv: Sequence[str]
    source: Dataset
    target: Dataset
    reads: Days | Everything
    turned_away: TurnedAway = field(default_factory=TurnedAway)

    def __post_init__(self) -> None:
        self.arguments = self._arguments()
        self.run_at = instant(self.arguments.run_at) if self.arguments.run_at else now()
        builder = SparkSession.builder.appName(self.name)
        size = str(self.target.target_file_bytes)
        settings = SETTINGS | {"spark.sql.adaptive.advisoryPartitionSizeInBytes": size}
        for setting, value in settings.items():
            builder = builder.config(setting, value)
        self.spark = builder.getOrCreate()
        self._input = Folder(self.spark, self._place(self.source))
        self._output = Folder(self.spark, self._place(self.target))
        self._quarantine = Folder(self.spark, self.arguments.quarantine)
        self._state = Folder(self.spark, self.arguments.state)
        # What the run replaces in its target and its quarantine; `None` is all of it.
        self._since: date | None = None
        self._rows_in = self._rows_out = self._rows_rejected = 0
        for folder in (self._output, self._quarantine):
            folder.sweep()

    def _arguments(self) -> argparse.Namespace:
        parser = argparse.ArgumentParser(allow_abbrev=False)
        for dataset in (self.source, self.target):
            parser.add_argument(
                f"--{dataset.argument}", required=True, metavar="FOLDER"
            )
        parser.add_argument("--state", required=True, metavar="FOLDER")
        parser.add_argument("--quarantine", required=True, metavar="FOLDER")
        parser.add_argument("--run_at", metavar="INSTANT", help="RFC 3339; default now")
        parser.add_argument("--pseudonym_secret", metavar="ARN")
        parser.add_argument("--pseudonym_key_file", metavar="FILE")
        # Glue adds arguments of its own: `--JOB_NAME`, `--TempDir` and more.
        known, _ = parser.parse_known_args(list(self.argv)[1:])
        return known

    def _place(self, dataset: Dataset) -> str:
        return getattr(self.arguments, dataset.argument)

    def read(self) -> DataFrame:
        """The rows of the input that this run computes from; a missing folder has none."""
        reader = self.spark.read.schema(self.source.schema)
        if isinstance(self.reads, Days):
            self._since = self._first_day(self.reads)
        paths = self._parts(self._input, self.source.partition)
        log("reads", job=self.name, since=self._since, parts=len(paths))
        if not paths:
            return self.spark.createDataFrame([], self.source.schema)
        rows = reader.option("basePath", self._input.path).parquet(*paths)
        rows = rows.select(*[F.col(quoted(name)) for name in self.source.schema.names])
        # Footers say how many rows there are: this reads none of them.
        self._rows_in = rows.count()
        return rows

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
        last = self._last_run()
        if last is not None:
            first = max(first, (last - reads.late).date())
        if self.target.retain_days is not None:
            first = max(first, self._oldest_kept())
        return first

    def _oldest_kept(self) -> date:
        return days_before(self.run_at.date(), self.target.retain_days or 0)

    def _state_file(self) -> str:
        return f"{self.name}.json"

    def _last_run(self) -> datetime | None:
        text = self._state.read_text(self._state_file())
        return None if text is None else instant(json.loads(text)["run_at"])

    def with_pseudonym_key(self, rows: DataFrame) -> DataFrame:
        """Rows with the two pads of HMAC beside them, for `pseudonym`.

        They come from a table of one row: a literal would stand in the query's plan, and
        so in the history that Spark keeps of it.
        """
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
        if not self.arguments.pseudonym_secret:
            raise SystemExit("give --pseudonym_secret ARN or --pseudonym_key_file FILE")
        import boto3  # in Glue; a laptop with a key file does not need it

        secrets = boto3.client("secretsmanager")
        answer = secrets.get_secret_value(SecretId=self.arguments.pseudonym_secret)
        return answer["SecretString"].encode()

    def expect(self, rows: DataFrame, name: str, holds: Column, *, fail: bool) -> None:
        """Counts the rows of which the condition is not true; with `fail`, none may be."""
        wanting = ~F.coalesce(holds, F.lit(False))
        counts = rows.agg(
            F.count_if(wanting).alias("failed"), F.count("*").alias("all")
        ).first()
        log(
            "expect",
            job=self.name,
            name=name,
            failed=counts["failed"],
            rows=counts["all"],
        )
        if fail and counts["failed"]:
            raise ExpectationFailed(
                f"expect {name}: {counts['failed']} of {counts['all']} rows do not hold"
            )

    def write(self, rows: DataFrame) -> None:
        """Replaces what this run computed, and puts the rows turned away beside it."""
        columns = [
            F.col(quoted(c.name)).cast(c.dataType).alias(c.name)
            for c in self.target.schema
        ]
        rows = rows.select(*columns)
        partition = list(self.target.partition)
        if partition:
            # All rows of a partition go to one file, or to as many as its size asks for.
            names = ", ".join(quoted(name) for name in partition)
            rows = self.spark.sql(
                f"SELECT /*+ REBALANCE({names}) */ * FROM {{rows}}", rows=rows
            )
        order = partition + [
            name for name in self.target.order if name not in partition
        ]
        if order:
            rows = rows.sortWithinPartitions(
                *[F.asc_nulls_last(quoted(name)) for name in order]
            )
        self._write_quarantine()
        writer = (
            rows.write.mode("overwrite").options(**NO_MARKS).partitionBy(*partition)
        )
        self._replace(self._output, partition, writer.parquet)
        written = self.spark.read.schema(self.target.schema)
        self._rows_out = self._count(self._output, partition, written.parquet)

    def _write_quarantine(self) -> None:
        frames = self.turned_away.frames
        if not frames:
            return
        day = self.reads.column if isinstance(self.reads, Days) else None
        lines = None
        for frame in frames:
            names = frame.schema[ROW].dataType.names
            record = F.struct(
                F.lit(self.name).alias("transform"),
                F.col(REASON).alias("reason"),
                self._arrival(names).alias("at"),
                F.to_json(ROW).alias("row"),
            )
            columns = [F.to_json(record).alias("value")]
            if day is not None:
                value = F.col(f"{ROW}.{quoted(day)}") if day in names else F.lit(None)
                columns.append(value.cast("date").alias(day))
            part = frame.select(*columns)
            lines = part if lines is None else lines.unionAll(part)
        lines = (
            lines.repartition(1)
            if day is None
            else lines.repartition(F.col(quoted(day)))
        )
        partition = [] if day is None else [day]
        writer = (
            lines.write.mode("overwrite").options(**NO_MARKS).partitionBy(*partition)
        )
        self._replace(self._quarantine, partition, writer.text)
        self._rows_rejected = self._count(
            self._quarantine,
            partition,
            lambda *paths: self.spark.read.text(list(paths)),
        )

    def _arrival(self, names: Sequence[str]) -> Column:
        """When a row came, as far as it tells: a table's rows keep their event time only."""
        run_at = F.lit(f"{self.run_at:%Y-%m-%dT%H:%M:%S}Z")
        if self.source.event_time not in names:
            return run_at
        return F.coalesce(F.col(f"{ROW}.{quoted(self.source.event_time)}"), run_at)

    def _replace(self, folder: Folder, partition: Sequence[str], write) -> None:
        """Overwrites the partitions that have rows now, and deletes those that have none.

        Spark moves each new partition to its place when all of them are written. What it
        wrote carries names never used before, so a partition whose names are the old ones
        was computed and came out empty.
        """
        before = {
            name: folder.files_below(name) for name in self._computed(folder, partition)
        }
        write(folder.path)
        for name, files in before.items():
            if files & folder.files_below(name):
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

    def _count(self, folder: Folder, partition: Sequence[str], read) -> int:
        paths = self._parts(folder, partition)
        return read(*paths).count() if paths else 0

    def done(self) -> None:
        """Purges what is past its time, and remembers that this run was good."""
        self._purge()
        state = {"run_at": self.run_at.isoformat()}
        self._state.write_text(self._state_file(), json.dumps(state))
        log(
            "done",
            job=self.name,
            rows_in=self._rows_in,
            rows_out=self._rows_out,
            rows_rejected=self._rows_rejected,
        )

    def _purge(self) -> None:
        column = self.target.day_column()
        if column is None or self.target.retain_days is None:
            return
        for name in self._output.partitions(self.target.partition):
            day = partition_day(name, column)
            if day is not None and day < self._oldest_kept():
                self._output.delete(name)
                log("purged", job=self.name, partition=name)


def days_before(day: date, count: int) -> date:
    """The day so many days earlier, or the first of all."""
    return date.fromordinal(max(1, day.toordinal() - count))


def partition_day(folder: str, column: str) -> date | None:
    """The day in a partition's name, `day=2026-01-01/kind=buy`."""
    for part in folder.split("/"):
        name, _, value = part.partition("=")
        try:
            if name == column:
                return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def quoted(name: str) -> str:
    """A column's name as Spark reads it, whatever characters are in it."""
    return "`" + name.replace("`", "``") + "`"


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def instant(text: str) -> datetime:
    """RFC 3339 as an instant in UTC."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return found.astimezone(UTC)


def log(event: str, **facts: object) -> None:
    """One line of JSON; never a value of a row."""
    print(json.dumps({"event": event} | facts, default=str), flush=True)
