//! A transform's way through the engine: checks, lateness, steps in order, then a sink.
//!
//! Steps that look at one row at a time pass batches on; `dedupe` and `group` hold them until all have come.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute;
use arrow::datatypes::TimestampMicrosecondType;
use pipec_runtime::{Timestamp, reject};

use super::batch::{Batch, Reason, Rejects};
use super::dedupe::Dedupe;
use super::error::RunError;
use super::eval::{Evaluator, Setting};
use super::group::Group;
use super::lines::Chunk;
use super::value::row_as_json;
use crate::plan::expr::Expr;
use crate::plan::{Otherwise, Schema, Source, StepKind, Transform};

/// Where a transform's rows go.
pub(super) trait Sink {
    /// Rows of the target.
    fn rows(&mut self, batch: &Batch) -> Result<(), RunError>;
    /// A row that is turned away, as it came.
    fn turned_away(&mut self, at: Timestamp, reason: &str, row: &[u8]) -> Result<(), RunError>;
}

/// What the rows of a batch were when they came.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    /// Lines of a source.
    Lines(&'a Chunk),
    /// Rows that were typed already; they arrive at their event time, if they have one.
    Rows(&'a Batch, Option<&'a str>),
}

/// What became of a transform's rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub rows_in: u64,
    pub rows_out: u64,
    /// Turned away, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Left out by an `expect … else drop`, by its name.
    pub dropped: BTreeMap<String, u64>,
    /// Kept though an `expect … else warn` did not hold, by its name.
    pub warned: BTreeMap<String, u64>,
}

enum Stage<'p> {
    Check {
        field: &'p str,
        condition: &'p Expr,
        reason: Reason,
    },
    Late {
        event_time: &'p str,
        bound_micros: i64,
        reason: Reason,
    },
    Step(&'p StepKind),
    Dedupe(Dedupe<'p>),
    Group(Group, &'p StepKind),
}

/// A transform being run.
pub(super) struct Pipeline<'p> {
    stages: Vec<Stage<'p>>,
    setting: Setting,
    event_time: Option<&'p str>,
    pub counts: Counts,
}

impl<'p> Pipeline<'p> {
    /// A transform; of a source's rows, that source's checks and lateness come first.
    pub fn new(
        transform: &'p Transform,
        source: Option<&'p Source>,
        setting: Setting,
    ) -> Result<Pipeline<'p>, RunError> {
        let mut stages = Vec::new();
        if let Some(source) = source {
            stages.extend(admission(&source.schema, source.late_at_most_seconds));
        }
        for step in &transform.steps {
            stages.push(match &step.kind {
                StepKind::Dedupe {
                    keys,
                    keep_first,
                    by: Some(by),
                    ..
                } => Stage::Dedupe(Dedupe::new(keys, *keep_first, by)),
                StepKind::Group { keys, aggregates, .. } => {
                    let keys: Vec<_> = keys.iter().map(|(column, _)| column.clone()).collect();
                    Stage::Group(Group::new(&keys, aggregates)?, &step.kind)
                }
                kind => Stage::Step(kind),
            });
        }
        let event_time = transform.input_columns.iter().find(|column| column.event_time);
        Ok(Pipeline {
            stages,
            setting,
            event_time: event_time.map(|column| column.name.as_str()),
            counts: Counts::default(),
        })
    }

    /// Takes rows in, and what decoding already turned away.
    pub fn add(
        &mut self,
        batch: Batch,
        away: &[(u32, Reason)],
        origin: Origin<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), RunError> {
        self.counts.rows_in += (batch.rows() + away.len()) as u64;
        self.advance(0, batch, away.to_vec(), origin, sink)
    }

    /// All rows have come: lets go what was held.
    pub fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), RunError> {
        for at in 0..self.stages.len() {
            let batches = match &mut self.stages[at] {
                Stage::Dedupe(dedupe) => dedupe.finish()?,
                Stage::Group(group, _) => group.finish()?,
                _ => continue,
            };
            for batch in batches {
                let batch = Batch::new(batch.columns, batch.origin.len());
                let came = batch.clone();
                self.advance(at + 1, batch, Vec::new(), Origin::Rows(&came, self.event_time), sink)?;
            }
        }
        Ok(())
    }

    fn advance(
        &mut self,
        from: usize,
        mut batch: Batch,
        mut away: Vec<(u32, Reason)>,
        origin: Origin<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), RunError> {
        let mut held = false;
        for stage in &mut self.stages[from..] {
            let mut rejects = Rejects::default();
            let mut evaluator = Evaluator {
                batch: &batch,
                setting: &self.setting,
                rejects: &mut rejects,
            };
            let passed = match stage {
                Stage::Dedupe(dedupe) => {
                    dedupe.add(batch.clone())?;
                    None
                }
                Stage::Group(group, kind) => {
                    add_to_group(group, kind, &batch, &self.setting, &mut away)?;
                    None
                }
                Stage::Check {
                    field,
                    condition,
                    reason,
                } => Some(check(&mut evaluator, field, condition, reason)?),
                Stage::Late {
                    event_time,
                    bound_micros,
                    reason,
                } => Some(late(&mut evaluator, origin, event_time, *bound_micros, reason)?),
                Stage::Step(step) => Some(apply(step, &mut evaluator, &mut self.counts)?),
            };
            let Some(passed) = passed else {
                held = true;
                break;
            };
            let (rest, turned) = split(passed, rejects)?;
            batch = rest;
            away.extend(turned);
        }
        self.turn_away(away, origin, sink)?;
        if !held && batch.rows() > 0 {
            self.counts.rows_out += batch.rows() as u64;
            sink.rows(&batch)?;
        }
        Ok(())
    }

    /// In the order in which the rows came.
    fn turn_away(
        &mut self,
        mut away: Vec<(u32, Reason)>,
        origin: Origin<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), RunError> {
        away.sort_by_key(|(place, _)| *place);
        for (place, reason) in away {
            let place = place as usize;
            match self.counts.rejected.get_mut(&*reason) {
                Some(count) => *count += 1,
                None => drop(self.counts.rejected.insert(reason.to_string(), 1)),
            }
            match origin {
                Origin::Lines(chunk) => sink.turned_away(chunk.arrivals[place], &reason, chunk.line(place))?,
                Origin::Rows(batch, event_time) => {
                    let at = event_time.and_then(|name| instant(batch, name, place));
                    sink.turned_away(
                        at.unwrap_or_default(),
                        &reason,
                        &row_as_json(&batch.columns, &[], place),
                    )?;
                }
            }
        }
        Ok(())
    }
}

/// What a row must be to come in: its fields' checks, then not too late.
fn admission(schema: &Schema, late_at_most_seconds: u64) -> Vec<Stage<'_>> {
    let checked = schema
        .fields
        .iter()
        .filter_map(|field| Some((field, field.check.as_ref()?)));
    let mut stages: Vec<_> = checked
        .map(|(field, condition)| Stage::Check {
            field: &field.column.name,
            condition,
            reason: reject::check(&field.column.name, &condition.text).into(),
        })
        .collect();
    if let Some(field) = schema.fields.iter().find(|field| field.column.event_time) {
        stages.push(Stage::Late {
            event_time: &field.column.name,
            bound_micros: (late_at_most_seconds as i64).saturating_mul(1_000_000),
            reason: reject::late(late_at_most_seconds).into(),
        });
    }
    stages
}

/// Removes the rejected rows from a batch whose rows are a part of those that the rejects were counted in.
fn split(passed: Passed, mut rejects: Rejects) -> Result<(Batch, Vec<(u32, Reason)>), RunError> {
    for (row, reason) in passed.away {
        rejects.add(row, &reason);
    }
    let Some(kept) = passed.kept else {
        return rejects.split(passed.batch);
    };
    rejects.split_keeping(passed.batch, &kept)
}

/// What a stage leaves of a batch.
struct Passed {
    batch: Batch,
    /// Rows that go on; `None` is all.
    kept: Option<BooleanArray>,
    /// Rows turned away by the step itself, after what its expressions turned away.
    away: Vec<(usize, Reason)>,
}

impl Passed {
    fn all(batch: Batch) -> Passed {
        Passed {
            batch,
            kept: None,
            away: Vec::new(),
        }
    }

    /// Those where it holds; the others are turned away.
    fn or_away(batch: &Batch, holds: &BooleanArray, reason: &Reason) -> Passed {
        if holds.true_count() == batch.rows() {
            return Passed::all(batch.clone());
        }
        let wrong = (0..batch.rows()).filter(|row| !holds.value(*row));
        Passed {
            batch: batch.clone(),
            kept: None,
            away: wrong.map(|row| (row, reason.clone())).collect(),
        }
    }
}

fn check(evaluator: &mut Evaluator<'_>, field: &str, condition: &Expr, reason: &Reason) -> Result<Passed, RunError> {
    let holds = evaluator.condition(condition)?;
    // Not asked of a missing value.
    let missing = compute::is_null(evaluator.batch.column(field)?)?;
    let fine = compute::or(&holds, &missing)?;
    Ok(Passed::or_away(evaluator.batch, &fine, reason))
}

fn late(
    evaluator: &mut Evaluator<'_>,
    origin: Origin<'_>,
    event_time: &str,
    bound_micros: i64,
    reason: &Reason,
) -> Result<Passed, RunError> {
    let batch = evaluator.batch;
    let Origin::Lines(chunk) = origin else {
        return Ok(Passed::all(batch.clone()));
    };
    let times = batch.column(event_time)?.as_primitive::<TimestampMicrosecondType>();
    let in_time = |row: usize| {
        let arrival = chunk.arrivals[batch.origin.value(row) as usize].0;
        times.is_null(row) || times.value(row) >= arrival.saturating_sub(bound_micros)
    };
    let fine = BooleanBuffer::collect_bool(batch.rows(), in_time).into();
    Ok(Passed::or_away(batch, &fine, reason))
}

fn apply(step: &StepKind, evaluator: &mut Evaluator<'_>, counts: &mut Counts) -> Result<Passed, RunError> {
    let batch = evaluator.batch;
    Ok(match step {
        StepKind::Filter(condition) => {
            let kept = evaluator.condition(condition)?;
            Passed {
                kept: Some(kept),
                ..Passed::all(batch.clone())
            }
        }
        StepKind::Derive(entries) => {
            let mut derived = batch.clone();
            for (column, expr) in entries {
                let mut next = Evaluator {
                    batch: &derived,
                    setting: evaluator.setting,
                    rejects: evaluator.rejects,
                };
                let array = next.column(expr)?;
                derived.set(&column.name, array);
            }
            Passed::all(derived)
        }
        StepKind::Select(entries) => {
            let mut columns = Vec::with_capacity(entries.len());
            for (column, expr) in entries {
                columns.push((column.name.clone(), evaluator.column(expr)?));
            }
            Passed::all(Batch {
                columns,
                origin: batch.origin.clone(),
            })
        }
        StepKind::Drop(names) => {
            let mut rest = batch.clone();
            rest.columns.retain(|(name, _)| !names.contains(name));
            Passed::all(rest)
        }
        StepKind::Rename(names) => {
            let mut renamed = batch.clone();
            for (name, _) in &mut renamed.columns {
                if let Some((_, new)) = names.iter().find(|(old, _)| old == name) {
                    name.clone_from(new);
                }
            }
            Passed::all(renamed)
        }
        StepKind::Expect {
            name,
            condition,
            otherwise,
        } => expect(evaluator, counts, name, condition, *otherwise)?,
        StepKind::Dedupe { .. } | StepKind::Group { .. } => Passed::all(batch.clone()),
        _ => crate::plan::refused(),
    })
}

fn expect(
    evaluator: &mut Evaluator<'_>,
    counts: &mut Counts,
    name: &str,
    condition: &Expr,
    otherwise: Otherwise,
) -> Result<Passed, RunError> {
    let holds = evaluator.condition(condition)?;
    let batch = evaluator.batch;
    // A row that the condition itself turned away is not counted twice.
    let wanting = (0..batch.rows())
        .filter(|row| !holds.value(*row) && !evaluator.rejects.has(*row))
        .count() as u64;
    if wanting == 0 {
        return Ok(Passed::all(batch.clone()));
    }
    Ok(match otherwise {
        Otherwise::Quarantine => Passed::or_away(batch, &holds, &reject::expect(name, &condition.text).into()),
        Otherwise::Drop => {
            *counts.dropped.entry(name.to_owned()).or_default() += wanting;
            Passed {
                kept: Some(holds),
                ..Passed::all(batch.clone())
            }
        }
        Otherwise::Warn => {
            *counts.warned.entry(name.to_owned()).or_default() += wanting;
            Passed::all(batch.clone())
        }
        Otherwise::Fail => {
            let message = format!("`expect {name}` does not hold: {}", condition.text);
            return Err(RunError::data(message).help("`else quarantine` would keep the run going without these rows"));
        }
    })
}

fn add_to_group(
    group: &mut Group,
    step: &StepKind,
    batch: &Batch,
    setting: &Setting,
    away: &mut Vec<(u32, Reason)>,
) -> Result<(), RunError> {
    let StepKind::Group { keys, aggregates, .. } = step else {
        return Ok(());
    };
    let mut rejects = Rejects::default();
    let mut evaluator = Evaluator {
        batch,
        setting,
        rejects: &mut rejects,
    };
    // Keys and arguments travel as columns of their own, so that what they turn away leaves all of them.
    let mut columns = Vec::new();
    for (_, expr) in keys {
        columns.push((String::new(), evaluator.column(expr)?));
    }
    for expr in aggregates.iter().flat_map(|(_, aggregate)| aggregate.expressions()) {
        columns.push((String::new(), evaluator.column(expr)?));
    }
    // What breaks ties of an order inside of an aggregate.
    if aggregates.iter().any(|(_, aggregate)| !aggregate.order.is_empty()) {
        columns.extend(batch.columns.iter().map(|(_, array)| (String::new(), array.clone())));
    }
    let evaluated = Batch {
        columns,
        origin: batch.origin.clone(),
    };
    let (evaluated, turned) = rejects.split(evaluated)?;
    away.extend(turned);
    let arrays: Vec<_> = evaluated.columns.into_iter().map(|(_, array)| array).collect();
    let (keys, values) = arrays.split_at(keys.len());
    let read = aggregates
        .iter()
        .map(|(_, aggregate)| aggregate.expressions().count())
        .sum();
    let (values, ties) = values.split_at(read);
    group.add(keys, values, ties)
}

fn instant(batch: &Batch, column: &str, row: usize) -> Option<Timestamp> {
    let times = batch
        .column(column)
        .ok()?
        .as_primitive_opt::<TimestampMicrosecondType>()?;
    times.is_valid(row).then(|| Timestamp(times.value(row)))
}
