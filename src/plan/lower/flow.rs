//! What follows from a checked transform: where it runs, what a scheduled run reads, in which order they run.
//!
//! It must not know settings or text: it sees the plan's own values.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Dataset, DatasetId, Input, JoinKind, Reads, Step, StepKind, Transform, View};

/// Transforms in waves: each after what it reads, as early as that allows. They come each after what it reads.
pub fn waves(transforms: &[&Transform], views: &[View]) -> Vec<Vec<String>> {
    let mut waves: Vec<Vec<&Transform>> = Vec::new();
    for transform in transforms {
        let read = read_by(&transform.input, &transform.steps, views);
        let reads = |other: &&Transform| {
            let written = other.datasets();
            read.iter().any(|id| written.contains(&id))
        };
        let after = waves.iter().rposition(|wave| wave.iter().any(&reads));
        let at = after.map_or(0, |wave| wave + 1);
        match waves.get_mut(at) {
            Some(wave) => wave.push(transform),
            None => waves.push(vec![transform]),
        }
    }
    let names = |wave: Vec<&Transform>| wave.iter().map(|transform| transform.name.clone()).collect();
    waves.into_iter().map(names).collect()
}

/// The datasets that are read, through views as well, in the order in which they are met.
pub fn read_by(input: &Input, steps: &[Step], views: &[View]) -> Vec<DatasetId> {
    let mut found = Vec::new();
    let mut open = vec![input];
    open.extend(others(steps));
    while let Some(input) = open.pop() {
        match input {
            Input::Table(id) => found.push(id.clone()),
            Input::View(name) => {
                if let Some(view) = views.iter().find(|view| view.name == *name) {
                    open.push(&view.input);
                    open.extend(others(&view.steps));
                }
            }
            Input::Stream(_) => {}
        }
    }
    found
}

/// What steps read beside their input: the other sides of joins and unions.
fn others(steps: &[Step]) -> impl Iterator<Item = &Input> {
    steps.iter().filter_map(|step| match &step.kind {
        StepKind::Join(join) => Some(&join.other),
        StepKind::Union { other, .. } => Some(other),
        _ => None,
    })
}

/// What a chain of views comes down to: the input of the first, and all steps from there.
pub fn through_views<'p>(input: &'p Input, steps: &'p [Step], views: &'p [View]) -> (&'p Input, Cow<'p, [Step]>) {
    let (mut input, mut all) = (input, Cow::Borrowed(steps));
    while let Input::View(name) = input {
        let Some(view) = views.iter().find(|view| view.name == *name) else {
            break;
        };
        all.to_mut().splice(0..0, view.steps.iter().cloned());
        input = &view.input;
    }
    (input, all)
}

/// A day that a row belongs to for good: a column that is the UTC day of the event time, and how far behind the row's
/// landing it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDay {
    /// The column.
    pub column: String,
    /// How far event time may be behind the moment at which the dataset has the row, seconds.
    pub late_seconds: u64,
}

/// The column of a stream transform's rows that is `date(EVENT_TIME)`, if one is left at its end.
pub fn event_day(input: &[Column], steps: &[Step], late_seconds: u64) -> Option<EventDay> {
    let mut times: BTreeSet<String> = input.iter().filter(|c| c.event_time).map(|c| c.name.clone()).collect();
    let mut days = BTreeSet::new();
    for step in steps {
        let (before_times, before_days) = (times.clone(), days.clone());
        match &step.kind {
            StepKind::Derive(columns) => {
                for (column, value) in columns {
                    let (time, day) = (is_one_of(value, &times), is_day(value, &times, &days));
                    set(&mut times, &column.name, time);
                    set(&mut days, &column.name, day);
                }
            }
            StepKind::Select(columns) => {
                times.clear();
                days.clear();
                for (column, value) in columns {
                    set(&mut times, &column.name, is_one_of(value, &before_times));
                    set(&mut days, &column.name, is_day(value, &before_times, &before_days));
                }
            }
            StepKind::Drop(names) => {
                times.retain(|name| !names.contains(name));
                days.retain(|name| !names.contains(name));
            }
            StepKind::Rename(pairs) => {
                times = renamed(&times, pairs);
                days = renamed(&days, pairs);
            }
            StepKind::Filter(_)
            | StepKind::Expect { .. }
            | StepKind::Dedupe { .. }
            | StepKind::Window { .. }
            | StepKind::Session { .. }
            | StepKind::Sort(_)
            | StepKind::Take(_)
            | StepKind::Route { .. }
            | StepKind::Join(_) => {}
            StepKind::Explode { column, .. } => {
                times.remove(&column.name);
                days.remove(&column.name);
            }
            StepKind::Union { columns, .. } => {
                times.retain(|name| columns.iter().any(|column| column.event_time && column.name == *name));
                days.clear();
            }
            StepKind::Unpivot { columns, .. } => {
                times.retain(|name| !columns.contains(name));
                days.retain(|name| !columns.contains(name));
            }
            StepKind::Group { .. } | StepKind::Pivot { .. } | StepKind::Run(_) => return None,
        }
    }
    days.into_iter().next().map(|column| EventDay { column, late_seconds })
}

fn set(names: &mut BTreeSet<String>, name: &str, holds: bool) {
    if holds {
        names.insert(name.to_owned());
    } else {
        names.remove(name);
    }
}

fn renamed(names: &BTreeSet<String>, pairs: &[(String, String)]) -> BTreeSet<String> {
    let new = |name: &String| {
        let pair = pairs.iter().find(|(old, _)| old == name);
        pair.map_or_else(|| name.clone(), |(_, new)| new.clone())
    };
    names.iter().map(new).collect()
}

fn is_one_of(value: &Expr, names: &BTreeSet<String>) -> bool {
    matches!(&value.kind, ExprKind::Column(name) if names.contains(name))
}

fn is_day(value: &Expr, times: &BTreeSet<String>, days: &BTreeSet<String>) -> bool {
    match &value.kind {
        ExprKind::Call { function, arguments } if function == "date" && value.ty.kind == TypeKind::Date => {
            matches!(arguments.as_slice(), [time] if is_one_of(time, times))
        }
        _ => is_one_of(value, days),
    }
}

/// What a scheduled run of a table transform reads, and why.
pub fn reads(input: &Dataset, day: Option<&EventDay>, steps: &[Step], partition: &[String]) -> (Reads, String) {
    let id = &input.id;
    let Some(day) = day else {
        return (
            Reads::All,
            format!("no column of `{id}` is the day of its event time, so a run reads all of it"),
        );
    };
    let column = &day.column;
    if !input.partition.contains(column) || !partition.contains(column) {
        return (
            Reads::All,
            format!(
                "`{column}` does not partition both what it reads and what it writes, so a run reads all of `{id}`"
            ),
        );
    }
    if let Some(step) = steps.iter().find(|step| !keeps_days_apart(step, column, input)) {
        return (
            Reads::All,
            format!(
                "`{}` brings rows of different days together, so a run reads all of `{id}`",
                step.text
            ),
        );
    }
    let reads = Reads::Days {
        column: column.clone(),
        late_seconds: day.late_seconds,
        input_retain_days: input.retain_days,
        others: others(steps).cloned().collect(),
    };
    (
        reads,
        format!("`{column}` goes through unchanged, so a run computes only the days that may have changed"),
    )
}

/// Whether the rows of one day after a step come from the rows of that day before it.
fn keeps_days_apart(step: &Step, day: &str, input: &Dataset) -> bool {
    let same = |columns: &[(Column, Expr)]| {
        let found = columns.iter().find(|(column, _)| column.name == day);
        found.is_some_and(|(_, value)| matches!(&value.kind, ExprKind::Column(name) if name == day))
    };
    match &step.kind {
        StepKind::Filter(_) | StepKind::Expect { .. } => true,
        StepKind::Derive(columns) => !columns.iter().any(|(column, _)| column.name == day) || same(columns),
        StepKind::Select(columns) => same(columns),
        StepKind::Drop(names) => !names.iter().any(|name| name == day),
        StepKind::Rename(pairs) => !pairs.iter().any(|(old, new)| old == day || new == day),
        // Rows of one `@key` are the same event, so they share their day.
        StepKind::Dedupe { keys, .. } => {
            let key = |name: &String| input.columns.iter().any(|column| column.name == *name && column.key);
            keys.iter().any(|name| name == day || key(name))
        }
        StepKind::Group { keys, window: None, .. } => same(keys),
        // A change of the other side is looked for by itself.
        StepKind::Join(join) => matches!(
            join.kind,
            JoinKind::Inner | JoinKind::Left | JoinKind::Semi | JoinKind::Anti
        ),
        StepKind::Explode { column, .. } => column.name != day,
        StepKind::Window { keys, .. } | StepKind::Pivot { keys, .. } => keys.iter().any(|name| name == day),
        StepKind::Session { keys, .. } => keys.iter().any(|name| name == day),
        StepKind::Unpivot { columns, .. } => !columns.iter().any(|name| name == day),
        StepKind::Sort(_) | StepKind::Route { .. } => true,
        StepKind::Group { .. } | StepKind::Union { .. } | StepKind::Take(_) | StepKind::Run(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::clickstream;
    use crate::plan::{Plan, Target};

    fn daily(plan: &Plan) -> &Transform {
        plan.transform("daily_pages").unwrap()
    }

    fn input(plan: &Plan) -> &Dataset {
        plan.dataset(&DatasetId {
            zone: "processed".into(),
            name: "clicks".into(),
        })
    }

    fn reads_of(plan: &Plan, steps: &[Step], partition: &[&str]) -> (Reads, String) {
        let clean = plan.transform("clean").unwrap();
        let day = event_day(
            &clean.input_columns,
            &clean.steps,
            plan.sources[0].behind_landing_seconds(),
        );
        let partition: Vec<_> = partition.iter().map(|name| (*name).to_owned()).collect();
        reads(input(plan), day.as_ref(), steps, &partition)
    }

    #[test]
    fn the_day_of_an_event_is_followed_through_the_steps() {
        let plan = clickstream();
        let clean = plan.transform("clean").unwrap();
        let day = event_day(&clean.input_columns, &clean.steps, 5);
        assert_eq!(
            day,
            Some(EventDay {
                column: "day".into(),
                late_seconds: 5
            })
        );
        let mut steps = clean.steps.to_vec();
        steps.push(Step {
            kind: StepKind::Rename(vec![("day".into(), "on".into())]),
            ..steps[0].clone()
        });
        assert_eq!(event_day(&clean.input_columns, &steps, 5).unwrap().column, "on");
        steps.push(Step {
            kind: StepKind::Drop(vec!["on".into()]),
            ..steps[0].clone()
        });
        assert_eq!(event_day(&clean.input_columns, &steps, 5), None);
    }

    #[test]
    fn a_run_reads_the_days_that_may_have_changed() {
        let plan = clickstream();
        let (found, _) = reads_of(&plan, &daily(&plan).steps, &["day"]);
        assert_eq!(found, daily(&plan).reads);
    }

    #[test]
    fn a_run_reads_all_where_days_run_together() {
        let plan = clickstream();
        let mut steps = daily(&plan).steps.clone();
        steps[0].kind = StepKind::Dedupe {
            keys: vec!["page".into()],
            keep_first: true,
            by: Some("at".into()),
            within_seconds: None,
        };
        let (found, why) = reads_of(&plan, &steps, &["day"]);
        assert_eq!(found, Reads::All);
        assert!(
            why.contains("`dedupe by click_id keep first by at` brings rows of different days together"),
            "{why}"
        );
        let (found, _) = reads_of(&plan, &daily(&plan).steps, &["page"]);
        assert_eq!(found, Reads::All);
    }

    #[test]
    fn waves_follow_the_dataflow() {
        let plan = clickstream();
        let first = daily(&plan).clone();
        let mut second = first.clone();
        second.name = "second".into();
        second.input = Input::Table(first.dataset().clone());
        let named = |name: &str| {
            let zone = first.dataset().zone.clone();
            Some(Target::Dataset(DatasetId {
                zone,
                name: name.to_owned(),
            }))
        };
        second.target = named("second");
        let mut beside = first.clone();
        beside.name = "beside".into();
        beside.target = named("beside");
        assert_eq!(
            waves(&[&first, &second, &beside], &[]),
            [vec!["daily_pages".to_owned(), "beside".into()], vec!["second".into()]]
        );
    }
}
