"""Whole-process figures of `pipec`: checking, building, and a million events beside duckdb doing the same.

Ratios within one run are what to quote; single times depend on the machine.

    whole.py PIPEC [--events N]
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

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "clickstream"


def small(pipec: str, scratch: Path) -> None:
    """`check` and `build` on clickstream; a build starts from nothing each time."""
    runs = {"check": [], "build": []}
    for number in range(21):
        runs["check"].append(measure([pipec, "check", "-q", str(EXAMPLE)]))
        runs["build"].append(measure([pipec, "build", "-q", str(EXAMPLE), "-o", str(scratch / f"build{number}")]))
    print("whole processes, median of 20 after one warm-up:")
    for name, costs in runs.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*costs[1:], strict=True))
        print(f"  pipec {name:6} {wall * 1000:7.1f} ms wall {cpu * 1000:7.1f} ms cpu {peak:7.1f} MiB peak")


DUCKDB = r"""
import sys, duckdb
source, out = sys.argv[1:]
db = duckdb.connect()
db.execute("set threads = 2")
db.execute("set preserve_insertion_order = false")
db.execute(f'''create table decoded as
  select line, try_cast(line ->> '$.click_id' as uuid) click_id, line ->> '$.user_id' user_id,
    case when (line ->> '$.at') similar to '[0-9]+' then make_timestamp(try_cast(line ->> '$.at' as bigint) * 1000)
         else try_cast(line ->> '$.at' as timestamptz) at time zone 'UTC' end happened,
    line ->> '$.page' page, line ->> '$.kind' kind,
    try_cast(line ->> '$.amount' as decimal(12, 2)) amount, line ->> '$.amount' amount_text
  from (select case when json_valid(line) then line end line from
    read_csv('{source}', columns = {{'line': 'VARCHAR'}}, delim = '\x01', header = false, quote = '', escape = ''))''')
db.execute('''create view judged as select *, case
    when line is null then 'not JSON' when click_id is null then 'click_id' when user_id is null then 'user_id'
    when happened is null then 'at' when page is null then 'page' when kind is null then 'kind'
    when amount is null and amount_text is not null then 'amount' when length(page) > 2048 then 'page too long'
    when kind not in ('view', 'cart', 'buy') then 'unknown kind'
    when kind = 'buy' and amount is null then 'no amount' when kind = 'buy' and amount >= 100000 then 'sane_amount'
    end reason from decoded''')
db.execute('''create table clean as select click_id::varchar click_id, happened, page, kind,
    case when kind = 'buy' then amount else 0 end amount,
    sha256('key' || sha256('key' || user_id)) buyer, cast(happened as date) "day" from judged where reason is null''')
db.execute(f"copy (select reason, line from judged where reason is not null) to '{out}/quarantine.json'")
db.execute(f"copy clean to '{out}/clicks' (format parquet, partition_by (\"day\"))")
db.execute(f'''copy (select "day", page, count(*) clicks, count(distinct buyer) buyers, sum(amount) revenue
  from (select * from read_parquet('{out}/clicks/**/*.parquet', hive_partitioning = true)
        qualify row_number() over (partition by click_id order by happened) = 1) group by all)
  to '{out}/daily_pages' (format parquet, partition_by ("day"))''')
"""


def large(pipec: str, scratch: Path, events: int) -> None:
    """The whole platform over many events: `pipec run`, and duckdb doing the same."""
    samples = scratch / "samples"
    samples.mkdir()
    generator = [sys.executable, str(EXAMPLE / "samples" / "generate.py"), "--events", str(events), "--seed", "1"]
    subprocess.run([*generator, "-o", str(samples / "clicks.jsonl")], check=True)
    script = scratch / "same.py"
    script.write_text(DUCKDB)
    costs: dict[str, list[Cost]] = {"pipec run": [], "duckdb": []}
    for number in range(4):
        out = scratch / f"out{number}"
        costs["pipec run"].append(
            measure([pipec, "run", "-q", str(EXAMPLE), "--input", str(samples), "-o", str(out / "pipec")])
        )
        (out / "duckdb").mkdir(parents=True)
        costs["duckdb"].append(measure([sys.executable, str(script), str(samples / "clicks.jsonl"), str(out / "duckdb")]))
    print(f"{events} events through the whole platform, median of 3 after one warm-up:")
    rates = {}
    for name, found in costs.items():
        wall, cpu, peak = (statistics.median(column) for column in zip(*found[1:], strict=True))
        rates[name] = events / cpu
        print(f"  {name:10} {wall:6.2f} s wall {cpu:6.2f} s cpu {events / cpu:10.0f} rows per cpu second {peak:7.0f} MiB peak")
    for name, pattern in (("pipec", "pipec/curated/daily_pages"), ("duckdb", "duckdb/daily_pages")):
        files = f"{scratch}/out3/{pattern}/**/*.parquet"
        rows = duckdb.sql(f"select count(*), sum(clicks), sum(revenue) from read_parquet('{files}')").fetchall()[0]
        print(f"  {name:10} made {rows[0]} rows of {rows[1]} clicks and {rows[2]} dollars")
    print(f"  rows per cpu second, pipec to duckdb: {rates['pipec run'] / rates['duckdb']:.2f}")


def main() -> None:
    """Parses the command line and prints all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipec", help="the release binary")
    parser.add_argument("--events", type=int, default=1_000_000)
    arguments = parser.parse_args()
    pipec = str(Path(arguments.pipec).resolve())
    with tempfile.TemporaryDirectory() as folder:
        small(pipec, Path(folder))
        large(pipec, Path(folder), arguments.events)


if __name__ == "__main__":
    main()
