"""CPU seconds of the generated job beside the same job written by hand with PySpark, in one session.

Both read the same Parquet, replace all days of their own target, and must have written the same rows. They take turns,
so that what else the machine does falls on both alike. The ratio is what to quote. Both run with what the language
asks of Spark (ANSI mode among it); what the generated job asks beside that, to be faster, the other does not have.

    job.py PIPEC [--rows N] [--runs N]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "clickstream"
CACHE = Path(os.environ.get("PIPEC_CACHE") or ROOT / ".cache").resolve()
PYTHON = CACHE / "venv" / "bin" / "python"
DAYS = [date(2026, 1, day) for day in range(1, 9)]
# What the generated job may take of the other's CPU time.
MOST = 1.05


def generate(folder: Path, count: int) -> None:
    """Clicks as `processed.clicks` holds them: a day in a folder, one in twenty delivered twice."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = random.Random(1)
    size = count // len(DAYS)
    for number, day in enumerate(DAYS):
        ids = list(range(number * size, number * size + size))
        ids += chance.sample(ids, size // 20)
        # No two clicks are of one instant, so that one order has one answer.
        midnight = (day - date(1970, 1, 1)).days * 86_400_000_000
        instants = [midnight + place * (86_400_000_000 // len(ids)) for place in range(len(ids))]
        chance.shuffle(instants)
        amounts = pa.array([chance.randrange(10_000_000) for _ in ids]).cast(pa.decimal128(21, 0))
        columns = {
            "click_id": pa.array([f"00000000-0000-0000-0000-{n:012x}" for n in ids]),
            "at": pa.array(instants, pa.timestamp("us", "UTC")),
            "page": pa.array([f"/page/{chance.randrange(2000)}" for _ in ids]),
            "kind": pa.array(chance.choices(["view", "cart", "buy"], k=len(ids))),
            "amount": amounts.cast(pa.decimal128(12, 2)),
            "buyer": pa.array([f"{chance.randrange(50_000):064x}" for _ in ids]),
        }
        place = folder / f"day={day}"
        place.mkdir(parents=True)
        pq.write_table(pa.table(columns), place / "part-0.parquet")


def by_hand(spark, source: Path, target: Path) -> None:
    """What `daily_pages` says, as one would write it."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    # Spark's own, as in a session without the generated job.
    spark.conf.unset("spark.sql.optimizer.windowGroupLimitThreshold")
    clicks = spark.read.parquet(str(source))
    first = Window.partitionBy("click_id").orderBy("at")
    clicks = clicks.withColumn("rank", F.row_number().over(first)).filter("rank = 1")
    pages = clicks.groupBy("day", "page").agg(
        F.count("*").alias("clicks"),
        F.countDistinct("buyer").alias("buyers"),
        F.sum("amount").alias("revenue"),
    )
    pages = pages.repartition("day").sortWithinPartitions("day", "page")
    pages.write.mode("overwrite").partitionBy("day").parquet(str(target))


def cpu_of_java() -> float:
    """The CPU seconds that this process and the Java process below it have taken."""
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True)
    ticks = 0
    for process in [str(os.getpid()), *children.stdout.split()]:
        try:
            fields = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def compare(build: Path, folder: Path, runs: int) -> None:
    """Runs both in turn in one session and prints what they took."""
    from pyspark.sql import SparkSession

    sys.path.insert(0, str(build / "glue"))
    import daily_pages

    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.sql.shuffle.partitions", "2").config("spark.driver.memory", "2g")
    builder = builder.config("spark.sql.session.timeZone", "UTC")
    spark = builder.config("spark.sql.sources.partitionOverwriteMode", "dynamic").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    clicks, own, other = folder / "clicks", folder / "own", folder / "other"
    places = ["--processed_clicks", clicks, "--curated_daily_pages", own, "--quarantine", folder / "quarantine"]

    def generated(run: int) -> None:
        state = ["--state", folder / f"state-{run}", "--run_at", "2026-01-10T01:15:00Z"]
        with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            daily_pages.main(["daily_pages.py", *map(str, places + state)])

    took: dict[str, list[tuple[float, float]]] = {"generated": [], "by hand": []}
    for run in range(runs + 2):
        both = [("generated", lambda run=run: generated(run)), ("by hand", lambda: by_hand(spark, clicks, other))]
        for name, work in both if run % 2 else reversed(both):
            cpu, wall = cpu_of_java(), time.perf_counter()
            work()
            took[name].append((cpu_of_java() - cpu, time.perf_counter() - wall))
    written = [spark.read.parquet(str(place)).select("day", "page", "clicks", "buyers", "revenue") for place in (own, other)]
    count = written[0].count()
    assert count == written[1].count() > 0 and written[0].exceptAll(written[1]).isEmpty(), "they wrote other rows"
    cpu = {}
    for name, costs in took.items():
        warm = costs[2:]
        cpu[name] = statistics.median(cost[0] for cost in warm)
        wall = statistics.median(cost[1] for cost in warm)
        print(f"  {name:10} {cpu[name]:7.2f} s cpu {wall:7.2f} s wall")
    ratio = cpu["generated"] / cpu["by hand"]
    print(f"  {count} equal rows; {'within' if ratio <= MOST else 'NOT within'} {MOST}: {ratio:.3f} times")
    spark.stop()


def main() -> None:
    """Builds the job, makes its input, and starts the comparison in the Python that has PySpark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipec", help="the release binary")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--in", dest="folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.folder:
        folder = Path(arguments.folder)
        generate(folder / "clicks", arguments.rows)
        print(f"the job of daily_pages, {arguments.rows} clicks, median of {arguments.runs} after two warm-ups:")
        compare(folder / "build", folder, arguments.runs)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([arguments.pipec, "build", "-q", str(EXAMPLE), "-o", f"{folder}/build"], check=True)
        words = ["--rows", str(arguments.rows), "--runs", str(arguments.runs), "--in", folder]
        environment = {**os.environ, "TZ": "UTC", "JAVA_HOME": str((CACHE / "jdk").resolve()), "PYSPARK_PYTHON": str(PYTHON)}
        subprocess.run([PYTHON, __file__, arguments.pipec, *words], env=environment, check=True)


if __name__ == "__main__":
    main()
