"""Spark: `s3://` is moto, jobs run in the session without leaving a trace, and alone, where they can be killed."""

import datetime as dt
import textwrap
import time

import pytest
from support.spark import rows

JOB = '''
import sys
from pyspark.sql import SparkSession
import helper

def main(argv):
    arguments = dict(zip(argv[1::2], argv[2::2]))
    spark = SparkSession.builder.getOrCreate()
    spark.conf.set("spark.sql.ansi.enabled", "true")
    frame = spark.range(helper.COUNT).selectExpr("id", "timestamp'2026-01-01 00:00:00' + make_interval(0,0,0,0,0,0,id) at")
    frame.write.mode("overwrite").parquet(arguments["--OUT"])
    if "--THEN" in arguments:
        open(arguments["--THEN"], "w").close()
        while True:
            pass
    return helper.COUNT

if __name__ == "__main__":
    main(sys.argv)
'''


@pytest.fixture
def job(tmp_path):
    def make(count: int):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "job.py").write_text(textwrap.dedent(JOB))
        (folder / "helper.py").write_text(f"COUNT = {count}\n")
        return folder / "job.py"

    return make


def test_versions_and_defaults_are_those_of_glue(spark):
    assert spark.version == "3.5.4"
    assert spark._jvm.System.getProperty("java.version").startswith("17.")
    assert spark.conf.get("spark.sql.ansi.enabled") == "false"
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"


def test_a_job_runs_in_the_session_and_leaves_it_as_it_was(spark, spark_home, aws, job):
    bucket = aws.bucket("support-spark")
    assert spark_home.run_job(job(3), ["--OUT", f"s3://{bucket}/three"]) == 3
    assert spark_home.run_job(job(4), ["--OUT", f"s3://{bucket}/four"]) == 4, "each job has its own modules"
    assert spark.conf.get("spark.sql.ansi.enabled") == "false"
    assert rows(spark.read.parquet(f"s3://{bucket}/three")) == [
        {"id": n, "at": dt.datetime(2026, 1, 1, 0, 0, n)} for n in range(3)]
    assert any(key.endswith("_SUCCESS") for key in aws.keys(bucket, "four/"))


def test_a_job_runs_by_itself(spark_home, spark, aws, job):
    bucket = aws.bucket("support-spark")
    alone = spark_home.start_job(job(5), ["--OUT", f"s3://{bucket}/five"])
    assert alone.wait() == 0, alone.output()
    assert spark.read.parquet(f"s3://{bucket}/five").count() == 5


def test_a_job_can_be_killed_with_all_that_it_started(spark_home, aws, job, tmp_path):
    bucket, there = aws.bucket("support-spark"), tmp_path / "written"
    alone = spark_home.start_job(job(6), ["--OUT", f"s3://{bucket}/six", "--THEN", str(there)])
    end = time.monotonic() + 120
    while not there.exists():
        assert time.monotonic() < end and alone.process.poll() is None, alone.output()
        time.sleep(0.05)
    alone.kill()
    assert alone.process.returncode == -9


def test_rows_sorts_missing_values_first(spark):
    frame = spark.sql("select * from values (2, 'b'), (null, 'a'), (1, 'c') as t(n, s)")
    assert [row["n"] for row in rows(frame, "n")] == [None, 1, 2]
