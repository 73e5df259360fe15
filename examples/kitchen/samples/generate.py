#!/usr/bin/env python3
"""Write three evenings of a small chain of restaurants: tickets, fridges, deliveries, shifts, the card and its recipes.

    generate.py [--seed 1] [-o FOLDER]

The same seed gives the same bytes on every machine. `tickets.jsonl` and `probes.jsonl` stand in the order of arrival: some
lines come twice, some late, some are broken. `prices/` has the whole card for each day, `recipes.avro` is Avro,
`shifts/` is what AWS Database Migration Service loads, `deliveries/` are the desk's own files.
"""

import argparse
import base64
import csv
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 6, 16, tzinfo=UTC)
PLACES = ["Mitte", "Hafen"]
DISHES = {
    "soup": ("grill", "8.50"),
    "steak": ("grill", "27.00"),
    "ravioli": ("pasta", "14.90"),
    "oysters": ("cold", "21.00"),
    "crème brûlée": ("pastry", "7.50"),
    "water": ("cold", "3.00"),
    "bread": ("pastry", "2.50"),
}
RECIPES = {
    "soup": (35, [("carrots", 180), ("stock", 250)]),
    "steak": (18, [("beef", 220), ("butter", 20)]),
    "ravioli": (12, [("flour", 90), ("ricotta", 70), ("butter", 15)]),
    "oysters": (4, [("oysters", 300)]),
    "crème brûlée": (40, [("cream", 120), ("eggs", 50)]),
}
BROKEN_TICKETS = [
    '{"ticket_id":"t-1","place":"Mitte","opened":"2026-03-06T18:00:00Z","waiter":"Ana","lines":[],"paid":{"cash":5.00}}',
    '{"ticket_id":"00000000-0000-4000-8000-000000000001","place":"Mitte","opened":"2026-03-06T18:00:00Z","waiter":"Ana","guests":0,"lines":[],"paid":{"cash":5.00}}',
    '{"ticket_id":"00000000-0000-4000-8000-000000000002","place":"Mitte","opened":"2026-03-06T18:00:00Z","waiter":"Ana","lines":[{"dish":"soup","station":"bar","quantity":1,"price":8.50,"wishes":[]}],"paid":{"cash":8.50}}',
    '{"ticket_id":"00000000-0000-4000-8000-000000000003","place":"Mitte","opened":"2026-03-06T18:00:00Z","waiter":"Ana","lines":[{"dish":"soup","station":"grill","quantity":1,"price":8.50}],"paid":{"cash":8.50}}',
    '{"ticket_id":"00000000-0000-4000-8000-000000000004","place":"Mitte"',
]


def uuid(rng):
    bits = f"{rng.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def line(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def write_lines(path, lines):
    lines.sort(key=lambda one: one[0])
    path.write_text("".join(one + "\n" for _, one in lines), encoding="utf-8")


def ticket(rng, at, place):
    lines = []
    for dish in rng.sample(sorted(DISHES), rng.randrange(1, 5)):
        station, price = DISHES[dish]
        wishes = rng.sample(["no salt", "now, please", "extra bread"], rng.choice([0, 0, 0, 1, 2]))
        name = dish if rng.random() < 0.97 else "stake"
        lines.append({"dish": name, "station": station, "quantity": rng.randrange(1, 4), "price": price, "wishes": wishes})
    cents = sum(round(float(one["price"]) * 100) * one["quantity"] for one in lines)
    guests = rng.randrange(1, 7)
    record = {
        "ticket_id": uuid(rng),
        "place": place,
        "opened": text(at),
        "waiter": rng.choice(["Ana", "Łukasz", "Sören"]),
        "guests": guests,
        "lines": lines,
        "paid": {rng.choice(["card", "cash"]): f"{cents / 100:.2f}"},
    }
    if rng.random() < 0.8:
        record["closed"] = text(at + timedelta(minutes=rng.randrange(20, 150)))
    if rng.random() < 0.6:
        record["guest"] = f"guest-{rng.randrange(25)}"
    if rng.random() < 0.4:
        record["tip"] = f"{rng.randrange(50, 900) / 100:.2f}"
    if rng.random() < 0.3:
        record["till"] = {"terminal": {"id": rng.randrange(1, 4), "version": 1.10}}
    if rng.random() < 0.1:
        record["signature"] = base64.b64encode(rng.randbytes(9)).decode()
    kind = rng.random()
    if kind < 0.02:
        record["paid"] = {}
    elif kind < 0.04:
        record["note"] = "a\u0007bell"
    elif kind < 0.06:
        record["lines"], record["paid"] = [], {"cash": "3.00"}
    return record


def write_tickets(rng, path):
    lines = []
    for _ in range(170):
        at = START + timedelta(days=rng.randrange(3), minutes=rng.randrange(6 * 60), seconds=rng.randrange(60))
        arrived = at + timedelta(seconds=rng.randrange(1, 60))
        if rng.random() < 0.03:
            arrived = at + timedelta(hours=rng.randrange(7, 12))
        one = line({**ticket(rng, at, rng.choice(PLACES)), "_arrived": text(arrived)})
        lines.append((arrived, one))
        if rng.random() < 0.03:
            lines.append((arrived + timedelta(minutes=rng.randrange(1, 9)), one))
    lines += [(START + timedelta(hours=5 * number + 1), one) for number, one in enumerate(BROKEN_TICKETS)]
    write_lines(path, lines)


def write_probes(rng, path):
    lines = []
    for place in PLACES:
        for number in (1, 2):
            celsius = 5.0
            for step in range(3 * 6 * 12):
                day, minute = divmod(step, 72)
                at = START + timedelta(days=day, minutes=5 * minute, seconds=rng.randrange(200))
                celsius += rng.uniform(-0.6, 0.6) + (5 - celsius) * 0.1
                door = rng.random() < 0.1
                value = round(celsius + (4.5 if door and rng.random() < 0.4 else 0), 2)
                reading = {"probe": f"{place[0]}{number}", "at": text(at), "place": place, "celsius": value}
                if door:
                    reading["door"] = True
                arrived = at + timedelta(seconds=rng.randrange(1, 50))
                if rng.random() < 0.01:
                    arrived = at + timedelta(minutes=rng.randrange(8, 40))
                lines.append((arrived, line({**reading, "_arrived": text(arrived)})))
    broken = ['{"probe":"M1","at":"2026-03-06T17:00:00Z","place":"Mitte","celsius":-127.0}', '{"probe":"M1","at":"2026-03-06T17:05:00Z","place":"Mitte"}', "ERR"]
    lines += [(START + timedelta(hours=2), one) for one in broken]
    write_lines(path, lines)


def write_csv(path, header, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_prices(folder):
    for day in range(3):
        rows = []
        for place in PLACES:
            for dish, (_, price) in DISHES.items():
                if day == 2 and dish == "oysters" and place == "Mitte":
                    price = "23.00"
                rows.append([dish, place, price, "spring card"])
        if day == 2:
            rows.append(["steak", "Hafen", "market price", "spring card"])
        write_csv(folder / f"2026-03-0{6 + day}.csv", ["dish", "place", "price", "card"], rows)


def write_shifts(rng, folder):
    rows = []
    for day in range(3):
        for place in PLACES:
            for station in ("grill", "pasta", "cold", "pastry"):
                for person in range(rng.randrange(3, 7)):
                    start = START + timedelta(days=day, hours=-2 + person % 3)
                    length = rng.choice([4, 6, 8]) * 3_600_000_000
                    name = f"{station}-{place}-{person}"
                    rows.append([len(rows) + 1, name, place, station, text(start), length, f"{rng.randrange(6000, 16000) / 100:.2f}"])
    rows.append([len(rows) + 1, "temp", "Hafen", "bar", text(START), 1, "50.00"])
    write_csv(folder / "LOAD00000001.csv", ["shift_id", "person", "place", "station", "start", "length", "pay"], rows)


def write_deliveries(rng, folder):
    folder.mkdir(parents=True, exist_ok=True)
    items = ["carrots", "beef", "butter", "flour", "ricotta", "oysters", "cream", "napkins"]
    number = 0
    for day in range(3):
        lines = []
        for place in PLACES:
            for item in rng.sample(items, 5):
                number += 1
                at = START + timedelta(days=day, hours=-8, minutes=rng.randrange(120))
                delivery = {"delivery_id": f"l-{number}", "supplier": rng.choice(["Großmarkt", "Kai 7"]), "arrived": text(at), "place": place, "item": item}
                delivery |= {"kilos": f"{rng.randrange(500, 20_000) / 1000:.3f}", "cost": f"{rng.randrange(300, 9_000) / 100:.2f}"}
                if rng.random() < 0.3:
                    delivery["late"] = rng.random() < 0.5
                lines.append(line(delivery))
        if day == 1:
            lines.append('{"delivery_id":"l-x","supplier":"Kai 7","arrived":"2026-03-07T08:00:00Z","place":"Hafen","item":"ice","kilos":"a lot","cost":1.00}')
        (folder / f"2026-03-0{6 + day}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def zigzag(value):
    value = value << 1 if value >= 0 else (-value << 1) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def avro_text(value):
    return zigzag(len(value.encode())) + value.encode()


def write_recipes(path):
    """An Avro object container: a schema, one block, nothing packed."""
    part = {"type": "record", "name": "Part", "fields": [{"name": "item", "type": "string"}, {"name": "grams", "type": "long"}]}
    fields = [
        {"name": "dish", "type": "string"},
        {"name": "station", "type": "string"},
        {"name": "minutes", "type": "long"},
        {"name": "parts", "type": {"type": "array", "items": part}},
    ]
    schema = json.dumps({"type": "record", "name": "Recipe", "fields": fields})
    sync = bytes(range(16))
    rows = bytearray()
    for dish, (minutes, parts) in RECIPES.items():
        rows += avro_text(dish) + avro_text(DISHES[dish][0]) + zigzag(minutes) + zigzag(len(parts))
        for item, grams in parts:
            rows += avro_text(item) + zigzag(grams)
        rows += zigzag(0)
    header = b"Obj\x01" + zigzag(2) + avro_text("avro.schema") + avro_text(schema) + avro_text("avro.codec") + avro_text("null") + zigzag(0)
    path.write_bytes(header + sync + zigzag(len(RECIPES)) + zigzag(len(rows)) + bytes(rows) + sync)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    folder = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    write_tickets(rng, folder / "tickets.jsonl")
    write_probes(rng, folder / "probes.jsonl")
    write_prices(folder / "prices")
    write_recipes(folder / "recipes.avro")
    write_shifts(rng, folder / "shifts")
    write_deliveries(rng, folder / "deliveries")


if __name__ == "__main__":
    main()
