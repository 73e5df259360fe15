"""The generated jobs of streams on Spark 3.5.4: batches that are killed or fail half-way lose nothing and double nothing."""

import base64
import json
import os
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from support import pipec
from support.paths import ROOT
from support.spark import rows



def packed(value: str) -> str:
    """A param's value as EMR brings it."""
    return "base64:" + base64.b64encode(value.encode()).decode()


START = datetime(2026, 1, 1, tzinfo=UTC)

# The job itself, but its third file is the last that it can move to where it is seen.
BROKEN = """
import minutes
import pipec_lake

real, moved = pipec_lake.Folder.move, []


def move(self, name, to):
    moved.append(name)
    if len(moved) > 2:
        raise OSError("the network is gone")
    real(self, name, to)


def main(argv):
    pipec_lake.Folder.move = move
    try:
        minutes.main(argv)
    finally:
        pipec_lake.Folder.move = real
"""


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    return pipec.build(ROOT / "tests/e2e/platforms/streams", tmp_path_factory.mktemp("streams") / "build")


def arrive(folder, number: int, buys: list[dict]):
    """A file appears, later than those before it."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f".{number:04}.json"
    fresh.write_text("".join(f"{json.dumps(buy)}\n" for buy in buys))
    os.utime(fresh, (number + 1, number + 1))
    fresh.rename(folder / fresh.name.removeprefix("."))


def buy(number: int, at: int, behind: int = 0) -> dict:
    """A buy so many seconds after the start, which arrives so many seconds later."""
    when = START + timedelta(seconds=at)
    arrived = when + timedelta(seconds=behind)
    return {
        "buy_id": number, "visitor": f"v{number % 3}", "at": when.isoformat(), "total": f"{number}.50",
        "_arrived": arrived.isoformat(),
    }


def counted(buys: list[dict]) -> list[dict]:
    """Those that cost enough, by the param."""
    return [one for one in buys if float(one["total"]) >= 3]


def expected(buys: list[dict]) -> Counter:
    """Minutes with what was bought in them by whom, of buys that arrived before 30 s behind the end."""
    found: dict = {}
    for one in counted(buys):
        at, arrived = (datetime.fromisoformat(one[name]) for name in ("at", "_arrived"))
        start = at.replace(second=0)
        if arrived < start + timedelta(seconds=90):
            count, total = found.get((start, one["visitor"]), (0, 0))
            found[start, one["visitor"]] = (count + 1, total + int(float(one["total"]) * 100))
    return Counter((start.isoformat(), who, *both) for (start, who), both in found.items())


@pytest.mark.slow
def test_killed_and_broken_batches_lose_and_double_nothing(spark_home, streams, tmp_path):
    glue, lake = streams / "glue", tmp_path
    (glue / "broken.py").write_text(BROKEN)
    places = ["--stream__buys", lake / "arriving", "--processed_minutes", lake / "minutes"]
    places += ["--state", lake / "state", "--quarantine", lake / "quarantine"]
    places += ["--param__smallest_buy", "3.00", "--param__shop", packed('"-k\u00f8benhavn"')]
    batches = [[buy(n + 100 * b, 40 * n + 400 * b, behind=(n % 4) * 30) for n in range(10)] for b in range(4)]
    batches[3].append({"buy_id": "none"})
    for number in (0, 1):
        arrive(lake / "arriving", number, batches[number])
    # Killed at once, somewhere behind its first batch.
    job = spark_home.start_job(glue / "minutes.py", [*places, "--every", "1 seconds"])
    until = time.monotonic() + 240
    while '"done"' not in job.output() and time.monotonic() < until:
        time.sleep(0.5)
    job.kill()
    assert '"done"' in job.output(), job.output()
    for number in (2, 3):
        arrive(lake / "arriving", number, batches[number])
    # Ends in the middle of showing a batch's files.
    with pytest.raises(Exception, match="the network is gone"):
        spark_home.run_job(glue / "broken.py", [*places, "--until", "read"])
    spark_home.run_job(glue / "minutes.py", [*places, "--until", "closed"])
    found = rows(spark_home.session.read.parquet(str(lake / "minutes")), "window_start", "visitor")
    came = Counter(
        (row["window_start"].replace(tzinfo=UTC).isoformat(), row["visitor"], row["buys"], int(row["earned"] * 100))
        for row in found
    )
    all_buys = [one for batch in batches for one in batch if one["buy_id"] != "none"]
    assert came == expected(all_buys)
    away = [json.loads(row.value) for row in spark_home.session.read.text(str(lake / "quarantine")).collect()]
    assert {row["shop"] for row in found} == {"-KØBENHAVN"}
    late = sum(1 for one in counted(all_buys) if not expected([one]))
    reasons = Counter(row["reason"] for row in away)
    assert reasons == {
        "late: arrived 30 s or more behind the end of its window": late,
        "buy_id is not int": 1,
    }
    assert late > 3
    assert {"buy_id": "none"} in [json.loads(row["row"]) for row in away]


def test_old_rows_leave_a_table_that_a_function_writes(spark_home, tmp_path):
    glue = pipec.build(ROOT / "tests/e2e/platforms/tables", tmp_path / "build") / "glue"
    place = tmp_path / "taps"
    places = ["--kept_taps", place, "--state", tmp_path / "state", "--quarantine", tmp_path / "quarantine"]
    run = [*map(str, places), "--run_at", "2026-06-01T02:15:00Z"]
    with spark_home.own_settings(), spark_home.module(glue / "purge_tables.py") as job:
        lake, session = sys.modules["pipec_lake"], spark_home.session
        # Nothing was ever written.
        job.main([str(glue), *run])
        days = [date(2026, 2, 28), date(2026, 3, 2), date(2026, 3, 3), date(2026, 6, 1)]
        taps = [(str(day), START, "/", "view", None, 1, day) for day in days]
        lake.save(session.createDataFrame(taps, job.KEPT_TAPS.schema), job.KEPT_TAPS, str(place))
        job.main([str(glue), *run])
        # Ninety days: what is of the second of March may leave from the first of June on.
        assert [row["day"] for row in rows(lake.load(session, job.KEPT_TAPS, str(place)), "day")] == days[2:]


@pytest.mark.parametrize(("name", "value"), [("smallest_buy", "3.005"), ("smallest_buy", '"3"'), ("shop", "3")])
def test_a_param_that_is_none_of_its_type_stops_the_job(spark_home, streams, tmp_path, name, value):
    places = ["--stream__buys", tmp_path, "--processed_minutes", tmp_path / "minutes", "--until", "read"]
    places += ["--state", tmp_path / "state", "--quarantine", tmp_path / "quarantine"]
    given = {"smallest_buy": "3", "shop": '"a"', name: value}
    params = [text for param, value in given.items() for text in (f"--param__{param}", value)]
    with pytest.raises(SystemExit, match=f"the param `{name}` is no "):
        spark_home.run_job(streams / "glue/minutes.py", [*places, *params])
    assert not (tmp_path / "minutes").exists()
