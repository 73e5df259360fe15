"""An example's transforms on the engines beside the embedded one, over the samples that are kept with it.

What the embedded engine left says what must come out. Jobs read what it wrote for the datasets before them, and what
landed in the format in which it came; functions read the samples' own lines, as the service would bring them.
"""

import contextlib
import dataclasses
import datetime
import decimal
import io
import json
import re
import shutil
import sys
from pathlib import Path

from . import events
from .arrivals import arrivals
from .gateway import Gateway
from .lambda_api import Function
from .paths import EXAMPLES
from .pipec import pipec
from .spark import Spark, rows

# All samples are of the days before.
AT = "2026-03-09T12:00:00Z"
# Nor is any gone by then that this platform keeps for a week.
AT_OF = {"image-lake": "2026-03-07T12:00:00Z"}
# The embedded engine's own key.
KEY = "local-key-for-tests-only"
TAKEN_IN = re.compile(r"^(\w+) -> \S.*?  +(\d+)  +\d+  ", re.MULTILINE)
SKIPPED = re.compile(r"^skip  (\w+): (.*) \([\w./]+:\d+\)$", re.MULTILINE)


class Example:
    """An example, what the embedded engine made of its samples, and what is generated of it."""

    def __init__(self, name: str, folder: Path, home: Path = EXAMPLES):
        self.name, self.folder = name, folder / name
        # One may use another: all of them lie beside one another.
        projects = folder / f"of-{home.name}"
        if not projects.exists():
            shutil.copytree(home, projects, ignore=shutil.ignore_patterns(".pipec", "run", "build"))
        self.project, self.run = projects / name, self.folder / "run"
        self.folder.mkdir()
        said = pipec("run", self.project, "-o", self.run, "--at", AT).ok().out
        # How many rows each transform took in, by the table that the run prints.
        self.rows_in = {name: int(count) for name, count in TAKEN_IN.findall(said)}
        self.places = {f"{place.parent.name}_{place.name}": place for place in self.run.glob("*/*") if place.is_dir()}
        self.samples = self.project / "samples"

    def place(self, argument: str) -> Path:
        """Where the rows of a dataset are: those of another project are its sample here."""
        if argument.startswith("project__"):
            [sample] = [folder for folder in self.samples.iterdir() if argument.endswith(f"_{folder.name}")]
            return sample
        return self.places[argument]

    def generate(self, engine: str) -> tuple[Path, dict[str, str]]:
        """What is generated for an engine, and the transforms that it skips with the reasons."""
        # No test has this title: what tests would be run on is written, and nothing else is done.
        said = pipec("test", self.project, "--engine", engine, "--filter", "no test at all")
        kept = self.folder / engine
        made = self.project / ".pipec" / "test" / {"spark": "glue", "lambda": "lambda"}[engine]
        if made.exists():
            shutil.copytree(made, kept, dirs_exist_ok=True)
        return kept, dict(SKIPPED.findall(said.out + said.err))

    def turned_away(self, transform: str) -> list[tuple[str, str, str]]:
        """What is in the embedded engine's quarantine."""
        return turned_away(self.run / "quarantine" / transform, "*.jsonl")

    def sent(self, sink: str) -> list[dict]:
        """The rows that the embedded engine sent to a sink."""
        return lines_of(self.run / "sinks" / sink, "*.jsonl")


def lines_of(folder: Path, pattern: str) -> list[dict]:
    """The JSON lines below a folder."""
    files = sorted(folder.rglob(pattern)) if folder.exists() else []
    texts = (line for file in files for line in file.read_text(encoding="utf-8").splitlines())
    return [json.loads(text, parse_float=decimal.Decimal) for text in texts]


def turned_away(folder: Path, pattern: str) -> list[tuple[str, str, str]]:
    """Rows that were turned away, sorted: why, when they arrived, and the rows."""
    return sorted((one["reason"], one["at"], _as_it_came(one["row"])) for one in lines_of(folder, pattern))


def _as_it_came(row: str) -> str:
    """A row's text; of JSON in one order, without the arrival that the embedded engine notes where it lands rows."""
    try:
        found = json.loads(row, parse_float=decimal.Decimal)
    except ValueError:
        return row
    if not isinstance(found, dict):
        return row
    found.pop("_arrived", None)
    return json.dumps(plain(found))


# Jobs.


def run_job(home: Spark, example: Example, job: Path, parts: dict[str, list[Path]] | None = None) -> str:
    """What differs between a job's rows and the embedded engine's, or the first line of what went wrong; else nothing.
    A dataset of which there are parts lands one after the other, each before a run."""
    try:
        with home.own_settings(), home.module(job) as module:
            return _Job(home, example, job, module).difference(parts or {})
    except Exception as error:  # noqa: BLE001 - the error is what is looked at
        cause = getattr(error, "java_exception", None)
        while cause is not None and cause.getCause() is not None:
            cause = cause.getCause()
        return f"failed: {str(error) if cause is None else cause.toString()}".splitlines()[0]


class _Job:
    def __init__(self, home: Spark, example: Example, job: Path, module):
        self.home, self.example, self.job, self.module = home, example, job, module
        self.lake = sys.modules["pipec_lake"]
        self.work = example.folder / "jobs" / job.stem
        self.work.mkdir(parents=True)
        self.datasets = {one.argument: one for one in vars(module).values() if hasattr(one, "target_file_bytes")}
        [targets] = re.findall(r"-> (.*)\.$", module.__doc__.splitlines()[0])
        # What has no zone is a sink.
        self.targets = [name.replace(".", "_") if "." in name else f"sink__{name}" for name in targets.split(", ")]

    def difference(self, parts: dict[str, list[Path]]) -> str:
        for name, value in sys.modules["pipec_runtime"].SETTINGS.items():
            self.home.session.conf.set(name, value)
        key = self.work / "key"
        key.write_text(KEY)
        places = {"state": self.work / "state", "quarantine": self.work / "quarantine", "pseudonym_key_file": key}
        for source in (one for one in vars(self.module).values() if hasattr(one, "fields") and hasattr(one, "argument")):
            places[source.argument] = self.arriving(source.argument)
        for argument, dataset in self.datasets.items():
            own = argument in self.targets or argument in parts
            places[argument] = self.work / argument if own else self.given(argument, dataset)
        arguments = [text for name, place in places.items() for text in (f"--{name}", str(place))]
        for step in range(max(map(len, parts.values()), default=1)):
            for argument, files in parts.items():
                # What tells no time arrived when its file did: with what came first.
                landed = min(folder.name for folder in self.example.places[argument].iterdir())
                day = self.work / argument / landed
                day.mkdir(parents=True, exist_ok=True)
                shutil.copy(files[step], day)
            with contextlib.redirect_stdout(io.StringIO()) as said:
                self.module.main([str(self.job), *arguments, "--run_at", AT_OF.get(self.example.name, AT), "--until", "closed"])
        found = (self.compared(argument, self.datasets[argument]) for argument in self.targets)
        return next(filter(None, found), "") or self.quarantined() or ("" if parts else self.counted(said.getvalue()))

    def counted(self, said: str) -> str:
        """Whether the shares that alarms ask for are shares of what the embedded engine counts: a stream tells of each batch."""
        told = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        mine = sum(line["rows_in"] for line in told if line["event"] == "done")
        theirs = self.example.rows_in[self.job.stem]
        return "" if mine == theirs else f"took in {mine} rows for {theirs}"

    def arriving(self, argument: str) -> Path:
        """The arrivals of a stream."""
        folder = self.work / argument
        folder.mkdir()
        shutil.copy(self.example.samples / f"{argument.removeprefix('stream__')}.jsonl", folder)
        return folder

    def given(self, argument: str, dataset) -> Path:
        """Where a dataset is that the job reads."""
        place, there = self.work / argument, self.example.place(argument)
        if list(dataset.partition) == ["arrived_on"] and dataset.format != "json":
            # As it landed: the newest delivery of a snapshot, or all of them.
            day = place / f"arrived_on={AT[:10]}"
            day.mkdir(parents=True)
            sample = self.example.samples / there.name
            files = sorted(sample.iterdir()) if sample.is_dir() else [sample.with_suffix(f".{dataset.format}")]
            for file in files[-1:] if dataset.newest else files:
                shutil.copy(file, day / f"{AT[11:19].replace(':', '')}000000-{file.name}")
            return place
        if dataset.format == "iceberg":
            self.lake.save(self.kept(argument, dataset), dataset, str(place))
            return place
        return there

    def kept(self, argument: str, dataset):
        """A dataset's rows as the embedded engine keeps them."""
        kept = dataclasses.replace(dataset, format="parquet") if dataset.format == "iceberg" else dataset
        return self.lake.load(self.home.session, kept, str(self.example.place(argument)))

    def compared(self, argument: str, dataset) -> str:
        mine = self.lake.load(self.home.session, dataset, str(self.work / argument))
        if argument.startswith("sink__"):
            given = [json.loads(line, parse_float=decimal.Decimal) for line in mine.toJSON().collect()]
            sent = self.example.sent(argument.removeprefix("sink__"))
            mine, theirs = (sorted(map(json.dumps, map(plain, some))) for some in (given, sent))
            return "" if mine == theirs and mine else f"different: {len(mine)} rows for {len(theirs)}"
        mine = rows(mine)
        return different(mine, rows(self.kept(argument, dataset)))

    def quarantined(self) -> str:
        mine = turned_away(self.work / "quarantine", "*.txt")
        return different_reasons(mine, self.example.turned_away(self.job.stem))


def different(mine: list[dict], theirs: list[dict]) -> str:
    """What differs between sorted rows: floats by more than 1e-12 of themselves."""
    if len(mine) == len(theirs) and all(map(_same, mine, theirs)):
        return ""
    more = [row for row in mine if row not in theirs][:1]
    less = [row for row in theirs if row not in mine][:1]
    return f"different: {len(mine)} rows for {len(theirs)}, such as {more} for {less}"


def _same(mine, theirs) -> bool:
    if isinstance(mine, float) and isinstance(theirs, float):
        return mine == theirs or abs(mine - theirs) <= 1e-12 * abs(theirs)
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return mine.keys() == theirs.keys() and all(_same(mine[name], theirs[name]) for name in mine)
    if isinstance(mine, list) and isinstance(theirs, list):
        return len(mine) == len(theirs) and all(map(_same, mine, theirs))
    return mine == theirs


def different_reasons(mine: list, theirs: list) -> str:
    """What differs between what was turned away, sorted."""
    return "" if mine == theirs else f"quarantine: {sorted(set(mine) ^ set(theirs))[:4] or [len(mine), len(theirs)]}"


# Functions.


def run_function(gateway: Gateway, binary: Path, environment: dict[str, str], lines: list[bytes], event_time: str, *, topic: bool):
    """Brings a function all lines of a sample, a hundred at a time."""
    times = arrivals(lines, ["_arrived", event_time])
    with Function([str(binary)], env={**gateway.environment(), **environment}, timeout=60) as function:
        for start in range(0, len(lines), 100):
            some, at = lines[start : start + 100], times[start : start + 100]
            if topic:
                event = events.kafka([events.kafka_message(record, topic="samples", offset=start + n, arrival=when)
                                      for n, (record, when) in enumerate(zip(some, at, strict=True))])
            else:
                numbers = [str(events.FIRST_SEQUENCE + start + n) for n in range(len(some))]
                event = events.kinesis(some, arrivals=at, sequences=numbers)
            assert events.failures(function.invoke(event).ok()) == [], function.logs()


def plain(row: dict) -> dict:
    """A row of JSON with one form for each value, whoever wrote it: instants, and numbers that may be texts."""
    return {name: _plain(value) for name, value in sorted(row.items()) if value is not None}


def _plain(value):
    if isinstance(value, dict):
        return plain(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z?", value):
        return datetime.datetime.fromisoformat(value).replace(tzinfo=datetime.UTC).isoformat()
    if isinstance(value, int | decimal.Decimal) and not isinstance(value, bool):
        return format(decimal.Decimal(value).normalize(), "f")
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return format(decimal.Decimal(value).normalize(), "f")
    return value
