"""How long `pipec check` takes on generated platforms of 10, 100 and 1,000 transforms, and where the time goes.

Whole processes; the growth from 100 to 1,000 is what to quote, single times depend on the machine.

    check.py PIPEC [--runs N] [--seed N]
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generate import write  # noqa: E402
from process import Cost, measure  # noqa: E402

SIZES = [10, 100, 1000]
# What a run at the largest size may take: CPU seconds, MiB, and times the size before it.
CPU, PEAK, GROWTH = 0.6, 300, 11


def phases(pipec: str, folder: Path, runs: int) -> dict[str, tuple[float, str]]:
    """The median milliseconds of each phase, and what else its line says."""
    found: dict[str, list[tuple[float, str]]] = {}
    for _ in range(runs):
        said = subprocess.run([pipec, "check", "-q", "--timings", str(folder)], capture_output=True, text=True, check=True)
        for name, time, rest in re.findall(r"^(\w+) +([\d.]+) ms(.*)$", said.stderr, re.MULTILINE):
            found.setdefault(name, []).append((float(time), rest.strip()))
    return {name: sorted(values)[len(values) // 2] for name, values in found.items()}


def main() -> None:
    """Parses the command line, writes the platforms and prints all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipec", help="the release binary")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    pipec = str(Path(arguments.pipec).resolve())
    medians = []
    with tempfile.TemporaryDirectory() as name:
        print(f"pipec check, whole processes, median of {arguments.runs} after one warm-up:")
        for size in SIZES:
            folder = Path(name) / str(size)
            lines = write(folder, size, arguments.seed)
            costs = [measure([pipec, "check", "-q", str(folder)]) for _ in range(arguments.runs + 1)][1:]
            cost = Cost(*(statistics.median(column) for column in zip(*costs, strict=True)))
            medians.append(cost)
            print(
                f"  {size:5} transforms {lines:7} lines {cost.wall:7.3f} s wall"
                f" {cost.cpu:7.3f} s cpu {cost.peak_mib:7.1f} MiB peak"
            )
        growth = medians[-1].cpu / medians[-2].cpu
        print(f"  growth of cpu from {SIZES[-2]} to {SIZES[-1]}: {growth:.1f} times")
        within = medians[-1].cpu <= CPU and medians[-1].peak_mib <= PEAK and growth <= GROWTH
        print(f"  {'within' if within else 'NOT within'} {CPU} s cpu, {PEAK} MiB, {GROWTH} times")
        print(f"phases at {SIZES[-1]} transforms:")
        for phase, (time, rest) in phases(pipec, Path(name) / str(SIZES[-1]), arguments.runs).items():
            print(f"  {phase:8} {time:9.2f} ms  {rest}".rstrip())


if __name__ == "__main__":
    main()
