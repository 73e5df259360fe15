"""The same function as a person would write it in Python with orjson; prints its records per CPU second.

    by_hand.py ROWS EVENT…

ROWS are those of the generated function, which these must equal; each EVENT is a file with a Kinesis batch.
"""

from __future__ import annotations

import base64
import hmac
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from uuid import UUID

import orjson

KEY = hmac.new(b"local-key-for-tests-only", digestmod="sha256")
KINDS = {"view", "cart", "buy"}
LATE = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROUNDS = 7


def instant(value) -> datetime:
    """RFC 3339, or milliseconds since 1970."""
    if isinstance(value, int):
        return EPOCH + timedelta(milliseconds=value)
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return at.astimezone(UTC)


def row_of(record: bytes, arrived: float) -> dict:
    """The row of a click."""
    click = orjson.loads(record)
    kind, page, user = click["kind"], click["page"], click["user_id"]
    if kind not in KINDS or not isinstance(page, str) or len(page) > 2048:
        raise ValueError("a field's check does not hold")
    at = instant(click["at"])
    if at < EPOCH + timedelta(seconds=arrived) - LATE:
        raise ValueError("late")
    given = click.get("amount")
    amount = None if given is None else Decimal(str(given))
    if amount is not None and amount.as_tuple().exponent < -2:
        raise ValueError("amount has too many digits")
    if kind != "buy":
        amount = Decimal(0)
    if amount is None or amount >= 100_000:
        raise ValueError("no amount, or no sane one")
    buyer = KEY.copy()
    buyer.update(user.encode())
    day = at.strftime("%Y-%m-%d")
    return {
        "click_id": str(UUID(click["click_id"])), "at": f"{day} {at:%H:%M:%S.%f}", "page": page, "kind": kind,
        "amount": orjson.Fragment(f"{amount:.2f}"), "day": day, "buyer": buyer.hexdigest(),
    }  # fmt: skip


def handle(event: bytes) -> tuple[bytes, bytes]:
    """A batch: its rows, and the rows that are turned away."""
    rows, rejects = [], []
    for record in orjson.loads(event)["Records"]:
        kinesis = record["kinesis"]
        data, arrived = base64.b64decode(kinesis["data"]), kinesis["approximateArrivalTimestamp"]
        try:
            rows.append(orjson.dumps(row_of(data, arrived), option=orjson.OPT_APPEND_NEWLINE))
        except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
            text = data.decode(errors="replace")
            reject = {"transform": "clean", "reason": str(error), "at": arrived, "row": text}
            rejects.append(orjson.dumps(reject, option=orjson.OPT_APPEND_NEWLINE))
    return b"".join(rows), b"".join(rejects)


def main() -> None:
    """Compares the rows, then measures."""
    events = [Path(path).read_bytes() for path in sys.argv[2:]]
    answers = [handle(event) for event in events]
    ours = b"".join(rows for rows, _ in answers)
    theirs = Path(sys.argv[1]).read_bytes()
    different = [pair for pair in zip(ours.splitlines(), theirs.splitlines(), strict=True) if pair[0] != pair[1]]
    assert not different, different[0]
    records = sum(rows.count(b"\n") + rejects.count(b"\n") for rows, rejects in answers)
    rates = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for event in events:
            handle(event)
        rates.append(records / (time.process_time() - started))
    print(statistics.median(rates))


if __name__ == "__main__":
    main()
