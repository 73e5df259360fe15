"""Dates and instants as columns, in UTC and in time zones.

A date or an instant outside of the years 1 to 9999 is missing; the job that asks knows
whether that rejects the row. Durations are microseconds.
"""

import re

from pipec_text import let, present
from pyspark.sql import Column
from pyspark.sql import functions as F

MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 86_400 * SECOND
# Days and microseconds since 1970 of the years 1 to 9999.
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
FIRST, LAST = FIRST_DAY * DAY, (LAST_DAY + 1) * DAY - 1
MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def instant(micros: Column) -> Column:
    """The instant so many microseconds after 1970, in the years 1 to 9999."""
    return F.timestamp_micros(F.when(micros.between(FIRST, LAST), micros))


def date_of_number(days: Column) -> Column:
    """The date so many days after 1970, in the years 1 to 9999."""
    known = F.when(days.between(FIRST_DAY, LAST_DAY), days)
    return F.date_from_unix_date(known.cast("int"))


def first_instant(day: Column) -> Column:
    """Microseconds of the first instant of a UTC day."""
    return F.unix_date(day).cast("bigint") * DAY


def local(at: Column, zone: str) -> Column:
    """What the clocks of a zone show, as if it were UTC."""
    return at if zone == "UTC" else F.from_utc_timestamp(at, zone)


def instant_of_local(micros: Column, zone: str) -> Column:
    """When the clocks of a zone show this, in microseconds.

    In the gap of a change it is later by the gap, in the overlap the earlier one.
    """
    if zone == "UTC":
        return instant(micros)
    near = F.when(micros.between(FIRST - DAY, LAST + DAY), micros)
    at = F.to_utc_timestamp(F.timestamp_micros(near), zone)
    return instant(F.unix_micros(at))


def date(at: Column, zone: str = "UTC") -> Column:
    """The day of an instant on the clocks of a zone."""
    return F.to_date(local(at, zone))


def timestamp(day: Column, zone: str = "UTC") -> Column:
    """The first instant of a day."""
    return instant_of_local(first_instant(day), zone)


def at_time(day: Column, time: Column, zone: str) -> Column:
    """The instant of a time of day on a day of a zone."""
    return instant_of_local(F.try_add(first_instant(day), time), zone)


def time_of_day(at: Column, zone: str) -> Column:
    """Microseconds since midnight on the clocks of a zone."""
    return F.pmod(F.unix_micros(local(at, zone)), F.lit(DAY))


def zone_offset(at: Column, zone: str) -> Column:
    """How far the clocks of a zone are ahead of UTC."""
    return F.unix_micros(local(at, zone)) - F.unix_micros(at)


# Parts.


def year(at: Column, zone: str = "UTC") -> Column:
    """The year."""
    return F.year(local(at, zone)).cast("bigint")


def month(at: Column, zone: str = "UTC") -> Column:
    """The month, 1 to 12."""
    return F.month(local(at, zone)).cast("bigint")


def day(at: Column, zone: str = "UTC") -> Column:
    """The day of the month."""
    return F.dayofmonth(local(at, zone)).cast("bigint")


def hour(at: Column, zone: str) -> Column:
    """The hour, 0 to 23."""
    return F.hour(local(at, zone)).cast("bigint")


def minute(at: Column, zone: str) -> Column:
    """The minute, 0 to 59."""
    return F.minute(local(at, zone)).cast("bigint")


def second(at: Column) -> Column:
    """The second, 0 to 59."""
    return F.second(at).cast("bigint")


def weekday(day_: Column) -> Column:
    """1 for Monday to 7 for Sunday."""
    return (F.weekday(day_) + 1).cast("bigint")


def is_weekend(day_: Column) -> Column:
    """Whether it is a Saturday or a Sunday."""
    return F.weekday(day_) > 4


def iso_week(day_: Column) -> Column:
    """The week as ISO 8601 counts."""
    return F.weekofyear(day_).cast("bigint")


def iso_year(day_: Column) -> Column:
    """The year of the week as ISO 8601 counts: that of its Thursday."""
    return F.year(F.date_add(day_, 3 - F.weekday(day_))).cast("bigint")


def day_of_year(day_: Column) -> Column:
    """The day of the year, from 1."""
    return F.dayofyear(day_).cast("bigint")


def quarter(day_: Column) -> Column:
    """The quarter, 1 to 4."""
    return F.quarter(day_).cast("bigint")


def is_leap_year(day_: Column) -> Column:
    """Whether the year has a 29th of February."""
    number = F.year(day_)
    return (number % 4 == 0) & ((number % 100 != 0) | (number % 400 == 0))


def days_in_month(day_: Column) -> Column:
    """How many days the month has."""
    return F.dayofmonth(F.last_day(day_)).cast("bigint")


def truncate(at: Column, to: int) -> Column:
    """The start of the stretch of time around an instant, from 1970 on."""
    if to <= 0:
        return F.lit(None).cast("timestamp")
    micros = F.unix_micros(at)
    return F.timestamp_micros(micros - F.pmod(micros, F.lit(to)))


# Arithmetic.


def add_days(day_: Column, days: Column) -> Column:
    """Some days later."""
    number = F.try_add(F.unix_date(day_).cast("bigint"), days)
    return date_of_number(number)


def add_months(day_: Column, months: Column) -> Column:
    """Some months later; the last day of a month that is shorter."""
    near = F.when(months.between(-120_000, 120_000), months).cast("int")
    moved = F.add_months(day_, near)
    return F.when(F.unix_date(moved).between(FIRST_DAY, LAST_DAY), moved)


def add_years(day_: Column, years: Column) -> Column:
    """Some years later."""
    return add_months(day_, F.when(years.between(-10_000, 10_000), years) * 12)


def days_between(from_: Column, to: Column) -> Column:
    """The days from one date to the other."""
    return F.datediff(to, from_).cast("bigint")


def months_between(from_: Column, to: Column) -> Column:
    """As many months as can be added to the first without going past the second."""
    years = F.year(to) - F.year(from_)

    def of(apart: Column) -> Column:
        reached = F.add_months(from_, apart)
        return (
            F.when((apart > 0) & (reached > to), apart - 1)
            .when((apart < 0) & (reached < to), apart + 1)
            .otherwise(apart)
        )

    return let(years * 12 + F.month(to) - F.month(from_), of).cast("bigint")


def years_between(from_: Column, to: Column) -> Column:
    """As many years as can be added to the first without going past the second."""
    return (months_between(from_, to) / 12).cast("bigint")


def between(from_: Column, to: Column, unit: int) -> Column:
    """How many units of so many microseconds lie between two instants."""
    return in_units(F.unix_micros(to) - F.unix_micros(from_), unit)


def in_units(length: Column, unit: int) -> Column:
    """How many units of so many microseconds a duration has."""
    return length.cast("double") / float(unit)


def plus_date(day_: Column, length: Column) -> Column:
    """A date later by the whole days of a duration, rounded down."""
    known = F.when(length >= DAY - 2**63, length)
    days = F.call_function("div", known - F.pmod(known, F.lit(DAY)), F.lit(DAY))
    return add_days(day_, days)


def minus_date(day_: Column, length: Column) -> Column:
    """A date earlier by a duration."""
    return plus_date(day_, F.try_subtract(F.lit(0).cast("bigint"), length))


def plus(at: Column, length: Column) -> Column:
    """An instant later by a duration."""
    return instant(F.try_add(F.unix_micros(at), length))


def minus(at: Column, length: Column) -> Column:
    """An instant earlier by a duration."""
    return instant(F.try_subtract(F.unix_micros(at), length))


def apart(to: Column, from_: Column) -> Column:
    """The duration from one instant to another."""
    return F.unix_micros(to) - F.unix_micros(from_)


def dates_apart(to: Column, from_: Column) -> Column:
    """The duration from one date to another."""
    return F.datediff(to, from_).cast("bigint") * DAY


# Numbers of seconds and milliseconds.


def from_epoch(number: Column, unit: int) -> Column:
    """An instant by its seconds or milliseconds, each so many microseconds."""
    return instant(F.try_multiply(number, F.lit(unit).cast("bigint")))


# Texts.


def date_of_text(text: Column) -> Column:
    """`YYYY-MM-DD`, nothing else."""
    digits = F.when(text.rlike("\\A(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}\\z"), text)
    return F.try_to_timestamp(digits, F.lit("yyyy-MM-dd")).cast("date")


def date_of(year_: Column, month_: Column, day_: Column) -> Column:
    """The date of a year, a month and a day; missing where the calendar has none."""
    known = year_.between(1, 9999) & month_.between(1, 12) & day_.between(1, 31)
    text = F.format_string("%04d-%02d-%02d", year_, month_, day_)
    return F.try_to_timestamp(F.when(known, text), F.lit("yyyy-MM-dd")).cast("date")


RFC_3339 = (
    "\\A([0-9]{4}-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])"
    "(?:\\.([0-9]{1,9}))?(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))\\z"
)


def _number(digits: Column) -> Column:
    """The number that digits write, 0 for none; they were matched before."""
    return F.when(digits != "", digits).otherwise("0").cast("bigint")


def _micros(digits: Column) -> Column:
    """The microseconds that digits behind a point write."""
    return F.rpad(digits, 6, "0").cast("bigint")


def timestamp_of_text(text: Column) -> Column:
    """RFC 3339 with its zone; finer than microseconds is cut."""

    def of(known: Column) -> Column:
        part = [F.regexp_extract(known, RFC_3339, at) for at in range(9)]
        clock = _number(part[2]) * 3600 + _number(part[3]) * 60 + _number(part[4])
        ahead = _number(part[7]) * 3600 + _number(part[8]) * 60
        seconds = clock - F.when(part[6] == "-", -ahead).otherwise(ahead)
        start = first_instant(date_of_text(part[1]))
        return instant(start + seconds * SECOND + _micros(part[5]))

    return let(F.when(text.rlike(RFC_3339), text), of)


# Patterns: runs of letters, quoted texts, and signs that stand for themselves.
RUN = re.compile("'(?:[^']|'')*'|([A-Za-z])\\1*|[^A-Za-z']")


def _runs(pattern: str) -> list[str]:
    return [found.group() for found in RUN.finditer(pattern)]


def _offset(at: Column, zone: str, colon: str) -> Column:
    minutes = (zone_offset(at, zone) / (60 * SECOND)).cast("int")

    def of(ahead: Column) -> Column:
        size = F.abs(ahead)
        hours = (size / 60).cast("int")
        sign = F.when(ahead < 0, "-").otherwise("+")
        text = F.format_string(f"%s%02d{colon}%02d", sign, hours, size % 60)
        return F.when(ahead == 0, "Z").when(ahead != 0, text)

    return let(minutes, of)


def format_instant(at: Column, pattern: str, zone: str = "UTC") -> Column:
    """An instant, or a date, in a pattern."""
    parts: list[Column] = []
    plain = ""
    for run in [*_runs(pattern), ""]:
        # Spark writes years as parts of eras, and a clock may show one outside of 1 to 9999.
        alone = ("XX", "XXX", "") if zone == "UTC" else ("XX", "XXX", "yyyy", "")
        if run not in alone:
            plain += run
            continue
        if plain:
            parts.append(F.date_format(local(at, zone), plain))
            plain = ""
        if run == "yyyy":
            parts.append(F.format_string("%04d", F.year(local(at, zone))))
        elif run:
            parts.append(_offset(at, zone, ":" if run == "XXX" else ""))
    return F.concat(*parts) if parts else present(F.lit(""), at)


# What each run of letters reads, and which field it is.
READS = {
    "yyyy": ("year", "([0-9]{4})"),
    "MM": ("month", "([0-9]{2})"),
    "M": ("month", "([0-9]{1,2}+)"),
    "MMM": ("month_name", f"({'|'.join(MONTHS)})"),
    "dd": ("day", "([0-9]{2})"),
    "d": ("day", "([0-9]{1,2}+)"),
    "DDD": ("day_of_year", "([0-9]{3})"),
    "EEE": ("weekday", f"({'|'.join(WEEKDAYS)})"),
    "HH": ("hour", "([0-9]{2})"),
    "H": ("hour", "([0-9]{1,2}+)"),
    "hh": ("half_hour", "([0-9]{2})"),
    "h": ("half_hour", "([0-9]{1,2}+)"),
    "a": ("half", "(AM|PM)"),
    "mm": ("minute", "([0-9]{2})"),
    "ss": ("second", "([0-9]{2})"),
    "XXX": ("offset", "(Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"),
    "XX": ("offset", "(Z|[+-](?:[01][0-9]|2[0-3])[0-5][0-9])"),
}


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\^$.|?*+()[]{}-" else c for c in text)


def _reader(pattern: str) -> tuple[str, dict[str, int]]:
    """A pattern as a regular expression, and which of its groups is which field."""
    expression, fields, groups = "\\A", {}, 0
    for run in _runs(pattern):
        known = READS.get(run)
        if run.startswith("S"):
            known = ("fraction", f"([0-9]{{{len(run)}}})")
        if known is None:
            text = run[1:-1].replace("''", "'") if run.startswith("'") else run
            expression += _escaped(text or "'")
            continue
        groups += 1
        fields[known[0]] = groups
        expression += known[1]
    return expression + "\\z", fields


def _name_number(name: Column, names: list[str]) -> Column:
    return F.call_function("array_position", F.array(*map(F.lit, names)), name)


def _read_date(field: dict[str, Column]) -> Column:
    year_ = _number(field["year"])
    if "day_of_year" in field:
        number = _number(field["day_of_year"])
        first = date_of(year_, F.lit(1), F.lit(1))
        found = F.date_add(first, (number - 1).cast("int"))
        found = F.when((number > 0) & (F.year(found) == year_), found)
    else:
        named = "month_name" in field
        month_ = (
            _name_number(field["month_name"], MONTHS)
            if named
            else _number(field["month"])
        )
        found = date_of(year_, month_, _number(field["day"]))
    if "weekday" in field:
        wanted = _name_number(field["weekday"], WEEKDAYS)
        found = F.when(weekday(found) == wanted, found)
    return found


def _read_clock(field: dict[str, Column]) -> Column:
    """Microseconds since midnight."""
    zero = F.lit(0).cast("bigint")
    number = {name: _number(field[name]) if name in field else zero for name in CLOCK}
    hour_ = number["hour"]
    if "hour" not in field and "half_hour" in field:
        half = number["half_hour"]
        later = F.when(field["half"] == "PM", 12).otherwise(0)
        hour_ = F.when(half.between(1, 12), half % 12 + later)
    right = (hour_ < 24) & (number["minute"] < 60) & (number["second"] < 60)
    seconds = hour_ * 3600 + number["minute"] * 60 + number["second"]
    fraction = _micros(field["fraction"]) if "fraction" in field else zero
    return F.when(right, seconds * SECOND + fraction)


CLOCK = ("hour", "half_hour", "minute", "second")


def _fields(text: Column, expression: str, fields: dict[str, int]) -> dict[str, Column]:
    return {name: F.regexp_extract(text, expression, at) for name, at in fields.items()}


def parse(text: Column, pattern: str, zone: str = "UTC") -> Column:
    """The instant that a text writes in a pattern."""
    expression, fields = _reader(pattern)

    def of(known: Column) -> Column:
        field = _fields(known, expression, fields)
        clock = first_instant(_read_date(field)) + _read_clock(field)
        if "offset" not in field:
            return instant_of_local(clock, zone)
        digits = F.regexp_replace(field["offset"], "[^0-9]", "")
        hours, minutes = F.substring(digits, 1, 2), F.substring(digits, 3, 2)
        ahead = _number(hours) * 3600 + _number(minutes) * 60
        signed = F.when(field["offset"].startswith("-"), -ahead).otherwise(ahead)
        return instant(clock - signed * SECOND)

    return let(F.when(text.rlike(expression), text), of)


def parse_date(text: Column, pattern: str) -> Column:
    """The date that a text writes in a pattern."""
    expression, fields = _reader(pattern)

    def of(known: Column) -> Column:
        return _read_date(_fields(known, expression, fields))

    return let(F.when(text.rlike(expression), text), of)
