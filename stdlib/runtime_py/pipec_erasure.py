"""Takes a person's rows out of the datasets of a lake.

Files are rewritten one by one and keep their names: whoever has read a file knows it again, and
one that is written in part is never seen. A table of Iceberg is changed at once. Doing it
again finds nothing, so a run that was killed is repeated. Whom it is about stands in a file
that is asked for by its name, never in an argument, a log or a report.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Union

import pipec_json as jsons
import pipec_landed as landed
import pipec_records as records
import pipec_runtime as runtime
from pipec_lake import (
    CSV,
    NO_MARKS,
    Dataset,
    Folder,
    delimiters,
    quoted,
    read_files,
)
from pipec_runtime import Everything, Run, held, instant, log, now, pseudonym, running
from pyspark.sql import Column, DataFrame, DataFrameReader, Observation
from pyspark.sql import functions as F
from pyspark.sql import types as T

# Folders beside one another: who is to be erased, what leads to their rows, what was done,
# and how old files are that were rewritten.
REQUESTS, WORK, REPORTS, AGES = "requests", "work", "reports", "ages"
# A request's name is part of the names of files.
REQUEST_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9-]{0,63}")
# The two passes over all places: what is on its way during the first is there at the second.
PASSES = FIRST, SECOND = "first", "second"
# Below the folder of a dataset: a file that is rewritten, until it takes its place.
REWRITTEN = "_rewritten"
FILE = "_file"
VALUE = "value"
HELD = "_held"
# No value of a file is this.
NO_TEXT = "\0\x01\0"
# How files of text are packed, by the ends of their names.
PACKED = {".gz": "gzip", ".bz2": "bzip2", ".deflate": "deflate", ".snappy": "snappy"}
# The longest that a pass may take: then those whom it held up go on.
PASS_MINUTES = 120
# How many files are rewritten at once.
AT_ONCE = 8
# How often a table is asked for that somebody else has changed in between.
ATTEMPTS = 5


class Changed(Exception):
    """A file is not any more what it was when it was read."""


@dataclass(frozen=True)
class Place:
    """A dataset, what it is called, and how it came to be what it is."""

    name: str
    dataset: Dataset
    # Of what a source has landed: how its records are read.
    landed: landed.Source | None = None
    # Of files that leave by their age: after how many days.
    leaves_after: int | None = None
    # Of files that a job replaces: which job, and the longest that it runs, minutes.
    job: str | None = None
    minutes: int = 0


@dataclass(frozen=True)
class Named:
    """Deletes the rows of a place that have the person, or its pseudonym, in a column."""

    place: Place
    column: str
    pseudonym: bool = False
    # How long what is deleted stays all the same, as an old version, and why it is not less.
    days: float = 0
    because: str = ""

    @property
    def columns(self) -> Sequence[str]:
        """The columns that tell."""
        return [self.column]


@dataclass(frozen=True)
class Keyed:
    """Deletes the rows of a place that have, in these columns, the keys of the person's rows
    in another, where they are called something else maybe."""

    place: Place
    columns: Sequence[str]
    of: Named
    keys: Sequence[str]
    days: float = 0
    because: str = ""


@dataclass(frozen=True)
class Left:
    """A place in which nothing is deleted: it goes by itself after some days, or it has left
    the platform, which `None` says."""

    name: str
    days: float | None
    because: str = ""


Step = Union[Named, Keyed, Left]


def key(number: int) -> str:
    """What a column is called that tells whose row it is."""
    return f"_key_{number}"


@dataclass(frozen=True)
class Request:
    """Who is to be erased: the values of a column of a source."""

    name: str
    subject: str
    values: Sequence[str]

    @classmethod
    def read(cls, folder: Folder, name: str, subjects: Sequence[str]) -> Request:
        """The request of this name, which is no longer there once it is done."""
        if not REQUEST_NAME.fullmatch(name):
            raise SystemExit("a request's name is of letters, digits and hyphens")
        text = folder.read_text(f"{name}.json")
        if text is None:
            raise SystemExit(f"there is no request {name}.json, or it is done")
        try:
            asked = json.loads(text)
            subject, values = asked["subject"], asked["values"]
        except (ValueError, KeyError, TypeError):
            raise SystemExit(f"{name}.json has no subject and values") from None
        if subject not in subjects:
            known = ", ".join(sorted(subjects))
            raise SystemExit(f"{name}.json asks for no subject there is: {known}")
        is_text = isinstance(values, list) and all(isinstance(v, str) for v in values)
        if not is_text or not values or "" in values:
            raise SystemExit(f"the values of {name}.json are not a list of texts")
        return cls(name, subject, values)


class Files:
    """The files of a dataset, and whose rows they have: what tells is beside what stands in
    a file, a text each."""

    def __init__(self, run: Run, place: Place, columns: Sequence[str]) -> None:
        self.spark = run.spark
        self.place = place
        self.columns = columns
        self.dataset = place.dataset
        self.folder = run.folder(place.dataset)
        self.keys = [key(number) for number in range(len(columns))]
        partition = [self.dataset.schema[name] for name in self.dataset.partition]
        self._partition = partition

    def told(self, names: Sequence[str]) -> DataFrame:
        """What tells of all rows of these files whose they are, and which file has them."""
        paths = [f"{self.folder.path}/{name}" for name in names]
        if not paths:
            texts = [T.StructField(name, T.StringType()) for name in [*self.keys, FILE]]
            return self.spark.createDataFrame([], T.StructType(texts))
        if self.dataset.format == "json":
            rows = self._lines(paths)
        elif self.dataset.format == "csv":
            alike: dict[tuple[str, ...], list[str]] = {}
            for path in paths:
                alike.setdefault(self._names(path), []).append(path)
            all_rows = [
                self._values(some, names, header=self.dataset.header)
                for names, some in alike.items()
            ]
            rows = all_rows[0]
            for others in all_rows[1:]:
                rows = rows.unionByName(others)
        else:
            file = F.col("_metadata.file_path").alias(FILE)
            rows = read_files(self.folder, self.dataset, paths, where=file)
            rows = rows.select(FILE, *self._keys_of(lambda name: F.col(quoted(name))))
        return rows.select(FILE, *self.keys)

    def rewrite(self, name: str, persons: DataFrame, staging: str) -> int:
        """Takes the rows of persons out of a file, which goes with the last of them; how many
        rows are left. The file is seen as it was until it is seen as it is to be."""
        path = f"{self.folder.path}/{name}"
        rows, header = self._whole(path)
        seen = Observation()
        persons = F.broadcast(persons)
        rows = rows.join(persons, self.keys, "left_anti")
        rows = rows.drop(*self.keys, FILE).observe(seen, F.count("*").alias("rows"))
        writer = rows.coalesce(1).write.mode("overwrite").options(**NO_MARKS)
        if self.dataset.format in ("json", "csv"):
            ending = name[name.rfind(".") :] if "." in name else ""
            packed = PACKED.get(ending, "none")
            writer.option("compression", packed).text(staging)
        else:
            writer.format(self.dataset.format).save(staging)
        left = seen.get["rows"] - header
        parts = sorted(Folder(self.spark, staging).data_files())
        # What names the files of a snapshot is right as long as all of them are there.
        if left <= 0 and self.dataset.newest is None:
            self.folder.delete(name)
        elif len(parts) == 1:
            self.folder.replace(name, f"{staging}/{parts[0]}")
        else:
            raise Changed(f"{name} was written as {len(parts)} files")
        return left

    def _whole(self, path: str) -> tuple[DataFrame, int]:
        """All that stands in a file, with what tells whose row it is, and how many lines of it
        are no rows."""
        if self.dataset.format == "json":
            return self._lines([path]), 0
        if self.dataset.format == "csv":
            rows = self._values([path], self._names(path), header=False)
            if not self.dataset.header:
                return rows, 0
            # Nobody is called what the first line says.
            is_row = F.monotonically_increasing_id() > 0
            told = {name: F.when(is_row, F.col(name)) for name in self.keys}
            return rows.withColumns(told), 1
        reader = self.spark.read.option("basePath", self.folder.path)
        rows = reader.format(self.dataset.format).load(path)
        of = {
            n: F.col(quoted(n)).cast(self.dataset.schema[n].dataType)
            for n in self.columns
        }
        rows = rows.select("*", *self._keys_of(lambda name: of[name]))
        return rows.drop(*self.dataset.partition), 0

    def _keys_of(self, value: Callable[[str], Column]) -> list[Column]:
        named = zip(self.columns, self.keys)
        return [value(name).cast("string").alias(key) for name, key in named]

    def _reader(self) -> DataFrameReader:
        return self.spark.read.option("basePath", self.folder.path)

    def _texts(self, names: Sequence[str]) -> T.StructType:
        own = [T.StructField(name, T.StringType()) for name in names]
        return T.StructType([*own, *self._partition])

    def _lines(self, paths: Sequence[str]) -> DataFrame:
        """Lines of JSON, each as it is."""
        rows = self._reader().schema(self._texts([VALUE])).text(list(paths))
        rows = rows.withColumn(FILE, F.col("_metadata.file_path"))
        of = {name: F.col(quoted(name)) for name in self.dataset.partition}
        source = self.place.landed
        if source is None:
            inside = [n for n in self.columns if n not in self.dataset.partition]
            held = T.StructType([self.dataset.schema[name] for name in inside])
            if inside:
                rows = rows.withColumn(HELD, F.from_json(VALUE, held))
            of.update({name: F.col(f"{HELD}.{quoted(name)}") for name in inside})
        else:
            rows = rows.withColumn(HELD, records.once(_members(source)))
            found = F.col(HELD)
            of.update({f.name: records.value_of(f, found) for f in source.fields})
        return rows.select(VALUE, FILE, *self._keys_of(lambda name: of[name]))

    def _names(self, path: str) -> tuple[str, ...]:
        """The names of a file's values, in their order."""
        own = [n for n in self.dataset.schema.names if n not in self.dataset.partition]
        if not self.dataset.header:
            return tuple(own)
        return tuple(landed.first_line(self.folder, self.dataset, path))

    def _values(
        self, paths: Sequence[str], names: Sequence[str], *, header: bool
    ) -> DataFrame:
        """Lines of values, as they are but for quotes that need not be."""
        dataset = self.dataset
        places = [f"_{place}" for place in range(len(names))]
        options = {
            **CSV,
            **delimiters(dataset),
            "header": str(header).lower(),
            "emptyValue": "",
            "nullValue": NO_TEXT,
            "columnPruning": "false",
            "mode": "PERMISSIVE",
            "columnNameOfCorruptRecord": HELD,
        }
        reader = self._reader().options(**options)
        rows = reader.schema(self._texts([*places, HELD])).csv(list(paths))
        rows = rows.withColumn(FILE, F.col("_metadata.file_path"))
        of = {name: F.col(quoted(name)) for name in dataset.partition}
        of.update({name: F.col(place) for name, place in zip(names, places)})
        line = F.concat_ws(
            dataset.separator, *[_cell(F.col(p), dataset) for p in places]
        )
        line = F.coalesce(F.col(HELD), line).alias(VALUE)
        nothing = F.lit(None).cast("string")
        return rows.select(
            line, FILE, *self._keys_of(lambda name: of.get(name, nothing))
        )


def _members(source: landed.Source) -> Column:
    """The members of the row that a line of JSON is, or tells of."""
    line = records.line(F.col(VALUE).cast("binary"))
    value = records.rich(line, changes=source.changes)
    found = records.members(line, value, changes=source.changes)
    if not source.changes:
        return found
    data = F.try_element_at(found, F.lit("data"))
    is_change = F.try_element_at(found, F.lit("metadata")).isNotNull()
    return F.when(is_change, F.coalesce(jsons.members(data), found)).otherwise(found)


def _cell(value: Column, dataset: Dataset) -> Column:
    """A value between separators; one that is missing is nothing at all."""
    mark = dataset.quote
    special = "".join(f"\\x{{{ord(c):x}}}" for c in (dataset.separator, mark))
    asks = (value == "") | value.rlike(f"[{special}\\r\\n]")
    inner = F.replace(value, F.lit(mark), F.lit(mark + mark))
    quoted_text = F.concat(F.lit(mark), inner, F.lit(mark))
    return F.coalesce(F.when(asks, quoted_text).otherwise(value), F.lit(""))


class Erasure:
    """One pass of a request over all places that the person's rows reach."""

    def __init__(
        self, name: str, argv: Sequence[str], plans: Mapping[str, Sequence[Step]]
    ) -> None:
        parser = argparse.ArgumentParser(allow_abbrev=False)
        parser.add_argument("--request", required=True, metavar="NAME")
        parser.add_argument("--pass", dest="number", default=FIRST, choices=PASSES)
        parser.add_argument("--erasure", required=True, metavar="FOLDER")
        parser.add_argument("--states", required=True, metavar="FOLDER")
        known, _ = parser.parse_known_args(list(argv)[1:])
        steps = [s for all_steps in plans.values() for s in all_steps]
        places = [s.place.dataset for s in steps if not isinstance(s, Left)]
        datasets = {dataset.argument: dataset for dataset in places}
        self.run = Run(name, argv, Everything(), list(datasets.values()), [])
        self.spark = self.run.spark
        # A part of a folder's name is what it says, not a number.
        setting = "spark.sql.sources.partitionColumnTypeInference.enabled"
        self.spark.conf.set(setting, "false")
        self.number = known.number
        self._root = known.erasure.rstrip("/")
        self._states = known.states.rstrip("/")
        requests = self._folder(REQUESTS)
        self.request = Request.read(requests, known.request, sorted(plans))
        self.steps = plans[self.request.subject]

    def _folder(self, name: str) -> Folder:
        return Folder(self.spark, f"{self._root}/{name}")

    def carry_out(self) -> dict[str, Any]:
        """Deletes all rows that are found, and writes down how many there were."""
        places = [s.place for s in self.steps if not isinstance(s, Left)]
        jobs = {place.job: place for place in places if place.job is not None}
        try:
            for place in jobs.values():
                self._hold(place)
            return self._carry_out()
        finally:
            for place in jobs.values():
                self._state(place).delete(held(str(place.job)))

    def _state(self, place: Place) -> Folder:
        return Folder(self.spark, f"{self._states}/{place.job}")

    def _hold(self, place: Place) -> None:
        """Holds a job up that replaces files, and waits until it does not run."""
        state, job = self._state(place), str(place.job)
        until = now() + timedelta(minutes=PASS_MINUTES)
        state.write_text(held(job), json.dumps({"until": until.isoformat()}))
        while (text := state.read_text(running(job))) is not None:
            ends = instant(json.loads(text)["since"]) + timedelta(minutes=place.minutes)
            if ends <= now():
                # It was killed, or failed.
                break
            log("waits", job=self.run.name, until=job)
            time.sleep(runtime.WAIT_SECONDS)

    def _carry_out(self) -> dict[str, Any]:
        # What leads to rows is looked for before any of it is gone.
        persons = [self._persons(number) for number in range(len(self.steps))]
        places = [self._dealt_with(s, who) for s, who in zip(self.steps, persons)]
        report = {
            "request": self.request.name,
            "subject": self.request.subject,
            "persons": len(set(self.request.values)),
            "pass": self.number,
            "began": self.run.run_at.isoformat(),
            "places": places,
        }
        name = f"{self.request.name}-{self.number}.json"
        self._folder(REPORTS).write_text(name, json.dumps(report, indent=2) + "\n")
        if self.number == SECOND:
            self._folder(WORK).delete(self.request.name)
            self._folder(REQUESTS).delete(f"{self.request.name}.json")
        rows = sum(place.get("rows", 0) for place in places)
        log("done", job=self.run.name, request=self.request.name, rows=rows)
        return report

    # Whom it is about.

    def _persons(self, number: int) -> DataFrame | None:
        """What the person's rows have in the columns that tell, as texts: a row each."""
        step = self.steps[number]
        if isinstance(step, Left):
            return None
        if isinstance(step, Named):
            return self._names(step)
        # What a pass before this one has deleted leads to no rows any more: it is kept.
        kept = f"{self._root}/{WORK}/{self.request.name}/{number}"
        rows = self._told(step.of.place, [step.of.column, *step.keys])
        rows = rows.join(F.broadcast(self._names(step.of)), key(0), "left_semi")
        columns = [F.col(key(n + 1)).alias(key(n)) for n in range(len(step.keys))]
        rows = rows.select(*columns).dropna().distinct().coalesce(1)
        rows.write.mode("append").options(**NO_MARKS).parquet(kept)
        return self.spark.read.schema(rows.schema).parquet(kept).distinct()

    def _names(self, step: Named) -> DataFrame:
        values = [[value] for value in sorted(set(self.request.values))]
        rows = self.spark.createDataFrame(values, f"{key(0)} string")
        if step.pseudonym:
            rows = self.run.with_pseudonym_key(rows)
            rows = rows.select(pseudonym(F.col(key(0))).alias(key(0)))
        return rows.localCheckpoint()

    def _told(self, place: Place, columns: Sequence[str]) -> DataFrame:
        if place.dataset.format == "iceberg":
            rows = self.run.table(place.dataset).read()
            named = enumerate(columns)
            texts = [F.col(quoted(c)).cast("string").alias(key(n)) for n, c in named]
            return rows.select(*texts)
        files = Files(self.run, place, columns)
        return files.told(sorted(files.folder.data_files()))

    # What is done.

    def _dealt_with(self, step: Step, persons: DataFrame | None) -> dict[str, Any]:
        """What was done with a place, for the report."""
        told: dict[str, Any] = {}
        if isinstance(step, Left):
            name = step.name
            told["how"] = (
                "is asked for there" if step.days is None else "goes by itself"
            )
        else:
            name = step.place.name
            assert persons is not None, "every step that deletes knows whose rows"
            if step.place.dataset.format == "iceberg":
                told = {"how": "deleted", "rows": self._delete(step, persons)}
            else:
                rows, files = self._rewrite(step, persons)
                told = {"how": "deleted", "rows": rows, "files": files}
            log("erased", job=self.run.name, place=name, **told)
        if step.days is not None:
            gone = self.run.run_at + timedelta(days=step.days)
            told["gone_by"] = gone.isoformat(timespec="seconds")
        if step.because:
            told["because"] = step.because
        return {"place": name} | told

    def _delete(self, step: Named | Keyed, persons: DataFrame) -> int:
        """Deletes rows of a table; how many there were."""
        table = self.run.table(step.place.dataset)
        for attempt in range(ATTEMPTS):
            rows = self._told(step.place, step.columns)
            keys = [key(number) for number in range(len(step.columns))]
            count = rows.join(F.broadcast(persons), keys, "left_semi").count()
            try:
                if count:
                    table.delete_those(persons, dict(zip(step.columns, keys)))
                return count
            except Exception as error:
                # Somebody else has changed the table in between.
                is_conflict = re.search("ValidationException|CommitFailed", str(error))
                if not is_conflict or attempt + 1 == ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _rewrite(self, step: Named | Keyed, persons: DataFrame) -> tuple[int, int]:
        """Takes rows out of files; how many rows, and of how many files."""
        files = Files(self.run, step.place, step.columns)
        folder = files.folder
        folder.delete(REWRITTEN)
        versions = folder.data_files()
        rows = files.told(sorted(versions))
        rows = rows.join(F.broadcast(persons), files.keys, "left_semi")
        touched = {
            row[FILE]: row["count"] for row in rows.groupBy(FILE).count().collect()
        }
        names = {name: n for n in versions for name in folder.addresses(n)}
        persons = persons.localCheckpoint()

        def rewrite(numbered: tuple[int, str]) -> None:
            number, name = numbered
            if step.place.leaves_after is not None:
                self._remember_age(
                    folder, name, versions[name], step.place.leaves_after
                )
            if folder.version_of(name) != versions[name]:
                raise Changed(f"{name} of {step.place.name} was changed in between")
            files.rewrite(name, persons, f"{folder.path}/{REWRITTEN}/{number}")

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(rewrite, enumerate(sorted(names[file] for file in touched))))
        folder.delete(REWRITTEN)
        return sum(touched.values()), len(touched)

    def _remember_age(self, folder: Folder, name: str, version: str, days: int) -> None:
        """Writes down when a file is to leave: it is as young as its last change, and its rows
        are as old as they were."""
        file = f"{folder.path}/{name}"
        entry = f"{hashlib.sha256(file.encode()).hexdigest()}.json"
        changed = datetime.fromtimestamp(int(version.split()[1]) / 1000, timezone.utc)
        due = (changed.date() + timedelta(days=days + 1)).isoformat()
        ages = self._folder(AGES)
        known = ages.read_text(entry)
        if known is not None:
            due = min(due, json.loads(known)["due"])
        told = {"file": file, "due": due, "rewritten": self.run.run_at.isoformat()}
        ages.write_text(entry, json.dumps(told))
