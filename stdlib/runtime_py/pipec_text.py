"""Texts as columns: what generated jobs ask of texts that Spark has no single function for.

Positions count code points from 0, and a missing argument gives a missing answer. Nothing
here starts a Python worker: every function builds a column when the job is planned.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column
from pyspark.sql import functions as F

# Unicode White_Space; Spark's own `trim` takes the space only.
WHITE_SPACE = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

# Letters with a case that Unicode got after version 13, which is what Java 17 knows: the
# first and the last in upper case, and the first in lower case. Each maps to one letter.
NEW_LETTERS = [
    (0x1C89, 0x1C89, 0x1C8A),
    (0x2C2F, 0x2C2F, 0x2C5F),
    (0xA7C0, 0xA7C0, 0xA7C1),
    (0xA7CB, 0xA7CB, 0x264),
    *[(letter, letter, letter + 1) for letter in range(0xA7CC, 0xA7DB, 2)],
    (0xA7DC, 0xA7DC, 0x19B),
    (0x10570, 0x1057A, 0x10597),
    (0x1057C, 0x1058A, 0x105A3),
    (0x1058C, 0x10592, 0x105B3),
    (0x10594, 0x10595, 0x105BB),
    (0x10D50, 0x10D65, 0x10D70),
    (0x16EA0, 0x16EB8, 0x16EBB),
]
NEW_UPPER = "".join(
    chr(c) for first, last, _ in NEW_LETTERS for c in range(first, last + 1)
)
NEW_LOWER = "".join(
    chr(c) for first, last, to in NEW_LETTERS for c in range(to, to + last - first + 1)
)

# The most code points that a text is repeated or padded to.
MOST = 1_000_000
# Spark counts positions with 32 bits.
FARTHEST = 2**31 - 2


def let(value: Column, body: Callable[[Column], Column]) -> Column:
    """What is made of a value that is computed once, however often it is used."""
    return F.get(F.transform(F.array(value), body), 0)


def present(answer: Column, *arguments: Column) -> Column:
    """The answer where no argument is missing."""
    condition = arguments[0].isNotNull()
    for argument in arguments[1:]:
        condition = condition & argument.isNotNull()
    return F.when(condition, answer)


def trim(text: Column) -> Column:
    """The text without Unicode White_Space at both ends."""
    return F.btrim(text, F.lit(WHITE_SPACE))


def lower(text: Column) -> Column:
    """The text in lower case, by the full mapping of Unicode 17 without locale."""
    return F.lower(F.translate(text, NEW_UPPER, NEW_LOWER))


def upper(text: Column) -> Column:
    """The text in upper case, by the full mapping of Unicode 17 without locale."""
    return F.upper(F.translate(text, NEW_LOWER, NEW_UPPER))


def place(at: Column) -> Column:
    """A position as Spark takes it: what lies outside is at the ends."""
    inside = F.when(at < 0, 0).when(at > FARTHEST, FARTHEST).otherwise(at)
    return inside.cast("int")


def length(text: Column) -> Column:
    """How many code points."""
    return F.length(text).cast("bigint")


def is_empty(text: Column) -> Column:
    """Whether there is no code point at all."""
    return text == ""


def is_blank(text: Column) -> Column:
    """Whether there is only white space, or nothing."""
    return trim(text) == ""


def trim_start(text: Column, chars: Column | None = None) -> Column:
    """Without these code points at the start; without white space where none are said."""
    chars = F.lit(WHITE_SPACE) if chars is None else chars
    return F.call_function("ltrim", chars, text)


def trim_end(text: Column, chars: Column | None = None) -> Column:
    """Without these code points at the end; without white space where none are said."""
    chars = F.lit(WHITE_SPACE) if chars is None else chars
    return F.call_function("rtrim", chars, text)


def part(text: Column, start: Column, end: Column) -> Column:
    """The code points from one position up to, and without, another."""
    first, last = place(start), place(end)
    count = F.when(last > first, last - first).otherwise(0)
    return present(text.substr(first + 1, count), text, start, end)


def part_from(text: Column, start: Column) -> Column:
    """The code points from one position to the end."""
    return text.substr(place(start) + 1, F.length(text))


def left(text: Column, count: Column) -> Column:
    """The first code points."""
    return text.substr(F.lit(1), place(count))


def right(text: Column, count: Column) -> Column:
    """The last code points."""
    return part_from(text, F.length(text) - place(count))


def split(text: Column, separator: Column) -> Column:
    """The pieces between separators; an empty separator gives the whole text."""
    quoted = F.replace(separator, F.lit("\\E"), F.lit("\\E\\\\E\\Q"))
    pattern = F.concat(F.lit("\\Q"), quoted, F.lit("\\E"))
    pieces = F.call_function("split", text, pattern, F.lit(-1))
    answer = F.when(separator == "", F.array(text)).otherwise(pieces)
    return present(answer, text, separator)


def index_of(text: Column, part_of: Column) -> Column:
    """Where another text first stands; missing where it does not."""
    at = F.position(part_of, text)
    return F.when(at > 0, at - 1).cast("bigint")


def count_of(text: Column, part_of: Column) -> Column:
    """How often another text stands in it, without overlap; an empty one nowhere."""
    without = F.replace(text, part_of, F.lit(""))
    gone = F.length(text) - F.length(without)
    # Beside an empty text the divisor would be zero.
    times = gone / F.when(part_of != "", F.length(part_of))
    return present(F.coalesce(times, F.lit(0)).cast("bigint"), text, part_of)


def pad(side: str, text: Column, to: Column, filler: Column) -> Column:
    """Made longer with `lpad` or `rpad`, never shorter; missing if it grew too long."""
    long_enough = (filler == "") | (to <= F.length(text))
    grown = F.call_function(side, text, to.cast("int"), filler)
    answer = F.when(long_enough, text).when(
        F.try_subtract(to, length(text)) <= MOST, grown
    )
    return present(answer, text, to, filler)


def pad_left(text: Column, to: Column, filler: Column) -> Column:
    """Made longer at its start."""
    return pad("lpad", text, to, filler)


def pad_right(text: Column, to: Column, filler: Column) -> Column:
    """Made longer at its end."""
    return pad("rpad", text, to, filler)


def repeat(text: Column, times: Column) -> Column:
    """Written several times; missing if it grew too long."""
    fits = F.try_multiply(length(text), times) <= MOST
    often = F.call_function("repeat", text, times.cast("int"))
    answer = F.when((times <= 0) | (text == ""), "").when(fits, often)
    return present(answer, text, times)


def squeeze(text: Column) -> Column:
    """Each run of white space as one space, none at the ends."""
    return F.regexp_replace(trim(text), f"[{WHITE_SPACE}]+", " ")


def remove_prefix(text: Column, prefix: Column) -> Column:
    """Without a prefix, if it has it."""
    rest = text.substr(F.length(prefix) + 1, F.length(text))
    return present(F.when(text.startswith(prefix), rest).otherwise(text), text, prefix)


def remove_suffix(text: Column, suffix: Column) -> Column:
    """Without a suffix, if it has it."""
    rest = text.substr(F.lit(1), F.length(text) - F.length(suffix))
    return present(F.when(text.endswith(suffix), rest).otherwise(text), text, suffix)


def before(text: Column, separator: Column) -> Column:
    """What stands before the first separator; missing where there is none."""
    at = F.position(separator, text)
    return F.when(at > 0, text.substr(F.lit(1), at - 1))


def after(text: Column, separator: Column) -> Column:
    """What stands after the first separator; missing where there is none."""
    at = F.position(separator, text)
    return F.when(at > 0, text.substr(at + F.length(separator), F.length(text)))


def translate(text: Column, old: Column, new: Column) -> Column:
    """Each code point of `old` as the one at the same place of `new`, or left out."""
    return F.call_function("translate", text, old, new)


def mask(text: Column, shown: Column, sign: Column) -> Column:
    """Only the last code points are shown; of a text that is not longer, none."""
    size = F.length(text)
    hidden = F.when(shown >= size, size).otherwise(size - place(shown))
    stars = F.call_function("repeat", sign, hidden)
    return F.concat(stars, text.substr(hidden + 1, size))


def code_point(text: Column) -> Column:
    """The number of the first code point; missing for an empty text."""
    return F.when(text != "", F.ascii(text)).cast("bigint")


def from_code_point(number: Column) -> Column:
    """The text of one code point; missing where there is none of this number."""
    known = number.between(0, 0xD7FF) | number.between(0xE000, 0x10FFFF)
    digits = F.lpad(F.hex(F.when(known, number)), 8, "0")
    return F.decode(F.unhex(digits), "UTF-32BE")


def levenshtein(left_: Column, right_: Column) -> Column:
    """How many code points have to be put in, taken out or changed."""
    return F.levenshtein(left_, right_).cast("bigint")


def utf8(octets: Column) -> Column:
    """The text of these bytes; missing where they are no UTF-8."""
    return let(
        octets,
        lambda given: let(
            F.decode(given, "UTF-8"),
            lambda text: F.when(F.encode(text, "UTF-8") == given, text),
        ),
    )


# Regular expressions come in Java's syntax, with all classes written out.


def regex_extract(text: Column, pattern: str, group: int, taken: str) -> Column:
    """A group of the first match; missing where it took no part in one."""
    return F.when(text.rlike(taken), F.regexp_extract(text, pattern, group))


def regex_extract_all(text: Column, pattern: str, group: int) -> Column:
    """A group of every match."""
    return F.regexp_extract_all(text, F.lit(pattern), F.lit(group))


def regex_count(text: Column, pattern: str) -> Column:
    """How many matches."""
    return F.regexp_count(text, F.lit(pattern)).cast("bigint")


def regex_split(text: Column, pattern: str, starts: str | None = None) -> Column:
    """The pieces between matches; `starts` finds an empty match before the text."""
    pieces = F.split(text, pattern, -1)
    if starts is None:
        return pieces
    first = F.concat(F.array(F.lit("")), pieces)
    return F.when(text.rlike(starts), first).otherwise(pieces)


# Bytes as texts.


def base64(text: Column) -> Column:
    """A text's bytes in base 64, on one line."""
    return F.regexp_replace(F.base64(text.cast("binary")), "[\r\n]", "")


def bytes_of_base64(text: Column) -> Column:
    """Bytes in base 64, with or without `=` at the end."""
    sign = "[A-Za-z0-9+/]"
    # The last group, by how much it lacks: its last sign has bits to spare, all of them 0.
    two, three = f"{sign}[AQgw]={{0,2}}\\z", f"{sign}{{2}}[AEIMQUYcgkosw048]=?\\z"
    # Groups of four are counted by length: a pattern that repeats them is too deep.
    bare = F.regexp_replace(text, "=+\\z", "")
    tail = F.length(bare) % 4
    ends = f"\\A{sign}*+\\z"
    whole = text.rlike(ends) & (tail == 0)
    last = ((tail == 2) & text.rlike(two)) | ((tail == 3) & text.rlike(three))
    open_end = bare.rlike(ends) & last
    return F.unbase64(F.when(whole | open_end, bare))


def from_base64(text: Column) -> Column:
    """The text of bytes in base 64."""
    return utf8(bytes_of_base64(text))


def to_hex(text: Column) -> Column:
    """A text's bytes in hexadecimal digits."""
    return F.lower(F.hex(text))


def from_hex(text: Column) -> Column:
    """The text of bytes in hexadecimal digits."""
    digits = text.rlike("\\A[0-9A-Fa-f]*+\\z") & (F.length(text) % 2 == 0)
    return utf8(F.unhex(F.when(digits, text)))


def uuid(text: Column) -> Column:
    """The identifier that a text writes, in lower case."""
    digit = "[0-9A-Fa-f]"
    groups = "-".join(f"{digit}{{{count}}}" for count in (8, 4, 4, 4, 12))
    return F.lower(F.when(text.rlike(f"\\A{groups}\\z"), text))


def uuid5(space: Column, name: Column) -> Column:
    """The identifier of a name in a name space, version 5."""
    octets = F.concat(F.unhex(F.replace(space, F.lit("-"))), name.cast("binary"))
    digits = "0123456789abcdef"
    answer = let(
        F.sha1(octets),
        lambda hash_: F.concat_ws(
            "-",
            F.substring(hash_, 1, 8),
            F.substring(hash_, 9, 4),
            F.concat(F.lit("5"), F.substring(hash_, 14, 3)),
            F.concat(
                F.translate(F.substring(hash_, 17, 1), digits, "89ab" * 4),
                F.substring(hash_, 18, 3),
            ),
            F.substring(hash_, 21, 12),
        ),
    )
    return present(answer, space, name)


# Web addresses, as RFC 3986 takes them apart (appendix B).
ADDRESS = "(?s)\\A(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(?:\\?([^#]*))?(?:#(.*))?\\z"
HOST = "(?s)\\A(?:.*@)?(.*?)(?::([^:\\]]*))?\\z"


def url_scheme(url: Column) -> Column:
    """The scheme, in lower case."""
    scheme = F.regexp_extract(url, ADDRESS, 1)
    return F.when(scheme != "", lower(scheme))


def _authority(url: Column) -> Column:
    return F.regexp_extract(url, ADDRESS, 2)


def url_host(url: Column) -> Column:
    """The host, in lower case."""
    host = F.regexp_extract(_authority(url), HOST, 1)
    return F.when(host != "", lower(host))


def url_port(url: Column) -> Column:
    """The port that is written."""
    port = F.regexp_extract(_authority(url), HOST, 2)
    number = F.when(port.rlike("\\A\\+?0*[0-9]{1,5}\\z|\\A-0+\\z"), port).cast("bigint")
    return F.when(number <= 65_535, number)


def url_path(url: Column) -> Column:
    """The path."""
    return F.regexp_extract(url, ADDRESS, 3)


def url_query(url: Column) -> Column:
    """What stands behind `?`; missing where there is none."""
    return F.when(url.rlike("\\A[^#?]*\\?"), F.regexp_extract(url, ADDRESS, 4))


def url_fragment(url: Column) -> Column:
    """What stands behind `#`; missing where there is none."""
    return F.when(url.contains("#"), F.regexp_extract(url, ADDRESS, 5))


def url_encode(text: Column) -> Column:
    """As a part of an address."""
    coded = F.url_encode(text)
    # Forms write a space as `+`, leave `*` and do not leave `~`.
    for old, new in (("+", "%20"), ("*", "%2A"), ("%7E", "~")):
        coded = F.replace(coded, F.lit(old), F.lit(new))
    return coded


def url_decode(text: Column) -> Column:
    """As a text; missing where `%` stands without two digits, or there is no UTF-8."""
    pieces = F.split(F.when(~text.rlike("%(?![0-9A-Fa-f]{2})"), text), "%", -1)
    octets = F.transform(
        pieces,
        lambda piece, at: F.when(at == 0, F.hex(piece)).otherwise(
            F.concat(piece.substr(1, 2), F.hex(F.substring(piece, 3, FARTHEST)))
        ),
    )
    return utf8(F.unhex(F.array_join(octets, "")))


def url_parameter(url: Column, name: Column) -> Column:
    """The first value of a parameter, decoded, `+` as a space."""
    plain = F.replace(url_query(url), F.lit("+"), F.lit(" "))
    pairs = F.transform(F.split(plain, "&", -1), lambda pair: F.split(pair, "=", 2))
    found = F.filter(pairs, lambda pair: url_decode(F.get(pair, 0)) == name)
    return let(
        F.get(found, 0),
        lambda pair: F.when(
            pair.isNotNull(), url_decode(F.coalesce(F.get(pair, 1), F.lit("")))
        ),
    )
