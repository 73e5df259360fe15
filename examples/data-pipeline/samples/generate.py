#!/usr/bin/env python3
"""Write what three days in a web shop bring: page events, changes of the order table, and the partner's product lists.

    generate.py [--seed 1] [-o FOLDER]

The same seed gives the same bytes on every machine. `events.jsonl` stands in the order of arrival; one event in fifty is
delivered again within an hour, some are broken and some come days late. `orders/` is what AWS Database Migration
Service writes: the table as it was, then its changes, with `Op` in front. `products/` has a list for each morning.
"""

import argparse
import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)
PRODUCTS = [
    ("p-01", "Tea pot, 1 l", "kitchen", "24.50"),
    ("p-02", 'Poster "Nærøyfjord"', "prints", "18.00"),
    ("p-03", "Bowl; large", "kitchen", "31.25"),
    ("p-04", "Notebook", "paper", "6.40"),
    ("p-05", "Atlas", "books", "59.00"),
    ("p-06", "李白诗选", "books", "22.10"),
]
USERS = [f"u-{number:03}" for number in range(38)] + ["zoë", "o'neil"]
BROKEN = [
    '{"event_id": "e-1", "user_id": "u-001"',
    "[]",
    '{"event_id":"not-a-uuid","user_id":"u-001","at":"2026-03-01T10:00:00Z","kind":"view","product":"p-01","country":"DE"}',
    '{"event_id":"00000000-0000-4000-8000-00000000000a","user_id":"u-001","at":"yesterday","kind":"view","product":"p-01","country":"DE"}',
    '{"event_id":"00000000-0000-4000-8000-00000000000b","user_id":"u-001","at":"2026-03-01T10:00:00Z","kind":"stare","product":"p-01","country":"DE"}',
    '{"event_id":"00000000-0000-4000-8000-00000000000c","user_id":"u-001","at":"2026-03-01T10:00:00Z","kind":"view","product":"p-01","country":"Germany"}',
    '{"event_id":"00000000-0000-4000-8000-00000000000d","user_id":"u-001","at":"2026-03-01T10:00:00Z","kind":"buy","product":"p-01","amount":12.345,"country":"DE"}',
    '{"event_id":"00000000-0000-4000-8000-00000000000e","user_id":"u-001","at":"2026-03-01T10:00:00Z","kind":"buy","product":"p-01","amount":1000000.00,"country":"DE"}',
    '{"event_id":"00000000-0000-4000-8000-00000000000f","user_id":"u-001","at":"2026-03-01T10:00:00Z","kind":"buy","product":"p-01","amount":1.00,"currency":"CHF","country":"DE"}',
]


def uuid(rng):
    bits = f"{rng.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


def events(rng):
    """Lines with the instants of their arrival."""
    lines = []
    for _ in range(600):
        at = START + timedelta(seconds=rng.randrange(3 * 86_400), milliseconds=rng.randrange(1000))
        kind = rng.choices(["view", "cart", "buy"], [70, 18, 12])[0]
        event = {
            "event_id": uuid(rng),
            "user_id": rng.choice(USERS),
            "at": text(at) if rng.random() < 0.7 else int(at.timestamp() * 1000),
            "kind": kind,
            "product": rng.choice(PRODUCTS)[0] if rng.random() < 0.97 else "p-99",
            "country": rng.choices(["DE", "FR", "US", "GB"], [5, 3, 2, 1])[0],
        }
        if kind == "buy" or rng.random() < 0.1:
            event["amount"] = f"{rng.randrange(100, 20_000) / 100:.2f}"
        if event["country"] in ("DE", "FR"):
            event["currency"] = "EUR"
        elif event["country"] == "GB":
            event["currency"] = "GBP"
        if rng.random() < 0.01:
            event["campaign"] = "spring"
        arrived = at + timedelta(milliseconds=rng.randrange(200, 90_000))
        lines.append((arrived, event))
        if rng.random() < 0.02:
            lines.append((arrived + timedelta(seconds=rng.randrange(5, 3_000)), event))
    # A phone that was off for days.
    for _ in range(4):
        at = START + timedelta(seconds=rng.randrange(86_400 // 2))
        event = {"event_id": uuid(rng), "user_id": "u-007", "at": text(at), "kind": "view", "product": "p-04", "country": "DE"}
        lines.append((at + timedelta(days=2, minutes=rng.randrange(600)), event))
    for number, line in enumerate(BROKEN):
        lines.append((START + timedelta(hours=5 + 7 * number), line))
    lines.sort(key=lambda line: line[0])
    return lines


def write_events(rng, folder):
    with (folder / "events.jsonl").open("w", encoding="utf-8", newline="\n") as out:
        for arrived, event in events(rng):
            if isinstance(event, str):
                out.write(event + "\n")
            else:
                out.write(json.dumps({**event, "_arrived": text(arrived)}, ensure_ascii=False, separators=(",", ":")) + "\n")


def write_orders(rng, folder):
    """The full load, then a file of changes for each day."""
    columns = ["Op", "order_id", "user_id", "placed", "total", "status", "_arrived"]
    orders = {}
    days = [[], [], []]
    for number in range(1, 81):
        placed = START - timedelta(days=1) + timedelta(minutes=number * 45)
        orders[number] = [number, rng.choice(USERS), text(placed), f"{rng.randrange(500, 30_000) / 100:.2f}", "new"]
    load = [["I", *orders[number], text(START)] for number in range(1, 41)]
    for number in range(41, 81):
        day = min((number - 41) * 3 // 40, 2)
        days[day].append((1, ["I", *orders[number]]))
    for day in range(3):
        for number in rng.sample(range(1, 41 + 13 * day), 12):
            orders[number][4] = rng.choice(["paid", "sent"])
            days[day].append((2, ["U", *orders[number]]))
        for number in rng.sample(range(1, 20), 2):
            days[day].append((3, ["D", *orders[number]]))
    (folder / "orders").mkdir(parents=True, exist_ok=True)

    def write(name, rows):
        with (folder / "orders" / name).open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)

    write("LOAD00000001.csv", load)
    for day, changes in enumerate(days):
        changes.sort(key=lambda change: change[0])
        at = START + timedelta(days=day, hours=20)
        rows = [[*row, text(at + timedelta(seconds=place))] for place, (_, row) in enumerate(changes)]
        # What the database has in another type than the schema says, and a row that the writer cut off.
        rows.append(["U", "one", "u-001", text(at), "1.00", "paid", text(at)])
        if day == 1:
            rows.append(["I", 900, "u-002", text(at)])
        write(f"{at:%Y%m%d}-200000000.csv", rows)


def write_products(rng, folder):
    (folder / "products").mkdir(parents=True, exist_ok=True)
    for day in range(3):
        with (folder / "products" / f"2026-03-0{day + 1}.csv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(["sku", "name", "category", "price"])
            # The last list has one product less, and one in another category.
            for sku, name, category, price in PRODUCTS[: 6 if day < 2 else 5]:
                writer.writerow([sku, name, "stationery" if day == 2 and sku == "p-04" else category, price])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_events(rng, arguments.output)
    write_orders(rng, arguments.output)
    write_products(rng, arguments.output)


if __name__ == "__main__":
    main()
