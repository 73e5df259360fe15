//! What is known of the rows of a dataset or view: which columns tell rows apart, and which are the day of their event.

use std::collections::BTreeSet;

use super::Known;
use crate::check::program::{Dataset, DatasetWriter, Delivers, Mode};
use crate::check::steps::{Checked, Rows};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Input, Join, JoinKind, Step, StepKind};

/// What is known of a dataset's rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    /// Sets of columns of which no two rows have the same values.
    pub(super) unique: Vec<Vec<String>>,
    /// Columns that are the UTC day of the event time.
    pub(super) days: BTreeSet<String>,
    /// The step that brings rows of different days together, as written.
    pub(super) mixed_by: Option<String>,
}

impl Facts {
    /// Of what a source lands, or another project exports.
    pub(super) fn landed(dataset: &Dataset) -> Self {
        let keys = dataset.columns.iter().filter(|column| column.key);
        let keys: Vec<String> = keys.map(|column| column.name.clone()).collect();
        let snapshot = dataset.delivers == Delivers::Snapshot && matches!(dataset.writer, DatasetWriter::Source(_));
        Facts {
            unique: if snapshot && !keys.is_empty() {
                vec![keys]
            } else {
                Vec::new()
            },
            ..Facts::default()
        }
    }

    /// Of what a transform writes.
    pub(super) fn written(rows: &Rows, checked: &Checked, mode: &Mode, dataset: &Dataset, known: &Known<'_>) -> Self {
        let mut unique = match mode {
            Mode::Append => Vec::new(),
            _ => unique_after(rows, checked),
        };
        if let Mode::Merge(keys) = mode {
            unique.push(keys.clone());
        }
        let mut days = Days::of(rows, known);
        checked.steps.iter().for_each(|step| days.after(step));
        let there = |day: &String| dataset.columns.iter().any(|column| column.name == *day);
        Facts {
            unique,
            days: days.days.into_iter().filter(there).collect(),
            mixed_by: days.mixed_by,
        }
    }
}

/// What rows are that are read together.
pub(super) fn together(one: Delivers, other: Delivers) -> Delivers {
    match (one, other) {
        (Delivers::Changes, _) | (_, Delivers::Changes) => Delivers::Changes,
        (Delivers::Snapshot, _) | (_, Delivers::Snapshot) => Delivers::Snapshot,
        (Delivers::Rows, Delivers::Rows) => Delivers::Rows,
    }
}

/// Whether each row that a step gives comes of one row before it, and of nothing that may still come.
pub(super) fn record_wise(step: &Step, known: &Known<'_>) -> bool {
    let only_adds = |input: &Input| match input {
        Input::Table(id) => known
            .datasets
            .get(id)
            .is_some_and(|dataset| dataset.delivers == Delivers::Rows),
        Input::View(name) => known
            .views
            .get(name)
            .is_some_and(|view| view.rows.delivers == Delivers::Rows),
        Input::Stream(_) => true,
    };
    match &step.kind {
        StepKind::Filter(_)
        | StepKind::Derive(_)
        | StepKind::Select(_)
        | StepKind::Drop(_)
        | StepKind::Rename(_)
        | StepKind::Explode { .. }
        | StepKind::Unpivot { .. }
        | StepKind::Expect { .. }
        | StepKind::Route { .. }
        | StepKind::Run(_) => true,
        // A row looks its pair up as things are; rows that only add may bring one later.
        StepKind::Join(join) => join.kind != JoinKind::Full && !only_adds(&join.other),
        StepKind::Union { other, .. } => only_adds(other),
        StepKind::Dedupe { .. }
        | StepKind::Group { .. }
        | StepKind::Window { .. }
        | StepKind::Session { .. }
        | StepKind::Pivot { .. }
        | StepKind::Sort(_)
        | StepKind::Take(_) => false,
    }
}

/// Sets of columns that are unique behind all steps.
pub(super) fn unique_after(rows: &Rows, checked: &Checked) -> Vec<Vec<String>> {
    let mut unique = rows.unique.clone();
    for (at, step) in checked.steps.iter().enumerate() {
        unique_step(&mut unique, at, step, checked);
    }
    unique
}

fn unique_step(unique: &mut Vec<Vec<String>>, at: usize, step: &Step, checked: &Checked) {
    let without = |unique: &mut Vec<Vec<String>>, gone: &dyn Fn(&String) -> bool| {
        unique.retain(|set| !set.iter().any(gone));
    };
    match &step.kind {
        StepKind::Derive(columns) => without(unique, &|name| columns.iter().any(|(column, _)| column.name == *name)),
        StepKind::Drop(names) => without(unique, &|name| names.contains(name)),
        StepKind::Select(columns) => renamed(unique, &|name| {
            let same = |(_, value): &&(Column, Expr)| value.kind == ExprKind::Column(name.to_owned());
            columns.iter().find(same).map(|(column, _)| column.name.clone())
        }),
        StepKind::Rename(pairs) => renamed(unique, &|name| {
            let pair = pairs.iter().find(|(old, _)| old == name);
            Some(pair.map_or_else(|| name.to_owned(), |(_, new)| new.clone()))
        }),
        StepKind::Dedupe { keys, by, .. } if by.is_some() => unique.push(keys.clone()),
        StepKind::Pivot { keys, .. } => *unique = vec![keys.clone()],
        StepKind::Group { keys, window, .. } => {
            let name = |(column, _): &(Column, Expr)| match window {
                Some(window) if window.time == column.name => "window_start".to_owned(),
                _ => column.name.clone(),
            };
            *unique = vec![keys.iter().map(name).collect()];
        }
        StepKind::Join(join) if multiplies(at, join, checked) => unique.clear(),
        StepKind::Explode { .. } | StepKind::Unpivot { .. } | StepKind::Union { .. } | StepKind::Run(_) => {
            unique.clear();
        }
        StepKind::Join(_)
        | StepKind::Dedupe { .. }
        | StepKind::Filter(_)
        | StepKind::Window { .. }
        | StepKind::Session { .. }
        | StepKind::Sort(_)
        | StepKind::Take(_)
        | StepKind::Expect { .. }
        | StepKind::Route { .. } => {}
    }
}

fn renamed(unique: &mut Vec<Vec<String>>, name: &dyn Fn(&str) -> Option<String>) {
    let new = |set: &Vec<String>| set.iter().map(|old| name(old)).collect::<Option<Vec<String>>>();
    *unique = unique.iter().filter_map(new).collect();
}

/// Whether a join may give several rows for one of the left side.
pub(super) fn multiplies(at: usize, join: &Join, checked: &Checked) -> bool {
    match join.kind {
        JoinKind::Semi | JoinKind::Anti => return false,
        JoinKind::Full => return true,
        JoinKind::Inner | JoinKind::Left => {}
    }
    let sets = checked
        .unique
        .iter()
        .find(|(place, _)| *place == at)
        .map(|(_, sets)| sets.as_slice());
    let equal = |name: &String| {
        let own = format!("{}.{name}", join.alias);
        join.equal
            .iter()
            .any(|(_, right)| right.kind == ExprKind::Column(own.clone()))
    };
    !sets.unwrap_or_default().iter().any(|set| set.iter().all(equal))
}

/// Which columns are the event time, or its day, and whether rows of different days were brought together.
struct Days {
    times: BTreeSet<String>,
    days: BTreeSet<String>,
    /// Columns that name an event, which has one day.
    keys: BTreeSet<String>,
    mixed_by: Option<String>,
}

impl Days {
    fn of(rows: &Rows, known: &Known<'_>) -> Self {
        let days = match &rows.input {
            Input::Table(id) => known.facts.get(id).map(|facts| facts.days.clone()),
            Input::Stream(_) | Input::View(_) => None,
        };
        let mut start = Days {
            times: BTreeSet::new(),
            days: days.unwrap_or_default(),
            keys: BTreeSet::new(),
            mixed_by: None,
        };
        start.named(&rows.columns);
        start
    }

    /// What the columns themselves say.
    fn named(&mut self, columns: &[Column]) {
        let names = |is: fn(&Column) -> bool| columns.iter().filter(move |c| is(c)).map(|c| c.name.clone());
        self.times = names(|column| column.event_time).collect();
        self.keys = names(|column| column.key).collect();
    }

    fn is_time(&self, value: &Expr) -> bool {
        matches!(&value.kind, ExprKind::Column(name) if self.times.contains(name))
    }

    fn is_day(&self, value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Column(name) => self.days.contains(name),
            ExprKind::Call { function, arguments } if function == "date" && value.ty.kind == TypeKind::Date => {
                matches!(arguments.as_slice(), [time] if self.is_time(time))
            }
            _ => false,
        }
    }

    fn mix(&mut self, step: &Step) {
        self.mixed_by.get_or_insert_with(|| step.text.to_string());
    }

    /// Columns that are computed from those before them, and take their place.
    fn computed(&mut self, columns: &[(Column, Expr)]) {
        let found: Vec<_> = columns
            .iter()
            .map(|(column, value)| (column.name.as_str(), self.is_time(value), self.is_day(value)))
            .collect();
        self.times.clear();
        self.days.clear();
        for (name, time, day) in found {
            set(&mut self.times, name, time);
            set(&mut self.days, name, day);
        }
    }

    fn after(&mut self, step: &Step) {
        match &step.kind {
            // Later columns of one step see earlier ones.
            StepKind::Derive(columns) => {
                for (column, value) in columns {
                    let (time, day) = (self.is_time(value), self.is_day(value));
                    set(&mut self.times, &column.name, time);
                    set(&mut self.days, &column.name, day);
                }
            }
            StepKind::Select(columns) => self.computed(columns),
            StepKind::Drop(names) | StepKind::Unpivot { columns: names, .. } => {
                self.times.retain(|name| !names.contains(name));
                self.days.retain(|name| !names.contains(name));
            }
            StepKind::Rename(pairs) => {
                for names in [&mut self.times, &mut self.days, &mut self.keys] {
                    *names = names.iter().map(|name| new_name(name, pairs)).collect();
                }
            }
            StepKind::Dedupe { keys, by, .. } if by.is_some() => {
                if !keys.iter().any(|key| self.days.contains(key) || self.keys.contains(key)) {
                    self.mix(step);
                }
            }
            StepKind::Group { keys, window, .. } => {
                if !keys.iter().any(|(_, value)| self.is_day(value) || self.is_time(value)) {
                    self.mix(step);
                }
                self.computed(keys);
                self.times = window.iter().map(|_| "window_start".to_owned()).collect();
                self.keys.clear();
            }
            StepKind::Window { keys, .. } => {
                if !keys.iter().any(|key| self.days.contains(key)) {
                    self.mix(step);
                }
            }
            StepKind::Pivot { keys, .. } => {
                if !keys.iter().any(|key| self.days.contains(key)) {
                    self.mix(step);
                }
                self.days.retain(|day| keys.contains(day));
                self.times.clear();
            }
            StepKind::Take(_) => self.mix(step),
            StepKind::Join(join) if join.kind == JoinKind::Full => self.mix(step),
            StepKind::Union { .. } | StepKind::Run(_) => {
                self.named(&step.columns);
                self.days.clear();
            }
            StepKind::Filter(_)
            | StepKind::Dedupe { .. }
            | StepKind::Explode { .. }
            | StepKind::Join(_)
            // The rows of a session are no further apart than its gap.
            | StepKind::Session { .. }
            | StepKind::Sort(_)
            | StepKind::Expect { .. }
            | StepKind::Route { .. } => {}
        }
    }
}

fn set(names: &mut BTreeSet<String>, name: &str, holds: bool) {
    if holds {
        names.insert(name.to_owned());
    } else {
        names.remove(name);
    }
}

fn new_name(name: &str, pairs: &[(String, String)]) -> String {
    let pair = pairs.iter().find(|(old, _)| old == name);
    pair.map_or_else(|| name.to_owned(), |(_, new)| new.clone())
}
