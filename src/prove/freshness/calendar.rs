//! When a clock starts runs: the longest time from one start to the next, in a time zone whose clocks change.
//!
//! EventBridge Scheduler leaves a start out whose local time does not exist, and starts once where it exists twice
//! (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time>).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
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

/// What was found of schedules so far: many start on the same days, and in the same zone.
#[derive(Debug, Default)]
pub(super) struct Calendar {
    /// The days of the last four fields of a cron text.
    days: BTreeMap<String, Vec<NaiveDate>>,
    /// The days on which clocks change, by zone.
    changes: BTreeMap<String, BTreeSet<NaiveDate>>,
}

/// Days that are looked at: every kind of month, four changes of clocks.
const DAYS: usize = 800;
/// The first of them. A fixed day, so that the same text is always judged alike.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();

impl Calendar {
    /// The longest gap of `cron(…)` or `rate(…)` in a time zone; none where it starts less than twice.
    pub(super) fn longest_gap(&mut self, expression: &str, zone: &str) -> Option<Gap> {
        if let Some(rate) = inside(expression, "rate(") {
            let minutes: u64 = rate.split(' ').next()?.parse().ok()?;
            return Some(Gap {
                seconds: minutes * 60,
                clock_change: None,
            });
        }
        let fields: Vec<_> = inside(expression, "cron(")?.split(' ').collect();
        let (minute, hour, rest) = match fields.as_slice() {
            [minute, hour, rest @ ..] => (minute, hour, rest.join(" ")),
            _ => return None,
        };
        let tz: Tz = zone.parse().ok()?;
        let times = times(&parse(&format!("0 {minute} {hour} * * * *"))?);
        if !self.days.contains_key(&rest) {
            self.days.insert(rest.clone(), days(&rest)?);
        }
        let changes = self.changes.entry(zone.to_owned()).or_insert_with(|| changes(tz));
        longest(self.days.get(&rest)?, &times, changes, tz)
    }
}

/// How often `cron(…)` or `rate(…)` starts in a month of 730 hours, on average.
pub(super) fn starts_a_month(expression: &str) -> Option<f64> {
    const MONTH_MINUTES: f64 = 730.0 * 60.0;
    if let Some(rate) = inside(expression, "rate(") {
        let (count, unit) = rate.split_once(' ')?;
        let minutes = match unit.trim_end_matches('s') {
            "minute" => 1.0,
            "hour" => 60.0,
            "day" => 1_440.0,
            _ => return None,
        };
        return Some(MONTH_MINUTES / (count.parse::<f64>().ok()? * minutes));
    }
    let fields: Vec<_> = inside(expression, "cron(")?.split(' ').collect();
    let [minute, hour, rest @ ..] = fields.as_slice() else {
        return None;
    };
    let times = times(&parse(&format!("0 {minute} {hour} * * * *"))?).len();
    let days = days(&rest.join(" "))?.len();
    Some(days as f64 / DAYS as f64 * times as f64 * MONTH_MINUTES / 1_440.0)
}

fn inside<'t>(expression: &'t str, start: &str) -> Option<&'t str> {
    expression.strip_prefix(start)?.strip_suffix(')')
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

/// The days of the last four fields of a cron text, in order.
fn days(fields: &str) -> Option<Vec<NaiveDate>> {
    if fields.split(' ').all(|field| ["*", "?"].contains(&field)) {
        return Some(FIRST.iter_days().take(DAYS).collect());
    }
    let cron = parse(&format!("0 0 0 {fields}"))?;
    let midnight = FIRST.and_time(NaiveTime::MIN).and_utc();
    let until = FIRST + Days::new(DAYS as u64);
    let found = cron.iter_from(midnight, Direction::Forward).map(|at| at.date_naive());
    Some(found.take_while(|day| *day < until).collect())
}

/// The days on which clocks change.
fn changes(zone: Tz) -> BTreeSet<NaiveDate> {
    let ahead = |day: NaiveDate| {
        let midnight = day.and_time(NaiveTime::MIN);
        zone.from_utc_datetime(&midnight).naive_local() - midnight
    };
    let days = FIRST.iter_days().take(DAYS);
    days.filter(|day| ahead(*day) != ahead(*day + Days::new(1))).collect()
}

fn longest(days: &[NaiveDate], times: &[NaiveTime], changes: &BTreeSet<NaiveDate>, zone: Tz) -> Option<Gap> {
    let (first, last) = (times.first()?, times.last()?);
    let mut longest: Option<Gap> = None;
    let mut take = |between: TimeDelta, clock_change: Option<NaiveDate>| {
        let seconds = u64::try_from(between.num_seconds()).unwrap_or(0);
        if seconds > 0 && longest.as_ref().is_none_or(|gap| seconds > gap.seconds) {
            longest = Some(Gap { seconds, clock_change });
        }
    };
    // Where clocks do not change, local times are as far apart as they say.
    for pair in times.windows(2) {
        if let [from, to] = pair {
            take(*to - *from, None);
        }
    }
    for pair in days.windows(2) {
        if let [from, to] = pair
            && changes.range(from..=to).next().is_none()
        {
            take(to.and_time(*first) - from.and_time(*last), None);
        }
    }
    for change in changes {
        // The days around it: a start that a change leaves out is looked for a day further.
        let at = days.partition_point(|day| day < change);
        let around = days
            .get(at.saturating_sub(2)..(at + 3).min(days.len()))
            .unwrap_or_default();
        let starts = around
            .iter()
            .flat_map(|day| times.iter().map(|time| day.and_time(*time)));
        let starts: Vec<_> = starts.filter_map(|local| instant(local, zone)).collect();
        for pair in starts.windows(2) {
            if let [from, to] = pair {
                let day_of = |at: &DateTime<Utc>| at.with_timezone(&zone).date_naive();
                let over = (day_of(from)..=day_of(to)).contains(change);
                take(*to - *from, over.then_some(*change));
            }
        }
    }
    longest
}

/// A local time as an instant: none where clocks leave it out, the first where they show it twice.
fn instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
        LocalResult::None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(expression: &str, zone: &str) -> Option<(f64, Option<String>)> {
        let gap = Calendar::default().longest_gap(expression, zone)?;
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
