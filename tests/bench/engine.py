"""The embedded engine beside duckdb and polars: data-pipeline's `clean_events` and `daily_revenue` over many events.

All three read the same file and write the same datasets, and their answers are compared. pipec runs as two processes,
as `run --only` does it: their times are added up, and the higher peak counts. Ratios within one run are what to quote;
single times depend on the machine.

    engine.py PIPEC [--events 1000000] [--runs 3]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parent))

from process import Cost, measure  # noqa: E402

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parents[1] / "examples" / "data-pipeline"
# Rows per CPU second against the others: at least as many as polars, and two thirds of duckdb's.
LEAST = {"polars": 1.0, "duckdb": 1 / 1.5}

# Three days of a shop with 2,000 buyers and 1,000 products; of 200 events one is delivered twice and one has a wrong country.
EVENTS = """copy (
  select md5(n::varchar)::uuid::varchar event_id, 'user-' || (draw(n, 1, 2000)) user_id,
    strftime(timestamp '2026-01-01' + to_milliseconds(n * 259_000_000 // {count}), '%Y-%m-%dT%H:%M:%S.%gZ') "at",
    ['view', 'view', 'cart', 'buy', 'buy'][1 + draw(n, 2, 5)] kind, 'p' || (draw(n, 3, 1050)) product,
    case when draw(n, 2, 5) < 3 then null else printf('%d.%02d', 1 + draw(n, 4, 400), draw(n, 5, 100)) end amount,
    ['USD', 'USD', 'EUR', 'GBP'][1 + draw(n, 6, 4)] currency,
    case when n % 200 = 77 then 'xxx' else ['DE', 'FR', 'US', 'GB'][1 + draw(n, 7, 4)] end country
  from (select case when n % 200 = 199 then n - 50 else n end n from range({count}) r(n))
) to '{file}' (format json)"""
PRODUCTS = """copy (
  select 'p' || n sku, 'Product ' || n "name", 'category-' || (n % 20) category, (n % 90 + 10)::decimal(10, 2) price
  from range(1000) r(n)
) to '{file}' (format csv, header)"""


def generate(scratch: Path, count: int) -> tuple[Path, Path]:
    """Writes the events, and samples of all sources beside them; gives the events' file and the products'."""
    samples = scratch / "samples"
    samples.mkdir()
    events, products = samples / "events.jsonl", samples / "products.csv"
    db = duckdb.connect()
    db.execute("set threads = 1")
    db.execute("create macro draw(n, salt, most) as (hash(n, salt) % most)::bigint")
    db.execute(EVENTS.format(count=count, file=events))
    db.execute(PRODUCTS.format(file=products))
    order = '{"order_id":1,"user_id":"a","placed":"2026-01-01T00:00:00Z","total":"1.00","status":"new"}\n'
    (samples / "orders.jsonl").write_text(order)
    return events, products


def landed(pipec: str, scratch: Path, products: Path) -> Path:
    """A run's folder in which the products have landed, from one event alone."""
    few, out = scratch / "few", scratch / "landed"
    few.mkdir()
    (few / "products.csv").write_bytes(products.read_bytes())
    (few / "orders.jsonl").write_bytes((products.parent / "orders.jsonl").read_bytes())
    with (products.parent / "events.jsonl").open("rb") as events:
        (few / "events.jsonl").write_bytes(events.readline())
    subprocess.run([pipec, "run", "-q", str(EXAMPLE), "--input", str(few), "-o", str(out)], check=True)
    return out


def ours(pipec: str, out: Path, samples: Path) -> list[Cost]:
    """What the two transforms took."""
    run = [pipec, "run", "-q", str(EXAMPLE), "--input", str(samples), "-o", str(out), "--only"]
    return [measure([*run, name]) for name in ("clean_events", "daily_revenue")]


def answer(files: str) -> tuple[object, ...]:
    """What is to be the same, however it was made: rows, and the sums of their measures."""
    sums = "count(*), sum(orders), sum(revenue)::decimal(38, 2), sum(buyers), min(category), max(category)"
    return duckdb.sql(f"select {sums} from read_parquet('{files}')").fetchall()[0]


def main() -> None:
    """Parses the command line, makes the events and prints all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipec", help="the release binary")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    pipec = str(Path(arguments.pipec).resolve())
    costs: dict[str, list[Cost]] = {"clean_events": [], "daily_revenue": [], "pipec": [], "duckdb": [], "polars": []}
    answers: dict[str, tuple[object, ...]] = {}
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        events, products = generate(scratch, arguments.events)
        out = landed(pipec, scratch, products)
        for number in range(arguments.runs):
            both = ours(pipec, out, events.parent)
            costs["clean_events"].append(both[0])
            costs["daily_revenue"].append(both[1])
            wall, cpu, peak = zip(*both, strict=True)
            costs["pipec"].append(Cost(sum(wall), sum(cpu), max(peak)))
            for other in ("duckdb", "polars"):
                folder = scratch / f"{other}{number}"
                folder.mkdir()
                script = HERE / "engine" / f"same_{other}.py"
                costs[other].append(measure([sys.executable, str(script), str(events), str(products), str(folder)]))
                answers[other] = answer(f"{folder}/daily_revenue.parquet")
        answers["pipec"] = answer(f"{out}/curated/daily_revenue/**/*.parquet")
    if len(set(answers.values())) != 1:
        sys.exit(f"the answers differ: {answers}")
    print(f"{arguments.events} events of data-pipeline, median of {arguments.runs}:")
    rates = {}
    for name, found in costs.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*found, strict=True))
        rates[name] = arguments.events / cpu
        print(f"  {name:13} {wall:7.2f} s wall {cpu:7.2f} s cpu {rates[name]:10.0f} rows per cpu second {peak:7.0f} MiB peak")
    for other, least in LEAST.items():
        ratio = rates["pipec"] / rates[other]
        print(f"  pipec to {other}, rows per cpu second: {ratio:.2f}, {'within' if ratio >= least else 'NOT within'} {least:.2f}")


if __name__ == "__main__":
    main()
