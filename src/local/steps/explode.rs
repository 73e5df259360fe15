//! `explode [outer] LIST as NAME`: a row for each entry of a list.

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute;

use super::super::batch::Batch;
use super::super::error::RunError;
use super::super::lines::ROWS;
use super::{Stage, Work};
use crate::plan::expr::Expr;
use crate::plan::types::Column;

/// A row, and one of its entries.
type Entry = (u32, Option<u32>);

/// Makes rows of entries, and hands them on in batches of bounded size.
pub(super) struct Explode<'p> {
    outer: bool,
    list: &'p Expr,
    column: &'p Column,
    /// Rows of the last batch, the rows and entries that are still to go on, and the entries.
    left: Option<(Batch, Vec<Entry>, ArrayRef)>,
    next: usize,
}

impl<'p> Explode<'p> {
    pub fn new(outer: bool, list: &'p Expr, column: &'p Column) -> Explode<'p> {
        Explode {
            outer,
            list,
            column,
            left: None,
            next: 0,
        }
    }
}

impl Stage for Explode<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let (batch, values) = work.evaluate(batch, [self.list])?;
        let Some(lists) = values.first().and_then(|array| array.as_list_opt::<i32>()) else {
            return Err(RunError::unsupported(format!("`{}` as a list", self.list.text)));
        };
        let mut entries = Vec::new();
        for row in 0..batch.rows() {
            let (from, to) = (lists.value_offsets()[row] as u32, lists.value_offsets()[row + 1] as u32);
            match lists.is_null(row) || from == to {
                true if self.outer => entries.push((row as u32, None)),
                true => {}
                false => entries.extend((from..to).map(|entry| (row as u32, Some(entry)))),
            }
        }
        self.left = Some((batch, entries, lists.values().clone()));
        self.next = 0;
        self.more(work)
    }

    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let Some((batch, entries, values)) = &self.left else {
            return Ok(None);
        };
        let to = entries.len().min(self.next + ROWS);
        if self.next == to {
            self.left = None;
            return Ok(None);
        }
        let now = &entries[self.next..to];
        let rows: UInt32Array = now.iter().map(|(row, _)| Some(*row)).collect();
        let places: UInt32Array = now.iter().map(|(_, entry)| *entry).collect();
        let mut exploded = batch.take(&rows)?;
        exploded.set(&self.column.name, compute::take(values, &places, None)?);
        self.next = to;
        Ok(Some(exploded))
    }
}
