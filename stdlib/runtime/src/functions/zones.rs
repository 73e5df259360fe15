//! Local times: time zones of one version of the database.

use chrono::{DateTime, Datelike, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

pub use super::format::Format;
use crate::types::{Date, Timestamp};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
/// The last year of which the database has all changes of clocks.
const LAST_KNOWN: i32 = 2099;
/// So many years before that a first of March was on each weekday. Morocco has a list of changes until 2087, and no rule.
const YEARS_OF_ALL_WEEKDAYS: i32 = 11;
/// A time zone.
pub type Zone = Tz;

/// The zone of this name.
pub fn zone(name: &str) -> Option<Zone> {
    name.parse().ok()
}

/// The zone of a name that the compiler has checked.
///
/// # Panics
/// If there is none.
pub fn checked(name: &str) -> Zone {
    zone(name).unwrap_or_else(|| panic!("the compiler checked that there is a zone `{name}`"))
}

/// Whether a zone has this name.
pub fn is_zone(name: &str) -> bool {
    zone(name).is_some()
}

/// The names of all zones.
pub fn names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

/// What the clocks of a zone show at an instant, as if it were UTC.
pub fn local(at: Timestamp, zone: Zone) -> Timestamp {
    Timestamp(at.0 + offset(at, zone))
}

/// How far the clocks of a zone are ahead of UTC at an instant, microseconds.
pub fn offset(at: Timestamp, zone: Zone) -> i64 {
    match naive(known(at.0)) {
        Some(utc) => i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * MICROS_PER_SECOND,
        None => 0,
    }
}

/// The instant at which the clocks of a zone show this. In the gap of a change it is later by the gap, in the overlap
/// the earlier one; nothing outside of the years 1 to 9999.
pub fn instant(local: i64, zone: Zone) -> Option<Timestamp> {
    let clock = naive(known(local))?;
    let ahead = match zone.offset_from_local_datetime(&clock) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
        // No zone changes its clocks twice within a day, so the day before tells what they showed before the gap.
        MappedLocalTime::None => {
            let before = clock.checked_sub_signed(TimeDelta::days(1))?;
            zone.offset_from_utc_datetime(&before).fix().local_minus_utc()
        }
    };
    let at = Timestamp(local.checked_sub(i64::from(ahead) * MICROS_PER_SECOND)?);
    (Timestamp::FIRST..=Timestamp::LAST).contains(&at).then_some(at)
}

/// What the database knows in place of an instant: the rules of its last years go on for ever, and it has the changes of
/// clocks up to 2100 only. Rules are of months and weekdays, and none of them changes clocks in January or February: so a
/// year that begins in March on the same weekday has the same changes.
fn known(micros: i64) -> i64 {
    let Some(clock) = naive(micros).filter(|clock| clock.year() > LAST_KNOWN) else {
        return micros;
    };
    let march = |year: i32| NaiveDate::from_ymd_opt(year, 3, 1);
    let year = clock.year() - i32::from(clock.month() < 3);
    let alike = |other: &NaiveDate| march(year).is_some_and(|first| first.weekday() == other.weekday());
    let other = (LAST_KNOWN - YEARS_OF_ALL_WEEKDAYS..LAST_KNOWN)
        .filter_map(march)
        .find(alike);
    match other.zip(march(year)) {
        Some((other, first)) => micros - (first - other).num_days() * MICROS_PER_DAY,
        None => micros,
    }
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|at| at.naive_utc())
}

/// The day of an instant in a zone.
pub fn date_in(at: Timestamp, zone: Zone) -> Date {
    local(at, zone).date()
}

/// The instant of a time of day on a day of a zone.
pub fn at_time(day: Date, time: i64, zone: Zone) -> Option<Timestamp> {
    instant((i64::from(day.0) * MICROS_PER_DAY).checked_add(time)?, zone)
}

/// Microseconds since midnight on the clocks of a zone.
pub fn time_of_day(at: Timestamp, zone: Zone) -> i64 {
    local(at, zone).0.rem_euclid(MICROS_PER_DAY)
}

impl Format {
    /// An instant in this pattern, on the clocks of a zone.
    pub fn write(&self, at: Timestamp, zone: Zone) -> String {
        self.write_clock(local(at, zone), offset(at, zone) / MICROS_PER_SECOND / 60)
    }

    /// The instant that a text writes in this pattern; without an offset it is on the clocks of a zone.
    pub fn read(&self, text: &str, zone: Zone) -> Option<Timestamp> {
        self.read_clock(text, |local| instant(local, zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn rules_go_on_behind_what_the_database_lists() {
        let berlin = zone("Europe/Berlin").unwrap();
        for (utc, hours) in [
            ("2099-10-24T23:00:00Z", 2),
            ("2100-03-28T00:59:59Z", 1),
            ("2100-03-28T01:00:00Z", 2),
            ("2100-10-31T00:59:59Z", 2),
            ("2100-10-31T01:00:00Z", 1),
            ("2152-02-29T12:00:00Z", 1),
            ("2152-10-24T22:00:00Z", 2),
            ("9999-07-01T00:00:00Z", 2),
            ("9999-12-31T23:59:59Z", 1),
        ] {
            assert_eq!(offset(at(utc), berlin), hours * 3_600 * MICROS_PER_SECOND, "{utc}");
        }
        // In the summer of the south the year turns.
        let sydney = zone("Australia/Sydney").unwrap();
        assert_eq!(
            offset(at("2300-01-15T00:00:00Z"), sydney),
            11 * 3_600 * MICROS_PER_SECOND
        );
        assert_eq!(
            instant(at("2152-10-25T00:00:00Z").0, berlin),
            Some(at("2152-10-24T22:00:00Z"))
        );
        assert_eq!(
            offset(at("2150-07-01T00:00:00Z"), zone("Africa/Casablanca").unwrap()),
            3_600 * MICROS_PER_SECOND
        );
    }

    #[test]
    fn clocks_that_change() {
        let paris = zone("Europe/Paris").unwrap();
        let local = |text| at(text).0;
        assert_eq!(
            instant(local("2026-03-29T02:30:00Z"), paris),
            Some(at("2026-03-29T01:30:00Z"))
        );
        assert_eq!(
            instant(local("2026-10-25T02:30:00Z"), paris),
            Some(at("2026-10-25T00:30:00Z"))
        );
        // Samoa left out the 30th of December 2011 altogether.
        let apia = zone("Pacific/Apia").unwrap();
        assert_eq!(
            instant(local("2011-12-30T12:00:00Z"), apia),
            Some(at("2011-12-30T22:00:00Z"))
        );
        assert!(zone("europe/paris").is_none() && zone("CEST2").is_none());
    }

    #[test]
    fn patterns_read_what_they_write() {
        for pattern in [
            "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX",
            "EEE, d MMM yyyy H:mm:ss.SSSSSS XX",
            "yyyyDDD hh.mm.ss a SSSSSSSSS XXX",
            "dd''MM''yyyy HH mm ss SSSSSS 'o''clock' XX",
        ] {
            let format = Format::new(pattern).unwrap();
            for text in [
                "2026-01-05T00:07:03.000001Z",
                "1969-12-31T12:59:59.999999Z",
                "0001-01-02T23:00:00Z",
            ] {
                let written = format.write(at(text), zone("Asia/Kolkata").unwrap());
                if !written.contains("+05:53") && !written.contains("+0553") {
                    assert_eq!(format.read(&written, Tz::UTC), Some(at(text)), "{pattern}: {written}");
                }
            }
        }
    }
}
