#!/usr/bin/env python3
"""Write what senders say of their pictures, and the pictures: small PNGs and JPEGs, made without any package.

    generate.py [--seed 1] [-o FOLDER]

The same seed gives the same bytes on every machine. `uploads.jsonl` and `cameras.jsonl` stand in the order of arrival; the
field `content` is the path of the picture, beside the file. Some are sent twice, one is a text that is called a picture,
one is not there, one came two days late.
"""

import argparse
import json
import random
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 1, 7, tzinfo=UTC)


def uuid(rng):
    bits = f"{rng.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def png(rng, width, height):
    """A slope of one colour into another, 8 bits a channel; packed by nothing, so that every zlib gives the same bytes."""
    one, other = ([rng.randrange(256) for _ in range(3)] for _ in range(2))
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            share = (x + y) / (width + height)
            rows += bytes(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 0)) + chunk(b"IEND", b"")


def jpeg(rng, width, height):
    """One grey: its first block says how bright, all others that nothing changes."""
    difference = rng.randrange(64, 512)
    size = difference.bit_length()
    blocks = -(-width // 8) * -(-height // 8)
    # The first code of the table is the size of the difference, the second is no difference; `0` ends a block.
    bits = "00" + f"{difference:b}" + "0" + "010" * (blocks - 1)
    bits += "1" * (-len(bits) % 8)
    scan = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).replace(b"\xff", b"\xff\x00")

    def segment(kind, data):
        return bytes([0xFF, kind]) + struct.pack(">H", len(data) + 2) + data

    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
        + segment(0xDB, b"\x00" + b"\x01" * 64)
        + segment(0xC0, struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0))
        + segment(0xC4, bytes([0x00, 0, 2]) + bytes(14) + bytes([size, 0]))
        + segment(0xC4, bytes([0x10, 1]) + bytes(15) + bytes([0]))
        + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
        + scan
        + b"\xff\xd9"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    pictures = arguments.output / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    sent = {"uploads": [], "cameras": []}
    for number in range(18):
        source = "uploads" if number % 3 else "cameras"
        at = START + timedelta(minutes=rng.randrange(2 * 24 * 60))
        make, ending = rng.choice([(png, "png"), (jpeg, "jpg")])
        width, height = rng.choice([(48, 32), (32, 48), (40, 40)])
        name = f"{source}-{number:02}.{ending}"
        (pictures / name).write_bytes(make(rng, width, height))
        camera = rng.choice(["door", "yard", "tør"])
        record = {"image_id": uuid(rng), "taken_at": text(at), "camera": camera, "content": f"pictures/{name}"}
        arrived = at + timedelta(seconds=rng.randrange(1, 90))
        if number == 4:
            arrived = at + timedelta(days=2)
        line = json.dumps({**record, "_arrived": text(arrived)}, ensure_ascii=False)
        sent[source].append((arrived, line))
        if number in (5, 9):
            sent[source].append((arrived + timedelta(minutes=3), line))
    (pictures / "letter.png").write_text("Dear picture,\n", encoding="utf-8")
    (pictures / "cut.png").write_bytes(png(rng, 16, 16)[:20])
    wrong = {"letter": "pictures/letter.png", "lost": "pictures/lost.png", "cut": "pictures/cut.png"}
    for name, content in wrong.items():
        record = {"image_id": uuid(rng), "taken_at": text(START), "camera": name, "content": content}
        sent["uploads"].append((START, json.dumps(record)))
    sent["cameras"].append((START, '{"image_id":"door-1","taken_at":"2026-03-01T08:00:00Z","camera":"door","content":"pictures/cameras-00.png"}'))
    sent["cameras"].append((START, "\x89PNG"))
    for source, lines in sent.items():
        lines.sort(key=lambda line: line[0])
        (arguments.output / f"{source}.jsonl").write_text("".join(line + "\n" for _, line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
