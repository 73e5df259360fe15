#!/usr/bin/env python3
"""Write what a small fleet sends in two days, and the registry of its devices.

    generate.py [--seed 1] [-o FOLDER]

The same seed gives the same bytes on every machine. `telemetry.jsonl` stands in the order of arrival: one message in
forty is delivered again, some are broken, one car was in a tunnel for longer than a day. `devices/` has the registry as
Parquet, a file for each morning, the second one with a device more.
"""

import argparse
import json
import random
import struct
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)
MODELS = ["hauler", "hauler", "courier", "sprinter"]
DEVICES = [f"truck-{number:02}" for number in range(1, 13)]
CODES = ["P0217", "P0300", "P0171", "U0100"]
BROKEN = [
    '{"device":"truck-01","at":"2026-03-01T08:00:00Z","speed":-4.0,"lat":50.1,"lon":8.6,"codes":[]}',
    '{"device":"truck-01","at":"2026-03-01T08:05:00Z","speed":80.5,"lat":150.1,"lon":8.6,"codes":[]}',
    '{"device":"truck-02","at":"2026-03-01T09:00:00Z","speed":"fast","lat":50.1,"lon":8.6,"codes":[]}',
    '{"device":"truck-02","at":"2026-03-01T09:05:00Z","speed":80.5,"lat":50.1,"lon":8.6,"codes":"P0217"}',
    '{"device":"truck-02","at":"2026-03-01T09:06:00Z","speed":1e400,"lat":50.1,"lon":8.6,"codes":[]}',
    '\x00\x01fleet/truck-03',
]


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def write_telemetry(rng, path):
    lines = []
    for device in DEVICES + ["truck-99"]:
        lat, lon = 48 + 4 * rng.random(), 8 + 4 * rng.random()
        for number in range(36):
            at = START + timedelta(minutes=80 * number, seconds=rng.randrange(3600))
            lat, lon = lat + rng.uniform(-0.1, 0.1), lon + rng.uniform(-0.1, 0.1)
            faults = rng.sample(CODES, rng.choice([1, 2])) if rng.random() < 0.08 else []
            message = {"device": device, "at": text(at), "speed": round(rng.uniform(0, 95), 1)}
            if rng.random() < 0.9:
                message["fuel"] = round(rng.random(), 3)
            message |= {"lat": round(lat, 5), "lon": round(lon, 5), "codes": faults}
            arrived = at + timedelta(seconds=rng.randrange(1, 40))
            if device == "truck-07" and number < 6:
                arrived = at + timedelta(hours=30)
            line = json.dumps({**message, "_arrived": text(arrived)}, separators=(",", ":"))
            lines.append((arrived, line))
            if rng.random() < 0.025:
                lines.append((arrived + timedelta(seconds=90), line))
    lines += [(START + timedelta(hours=4 * number + 1), line) for number, line in enumerate(BROKEN)]
    lines.sort(key=lambda line: line[0])
    path.write_text("".join(line + "\n" for _, line in lines), encoding="utf-8")


class Compact:
    """Thrift's compact protocol, as far as Parquet's footer needs it."""

    def __init__(self):
        self.out = bytearray()
        self.last = [0]

    def varint(self, value):
        while value > 0x7F:
            self.out.append(value & 0x7F | 0x80)
            value >>= 7
        self.out.append(value)

    def field(self, number, kind):
        self.out.append((number - self.last[-1]) << 4 | kind)
        self.last[-1] = number

    def int(self, number, value, kind=5):
        self.field(number, kind)
        self.varint(value << 1)

    def text(self, number, value):
        self.field(number, 8)
        self.bytes(value)

    def bytes(self, value):
        self.varint(len(value.encode()))
        self.out += value.encode()

    def list(self, number, kind, count):
        self.field(number, 9)
        self.out.append(count << 4 | kind)

    def open(self, number=None):
        if number is not None:
            self.field(number, 12)
        self.last.append(0)

    def close(self):
        self.out.append(0)
        self.last.pop()


def parquet(columns, rows):
    """Required columns of texts and dates, one page each, as they are."""
    file = bytearray(b"PAR1")
    chunks = []
    for place, (name, kind) in enumerate(columns):
        values = bytearray()
        for row in rows:
            if kind == "text":
                encoded = row[place].encode()
                values += struct.pack("<I", len(encoded)) + encoded
            else:
                values += struct.pack("<i", (row[place] - date(1970, 1, 1)).days)
        page = Compact()
        page.int(1, 0)
        page.int(2, len(values))
        page.int(3, len(values))
        page.open(5)
        page.int(1, len(rows))
        page.int(2, 0)
        page.int(3, 3)
        page.int(4, 3)
        page.close()
        page.out.append(0)
        chunks.append((name, kind, len(file), len(page.out) + len(values)))
        file += page.out + values
    footer = Compact()
    footer.int(1, 1)
    footer.list(2, 12, len(columns) + 1)
    footer.open()
    footer.text(4, "schema")
    footer.int(5, len(columns))
    footer.close()
    for name, kind in columns:
        footer.open()
        footer.int(1, 6 if kind == "text" else 1)
        footer.int(3, 0)
        footer.text(4, name)
        footer.int(6, 0 if kind == "text" else 6)
        footer.close()
    footer.int(3, len(rows), 6)
    footer.list(4, 12, 1)
    footer.open()
    footer.list(1, 12, len(chunks))
    for name, kind, offset, size in chunks:
        footer.open()
        footer.int(2, offset, 6)
        footer.open(3)
        footer.int(1, 6 if kind == "text" else 1)
        footer.list(2, 5, 1)
        footer.varint(0)
        footer.list(3, 8, 1)
        footer.bytes(name)
        footer.int(4, 0)
        footer.int(5, len(rows), 6)
        footer.int(6, size, 6)
        footer.int(7, size, 6)
        footer.int(9, offset, 6)
        footer.close()
        footer.close()
    footer.int(2, sum(chunk[3] for chunk in chunks), 6)
    footer.int(3, len(rows), 6)
    footer.close()
    footer.text(6, "the fleet's registry")
    footer.out.append(0)
    return bytes(file + footer.out + struct.pack("<I", len(footer.out)) + b"PAR1")


def write_devices(rng, folder):
    folder.mkdir(parents=True, exist_ok=True)
    columns = [("device", "text"), ("model", "text"), ("owner", "text"), ("since", "date")]
    rows = [
        (device, rng.choice(MODELS), rng.choice(["Nordwind", "Ačiū UAB", "Müller & Co"]), date(2024, 1, 1) + timedelta(days=rng.randrange(700)))
        for device in DEVICES
    ]
    (folder / "2026-03-01.parquet").write_bytes(parquet(columns, rows[:-1]))
    (folder / "2026-03-02.parquet").write_bytes(parquet(columns, rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_telemetry(rng, arguments.output / "telemetry.jsonl")
    write_devices(rng, arguments.output / "devices")


if __name__ == "__main__":
    main()
