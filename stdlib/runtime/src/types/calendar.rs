//! The proleptic Gregorian calendar in days since 1970-01-01.
//!
//! Years are counted from 1 March here, so that the leap day is the last of its year.

/// 0001-01-01
pub(super) const FIRST_DAY: i32 = -719_162;
/// 9999-12-31
pub(super) const LAST_DAY: i32 = 2_932_896;

const DAYS_IN_400_YEARS: i32 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i32 = 719_468;

/// The day of a date; nothing for a date that the calendar does not have, or a year outside 1 to 9999.
pub(super) fn day_of(year: i32, month: u32, day: u32) -> Option<i32> {
    let known = (1..=9999).contains(&year) && (1..=12).contains(&month);
    if !known || day < 1 || day > days_in(year, month) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * DAYS_IN_400_YEARS + day_of_era - EPOCH)
}

/// Year, month and day.
pub(super) fn date_of(day: i32) -> (i32, u32, u32) {
    let day = i64::from(day) + i64::from(EPOCH);
    let era = day.div_euclid(i64::from(DAYS_IN_400_YEARS));
    let day_of_era = day.rem_euclid(i64::from(DAYS_IN_400_YEARS));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u32;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    } as u32;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year as i32, month, day_of_month)
}

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate};

    #[test]
    fn every_day_of_the_calendar_is_chronos() {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        let mut date = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
        for day in FIRST_DAY..=LAST_DAY {
            assert_eq!(day_of(date.year(), date.month(), date.day()), Some(day));
            assert_eq!(date_of(day), (date.year(), date.month(), date.day()));
            date = date.succ_opt().unwrap();
        }
        assert_eq!(date.signed_duration_since(epoch).num_days(), i64::from(LAST_DAY) + 1);
    }

    #[test]
    fn what_the_calendar_does_not_have() {
        for (year, month, day) in [
            (0, 1, 1),
            (10_000, 1, 1),
            (2026, 2, 29),
            (1900, 2, 29),
            (2026, 0, 1),
            (2026, 4, 31),
        ] {
            assert_eq!(day_of(year, month, day), None, "{year}-{month}-{day}");
        }
        assert!(day_of(2000, 2, 29).is_some());
    }
}
