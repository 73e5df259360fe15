"""The lake as jobs see it: datasets, folders, file formats, and tables of Iceberg.

It runs on any file system that Hadoop knows, so the same in AWS Glue and on a laptop. It
knows nothing of runs: what is read and what is replaced is for `pipec_runtime` to say.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

# Readers of the lake have no use for `_SUCCESS` files.
NO_MARKS = {"mapreduce.fileoutputcommitter.marksuccessfuljobs": "false"}

# Catalogs of tables that lie in folders, one for the tables beside one another.
CATALOG = "pipec_lake"
CATALOG_SETTINGS = {
    "": "org.apache.iceberg.spark.SparkCatalog",
    ".type": "hadoop",
    ".cache-enabled": "false",
}


# What marks a change of a table with the run that made it.
RUN = "pipec-run"


@dataclass(frozen=True)
class Dataset:
    """A dataset of the lake: which argument says where it is, and what its rows are."""

    argument: str
    schema: T.StructType
    format: str = "parquet"
    partition: Sequence[str] = ()
    # The column that says when a row happened.
    event_time: str | None = None
    # Of a target: the columns that order rows within a file.
    order: Sequence[str] = ()
    retain_days: int | None = None
    # Of a table whose rows are changed one by one: the column that says how old each is.
    aged_by: str | None = None
    target_file_bytes: int = 128 * 1024 * 1024
    # Of CSV: what stands between values, around them, and for one that is missing.
    separator: str = ","
    quote: str = '"'
    missing: str = ""
    # Whether the first line names the columns, which stand in their order either way.
    header: bool = True
    # What names the files of the newest delivery, where each replaces the last.
    newest: str | None = None

    def day_column(self) -> str | None:
        """The partition column that is a day, where there is one."""
        days = (
            name
            for name in self.partition
            if self.schema[name].dataType == T.DateType()
        )
        return next(days, None)

    def arguments(self) -> list[str]:
        """What a job may be told of it beside its folder."""
        return []

    def columns(self, rows: DataFrame, *more: Column) -> DataFrame:
        """Its columns of these rows, each of its type, and more of them."""
        own = [
            F.col(quoted(c.name)).cast(c.dataType).alias(c.name) for c in self.schema
        ]
        return rows.select(*own, *more)


class Folder:
    """A folder on any file system that Hadoop knows: `s3://…` or a local path."""

    def __init__(self, spark: SparkSession, path: str) -> None:
        self.spark = spark
        # A local path is made absolute, so that it is one whatever Hadoop's default is.
        self.path = (
            path.rstrip("/") if "://" in path else f"file://{os.path.abspath(path)}"
        )
        assert spark._jvm is not None, "Spark's own process runs beside this one"
        self._codecs = spark._jvm.org.apache.hadoop.io.compress.CompressionCodecFactory
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

    def files_below(self, name: str = "") -> dict[str, str]:
        """All files below one of its folders, by full name, with what tells versions."""
        folder = self._hadoop.Path(self._path, name) if name else self._path
        found: dict[str, str] = {}
        if not self._files.exists(folder):
            return found
        walk = self._files.listFiles(folder, True)
        while walk.hasNext():
            status = walk.next()
            version = f"{status.getLen()} {status.getModificationTime()}"
            found[status.getPath().toString()] = version
        return found

    def addresses(self, name: str) -> set[str]:
        """How a file of it is written in full: as it is, and as an address."""
        path = self._hadoop.Path(self._path, name)
        return {path.toString(), path.toUri().toString()}

    def version_of(self, name: str) -> str | None:
        """What tells versions of a file, if it is there."""
        return next(iter(self.files_below(name).values()), None)

    def data_files(self) -> dict[str, str]:
        """All files with rows, by their names in the folder: none that an engine left
        beside them."""
        root = self._path.toUri().getPath().rstrip("/") + "/"
        found = {}
        for name, version in self.files_below().items():
            inner = self._hadoop.Path(name).toUri().getPath().removeprefix(root)
            if not any(part.startswith(("_", ".")) for part in inner.split("/")):
                found[inner] = version
        return found

    def version(self) -> str:
        """A text that is another one when a file of it is."""
        listed = sorted(self.data_files().items())
        return hashlib.sha256(repr(listed).encode()).hexdigest()

    def head(self, path: str, count: int) -> bytes:
        """The first bytes of a file, unpacked where its name says that it is packed."""
        place = self._hadoop.Path(path)
        conf = self.spark._jsc.hadoopConfiguration()
        codec = self._codecs(conf).getCodec(place)
        stream = self._files.open(place)
        stream = stream if codec is None else codec.createInputStream(stream)
        try:
            return bytes(stream.readNBytes(count))
        finally:
            stream.close()

    def delete(self, name: str) -> None:
        """Deletes what has this name, with all that is below it."""
        self._files.delete(self._hadoop.Path(self._path, name), True)

    def move(self, name: str, to: str) -> None:
        """Moves a file within the folder; one that was moved before stays where it is."""
        old, new = (self._hadoop.Path(self._path, part) for part in (name, to))
        if self._files.exists(old):
            self._files.mkdirs(new.getParent())
            if not self._files.rename(old, new):
                raise OSError(f"{name} could not be moved to {to}")

    def replace(self, name: str, by: str) -> None:
        """Puts a file from elsewhere in the place of one of its own: a reader sees the old one
        or the new, never a part. Where it came from it may stay."""
        new, old = self._hadoop.Path(by), self._hadoop.Path(self._path, name)
        if self.path.startswith("file://"):
            place = old.toUri().getPath()
            folder, _, base = place.rpartition("/")
            # What Hadoop has written down of the old one's bytes.
            if os.path.exists(sums := f"{folder}/.{base}.crc"):
                os.remove(sums)
            os.replace(new.toUri().getPath(), place)
            return
        conf = self.spark._jsc.hadoopConfiguration()
        # An object appears when its stream is closed, and then whole.
        source, target = self._files.open(new), self._files.create(old, True)
        assert self.spark._jvm is not None, "Spark's own process runs beside this one"
        self.spark._jvm.org.apache.hadoop.io.IOUtils.copyBytes(
            source, target, conf, True
        )

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


def read_files(
    folder: Folder,
    dataset: Dataset,
    paths: Sequence[str],
    *,
    where: Column | None = None,
) -> DataFrame:
    """The rows of these files, or folders of partitions, of a dataset; `where` is a column
    of what is known of their files."""
    spark = folder.spark
    if not paths:
        return spark.createDataFrame([], dataset.schema)
    reader = spark.read.option("basePath", folder.path).schema(dataset.schema)
    if dataset.format == "json":
        reader = reader.option("mode", "FAILFAST")
    elif dataset.format == "csv":
        options = {**csv(dataset), **CSV_READ}
        if dataset.missing:
            options["nullValue"] = dataset.missing
        reader = reader.options(**options)
    rows = reader.format(dataset.format).load(list(paths))
    beside = [] if where is None else [where]
    return rows.select(*[F.col(quoted(n)) for n in dataset.schema.names], *beside)


# How rows stand in CSV: a missing value is nothing at all, an empty text is in quotes.
CSV = {
    # A text may hold line ends, and begin and end with spaces.
    "multiLine": "true",
    "ignoreLeadingWhiteSpace": "false",
    "ignoreTrailingWhiteSpace": "false",
}
CSV_WRITE = {"emptyValue": '""'}
# Spark gives both the text for missing values; one that no text is tells them apart.
CSV_READ = {
    "emptyValue": "",
    "nullValue": "\0\x01\0",
    "mode": "FAILFAST",
    # A file whose first line names other columns fails the run.
    "enforceSchema": "false",
}


def csv(dataset: Dataset) -> dict[str, str]:
    """How the values of a dataset stand in CSV."""
    return {**CSV, **delimiters(dataset)}


def delimiters(dataset: Dataset) -> dict[str, str]:
    """What stands between the values of a dataset in CSV, and around them."""
    return {
        "header": str(dataset.header).lower(),
        "sep": dataset.separator,
        "quote": dataset.quote,
        "escape": dataset.quote,
    }


def newest_files(folder: Folder, dataset: Dataset) -> list[str] | None:
    """The files of the newest delivery, or `None` where all that is there counts."""
    text = None if dataset.newest is None else folder.read_text(dataset.newest)
    if text is None:
        return None
    return [f"{folder.path}/{name}" for name in json.loads(text)["files"]]


def write_files(rows: DataFrame, dataset: Dataset, folder: str, mode: str) -> int:
    """Writes rows as files, each partition in a folder of its own; returns how many."""
    seen = Observation()
    rows = laid_out(rows, dataset, seen)
    if dataset.format in ("json", "csv"):
        text = in_json if dataset.format == "json" else written
        texts = [
            text(F.col(quoted(c.name)), c.dataType).alias(c.name)
            for c in dataset.schema
            if c.name not in dataset.partition
        ]
        days = [F.col(quoted(name)) for name in dataset.partition]
        rows = rows.select(*texts, *days)
    if dataset.format == "orc":
        rows = rows.select(
            *[
                held(F.col(quoted(c.name)), c.dataType).alias(c.name)
                for c in dataset.schema
            ]
        )
    writer = rows.write.mode(mode).options(**NO_MARKS).format(dataset.format)
    if dataset.format == "csv":
        writer = writer.options(**csv(dataset), **CSV_WRITE, nullValue=dataset.missing)
    if dataset.format == "json":
        # As Firehose writes what functions give it.
        writer = writer.option("compression", "gzip")
    writer.partitionBy(*dataset.partition).save(folder)
    return seen.get["rows"]


def laid_out(rows: DataFrame, dataset: Dataset, seen: Observation) -> DataFrame:
    """Rows of one partition in one file, or in as many as its size asks for, sorted; each
    is seen once, where files are written."""
    partition = list(dataset.partition)
    if partition:
        names = ", ".join(quoted(name) for name in partition)
        hint = f"SELECT /*+ REBALANCE({names}) */ * FROM {{rows}}"
        rows = rows.sparkSession.sql(hint, rows=rows)
    rows = rows.observe(seen, F.count("*").alias("rows"))
    order = partition + [name for name in dataset.order if name not in partition]
    if order:
        columns = [F.asc_nulls_last(quoted(name)) for name in order]
        rows = rows.sortWithinPartitions(*columns)
    return rows


def written(value: Column, kind: T.DataType) -> Column:
    """A value for a file of text: instants as RFC 3339 in UTC, wherever they stand."""

    def of(part: Column, kind: T.DataType) -> Column:
        return instant_text(part) if isinstance(kind, T.TimestampType) else part

    return throughout(value, kind, of)


def in_json(value: Column, kind: T.DataType) -> Column:
    """A value for a dataset of JSON, as functions write it for the reader of Hive and
    Athena: instants in Hive's text, and a float that is no number is missing."""

    def of(part: Column, kind: T.DataType) -> Column:
        if isinstance(kind, T.TimestampType):
            return hive_text(part)
        if isinstance(kind, T.DoubleType):
            infinite = F.abs(part) == F.lit(float("inf"))
            return F.when(~(F.isnan(part) | infinite), part)
        return part

    return throughout(value, kind, of)


def throughout(
    value: Column, kind: T.DataType, of: Callable[[Column, T.DataType], Column]
) -> Column:
    """A value with each part of it that has no parts as another one."""
    if isinstance(kind, T.ArrayType):
        return F.transform(value, lambda item: throughout(item, kind.elementType, of))
    if isinstance(kind, T.MapType):
        return F.transform_values(
            value, lambda _, item: throughout(item, kind.valueType, of)
        )
    if isinstance(kind, T.StructType):
        fields = [throughout(value[f.name], f.dataType, of).alias(f.name) for f in kind]
        return F.when(value.isNotNull(), F.struct(*fields))
    return of(value, kind)


def held(value: Column, kind: T.DataType) -> Column:
    """A value for a file of ORC, which reads an instant of the last second of 1969 that
    is no whole one as a second later: it fails the run."""
    if isinstance(kind, T.TimestampType):
        fail = F.raise_error("orc cannot hold an instant of the last second of 1969")
        lost = F.unix_micros(value).between(-999_999, -1)
        return F.when(lost, fail).otherwise(value)
    return value


def instant_text(instant: Column) -> Column:
    """An instant as RFC 3339 in UTC, with six more digits only if they are not zero."""
    seconds = F.date_format(instant, "yyyy-MM-dd'T'HH:mm:ss")
    micros = F.date_format(instant, ".SSSSSS")
    return F.concat(
        seconds, F.when(micros != ".000000", micros).otherwise(""), F.lit("Z")
    )


def hive_text(instant: Column) -> Column:
    """An instant in UTC as Hive's readers of text take it, always with six more digits."""
    return F.date_format(instant, "yyyy-MM-dd HH:mm:ss.SSSSSS")


class Table:
    """A table of Iceberg: every change of it is seen whole, or not at all."""

    def __init__(self, spark: SparkSession, dataset: Dataset, place: str) -> None:
        self.spark = spark
        self.dataset = dataset
        # `s3://…` and local folders hold a table each; else it is a catalog's name.
        is_name = "/" not in place and place.count(".") == 2
        self.name = place if is_name else self._named(Folder(spark, place).path)

    def _named(self, folder: str) -> str:
        """The name of the table that lies in a folder, in the catalog of what is beside."""
        beside, _, name = folder.rpartition("/")
        number = hashlib.sha256(beside.encode()).hexdigest()[:12]
        catalog = f"{CATALOG}_{number}"
        for setting, value in {**CATALOG_SETTINGS, ".warehouse": beside}.items():
            self.spark.conf.set(f"spark.sql.catalog.{catalog}{setting}", value)
        return f"{catalog}.{quoted(name)}"

    def exists(self) -> bool:
        """Whether it was ever made."""
        from pyspark.errors import AnalysisException

        try:
            self.spark.table(self.name)
        except AnalysisException as error:
            if error.getErrorClass() == "TABLE_OR_VIEW_NOT_FOUND":
                return False
            raise
        return True

    def read(self) -> DataFrame:
        """Its rows; none where it was never made."""
        if not self.exists():
            return self.spark.createDataFrame([], self.dataset.schema)
        columns = [F.col(quoted(name)) for name in self.dataset.schema.names]
        return self.spark.table(self.name).select(*columns)

    def version(self) -> str:
        """The number of its newest snapshot."""
        if not self.exists():
            return ""
        snapshots = self.spark.table(f"{self.name}.refs").filter("name = 'main'")
        newest = snapshots.select("snapshot_id").first()
        return "" if newest is None else str(newest[0])

    def prepare(self) -> None:
        """Makes it if it is not there, and adds columns that it does not have yet."""
        if not self.exists():
            rows = self.spark.createDataFrame([], self.dataset.schema)
            writer = rows.writeTo(self.name).using("iceberg")
            size = str(self.dataset.target_file_bytes)
            writer = writer.tableProperty("write.target-file-size-bytes", size)
            if self.dataset.partition:
                names = [F.col(quoted(name)) for name in self.dataset.partition]
                writer = writer.partitionedBy(*names)
            writer.create()
            return
        there = self.spark.table(self.name).columns
        for column in self.dataset.schema:
            if column.name not in there:
                kind = column.dataType.simpleString()
                added = f"{quoted(column.name)} {kind}"
                self.spark.sql(f"ALTER TABLE {self.name} ADD COLUMNS ({added})")

    def append(self, rows: DataFrame, run: str) -> None:
        """Adds the rows of a run, which the change is marked with."""
        self.prepare()
        rows.writeTo(self.name).option(f"snapshot-property.{RUN}", run).append()

    def has_run(self, run: str) -> bool:
        """Whether the rows of this run were added."""
        if not self.exists():
            return False
        snapshots = self.spark.table(f"{self.name}.snapshots")
        return not snapshots.filter(F.col("summary")[RUN] == run).isEmpty()

    def overwrite(self, rows: DataFrame, where: Column) -> None:
        """Replaces the rows of which a condition holds."""
        self.prepare()
        rows.writeTo(self.name).overwrite(where)

    def merge(
        self, rows: DataFrame, keys: Sequence[str], newest: Sequence[str], gone: str
    ) -> None:
        """Puts rows in the place of those with their keys, unless these are newer; what is
        marked as gone takes them away."""
        self.prepare()
        # Spark reads them twice, and wants the same both times.
        rows = rows.localCheckpoint()
        matched = " AND ".join(f"old.{quoted(k)} = new.{quoted(k)}" for k in keys)
        replaced = "WHEN MATCHED"
        if newest:
            replaced += f" AND {not_older(newest)}"
        self.spark.sql(
            f"MERGE INTO {self.name} AS old USING {{rows}} AS new ON {matched}"
            f" {replaced} AND new.{gone} THEN DELETE {replaced} THEN UPDATE SET *"
            f" WHEN NOT MATCHED AND NOT new.{gone} THEN INSERT *",
            rows=rows,
        )

    def exchange(self, rows: DataFrame, keys: Sequence[str], gone: str) -> None:
        """Deletes the rows that are marked as gone, and adds the others."""
        self.prepare()
        rows = rows.localCheckpoint()
        columns = [quoted(name) for name in self.dataset.schema.names]
        same = [f"old.{quoted(key)} = new.{quoted(key)}" for key in keys]
        same += [f"old.{name} <=> new.{name}" for name in columns]
        values = ", ".join(f"new.{name}" for name in columns)
        self.spark.sql(
            f"MERGE INTO {self.name} AS old USING {{rows}} AS new"
            f" ON new.{gone} AND {' AND '.join(same)}"
            f" WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND NOT new.{gone}"
            f" THEN INSERT ({', '.join(columns)}) VALUES ({values})",
            rows=rows,
        )

    def delete_those(self, rows: DataFrame, by: dict[str, str]) -> None:
        """Deletes what has in some columns, as texts, what a row has in others: each of its own
        by the other's name."""
        same = [f"CAST(old.{quoted(c)} AS STRING) = new.{k}" for c, k in by.items()]
        self.spark.sql(
            f"MERGE INTO {self.name} AS old USING {{rows}} AS new"
            f" ON {' AND '.join(same)} WHEN MATCHED THEN DELETE",
            rows=rows.distinct().localCheckpoint(),
        )

    def delete(self, where: str) -> None:
        """Deletes the rows of which a condition holds."""
        if not self.exists():
            return
        self.spark.sql(f"DELETE FROM {self.name} WHERE {where}")


def not_older(columns: Sequence[str]) -> str:
    """The condition that `new` is as new as `old` at least, by these columns in turn."""
    condition = "TRUE"
    for name in reversed(columns):
        new, old = f"new.{quoted(name)}", f"old.{quoted(name)}"
        condition = (
            f"({old} IS NULL OR {new} > {old} OR ({new} = {old} AND {condition}))"
        )
    return condition


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


def load(spark: SparkSession, dataset: Dataset, place: str) -> DataFrame:
    """All rows of a dataset."""
    if dataset.format == "iceberg":
        return Table(spark, dataset, place).read()
    folder = Folder(spark, place)
    names = folder.partitions(dataset.partition)
    return read_files(folder, dataset, [f"{folder.path}/{name}" for name in names])


def save(rows: DataFrame, dataset: Dataset, place: str) -> None:
    """Makes these rows a dataset's."""
    if dataset.format == "iceberg":
        Table(rows.sparkSession, dataset, place).overwrite(rows, F.lit(True))
        return
    write_files(rows, dataset, Folder(rows.sparkSession, place).path, "overwrite")
