"""When the records of samples arrive, by the embedded engine's rule; standard library only, because the benches use it too."""

import datetime
import json
from collections.abc import Iterable

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def arrivals(lines: Iterable[bytes], names: Iterable[str] = ("at",)) -> list[float]:
    """Seconds since 1970 for each line: it arrives as it happens, by the first of these fields that tells, or with the line
    before it where none does."""
    found, last = [], 0.0
    for line in lines:
        try:
            record = json.loads(line)
            instants = [instant(record.get(name)) for name in names]
            last = next((at for at in instants if at is not None), last)
        except (ValueError, AttributeError):
            pass
        found.append(last)
    return found


def instant(value) -> float | None:
    """An instant as records have them: whole milliseconds, or RFC 3339 with a zone."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value / 1000
    try:
        at = datetime.datetime.fromisoformat(value)
    except (ValueError, TypeError):
        return None
    return (at - EPOCH) / datetime.timedelta(seconds=1) if at.tzinfo else None
