//! When a clock starts runs: the longest time from one start to the next, in a time zone whose clocks change.
//!
//! EventBridge Scheduler leaves a start out whose local time does not exist, and starts once where it exists twice
//! (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time>).

use std::collections::BTreeMap;

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, Direction};

/// The longest time from one start to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// How long.
    pub(super) seconds: u64,
    /// The day on which clocks change within it, where they do.
    pub(super) clock_change: Option<NaiveDate>,
}

/// What was found of schedules so far: many have one clock.
#[derive(Debug, Default)]
pub(super) struct Calendar<'p>(BTreeMap<(&'p str, &'p str), Option<Gap>>);

/// Days that are looked at: every kind of month, four changes of clocks.
const DAYS: u64 = 800;
/// The first of them. A fixed day, so that the same text is always judged alike.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();

impl<'p> Calendar<'p> {
    /// The longest gap of `cron(…)` or `rate(…)` in a time zone; none where it starts less than twice.
    pub(super) fn longest_gap(&mut self, expression: &'p str, zone: &'p str) -> Option<Gap> {
        let found = self.0.entry((expression, zone));
        found.or_insert_with(|| gap(expression, zone)).clone()
    }
}

fn gap(expression: &str, zone: &str) -> Option<Gap> {
    if let Some(rate) = expression.strip_prefix("rate(").and_then(|rate| rate.strip_suffix(')')) {
        let minutes: u64 = rate.split(' ').next()?.parse().ok()?;
        return Some(Gap {
            seconds: minutes * 60,
            clock_change: None,
        });
    }
    let fields: Vec<_> = expression
        .strip_prefix("cron(")?
        .strip_suffix(')')?
        .split(' ')
        .collect();
    let [minute, hour, day, month, weekday, year] = fields.as_slice() else {
        return None;
    };
    let zone: Tz = zone.parse().ok()?;
    let times = times(&parse(&format!("0 {minute} {hour} * * * *"))?);
    let days = parse(&format!("0 0 0 {day} {month} {weekday} {year}"))?;
    longest(&days, &times, zone)
}

fn parse(text: &str) -> Option<Cron> {
    // As Quartz's, EventBridge's weekdays begin with 1 on Sunday, and `0/15` is every 15 from 0 on.
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        .sloppy_ranges(true)
        .build();
    parser.parse(text).ok()
}

/// The times of day, in order.
fn times(cron: &Cron) -> Vec<NaiveTime> {
    let midnight = FIRST.and_time(NaiveTime::MIN).and_utc();
    let found = cron
        .iter_from(midnight, Direction::Forward)
        .take_while(|at| at.date_naive() == FIRST);
    found.map(|at| at.time()).collect()
}

fn longest(days: &Cron, times: &[NaiveTime], zone: Tz) -> Option<Gap> {
    let ends: Vec<_> = times.first().into_iter().chain(times.last()).copied().collect();
    let midnight = FIRST.and_time(NaiveTime::MIN).and_utc();
    let until = FIRST + Days::new(DAYS);
    // Within a day without a change of clocks, all days are alike.
    let within = times.windows(2).filter_map(|pair| match pair {
        [from, to] => u64::try_from((*to - *from).num_seconds()).ok(),
        _ => None,
    });
    let mut longest = within.max().map(|seconds| Gap {
        seconds,
        clock_change: None,
    });
    let mut before: Option<DateTime<Utc>> = None;
    for day in days.iter_from(midnight, Direction::Forward).map(|at| at.date_naive()) {
        if day > until {
            break;
        }
        let starts = if changes(day, zone) { times } else { &ends };
        for at in starts.iter().filter_map(|time| instant(day.and_time(*time), zone)) {
            let seconds = before.and_then(|before| u64::try_from((at - before).num_seconds()).ok());
            let skipped = before.is_some_and(|before| !changes(day, zone) && same_day(before, at, zone));
            if let (Some(before), Some(seconds), false) = (before, seconds, skipped)
                && longest.as_ref().is_none_or(|gap| seconds > gap.seconds)
            {
                let clock_change = change_between(before, at, zone);
                longest = Some(Gap { seconds, clock_change });
            }
            before = Some(at);
        }
    }
    longest
}

fn same_day(before: DateTime<Utc>, at: DateTime<Utc>, zone: Tz) -> bool {
    before.with_timezone(&zone).date_naive() == at.with_timezone(&zone).date_naive()
}

/// A local time as an instant: none where clocks leave it out, the first where they show it twice.
fn instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
        LocalResult::None => None,
    }
}

/// Whether clocks change on a day.
fn changes(day: NaiveDate, zone: Tz) -> bool {
    let ahead = |day: NaiveDate| {
        let midnight = day.and_time(NaiveTime::MIN);
        zone.from_utc_datetime(&midnight).naive_local() - midnight
    };
    ahead(day) != ahead(day + Days::new(1))
}

/// The day between two instants on which clocks change.
fn change_between(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz) -> Option<NaiveDate> {
    let day_of = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let mut days = day_of(from).iter_days().take_while(|day| *day <= day_of(to));
    days.find(|day| changes(*day, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(expression: &str, zone: &str) -> Option<(f64, Option<String>)> {
        let gap = gap(expression, zone)?;
        let day = gap.clock_change.map(|day| day.to_string());
        Some((gap.seconds as f64 / 3600.0, day))
    }

    #[test]
    fn a_day_has_25_hours_once_a_year_where_clocks_change() {
        assert_eq!(hours("cron(0 2 * * ? *)", "UTC"), Some((24.0, None)));
        let autumn = Some((25.0, Some("2026-10-25".to_owned())));
        assert_eq!(hours("cron(30 4 * * ? *)", "Europe/Berlin"), autumn);
    }

    #[test]
    fn a_start_at_a_time_that_clocks_leave_out_is_left_out() {
        // 02:30 does not exist on 2026-03-29: the next is 47 hours after the one before.
        let spring = Some((47.0, Some("2026-03-29".to_owned())));
        assert_eq!(hours("cron(30 2 * * ? *)", "Europe/Berlin"), spring);
    }

    #[test]
    fn within_a_day_and_over_nights_and_weekends() {
        assert_eq!(hours("cron(10 * * * ? *)", "UTC"), Some((1.0, None)));
        assert_eq!(hours("cron(0/15 8-18 * * ? *)", "UTC"), Some((13.25, None)));
        assert_eq!(hours("cron(0 9,12 ? * MON-FRI *)", "UTC"), Some((69.0, None)));
        assert_eq!(hours("cron(0 9 ? * 2 *)", "UTC"), Some((168.0, None)), "Mondays");
        assert_eq!(
            hours("cron(0 9 L * ? *)", "UTC"),
            Some((744.0, None)),
            "the last of each month"
        );
        assert_eq!(hours("rate(90 minutes)", "UTC"), Some((1.5, None)));
    }

    #[test]
    fn what_starts_once_has_no_gap() {
        assert_eq!(hours("cron(0 9 1 1 ? 2027)", "UTC"), None);
    }
}
