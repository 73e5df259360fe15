"""Writes a platform of any size that checks clean: what `pipec check` is measured on.

A cell is ten transforms in two files, with what they need: a stream, a table, their schemas, tests, access and a
schedule. Cells read each other's datasets, so that the dataflow is one graph. The same seed gives the same text.

    generate.py FOLDER [--transforms 1000] [--seed 1]
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

CELL = 10
KINDS = ["view", "cart", "buy", "return", "search", "wish", "share", "rate"]
COUNTRIES = ["DE", "FR", "ES", "IT", "PL", "NL", "SE", "DK", "AT", "IE"]

HEAD = """\
/// A platform of {count} transforms, written by a program to see how long checking takes.
pipeline large {{
  cloud  = aws {{ region = "eu-west-1" }}
  owner  = "large@example.com"
  budget = 100_000_000 USD per month
}}

param alert_email : string = "alerts@example.com"

class pii          {{ retain_at_most = 500 days, lowered_by = [pseudonym to pseudonymous] }}
class pseudonymous {{ }}
class financial    {{ }}

zone raw       like std.zones.raw       {{ retain = 30 days }}
zone processed like std.zones.processed {{ format = parquet, partition = [day], retain = 180 days }}
zone curated   like std.zones.curated   {{ format = parquet, partition = [day], retain = 730 days }}

serve adhoc {{ engine = athena {{ scan_limit = 10 GiB }}, expose = [processed.*, curated.*] }}

env dev  {{ pipeline.destroyable = true }}
env prod {{ zone.curated.backup = 35 days }}
"""


class Columns:
    """The columns that an expression may name, by type, and the expressions over them."""

    def __init__(self, random_source: random.Random, **by_type: list[str]) -> None:
        self.random = random_source
        self.by_type = by_type

    def pick(self, kind: str) -> str:
        """One column of a type."""
        return self.random.choice(self.by_type[kind])

    def number(self) -> str:
        """A whole number of at most 1,000."""
        return str(self.random.randint(1, 1000))

    def whole(self, depth: int) -> str:
        """An `int`."""
        if depth == 0:
            return self.random.choice([self.pick("int"), self.number(), f"len({self.pick('text')})"])
        return self.random.choice([
            lambda: f"{self.whole(depth - 1)} + {self.whole(depth - 1)}",
            lambda: f"({self.whole(depth - 1)} - {self.whole(0)}) * {self.random.randint(2, 9)}",
            lambda: f"({self.pick('maybe_int')} ?? {self.number()}) + {self.whole(depth - 1)}",
            lambda: f"(if {self.condition(depth - 1)} then {self.whole(0)} else {self.whole(depth - 1)})",
            lambda: f"len({self.words(depth - 1)})",
        ])()

    def words(self, depth: int) -> str:
        """A `string`."""
        if depth == 0:
            return self.pick("text")
        return self.random.choice([
            lambda: f"{self.random.choice(['lower', 'upper', 'trim'])}({self.words(depth - 1)})",
            lambda: f"({self.pick('maybe_text')} ?? {self.words(0)})",
            lambda: f"(if {self.condition(depth - 1)} then {self.words(0)} else \"none\")",
        ])()

    def money(self, depth: int) -> str:
        """A `decimal`."""
        if depth == 0:
            return self.pick("decimal")
        return self.random.choice([
            lambda: f"{self.pick('decimal')} + {self.pick('decimal')} * {self.random.randint(2, 9)}",
            lambda: f"{self.pick('decimal')} * 1.{self.random.randint(10, 99)} - 0.50",
            lambda: f"if {self.condition(depth - 1)} then {self.pick('decimal')} else 0.00",
        ])()

    def condition(self, depth: int) -> str:
        """A `bool`."""
        if depth == 0:
            kinds = ", ".join(f'"{kind}"' for kind in self.random.sample(KINDS, 3))
            return self.random.choice([
                lambda: f"kind in [{kinds}]",
                lambda: f"{self.pick('int')} between {self.random.randint(1, 50)} and {self.random.randint(51, 900)}",
                lambda: f"{self.pick('int')} > 3",
                lambda: f"{self.pick('maybe_int')} is not null",
                lambda: f"{self.pick('decimal')} >= {self.random.randint(1, 90)}.50",
                lambda: f"{self.pick('int')} != {self.pick('int')}",
                lambda: self.pick("bool"),
            ])()
        return self.random.choice([
            lambda: f"{self.condition(depth - 1)} and {self.condition(0)}",
            lambda: f"({self.condition(depth - 1)} or {self.condition(0)})",
            lambda: f"not ({self.condition(depth - 1)})",
            lambda: f"{self.whole(depth - 1)} < {self.whole(0)}",
        ])()

    def any(self) -> str:
        """An expression of some type."""
        return self.random.choice([self.whole, self.words, self.money, self.condition])(self.random.randint(1, 3))


class Cell:
    """Ten transforms and what they need."""

    def __init__(self, random_source: random.Random, number: int) -> None:
        self.random = random_source
        self.number = number
        self.tag = f"{number:03}"
        # What cells read of each other; the first one reads itself.
        self.before = f"{max(number - 1, 0):03}"

    def columns(self, *, plain: bool = False) -> Columns:
        """The columns of the cell's events; only those without a label where they decide which rows there are."""
        labelled = [] if plain else ["shipping"]
        return Columns(
            self.random,
            int=["views", "clicks", "seconds", "items"],
            maybe_int=["retries", "referrals"],
            text=["page", "product", "session", "campaign"],
            maybe_text=["coupon", "channel"],
            decimal=["amount", "discount", *labelled],
            bool=["mobile", "member"],
        )

    def schema(self) -> str:
        """What the cell's stream carries."""
        countries = ", ".join(f'"{country}"' for country in COUNTRIES)
        return f"""\
/// One event of shop {self.tag}, as its page sends it.
schema Event{self.tag} {{
  /// Given by the page.
  event_id  : uuid      @key
  user_id   : string    @pii
  at        : timestamp @event_time
  kind      : string    check len(kind) <= 32
  page      : string    check len(page) <= 2048
  product   : string
  session   : string
  campaign  : string    = "none"
  country   : string    check country in [{countries}]
  views     : int       check views >= 0
  clicks    : int       check clicks between 0 and 1_000_000
  seconds   : int
  items     : int       = 0
  retries   : int?
  referrals : int?
  coupon    : string?
  channel   : string?
  amount    : decimal(12, 2)
  discount  : decimal(10, 2)
  shipping  : decimal(10, 2) @financial
  mobile    : bool
  member    : bool
}}

source events_{self.tag} : stream of Event{self.tag} {{
  from   = kinesis {{ stream = own, capacity = provisioned {{ shards = 2 }}, retention = 24 hours }}
  volume = {self.random.randint(100, 900)} per second of 600 B
  into   = raw
}}
"""

    def derived(self, count: int, prefix: str) -> list[str]:
        """Lines of a `derive`, each a column of its own."""
        columns = self.columns()
        names = [f"{prefix}_{index}" for index in range(count)]
        return [f"          {name:8} = {columns.any()}" for name in names]

    def cleaned(self, index: int) -> str:
        """A transform of each event by itself."""
        columns, plain = self.columns(), self.columns(plain=True)
        name = ["clean", "rated", "priced", "routed", "marked"][index]
        lines = [
            f"/// Events of shop {self.tag}, {name}.",
            f"transform {name}_{self.tag} : events_{self.tag} -> processed.{name}_{self.tag} {{",
            f"  filter  {plain.condition(1)}",
            "  derive  day      = date(at)",
            "          buyer    = pseudonym(user_id)",
            *self.derived(35, "c"),
            f"  expect  known : {plain.condition(1)} else quarantine",
            f"  filter  {plain.condition(2)}",
            f"  derive  first = {columns.words(1)}",
            *self.derived(30, "d"),
            f"  expect  sane_amount : amount < {self.random.randint(10, 99)}_000 else quarantine",
            "  rename  session as visit, campaign as source",
            "  drop    user_id, shipping, page",
            "}",
        ]
        return "\n".join(lines) + "\n"

    def totals(self, index: int) -> str:
        """A transform that adds events up."""
        name = ["daily", "kinds", "places", "devices", "visits"][index]
        read = ["clean", "rated", "priced", "routed", "marked"][index]
        tag = self.before if index % 2 else self.tag
        columns = Columns(
            self.random,
            int=["views", "clicks", "seconds", "items"],
            maybe_int=["retries", "referrals"],
            text=["product", "visit", "source"],
            maybe_text=["coupon", "channel"],
            decimal=["amount", "discount"],
            bool=["mobile", "member"],
        )
        key = ["product", "kind", "country", "mobile", "source"][index]
        measures = []
        for number in range(12):
            form = self.random.choice(["sum", "min", "max", "count_distinct"])
            value = columns.whole(1) if form != "count_distinct" else columns.words(1)
            measures += [f"    /// Measure {number} of shop {self.tag}.", f"    m_{number} = {form}({value})"]
        lines = [
            f"/// Shop {self.tag} by {key}, day by day.",
            f"transform {name}_{self.tag} : processed.{read}_{tag} -> curated.{name}_{self.tag} {{",
            "  dedupe by event_id keep first by at",
            f"  filter {columns.condition(2)}",
            f"  derive e_0 = {columns.words(1)}",
            *[f"         e_{number} = {columns.any()}" for number in range(1, 20)],
            f"  group by day, {key} {{",
            "    /// Events.",
            "    events = count()",
            "    /// Different buyers, by pseudonym.",
            "    buyers = count_distinct(buyer)",
            "    /// Dollars.",
            "    amount = sum(amount)",
            *measures,
            "  }",
            "}",
        ]
        return "\n".join(lines) + "\n"

    def tests(self) -> str:
        """Two tests for each transform."""
        written = []
        for name in ["clean", "rated", "priced", "routed", "marked"]:
            written.append(
                f"""\
test "what {name} {self.tag} turns away" for {name}_{self.tag} {{
  given events_{self.tag} = [
    {{ kind: "buy",  country: "DE", amount: 10.00, views: 1, clicks: 2 }}
    {{ kind: "view", country: "FR", amount: {self.random.randint(1, 99)}.50, views: 3, clicks: 4 }}
    {{ kind: "cart", country: "IT", amount: 1.25, retries: null, coupon: "ten" }}
  ]
  expect rejected 0
}}
"""
            )
        for name, read, key, value in [
            ("daily", "clean", "product", '"p1"'),
            ("places", "priced", "country", '"DE"'),
            ("visits", "marked", "source", '"mail"'),
        ]:
            written.append(
                f"""\
test "what {name} {self.tag} adds up" for {name}_{self.tag} {{
  given processed.{read}_{self.tag} = [
    {{ day: date("2026-01-01"), {key}: {value}, amount: 10.00, buyer: "a" }}
    {{ day: date("2026-01-01"), {key}: {value}, amount: 2.50,  buyer: "b" }}
    {{ day: date("2026-01-02"), {key}: {value}, amount: 1.00,  buyer: "a" }}
  ]
  expect [
    {{ day: date("2026-01-01"), {key}: {value}, events: 2, buyers: 2, amount: 12.50 }}
    {{ day: date("2026-01-02"), {key}: {value}, events: 1, buyers: 1, amount: 1.00 }}
  ]
}}
"""
            )
        return "\n".join(written)

    def use(self) -> str:
        """Who reads the cell's datasets, when they are made, and who is told."""
        return f"""\
access readers_{self.tag} {{
  principals = [role("arn:aws:iam::123456789012:role/Readers{self.tag}")]
  allow select on curated.daily_{self.tag}, curated.kinds_{self.tag}
  allow select on processed.clean_{self.tag} columns [day, kind, product, amount]
  allow select on processed.rated_{self.tag} columns [day, kind, country, views, clicks]
}}

schedule nightly_{self.tag} {{
  at         = cron("{self.number % 60} {1 + self.number % 22} * * ? *", zone: "UTC")
  run        = [daily_{self.tag}, kinds_{self.tag}, places_{self.tag}, devices_{self.tag}, visits_{self.tag}]
  retry      = 3 times {{ first = 30 s, factor = 2 }}
  on_failure = operations_{self.tag}
}}

monitor operations_{self.tag} {{
  notify = [email(alert_email)]
  alarm freshness of curated.daily_{self.tag} over 30 hours
  alarm errors of clean_{self.tag} over 1 percent
  alarm lag of events_{self.tag} over 5 min
}}
"""

    def files(self) -> dict[str, str]:
        """The cell's two files."""
        return {
            f"ingest_{self.tag}.pipe": "\n".join([self.schema(), *(self.cleaned(index) for index in range(5))]),
            f"report_{self.tag}.pipe": "\n".join(
                [*(self.totals(index) for index in range(5)), self.use(), self.tests()]
            ),
        }


def write(folder: Path, transforms: int, seed: int) -> int:
    """Writes a project and says how many lines it has; `transforms` is rounded up to whole cells."""
    folder.mkdir(parents=True, exist_ok=True)
    random_source = random.Random(seed)
    cells = -(-transforms // CELL)
    files = {"platform.pipe": HEAD.format(count=cells * CELL)}
    for number in range(cells):
        files.update(Cell(random_source, number).files())
    for name, text in files.items():
        (folder / name).write_text(text)
    return sum(text.count("\n") for text in files.values())


def main() -> None:
    """Parses the command line and writes the project."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--transforms", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    lines = write(arguments.folder, arguments.transforms, arguments.seed)
    print(f"{lines} lines in {arguments.folder}")


if __name__ == "__main__":
    main()
