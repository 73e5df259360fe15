#!/usr/bin/env python3
"""Write three days of a shop's payments, the changes of its shipping database, and visitors' clicks.

    generate.py [--seed 1] [-o FOLDER]

The same seed gives the same bytes on every machine. All lines stand in the order of arrival. Of the payments one in
thirty is published twice, some are broken and some late. `shipments.jsonl` holds the records that AWS Database Migration
Service puts into a stream, with what it says of itself in between.
"""

import argparse
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)
BROKEN = [
    "payment=1;state=captured",
    '{"payment_id":"00000000-0000-4000-8000-000000000001","customer":"c-1","at":"2026-03-01T10:00:00Z","amount":"12,50","state":"captured"}',
    '{"payment_id":"00000000-0000-4000-8000-000000000002","customer":"c-1","at":"2026-03-01T10:00:00Z","amount":12.50,"state":"lost"}',
    '{"payment_id":"00000000-0000-4000-8000-000000000003","at":"2026-03-01T10:00:00Z","amount":12.50,"state":"captured"}',
    '{"payment_id":"00000000-0000-4000-8000-000000000004","customer":"c-1","at":"2026-03-01 10:00","amount":12.50,"state":"captured"}',
]


def uuid(rng):
    bits = f"{rng.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def line(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def write(path, lines):
    lines.sort(key=lambda one: one[0])
    path.write_text("".join(one + "\n" for _, one in lines), encoding="utf-8")


def payments(rng):
    lines, captured = [], []
    for _ in range(260):
        at = START + timedelta(seconds=rng.randrange(3 * 86_400), milliseconds=rng.randrange(1000))
        state = rng.choices(["authorised", "captured", "refunded"], [2, 6, 1])[0]
        payment = {
            "payment_id": uuid(rng),
            "customer": f"c-{rng.randrange(60)}",
            "at": text(at),
            "amount": f"{rng.randrange(100, 250_000) / 100:.2f}",
            "state": state,
        }
        delay = timedelta(milliseconds=rng.randrange(50, 4_000))
        if rng.random() < 0.02:
            delay = timedelta(minutes=rng.randrange(5, 60))
        if rng.random() < 0.01:
            delay = timedelta(hours=rng.randrange(26, 40))
        arrived = at + delay
        if state == "captured":
            captured.append((at, payment["payment_id"]))
        lines.append((arrived, line({**payment, "_arrived": text(arrived)})))
        if rng.random() < 0.035:
            again = arrived + timedelta(seconds=rng.randrange(1, 1_800))
            lines.append((again, line({**payment, "_arrived": text(again)})))
    lines += [(START + timedelta(hours=9 + 11 * number), one) for number, one in enumerate(BROKEN)]
    return lines, captured


def shipments(rng, captured):
    lines = []

    def record(operation, at, data):
        metadata = {"timestamp": text(at), "record-type": "data", "operation": operation, "schema-name": "ship", "table-name": "shipments"}
        lines.append((at, line({"data": data, "metadata": metadata})))

    def control(operation, at):
        metadata = {"timestamp": text(at), "record-type": "control", "operation": operation, "schema-name": "ship", "table-name": "shipments"}
        lines.append((at, line({"data": {}, "metadata": metadata})))

    control("create-table", START)
    for number, (at, payment) in enumerate(captured, 1):
        if rng.random() < 0.15:
            continue
        shipped = at + timedelta(minutes=rng.randrange(60, 2_400))
        data = {"shipment_id": number, "payment_id": payment, "shipped_at": text(shipped), "carrier": rng.choice(["post", "Läufer", "van"])}
        record("insert", shipped + timedelta(seconds=2), data)
        if rng.random() < 0.1:
            # A second parcel of the same payment.
            later = shipped + timedelta(minutes=rng.randrange(10, 900))
            record("insert", later, {**data, "shipment_id": 1_000 + number, "shipped_at": text(later)})
        if rng.random() < 0.1:
            record("update", shipped + timedelta(minutes=30), {**data, "carrier": "bicycle"})
    control("add-column", START + timedelta(days=1))
    lines.append((START + timedelta(days=1, seconds=1), '{"data":{"shipment_id":"many"},"metadata":{"timestamp":"2026-03-02T00:00:01.000Z","record-type":"data","operation":"insert"}}'))
    return lines


def clicks(rng):
    lines = []
    for visitor in range(40):
        at = START + timedelta(seconds=rng.randrange(2 * 86_400))
        for _ in range(rng.randrange(1, 14)):
            at += timedelta(seconds=rng.choice([20, 45, 120, 600, 1_799, 1_800, 5_000]))
            page = rng.choice(["/", "/cart", "/p/1", "/p/2", "/søk", "/pay"])
            one = line({"visitor": f"v-{visitor}", "at": int(at.timestamp() * 1000), "page": page})
            lines.append((at, one))
            if rng.random() < 0.03:
                lines.append((at, one))
    lines.append((START + timedelta(hours=3), '{"visitor":"v-1","at":1.5,"page":"/"}'))
    lines.append((START + timedelta(hours=4), '{"visitor":null,"at":1772337600000,"page":"/"}'))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    arguments.output.mkdir(parents=True, exist_ok=True)
    lines, captured = payments(rng)
    write(arguments.output / "payments.jsonl", lines)
    write(arguments.output / "shipments.jsonl", shipments(rng, captured))
    write(arguments.output / "clicks.jsonl", clicks(rng))


if __name__ == "__main__":
    main()
