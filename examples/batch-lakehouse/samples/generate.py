#!/usr/bin/env python3
"""Write what devices drop and what a weather service answers.

    generate.py [--seed 1] [-o FOLDER]

The same seed gives the same bytes on every machine. `readings/DAY/DEVICE.jsonl` are the devices' files, one of them cut
off in its last line; `weather/HOUR.json` is one answer each, a list of stations. A device with firmware 1 measures in
Fahrenheit, and one drops its file of the first day again on the second.
"""

import argparse
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)
DEVICES = {"d-01": "1.4", "d-02": "2.0", "d-03": "2.1", "d-04": None, "südtor": "2.1"}
BROKEN = [
    '{"device":"d-02","at":"2026-03-01T12:00:00Z","metric":"temperature","value":NaN}',
    '{"device":"d-02","at":"2026-03-01T12:10:00Z","metric":"temperature","value":"warm"}',
    '{"device":"d-02","metric":"temperature","value":20.5}',
]


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def line(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def readings(rng, device, firmware, day):
    lines = []
    for minute in range(0, 24 * 60, 120):
        at = START + timedelta(days=day, minutes=minute + rng.randrange(10))
        celsius = 14 + 6 * rng.random()
        value = round(celsius * 9 / 5 + 32, 1) if firmware and firmware.startswith("1") else round(celsius, 2)
        arrived = {"_arrived": text(START + timedelta(days=day + 1, minutes=-1))}
        reading = {"device": device, "at": text(at), "metric": "temperature", "value": value, **arrived}
        if firmware:
            reading["firmware"] = firmware
        lines.append(line(reading))
        if minute % 480 == 0:
            lines.append(line({**reading, "metric": "humidity", "value": rng.randrange(30, 80)}))
        if minute == 600:
            lines.append(line({**reading, "metric": "selftest", "value": 0}))
    return lines


def write_readings(rng, folder):
    first = {}
    for day in range(2):
        below = folder / "readings" / f"2026-03-0{day + 1}"
        below.mkdir(parents=True, exist_ok=True)
        for device, firmware in DEVICES.items():
            lines = readings(rng, device, firmware, day)
            first.setdefault(device, lines)
            if device == "d-02" and day == 0:
                lines[5:5] = [broken + "\n" for broken in BROKEN]
            if device == "d-03" and day == 1:
                lines[-1] = lines[-1][:40] + "\n"
            if device == "d-04" and day == 1:
                # From before its battery was changed: too late to count.
                old = {"device": device, "at": "2026-02-20T00:00:00Z", "metric": "temperature", "value": 15.5}
                lines.append(line({**old, "_arrived": "2026-03-03T00:05:00Z"}))
            (below / f"{device}.jsonl").write_text("".join(lines), encoding="utf-8")
    # What is older than a day by then is turned away, the rest is there twice.
    again = [line({**json.loads(reading), "_arrived": "2026-03-02T06:00:00Z"}) for reading in first["südtor"]]
    (folder / "readings" / "2026-03-02" / "südtor-again.jsonl").write_text("".join(again), encoding="utf-8")


def write_weather(rng, folder):
    (folder / "weather").mkdir(parents=True, exist_ok=True)
    for hour in range(0, 48, 4):
        at = START + timedelta(hours=hour)
        stations = [
            {"station": station, "at": text(at + timedelta(minutes=rng.randrange(60))), "celsius": round(2 + 9 * rng.random(), 1)}
            for station in ("airport", "harbour")
        ]
        if hour == 12:
            stations.append({"station": "roof", "at": text(at), "celsius": None})
        path = folder / "weather" / f"{at:%Y-%m-%dT%H}.json"
        path.write_text(json.dumps(stations, indent=2) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    write_readings(rng, arguments.output)
    write_weather(rng, arguments.output)


if __name__ == "__main__":
    main()
