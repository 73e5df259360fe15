"""The sample clicks: made by their generator, byte for byte, and holding exactly what their manifest says."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.paths import EXAMPLES

HERE = Path(__file__).parent
SAMPLES = EXAMPLES / "clickstream" / "samples"


def generate(folder, *arguments) -> Path:
    out = folder / "clicks.jsonl"
    command = [sys.executable, SAMPLES / "generate.py", "-o", out, "--manifest", folder / "manifest.json", *arguments]
    subprocess.run(command, check=True)
    return out


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    generate(folder, "--events", "10000", "--seed", "1", "--arrivals", folder / "arrivals")
    return folder


def test_the_committed_samples_are_what_the_generator_makes(made):
    assert (made / "clicks.jsonl").read_bytes() == (SAMPLES / "clicks.jsonl").read_bytes()
    assert (made / "manifest.json").read_bytes() == (HERE / "clicks.manifest.json").read_bytes()


def test_another_seed_makes_other_clicks(made, tmp_path):
    other = generate(tmp_path, "--events", "10000", "--seed", "2")
    assert other.read_bytes() != (made / "clicks.jsonl").read_bytes()
    assert json.loads((tmp_path / "manifest.json").read_text())["broken"] == 30


def test_the_manifest_counts_what_is_in_the_file(made):
    told = json.loads((made / "manifest.json").read_text())
    lines = (made / "clicks.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    broken = {number for numbers in told["broken_lines"].values() for number in numbers}
    good = [line for number, line in enumerate(lines, 1) if number not in broken]
    assert (len(lines), len(broken), len(good)) == (10_000, told["broken"], told["good"]) == (10_000, 30, 9_970)
    seen = Counter(good)
    assert (len(seen), max(seen.values())) == (told["distinct"], 2)
    assert len(good) - len(seen) == told["duplicates"] == 100
    clicks = [json.loads(line) for line in good]
    assert Counter(click["kind"] for click in clicks) == told["good_by_kind"]
    assert sum("campaign" in json.loads(line) for line in seen) == told["extra_field"] == 50
    cents = sum(round(float(click.get("amount") or 0) * 100) for click in clicks)
    assert cents == sum(day["line_cents"] for day in told["days"].values())
    assert min(Counter(told["broken_by_kind"]).values()) >= 2


def test_lines_are_in_the_order_of_arrival_and_at_most_two_minutes_late(made):
    arrivals = [int(line) for line in (made / "arrivals").read_text().split()]
    assert arrivals == sorted(arrivals)
    late = []
    seen = set()
    for line, arrival in zip((made / "clicks.jsonl").read_text(encoding="utf-8").split("\n"), arrivals, strict=False):
        if line.startswith('{"click_id":"') and '"at":17' in line and line not in seen:
            try:
                late.append(arrival - json.loads(line)["at"])
            except ValueError:
                continue  # one of the broken ones
        seen.add(line)
    assert 0 <= min(late) and 2_000 < max(late) <= 120_000
