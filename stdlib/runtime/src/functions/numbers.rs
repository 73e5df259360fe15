//! Functions of numbers. What does not fit rejects the row; floats that are no number are missing.

use crate::types::decimal;
use crate::value::{Reject, float_order};

/// Without its sign.
pub fn abs_int(value: i64) -> Result<i64, Reject> {
    value.checked_abs().ok_or(Reject::Overflow)
}

/// Without its sign; of a decimal's digits.
pub fn abs_decimal(value: i128) -> i128 {
    value.saturating_abs()
}

/// -1, 0 or 1.
pub fn sign_int(value: i64) -> i64 {
    value.signum()
}

/// -1, 0 or 1; of a decimal's digits.
pub fn sign_decimal(value: i128) -> i64 {
    value.signum() as i64
}

/// -1, 0 or 1; NaN is above 0.
pub fn sign_float(value: f64) -> i64 {
    float_order(value, 0.0) as i64
}

/// Half away from zero, to a scale; the digits of the answer are the compiler's choice.
pub fn round_decimal(value: i128, from: u8, digits: (u8, u8)) -> Result<i128, Reject> {
    decimal::cast(value, from, digits.0, digits.1).ok_or(Reject::Overflow)
}

/// Half away from zero, by the float's shortest text: `round(1.005, 2)` is 1.01.
pub fn round_float(value: f64, digits: i64) -> f64 {
    match rounded_text(value, digits) {
        Some(text) => text.parse().unwrap_or(value),
        None => value,
    }
}

/// A float's text with this many digits behind the point, rounded as [`round_float`] does; nothing for NaN and infinity.
pub fn text_float(value: f64, digits: i64) -> Option<String> {
    rounded_text(value, digits)
}

fn rounded_text(value: f64, digits: i64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let digits = usize::try_from(digits.clamp(0, 18)).unwrap_or(0);
    // Rust prints the shortest decimal that reads back as the float, without exponent.
    let shortest = format!("{}", value.abs());
    let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    let mut kept: Vec<u8> = whole.bytes().chain(fraction.bytes().take(digits)).collect();
    kept.resize(whole.len() + digits, b'0');
    let up = fraction.as_bytes().get(digits).is_some_and(|digit| *digit >= b'5');
    if up && !raise(&mut kept) {
        kept.insert(0, b'1');
    }
    let point = kept.len() - digits;
    let zero = kept.iter().all(|digit| *digit == b'0');
    let text: String = kept.into_iter().map(char::from).collect();
    let (whole, fraction) = text.split_at(point);
    let sign = if value < 0.0 && !zero { "-" } else { "" };
    Some(match digits {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    })
}

/// Adds one to the last digit; whether the number of digits stays.
fn raise(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < b'9' {
            *digit += 1;
            return true;
        }
        *digit = b'0';
    }
    false
}

/// The largest whole number that is not above.
pub fn floor_decimal(value: i128, scale: u8) -> i128 {
    let unit = 10_i128.checked_pow(u32::from(scale)).unwrap_or(i128::MAX);
    value.div_euclid(unit)
}

/// The smallest whole number that is not below.
pub fn ceil_decimal(value: i128, scale: u8) -> i128 {
    -floor_decimal(-value, scale)
}

/// The largest whole number that is not above.
pub fn floor_float(value: f64) -> f64 {
    value.floor()
}

/// The smallest whole number that is not below.
pub fn ceil_float(value: f64) -> f64 {
    value.ceil()
}

/// A whole quotient, toward zero.
pub fn div(dividend: i64, divisor: i64) -> Result<Option<i64>, Reject> {
    match divisor {
        0 => Ok(None),
        _ => dividend.checked_div(divisor).map(Some).ok_or(Reject::Overflow),
    }
}

/// What is left, with the sign of the divisor.
pub fn modulo(dividend: i64, divisor: i64) -> Option<i64> {
    if divisor == 0 {
        return None;
    }
    let rest = dividend.wrapping_rem(divisor);
    Some(if rest != 0 && (rest < 0) != (divisor < 0) {
        rest + divisor
    } else {
        rest
    })
}

/// A float that is a result: nothing for NaN; infinity rejects the row.
pub fn number(value: f64) -> Result<Option<f64>, Reject> {
    match value {
        value if value.is_nan() => Ok(None),
        value if value.is_infinite() => Err(Reject::Overflow),
        value => Ok(Some(value)),
    }
}

/// A number to the power of another; nothing for 0 to a power below 0.
pub fn power(base: f64, exponent: f64) -> Result<Option<f64>, Reject> {
    if base == 0.0 && exponent < 0.0 {
        return Ok(None);
    }
    number(base.powf(exponent))
}

/// The square root; nothing below zero.
pub fn sqrt(value: f64) -> Option<f64> {
    (value >= 0.0).then(|| value.sqrt())
}

/// A logarithm by its function; nothing for 0 and below.
fn logarithm(value: f64, function: fn(f64) -> f64) -> Option<f64> {
    (value > 0.0).then(|| function(value))
}

/// The natural logarithm.
pub fn ln(value: f64) -> Option<f64> {
    logarithm(value, f64::ln)
}

/// The logarithm to base 10.
pub fn log10(value: f64) -> Option<f64> {
    logarithm(value, f64::log10)
}

/// The logarithm to base 2.
pub fn log2(value: f64) -> Option<f64> {
    logarithm(value, f64::log2)
}

/// The logarithm to any base: a quotient of natural ones.
pub fn log(value: f64, base: f64) -> Option<f64> {
    match (ln(value), ln(base)) {
        (Some(value), Some(base)) if base != 0.0 => Some(value / base),
        _ => None,
    }
}

/// The angle of the point `(x, y)`. There is one zero: `-0.0` would turn the point to the other side.
pub fn atan2(y: f64, x: f64) -> f64 {
    (y + 0.0).atan2(x + 0.0)
}

/// The angle whose sine this is.
pub fn asin(value: f64) -> Option<f64> {
    (-1.0..=1.0).contains(&value).then(|| value.asin())
}

/// The angle whose cosine this is.
pub fn acos(value: f64) -> Option<f64> {
    (-1.0..=1.0).contains(&value).then(|| value.acos())
}

/// Degrees of radians.
pub fn degrees(radians: f64) -> f64 {
    radians * 180.0 / std::f64::consts::PI
}

/// Radians of degrees.
pub fn radians(degrees: f64) -> f64 {
    degrees / 180.0 * std::f64::consts::PI
}

/// Moved up; bits that leave the 64 are lost.
pub fn shift_left(value: i64, bits: i64) -> i64 {
    match u32::try_from(bits) {
        Ok(bits) if bits < 64 => value.wrapping_shl(bits),
        _ => 0,
    }
}

/// Moved down, the sign kept.
pub fn shift_right(value: i64, bits: i64) -> i64 {
    match u32::try_from(bits) {
        Ok(bits) if bits < 64 => value >> bits,
        _ => value >> 63,
    }
}

/// Which of `count` stretches of equal width a number lies in, from 1.
pub fn bucket(value: f64, low: f64, high: f64, count: i64) -> Option<i64> {
    if count < 1 || count == i64::MAX || low.is_nan() || high <= low || value.is_nan() || !(high - low).is_finite() {
        return None;
    }
    Some(match value {
        value if value < low => 0,
        value if value >= high => count + 1,
        value => (((value - low) / (high - low) * count as f64).floor() as i64 + 1).min(count),
    })
}

/// Hexadecimal digits, below zero as two's complement.
pub fn to_base16(value: i64) -> String {
    format!("{value:x}")
}

/// The number that up to 16 hexadecimal digits write.
pub fn from_base16(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten()?;
    Some(number as i64)
}

/// The bits that both have.
pub fn bit_and(left: i64, right: i64) -> i64 {
    left & right
}

/// The bits that one of them has.
pub fn bit_or(left: i64, right: i64) -> i64 {
    left | right
}

/// The bits that exactly one of them has.
pub fn bit_xor(left: i64, right: i64) -> i64 {
    left ^ right
}

/// How many bits are set.
pub fn bit_count(value: i64) -> i64 {
    i64::from(value.count_ones())
}

/// A value kept between two bounds; the lower one where they cross.
pub fn clamp<T: PartialOrd>(value: T, low: T, high: T) -> T {
    let below = if value > high { high } else { value };
    if below < low { low } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_round_by_their_shortest_text() {
        assert_eq!(round_float(1.005, 2), 1.01);
        assert_eq!(round_float(0.285, 2), 0.29);
        assert_eq!(round_float(2.5, 0), 3.0);
        assert_eq!(round_float(-2.5, 0), -3.0);
        assert_eq!(round_float(9.99, 1), 10.0);
        assert_eq!(round_float(1e300, 2), 1e300);
        assert!(round_float(f64::NAN, 2).is_nan());
        assert_eq!(text_float(-0.04, 1).as_deref(), Some("0.0"));
        assert_eq!(text_float(99.995, 2).as_deref(), Some("100.00"));
        assert_eq!(text_float(1e21, 1).as_deref(), Some("1000000000000000000000.0"));
    }

    #[test]
    fn whole_numbers_keep_to_64_bits() {
        assert_eq!(abs_int(i64::MIN), Err(Reject::Overflow));
        assert_eq!(div(i64::MIN, -1), Err(Reject::Overflow));
        assert_eq!(modulo(i64::MIN, -1), Some(0));
        assert_eq!(modulo(7, -3), Some(-2));
        assert_eq!(ceil_decimal(-190, 2), -1);
        assert_eq!(floor_decimal(-110, 2), -2);
    }

    #[test]
    fn an_angle_knows_one_zero() {
        assert_eq!(atan2(-0.0, -0.0), 0.0);
        assert_eq!(atan2(0.0, -0.0), 0.0);
        assert_eq!(atan2(-0.0, -1.0), std::f64::consts::PI);
    }

    #[test]
    fn floats_that_are_no_number() {
        assert_eq!(power(0.0, -1.0), Ok(None));
        assert_eq!(power(10.0, 400.0), Err(Reject::Overflow));
        assert_eq!(power(-1.0, 0.5), Ok(None));
        assert_eq!(sqrt(-0.1), None);
        assert_eq!(log(8.0, 1.0), None);
    }
}
