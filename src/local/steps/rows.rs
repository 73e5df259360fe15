//! Steps that look at one row at a time: `filter`, `derive`, `select`, `drop`, `rename`, `expect`; and what a source's row
//! must be to come in.

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute;
use arrow::datatypes::TimestampMicrosecondType;
use pipec_runtime::reject;

use super::super::batch::{Batch, Reason, Rejects};
use super::super::error::RunError;
use super::{ARRIVED, HIDDEN, Stage, Work};
use crate::plan::expr::Expr;
use crate::plan::types::Column;
use crate::plan::{Otherwise, StepKind};

/// A step whose rows do not know of each other.
pub(super) struct Rowwise<'p> {
    step: &'p StepKind,
}

impl<'p> Rowwise<'p> {
    pub fn new(step: &'p StepKind) -> Rowwise<'p> {
        Rowwise { step }
    }
}

impl Stage for Rowwise<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let rest = match self.step {
            StepKind::Filter(condition) => {
                let mut rejects = Rejects::default();
                let kept = work.evaluator(&batch, &mut rejects).condition(condition)?;
                let (rest, away) = rejects.split_keeping(batch, &kept)?;
                work.away(away);
                rest
            }
            StepKind::Derive(entries) => derive(batch, entries, work)?,
            StepKind::Select(entries) => select(batch, entries, work)?,
            StepKind::Drop(names) => {
                let mut rest = batch;
                rest.columns.retain(|(name, _)| !names.contains(name));
                rest
            }
            StepKind::Rename(names) => {
                let mut renamed = batch;
                for (name, _) in &mut renamed.columns {
                    if let Some((_, new)) = names.iter().find(|(old, _)| old == name) {
                        name.clone_from(new);
                    }
                }
                renamed
            }
            StepKind::Expect {
                name,
                condition,
                otherwise,
            } => expect(batch, name, condition, *otherwise, work)?,
            _ => batch,
        };
        Ok(Some(rest))
    }
}

fn derive(batch: Batch, entries: &[(Column, Expr)], work: &mut Work<'_>) -> Result<Batch, RunError> {
    let mut rejects = Rejects::default();
    let mut derived = batch;
    for (column, expr) in entries {
        let array = work.evaluator(&derived, &mut rejects).column(expr)?;
        derived.set(&column.name, array);
    }
    work.turn_away(derived, rejects)
}

/// What arrivals have beside their columns goes on: later steps break ties by it.
fn select(batch: Batch, entries: &[(Column, Expr)], work: &mut Work<'_>) -> Result<Batch, RunError> {
    let mut rejects = Rejects::default();
    let mut columns = Vec::with_capacity(entries.len());
    for (column, expr) in entries {
        columns.push((column.name.clone(), work.evaluator(&batch, &mut rejects).column(expr)?));
    }
    let hidden = |name: &str| HIDDEN.contains(&name);
    columns.extend(batch.columns.iter().filter(|(name, _)| hidden(name)).cloned());
    let selected = Batch {
        columns,
        origin: batch.origin,
    };
    work.turn_away(selected, rejects)
}

fn expect(
    batch: Batch,
    name: &str,
    condition: &Expr,
    otherwise: Otherwise,
    work: &mut Work<'_>,
) -> Result<Batch, RunError> {
    let mut rejects = Rejects::default();
    let holds = work.evaluator(&batch, &mut rejects).condition(condition)?;
    // A row that the condition itself turned away is not counted twice.
    let wanting: Vec<usize> = (0..batch.rows())
        .filter(|row| !holds.value(*row) && !rejects.has(*row))
        .collect();
    if wanting.is_empty() {
        return work.turn_away(batch, rejects);
    }
    match otherwise {
        Otherwise::Quarantine => {
            let reason: Reason = reject::expect(name, &condition.text).into();
            wanting.into_iter().for_each(|row| rejects.add(row, &reason));
            work.turn_away(batch, rejects)
        }
        Otherwise::Drop => {
            *work.counts.dropped.entry(name.to_owned()).or_default() += wanting.len() as u64;
            let (rest, away) = rejects.split_keeping(batch, &holds)?;
            work.away(away);
            Ok(rest)
        }
        Otherwise::Warn => {
            *work.counts.warned.entry(name.to_owned()).or_default() += wanting.len() as u64;
            work.turn_away(batch, rejects)
        }
        Otherwise::Fail => {
            let message = format!("`expect {name}` does not hold: {}", condition.text);
            Err(RunError::data(message).help("`else quarantine` would keep the run going without these rows"))
        }
    }
}

/// A field's check; not asked of a missing value.
pub(in super::super) struct Check<'p> {
    field: &'p str,
    condition: &'p Expr,
    reason: Reason,
}

impl<'p> Check<'p> {
    pub fn new(field: &'p str, condition: &'p Expr) -> Check<'p> {
        Check {
            field,
            condition,
            reason: reject::check(field, &condition.text).into(),
        }
    }
}

impl Stage for Check<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let mut rejects = Rejects::default();
        let holds = work.evaluator(&batch, &mut rejects).condition(self.condition)?;
        let missing = compute::is_null(batch.column(self.field)?)?;
        let fine = compute::or(&holds, &missing)?;
        or_away(batch, &fine, rejects, &self.reason, work).map(Some)
    }
}

/// A bound of event time behind arrival.
pub(in super::super) struct Late<'p> {
    event_time: &'p str,
    bound_micros: i64,
    reason: Reason,
}

impl<'p> Late<'p> {
    pub fn new(event_time: &'p str, late_at_most_seconds: u64) -> Late<'p> {
        Late {
            event_time,
            bound_micros: micros(late_at_most_seconds),
            reason: reject::late(late_at_most_seconds).into(),
        }
    }
}

impl Stage for Late<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let fine: BooleanArray = {
            let times = batch
                .column(self.event_time)?
                .as_primitive::<TimestampMicrosecondType>();
            let arrivals = batch.column(ARRIVED)?.as_primitive::<TimestampMicrosecondType>();
            let in_time = |row: usize| {
                let arrival = arrivals.value(row);
                times.is_null(row) || times.value(row) >= arrival.saturating_sub(self.bound_micros)
            };
            BooleanBuffer::collect_bool(batch.rows(), in_time).into()
        };
        or_away(batch, &fine, Rejects::default(), &self.reason, work).map(Some)
    }
}

/// Rows that are not fine are turned away.
fn or_away(
    batch: Batch,
    fine: &BooleanArray,
    mut rejects: Rejects,
    reason: &Reason,
    work: &mut Work<'_>,
) -> Result<Batch, RunError> {
    if fine.true_count() < batch.rows() {
        let wrong = (0..batch.rows()).filter(|row| !fine.value(*row));
        wrong.for_each(|row| rejects.add(row, reason));
    }
    work.turn_away(batch, rejects)
}

/// Microseconds, as many as there can be at most.
pub(super) fn micros(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1_000_000)
}
