"""Containers between the halves of a job: what the job gives, what gives it to the program, and what the job takes back.

AWS Batch is the tests' own: each part is run by itself, in no order.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from support import pipec
from support.paths import EXAMPLES, FUNCTIONS, ROOT

PROGRAM = EXAMPLES / "batch-lakehouse" / "containers" / "decode" / "decode.py"
BUCKET = "artifacts"


@pytest.fixture(scope="module")
def job(tmp_path_factory) -> Path:
    build = pipec.build(EXAMPLES / "batch-lakehouse", tmp_path_factory.mktemp("containers") / "build")
    return build / "glue" / "decode.py"


class Lake:
    """The folders of the job `decode`, one exchange a run."""

    def __init__(self, spark_home, job, root):
        self.spark_home, self.job, self.root = spark_home, job, root

    def arrive(self, name, rows):
        folder = self.root / "raw" / "arrived_on=2026-03-02"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    def half(self, stage, run):
        self.spark_home.run_job(self.job, [
            "--raw_readings", str(self.root / "raw"), "--curated_readings", str(self.root / "readings"),
            "--state", str(self.root / "state"), "--quarantine", str(self.root / "quarantine"),
            "--run_at", "2026-03-03T03:30:00Z", "--exchange", str(self.root / run), "--stage", stage])

    def parts(self, run):
        return sorted((self.root / run / "in").glob("part=*"))

    def contain(self, run, answer=None):
        """What AWS Batch does: the program once a part."""
        for part in reversed(self.parts(run)):
            given = b"".join(path.read_bytes() for path in sorted(part.glob("part-*")))
            done = subprocess.run([sys.executable, "-B", PROGRAM], input=given, capture_output=True, check=True)
            folder = self.root / run / "out" / part.name
            folder.mkdir(parents=True)
            (folder / "00000.json").write_bytes(done.stdout if answer is None else answer)

    def rows(self):
        folder = str(self.root / "readings")
        rows = self.spark_home.session.read.parquet(folder).orderBy("device").collect()
        return [(row["device"], row["value"], str(row["day"])) for row in rows]


def reading(device, value, metric="temperature", firmware="2.0"):
    return {"device": device, "at": "2026-03-01T10:00:00Z", "metric": metric, "value": value, "firmware": firmware}


def test_rows_go_through_the_program_once(spark_home, job, tmp_path):
    lake = Lake(spark_home, job, tmp_path)
    lake.arrive("a.json", [reading("a", 68.0, firmware="1.4"), reading("b", 68.5, firmware=None), reading("c", 0.0, "selftest")])
    lake.half("give", "first")
    assert 1 <= len(lake.parts("first")) <= 20
    lines = [json.loads(line) for part in lake.parts("first") for file in part.glob("part-*")
             for line in file.read_text().splitlines()]
    assert sorted(line["device"] for line in lines) == ["a", "b", "c"]
    (plain,) = [line for line in lines if line["device"] == "b"]
    assert plain["at"] == "2026-03-01T10:00:00Z" and "firmware" not in plain, "what is missing is left out"
    # What comes now is for the next run.
    lake.arrive("b.json", [reading("d", 1.0)])
    lake.contain("first")
    lake.half("take", "first")
    assert lake.rows() == [("a", 20.0, "2026-03-01"), ("b", 68.5, "2026-03-01")]
    assert [name for name in os.listdir(tmp_path / "first") if not name.startswith(".")] == []
    lake.half("give", "second")
    lake.contain("second")
    # One that was given the same rows, and comes too late.
    lake.half("give", "third")
    lake.contain("third")
    lake.half("take", "second")
    lake.half("take", "third")
    assert [device for device, *_ in lake.rows()] == ["a", "b", "d"]


def test_an_answer_that_is_no_row_fails_the_run(spark_home, job, tmp_path):
    lake = Lake(spark_home, job, tmp_path)
    lake.arrive("a.json", [reading("a", 1.0)])
    lake.half("give", "run")
    lake.contain("run", b'{"device": "a", "at": "2026-03-01T10:00:00Z", "metric": "m", "value": "much", "day": "2026-03-01"}\n')
    with pytest.raises(Exception, match="value is not float"):
        lake.half("take", "run")
    assert not (tmp_path / "readings").exists()


@pytest.mark.slow
def test_the_program_has_its_part_and_leaves_its_answers_when_it_ended_well(tmp_path):
    """The exchange's own program, as the image starts it, on a store beside it."""
    done = subprocess.run(
        ["cargo", "build", "--locked"], cwd=ROOT / "stdlib" / "exchange", check=False,
        env={**os.environ, "CARGO_TARGET_DIR": str(FUNCTIONS)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    binary = FUNCTIONS / "debug" / "exchange"
    server = ThreadedMotoServer(port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1",
                          aws_access_key_id="test", aws_secret_access_key="test")
        s3.create_bucket(Bucket=BUCKET)
        lines = [json.dumps(reading(f"d{n}", float(n))) + "\n" for n in range(5_000)]
        for part, mine in enumerate([lines[:3_000], lines[3_000:]]):
            for number, some in enumerate([mine[:1_000], mine[1_000:]]):
                s3.put_object(Bucket=BUCKET, Key=f"run/in/part={part}/part-{number}.txt", Body="".join(some))
        # An attempt before left what this one does not answer.
        s3.put_object(Bucket=BUCKET, Key="run/out/part=1/00007.json", Body="old\n")

        def run(part, *words):
            return subprocess.run([binary], capture_output=True, text=True, check=False, env={
                "PATH": os.environ["PATH"], "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": url, **keys,
                "TMPDIR": str(tmp_path), "EXCHANGE": f"s3://{BUCKET}/run/", "AWS_BATCH_JOB_ARRAY_INDEX": part,
                "PROGRAM": json.dumps([*words, ""])})

        def answers(part):
            found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"run/out/part={part}/").get("Contents", [])
            return [s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read().decode() for one in found]

        failed = run("0", sys.executable, "-c", "print('half'); raise SystemExit(3)")
        assert failed.returncode == 1 and "ended with exit status: 3" in failed.stderr and answers(0) == []
        for part, count in [("0", 3_000), ("1", 2_000)]:
            good = run(part, sys.executable, "-B", str(PROGRAM))
            assert good.returncode == 0, good.stderr
            (text,) = answers(part)
            assert len(text.splitlines()) == count and "old" not in text
        early = run("0", sys.executable, "-c", "import sys; print(sys.stdin.readline().strip())")
        assert early.returncode == 0, "a program that has read enough may close its input"
        assert len(answers(0)[0].splitlines()) == 1
        assert run("2", "false").returncode == 0, "without rows nothing is started"
        assert run("x", "true").returncode == 1
    finally:
        server.stop()
