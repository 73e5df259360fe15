//! `decimal(p, s)`: whole numbers of 10^-s, with at most p digits. Result types are the compiler's choice (Spark's
//! rules); here a result either fits its type or there is none.
//!
//! Free functions take scales as numbers, for engines that know types only when they run; [`Decimal`] carries them
//! in its type and calls these.

use std::fmt;

use super::wide::Wide;

/// The most digits that a decimal has.
pub const MAX_DIGITS: u8 = 38;

/// A decimal of at most `P` digits, `S` of them behind the point; the number holds its digits without the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const P: u8, const S: u8>(pub i128);

impl<const P: u8, const S: u8> Decimal<P, S> {
    /// A number with optional sign and fraction, without exponent; see [`parse`].
    pub fn parse(text: &str) -> Option<Self> {
        parse(text, P, S).map(Self)
    }

    /// The sum, if it has no more digits than its type.
    pub fn plus<const P2: u8, const S2: u8, const P3: u8, const S3: u8>(
        self,
        other: Decimal<P2, S2>,
    ) -> Option<Decimal<P3, S3>> {
        add((self.0, S), (other.0, S2), P3, S3).map(Decimal)
    }

    /// The difference, if it has no more digits than its type.
    pub fn minus<const P2: u8, const S2: u8, const P3: u8, const S3: u8>(
        self,
        other: Decimal<P2, S2>,
    ) -> Option<Decimal<P3, S3>> {
        add((self.0, S), (-other.0, S2), P3, S3).map(Decimal)
    }

    /// The product, if it has no more digits than its type.
    pub fn times<const P2: u8, const S2: u8, const P3: u8, const S3: u8>(
        self,
        other: Decimal<P2, S2>,
    ) -> Option<Decimal<P3, S3>> {
        multiply((self.0, S), (other.0, S2), P3, S3).map(Decimal)
    }

    /// The same number with other digits, if it fits; a smaller scale rounds half away from zero.
    pub fn cast<const P2: u8, const S2: u8>(self) -> Option<Decimal<P2, S2>> {
        cast(self.0, S, P2, S2).map(Decimal)
    }

    /// The quotient, half away from zero: missing by zero; nothing at all if it has more digits than its type.
    #[allow(clippy::option_option, reason = "an overflow is not a missing answer")]
    pub fn over<const P2: u8, const S2: u8, const P3: u8, const S3: u8>(
        self,
        other: Decimal<P2, S2>,
    ) -> Option<Option<Decimal<P3, S3>>> {
        match other.0 {
            0 => Some(None),
            _ => divide((self.0, S), (other.0, S2), P3, S3).map(|value| Some(Decimal(value))),
        }
    }

    /// What a whole quotient leaves, with the sign of the dividend: missing by zero; nothing at all if it does not fit.
    #[allow(clippy::option_option, reason = "an overflow is not a missing answer")]
    pub fn rest<const P2: u8, const S2: u8, const P3: u8, const S3: u8>(
        self,
        other: Decimal<P2, S2>,
    ) -> Option<Option<Decimal<P3, S3>>> {
        match other.0 {
            0 => Some(None),
            _ => remainder((self.0, S), (other.0, S2), P3, S3).map(|value| Some(Decimal(value))),
        }
    }

    /// The same number in a type that has room for every number of this one.
    pub fn widened<const P2: u8, const S2: u8>(self) -> Decimal<P2, S2> {
        const { assert!(S2 >= S && P2 - S2 >= P - S, "the type has room for all digits") };
        Decimal(self.0 * POWERS[usize::from(S2 - S)])
    }

    /// A whole number, if it fits.
    pub fn from_int(value: i64) -> Option<Self> {
        cast(i128::from(value), 0, P, S).map(Self)
    }

    /// The decimal nearest to a float's shortest text, half away from zero, if it fits.
    pub fn from_float(value: f64) -> Option<Self> {
        crate::functions::convert::decimal_of_float(value, P, S).map(Self)
    }

    /// Without its sign.
    pub fn abs(self) -> Self {
        Decimal(self.0.abs())
    }

    /// -1, 0 or 1.
    pub fn sign(self) -> i64 {
        self.0.signum() as i64
    }

    /// With fewer digits behind the point, half away from zero; nothing if the number does not fit.
    pub fn rounded<const P2: u8, const S2: u8>(self) -> Option<Decimal<P2, S2>> {
        self.cast()
    }

    /// The largest whole number that is not larger.
    pub fn floor<const P2: u8>(self) -> Decimal<P2, 0> {
        Decimal(self.0.div_euclid(POWERS[usize::from(S)]))
    }

    /// The smallest whole number that is not smaller.
    pub fn ceil<const P2: u8>(self) -> Decimal<P2, 0> {
        Decimal(-(-self.0).div_euclid(POWERS[usize::from(S)]))
    }

    /// Without its fraction, if 64 bits hold it.
    pub fn to_int(self) -> Option<i64> {
        i64::try_from(self.0 / POWERS[usize::from(S)]).ok()
    }

    /// The nearest float.
    pub fn to_float(self) -> f64 {
        crate::functions::convert::float_of_decimal(self.0, S)
    }
}

impl<const P: u8, const S: u8> std::ops::Neg for Decimal<P, S> {
    type Output = Self;

    /// Never overflows: the digits are the same.
    fn neg(self) -> Self {
        Decimal(-self.0)
    }
}

impl<const P: u8, const S: u8> fmt::Display for Decimal<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text(self.0, S).fmt(f)
    }
}

/// Prints a number of 10^-scale with all its scale digits: `Text(-5, 2)` is `-0.05`.
#[derive(Clone, Copy, Debug)]
pub struct Text(pub i128, pub u8);

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut room = [0; 48];
        f.write_str(std::str::from_utf8(self.write(&mut room)).unwrap_or_default())
    }
}

impl Text {
    /// The text at the end of a buffer: 39 digits, a sign and a point fit.
    pub(crate) fn write(self, room: &mut [u8; 48]) -> &[u8] {
        let Text(value, scale) = self;
        let mut at = room.len();
        let mut digits = 0;
        let mut put = |byte: u8| {
            at -= 1;
            room[at] = byte;
        };
        let mut rest = value.unsigned_abs();
        // Nearly every amount fits 64 bits, where division is cheap.
        while rest > u128::from(u64::MAX) {
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
            digits += 1;
            if digits == scale {
                put(b'.');
            }
        }
        let mut rest = rest as u64;
        while rest > 0 || digits <= scale {
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
            digits += 1;
            if digits == scale {
                put(b'.');
            }
        }
        if value < 0 {
            put(b'-');
        }
        &room[at..]
    }
}

/// `[+-]?[0-9]+(\.[0-9]+)?` in ASCII, with no more fraction digits than `scale` (not even zeros) and a number of no
/// more than `precision` digits (zeros in front do not count).
pub fn parse(text: &str, precision: u8, scale: u8) -> Option<i128> {
    let text = text.as_bytes();
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let whole = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, rest) = text.split_at(whole);
    let fraction = match rest {
        [] => rest,
        [b'.', fraction @ ..] if !fraction.is_empty() && fraction.iter().all(u8::is_ascii_digit) => fraction,
        _ => return None,
    };
    if whole.is_empty() || fraction.len() > usize::from(scale) {
        return None;
    }
    let mut value = 0_i128;
    if whole.len() + usize::from(scale) <= 18 {
        let mut narrow = 0_i64;
        for digit in whole.iter().chain(fraction) {
            narrow = narrow * 10 + i64::from(digit - b'0');
        }
        value = i128::from(narrow);
    } else {
        for digit in whole.iter().chain(fraction) {
            value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
    }
    let missing = scale - fraction.len() as u8;
    let value = fits(value.checked_mul(power(missing)?)?, precision)?;
    Some(if negative { -value } else { value })
}

/// The sum of two numbers with their scales.
pub fn add(left: (i128, u8), right: (i128, u8), precision: u8, scale: u8) -> Option<i128> {
    let common = left.1.max(right.1);
    if common <= scale
        && let (Some(a), Some(b)) = (raise(left.0, scale - left.1), raise(right.0, scale - right.1))
        && let Some(sum) = a.checked_add(b)
    {
        return fits(sum, precision);
    }
    let widened = |(value, from): (i128, u8)| Wide::new(value).scaled_up(common - from);
    narrowed(widened(left).plus(widened(right)), common, precision, scale)
}

/// The product of two numbers with their scales.
pub fn multiply(left: (i128, u8), right: (i128, u8), precision: u8, scale: u8) -> Option<i128> {
    let product_scale = left.1 + right.1;
    if product_scale <= scale
        && let Some(product) = left.0.checked_mul(right.0)
        && let Some(product) = raise(product, scale - product_scale)
    {
        return fits(product, precision);
    }
    narrowed(
        Wide::new(left.0).times(Wide::new(right.0)),
        product_scale,
        precision,
        scale,
    )
}

/// The quotient of two numbers with their scales, half away from zero; nothing by zero.
pub fn divide(left: (i128, u8), right: (i128, u8), precision: u8, scale: u8) -> Option<i128> {
    if right.0 == 0 {
        return None;
    }
    let divisor = right.0.unsigned_abs();
    let (up, down) = (scale + right.1, left.1);
    let numerator = Wide::new(left.0).scaled_up(up.saturating_sub(down));
    let (quotient, rest) = numerator.divided(divisor);
    let quotient = match down.checked_sub(up) {
        // Digits that go decide by themselves: what the division left is less than one of them.
        Some(digits @ 1..) => quotient.scaled_down(digits),
        _ if rest >= divisor - rest => quotient.away(),
        _ => quotient,
    };
    let quotient = if right.0 < 0 { quotient.negated() } else { quotient };
    fits(quotient.narrow()?, precision)
}

/// What is left by a whole quotient of two numbers with their scales, with the sign of the dividend; nothing by zero.
pub fn remainder(left: (i128, u8), right: (i128, u8), precision: u8, scale: u8) -> Option<i128> {
    if right.0 == 0 {
        return None;
    }
    let common = left.1.max(right.1);
    let rest = match raise(right.0, common - right.1) {
        Some(divisor) => {
            let (_, rest) = Wide::new(left.0)
                .scaled_up(common - left.1)
                .divided(divisor.unsigned_abs());
            i128::try_from(rest).ok()? * left.0.signum()
        }
        // The divisor is larger than any dividend of this scale.
        None => left.0,
    };
    cast(rest, common, precision, scale)
}

/// A number of one scale in another, half away from zero where digits go.
pub fn cast(value: i128, from: u8, precision: u8, scale: u8) -> Option<i128> {
    if from <= scale {
        return fits(raise(value, scale - from)?, precision);
    }
    narrowed(Wide::new(value), from, precision, scale)
}

/// The number, if it has no more digits than that.
pub fn fits(value: i128, precision: u8) -> Option<i128> {
    (value.unsigned_abs() < power(precision)?.unsigned_abs()).then_some(value)
}

fn narrowed(value: Wide, from: u8, precision: u8, scale: u8) -> Option<i128> {
    let value = if from > scale {
        value.scaled_down(from - scale)
    } else {
        value.scaled_up(scale - from)
    };
    fits(value.narrow()?, precision)
}

fn raise(value: i128, digits: u8) -> Option<i128> {
    value.checked_mul(power(digits)?)
}

fn power(digits: u8) -> Option<i128> {
    POWERS.get(usize::from(digits)).copied()
}

static POWERS: [i128; 39] = powers();

const fn powers() -> [i128; 39] {
    let mut powers = [1; 39];
    let mut digits = 1;
    while digits < 39 {
        powers[digits] = powers[digits - 1] * 10;
        digits += 1;
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;

    const NINES: i128 = 99_999_999_999_999_999_999_999_999_999_999_999_999;

    #[test]
    fn texts() {
        assert_eq!(Decimal::<12, 2>(1250).to_string(), "12.50");
        assert_eq!(Decimal::<12, 2>(-5).to_string(), "-0.05");
        assert_eq!(Decimal::<12, 2>(0).to_string(), "0.00");
        assert_eq!(Decimal::<12, 0>(0).to_string(), "0");
        assert_eq!(Decimal::<38, 0>(-NINES).to_string(), format!("-{}", "9".repeat(38)));
        assert_eq!(Decimal::<38, 38>(NINES).to_string(), format!("0.{}", "9".repeat(38)));
        assert_eq!(Decimal::<38, 38>(1).to_string(), format!("0.{}1", "0".repeat(37)));
        assert_eq!(Decimal::<38, 19>(NINES).to_string(), format!("{0}.{0}", "9".repeat(19)));
    }

    #[test]
    fn reads_what_fits() {
        let cases = [
            ("12.5", 1250),
            ("12", 1200),
            ("-0", 0),
            ("+7.05", 705),
            ("007", 700),
            ("9999999999.99", 999_999_999_999),
        ];
        for (text, value) in cases {
            assert_eq!(Decimal::<12, 2>::parse(text), Some(Decimal(value)), "{text}");
        }
        assert_eq!(Decimal::<38, 0>::parse(&"9".repeat(38)), Some(Decimal(NINES)));
        assert_eq!(
            Decimal::<3, 0>::parse(&format!("{}123", "0".repeat(60))),
            Some(Decimal(123))
        );
        assert_eq!(Decimal::<38, 38>::parse("0.1"), Some(Decimal(10_i128.pow(37))));
    }

    #[test]
    fn refuses_what_does_not() {
        for text in [
            "",
            "-",
            "+",
            ".5",
            "5.",
            "1e3",
            "1.234",
            "1.000",
            "10000000000",
            "1,5",
            " 1",
            "1 ",
            "٣",
            "0x1",
            "1_000",
            "--1",
        ] {
            assert_eq!(Decimal::<12, 2>::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::<38, 0>::parse(&"9".repeat(39)), None);
        assert_eq!(Decimal::<38, 2>::parse(&"9".repeat(37)), None);
        assert_eq!(Decimal::<38, 0>::parse(&"9".repeat(400)), None);
    }

    #[test]
    fn operations_keep_to_their_digits() {
        let a = Decimal::<12, 2>(999_999_999_999);
        assert_eq!(a.plus::<12, 2, 13, 2>(a), Some(Decimal(1_999_999_999_998)));
        assert_eq!(a.plus::<12, 2, 12, 2>(a), None);
        assert_eq!(a.minus::<12, 2, 13, 2>(a), Some(Decimal(0)));
        assert_eq!(
            a.times::<12, 2, 25, 4>(a),
            Some(Decimal(999_999_999_998_000_000_000_001))
        );
        assert_eq!(Decimal::<38, 0>(NINES).plus::<38, 0, 38, 0>(Decimal(1)), None);
        assert_eq!(
            Decimal::<38, 0>(NINES).plus::<38, 0, 38, 0>(Decimal(-1)),
            Some(Decimal(NINES - 1))
        );
    }

    #[test]
    fn where_the_scale_gives_way_it_rounds_half_away_from_zero() {
        let ten = Decimal::<38, 10>(100_000_000_005);
        assert_eq!(ten.times::<38, 10, 38, 6>(ten), Some(Decimal(100_000_000)));
        assert_eq!(Decimal::<38, 10>(15_000).cast::<38, 6>(), Some(Decimal(2)));
        assert_eq!(Decimal::<38, 10>(-15_000).cast::<38, 6>(), Some(Decimal(-2)));
        assert_eq!(Decimal::<38, 10>(14_999).cast::<38, 6>(), Some(Decimal(1)));
        assert_eq!(Decimal::<38, 10>(-14_999).cast::<38, 6>(), Some(Decimal(-1)));
        let small = Decimal::<38, 38>(-NINES);
        assert_eq!(
            Decimal::<38, 0>(5).plus::<38, 38, 38, 6>(small),
            Some(Decimal(4_000_000))
        );
        assert_eq!(Decimal::<38, 0>(NINES).times::<38, 0, 38, 0>(Decimal(NINES)), None);
        assert_eq!(
            Decimal::<38, 38>(NINES).times::<38, 38, 38, 37>(Decimal(NINES)),
            Some(Decimal(NINES / 10 + 1))
        );
    }

    #[test]
    fn quotients_round_half_away_from_zero() {
        assert_eq!(divide((100, 2), (300, 2), 27, 15), Some(333_333_333_333_333));
        assert_eq!(divide((2, 0), (-3, 0), 10, 2), Some(-67));
        assert_eq!(divide((-5, 1), (1, 0), 10, 0), Some(-1));
        assert_eq!(divide((1, 0), (0, 0), 10, 2), None);
        assert_eq!(divide((NINES, 0), (1, 38), 38, 0), None);
        assert_eq!(divide((NINES, 38), (NINES, 0), 38, 38), Some(1));
        assert_eq!(divide((449, 2), (1, 0), 10, 0), Some(4));
        assert_eq!(divide((NINES, 38), (2, 0), 38, 6), Some(500_000));
        assert_eq!(remainder((-700, 2), (3, 0), 10, 2), Some(-100));
        assert_eq!(remainder((75, 1), (2, 0), 10, 1), Some(15));
        assert_eq!(remainder((1, 38), (NINES, 0), 38, 38), Some(1));
        assert_eq!(
            remainder((NINES, 0), (7, 38), 38, 38),
            Some({
                let mut rest = NINES % 7;
                for _ in 0..38 {
                    rest = rest * 10 % 7;
                }
                rest
            })
        );
    }

    #[test]
    fn int_and_scale() {
        assert_eq!(
            Decimal::<20, 0>::from_int(i64::MIN),
            Some(Decimal(i128::from(i64::MIN)))
        );
        assert_eq!(Decimal::<21, 3>::from_int(i64::MAX), None);
        assert_eq!(Decimal::<12, 2>(5).cast::<14, 4>(), Some(Decimal(500)));
        assert_eq!(Decimal::<38, 0>(NINES).cast::<38, 2>(), None);
    }

    /// The wide path and the narrow path are one arithmetic.
    #[test]
    fn wide_agrees_with_narrow() {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            i128::from(state as i64 >> (state % 40))
        };
        for _ in 0..20_000 {
            let (a, b) = (next(), next());
            assert_eq!(Wide::new(a).plus(Wide::new(b)).narrow(), Some(a + b));
            assert_eq!(Wide::new(a).times(Wide::new(b)).narrow(), a.checked_mul(b));
            assert_eq!(Wide::new(a).scaled_up(7).scaled_down(7).narrow(), Some(a));
            assert_eq!(parse(&Text(a, 4).to_string(), 38, 4), Some(a));
        }
    }
}
