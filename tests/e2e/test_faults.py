"""Jobs that die behind any one of their writes: what comes next makes up for it, loses nothing and doubles nothing.

A write is what others may see, or what a later run goes by: a table's change, a file's move or removal, a text of the state.
"""

import itertools
import json
import shutil
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.paths import ROOT
from support.pipec import pipec

WRITES = {"Folder": ["delete", "move", "write_text"], "Table": ["append", "delete", "exchange", "merge", "overwrite"]}
START = datetime(2026, 3, 1, 10, tzinfo=UTC)


class Died(BaseException):
    """What nothing catches."""


@pytest.fixture(scope="module")
def jobs(tmp_path_factory) -> Path:
    project = tmp_path_factory.mktemp("faults")
    shutil.copy(ROOT / "tests" / "e2e" / "engines" / "faults" / "faults.pipe", project)
    # No test has this title: the jobs are written, and nothing else is done.
    pipec("test", project, "--engine", "spark", "--filter", "no test at all")
    return project / ".pipec" / "test" / "glue"


class Lake:
    """What a job reads and writes, in a folder."""

    def __init__(self, home, job: Path, root: Path):
        self.home, self.job, self.root = home, job, root

    def arrive(self, number: int):
        """A file of rows: some have come before and are another now, and one is none."""
        at = START + timedelta(minutes=number)
        numbers = [number % 5, 100 * number, 100 * number + 1, 100 * number + 2]
        rows = [
            {"id": one, "at": at.isoformat(), "kind": "abc"[place % 3], "amount": 10 * number + place}
            for place, one in enumerate(numbers)
        ]
        rows.append({"id": number, "at": at.isoformat(), "kind": "a", "amount": -number})
        folder = self.root / "raw_rows" / f"arrived_on={at:%Y-%m-%d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{at:%H%M%S}000000-rows.json").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def run(self, number: int, dies_behind: int = 0) -> bool:
        """Runs the job; whether it came to its end."""
        with self.home.own_settings(), self.home.module(self.job) as module:
            found = {one.argument: one for one in vars(module).values() if hasattr(one, "target_file_bytes")}
            places = [text for name in found for text in (f"--{name}", str(self.root / name))]
            places += ["--state", str(self.root / "state"), "--quarantine", str(self.root / "quarantine")]
            at = START + timedelta(minutes=number, seconds=30)
            with dying(sys.modules["pipec_lake"], dies_behind):
                try:
                    module.main([str(self.job), *places, "--run_at", at.isoformat()])
                except Died:
                    return False
        return True

    def rows(self) -> dict[str, Counter]:
        """All that is to be seen: of each dataset, and what was turned away."""
        with self.home.own_settings(), self.home.module(self.job) as module:
            lake = sys.modules["pipec_lake"]
            found = {one.argument: one for one in vars(module).values() if hasattr(one, "target_file_bytes")}
            targets = {name: one for name, one in found.items() if name != "raw_rows"}
            seen = {
                name: Counter(lake.load(self.home.session, one, str(self.root / name)).toJSON().collect())
                for name, one in targets.items()
            }
        files = (self.root / "quarantine").rglob("part-*")
        seen["quarantine"] = Counter(line for file in files if "_staging" not in file.parts for line in file.read_text().splitlines())
        return seen


@contextmanager
def dying(lake, behind: int):
    """Dies behind the write of this number."""
    count, kept = itertools.count(1), {}
    for kind, name in ((kind, name) for kind, names in WRITES.items() for name in names):
        real = kept[kind, name] = getattr(getattr(lake, kind), name)

        def write(*arguments, real=real):
            real(*arguments)
            if next(count) == behind:
                raise Died

        setattr(getattr(lake, kind), name, write)
    try:
        yield
    finally:
        for (kind, name), real in kept.items():
            setattr(getattr(lake, kind), name, real)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["split", "newest", "states"])
def test_a_job_that_dies_behind_any_write_is_made_up_for(spark_home, jobs, tmp_path, name):
    mine, whole = (Lake(spark_home, jobs / f"{name}.py", tmp_path / place) for place in ("mine", "whole"))
    number = 0
    for write in itertools.count(1):
        number += 1
        mine.arrive(number)
        if mine.run(number, write):
            break
        # At times more has come by the time of the next run, which may be left to the one behind it.
        if write % 3 == 0:
            number += 1
            mine.arrive(number)
            assert mine.run(number)
        assert mine.run(number)
    assert write > 4, "the job writes more than that"
    print(f"{name}: died behind each of {write - 1} writes")
    # A row that was lost has a number that comes once, and one that came twice is seen twice.
    for each in range(1, number + 1):
        whole.arrive(each)
    assert whole.run(number)
    assert mine.rows() == whole.rows()
