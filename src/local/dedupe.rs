//! `dedupe by KEYS keep first|last by COLUMN`: one row a key, the others forgotten.
//!
//! Of a key's rows stays the one that is first in this order: `by` (backwards for `last`), then the other columns in
//! their order; a missing value comes after all others. Which rows came in which order does not matter.

use std::cmp::Ordering;

use arrow::array::{BooleanArray, make_comparator};
use arrow::compute::SortOptions;
use arrow::row::{RowConverter, SortField};

use super::batch::Batch;
use super::error::RunError;
use super::keys::Keys;

/// Keeps whole batches, and for each key where its row stands in them.
pub(super) struct Dedupe<'p> {
    keys: &'p [String],
    keep_first: bool,
    by: &'p str,
    converter: Option<RowConverter>,
    numbers: Keys,
    /// By the key's number: batch and row.
    best: Vec<(u32, u32)>,
    batches: Vec<Batch>,
}

impl<'p> Dedupe<'p> {
    pub fn new(keys: &'p [String], keep_first: bool, by: &'p str) -> Dedupe<'p> {
        Dedupe {
            keys,
            keep_first,
            by,
            converter: None,
            numbers: Keys::default(),
            best: Vec::new(),
            batches: Vec::new(),
        }
    }

    pub fn add(&mut self, batch: Batch) -> Result<(), RunError> {
        let mut keys = Vec::with_capacity(self.keys.len());
        for name in self.keys {
            keys.push(batch.column(name)?.clone());
        }
        if self.converter.is_none() {
            let fields = keys.iter().map(|array| SortField::new(array.data_type().clone()));
            self.converter = Some(RowConverter::new(fields.collect())?);
        }
        let Some(converter) = &mut self.converter else {
            return Ok(());
        };
        let rows = converter.convert_columns(&keys)?;
        let place = self.batches.len() as u32;
        self.batches.push(batch);
        for (row, key) in rows.iter().enumerate() {
            let (number, new) = self.numbers.number(key.as_ref());
            let here = (place, row as u32);
            if new {
                self.best.push(here);
            } else if self.order(here, self.best[number])? == Ordering::Less {
                self.best[number] = here;
            }
        }
        Ok(())
    }

    /// Which of two rows of one key comes first.
    fn order(&self, left: (u32, u32), right: (u32, u32)) -> Result<Ordering, RunError> {
        let (a, b) = (&self.batches[left.0 as usize], &self.batches[right.0 as usize]);
        let others = a.columns.iter().map(|(name, _)| name.as_str());
        let others = others.filter(|name| *name != self.by && !self.keys.iter().any(|key| key == name));
        for name in std::iter::once(self.by).chain(others) {
            let options = SortOptions {
                descending: name == self.by && !self.keep_first,
                nulls_first: false,
            };
            let compare = make_comparator(a.column(name)?, b.column(name)?, options)?;
            let order = compare(left.1 as usize, right.1 as usize);
            if order != Ordering::Equal {
                return Ok(order);
            }
        }
        Ok(Ordering::Equal)
    }

    /// The rows that stay, in order of arrival.
    pub fn finish(&mut self) -> Result<Vec<Batch>, RunError> {
        let mut kept: Vec<Vec<bool>> = self.batches.iter().map(|batch| vec![false; batch.rows()]).collect();
        for (batch, row) in std::mem::take(&mut self.best) {
            kept[batch as usize][row as usize] = true;
        }
        self.numbers = Keys::default();
        let batches = std::mem::take(&mut self.batches).into_iter().zip(kept);
        batches
            .map(|(batch, kept)| batch.keep(&BooleanArray::from(kept)))
            .collect()
    }
}
