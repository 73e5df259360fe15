//! `group by KEYS { … }`, of tables, and by windows of event time of streams.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, TimestampMicrosecondArray, UInt32Array};
use arrow::compute;
use arrow::datatypes::TimestampMicrosecondType;
use pipec_runtime::reject;

use super::super::batch::{Batch, Reason, Rejects};
use super::super::error::RunError;
use super::super::group::Group;
use super::rows::micros;
use super::{ARRIVED, Stage, Work, ties};
use crate::plan::EventWindow;
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::{Column, TypeKind};

/// Holds groups, not rows.
pub(super) struct Grouped<'p> {
    keys: &'p [(Column, Expr)],
    aggregates: &'p [(Column, Aggregate)],
    before: &'p [Column],
    window: Option<Windows<'p>>,
    group: Group,
    going: std::vec::IntoIter<Batch>,
}

/// Windows of event time.
struct Windows<'p> {
    window: &'p EventWindow,
    /// The place of the time among the keys.
    key: usize,
    late: Reason,
}

impl<'p> Grouped<'p> {
    pub fn new(
        keys: &'p [(Column, Expr)],
        window: Option<&'p EventWindow>,
        aggregates: &'p [(Column, Aggregate)],
        before: &'p [Column],
    ) -> Result<Grouped<'p>, RunError> {
        let window = window.map(|window| Windows {
            window,
            key: keys
                .iter()
                .position(|(column, _)| column.name == window.time)
                .unwrap_or(0),
            late: reject::late_for_window(window.late_seconds).into(),
        });
        let mut columns: Vec<Column> = keys.iter().map(|(column, _)| column.clone()).collect();
        if let Some(window) = &window {
            let bound = |name: &str| Column::new(name, TypeKind::Timestamp.required());
            let bounds = [bound("window_start"), bound("window_end")];
            columns.splice(window.key..=window.key, bounds);
        }
        Ok(Grouped {
            keys,
            aggregates,
            before,
            window,
            group: Group::new(&columns, aggregates)?,
            going: Vec::new().into_iter(),
        })
    }
}

impl Stage for Grouped<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let aggregates = self
            .aggregates
            .iter()
            .flat_map(|(_, aggregate)| aggregate.expressions());
        let exprs = self.keys.iter().map(|(_, key)| key).chain(aggregates);
        let (batch, mut values) = work.evaluate(batch, exprs)?;
        let mut breakers = breakers(&batch, self.before, self.aggregates)?;
        let mut keys: Vec<ArrayRef> = values.drain(..self.keys.len()).collect();
        if let Some(window) = &self.window {
            let (rows, bounds) = window.rows(&batch, &keys[window.key], work)?;
            for array in keys.iter_mut().chain(&mut values).chain(&mut breakers) {
                *array = compute::take(array, &rows, None)?;
            }
            keys.splice(window.key..=window.key, bounds);
        }
        self.group.add(&keys, &values, &breakers)?;
        Ok(None)
    }

    fn finish(&mut self, _: &mut Work<'_>) -> Result<(), RunError> {
        self.going = self.group.finish()?.into_iter();
        Ok(())
    }

    fn more(&mut self, _: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        Ok(self.going.next())
    }
}

/// What breaks ties of orders inside of aggregates, where there are any.
pub(super) fn breakers(
    batch: &Batch,
    before: &[Column],
    aggregates: &[(Column, Aggregate)],
) -> Result<Vec<ArrayRef>, RunError> {
    let mut arrays = Vec::new();
    if aggregates.iter().any(|(_, aggregate)| !aggregate.order.is_empty()) {
        for name in ties(batch, before, &[]) {
            arrays.push(batch.column(name)?.clone());
        }
    }
    Ok(arrays)
}

impl Windows<'_> {
    /// For each window of each row that is in time for it: the row, and the window's bounds.
    fn rows(
        &self,
        batch: &Batch,
        times: &ArrayRef,
        work: &mut Work<'_>,
    ) -> Result<(UInt32Array, [ArrayRef; 2]), RunError> {
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let arrivals = match batch.column(ARRIVED) {
            Ok(arrivals) => arrivals.as_primitive::<TimestampMicrosecondType>().clone(),
            // Rows of a table are never late.
            Err(_) => times.clone(),
        };
        let (every, over) = (micros(self.window.every_seconds), micros(self.window.over_seconds));
        let late = micros(self.window.late_seconds);
        let (mut rows, mut starts) = (Vec::new(), Vec::new());
        let mut rejects = Rejects::default();
        for row in 0..batch.rows() {
            if times.is_null(row) {
                continue;
            }
            let at = times.value(row);
            let mut start = at.div_euclid(every) * every;
            let before = rows.len();
            while start > at.saturating_sub(over) {
                if arrivals.value(row) < start.saturating_add(over).saturating_add(late) {
                    rows.push(row as u32);
                    starts.push(start);
                }
                start = start.saturating_sub(every);
            }
            if rows.len() == before {
                rejects.add(row, &self.late);
            }
        }
        work.turn_away(batch.clone(), rejects)?;
        let ends = starts
            .iter()
            .map(|start| start.saturating_add(over))
            .collect::<Vec<_>>();
        let array = |instants: Vec<i64>| -> ArrayRef {
            Arc::new(TimestampMicrosecondArray::from(instants).with_timezone("UTC"))
        };
        Ok((rows.into(), [array(starts), array(ends)]))
    }
}
