//! Conversions. Texts are read strictly: no spaces, no other digits than ASCII's, nothing behind the value.

use crate::types::decimal;

/// `[+-]?[0-9]+` of 64 bits.
pub fn int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let right = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}

/// Without its fraction, if 64 bits hold it.
pub fn int_of_float(value: f64) -> Option<i64> {
    let whole = value.trunc();
    // 2^63 itself is one too many, and -2^63 is not.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole);
    fits.then_some(whole as i64)
}

/// Without its fraction, if 64 bits hold it.
pub fn int_of_decimal(value: i128, scale: u8) -> Option<i64> {
    let unit = 10_i128.checked_pow(u32::from(scale))?;
    i64::try_from(value / unit).ok()
}

/// JSON's grammar of numbers, and a finite number.
pub fn float(text: &str) -> Option<f64> {
    let value: f64 = is_number(text).then(|| text.parse().ok()).flatten()?;
    value.is_finite().then_some(value)
}

/// The nearest float.
pub fn float_of_int(value: i64) -> f64 {
    value as f64
}

/// The float nearest to a decimal.
pub fn float_of_decimal(value: i128, scale: u8) -> f64 {
    format!("{value}e-{scale}").parse().unwrap_or(f64::NAN)
}

/// The decimal that a text writes with no more than these digits.
pub fn decimal(text: &str, precision: u8, scale: u8) -> Option<i128> {
    decimal::parse(text, precision, scale)
}

/// The decimal nearest to a float's shortest text, half away from zero.
pub fn decimal_of_float(value: f64, precision: u8, scale: u8) -> Option<i128> {
    if !value.is_finite() || value.abs() >= 1e39 {
        return None;
    }
    let text = format!("{}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut digits = String::from(whole);
    digits.extend(fraction.chars().chain(std::iter::repeat('0')).take(usize::from(scale)));
    let up = fraction
        .as_bytes()
        .get(usize::from(scale))
        .is_some_and(|digit| *digit >= b'5');
    let number: i128 = digits.parse().ok()?;
    let number = decimal::fits(number.checked_add(i128::from(up))?, precision)?;
    Some(if value < 0.0 { -number } else { number })
}

/// `true` or `false`.
pub fn bool(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Whether a text is a number by JSON's grammar.
pub fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = rest.get(whole..).unwrap_or("");
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = fraction.get(count..).unwrap_or("");
    }
    match rest.strip_prefix(['e', 'E']) {
        None => rest.is_empty(),
        Some(exponent) => {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_strictly() {
        assert_eq!(int("+7"), Some(7));
        for text in [
            "",
            "+",
            "1_0",
            " 1",
            "1 ",
            "٣",
            "1.0",
            "1e3",
            "9223372036854775808",
            "+-1",
        ] {
            assert_eq!(int(text), None, "{text}");
        }
        for text in ["", "+1", "01", "1.", ".5", "1e", "nan", "inf", "1d", "1e999", "0x1"] {
            assert_eq!(float(text), None, "{text}");
        }
        assert_eq!(float("-0.5E+1"), Some(-5.0));
    }

    #[test]
    fn edges_of_64_bits() {
        assert_eq!(int_of_float(9_223_372_036_854_775_808.0), None);
        assert_eq!(int_of_float(-9_223_372_036_854_775_808.0), Some(i64::MIN));
        assert_eq!(int_of_float(f64::NAN), None);
        assert_eq!(int_of_decimal(-199, 2), Some(-1));
    }

    #[test]
    fn floats_become_decimals_by_their_text() {
        assert_eq!(decimal_of_float(1.005, 12, 2), Some(101));
        assert_eq!(decimal_of_float(-0.285, 12, 2), Some(-29));
        assert_eq!(decimal_of_float(9.995, 3, 2), None);
        assert_eq!(decimal_of_float(1e-7, 12, 2), Some(0));
    }
}
