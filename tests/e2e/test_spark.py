"""The generated Glue jobs on Spark 3.5.4: the same rows as other engines, safe to repeat, safe to kill.

The oracle of the job's own logic is `expected` below, twenty lines of Python; the embedded engine is the other.
"""

import json
import os
import random
import shutil
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.paths import EXAMPLES, ROOT, tool
from support.pipec import pipec

CLICKS = {
    "click_id": pa.string(),
    "at": pa.timestamp("us", "UTC"),
    "page": pa.string(),
    "kind": pa.string(),
    "amount": pa.decimal128(12, 2),
    "buyer": pa.string(),
}


@dataclass
class Lake:
    """The folders of one platform, and the job that works on them."""

    root: Path
    job: Path

    @property
    def clicks(self) -> Path:
        return self.root / "processed" / "clicks"

    @property
    def pages(self) -> Path:
        return self.root / "curated" / "daily_pages"

    def arguments(self, run_at: str) -> list:
        places = ["--processed_clicks", self.clicks, "--curated_daily_pages", self.pages]
        places += ["--state", self.root / "state", "--quarantine", self.root / "quarantine"]
        # As Glue passes them, in any order and with its own among them.
        return ["--JOB_NAME", "daily-pages", *places, "--run_at", run_at, "--TempDir", "s3://nowhere/tmp/"]

    def arrive(self, name: str, clicks: list[dict], **how):
        """Rows arrive: in each day's folder appears a file of this name."""
        by_day = defaultdict(list)
        for click in clicks:
            by_day[click["at"].date()].append(click)
        for day, rows in by_day.items():
            folder = self.clicks / f"day={day}"
            folder.mkdir(parents=True, exist_ok=True)
            columns = [pa.array([row[column] for row in rows], kind) for column, kind in CLICKS.items()]
            pq.write_table(pa.table(columns, names=list(CLICKS)), folder / f"{name}.parquet", **how)

    def result(self) -> list[tuple]:
        """All rows of the target, sorted: day, page, clicks, buyers, revenue."""
        found = []
        for file in sorted(self.pages.glob("day=*/*.parquet")):
            day = date.fromisoformat(file.parent.name.removeprefix("day="))
            # The file itself, not a data set: what stands in it and nothing that its path would add.
            for row in pq.ParquetFile(file).read().to_pylist():
                found.append((day, row["page"], row["clicks"], row["buyers"], row["revenue"]))
        return sorted(found)

    def leftovers(self) -> list[str]:
        names = (path.name for path in self.pages.iterdir()) if self.pages.exists() else ()
        return [name for name in names if not name.startswith("day=")]


@pytest.fixture
def lake(tmp_path, clickstream):
    return Lake(tmp_path, clickstream / "glue" / "daily_pages.py")


def make_clicks(seed: int, days: list[date], count: int) -> list[dict]:
    """Clicks over these days; one in twenty is delivered twice, some at the same instant with another page."""
    chance = random.Random(seed)
    clicks = []
    for number in range(count):
        at = datetime.combine(chance.choice(days), datetime.min.time(), UTC)
        at += timedelta(microseconds=chance.randrange(86_400_000_000))
        kind = chance.choice(["view", "cart", "buy"])
        click = {
            "click_id": f"{seed:08x}-0000-0000-0000-{number:012x}",
            "at": at,
            "page": chance.choice(["/", "/a", "/ä", "/日本", "/x'\"\\"]),
            "kind": kind,
            "amount": Decimal(chance.randrange(1_000_000_000_0)) / 100 if kind == "buy" else Decimal("0.00"),
            "buyer": f"b{chance.randrange(40)}",
        }
        clicks.append(click)
        if chance.random() < 0.05:
            moved = min(at + timedelta(seconds=chance.choice([0, 40])), at.replace(hour=23, minute=59, second=59))
            clicks.append(click | {"at": moved, "page": "/again"})
    chance.shuffle(clicks)
    return clicks


def expected(clicks: list[dict]) -> list[tuple]:
    """What `daily_pages` means."""
    first: dict[str, dict] = {}
    order = ("at", "page", "kind", "amount", "buyer")
    for click in clicks:
        kept = first.get(click["click_id"])
        if kept is None or [click[name] for name in order] < [kept[name] for name in order]:
            first[click["click_id"]] = click
    groups = defaultdict(list)
    for click in first.values():
        groups[click["at"].date(), click["page"]].append(click)
    return sorted(
        (day, page, len(rows), len({row["buyer"] for row in rows}), sum(row["amount"] for row in rows))
        for (day, page), rows in groups.items()
    )


DAYS = [date(2026, 1, day) for day in (1, 2, 3)]


def test_the_jobs_are_clean_python(clickstream):
    ruff = tool("venv-lint", "bin", "ruff")
    for arguments in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [ruff, *arguments, "--isolated", "--no-cache", "--target-version", "py39", clickstream / "glue"],
            capture_output=True, text=True, check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("platform", ["clickstream", "kitchen"])
def test_the_jobs_types_hold(platform, tmp_path):
    project = tmp_path / platform
    shutil.copytree(EXAMPLES / platform, project, ignore=shutil.ignore_patterns(".pipec", "run", "build"))
    # No test has this title: the jobs are written, and nothing else is done.
    pipec("test", project, "--engine", "spark", "--filter", "no test at all")
    jobs = project / ".pipec" / "test" / "glue"
    assert len(list(jobs.glob("*.py"))) >= 3
    arguments = ["--python-executable", tool("venv", "bin", "python"), "--check-untyped-defs", "--strict-equality"]
    # One folder for both: what PySpark's own files say of types is read once.
    arguments += ["--cache-dir", tmp_path.parent / "mypy", "."]
    mypy = [tool("venv-lint", "bin", "python"), "-m", "mypy", *arguments]
    done = subprocess.run(mypy, cwd=jobs, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_rows_are_right_and_a_second_run_changes_nothing(spark_home, lake, capsys):
    clicks = make_clicks(1, DAYS, 3000)
    lake.arrive("a", clicks[:1500])
    lake.arrive("b", clicks[1500:])
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    first = lake.result()
    assert first == expected(clicks)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["rows_in"], told["rows_out"], told["rows_rejected"]) == (len(clicks), len(first), 0)
    files = [pq.ParquetFile(file).read() for file in sorted(lake.pages.glob("day=*/*.parquet"))]
    assert len(files) == 3, "a file a day"
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    assert lake.result() == first
    again = [pq.ParquetFile(file).read() for file in sorted(lake.pages.glob("day=*/*.parquet"))]
    assert again == files, "the same rows in the same order"


def test_the_files_are_what_the_catalog_says(spark_home, lake):
    lake.arrive("a", make_clicks(2, DAYS[:1], 10))
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    schema = pq.ParquetFile(next(lake.pages.glob("day=*/*.parquet"))).schema_arrow
    assert {field.name: field.type for field in schema} == {
        "page": pa.string(), "clicks": pa.int64(), "buyers": pa.int64(), "revenue": pa.decimal128(22, 2),
    }  # fmt: skip


def test_nothing_there_is_fine(spark_home, lake):
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    assert lake.result() == []
    # … and counts as a good run: what comes later is computed by the next.
    lake.arrive("a", clicks := make_clicks(3, DAYS[2:], 10))
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T02:15:00Z"))
    assert lake.result() == expected(clicks)


def test_day_by_day_is_all_at_once(spark_home, lake):
    clicks = make_clicks(4, [date(2026, 1, day) for day in range(1, 7)], 1500)
    chance = random.Random(4)
    # A click arrives on its own day, or up to a day behind: in the night's run, or in the next.
    arrivals = defaultdict(list)
    for click in clicks:
        arrivals[(click["at"] + timedelta(hours=24 * chance.random() ** 3)).date()].append(click)
    for day in sorted(arrivals):
        lake.arrive(f"arrived-{day}", arrivals[day])
        spark_home.run_job(lake.job, lake.arguments(f"{day + timedelta(days=1)}T00:00:00Z"))
    assert lake.result() == expected(clicks)


def test_only_what_may_have_changed_is_read(spark_home, lake):
    clicks = make_clicks(5, DAYS, 300)
    lake.arrive("a", clicks)
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    untouched = {file: file.stat().st_mtime_ns for file in lake.pages.glob("day=2026-01-01/*.parquet")}
    # A run that read the first day would fail on this.
    (lake.clicks / "day=2026-01-01" / "broken.parquet").write_text("not Parquet")
    lake.arrive("b", late := make_clicks(6, DAYS[2:], 100))
    spark_home.run_job(lake.job, lake.arguments("2026-01-05T01:15:00Z"))
    assert lake.result() == expected(clicks + late)
    assert untouched == {file: file.stat().st_mtime_ns for file in lake.pages.glob("day=2026-01-01/*.parquet")}


def test_what_was_late_and_then_held_up_still_counts(spark_home, lake):
    lake.arrive("a", clicks := make_clicks(14, DAYS[:2], 100))
    spark_home.run_job(lake.job, lake.arguments("2026-01-03T01:15:00Z"))
    # It came 23 hours behind its event, at 13:30 of the second day; delivery failed for the twelve hours that it may.
    held_up = clicks[0] | {"click_id": "late", "at": datetime(2026, 1, 1, 14, 30, tzinfo=UTC)}
    lake.arrive("b", [held_up])
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    assert lake.result() == expected([*clicks, held_up])


def test_a_day_that_the_input_begins_to_forget_is_left_alone(spark_home, lake):
    # 180 days of input, and up to two days from the first row of a day that lands to the last: the run of 28 June cannot
    # know 1 January to be whole, but 2 January it can.
    clicks = make_clicks(7, DAYS[:2], 200)
    lake.arrive("a", clicks)
    spark_home.run_job(lake.job, lake.arguments("2026-06-28T01:15:00Z"))
    assert {row[0] for row in lake.result()} == {DAYS[1]}


def test_missed_runs_are_made_up_for_as_far_back_as_is_said(spark_home, lake):
    lake.arrive("a", make_clicks(12, DAYS[:1], 60))
    spark_home.run_job(lake.job, lake.arguments("2026-01-02T01:15:00Z"))
    lake.arrive("b", make_clicks(13, DAYS[1:2], 60))
    # Rows may be two days late: of the runs since 2 January, those of the last five days compute 24 January and later.
    spark_home.run_job(lake.job, [*lake.arguments("2026-01-31T01:15:00Z"), "--catch_up", "5"])
    assert {row[0] for row in lake.result()} == {DAYS[0]}
    lake.arrive("c", make_clicks(14, DAYS[2:3], 60))
    spark_home.run_job(lake.job, lake.arguments("2026-02-01T01:15:00Z"))
    assert {row[0] for row in lake.result()} == {DAYS[0]}, "that run was good"


def test_old_days_of_the_target_are_purged(spark_home, lake):
    lake.arrive("a", make_clicks(8, DAYS, 60))
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    shutil.rmtree(lake.clicks)
    # 730 days after 2 January 2026.
    spark_home.run_job(lake.job, lake.arguments("2028-01-02T01:15:00Z"))
    assert {row[0] for row in lake.result()} == set(DAYS[1:])
    assert not (lake.pages / "day=2026-01-01").exists()


def test_what_a_killed_run_left_is_swept(spark_home, lake):
    for name in ("_temporary/0", ".spark-staging-1/day=2026-01-01"):
        folder = lake.pages / name
        folder.mkdir(parents=True)
        (folder / "part-0.parquet").write_text("half a file")
    lake.arrive("a", clicks := make_clicks(9, DAYS, 60))
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    assert lake.result() == expected(clicks)
    assert [name for name in lake.leftovers() if name != "_SUCCESS"] == []


def test_instants_of_96_bits_are_read(spark_home, lake):
    clicks = make_clicks(10, DAYS, 200)
    lake.arrive("hive", clicks, use_deprecated_int96_timestamps=True)
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    assert lake.result() == expected(clicks)


def test_the_state_is_the_last_good_run(spark_home, lake):
    lake.arrive("a", make_clicks(11, DAYS, 20))
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    (state,) = (lake.root / "state").iterdir()
    before = state.read_text()
    assert datetime.fromisoformat(json.loads(before)["run_at"]) == datetime(2026, 1, 4, 1, 15, tzinfo=UTC)
    (lake.clicks / "day=2026-01-03" / "broken.parquet").write_text("not Parquet")
    with pytest.raises(Exception, match="Parquet|parquet"):
        spark_home.run_job(lake.job, lake.arguments("2026-01-05T01:15:00Z"))
    assert state.read_text() == before, "a run that failed is none"


def test_the_samples_give_the_rows_of_the_embedded_engine(spark_home, tmp_path, clickstream):
    run = tmp_path / "run"
    pipec("run", EXAMPLES / "clickstream", "-o", run).ok()
    lake = Lake(run, clickstream / "glue" / "daily_pages.py")
    embedded = lake.result()
    assert len(embedded) > 100
    shutil.rmtree(lake.pages)
    spark_home.run_job(lake.job, lake.arguments("2026-01-04T01:15:00Z"))
    assert lake.result() == embedded


def test_the_platforms_own_tests_hold(spark_home):
    pipec("test", EXAMPLES / "clickstream", "--engine", "spark", env=python_of(spark_home)).ok()


@pytest.mark.slow
def test_transforms_made_by_chance_agree_with_the_embedded_engine(spark_home):
    """Every expression, function and step, over values at every edge: `src/local/spark/tests.rs`."""
    done = subprocess.run(
        ["cargo", "test", "--quiet", "--lib", "local::spark", "--", "--ignored"],
        cwd=ROOT, env={**os.environ, **python_of(spark_home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "2 passed" in done.stdout, done.stdout[-4000:]


def python_of(spark_home) -> dict[str, str]:
    """The environment in which the compiler finds the tests' own Python and Java."""
    return {"PIPEC_PYTHON": tool("venv", "bin", "python"), "JAVA_HOME": spark_home.environment["JAVA_HOME"]}


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["start", "reading", "staging", "commit", "commit again"])
def test_killed_in_the_middle_and_run_again(spark_home, lake, moment):
    """`kill -9` of Python and Java at a moment that the files themselves show; then the night's run is repeated."""
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(60)]
    old = make_clicks(12, days, 3000)
    lake.arrive("a", old)
    spark_home.run_job(lake.job, lake.arguments("2026-03-02T01:15:00Z"))
    # All days are due again, and each has changed.
    shutil.rmtree(lake.root / "state")
    lake.arrive("b", new := make_clicks(13, days, 3000))
    before = {file.name for file in lake.pages.glob("day=*/*.parquet")}  # one name for all days of one run
    job = spark_home.start_job(lake.job, lake.arguments("2026-03-03T01:15:00Z"))
    deadline = time.monotonic() + 200
    while not reached(moment, lake, before) and job.process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0005)
    if moment == "reading":
        time.sleep(4)
    job.kill()
    replaced = [file for file in lake.pages.glob("day=*/*.parquet") if file.name not in before]
    print(f"{moment}: {len(replaced)} of {len(days)} days were replaced; left {lake.leftovers()}")
    spark_home.run_job(lake.job, lake.arguments("2026-03-03T01:15:00Z"))
    assert lake.result() == expected(old + new)
    assert [name for name in lake.leftovers() if name != "_SUCCESS"] == []


def reached(moment: str, lake: Lake, before: set[str]) -> bool:
    if moment in ("start", "reading"):
        return True
    if moment == "staging":
        return any(name.startswith(".spark-staging") for name in lake.leftovers())
    # Spark replaces a day's folder by renaming the new one to its place, day after day.
    replaced = 0
    for folder, _, names in os.walk(lake.pages):  # which does not mind a folder that is gone when it looks into it
        if ".spark-staging" not in folder:
            replaced += sum(name.endswith(".parquet") and name not in before for name in names)
    return replaced >= (1 if moment == "commit" else 20)
