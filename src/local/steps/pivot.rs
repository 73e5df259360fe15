//! `pivot` and `unpivot`: columns from values, and back.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, UInt32Array};

use super::super::batch::{Batch, Rejects};
use super::super::error::RunError;
use super::super::group::Group;
use super::group::breakers;
use super::union::Casts;
use super::{Stage, Work};
use crate::plan::expr::{Aggregate, CompareOp, Expr, ExprKind, Literal};
use crate::plan::types::{Column, Type, TypeKind};

/// A `pivot` is a group whose aggregates each see the rows of one value.
pub(super) struct Pivot<'p> {
    keys: &'p [String],
    aggregates: Vec<(Column, Aggregate)>,
    before: &'p [Column],
    group: Group,
    going: std::vec::IntoIter<Batch>,
}

impl<'p> Pivot<'p> {
    pub fn new(
        on: &Expr,
        values: &[(Literal, Column, Aggregate)],
        keys: &'p [String],
        before: &'p [Column],
    ) -> Result<Pivot<'p>, RunError> {
        let mut columns = Vec::new();
        for key in keys {
            let column = before.iter().find(|column| column.name == *key);
            columns.push(
                column
                    .cloned()
                    .ok_or_else(|| RunError::unsupported(format!("a pivot by `{key}`")))?,
            );
        }
        let seen = values
            .iter()
            .map(|(value, column, aggregate)| (column.clone(), of_value(on, value, aggregate)));
        let aggregates: Vec<_> = seen.collect();
        Ok(Pivot {
            keys,
            before,
            group: Group::new(&columns, &aggregates)?,
            aggregates,
            going: Vec::new().into_iter(),
        })
    }
}

/// The aggregate of those rows alone that have this value: of others, what it is over is missing.
fn of_value(on: &Expr, value: &Literal, aggregate: &Aggregate) -> Aggregate {
    let expr = |kind: ExprKind, ty: Type| Expr {
        kind,
        ty,
        text: aggregate.text.clone(),
    };
    let literal = expr(ExprKind::Literal(value.clone()), on.ty.kind.clone().required());
    let is_it = expr(
        ExprKind::Compare {
            op: CompareOp::Equal,
            left: Box::new(on.clone()),
            right: Box::new(literal),
        },
        TypeKind::Bool.optional(),
    );
    let mut seen = aggregate.clone();
    match seen.arguments.first_mut() {
        Some(first) => {
            let ty = first.ty.kind.clone().optional();
            let missing = expr(ExprKind::Literal(Literal::Null), ty.clone());
            *first = expr(
                ExprKind::If {
                    condition: Box::new(is_it),
                    then: Box::new(first.clone()),
                    otherwise: Box::new(missing),
                },
                ty,
            );
        }
        None => {
            seen.function = "count_if".to_owned();
            seen.arguments.push(is_it);
        }
    }
    seen
}

impl Stage for Pivot<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let exprs = self
            .aggregates
            .iter()
            .flat_map(|(_, aggregate)| aggregate.expressions());
        let (batch, values) = work.evaluate(batch, exprs)?;
        let mut keys = Vec::with_capacity(self.keys.len());
        for key in self.keys {
            keys.push(batch.column(key)?.clone());
        }
        let breakers = breakers(&batch, self.before, &self.aggregates)?;
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

/// A row for each of several columns.
pub(super) struct Unpivot<'p> {
    columns: &'p [String],
    name: &'p Column,
    value: &'p Column,
    casts: Casts,
}

impl<'p> Unpivot<'p> {
    pub fn new(columns: &'p [String], name: &'p Column, value: &'p Column, before: &[Column]) -> Unpivot<'p> {
        let gone = before.iter().filter(|column| columns.contains(&column.name));
        let casts = gone.map(|column| (column.clone(), value.ty.clone()));
        Unpivot {
            columns,
            name,
            value,
            casts: Casts::new(casts),
        }
    }
}

impl Stage for Unpivot<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let mut rejects = Rejects::default();
        let batch = self.casts.apply(batch, &mut rejects, work)?;
        let batch = work.turn_away(batch, rejects)?;
        let mut held: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for name in self.columns {
            held.push(batch.column(name)?.clone());
        }
        let mut rest = batch;
        rest.columns.retain(|(name, _)| !self.columns.contains(name));
        let (rows, width) = (rest.rows(), self.columns.len());
        let each: UInt32Array = (0..rows)
            .flat_map(|row| (0..width).map(move |_| Some(row as u32)))
            .collect();
        let places: Vec<(usize, usize)> = (0..rows).flat_map(|row| (0..width).map(move |at| (at, row))).collect();
        let arrays: Vec<&dyn Array> = held.iter().map(|array| &**array).collect();
        let names: StringArray = places.iter().map(|(at, _)| Some(self.columns[*at].as_str())).collect();
        let values = arrow::compute::interleave(&arrays, &places)?;
        let mut unpivoted = rest.take(&each)?;
        unpivoted.set(&self.name.name, Arc::new(names));
        unpivoted.set(&self.value.name, values);
        Ok(Some(unpivoted))
    }
}
