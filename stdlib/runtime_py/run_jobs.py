"""Runs generated jobs one after another in one Spark session, for the tests of a platform.

    python run_jobs.py JOBS RESULTS

JOBS is a list in JSON, of `{"job": FILE, "arguments": [TEXT …]}`; RESULTS gets a line of JSON
for each: `{"seconds": NUMBER, "error": TEXT or null}`. The exit status is 3 without PySpark.
"""

import importlib.util
import json
import os
import sys
import time

MISSING = 3
# What makes small jobs fast; nothing of it changes a row.
SETTINGS = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
}


def module_of(path: str):
    """A job's file as a module; the runtime that it imports lies beside it."""
    folder, name = os.path.split(os.path.abspath(path))
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(
        f"job_{name.removesuffix('.py')}", path
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(job: dict) -> str | None:
    """What went wrong, in a line, or nothing."""
    try:
        module_of(job["job"]).main([job["job"], *job["arguments"]])
    except Exception as error:  # noqa: BLE001 - the next job has its own chance
        text = str(error).strip() or type(error).__name__
        return text.splitlines()[0]
    return None


def main(argv: list[str]) -> int:
    """Runs them all; the exit status says only whether they could be run."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        return MISSING
    with open(argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    builder = SparkSession.builder.appName("pipec test")
    for setting, value in SETTINGS.items():
        builder = builder.config(setting, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    with open(argv[2], "w", encoding="utf-8") as results:
        for job in jobs:
            started = time.monotonic()
            error = run(job)
            result = {"seconds": time.monotonic() - started, "error": error}
            print(json.dumps(result), file=results, flush=True)
    spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
