//! Functions of dates and instants, in UTC.

use crate::types::{Date, Timestamp};
use crate::value::Reject;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// Microseconds since midnight, UTC.
pub fn time_of_day(at: Timestamp) -> i64 {
    at.0.rem_euclid(MICROS_PER_DAY)
}

/// The UTC day of an instant.
pub fn date(at: Timestamp) -> Date {
    at.date()
}

/// The date of a year, a month and a day.
pub fn date_of(year: i64, month: i64, day: i64) -> Option<Date> {
    let (month, day) = (u32::try_from(month).ok()?, u32::try_from(day).ok()?);
    Date::of(i32::try_from(year).ok()?, month, day)
}

/// The first instant of a UTC day.
pub fn start_of_day(day: Date) -> Timestamp {
    Timestamp(i64::from(day.0) * MICROS_PER_DAY)
}

/// The year.
pub fn year(day: Date) -> i64 {
    i64::from(day.parts().0)
}

/// The month, 1 to 12.
pub fn month(day: Date) -> i64 {
    i64::from(day.parts().1)
}

/// The day of the month.
pub fn day(day: Date) -> i64 {
    i64::from(day.parts().2)
}

/// The hour of the UTC day.
pub fn hour(at: Timestamp) -> i64 {
    at.0.rem_euclid(MICROS_PER_DAY) / (3600 * MICROS_PER_SECOND)
}

/// The minute of the hour.
pub fn minute(at: Timestamp) -> i64 {
    at.0.rem_euclid(3600 * MICROS_PER_SECOND) / (60 * MICROS_PER_SECOND)
}

/// The second of the minute.
pub fn second(at: Timestamp) -> i64 {
    at.0.rem_euclid(60 * MICROS_PER_SECOND) / MICROS_PER_SECOND
}

/// 1 for Monday to 7 for Sunday.
pub fn weekday(day: Date) -> i64 {
    // 1970-01-01 was a Thursday.
    i64::from(day.0.wrapping_add(3).rem_euclid(7)) + 1
}

/// Whether it is a Saturday or Sunday.
pub fn is_weekend(day: Date) -> bool {
    weekday(day) > 5
}

/// The day of the year, from 1.
pub fn day_of_year(day: Date) -> i64 {
    i64::from(day.0 - first_of_year(year(day)).0) + 1
}

/// The week as ISO 8601 counts.
pub fn iso_week(day: Date) -> i64 {
    (day_of_year(thursday(day)) - 1) / 7 + 1
}

/// The year of the week as ISO 8601 counts.
pub fn iso_year(day: Date) -> i64 {
    year(thursday(day))
}

/// The Thursday of a week, which decides to which year the week belongs.
fn thursday(day: Date) -> Date {
    Date(day.0 + 4 - weekday(day) as i32)
}

/// The quarter, 1 to 4.
pub fn quarter(day: Date) -> i64 {
    (month(day) + 2) / 3
}

/// Whether the year has a 29th of February.
pub fn is_leap_year(day: Date) -> bool {
    date_of(year(day), 2, 29).is_some()
}

/// How many days the month has.
pub fn days_in_month(day: Date) -> i64 {
    let (year, month, _) = day.parts();
    (28..=31)
        .rev()
        .find(|last| Date::of(year, month, *last).is_some())
        .map_or(28, i64::from)
}

/// The start of the stretch of time around an instant, from 1970 on; nothing for a stretch of no length.
pub fn truncate(at: Timestamp, to: i64) -> Option<Timestamp> {
    (to > 0).then(|| Timestamp(at.0.div_euclid(to) * to))
}

/// The Monday of the week.
pub fn start_of_week(day: Date) -> Result<Date, Reject> {
    in_calendar(i64::from(day.0) + 1 - weekday(day))
}

/// The first day of the month.
pub fn start_of_month(day: Date) -> Date {
    Date(day.0 + 1 - self::day(day) as i32)
}

/// The first day of the quarter.
pub fn start_of_quarter(day: Date) -> Date {
    date_of(year(day), (quarter(day) - 1) * 3 + 1, 1).unwrap_or(day)
}

/// The first day of the year.
pub fn start_of_year(day: Date) -> Date {
    first_of_year(year(day))
}

fn first_of_year(year: i64) -> Date {
    // The clocks of a zone may show the year before the first, which was a leap year, or the one after the last.
    let beside = match year {
        ..1 => Date(Timestamp::FIRST.date().0 - 366),
        _ => Date(Timestamp::LAST.date().0 + 1),
    };
    date_of(year, 1, 1).unwrap_or(beside)
}

/// The last day of the month.
pub fn end_of_month(day: Date) -> Date {
    Date(day.0 + (days_in_month(day) - self::day(day)) as i32)
}

/// Some days later.
pub fn add_days(day: Date, days: i64) -> Result<Date, Reject> {
    in_calendar(i64::from(day.0).saturating_add(days))
}

/// A day by its number, if it is in the years 1 to 9999.
fn in_calendar(day: i64) -> Result<Date, Reject> {
    let within = (i64::from(Timestamp::FIRST.date().0)..=i64::from(Timestamp::LAST.date().0)).contains(&day);
    match within {
        true => Ok(Date(day as i32)),
        false => Err(Reject::Overflow),
    }
}

/// Some months later; the last day of a month that is shorter.
pub fn add_months(day: Date, months: i64) -> Result<Date, Reject> {
    let (year, month, day) = day.parts();
    let all = (i64::from(year) * 12 + i64::from(month) - 1)
        .checked_add(months)
        .ok_or(Reject::Overflow)?;
    let first = date_of(all.div_euclid(12), all.rem_euclid(12) + 1, 1).ok_or(Reject::Overflow)?;
    Ok(Date(first.0 + (i64::from(day).min(days_in_month(first)) - 1) as i32))
}

/// Some years later.
pub fn add_years(day: Date, years: i64) -> Result<Date, Reject> {
    add_months(day, years.checked_mul(12).ok_or(Reject::Overflow)?)
}

/// The days from one to the other.
pub fn days_between(from: Date, to: Date) -> i64 {
    i64::from(to.0) - i64::from(from.0)
}

/// As many months as can be added to the first without going past the second.
pub fn months_between(from: Date, to: Date) -> i64 {
    if to < from {
        return -whole_months(from, to, -1);
    }
    whole_months(from, to, 1)
}

fn whole_months(from: Date, to: Date, direction: i64) -> i64 {
    let (from_year, from_month, _) = from.parts();
    let (to_year, to_month, _) = to.parts();
    let apart = (i64::from(to_year - from_year) * 12 + i64::from(to_month) - i64::from(from_month)) * direction;
    let past = |months: i64| match add_months(from, months * direction) {
        Ok(reached) if direction > 0 => reached > to,
        Ok(reached) => reached < to,
        Err(_) => true,
    };
    if apart > 0 && past(apart) { apart - 1 } else { apart }
}

/// As many years as can be added to the first without going past the second.
pub fn years_between(from: Date, to: Date) -> i64 {
    months_between(from, to) / 12
}

/// How many units of this many microseconds lie between two instants.
pub fn between(from: Timestamp, to: Timestamp, unit: i64) -> f64 {
    in_units(to.0 - from.0, unit)
}

/// How many units of this many microseconds a duration has: the number nearest to the quotient.
pub fn in_units(length: i64, unit: i64) -> f64 {
    length as f64 / unit as f64
}

/// Whole seconds since 1970, rounded down.
pub fn epoch_seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(MICROS_PER_SECOND)
}

/// Whole milliseconds since 1970, rounded down.
pub fn epoch_milliseconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1000)
}

/// An instant by its seconds.
pub fn from_epoch_seconds(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_millis(seconds.checked_mul(1000)?)
}

/// An instant by its milliseconds.
pub fn from_epoch_milliseconds(milliseconds: i64) -> Option<Timestamp> {
    Timestamp::from_millis(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate};

    #[test]
    fn parts_of_every_day_are_chronos() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for number in (-719_162..2_932_896).step_by(7).chain(-1500..20_000) {
            let date = Date(number);
            let chrono = epoch + chrono::TimeDelta::days(i64::from(number));
            assert_eq!(iso_week(date), i64::from(chrono.iso_week().week()), "{date}");
            if (2..9999).contains(&chrono.year()) {
                assert_eq!(iso_year(date), i64::from(chrono.iso_week().year()), "{date}");
            }
            assert_eq!(day_of_year(date), i64::from(chrono.ordinal()), "{date}");
            assert_eq!(
                weekday(date),
                i64::from(chrono.weekday().number_from_monday()),
                "{date}"
            );
            assert_eq!(quarter(date), i64::from(chrono.month0() / 3 + 1), "{date}");
        }
    }

    #[test]
    fn months() {
        let date = |text| Date::parse(text).unwrap();
        assert_eq!(add_months(date("2026-12-31"), 2), Ok(date("2027-02-28")));
        assert_eq!(add_months(date("9999-12-31"), 1), Err(Reject::Overflow));
        assert_eq!(add_months(date("2026-01-01"), i64::MIN), Err(Reject::Overflow));
        assert_eq!(months_between(date("2026-03-31"), date("2026-02-28")), -1);
        assert_eq!(months_between(date("2026-01-31"), date("2026-02-27")), 0);
        assert_eq!(start_of_week(date("0001-01-01")), Ok(date("0001-01-01")));
    }
}
