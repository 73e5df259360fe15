"""How long `pipec watch` takes from a save to the written build, on a generated platform of 100 and of 1,000 transforms.

The time runs from the save to the line that says that it is built; the time in which more saves are waited for is taken off.

    watch.py PIPEC [--saves N] [--seed N]
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generate import write  # noqa: E402

SIZES = [100, 1000]
# How long more saves are waited for (`src/cli/watch/batch.rs`), ms.
BATCHED = 100
# What a save may take beside it at the largest size, ms.
WANTED = 100


def wait(lines, wanted: str) -> str:
    """The next line with this in it."""
    for line in lines:
        if wanted in line:
            return line
    raise SystemExit(f"pipec ended before it said `{wanted}`")


def measure(pipec: str, folder: Path, saves: int) -> float:
    """Saves a file again and again, each time with another number in it; the median, ms."""
    path = next(path for path in sorted(folder.glob("*.pipe")) if "\n  filter " in path.read_text())
    text = path.read_text()
    process = subprocess.Popen([pipec, "watch", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    started = time.perf_counter()
    wait(process.stderr, "built ")
    first = (time.perf_counter() - started) * 1000
    taken = []
    for save in range(saves):
        # Nothing that was seen of the last save is on its way any more.
        time.sleep(0.5)
        started = time.perf_counter()
        new = path.with_suffix(".new")
        new.write_text(text.replace("\n  filter ", f"\n  filter {save} != {save + 1} and ", 1))
        os.replace(new, path)
        wait(process.stderr, "built ")
        taken.append((time.perf_counter() - started) * 1000 - BATCHED)
    process.send_signal(signal.SIGINT)
    process.wait()
    print(f"  the first build {first:.0f} ms, a save {statistics.median(taken):.0f} ms median {max(taken):.0f} ms worst")
    return statistics.median(taken)


def main() -> None:
    """Parses the command line, writes the platforms and prints all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pipec", help="the release binary")
    parser.add_argument("--saves", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    pipec = str(Path(arguments.pipec).resolve())
    with tempfile.TemporaryDirectory() as name:
        for size in SIZES:
            folder = Path(name) / str(size)
            write(folder, size, arguments.seed)
            print(f"{size} transforms:")
            taken = measure(pipec, folder, arguments.saves)
    print(f"{'within' if taken <= WANTED else 'NOT within'} {WANTED} ms")


if __name__ == "__main__":
    main()
