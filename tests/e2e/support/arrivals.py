"""When the sample clicks arrive, by the embedded engine's rule; standard library only, because the benches use it too."""

import datetime
import json


def arrivals(lines: list[bytes]) -> list[float]:
    """Seconds since 1970 for each line: it arrives as it happens, or with the line before it where it has no time."""
    found, last = [], 0.0
    for line in lines:
        try:
            at = json.loads(line)["at"]
            if isinstance(at, int):
                last = at / 1000
            elif (instant := datetime.datetime.fromisoformat(at)).tzinfo:
                last = instant.timestamp()
        except (ValueError, KeyError, TypeError):
            pass
        found.append(last)
    return found
