//! Steps that hold rows of a stream until no later one can change what they make: windows, sessions, joins, `dedupe`.
//!
//! What is held and let go when is the runtime's; here stands only which of its functions a step calls, and how the job
//! calls what the step holds.

use super::super::tree::Py;
use super::{Before, Body, rows};
use crate::plan::types::Column;
use crate::plan::{EventWindow, Input, Join};
use pipec_runtime::reject;

impl Body {
    /// What the step at hand is called in the job's state.
    fn held_as(&self) -> Py {
        Py::text(&format!(
            "{}_{}",
            self.stream.as_deref().unwrap_or_default(),
            self.at + 1
        ))
    }

    /// Rows that were held have lost what no file may hold.
    fn key_again(&mut self) {
        if self.keyed {
            let with_key = self.run("with_pseudonym_key", vec![rows()]);
            self.rows(with_key);
        }
    }

    /// `dedupe by KEYS within D`
    pub(super) fn first_arrivals(&mut self, keys: &[String], seconds: u64) {
        self.settle();
        let arguments = vec![rows(), self.held_as(), texts(keys), duration(seconds)];
        let first = self.run("first_arrivals", arguments);
        self.rows(first);
        self.keyed = false;
    }

    /// A row for each window of event time that a row is in time for, with the window's ends, once the window is over.
    pub(super) fn stream_windows(&mut self, window: &EventWindow, keys: &mut [(&Column, Py)]) {
        let Some((_, time)) = keys.iter_mut().find(|(column, _)| column.name == window.time) else {
            return;
        };
        let arguments = vec![
            rows(),
            self.held_as(),
            std::mem::replace(time, super::super::exprs::column("window_start")),
            Py::keyword("every", duration(window.every_seconds)),
            Py::keyword("over", duration(window.over_seconds)),
            Py::keyword("late", duration(window.late_seconds)),
            Py::keyword("reason", Py::text(&reject::late_for_window(window.late_seconds))),
        ];
        let windows = self.run("windows", arguments);
        self.rows(windows);
        self.key_again();
    }

    /// The rows of sessions that are over.
    pub(super) fn visits(&mut self, keys: &[String], time: &str, gap_seconds: u64) {
        let arguments = vec![
            rows(),
            self.held_as(),
            texts(keys),
            Py::text(time),
            duration(gap_seconds),
        ];
        let over = self.run("sessions", arguments);
        self.rows(over);
        self.keyed = false;
    }

    /// Rows of two streams that are near in time.
    pub(super) fn near(&mut self, join: &Join, alias: &str, on: Py, how: &str, seconds: u64, before: Before<'_>) {
        let time = |columns: &[Column]| columns.iter().find(|column| column.event_time).map(|c| c.name.clone());
        let own = time(before.columns).unwrap_or_default();
        let other = format!("{}.{}", join.alias, time(&join.columns).unwrap_or_default());
        let arguments = vec![
            rows(),
            Py::atom(alias),
            self.held_as(),
            on,
            Py::text(how),
            Py::keyword("times", Py::Tuple(vec![Py::text(&own), Py::text(&other)])),
            Py::keyword("within", duration(seconds)),
        ];
        let near = self.run("near", arguments);
        self.rows(near);
        self.keyed = false;
    }

    /// The rows of another input as well: what they have beside their columns goes on where both have it.
    pub(super) fn united(&mut self, other: &Input, others: Py) {
        let united = self.run("united", vec![rows(), others]);
        self.rows(united);
        self.arrivals &= match other {
            Input::Stream(_) => true,
            Input::View(name) => !self.without_arrivals.contains(name),
            Input::Table(_) => false,
        };
        self.anew();
    }
}

fn texts(names: &[String]) -> Py {
    Py::List(names.iter().map(|name| Py::text(name)).collect())
}

/// A duration in its largest unit.
pub fn duration(seconds: u64) -> Py {
    let (unit, count) = match seconds {
        0 => return Py::call("timedelta", vec![]),
        seconds if seconds % 86_400 == 0 => ("days", seconds / 86_400),
        seconds if seconds % 3600 == 0 => ("hours", seconds / 3600),
        seconds if seconds % 60 == 0 => ("minutes", seconds / 60),
        seconds => ("seconds", seconds),
    };
    Py::call("timedelta", vec![Py::keyword(unit, Py::atom(count.to_string()))])
}
