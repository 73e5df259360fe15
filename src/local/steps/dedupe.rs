//! `dedupe by KEYS [keep first|last by COLUMN]`: one row a key, the others forgotten.
//!
//! Of a key's rows stays the one that is first in this order: `by` (backwards for `last`), then what else the rows hold; a
//! missing value comes after all others. Which rows came in which order does not matter.

use std::cmp::Ordering;

use arrow::array::{BooleanArray, make_comparator};
use arrow::compute::SortOptions;
use arrow::row::RowConverter;

use super::super::batch::Batch;
use super::super::error::RunError;
use super::super::keys::Keys;
use super::held::{Place, row_form};
use super::{Stage, Work, ties};
use crate::plan::types::Column;

/// Keeps whole batches, and for each key where its row stands in them.
pub(super) struct Dedupe<'p> {
    keys: &'p [String],
    keep_first: bool,
    by: Option<&'p str>,
    before: &'p [Column],
    converter: Option<RowConverter>,
    numbers: Keys,
    /// By the key's number.
    best: Vec<Place>,
    batches: Vec<Batch>,
    going: std::vec::IntoIter<(Batch, Vec<bool>)>,
}

impl<'p> Dedupe<'p> {
    pub fn new(keys: &'p [String], keep_first: bool, by: Option<&'p str>, before: &'p [Column]) -> Dedupe<'p> {
        Dedupe {
            keys,
            keep_first,
            by,
            before,
            converter: None,
            numbers: Keys::default(),
            best: Vec::new(),
            batches: Vec::new(),
            going: Vec::new().into_iter(),
        }
    }

    /// Which of two rows of one key comes first.
    fn order(&self, left: Place, right: Place) -> Result<Ordering, RunError> {
        let (a, b) = (&self.batches[left.0 as usize], &self.batches[right.0 as usize]);
        let settled: Vec<&str> = self.keys.iter().map(String::as_str).chain(self.by).collect();
        for name in self.by.into_iter().chain(ties(a, self.before, &settled)) {
            let options = SortOptions {
                descending: Some(name) == self.by && !self.keep_first,
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
}

impl Stage for Dedupe<'_> {
    fn add(&mut self, batch: Batch, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let rows = row_form(&mut self.converter, &batch, self.keys.iter().map(String::as_str))?;
        let place = self.batches.len() as u32;
        self.batches.push(batch);
        for row in 0..rows.len() {
            let (number, new) = self.numbers.number(rows.row(row).as_ref());
            let here = (place, row as u32);
            if new {
                self.best.push(here);
            } else if self.order(here, self.best[number])? == Ordering::Less {
                self.best[number] = here;
            }
        }
        Ok(None)
    }

    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        let mut kept: Vec<Vec<bool>> = self.batches.iter().map(|batch| vec![false; batch.rows()]).collect();
        for (batch, row) in std::mem::take(&mut self.best) {
            kept[batch as usize][row as usize] = true;
        }
        self.numbers = Keys::default();
        let batches = std::mem::take(&mut self.batches).into_iter().zip(kept);
        self.going = batches.collect::<Vec<_>>().into_iter();
        Ok(())
    }

    /// In order of arrival.
    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        match self.going.next() {
            Some((batch, kept)) => batch.keep(&BooleanArray::from(kept)).map(Some),
            None => Ok(None),
        }
    }
}
