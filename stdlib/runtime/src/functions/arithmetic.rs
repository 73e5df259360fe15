//! Operators whose meaning is not that of Rust's own. `None` of the outer option is an overflow, which turns the row
//! away; `None` of an inner one is a missing answer.

use crate::types::{Date, Timestamp};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A float that is a number; zero is never negative. Operands are finite, so what is not has overflowed.
pub fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value + 0.0)
}

/// `int / int`, and `duration / duration`; missing by zero.
pub fn quotient(left: i64, right: i64) -> Option<f64> {
    (right != 0).then(|| left as f64 / right as f64)
}

/// `int % int`, with the sign of the dividend; missing by zero.
pub fn remainder(left: i64, right: i64) -> Option<i64> {
    (right != 0).then(|| left.wrapping_rem(right))
}

/// `float / float`; missing by zero.
#[allow(clippy::option_option, reason = "an overflow is not a missing answer")]
pub fn float_quotient(left: f64, right: f64) -> Option<Option<f64>> {
    match right {
        0.0 => Some(None),
        _ => finite(left / right).map(Some),
    }
}

/// `float % float`, with the sign of the dividend; missing by zero.
pub fn float_remainder(left: f64, right: f64) -> Option<f64> {
    (right != 0.0).then(|| left % right + 0.0)
}

/// `-float`; zero is never negative.
pub fn float_negated(value: f64) -> f64 {
    0.0 - value
}

/// `duration / int`, half away from zero, to the microsecond; missing by zero.
#[allow(clippy::option_option, reason = "an overflow is not a missing answer")]
pub fn part(length: i64, parts: i64) -> Option<Option<i64>> {
    match parts {
        0 => Some(None),
        _ => {
            let (length, parts) = (i128::from(length), i128::from(parts));
            let (quotient, rest) = (length / parts, length % parts);
            let up = rest.abs() * 2 >= parts.abs();
            let away = if up { length.signum() * parts.signum() } else { 0 };
            i64::try_from(quotient + away).ok().map(Some)
        }
    }
}

/// `date + duration`, in whole days.
pub fn date_plus(day: Date, length: i64) -> Option<Date> {
    let days = length.div_euclid(MICROS_PER_DAY);
    let day = Date(i32::try_from(i64::from(day.0).checked_add(days)?).ok()?);
    (Timestamp::FIRST.date()..=Timestamp::LAST.date())
        .contains(&day)
        .then_some(day)
}

/// `date - duration`, in whole days.
pub fn date_minus(day: Date, length: i64) -> Option<Date> {
    date_plus(day, length.checked_neg()?)
}

/// `timestamp + duration`
pub fn time_plus(at: Timestamp, length: i64) -> Option<Timestamp> {
    let at = Timestamp(at.0.checked_add(length)?);
    (Timestamp::FIRST..=Timestamp::LAST).contains(&at).then_some(at)
}

/// `timestamp - duration`
pub fn time_minus(at: Timestamp, length: i64) -> Option<Timestamp> {
    time_plus(at, length.checked_neg()?)
}

/// `date - date`, a duration.
pub fn between_dates(left: Date, right: Date) -> i64 {
    (i64::from(left.0) - i64::from(right.0)) * MICROS_PER_DAY
}

/// `timestamp - timestamp`, a duration.
pub fn between_times(left: Timestamp, right: Timestamp) -> i64 {
    left.0 - right.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_a_missing_answer_and_too_much_is_none() {
        assert_eq!(quotient(1, 0), None);
        assert_eq!(quotient(7, 2), Some(3.5));
        assert_eq!(remainder(-7, 2), Some(-1));
        assert_eq!(remainder(i64::MIN, -1), Some(0));
        assert_eq!(float_quotient(1.0, -0.0), Some(None));
        assert_eq!(float_quotient(1e308, 1e-308), None);
        assert_eq!(part(i64::MIN, -1), None);
        assert_eq!(part(1, 0), Some(None));
        assert_eq!(
            [part(5, 2), part(-5, 2), part(4, 3), part(5, -3)],
            [3, -3, 1, -2].map(|part| Some(Some(part)))
        );
        assert_eq!(finite(f64::MAX * 2.0), None);
        assert!(finite(-0.0).is_some_and(f64::is_sign_positive));
        assert!(float_negated(0.0).is_sign_positive());
    }

    #[test]
    fn the_calendar_has_ends() {
        let (first, last) = (Timestamp::FIRST, Timestamp::LAST);
        assert_eq!(time_plus(last, 1), None);
        assert_eq!(time_minus(first, 1), None);
        assert_eq!(time_minus(first, i64::MIN), None);
        assert_eq!(date_plus(last.date(), MICROS_PER_DAY), None);
        assert_eq!(date_minus(Date(1), 3 * MICROS_PER_DAY), Some(Date(-2)));
        assert_eq!(between_times(last, first), last.0 - first.0);
    }
}
