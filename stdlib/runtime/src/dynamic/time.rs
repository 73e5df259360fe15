//! Dates and times, in UTC and in zones.

use super::Argument::Is;
use super::{Argument, Call, theme};
use crate::functions::{self, zones};
use crate::types::Timestamp as At;
use crate::value::Reject;
use crate::value::Value::{self, Date, Duration, Int, Text, Timestamp};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;

/// What the clocks of a zone show at an instant, as if it were UTC.
fn local(at: At, zone: &str) -> Result<At, Reject> {
    Ok(zones::local(at, known(zone)?))
}

/// A zone; its name was checked by the compiler.
fn known(zone: &str) -> Result<zones::Zone, Reject> {
    zones::zone(zone).ok_or(Reject::Overflow)
}

fn format(pattern: &str) -> Result<zones::Format, Reject> {
    zones::Format::new(pattern).map_err(|_| Reject::Overflow)
}

theme! { NAMES, call, given;
    "now" [] => given.run.map(|run| run.now);
    "today" [] => given.run.map(|run| functions::date(run.now));
    "date" [Is(Timestamp(at))] => functions::date(*at);
    "date" [Is(Timestamp(at)), Is(Text(zone))] => zones::date_in(*at, known(zone)?);
    "date" [Is(Int(year)), Is(Int(month)), Is(Int(day))] => functions::date_of(*year, *month, *day);
    "timestamp" [Is(Date(day)), Is(Text(zone))] => zones::at_time(*day, 0, known(zone)?).ok_or(Reject::Overflow)?;
    "year" [Is(Date(day))] => functions::year(*day);
    "year" [Is(Timestamp(at)), Is(Text(zone))] => functions::year(local(*at, zone)?.date());
    "month" [Is(Date(day))] => functions::month(*day);
    "month" [Is(Timestamp(at)), Is(Text(zone))] => functions::month(local(*at, zone)?.date());
    "day" [Is(Date(day))] => functions::day(*day);
    "day" [Is(Timestamp(at)), Is(Text(zone))] => functions::day(local(*at, zone)?.date());
    "hour" [Is(Timestamp(at)), Is(Text(zone))] => functions::hour(local(*at, zone)?);
    "minute" [Is(Timestamp(at)), Is(Text(zone))] => functions::minute(local(*at, zone)?);
    "second" [Is(Timestamp(at))] => functions::second(*at);
    "weekday" [Is(Date(day))] => functions::weekday(*day);
    "is_weekend" [Is(Date(day))] => functions::is_weekend(*day);
    "iso_week" [Is(Date(day))] => functions::iso_week(*day);
    "iso_year" [Is(Date(day))] => functions::iso_year(*day);
    "day_of_year" [Is(Date(day))] => functions::day_of_year(*day);
    "quarter" [Is(Date(day))] => functions::quarter(*day);
    "is_leap_year" [Is(Date(day))] => functions::is_leap_year(*day);
    "days_in_month" [Is(Date(day))] => functions::days_in_month(*day);
    "truncate" [Is(Timestamp(at)), Is(Duration(to))] => functions::truncate(*at, *to);
    "start_of_week" [Is(Date(day))] => functions::start_of_week(*day)?;
    "start_of_month" [Is(Date(day))] => functions::start_of_month(*day);
    "start_of_quarter" [Is(Date(day))] => functions::start_of_quarter(*day);
    "start_of_year" [Is(Date(day))] => functions::start_of_year(*day);
    "end_of_month" [Is(Date(day))] => functions::end_of_month(*day);
    "add_days" [Is(Date(day)), Is(Int(days))] => functions::add_days(*day, *days)?;
    "add_months" [Is(Date(day)), Is(Int(months))] => functions::add_months(*day, *months)?;
    "add_years" [Is(Date(day)), Is(Int(years))] => functions::add_years(*day, *years)?;
    "days_between" [Is(Date(from)), Is(Date(to))] => functions::days_between(*from, *to);
    "months_between" [Is(Date(from)), Is(Date(to))] => functions::months_between(*from, *to);
    "years_between" [Is(Date(from)), Is(Date(to))] => functions::years_between(*from, *to);
    "hours_between" [Is(Timestamp(from)), Is(Timestamp(to))] => functions::between(*from, *to, HOUR);
    "minutes_between" [Is(Timestamp(from)), Is(Timestamp(to))] => functions::between(*from, *to, 60 * SECOND);
    "seconds_between" [Is(Timestamp(from)), Is(Timestamp(to))] => functions::between(*from, *to, SECOND);
    "in_seconds" [Is(Duration(length))] => functions::in_units(*length, SECOND);
    "in_hours" [Is(Duration(length))] => functions::in_units(*length, HOUR);
    "in_days" [Is(Duration(length))] => functions::in_units(*length, 24 * HOUR);
    "epoch_seconds" [Is(Timestamp(at))] => functions::epoch_seconds(*at);
    "epoch_milliseconds" [Is(Timestamp(at))] => functions::epoch_milliseconds(*at);
    "from_epoch_seconds" [Is(Int(seconds))] => functions::from_epoch_seconds(*seconds);
    "from_epoch_milliseconds" [Is(Int(milliseconds))] => functions::from_epoch_milliseconds(*milliseconds);
    "format" [Is(Timestamp(at)), Is(Text(pattern)), Is(Text(zone))] => format(pattern)?.write(*at, known(zone)?);
    "format" [Is(Date(day)), Is(Text(pattern))] => format(pattern)?.write_date(*day);
    "at_time" [Is(Date(day)), Is(Duration(time)), Is(Text(zone))] =>
        zones::at_time(*day, *time, known(zone)?).ok_or(Reject::Overflow)?;
    "time_of_day" [Is(Timestamp(at)), Is(Text(zone))] => Duration(zones::time_of_day(*at, known(zone)?));
    "zone_offset" [Is(Timestamp(at)), Is(Text(zone))] => Duration(zones::offset(*at, known(zone)?));
}
