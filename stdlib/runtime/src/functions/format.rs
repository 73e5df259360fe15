//! Patterns of dates and times: how texts write them. Knows no time zone.

use super::time::{day_of_year, weekday};
use crate::types::{Date, Timestamp};

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Year,
    /// All digits, or as many as it has.
    Month(bool),
    MonthName,
    Day(bool),
    DayOfYear,
    Weekday,
    Hour(bool),
    HalfHour(bool),
    AmPm,
    Minute,
    Second,
    Fraction(usize),
    /// `Z` or an offset, with a colon or without.
    Offset(bool),
    Text(String),
}

/// A pattern of dates and times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format(Vec<Part>);

impl Format {
    /// A pattern that the compiler has checked.
    ///
    /// # Panics
    /// If it is none.
    pub fn checked(pattern: &str) -> Format {
        Format::new(pattern).unwrap_or_else(|wrong| panic!("the compiler checked this pattern: {wrong}"))
    }

    /// A pattern as it is written; what in it stands for nothing, otherwise.
    pub fn new(pattern: &str) -> Result<Format, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = pattern;
        while let Some(c) = rest.chars().next() {
            let count = rest.chars().take_while(|other| *other == c).count();
            let (run, behind) = rest.split_at(c.len_utf8() * count);
            if c == '\'' {
                let (text, behind) = quoted(rest).ok_or_else(|| rest.to_owned())?;
                push_text(&mut parts, &text);
                rest = behind;
                continue;
            }
            match (c, count) {
                ('y', 4) => parts.push(Part::Year),
                ('M', 1 | 2) => parts.push(Part::Month(count == 2)),
                ('M', 3) => parts.push(Part::MonthName),
                ('d', 1 | 2) => parts.push(Part::Day(count == 2)),
                ('D', 3) => parts.push(Part::DayOfYear),
                ('E', 3) => parts.push(Part::Weekday),
                ('H', 1 | 2) => parts.push(Part::Hour(count == 2)),
                ('h', 1 | 2) => parts.push(Part::HalfHour(count == 2)),
                ('a', 1) => parts.push(Part::AmPm),
                ('m', 2) => parts.push(Part::Minute),
                ('s', 2) => parts.push(Part::Second),
                ('S', 1..=9) => parts.push(Part::Fraction(count)),
                ('X', 2 | 3) => parts.push(Part::Offset(count == 3)),
                (c, _) if c.is_ascii_alphabetic() || "[]{}#".contains(c) => return Err(run.to_owned()),
                _ => push_text(&mut parts, run),
            }
            rest = behind;
        }
        Ok(Format(parts))
    }

    /// Whether it reads hours, minutes, seconds or an offset.
    pub fn has_clock(&self) -> bool {
        self.0.iter().any(|part| {
            matches!(
                part,
                Part::Hour(_)
                    | Part::HalfHour(_)
                    | Part::AmPm
                    | Part::Minute
                    | Part::Second
                    | Part::Fraction(_)
                    | Part::Offset(_)
            )
        })
    }

    /// Whether it says which day it is.
    pub fn has_day(&self) -> bool {
        let has = |wanted: fn(&Part) -> bool| self.0.iter().any(wanted);
        let month = has(|part| matches!(part, Part::Month(_) | Part::MonthName));
        has(|part| *part == Part::Year)
            && ((month && has(|part| matches!(part, Part::Day(_)))) || has(|part| *part == Part::DayOfYear))
    }

    /// An instant in this pattern, in UTC.
    pub fn write_utc(&self, at: Timestamp) -> String {
        self.write_clock(at, 0)
    }

    /// What clocks show in this pattern, and by how many minutes they are ahead of UTC.
    pub(super) fn write_clock(&self, clock: Timestamp, ahead: i64) -> String {
        let day = clock.date();
        let (year, month, day_of_month) = day.parts();
        let micros = clock.0.rem_euclid(MICROS_PER_DAY);
        let seconds = micros / MICROS_PER_SECOND;
        let hour = seconds / 3600;
        let padded = |value: i64, full: bool| if full { format!("{value:02}") } else { value.to_string() };
        let mut text = String::new();
        for part in &self.0 {
            let written = match part {
                Part::Year => format!("{year:04}"),
                Part::Month(full) => padded(i64::from(month), *full),
                Part::MonthName => MONTHS.get(month as usize - 1).copied().unwrap_or("").to_owned(),
                Part::Day(full) => padded(i64::from(day_of_month), *full),
                Part::DayOfYear => format!("{:03}", day_of_year(day)),
                Part::Weekday => DAYS.get(weekday(day) as usize - 1).copied().unwrap_or("").to_owned(),
                Part::Hour(full) => padded(hour, *full),
                Part::HalfHour(full) => padded((hour + 11) % 12 + 1, *full),
                Part::AmPm => if hour < 12 { "AM" } else { "PM" }.to_owned(),
                Part::Minute => format!("{:02}", seconds / 60 % 60),
                Part::Second => format!("{:02}", seconds % 60),
                Part::Fraction(digits) => {
                    let all = format!("{:06}000", micros % MICROS_PER_SECOND);
                    all.get(..*digits).unwrap_or("").to_owned()
                }
                Part::Offset(_) if ahead == 0 => "Z".to_owned(),
                Part::Offset(colon) => {
                    let sign = if ahead < 0 { '-' } else { '+' };
                    let colon = if *colon { ":" } else { "" };
                    format!("{sign}{:02}{colon}{:02}", ahead.abs() / 60, ahead.abs() % 60)
                }
                Part::Text(text) => text.clone(),
            };
            text.push_str(&written);
        }
        text
    }

    /// A date in this pattern.
    pub fn write_date(&self, day: Date) -> String {
        self.write_utc(super::time::start_of_day(day))
    }

    /// The instant that a text writes in this pattern; without an offset it is in UTC.
    pub fn read_utc(&self, text: &str) -> Option<Timestamp> {
        self.read_clock(text, |local| Some(Timestamp(local)))
    }

    /// The instant that a text writes in this pattern; without an offset, that at which clocks show this.
    pub(super) fn read_clock(&self, text: &str, instant: impl Fn(i64) -> Option<Timestamp>) -> Option<Timestamp> {
        let read = self.parts(text)?;
        let local = i64::from(read.date()?.0) * MICROS_PER_DAY + read.clock()?;
        match read.offset {
            Some(ahead) => {
                let at = Timestamp(local - ahead * MICROS_PER_SECOND);
                (Timestamp::FIRST..=Timestamp::LAST).contains(&at).then_some(at)
            }
            None => instant(local),
        }
    }

    /// The date that a text writes in this pattern.
    pub fn read_date(&self, text: &str) -> Option<Date> {
        self.parts(text)?.date()
    }

    fn parts(&self, text: &str) -> Option<Read> {
        let mut read = Read::default();
        let mut rest = text;
        for part in &self.0 {
            rest = read.part(part, rest)?;
        }
        rest.is_empty().then_some(read)
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(before)) => before.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

/// A text in quotes, and what follows it; `''` is a quote, in quotes and outside.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut rest = text.strip_prefix('\'')?;
    if let Some(behind) = rest.strip_prefix('\'') {
        return Some(("'".into(), behind));
    }
    loop {
        let end = rest.find('\'')?;
        inside.push_str(rest.get(..end)?);
        rest = rest.get(end + 1..)?;
        match rest.strip_prefix('\'') {
            Some(behind) => {
                inside.push('\'');
                rest = behind;
            }
            None => return Some((inside, rest)),
        }
    }
}

/// What was read of a text.
#[derive(Default)]
struct Read {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    half_hour: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    micros: i64,
    /// Seconds ahead of UTC.
    offset: Option<i64>,
}

impl Read {
    fn part<'t>(&mut self, part: &Part, text: &'t str) -> Option<&'t str> {
        let two = |full: bool| if full { 2..=2 } else { 1..=2 };
        let (value, rest) = match part {
            Part::Text(wanted) => return text.strip_prefix(wanted.as_str()),
            Part::MonthName => return named(text, &MONTHS, &mut self.month),
            Part::Weekday => return named(text, &DAYS, &mut self.weekday),
            Part::AmPm => {
                let (half, rest) = text.split_at_checked(2)?;
                self.afternoon = Some(match half {
                    "AM" => false,
                    "PM" => true,
                    _ => return None,
                });
                return Some(rest);
            }
            Part::Offset(colon) => return self.read_offset(text, *colon),
            Part::Year => digits(text, 4..=4)?,
            Part::DayOfYear => digits(text, 3..=3)?,
            Part::Month(full) | Part::Day(full) | Part::Hour(full) | Part::HalfHour(full) => digits(text, two(*full))?,
            Part::Minute | Part::Second => digits(text, 2..=2)?,
            Part::Fraction(count) => digits(text, *count..=*count)?,
        };
        match part {
            Part::Year => self.year = Some(value),
            Part::Month(_) => self.month = Some(value),
            Part::Day(_) => self.day = Some(value),
            Part::DayOfYear => self.day_of_year = Some(value),
            Part::Hour(_) => self.hour = Some(value),
            Part::HalfHour(_) => self.half_hour = Some(value),
            Part::Minute => self.minute = value,
            Part::Second => self.second = value,
            Part::Fraction(count) => {
                let nanos = value * 10_i64.checked_pow(9_u32.checked_sub(*count as u32)?)?;
                self.micros = nanos / 1000;
            }
            _ => {}
        }
        Some(rest)
    }

    fn read_offset<'t>(&mut self, text: &'t str, colon: bool) -> Option<&'t str> {
        if let Some(rest) = text.strip_prefix('Z') {
            self.offset = Some(0);
            return Some(rest);
        }
        let sign = match text.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        let (hours, rest) = digits(text.get(1..)?, 2..=2)?;
        let rest = if colon { rest.strip_prefix(':')? } else { rest };
        let (minutes, rest) = digits(rest, 2..=2)?;
        if hours > 23 || minutes > 59 {
            return None;
        }
        self.offset = Some(sign * (hours * 3600 + minutes * 60));
        Some(rest)
    }

    fn date(&self) -> Option<Date> {
        let day = match (self.day_of_year, self.month, self.day) {
            (Some(number), _, _) => {
                let first = super::time::date_of(self.year?, 1, 1)?;
                let day = super::time::add_days(first, number.checked_sub(1)?).ok()?;
                (super::time::year(day) == self.year? && number > 0).then_some(day)?
            }
            (None, Some(month), Some(day)) => super::time::date_of(self.year?, month, day)?,
            _ => return None,
        };
        match self.weekday {
            Some(wanted) if wanted != weekday(day) => None,
            _ => Some(day),
        }
    }

    fn clock(&self) -> Option<i64> {
        let hour = match (self.hour, self.half_hour, self.afternoon) {
            (Some(hour), _, _) => hour,
            (None, Some(half @ 1..=12), Some(afternoon)) => half % 12 + if afternoon { 12 } else { 0 },
            (None, Some(_), _) => return None,
            (None, None, _) => 0,
        };
        let right = hour < 24 && self.minute < 60 && self.second < 60;
        right.then(|| (hour * 3600 + self.minute * 60 + self.second) * MICROS_PER_SECOND + self.micros)
    }
}

fn named<'t>(text: &'t str, names: &[&str], place: &mut Option<i64>) -> Option<&'t str> {
    let (at, name) = names.iter().enumerate().find(|(_, name)| text.starts_with(**name))?;
    *place = Some(at as i64 + 1);
    text.strip_prefix(name)
}

fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<(i64, &str)> {
    let found = text.bytes().take(*count.end()).take_while(u8::is_ascii_digit).count();
    if found < *count.start() {
        return None;
    }
    let (digits, rest) = text.split_at(found);
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pattern_and_no_time() {
        for (pattern, wrong) in [
            ("YYYY", "YYYY"),
            ("yy", "yy"),
            ("MMMM", "MMMM"),
            ("m", "m"),
            ("d 'a", "'a"),
            ("z", "z"),
        ] {
            assert_eq!(Format::new(pattern), Err(wrong.to_owned()));
        }
        let format = Format::new("d.M.yyyy HH:mm").unwrap();
        for text in [
            "31.2.2026 00:00",
            "1.1.2026 24:00",
            "1.1.2026 1:00",
            "1.1.2026 00:00 ",
            "+1.1.2026 00:00",
            "1.1.26 00:00",
        ] {
            assert_eq!(format.read_utc(text), None, "{text}");
        }
        assert_eq!(Format::new("EEE dd.MM.yyyy").unwrap().read_date("Mon 04.01.2026"), None);
    }
}
