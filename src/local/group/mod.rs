//! `group by KEYS { NAME = AGGREGATE … }`: one row a group, sorted by its keys, missing keys one value and last.
//!
//! Aggregates leave missing values out. A sum that does not fit its type fails the run, whatever the order of its
//! terms: it is judged when all have come. Memory is bounded by the groups, and by what an aggregate must hold of each:
//! `percentile` its values, `list` its items.

mod answers;
mod state;

use arrow::array::{Array, ArrayRef};
use arrow::compute::SortOptions;
use arrow::row::{RowConverter, SortField};

use super::batch::Batch;
use super::error::RunError;
use super::keys::Keys;
use super::lines::ROWS;
use super::value::data_type;
use crate::plan::expr::Aggregate;
use crate::plan::types::{Column, TypeKind};
use state::State;

/// The groups so far.
pub(super) struct Group {
    keys: Vec<Column>,
    aggregates: Vec<(Column, Aggregate)>,
    converter: RowConverter,
    numbers: Keys,
    states: Vec<State>,
}

impl Group {
    /// Groups by keys of these types; the columns after it are the keys, then the aggregates.
    pub fn new(keys: &[Column], aggregates: &[(Column, Aggregate)]) -> Result<Group, RunError> {
        let kinds = keys.iter().map(|column| (&column.ty.kind, false));
        let states = aggregates.iter().map(|(_, aggregate)| State::new(aggregate));
        Ok(Group {
            keys: keys.to_vec(),
            aggregates: aggregates.to_vec(),
            converter: ordered(kinds)?,
            numbers: Keys::default(),
            states: states.collect::<Result<_, _>>()?,
        })
    }

    /// Adds rows: their keys, for each aggregate its arguments and then what it is ordered by, one behind the other, and
    /// what breaks ties of that order; all as long.
    pub fn add(&mut self, keys: &[ArrayRef], values: &[ArrayRef], ties: &[ArrayRef]) -> Result<(), RunError> {
        if keys.first().is_some_and(|key| key.is_empty()) {
            return Ok(());
        }
        let rows = self.converter.convert_columns(keys)?;
        let groups: Vec<usize> = rows.iter().map(|key| self.numbers.number(key.as_ref()).0).collect();
        let mut values = values;
        for (state, (_, aggregate)) in self.states.iter_mut().zip(&self.aggregates) {
            let (arguments, rest) = values
                .split_at_checked(aggregate.arguments.len())
                .unwrap_or((values, &[]));
            let (order, rest) = rest.split_at_checked(aggregate.order.len()).unwrap_or((rest, &[]));
            values = rest;
            state.resize(self.numbers.len());
            state.add(&groups, arguments, (order, ties), aggregate)?;
        }
        Ok(())
    }

    /// The groups, sorted by key.
    pub fn finish(&mut self) -> Result<Vec<Batch>, RunError> {
        let mut order: Vec<usize> = (0..self.numbers.len()).collect();
        order.sort_unstable_by_key(|number| self.numbers.key(*number));
        let parser = self.converter.parser();
        let rows = order.iter().map(|number| parser.parse(self.numbers.key(*number)));
        let arrays = self.converter.convert_rows(rows)?;
        let names = self.keys.iter().map(|column| column.name.clone());
        let mut columns: Vec<(String, ArrayRef)> = names.zip(arrays).collect();
        for (state, (column, aggregate)) in self.states.iter().zip(&self.aggregates) {
            columns.push((column.name.clone(), state.values(&order, aggregate)?));
        }
        let batches = (0..order.len()).step_by(ROWS).map(|from| {
            let rows = ROWS.min(order.len() - from);
            let part = columns
                .iter()
                .map(|(name, array)| (name.clone(), array.slice(from, rows)));
            Batch::new(part.collect(), rows)
        });
        let batches = batches.collect();
        self.numbers = Keys::default();
        self.states = Vec::new();
        Ok(batches)
    }
}

/// Values as bytes whose order is theirs, or, where they go down, the other way round; missing ones are last both ways.
fn ordered<'k>(kinds: impl IntoIterator<Item = (&'k TypeKind, bool)>) -> Result<RowConverter, RunError> {
    let mut fields = Vec::new();
    for (kind, descending) in kinds {
        let options = SortOptions {
            descending,
            nulls_first: false,
        };
        fields.push(SortField::new_with_options(data_type(kind)?, options));
    }
    Ok(RowConverter::new(fields)?)
}

#[cfg(test)]
mod tests;
