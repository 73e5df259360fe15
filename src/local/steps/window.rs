//! `window by KEYS order by COLS { … }`: columns computed over the rows around each row.
//!
//! All rows are sorted once; then each column takes one walk over them. A column that is some other row's value
//! (`lag`, `first`, `max` …) is kept as that row's place until the row goes on.

mod compute;

use std::cmp::Ordering;

use arrow::array::ArrayRef;
use arrow::row::RowConverter;

use super::super::batch::Batch;
use super::super::error::RunError;
use super::held::{Going, Held, Order, Place, gather_or_missing, row_form, row_form_of};
use super::sliding::Frame;
use super::{Stage, Work, ties};
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::Column;

/// Holds all rows, and beside them what the columns are computed from.
pub(super) struct Window<'p> {
    keys: &'p [String],
    order_by: &'p [(Expr, bool)],
    frame: Frame,
    columns: &'p [(Column, Aggregate)],
    before: &'p [Column],
    held: Held,
    /// By column, by batch: its arguments.
    arguments: Vec<Vec<Vec<ArrayRef>>>,
    order: Order,
    converters: [Option<RowConverter>; 3],
    going: Going,
    computed: Vec<Computed>,
}

/// A column in the order of the rows.
enum Computed {
    /// The value of another row, by its place among the sorted rows.
    Of(Vec<Option<u32>>),
    Values(ArrayRef),
}

/// Sorted rows, and where the rows of each key and those of one place in the order begin.
struct Sorted {
    rows: Vec<Place>,
    /// The first row of each key, and the end of all.
    parts: Vec<usize>,
    /// By row: the first one that stands at the same place in the order.
    peers: Vec<u32>,
}

impl<'p> Window<'p> {
    pub fn new(
        keys: &'p [String],
        order_by: &'p [(Expr, bool)],
        rows: Option<Frame>,
        columns: &'p [(Column, Aggregate)],
        before: &'p [Column],
    ) -> Window<'p> {
        Window {
            keys,
            order_by,
            frame: rows.unwrap_or((None, Some(0))),
            columns,
            before,
            held: Held::default(),
            arguments: columns.iter().map(|_| Vec::new()).collect(),
            order: Order { forms: Vec::new() },
            converters: [None, None, None],
            going: Going::default(),
            computed: Vec::new(),
        }
    }

    fn sorted(&mut self) -> Sorted {
        let rows = self.order.sorted();
        let (mut parts, mut peers) = (Vec::new(), Vec::with_capacity(rows.len()));
        for (at, place) in rows.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| rows[before]);
            let same_key = before.is_some_and(|before| self.order.same(0, before, *place));
            if !same_key {
                parts.push(at);
            }
            let peer = same_key && before.is_some_and(|before| self.order.same(1, before, *place));
            let first = if peer {
                peers.last().copied().unwrap_or(0)
            } else {
                at as u32
            };
            peers.push(first);
        }
        parts.push(rows.len());
        self.order.forms.clear();
        Sorted { rows, parts, peers }
    }
}

impl Stage for Window<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let order = self.order_by.iter().map(|(expr, _)| expr);
        let arguments = self.columns.iter().flat_map(|(_, aggregate)| &aggregate.arguments);
        let (batch, mut values) = work.evaluate(batch, order.chain(arguments))?;
        let mut arguments = values.split_off(self.order_by.len()).into_iter();
        let directions = self.order_by.iter().map(|(_, descending)| *descending);
        let by: Vec<_> = values.into_iter().zip(directions).collect();
        let [keys, order, rest] = &mut self.converters;
        self.order.forms.push(vec![
            row_form(keys, &batch, self.keys.iter().map(String::as_str))?,
            row_form_of(order, &by, batch.rows())?,
            row_form(rest, &batch, ties(&batch, self.before, &[]).into_iter())?,
        ]);
        for ((_, aggregate), held) in self.columns.iter().zip(&mut self.arguments) {
            held.push(arguments.by_ref().take(aggregate.arguments.len()).collect());
        }
        self.held.batches.push(batch);
        Ok(None)
    }

    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        let sorted = self.sorted();
        for ((_, aggregate), arguments) in self.columns.iter().zip(&self.arguments) {
            let column = compute::Over {
                sorted: &sorted,
                aggregate,
                arguments,
                frame: self.frame,
            };
            self.computed.push(column.computed()?);
        }
        self.going = Going::new(sorted.rows);
        Ok(())
    }

    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let Some((from, places)) = self.going.next() else {
            return Ok(None);
        };
        let places = places.to_vec();
        let mut batch = self.held.gather(&places)?;
        for ((computed, (column, _)), arguments) in self.computed.iter().zip(self.columns).zip(&self.arguments) {
            let array = match computed {
                Computed::Values(values) => values.slice(from, places.len()),
                Computed::Of(rows) => {
                    let (all, rows) = (self.going.all(), &rows[from..from + places.len()]);
                    let rows: Vec<_> = rows.iter().map(|row| row.map(|row| all[row as usize])).collect();
                    gather_or_missing(arguments.iter().filter_map(|arguments| arguments.first()), &rows)?
                }
            };
            batch.set(&column.name, array);
        }
        Ok(Some(batch))
    }
}

impl Sorted {
    /// The rows of each key: the first, and behind the last.
    fn stretches(&self) -> impl Iterator<Item = (usize, usize)> {
        self.parts
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .filter(|(from, to)| from < to)
    }
}

/// Which of two row forms is first.
fn first_of(left: &[u8], right: &[u8], largest: bool) -> Ordering {
    if largest { right.cmp(left) } else { left.cmp(right) }
}
