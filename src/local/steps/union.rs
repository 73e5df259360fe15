//! `union`: rows of both sides have the same columns, of types that hold the values of both.

use super::super::batch::{Batch, Rejects};
use super::super::error::RunError;
use super::{HIDDEN, Stage, Work};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, Type};

/// What makes columns those of another type.
pub(in super::super) struct Casts {
    casts: Vec<(String, Expr)>,
}

impl Casts {
    /// For each column, the type that it is to have.
    pub fn new(columns: impl Iterator<Item = (Column, Type)>) -> Casts {
        let other = columns.filter(|(column, wanted)| column.ty.kind != wanted.kind);
        let casts = other.map(|(column, wanted)| {
            let own = Expr {
                kind: ExprKind::Column(column.name.clone()),
                ty: column.ty.clone(),
                text: column.name.clone().into(),
            };
            let cast = Expr {
                kind: ExprKind::Cast(Box::new(own)),
                ty: wanted,
                text: column.name.clone().into(),
            };
            (column.name.clone(), cast)
        });
        Casts { casts: casts.collect() }
    }

    pub fn apply(&self, mut batch: Batch, rejects: &mut Rejects, work: &Work<'_>) -> Result<Batch, RunError> {
        for (name, cast) in &self.casts {
            let array = work.evaluator(&batch, rejects).column(cast)?;
            batch.set(name, array);
        }
        Ok(batch)
    }
}

/// One side of a union: its columns in the order and of the types of both.
pub(in super::super) struct Side<'p> {
    casts: Casts,
    after: &'p [Column],
    /// Whether rows of both sides have what arrivals have beside their columns.
    arrivals: bool,
}

impl<'p> Side<'p> {
    pub fn new(before: &[Column], after: &'p [Column], arrivals: bool) -> Side<'p> {
        let wanted = |column: &Column| after.iter().find(|other| other.name == column.name);
        let casts = before
            .iter()
            .filter_map(|column| Some((column.clone(), wanted(column)?.ty.clone())));
        Side {
            casts: Casts::new(casts),
            after,
            arrivals,
        }
    }
}

impl Stage for Side<'_> {
    fn add(&mut self, batch: Batch, work: &mut Work<'_>) -> Result<Option<Batch>, RunError> {
        let mut rejects = Rejects::default();
        let batch = self.casts.apply(batch, &mut rejects, work)?;
        let mut columns = Vec::with_capacity(self.after.len());
        for column in self.after {
            columns.push((column.name.clone(), batch.column(&column.name)?.clone()));
        }
        if self.arrivals {
            let hidden = batch.columns.iter().filter(|(name, _)| HIDDEN.contains(&name.as_str()));
            columns.extend(hidden.cloned());
        }
        let united = Batch {
            columns,
            origin: batch.origin,
        };
        work.turn_away(united, rejects).map(Some)
    }
}
