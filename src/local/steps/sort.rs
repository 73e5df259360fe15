//! `sort by` and `take`: all rows in an order, ties broken by what else the rows hold; and the first of them.

use arrow::row::RowConverter;

use super::super::batch::Batch;
use super::super::error::RunError;
use super::held::{Going, Held, Order, row_form, row_form_of};
use super::{Stage, Work, ties};
use crate::plan::expr::Expr;
use crate::plan::types::Column;

/// Holds all rows.
pub(super) struct Sort<'p> {
    by: &'p [(Expr, bool)],
    before: &'p [Column],
    held: Held,
    order: Order,
    converters: [Option<RowConverter>; 2],
    going: Going,
}

impl<'p> Sort<'p> {
    pub fn new(by: &'p [(Expr, bool)], before: &'p [Column]) -> Sort<'p> {
        Sort {
            by,
            before,
            held: Held::default(),
            order: Order { forms: Vec::new() },
            converters: [None, None],
            going: Going::default(),
        }
    }
}

impl Stage for Sort<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let (batch, values) = work.evaluate(batch, self.by.iter().map(|(expr, _)| expr))?;
        let directions = self.by.iter().map(|(_, descending)| *descending);
        let by: Vec<_> = values.into_iter().zip(directions).collect();
        let [by_converter, ties_converter] = &mut self.converters;
        let by = row_form_of(by_converter, &by, batch.rows())?;
        let rest = row_form(ties_converter, &batch, ties(&batch, self.before, &[]).into_iter())?;
        self.order.forms.push(vec![by, rest]);
        self.held.batches.push(batch);
        Ok(None)
    }

    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        self.going = Going::new(self.order.sorted());
        self.order.forms.clear();
        Ok(())
    }

    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        match self.going.next() {
            Some((_, places)) => self.held.gather(places).map(Some),
            None => Ok(None),
        }
    }
}

/// The first rows.
pub(super) struct Take {
    left: u64,
}

impl Take {
    pub fn new(rows: u64) -> Take {
        Take { left: rows }
    }
}

impl Stage for Take {
    fn add(&mut self, batch: Batch, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let rows = usize::try_from(self.left).unwrap_or(usize::MAX).min(batch.rows());
        self.left -= rows as u64;
        Ok((rows > 0).then(|| batch.slice(0, rows)))
    }
}
