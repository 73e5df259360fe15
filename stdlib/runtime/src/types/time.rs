//! `date` and `timestamp`: reading RFC 3339, and their texts.

use std::fmt;

use super::calendar::{FIRST_DAY, LAST_DAY, date_of, day_of};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// A day, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

/// An instant, as microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Date {
    /// `YYYY-MM-DD`, years 0001 to 9999, nothing else.
    pub fn parse(text: &str) -> Option<Date> {
        match text.as_bytes() {
            text @ [_, _, _, _, _, _, _, _, _, _] => day(text).map(Date),
            _ => None,
        }
    }

    /// The date of a year, a month and a day; nothing for one that the calendar does not have.
    pub fn of(year: i32, month: u32, day: u32) -> Option<Date> {
        day_of(year, month, day).map(Date)
    }

    /// Year, month and day.
    pub fn parts(self) -> (i32, u32, u32) {
        date_of(self.0)
    }

    /// Its text, in ASCII.
    pub fn text(self) -> [u8; 10] {
        date_text(self)
    }
}

impl Timestamp {
    /// The first instant of year 1.
    pub const FIRST: Timestamp = Timestamp(FIRST_DAY as i64 * MICROS_PER_DAY);
    /// The last instant of year 9999.
    pub const LAST: Timestamp = Timestamp((LAST_DAY as i64 + 1) * MICROS_PER_DAY - 1);

    /// `YYYY-MM-DDTHH:MM:SS[.f](Z|±HH:MM)` with one to nine digits of a fraction, cut to microseconds toward −∞.
    ///
    /// No 24:00, no :60; the instant (not only what is written) is in the years 0001 to 9999.
    pub fn parse(text: &str) -> Option<Timestamp> {
        let text = text.as_bytes();
        let (date, rest) = text.split_at_checked(10)?;
        let (time, rest) = rest.split_at_checked(9)?;
        let &[b'T', h1, h2, b':', m1, m2, b':', s1, s2] = time else {
            return None;
        };
        let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (micros, zone) = fraction(rest)?;
        let seconds = i64::from(hour * 3600 + minute * 60 + second) - offset_seconds(zone)?;
        let day = i64::from(day(date)?);
        Timestamp(day * MICROS_PER_DAY + seconds * MICROS_PER_SECOND + micros).in_range()
    }

    /// Whole milliseconds since 1970-01-01T00:00:00Z, in the years 0001 to 9999.
    pub fn from_millis(millis: i64) -> Option<Timestamp> {
        Timestamp(millis.checked_mul(1000)?).in_range()
    }

    /// The UTC day.
    pub fn date(self) -> Date {
        Date(self.0.div_euclid(MICROS_PER_DAY) as i32)
    }

    fn in_range(self) -> Option<Timestamp> {
        (Timestamp::FIRST..=Timestamp::LAST).contains(&self).then_some(self)
    }

    /// `YYYY-MM-DD HH:MM:SS.ffffff`, UTC: what Hive's JSON SerDe reads, with all six digits.
    pub fn hive(self) -> HiveTimestamp {
        HiveTimestamp(self)
    }

    /// `DATE SEPARATOR HH:MM:SS` in the first 19 places.
    fn clock_text(self, separator: u8) -> [u8; 26] {
        let mut text = *b"0000-00-00T00:00:00.000000";
        let micros = self.0.rem_euclid(MICROS_PER_DAY);
        let second = (micros / MICROS_PER_SECOND) as u32;
        text[..10].copy_from_slice(&date_text(self.date()));
        text[10] = separator;
        put(&mut text[11..13], second / 3600);
        put(&mut text[14..16], second / 60 % 60);
        put(&mut text[17..19], second % 60);
        put(&mut text[20..26], (micros % MICROS_PER_SECOND) as u32);
        text
    }

    fn has_fraction(self) -> bool {
        self.0.rem_euclid(MICROS_PER_SECOND) != 0
    }
}

/// An instant as Hive's JSON SerDe reads it; see [`Timestamp::hive`].
#[derive(Clone, Copy, Debug)]
pub struct HiveTimestamp(Timestamp);

impl HiveTimestamp {
    /// The text, in ASCII.
    pub fn bytes(self) -> [u8; 26] {
        self.0.clock_text(b' ')
    }
}

impl fmt::Display for HiveTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ascii(&self.bytes()))
    }
}

/// RFC 3339.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ascii(&date_text(*self)))
    }
}

/// RFC 3339, UTC, `Z`; six digits of a fraction, or none where it is zero.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.clock_text(b'T');
        let length = if self.has_fraction() { 26 } else { 19 };
        f.write_str(ascii(&text[..length]))?;
        f.write_str("Z")
    }
}

fn date_text(date: Date) -> [u8; 10] {
    let (year, month, day) = date_of(date.0);
    let mut text = *b"0000-00-00";
    put(&mut text[..4], year.unsigned_abs());
    put(&mut text[5..7], month);
    put(&mut text[8..], day);
    text
}

fn put(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn ascii(text: &[u8]) -> &str {
    // Every byte was put here by `put` or is in a template.
    std::str::from_utf8(text).unwrap_or_default()
}

fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    Some(digit(tens)? * 10 + digit(ones)?)
}

fn day(text: &[u8]) -> Option<i32> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    day_of(year as i32, two(m1, m2)?, two(d1, d2)?)
}

/// Microseconds of an optional fraction, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', digits)) = text.split_first() else {
        return Some((0, text));
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&count) {
        return None;
    }
    let (digits, rest) = digits.split_at(count);
    let mut micros = 0;
    for place in 0..6 {
        micros = micros * 10 + digits.get(place).map_or(0, |byte| i64::from(byte - b'0'));
    }
    Some((micros, rest))
}

fn offset_seconds(zone: &[u8]) -> Option<i64> {
    let &[sign, h1, h2, b':', m1, m2] = zone else {
        return (zone == b"Z").then_some(0);
    };
    let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i64::from(hours * 3600 + minutes * 60);
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_their_text() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("1969-12-31T23:59:59.9999999Z", -1, "1969-12-31T23:59:59.999999Z"),
            (
                "1969-12-31T23:59:59.000001999Z",
                -999_999,
                "1969-12-31T23:59:59.000001Z",
            ),
            ("1970-01-01T01:00:00+01:00", 0, "1970-01-01T00:00:00Z"),
            ("1969-12-31T18:15:00.5-05:45", 500_000, "1970-01-01T00:00:00.500000Z"),
            (
                "2000-02-29T23:59:59.1Z",
                951_868_799_100_000,
                "2000-02-29T23:59:59.100000Z",
            ),
            ("0001-01-01T00:00:00Z", Timestamp::FIRST.0, "0001-01-01T00:00:00Z"),
            (
                "9999-12-31T23:59:59.999999999Z",
                Timestamp::LAST.0,
                "9999-12-31T23:59:59.999999Z",
            ),
            ("1970-01-01T00:00:00-00:00", 0, "1970-01-01T00:00:00Z"),
        ];
        for (text, micros, canonical) in cases {
            assert_eq!(Timestamp::parse(text), Some(Timestamp(micros)), "{text}");
            assert_eq!(Timestamp(micros).to_string(), canonical);
        }
    }

    #[test]
    fn what_is_no_instant() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2016-12-31T23:59:60Z",
            "2026-01-01T00:60:00Z",
            "0000-12-31T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00+01",
            "2026-01-01T00:00:00Z ",
            " 2026-01-01T00:00:00Z",
            "2026-1-01T00:00:00Z",
            "2026-01-01T00:00Z",
            "٢026-01-01T00:00:00Z",
            "-026-01-01T00:00:00Z",
            "2026-01-01T00:00:00UTC",
            "2026-01-01T00:00:00,5Z",
            "2026-01-01T00:00:00−01:00",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn dates() {
        assert_eq!(Date::parse("1969-12-31"), Some(Date(-1)));
        assert_eq!(Date(-1).to_string(), "1969-12-31");
        assert_eq!(
            Date::parse("0001-01-01").map(|d| d.to_string()).as_deref(),
            Some("0001-01-01")
        );
        for text in [
            "",
            "0000-01-01",
            "2026-1-1",
            "2026-01-01Z",
            "20260101",
            "2026-02-30",
            "+2026-01-01",
            "10000-01-01",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert_eq!(Timestamp(-1).date(), Date(-1));
        assert_eq!(Timestamp::FIRST.date().to_string(), "0001-01-01");
        assert_eq!(Timestamp::LAST.date().to_string(), "9999-12-31");
    }

    #[test]
    fn hive_text_keeps_six_digits() {
        assert_eq!(Timestamp(0).hive().to_string(), "1970-01-01 00:00:00.000000");
        assert_eq!(Timestamp(-1).hive().to_string(), "1969-12-31 23:59:59.999999");
    }

    #[test]
    fn milliseconds() {
        assert_eq!(Timestamp::from_millis(-1), Some(Timestamp(-1000)));
        assert_eq!(
            Timestamp::from_millis(253_402_300_799_999),
            Some(Timestamp(253_402_300_799_999_000))
        );
        assert_eq!(Timestamp::from_millis(253_402_300_800_000), None);
        assert_eq!(Timestamp::from_millis(i64::MAX), None);
        assert_eq!(Timestamp::from_millis(i64::MIN), None);
    }

    /// A small generator of its own, so that the cases are the same everywhere.
    #[test]
    fn random_instants_read_as_chrono_reads_them() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let span = (Timestamp::LAST.0 - Timestamp::FIRST.0) as u64;
            let micros = Timestamp::FIRST.0 + ((state >> 1) % span) as i64;
            let minutes = (state % 1439) as i32;
            let zone = chrono::FixedOffset::east_opt(if state & 1 == 0 { minutes } else { -minutes } * 60).unwrap();
            let instant = chrono::DateTime::from_timestamp_micros(micros).unwrap();
            let text = instant.with_timezone(&zone).to_rfc3339();
            if text.as_bytes()[4].is_ascii_digit() || text.starts_with(['-', '+']) || text.starts_with("0000") {
                continue;
            }
            assert_eq!(Timestamp::parse(&text), Some(Timestamp(micros)), "{text}");
            assert_eq!(
                Timestamp::parse(&Timestamp(micros).to_string()),
                Some(Timestamp(micros))
            );
        }
    }
}
