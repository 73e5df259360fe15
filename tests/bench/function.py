"""Records per CPU second through the generated function's handler, beside the same function written by hand with serde,
and in Python with orjson.

All take a batch's bytes and give the bytes of its rows, which must be equal; no network. The ratios are what to quote.

    function.py PIPEC
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from support.arrivals import arrivals  # noqa: E402

EXAMPLE = ROOT / "examples" / "clickstream"
BATCH = 500
# What the generated handler makes of the others' records per CPU second, at least.
OF_RUST, OF_PYTHON = 0.9, 5


def events(folder: Path) -> list[Path]:
    """The samples as Kinesis batches, a file each."""
    lines = (EXAMPLE / "samples" / "clicks.jsonl").read_bytes().splitlines()
    records = [
        {
            "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": str(n), "sequenceNumber": f"{n:056}",
                        "data": base64.b64encode(line).decode(), "approximateArrivalTimestamp": at},
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"shardId-000000000000:{n:056}",
            "eventName": "aws:kinesis:record", "invokeIdentityArn": "arn:aws:iam::123456789012:role/function",
            "awsRegion": "eu-west-1", "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks",
        }
        for n, (line, at) in enumerate(zip(lines, arrivals(lines), strict=True))
    ]
    paths = []
    for start in range(0, len(records), BATCH):
        path = folder / f"event{start:06}.json"
        path.write_text(json.dumps({"Records": records[start:start + BATCH]}))
        paths.append(path)
    return paths


def main() -> None:
    """Builds the function and the bench, and runs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pipec", help="the release binary")
    pipec = Path(parser.parse_args().pipec).resolve()
    cache = Path(os.environ.get("PIPEC_CACHE") or ROOT / ".cache").resolve()
    environment = {**os.environ, "CARGO_TARGET_DIR": str(cache / "functions")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([pipec, "build", "-q", str(EXAMPLE), "-o", str(folder / "build")], check=True)
        crate = folder / "bench"
        shutil.copytree(ROOT / "tests" / "bench" / "function", crate)
        manifest = (crate / "Cargo.toml.in").read_text().replace("BUILD", str(folder / "build"))
        (crate / "Cargo.toml").write_text(manifest)
        batches = [str(folder / "rows"), *map(str, events(folder))]
        run = ["cargo", "run", "--quiet", "--release", "--", *batches]
        said = subprocess.run(run, cwd=crate, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
        print(said, end="")
        python = [cache / "venv-bench" / "bin" / "python", crate / "by_hand.py", *batches]
        said = subprocess.run(python, check=True, stdout=subprocess.PIPE, text=True).stdout + said
        other, generated, by_hand = map(float, re.findall(r"^ *(?:generated|by hand)? *([0-9.]+)", said, re.MULTILINE)[:3])
        print(f"  python    {other:10.0f} records per cpu second, with orjson")
        print(f"  generated to python: {generated / other:.1f}")
        for ratio, least in [(generated / by_hand, OF_RUST), (generated / other, OF_PYTHON)]:
            print(f"  {'as fast as' if ratio >= least else 'NOT as fast as'} {least}: {ratio:.2f} times")


if __name__ == "__main__":
    main()
