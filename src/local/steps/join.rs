//! `join`: each row beside the rows of another input that belong to it.
//!
//! The other side is read first and held, found by the hash of what `on` says must be equal; the rest of `on` is asked of
//! each pair. Pairs go on in batches of bounded size, however many rows of one key there are.

mod other;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array, new_null_array};
use arrow::datatypes::TimestampMicrosecondType;

use super::super::batch::{Batch, Rejects};
use super::super::error::RunError;
use super::super::lines::ROWS;
use super::super::value::data_type;
use super::held::gather_or_missing;
use super::rows::micros;
use super::{ARRIVED, HIDDEN, Stage, Work};
use crate::plan::JoinKind;
use crate::plan::expr::{Expr, ExprKind, LogicOp};
use crate::plan::types::{Column, TypeKind};

pub(in super::super) use other::Other;

/// The rows of one side, looked up in those of the other.
pub(in super::super) struct Join<'p> {
    join: &'p crate::plan::Join,
    /// The columns of the rows, and those that earlier joins put beside them.
    before: Vec<&'p Column>,
    /// The columns of the other side that something reads.
    read: Vec<&'p Column>,
    other: Other,
    time: Option<&'p str>,
    /// Whether `on` says more than what must be equal.
    says_more: bool,
    now: Option<Now>,
    /// Of a full join: which of the other side's rows found a pair, and how many were looked at after all had come.
    paired: Vec<bool>,
    looked: Option<usize>,
    /// Which columns of arrivals rows have; not known before the first ones came.
    hidden: Option<Vec<&'static str>>,
}

/// A batch on its way: pairs come bit by bit.
struct Now {
    batch: Batch,
    keys: Vec<Option<u32>>,
    times: Option<ArrayRef>,
    row: usize,
    /// How many of the row's candidates were taken.
    taken: usize,
    found: Vec<bool>,
    /// Whether its rows without a pair went on.
    done: bool,
}

impl<'p> Join<'p> {
    /// `other` holds the rows that were read for it.
    pub fn new(
        join: &'p crate::plan::Join,
        before: &'p [Column],
        joined: &'p [Column],
        read: Vec<&'p Column>,
        other: Other,
    ) -> Join<'p> {
        let time = before.iter().find(|column| column.event_time);
        let paired = if join.kind == JoinKind::Full { other.rows() } else { 0 };
        Join {
            join,
            before: before.iter().chain(joined).collect(),
            read,
            other,
            time: time
                .map(|column| column.name.as_str())
                .filter(|_| join.within_seconds.is_some()),
            says_more: parts(&join.on) > join.equal.len(),
            now: None,
            paired: vec![false; paired],
            looked: None,
            hidden: None,
        }
    }

    /// The next pairs, as places: of the batch, and of the other side.
    fn pairs(&mut self) -> (Vec<u32>, Vec<u32>) {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let within = self.join.within_seconds.map(micros);
        let Some(now) = &mut self.now else {
            return (left, right);
        };
        while now.row < now.keys.len() && left.len() < ROWS {
            let time = now.times.as_ref().and_then(|times| instant(times, now.row));
            let candidates = match now.keys[now.row] {
                Some(key) => self.other.candidates(key, within, time),
                None => &[],
            };
            let some = &candidates[now.taken..candidates.len().min(now.taken + ROWS)];
            right.extend_from_slice(some);
            left.resize(right.len(), now.row as u32);
            now.taken += some.len();
            if now.taken == candidates.len() {
                now.row += 1;
                now.taken = 0;
            }
        }
        (left, right)
    }

    /// Pairs as rows: the batch's columns, and the other side's as `ALIAS.column`.
    fn beside(&self, batch: &Batch, left: &UInt32Array, right: &[Option<u32>]) -> Result<Batch, RunError> {
        let mut rows = batch.take(left)?;
        for column in &self.read {
            let name = format!("{}.{}", self.join.alias, column.name);
            rows.set(&name, self.of_other(column, right)?);
        }
        Ok(rows)
    }

    fn of_other(&self, column: &Column, rows: &[Option<u32>]) -> Result<ArrayRef, RunError> {
        match self.other.column(&column.name) {
            Some(arrays) => {
                let places: Vec<_> = rows.iter().map(|row| row.map(|row| self.other.place(row))).collect();
                gather_or_missing(arrays, &places)
            }
            None => Ok(new_null_array(&data_type(&column.ty.kind)?, rows.len())),
        }
    }

    /// Those pairs for which all of `on` holds; notes which rows found one.
    fn belong(&mut self, left: Vec<u32>, right: Vec<u32>, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let Some(batch) = self.now.as_ref().map(|now| now.batch.clone()) else {
            return Ok(None);
        };
        let (mut left, mut right): (UInt32Array, Vec<_>) = (left.into(), right.into_iter().map(Some).collect());
        let mut rows = self.beside(&batch, &left, &right)?;
        if self.says_more {
            let mut rejects = Rejects::default();
            let holds = work.evaluator(&rows, &mut rejects).condition(&self.join.on)?;
            let kept = |row: usize| holds.value(row) && !rejects.has(row);
            let kept: BooleanArray = (0..rows.rows()).map(|row| Some(kept(row))).collect();
            let left_before = left.clone();
            left = arrow::compute::filter(&left, &kept)?.as_primitive().clone();
            right = right
                .into_iter()
                .enumerate()
                .filter(|(row, _)| kept.value(*row))
                .map(|(_, row)| row)
                .collect();
            if let (Some(now), true) = (&mut self.now, self.join.kind != JoinKind::Semi) {
                let away = (0..rows.rows()).filter(|row| rejects.has(*row));
                away.for_each(|row| now.found[left_before.value(row) as usize] = true);
            }
            work.turn_away(rows.clone(), rejects)?;
            rows = rows.keep(&kept)?;
        }
        if let Some(now) = &mut self.now {
            left.values().iter().for_each(|row| now.found[*row as usize] = true);
        }
        if self.join.kind == JoinKind::Full {
            right.iter().flatten().for_each(|row| self.paired[*row as usize] = true);
        }
        Ok(Some(rows))
    }

    /// What is left of a batch once all its pairs were made.
    fn rest(&mut self) -> Result<Option<Batch>, RunError> {
        let Some(now) = &mut self.now else { return Ok(None) };
        if now.done {
            return Ok(None);
        }
        now.done = true;
        let wanted = |found: bool| match self.join.kind {
            JoinKind::Inner => false,
            JoinKind::Semi => found,
            JoinKind::Left | JoinKind::Full | JoinKind::Anti => !found,
        };
        let rows: UInt32Array = (0..now.batch.rows())
            .filter(|row| wanted(now.found[*row]))
            .map(|row| Some(row as u32))
            .collect();
        let batch = now.batch.clone();
        let rest = match self.join.kind {
            JoinKind::Semi | JoinKind::Anti => batch.take(&rows)?,
            _ => self.beside(&batch, &rows, &vec![None; rows.len()])?,
        };
        Ok((rest.rows() > 0).then_some(rest))
    }

    /// Rows of the other side that found no pair, a batch at a time.
    fn unpaired(&mut self) -> Result<Option<Batch>, RunError> {
        let Some(from) = self.looked else { return Ok(None) };
        let mut rows = Vec::new();
        let mut at = from;
        while at < self.paired.len() && rows.len() < ROWS {
            if !self.paired[at] {
                rows.push(Some(at as u32));
            }
            at += 1;
        }
        self.looked = Some(at);
        if rows.is_empty() {
            return Ok(None);
        }
        let mut columns = Vec::new();
        // No arrival either; where no row came at all, any that a later step may ask for.
        for name in self.hidden.as_deref().unwrap_or(&HIDDEN) {
            let kind = if *name == ARRIVED {
                TypeKind::Timestamp
            } else {
                TypeKind::Text
            };
            columns.push(((*name).to_owned(), new_null_array(&data_type(&kind)?, rows.len())));
        }
        for column in self
            .before
            .iter()
            .filter(|column| !HIDDEN.contains(&column.name.as_str()))
        {
            columns.push((
                column.name.clone(),
                new_null_array(&data_type(&column.ty.kind)?, rows.len()),
            ));
        }
        for column in &self.read {
            columns.push((
                format!("{}.{}", self.join.alias, column.name),
                self.of_other(column, &rows)?,
            ));
        }
        Ok(Some(Batch::new(columns, rows.len())))
    }
}

impl Stage for Join<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let there = |name: &&str| batch.columns.iter().any(|(column, _)| column == name);
        self.hidden = Some(HIDDEN.into_iter().filter(there).collect());
        let (batch, values) = work.evaluate(batch, self.join.equal.iter().map(|(left, _)| left))?;
        let keys = self.other.find(&values, batch.rows())?;
        let times = self.time.map(|time| batch.column(time).cloned()).transpose()?;
        self.now = Some(Now {
            keys,
            times,
            row: 0,
            taken: 0,
            found: vec![false; batch.rows()],
            done: false,
            batch,
        });
        self.more(work)
    }

    fn more(&mut self, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        loop {
            let (left, right) = self.pairs();
            if left.is_empty() {
                break;
            }
            if let Some(rows) = self.belong(left, right, work)?
                && rows.rows() > 0
                && !matches!(self.join.kind, JoinKind::Semi | JoinKind::Anti)
            {
                return Ok(Some(rows));
            }
        }
        match self.rest()? {
            Some(rest) => Ok(Some(rest)),
            None => self.unpaired(),
        }
    }

    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        self.now = None;
        self.looked = Some(0);
        Ok(())
    }
}

/// How many conditions `and` puts together.
fn parts(on: &Expr) -> usize {
    match &on.kind {
        ExprKind::Logic {
            op: LogicOp::And,
            left,
            right,
        } => parts(left) + parts(right),
        _ => 1,
    }
}

fn instant(times: &ArrayRef, row: usize) -> Option<i64> {
    let times = times.as_primitive_opt::<TimestampMicrosecondType>()?;
    times.is_valid(row).then(|| times.value(row))
}
