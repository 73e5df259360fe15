"""Decode readings: a JSON object a line in, one a line out.

Firmware 1 measures in Fahrenheit, and what devices say of themselves is no reading.
"""

import json
import sys

OWN = {"selftest"}


def decoded(reading):
    """The reading in the lake's units, or nothing if it is none."""
    if reading["metric"] in OWN:
        return None
    value = float(reading["value"])
    if reading["metric"] == "temperature" and (reading.get("firmware") or "").startswith("1."):
        value = round((value - 32) * 5 / 9, 2)
    return {
        "device": reading["device"],
        "at": reading["at"],
        "metric": reading["metric"],
        "value": value,
        "day": reading["at"][:10],
    }


def main():
    for line in sys.stdin:
        answer = decoded(json.loads(line))
        if answer is not None:
            print(json.dumps(answer, ensure_ascii=False))


if __name__ == "__main__":
    main()
