#!/usr/bin/env python3
"""Write clicks as a web shop would send them: sessions, rush hours, late and doubled deliveries, and a few broken lines.

    generate.py --events 10000 --seed 1 -o clicks.jsonl [--manifest FILE] [--arrivals FILE]

The same arguments give the same bytes on every machine: one seeded generator, standard library only.  What is in
the file, exactly (N is --events, and N lines are written):

- 1 % of the lines are an earlier good line delivered again, byte for byte, within ten minutes;
- 0.3 % are broken, in turn in each of the ways of `BREAKAGES`, so that even a small file has each of them;
- about 0.5 % carry a field that the schema does not know, which is not an error;
- lines stand in the order of arrival, and arrival is up to two minutes after the event.

The manifest says what a test may expect, so that nothing has to be guessed from the platform under test; amounts
are whole cents.  `--arrivals` writes the arrival of each line, in milliseconds since 1970.
"""

import argparse
import json
import random
from bisect import bisect
from itertools import accumulate

START = 1_767_225_600  # 2026-01-01T00:00:00Z
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03")
LAST_AFTER = "2026-01-04"  # the last hours of the third day, written with +02:00, have this date
USERS = 400
PAGES = 600
SECONDS = len(DAYS) * 86_400

# How busy each UTC hour is: quiet nights, a bump at lunch, the rush of the evening.
RHYTHM = (3, 2, 1, 1, 1, 2, 4, 7, 9, 10, 11, 13, 15, 13, 11, 11, 12, 14, 17, 20, 21, 17, 11, 6)
NAMES = ("zoë", "jürgen", "李娜", "олег", "dvořák", "søren", "أمل", "中村", "o'neil", "ana maria")
SPECIAL_PAGES = (
    "/", "/café", "/søk?q=blå", "/商品/42", "/поиск?q=чай", '/search?q="tea pot"', "/path\\with\\backslashes",
    "/emoji/🫖", "/a%20b?x=1&y=2", "/tab\there", "/naïve/ﬁ", "/${not.a.template}",
)
JSON_ONLY_ASCII = 7  # one line in so many escapes what is not ASCII


class Click:
    """One event before it is text.  `at` is in microseconds; `amount` is in cents or None."""

    __slots__ = ("amount", "at", "id", "kind", "page", "user")

    def __init__(self, rng, at, user, page, kind, amount):
        self.id = uuid_text(rng)
        self.at, self.user, self.page, self.kind, self.amount = at, user, page, kind, amount


def uuid_text(rng):
    """A version 4 uuid from the seeded generator (the `uuid` module is several times slower)."""
    bits = rng.getrandbits(128) & ~(0xF000 << 64) | (0x4000 << 64)
    bits = bits & ~(0xC000 << 48) | (0x8000 << 48)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def user_names():
    """User ids; one in twelve has letters that are not ASCII."""
    return [
        f"{NAMES[n // 12 % len(NAMES)]}-{n}" if n % 12 == 5 else f"u-{n:04}"
        for n in range(USERS)
    ]


def page_names():
    """Pages, the most visited first; the special ones stand where they are seen now and then."""
    pages = [f"/p/{n}" if n % 3 else f"/c/{n // 3}/list?page={n % 7}" for n in range(PAGES)]
    for n, page in enumerate(SPECIAL_PAGES):
        pages[n * 7] = page
    return pages


def zipf(count, exponent):
    """Cumulative weights: the n-th is visited 1/n^exponent as often as the first."""
    return list(accumulate(1 / (n + 1) ** exponent for n in range(count)))


def clicks(rng, count):
    """`count` clicks, session by session."""
    users, pages = user_names(), page_names()
    by_user, by_page = zipf(USERS, 0.6), zipf(PAGES, 1.05)
    hours = list(accumulate(RHYTHM * len(DAYS)))
    uniform = rng.random
    made = []
    while len(made) < count:
        who = bisect(by_user, uniform() * by_user[-1])
        hour = bisect(hours, uniform() * hours[-1])
        habit = (who % 5 - 2) * 1_200  # some are early, some late
        second = hour * 3_600 + uniform() * 3_600 + habit
        in_cart = False
        while True:
            if 0 <= second < SECONDS:
                kind, amount = "view", None
                dice = uniform()
                if in_cart and dice < 0.35:
                    kind, amount, in_cart = "buy", 99 + int(rng.expovariate(1 / 4_200)), False
                elif dice > 0.9:
                    kind, in_cart = "cart", True
                page = pages[bisect(by_page, uniform() * by_page[-1])]
                at = START * 1_000_000 + int(second * 1_000_000)
                made.append(Click(rng, at, users[who], page, kind, amount))
            if uniform() < 0.12 or len(made) == count:
                break
            second += rng.expovariate(1 / 40)
    return made


def time_text(rng, at, dice):
    """A timestamp in one of the spellings that senders use; `at` may lose what the spelling cannot hold."""
    if dice < 0.03:
        at -= at % 1_000
        return str(at // 1_000), at  # whole milliseconds since 1970
    offset, zone = (7_200, "+02:00") if dice < 0.08 else (0, "Z")
    second, micros = divmod(at - START * 1_000_000, 1_000_000)
    day, second = divmod(second + offset, 86_400)
    date = DAYS[day] if day < len(DAYS) else LAST_AFTER
    clock = f"{date}T{second // 3_600:02}:{second // 60 % 60:02}:{second % 60:02}"
    if dice > 0.97:
        return f'"{clock}.{micros:06}{rng.randrange(1_000):03}{zone}"', at  # finer than the language keeps
    if dice > 0.9:
        return f'"{clock}.{micros:06}{zone}"', at
    if dice > 0.88:
        return f'"{clock}{zone}"', at - micros
    return f'"{clock}.{micros // 1_000:03}{zone}"', at - micros % 1_000


def amount_text(cents, dice):
    """An amount as a number or as text, with as many digits as the sender happened to write."""
    whole, part = divmod(cents, 100)
    if part == 0 and dice < 0.5:
        return str(whole)
    if part % 10 == 0 and dice < 0.5:
        return f"{whole}.{part // 10}"
    number = f"{whole}.{part:02}"
    return f'"{number}"' if dice > 0.8 else number


def fields(rng, click, quoted):
    """The JSON text of each field, in the schema's order; rounds `click.at` to what was written."""
    dice = rng.random()
    at, click.at = time_text(rng, click.at, dice)
    out = {
        "click_id": f'"{click.id}"',
        "user_id": quoted(click.user),
        "at": at,
        "page": quoted(click.page),
        "kind": f'"{click.kind}"',
    }
    if click.amount is not None:
        out["amount"] = amount_text(click.amount, rng.random())
    elif dice < 0.3:
        out["amount"] = "null"
    return out


def line_of(texts, dice):
    """One line of JSON: mostly dense, sometimes spaced, sometimes in another order."""
    if dice < 0.05:
        texts = dict(reversed(texts.items()))
    if dice > 0.93:
        return "{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}"
    return "{" + ",".join(f'"{name}":{text}' for name, text in texts.items()) + "}"


def changed(name, *values):
    """A breakage that puts one of `values` in place of a field."""
    def apply(rng, texts, nth):
        texts[name] = values[nth % len(values)]
        return line_of(texts, 0.5)
    return apply


def bought(*values):
    """A breakage of purchases: `None` leaves the amount out."""
    def apply(rng, texts, nth):
        texts["kind"] = '"buy"'
        value = values[nth % len(values)]
        texts.pop("amount", None)
        if value is not None:
            texts["amount"] = value
        return line_of(texts, 0.5)
    return apply


def truncated(rng, texts, nth):
    """The connection broke: bytes are missing at the end."""
    line = line_of(texts, 0.5)
    return line[: rng.randrange(20, len(line) - 1)]


def missing(rng, texts, nth):
    """A field without which there is no click is not there."""
    del texts[("kind", "at", "user_id", "page", "click_id")[nth % 5]]
    return line_of(texts, 0.5)


def trailing(rng, texts, nth):
    """Something stands after the value."""
    return line_of(texts, 0.5) + (" x", "{}", ",", " null")[nth % 4]


def not_an_object(rng, texts, nth):
    """JSON, but not a record."""
    return (f'[{texts["click_id"]}]', texts["page"], "17", "null")[nth % 4]


def overlong(rng, texts, nth):
    """A page of more than 2048 characters; half of them are not one byte long."""
    texts["page"] = json.dumps("/" + "xé"[nth % 2] * rng.randrange(2_048, 2_100), ensure_ascii=False)
    return line_of(texts, 0.5)


# Each takes the generator, the texts of the fields, and how often it was used before, so that its ways take turns.
BREAKAGES = {
    "bad_json": truncated,
    "missing_field": missing,
    "page_is_number": changed("page", "42", "3.5"),
    "amount_is_text": bought('"a lot"', '"12,50"', '"1e3"', '""'),
    "kind_is_object": changed("kind", '{"name":"view"}'),
    "unknown_kind": changed("kind", '"wish"', '"View"', '""'),
    "overlong_page": overlong,
    "no_amount": bought(None, "null"),
    "absurd_amount": bought("100000", "100000.00", "9999999.99", '"250000.00"'),
    "bad_timestamp": changed(
        "at", '"2026-02-30T10:00:00.000Z"', '"2026-01-01T10:00:00.000"', '"2026-01-01T24:00:00Z"', '"2026-01-01"', '"now"',
    ),
    "fraction_digits": bought("12.345", '"0.001"'),
    "bad_uuid": changed("click_id", '"not-a-uuid"', '"00000000-0000-0000-0000-00000000000g"', '"1234"'),
    "trailing_bytes": trailing,
    "not_an_object": not_an_object,
}


def delay(rng):
    """Milliseconds from event to arrival: most within two seconds, a few up to two minutes."""
    dice = rng.random()
    return int(120_000 * rng.random()) if dice < 0.08 else int(2_000 * dice)


def deliveries(rng, events):
    """Every delivery as (arrival, number, line, click, breakage), in the order of arrival."""
    doubled, broken = round(events * 0.01), round(events * 0.003)
    made = clicks(rng, events - doubled)
    order = rng.sample(range(len(made)), broken + doubled + round(events * 0.005))
    kinds = list(BREAKAGES)
    breakage = {index: divmod(n, len(kinds)) for n, index in enumerate(order[:broken])}
    twice = set(order[broken:broken + doubled])
    extra = set(order[broken + doubled:])
    plain = {name: json.dumps(name, ensure_ascii=False) for name in user_names() + page_names()}
    ascii_only = {name: json.dumps(name) for name in plain}
    out = []
    for index, click in enumerate(made):
        quoted = (plain if index % JSON_ONLY_ASCII else ascii_only).__getitem__
        texts = fields(rng, click, quoted)
        kind = None
        if index in breakage:
            nth, kind = breakage[index][0], kinds[breakage[index][1]]
            line = BREAKAGES[kind](rng, texts, nth)
        else:
            if index in extra:
                texts["campaign"] = rng.choice(('"winter"', '{"id":7,"tags":["a","b"]}', "null", "[1,2.50]"))
            line = line_of(texts, rng.random())
        arrival = click.at // 1_000 + delay(rng)
        out.append((arrival, len(out), line, click, kind))
        if index in twice:
            out.append((arrival + 1_000 + int(rng.random() * 599_000), len(out), line, click, kind))
    out.sort(key=lambda delivery: delivery[:2])
    return out, len(extra)


def manifest(arguments, delivered, extra):
    """What the file holds, counted while it was made and not read back from it."""
    counts = {kind: 0 for kind in BREAKAGES}
    lines = {kind: [] for kind in BREAKAGES}
    days = {day: {"lines": 0, "clicks": 0, "line_cents": 0, "click_cents": 0} for day in DAYS}
    kinds = {"view": 0, "cart": 0, "buy": 0}
    seen = set()
    for number, (_, _, _, click, broken) in enumerate(delivered, 1):
        if broken is not None:
            counts[broken] += 1
            lines[broken].append(number)
            continue
        day = days[DAYS[(click.at // 1_000_000 - START) // 86_400]]
        day["lines"] += 1
        day["line_cents"] += click.amount or 0
        kinds[click.kind] += 1
        if click.id not in seen:
            seen.add(click.id)
            day["clicks"] += 1
            day["click_cents"] += click.amount or 0
    broken_lines = sum(counts.values())
    return {
        "events": arguments.events,
        "seed": arguments.seed,
        "good": len(delivered) - broken_lines,
        "distinct": len(seen),
        "duplicates": len(delivered) - broken_lines - len(seen),
        "extra_field": extra,
        "broken": broken_lines,
        "broken_by_kind": counts,
        "broken_lines": lines,
        "good_by_kind": kinds,
        "days": days,
    }


def write_text(path, text):
    """UTF-8 with plain newlines on every system."""
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000, help="lines to write (default 10000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--manifest", help="write what the file holds, as JSON")
    parser.add_argument("--arrivals", help="write each line's arrival, in milliseconds since 1970")
    arguments = parser.parse_args()
    delivered, extra = deliveries(random.Random(arguments.seed), arguments.events)
    write_text(arguments.output, "".join(f"{line}\n" for _, _, line, _, _ in delivered))
    if arguments.manifest:
        write_text(arguments.manifest, json.dumps(manifest(arguments, delivered, extra), indent=2) + "\n")
    if arguments.arrivals:
        write_text(arguments.arrivals, "".join(f"{arrival}\n" for arrival, *_ in delivered))


if __name__ == "__main__":
    main()
