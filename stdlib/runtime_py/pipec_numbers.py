"""Numbers as columns: arithmetic that is exact or missing, and texts read as numbers.

What does not fit its type is missing here; the job that asks knows whether that rejects
the row. Nothing ends a run, and nothing starts a Python worker.
"""

import math

from pipec_text import let, present
from pyspark.sql import Column
from pyspark.sql import functions as F

LEAST = -(2**63)
# The first float that is above every whole number of 64 bits.
ABOVE = 9223372036854775808.0
# From here on a float has no fraction.
WHOLE = 4503599627370496.0
INFINITY = float("inf")
MOST_DIGITS = 38

JSON_NUMBER = "\\A-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?(?:[eE][+-]?[0-9]++)?\\z"


def whole(value: int) -> Column:
    """A whole number of 64 bits."""
    return F.lit(value).cast("bigint")


def power_of_ten(exponent: int, precision: int, scale: int) -> Column:
    """A power of ten as a decimal."""
    return F.lit(str(10**exponent)).cast(f"decimal({precision}, {scale})")


# Floats.


def is_finite(value: Column) -> Column:
    """Whether a float is neither NaN nor infinite."""
    return F.abs(value) < INFINITY


def number(value: Column) -> Column:
    """A float that is a result: missing for NaN."""
    return F.when(~F.isnan(value), value)


def is_infinite(value: Column) -> Column:
    """Whether a result is too large for a float."""
    return F.abs(value) == INFINITY


def overflows(answer: Column, left: Column, right: Column) -> Column:
    """Whether two finite floats gave what is not finite."""
    return is_infinite(answer) & is_finite(left) & is_finite(right)


def remainder(left: Column, right: Column) -> Column:
    """What a division leaves, with the sign of the dividend; missing by zero."""
    return F.when(right != 0, left % right)


def is_nan(value: Column) -> Column:
    """Whether a float is no number."""
    return present(F.isnan(value), value)


def positive(value: Column) -> Column:
    """A float above zero, or nothing."""
    return F.when((value > 0) & ~F.isnan(value), value)


def sqrt(value: Column) -> Column:
    """The square root; missing below zero."""
    return F.sqrt(F.when((value >= 0) & ~F.isnan(value), value))


def ln(value: Column) -> Column:
    """The natural logarithm; missing for 0 and below."""
    return F.ln(positive(value))


def log10(value: Column) -> Column:
    """The logarithm to base 10."""
    return F.log10(positive(value))


def log2(value: Column) -> Column:
    """The logarithm to base 2."""
    return F.log2(positive(value))


def log(value: Column, base: Column) -> Column:
    """The logarithm to any base: a quotient of natural ones."""
    divisor = ln(base)
    return F.when(divisor != 0, F.try_divide(ln(value), divisor))


def power(base: Column, exponent: Column) -> Column:
    """A number to the power of another; missing where that is no number."""
    answer = F.when(base == 1, 1.0).otherwise(F.pow(base, exponent))
    impossible = (base == 0) & (exponent < 0)
    return present(F.when(~impossible, number(answer)), base, exponent)


def power_overflows(base: Column, exponent: Column) -> Column:
    """Whether a power is too large."""
    return is_infinite(power(base, exponent))


def exp(value: Column) -> Column:
    """e to the power of a number."""
    return number(F.exp(value))


def exp_overflows(value: Column) -> Column:
    """Whether a power of e is too large."""
    return is_infinite(F.exp(value))


def asin(value: Column) -> Column:
    """The angle whose sine this is."""
    return F.asin(F.when(value.between(-1.0, 1.0), value))


def acos(value: Column) -> Column:
    """The angle whose cosine this is."""
    return F.acos(F.when(value.between(-1.0, 1.0), value))


def degrees(radians_: Column) -> Column:
    """Degrees of radians."""
    return number(radians_ * 180.0 / math.pi)


def degrees_overflow(radians_: Column) -> Column:
    """Whether an angle in degrees is too large."""
    return is_infinite(degrees(radians_))


def radians(degrees_: Column) -> Column:
    """Radians of degrees."""
    return degrees_ / 180.0 * math.pi


def floor(value: Column) -> Column:
    """The largest whole float that is not above."""
    small = F.floor(F.when(F.abs(value) < WHOLE, value)).cast("double")
    return F.coalesce(small, value)


def ceil(value: Column) -> Column:
    """The smallest whole float that is not below."""
    small = F.ceil(F.when(F.abs(value) < WHOLE, value)).cast("double")
    return F.coalesce(small, value)


def bucket(value: Column, low: Column, high: Column, count: Column) -> Column:
    """Which of `count` stretches of equal width a number lies in, from 1."""
    width = high - low
    known = (count >= 1) & (count < 2**63 - 1) & (high > low) & is_finite(width)
    known = known & ~F.isnan(value)
    inside = F.floor((value - low) / F.when(known, width) * count.cast("double"))
    answer = (
        F.when(value < low, whole(0))
        .when(value >= high, count + 1)
        .otherwise(F.least(inside, count - 1) + 1)
    )
    return F.when(known, present(answer, value, low, high, count))


# Choices.


def greatest(*values: Column) -> Column:
    """The largest value, where none is missing."""
    return present(F.greatest(*values), *values)


def least(*values: Column) -> Column:
    """The smallest value, where none is missing."""
    return present(F.least(*values), *values)


def clamp(value: Column, low: Column, high: Column) -> Column:
    """A value kept between two bounds, the lower one where they cross."""
    return present(F.greatest(F.least(value, high), low), value, low, high)


def null_if(value: Column, unknown: Column) -> Column:
    """A value, or nothing where it is another one."""
    return F.when(~value.eqNullSafe(unknown), value)


# Whole numbers.


def sign(value: Column) -> Column:
    """-1, 0 or 1."""
    answer = F.when(value > 0, 1).when(value == 0, 0).when(value < 0, -1)
    return answer.cast("bigint")


def abs_int(value: Column) -> Column:
    """Without its sign; missing where 64 bits do not hold it."""
    return F.abs(F.when(value != LEAST, value))


def _divides(dividend: Column, divisor: Column) -> Column:
    return (divisor != 0) & ~div_overflows(dividend, divisor)


def div(dividend: Column, divisor: Column) -> Column:
    """A whole quotient, toward zero; missing by zero and where it does not fit."""
    safe = F.when(_divides(dividend, divisor), divisor)
    return F.call_function("div", dividend, safe)


def part(length: Column, parts: Column) -> Column:
    """A duration in so many parts, half away from zero; missing as `div` is."""
    wide = "decimal(20, 0)"
    rest = F.abs(remainder(length, parts).cast(wide))
    up = rest * 2 >= F.abs(parts.cast(wide))
    away = F.when(up, sign(length) * sign(parts)).otherwise(0)
    return div(length, parts) + away


def div_overflows(dividend: Column, divisor: Column) -> Column:
    """Whether a whole quotient does not fit 64 bits."""
    return (dividend == LEAST) & (divisor == -1)


def mod(dividend: Column, divisor: Column) -> Column:
    """What is left, with the sign of the divisor; missing by zero."""
    rest = remainder(dividend, divisor)
    other_sign = (rest != 0) & ((rest < 0) != (divisor < 0))
    return F.when(other_sign, rest + divisor).otherwise(rest)


def _within(bits: Column) -> Column:
    return F.when(bits.between(0, 63), bits).cast("int")


def shift_left(value: Column, bits: Column) -> Column:
    """Moved up; bits that leave the 64 are lost."""
    moved = F.call_function("shiftleft", value, _within(bits))
    return present(F.coalesce(moved, whole(0)), value, bits)


def shift_right(value: Column, bits: Column) -> Column:
    """Moved down, the sign kept."""
    moved = F.call_function("shiftright", value, _within(bits))
    end = F.when(value < 0, whole(-1)).otherwise(whole(0))
    return present(F.coalesce(moved, end), value, bits)


def bit_count(value: Column) -> Column:
    """How many bits are set."""
    return F.bit_count(value).cast("bigint")


def to_base16(value: Column) -> Column:
    """Hexadecimal digits, below zero as two's complement."""
    return F.lower(F.hex(value))


def from_base16(text: Column) -> Column:
    """The number that up to 16 hexadecimal digits write."""
    digits = F.regexp_extract(text, "\\A0*+([0-9A-Fa-f]{0,16})\\z", 1)
    known = text.rlike("\\A(?=[0-9A-Fa-f])0*+[0-9A-Fa-f]{0,16}\\z")
    return F.conv(F.when(known, F.lpad(digits, 16, "0")), 16, -10).cast("bigint")


# Decimals: (precision, scale) of what comes in and of what goes out are known.


def decimal(value: Column, from_: tuple[int, int], to: tuple[int, int]) -> Column:
    """A decimal with other digits, half away from zero; missing where it has too many."""
    (from_digits, from_scale), (digits, scale) = from_, to
    if scale < from_scale:
        value = F.round(value, scale)
        from_digits = min(from_digits - from_scale + 1 + scale, MOST_DIGITS)
        from_scale = scale
    name = f"decimal({digits}, {scale})"
    if digits - scale >= from_digits - from_scale:
        return value.cast(name)
    limit = power_of_ten(digits - scale, from_digits, from_scale)
    return F.when(F.abs(value) < limit, value).cast(name)


def decimal_of_int(value: Column, to: tuple[int, int]) -> Column:
    """A whole number as a decimal; missing where it has too many digits."""
    return decimal(value.cast("decimal(19, 0)"), (19, 0), to)


def int_of_decimal(value: Column, scale: int) -> Column:
    """Without its fraction, if 64 bits hold it."""
    cut = F.when(value < 0, F.ceil(value)).otherwise(F.floor(value))
    cut = cut if scale > 0 else value
    return _int_of_whole_decimal(cut)


def _int_of_whole_decimal(value: Column) -> Column:
    least = F.lit(str(LEAST)).cast("decimal(19, 0)")
    most = F.lit(str(-1 - LEAST)).cast("decimal(19, 0)")
    return F.when(value.between(least, most), value).cast("bigint")


def floor_decimal(value: Column, digits: int) -> Column:
    """The largest whole number that is not above."""
    return F.floor(value).cast(f"decimal({digits}, 0)")


def ceil_decimal(value: Column, digits: int) -> Column:
    """The smallest whole number that is not below."""
    return F.ceil(value).cast(f"decimal({digits}, 0)")


# Texts as numbers, strictly: ASCII digits, no spaces, nothing behind the value.


def int_of_text(text: Column) -> Column:
    """`[+-]?[0-9]+` of 64 bits."""
    digits = F.when(text.rlike("\\A[+-]?(?=[0-9])0*+[0-9]{0,19}\\z"), text)
    return let(digits.cast("decimal(38, 0)"), _int_of_whole_decimal)


def decimal_of_text(text: Column, precision: int, scale: int) -> Column:
    """`[+-]?[0-9]+(\\.[0-9]+)?` with no more digits than these."""
    fraction = f"(?:\\.[0-9]{{1,{scale}}})?" if scale else ""
    pattern = f"\\A[+-]?(?=[0-9])0*+[0-9]{{0,{precision - scale}}}{fraction}\\z"
    return F.when(text.rlike(pattern), text).cast(f"decimal({precision}, {scale})")


def float_of_text(text: Column) -> Column:
    """JSON's grammar of numbers, and a finite number."""
    value = F.when(text.rlike(JSON_NUMBER), text).cast("double")
    return F.when(is_finite(value), value)


# Floats by their shortest text: `m.mmme±xx` with the fewest digits that read back.


def shortest(value: Column) -> Column:
    """The shortest text of a float that is finite and not below zero."""

    def of(digits: int) -> Column:
        return F.format_string(f"%.{digits}e", value)

    def right(digits: int) -> Column:
        return of(digits).cast("double") == value

    found = F.when(right(14), of(14)).when(right(15), of(15)).otherwise(of(16))
    return present(found, value)


def _rounded(value: Column, digits: int) -> Column:
    """A float below 10^16 and not below zero as a decimal with these digits."""

    def of(text: Column) -> Column:
        # Sixteen or seventeen digits: below 1 they begin far behind the point.
        small = F.when(value < 1.0, text).cast("decimal(38, 37)")
        large = F.when(value >= 1.0, text).cast("decimal(38, 16)")
        cut = min(digits, 18)
        return F.coalesce(
            decimal(small, (38, 37), (38, cut)), decimal(large, (38, 16), (38, cut))
        )

    return let(shortest(value), of)


def _whole_digits(value: Column) -> Column:
    """All digits of a float from 10^16 on."""

    def of(text: Column) -> Column:
        digits = F.regexp_replace(F.regexp_extract(text, "\\A([^e]*)", 1), "\\.", "")
        places = F.regexp_extract(text, "e\\+?(.*)\\z", 1).cast("int") + 1
        filled = F.call_function("rpad", digits, places, F.lit("0"))
        return filled.substr(F.lit(1), places)

    return let(shortest(value), of)


def _small(value: Column) -> Column:
    size = F.abs(value)
    return F.when(size < 1e16, size)


def _large(value: Column) -> Column:
    size = F.abs(value)
    return F.when((size >= 1e16) & (size < INFINITY), size)


def round_float(value: Column, digits: int) -> Column:
    """Half away from zero, by the float's shortest text."""

    def of(given: Column) -> Column:
        size = _rounded(_small(given), digits).cast("double")
        return F.coalesce(F.when(given < 0, -size).otherwise(size), given)

    return let(value, of)


def text_of_float(value: Column, digits: int) -> Column:
    """A float's text with this many digits, rounded as `round_float` does."""

    def of(given: Column) -> Column:
        fraction = "." + "0" * digits if digits else ""
        rounded = _rounded(_small(given), digits)
        large = F.concat(_whole_digits(_large(given)), F.lit(fraction))
        size = F.coalesce(rounded.cast("string"), large)
        negative = (given < 0) & ((rounded != 0) | rounded.isNull())
        return F.when(negative, F.concat(F.lit("-"), size)).otherwise(size)

    return let(value, of)


def decimal_of_float(value: Column, precision: int, scale: int) -> Column:
    """The decimal nearest to a float's shortest text, half away from zero."""
    to = (precision, scale)

    def of(given: Column) -> Column:
        text = shortest(_small(given))
        below = F.when(F.abs(given) < 1.0, text).cast("decimal(38, 37)")
        above = F.when(F.abs(given) >= 1.0, text).cast("decimal(38, 16)")
        digits = _whole_digits(F.when(F.abs(given) < 1e38, _large(given)))
        size = F.coalesce(
            decimal(below, (38, 37), to),
            decimal(above, (38, 16), to),
            decimal(digits.cast("decimal(38, 0)"), (38, 0), to),
        )
        return F.when(given < 0, -size).otherwise(size)

    return let(value, of)


def int_of_float(value: Column) -> Column:
    """Without its fraction, if 64 bits hold it."""
    fits = (value >= -ABOVE) & (value < ABOVE)
    return F.when(fits, value).cast("bigint")


def bool_of_text(text: Column) -> Column:
    """`true` or `false`."""
    return F.when(text == "true", True).when(text == "false", False)


# Places on earth, a sphere; degrees.
RADIUS = 6_371_008.8
GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"


def _on_earth(place: Column, latitude: Column, *others: Column) -> Column:
    known = latitude.between(-90.0, 90.0)
    for other in others:
        known = known & other
    return F.when(known, place)


def geo_distance(north: Column, east: Column, to_north: Column, to_east: Column):
    """Metres along a great circle."""
    up = F.sin(F.radians(to_north - north) / 2.0)
    along = F.sin(F.radians(to_east - east) / 2.0)
    widths = F.cos(F.radians(north)) * F.cos(F.radians(to_north))
    half = up * up + widths * along * along
    metres = 2.0 * RADIUS * F.asin(F.least(F.sqrt(half), F.lit(1.0)))
    reach = is_finite(to_east - east)
    return _on_earth(metres, north, to_north.between(-90.0, 90.0), reach)


def geo_bearing(north: Column, east: Column, to_north: Column, to_east: Column):
    """Degrees from north, clockwise."""
    from_, to = F.radians(north), F.radians(to_north)
    along = F.radians(to_east - east)
    y = F.sin(along) * F.cos(to)
    x = F.cos(from_) * F.sin(to) - F.sin(from_) * F.cos(to) * F.cos(along)
    angle = F.degrees(F.atan2(y, x))
    turned = F.when(angle < 0.0, angle + 360.0).otherwise(angle)
    reach = is_finite(to_east - east)
    return _on_earth(turned, north, to_north.between(-90.0, 90.0), reach)


def geo_in_box(
    latitude: Column,
    longitude: Column,
    south: Column,
    west: Column,
    north: Column,
    east: Column,
) -> Column:
    """Whether a place is in a box, edges in."""
    between = (longitude >= west) & (longitude <= east)
    around = (longitude >= west) | (longitude <= east)
    across = F.when(west <= east, between).otherwise(around)
    inside = across & (latitude >= south) & (latitude <= north)
    # No number lies in no box, and only two comparisons tell NaN apart.
    numbers = ~F.isnan(latitude) & ~F.isnan(longitude)
    return present(inside & numbers, latitude, longitude, south, west, north, east)


def _halvings(value: Column, low: float, high: float, times: int) -> Column:
    """A bit for each time that a stretch is halved: whether the value is above."""
    start = F.struct(
        F.lit(low).alias("low"), F.lit(high).alias("high"), whole(0).alias("bits")
    )

    def halve(state: Column, _: Column) -> Column:
        low_, high_, bits = (state.getField(name) for name in ("low", "high", "bits"))
        middle = (low_ + high_) / 2.0
        above = value >= middle
        return F.struct(
            F.when(above, middle).otherwise(low_).alias("low"),
            F.when(above, high_).otherwise(middle).alias("high"),
            (bits * 2 + F.when(above, 1).otherwise(0)).alias("bits"),
        )

    steps = F.sequence(F.lit(1), F.lit(times))
    return F.aggregate(steps, start, halve, lambda state: state.getField("bits"))


def geohash(latitude: Column, longitude: Column, digits: int) -> Column:
    """The geohash of a place."""
    bits = 5 * digits
    across, up = (bits + 1) // 2, bits // 2

    def of(both: Column) -> Column:
        signs = []
        for digit in range(digits):
            index: Column = F.lit(1).cast("bigint")
            for bit in range(5 * digit, 5 * digit + 5):
                name, count = ("up", up) if bit % 2 else ("across", across)
                moved = F.shiftright(both.getField(name), count - 1 - bit // 2)
                weight = 16 >> (bit - 5 * digit)
                index = index + moved.bitwiseAND(whole(1)) * weight
            signs.append(F.lit(GEOHASH).substr(index.cast("int"), F.lit(1)))
        return F.concat(*signs)

    both = F.struct(
        _halvings(longitude, -180.0, 180.0, across).alias("across"),
        _halvings(latitude, -90.0, 90.0, max(up, 1)).alias("up"),
    )
    known = latitude.between(-90.0, 90.0) & longitude.between(-180.0, 180.0)
    return F.when(known, let(both, of))
