//! Whether a dataset can be as fresh as its alarm wants it: the longest time from one write of it to the next, by what its
//! rows pass on their way.
//!
//! Every job may take as long as its timeout lets it, and every try that the schedule allows may be needed; a try that fails
//! is taken to fail at once, because one that runs into its timeout is told of by itself. Rows are taken to keep coming.

mod calendar;
mod steps;

use std::fmt::Display;

use crate::check::items::Places;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::{Alarm, DatasetId, Plan};

pub use steps::Part;
use steps::{Sum, Walk};

/// How often `cron(…)` or `rate(…)` starts in a month of 730 hours, on average; none of what never starts again.
pub fn starts_a_month(expression: &str) -> Option<f64> {
    calendar::starts_a_month(expression)
}

pub(super) fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    let mut walk = Walk::new(plan);
    for monitor in &plan.monitors {
        for alarm in &monitor.alarms {
            let place = |kind: &str, of: &dyn Display| places.get(&format!("monitor.{}.{kind}.{of}", monitor.name));
            let diagnostic = match alarm {
                Alarm::Freshness { dataset, over_seconds } => {
                    place("freshness", dataset).and_then(|span| match walk.between_writes(dataset) {
                        None => Some(never(dataset, span)),
                        Some(sum) if sum.seconds() > *over_seconds => Some(too_old(dataset, *over_seconds, &sum, span)),
                        Some(_) => None,
                    })
                }
                Alarm::Lag { source, over_seconds } => place("lag", source).and_then(|span| {
                    let part = steps::waits_of_readers(plan, source).filter(|part| part.seconds > *over_seconds)?;
                    Some(behind(source, *over_seconds, &part, span))
                }),
                _ => None,
            };
            diagnostic
                .into_iter()
                .for_each(|diagnostic| diagnostics.push(diagnostic));
        }
    }
}

/// The parts of the longest time from one write of a dataset to the next, for each alarm on its age; none of those that
/// nothing writes.
pub fn sums(plan: &Plan) -> Vec<Aged<'_>> {
    let mut walk = Walk::new(plan);
    let alarms = plan.monitors.iter().flat_map(|monitor| &monitor.alarms);
    let aged = alarms.filter_map(|alarm| match alarm {
        Alarm::Freshness { dataset, over_seconds } => Some(Aged {
            dataset,
            over_seconds: *over_seconds,
            parts: walk.between_writes(dataset)?.parts,
        }),
        _ => None,
    });
    aged.collect()
}

/// A dataset's age, and its alarm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aged<'p> {
    /// The dataset.
    pub dataset: &'p DatasetId,
    /// When the alarm rings, seconds.
    pub over_seconds: u64,
    /// What adds up to the oldest that it can be.
    pub parts: Vec<Part>,
}

fn never(dataset: &DatasetId, span: crate::base::Span) -> Diagnostic {
    let message = format!("`{dataset}` is never written, so it can never be fresh");
    Diagnostic::new(Code::FRESHNESS, span, message)
        .found("no schedule runs what writes it again and again")
        .help("write `run = [...]` with it in a `schedule`")
}

fn behind(source: &str, over_seconds: u64, part: &Part, span: crate::base::Span) -> Diagnostic {
    let message = format!(
        "the readers of `{source}` are {} behind as a rule, but their alarm is at {}",
        time(part.seconds),
        time(over_seconds)
    );
    let enough = (part.seconds * 2).next_multiple_of(60);
    Diagnostic::new(Code::FRESHNESS, span, message)
        .found("it would ring all the time")
        .note(format!("{} ({})", time(part.seconds), part.what))
        .help(format!("write `over {}`, or let them wait for less", time(enough)))
}

fn too_old(dataset: &DatasetId, over_seconds: u64, sum: &Sum, span: crate::base::Span) -> Diagnostic {
    let seconds = sum.seconds();
    let message = format!(
        "`{dataset}` may be {} old, but its alarm is at {}",
        time(seconds),
        time(over_seconds)
    );
    let parts: Vec<_> = sum
        .parts
        .iter()
        .map(|part| format!("{} ({})", time(part.seconds), part.what))
        .collect();
    let enough = match seconds {
        0..3_600 => seconds.next_multiple_of(60),
        _ => seconds.next_multiple_of(3_600),
    };
    Diagnostic::new(Code::FRESHNESS, span, message)
        .found("nothing on its way is quicker by itself")
        .note(format!("{} ≤ {}", parts.join(" + "), time(seconds)))
        .help(format!(
            "write `over {}`, or make the longest of these shorter",
            time(enough)
        ))
}

/// A time, in words: `25 hours 23 min 30 s`.
pub fn time(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut words = Vec::new();
    if hours > 0 {
        words.push(format!("{hours} hour{}", if hours == 1 { "" } else { "s" }));
    }
    if minutes > 0 {
        words.push(format!("{minutes} min"));
    }
    if rest > 0 || words.is_empty() {
        words.push(format!("{rest} s"));
    }
    words.join(" ")
}
