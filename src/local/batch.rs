//! Rows on their way through the steps, column by column, with where each came from beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt32Array};
use arrow::compute;

use super::error::RunError;

/// A reason, shared by the rows that it turns away.
pub(super) type Reason = Arc<str>;

/// Some rows.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// Columns by name, in order.
    pub columns: Vec<(String, ArrayRef)>,
    /// For each row, its place among the rows that the steps were given together.
    pub origin: UInt32Array,
}

impl Batch {
    /// Rows that come straight from where they are kept.
    pub fn new(columns: Vec<(String, ArrayRef)>, rows: usize) -> Batch {
        Batch {
            columns,
            origin: (0..rows as u32).collect::<Vec<_>>().into(),
        }
    }

    pub fn rows(&self) -> usize {
        self.origin.len()
    }

    pub fn column(&self, name: &str) -> Result<&ArrayRef, RunError> {
        let found = self.columns.iter().find(|(column, _)| column == name);
        found
            .map(|(_, array)| array)
            .ok_or_else(|| RunError::unsupported(format!("without a column `{name}`")))
    }

    /// Replaces a column in its place, or adds it last.
    pub fn set(&mut self, name: &str, array: ArrayRef) {
        match self.columns.iter_mut().find(|(column, _)| column == name) {
            Some((_, old)) => *old = array,
            None => self.columns.push((name.to_owned(), array)),
        }
    }

    /// These rows, in this order, as often as they are named.
    pub fn take(&self, rows: &UInt32Array) -> Result<Batch, RunError> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (name, array) in &self.columns {
            columns.push((name.clone(), compute::take(array, rows, None)?));
        }
        let origin = rows.values().iter().map(|row| self.origin.value(*row as usize));
        Ok(Batch {
            columns,
            origin: origin.collect::<Vec<_>>().into(),
        })
    }

    /// So many rows from one on.
    pub fn slice(&self, from: usize, rows: usize) -> Batch {
        let columns = self.columns.iter();
        let columns = columns.map(|(name, array)| (name.clone(), array.slice(from, rows)));
        Batch {
            columns: columns.collect(),
            origin: self.origin.slice(from, rows),
        }
    }

    /// The rows where a mask without missing values is true.
    pub fn keep(&self, mask: &BooleanArray) -> Result<Batch, RunError> {
        if mask.true_count() == self.rows() {
            return Ok(self.clone());
        }
        let predicate = compute::FilterBuilder::new(mask).optimize().build();
        let mut columns = Vec::with_capacity(self.columns.len());
        for (name, array) in &self.columns {
            columns.push((name.clone(), predicate.filter(array)?));
        }
        let origin = mask.values().set_indices().map(|row| self.origin.value(row));
        Ok(Batch {
            columns,
            origin: origin.collect::<Vec<_>>().into(),
        })
    }
}

/// Rows of one batch that are turned away, with the first reason of each.
#[derive(Debug, Default)]
pub(super) struct Rejects {
    rows: BTreeMap<usize, Reason>,
}

impl Rejects {
    /// Turns a row away, unless it already is.
    pub fn add(&mut self, row: usize, reason: &Reason) {
        self.rows.entry(row).or_insert_with(|| reason.clone());
    }

    /// Whether a row is turned away already.
    pub fn has(&self, row: usize) -> bool {
        self.rows.contains_key(&row)
    }

    /// As [`Rejects::split`], where of the others only those go on for which the mask is true.
    pub fn split_keeping(self, batch: Batch, kept: &BooleanArray) -> Result<(Batch, Vec<(u32, Reason)>), RunError> {
        if self.rows.is_empty() {
            return Ok((batch.keep(kept)?, Vec::new()));
        }
        let rest = (0..batch.rows()).map(|row| Some(kept.value(row) && !self.has(row)));
        let rest = batch.keep(&rest.collect())?;
        Ok((rest, self.split(batch)?.1))
    }

    /// What is left of the batch, and the places of the others with their reasons.
    pub fn split(self, batch: Batch) -> Result<(Batch, Vec<(u32, Reason)>), RunError> {
        if self.rows.is_empty() {
            return Ok((batch, Vec::new()));
        }
        let kept: BooleanArray = (0..batch.rows())
            .map(|row| Some(!self.rows.contains_key(&row)))
            .collect();
        let away = self
            .rows
            .into_iter()
            .map(|(row, reason)| (batch.origin.value(row), reason))
            .collect();
        Ok((batch.keep(&kept)?, away))
    }
}
