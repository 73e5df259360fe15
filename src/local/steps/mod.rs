//! The steps of a transform, one file each: rows go in batch by batch, and come out at once or when all have come.
//!
//! A stage knows its own step and the columns before it; where rows come from and go to is the pipeline's.

mod dedupe;
mod explode;
mod group;
pub(super) mod held;
mod join;
mod once;
mod pivot;
mod program;
mod rows;
mod script;
mod session;
mod sliding;
mod sort;
mod union;
mod window;

use std::collections::BTreeMap;

use arrow::array::ArrayRef;

use super::batch::{Batch, Reason, Rejects};
use super::error::RunError;
use super::eval::{Evaluator, Setting};
use crate::plan::expr::Expr;
use crate::plan::types::Column;
use crate::plan::{Step, StepKind};

pub(super) use join::{Join, Other};
pub(super) use rows::{Check, Late};
pub(super) use script::Script;
pub(super) use union::Side;

/// The instant at which a row of a source arrived, beside its columns.
pub(super) const ARRIVED: &str = "_arrived";
/// What tells rows of one instant apart, in the order in which they arrived.
pub(super) const SEQUENCE: &str = "_seq";
/// What a change of a source's row is: `insert`, `update`, `delete`.
pub(super) const CHANGE: &str = "_op";
/// How a row came, where a step holds it that may be turned away later.
pub(super) const CAME: &str = "_came";
/// The columns that travel beside a row's own.
pub(super) const HIDDEN: [&str; 4] = [ARRIVED, SEQUENCE, CHANGE, CAME];

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

/// A row that is turned away: where it came from, and at which stage.
#[derive(Clone, Debug)]
pub(super) struct Turned {
    pub place: u32,
    pub stage: usize,
    pub reason: Reason,
}

/// What a stage works with besides its rows.
pub(super) struct Work<'a> {
    pub setting: &'a Setting,
    pub counts: &'a mut Counts,
    pub turned: &'a mut Vec<Turned>,
    /// The stage's own number.
    pub stage: usize,
}

/// One step at work.
pub(super) trait Stage {
    /// Takes rows, and gives those that go on at once.
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError>;

    /// More rows that go on, where there are more than [`Stage::add`] gave, or after [`Stage::finish`].
    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        Ok(None)
    }

    /// All rows have come: what was held comes by [`Stage::more`].
    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        Ok(())
    }
}

impl Work<'_> {
    /// Evaluates over a batch; rows that are turned away meanwhile are in `rejects`.
    pub fn evaluator<'e>(&'e self, batch: &'e Batch, rejects: &'e mut Rejects) -> Evaluator<'e> {
        Evaluator {
            batch,
            setting: self.setting,
            rejects,
        }
    }

    /// The value of each expression for each row, and the rows that none of them turned away.
    pub fn evaluate<'e>(
        &mut self,
        batch: Batch,
        exprs: impl IntoIterator<Item = &'e Expr>,
    ) -> Result<(Batch, Vec<ArrayRef>), RunError> {
        let mut rejects = Rejects::default();
        let mut values = Vec::new();
        for expr in exprs {
            values.push(self.evaluator(&batch, &mut rejects).column(expr)?);
        }
        self.without(batch, values, rejects)
    }

    /// What is left of a batch, and of values beside it, without the rows that were turned away.
    pub fn without(
        &mut self,
        mut batch: Batch,
        values: Vec<ArrayRef>,
        rejects: Rejects,
    ) -> Result<(Batch, Vec<ArrayRef>), RunError> {
        let own = batch.columns.len();
        batch
            .columns
            .extend(values.into_iter().map(|array| (String::new(), array)));
        let mut rest = self.turn_away(batch, rejects)?;
        let values = rest.columns.split_off(own);
        Ok((rest, values.into_iter().map(|(_, array)| array).collect()))
    }

    /// Without the rows that were turned away.
    pub fn turn_away(&mut self, batch: Batch, rejects: Rejects) -> Result<Batch, RunError> {
        let (rest, away) = rejects.split(batch)?;
        self.away(away);
        Ok(rest)
    }

    /// Notes rows that are turned away, by their places.
    pub fn away(&mut self, away: Vec<(u32, Reason)>) {
        let stage = self.stage;
        self.turned
            .extend(away.into_iter().map(|(place, reason)| Turned { place, stage, reason }));
    }
}

/// The stage of a step that looks at nothing but the rows before it; `before` are their columns.
pub(super) fn stage<'p>(step: &'p Step, before: &'p [Column]) -> Result<Box<dyn Stage + 'p>, RunError> {
    Ok(match &step.kind {
        StepKind::Filter(_)
        | StepKind::Derive(_)
        | StepKind::Select(_)
        | StepKind::Drop(_)
        | StepKind::Rename(_)
        | StepKind::Expect { .. } => Box::new(rows::Rowwise::new(&step.kind)),
        StepKind::Dedupe {
            keys,
            within_seconds: Some(seconds),
            ..
        } => Box::new(once::Once::new(keys, *seconds)),
        StepKind::Dedupe {
            keys, keep_first, by, ..
        } => Box::new(dedupe::Dedupe::new(keys, *keep_first, by.as_deref(), before)),
        StepKind::Group {
            keys,
            window,
            aggregates,
        } => Box::new(group::Grouped::new(keys, window.as_ref(), aggregates, before)?),
        StepKind::Explode { outer, list, column } => Box::new(explode::Explode::new(*outer, list, column)),
        StepKind::Window {
            keys,
            order,
            rows,
            columns,
        } => Box::new(window::Window::new(keys, order, *rows, columns, before)),
        StepKind::Session {
            keys,
            time,
            gap_seconds,
            column,
        } => Box::new(session::Session::new(keys, time, *gap_seconds, column, before)),
        StepKind::Pivot { on, values, keys } => Box::new(pivot::Pivot::new(on, values, keys, before)?),
        StepKind::Unpivot { columns, name, value } => Box::new(pivot::Unpivot::new(columns, name, value, before)),
        StepKind::Sort(order) => Box::new(sort::Sort::new(order, before)),
        StepKind::Take(rows) => Box::new(sort::Take::new(*rows)),
        // Steps that read something else besides, or that end a transform, are made by the pipeline.
        StepKind::Join(_) | StepKind::Union { .. } | StepKind::Run(_) | StepKind::Route { .. } => {
            return Err(RunError::unsupported(format!("`{}` here", step.text)));
        }
    })
}

/// The hidden columns that stand in a batch, then those of `before` that are not among `but`: what breaks ties.
fn ties<'b>(batch: &'b Batch, before: &'b [Column], but: &[&str]) -> Vec<&'b str> {
    let there = |name: &&str| batch.columns.iter().any(|(column, _)| column == name);
    let arrival = [ARRIVED, SEQUENCE].into_iter().filter(there);
    let own = before.iter().map(|column| column.name.as_str());
    let own = own.filter(|name| !but.contains(name)).filter(there);
    arrival.chain(own).collect()
}

impl Counts {
    /// Counts a row that is turned away.
    pub fn reject(&mut self, reason: &str) {
        match self.rejected.get_mut(reason) {
            Some(count) => *count += 1,
            None => drop(self.rejected.insert(reason.to_owned(), 1)),
        }
    }

    /// What another chain, whose rows went into this one, left out.
    pub fn join(&mut self, other: Counts) {
        let add = |into: &mut BTreeMap<String, u64>, from: BTreeMap<String, u64>| {
            for (name, count) in from {
                *into.entry(name).or_default() += count;
            }
        };
        add(&mut self.rejected, other.rejected);
        add(&mut self.dropped, other.dropped);
        add(&mut self.warned, other.warned);
    }
}
