//! One expression, or one aggregate, over rows that are written down: how tests hold the engine against others.

use std::collections::BTreeMap;

use arrow::array::ArrayRef;
use pipec_runtime::Timestamp;

use super::batch::{Batch, Rejects};
use super::error::RunError;
use super::eval::{Evaluator, Setting};
use super::group::Group;
use super::value::{array_of, literal_at};
use crate::plan::Plan;
use crate::plan::expr::{Aggregate, Expr, Literal};
use crate::plan::types::{Column, Type, TypeKind};

/// Columns of rows that are written down, and the run that they are part of.
#[derive(Clone, Debug)]
pub struct Rows {
    columns: Vec<(String, ArrayRef)>,
    rows: usize,
    setting: Setting,
}

/// What an expression gives for each row, and the rows that it turns away with their reasons; what it gives for those
/// means nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// By row.
    pub values: Vec<Literal>,
    /// By the row's place.
    pub turned_away: BTreeMap<usize, String>,
}

impl Rows {
    /// Rows by column: each has as many values as there are rows.
    pub fn new(columns: &[(&str, &TypeKind, &[Literal])], rows: usize) -> Result<Rows, RunError> {
        let mut arrays = Vec::with_capacity(columns.len());
        for (name, kind, values) in columns {
            let values: Vec<_> = values.iter().collect();
            arrays.push(((*name).to_owned(), array_of(kind, &values)?));
        }
        Ok(Rows {
            columns: arrays,
            rows,
            setting: Setting::new(Timestamp::default()),
        })
    }

    /// The same in a run of a platform, scheduled for this time.
    pub fn at(self, now: Timestamp, plan: Option<&Plan>) -> Rows {
        let setting = match plan {
            Some(plan) => Setting::of(plan, now),
            None => Setting::new(now),
        };
        Rows { setting, ..self }
    }

    /// What an expression gives.
    pub fn evaluate(&self, expr: &Expr) -> Result<Answers, RunError> {
        let batch = Batch::new(self.columns.clone(), self.rows);
        let (array, rejects) = self.evaluated(&batch, expr)?;
        let (_, away) = rejects.split(batch)?;
        Ok(Answers {
            values: (0..self.rows)
                .map(|row| literal_at(&array, row, &expr.ty.kind))
                .collect(),
            turned_away: away
                .into_iter()
                .map(|(row, reason)| (row as usize, reason.to_string()))
                .collect(),
        })
    }

    /// What an aggregate answers for all rows together.
    pub fn aggregate(&self, aggregate: &Aggregate) -> Result<Literal, RunError> {
        let whole = Column::new("whole", TypeKind::Int.required());
        let answer = Column::new("answer", Type::clone(&aggregate.ty));
        let mut group = Group::new(&[whole], &[(answer, aggregate.clone())])?;
        let batch = Batch::new(self.columns.clone(), self.rows);
        let mut values = Vec::new();
        for expr in aggregate.expressions() {
            values.push(self.evaluated(&batch, expr)?.0);
        }
        let ties: Vec<_> = self.columns.iter().map(|(_, array)| array.clone()).collect();
        let key = array_of(&TypeKind::Int, &vec![&Literal::Int(0); self.rows])?;
        group.add(&[key], &values, &ties)?;
        let batches = group.finish()?;
        let Some(batch) = batches.first() else {
            return Ok(Literal::Null);
        };
        Ok(literal_at(batch.column("answer")?, 0, &aggregate.ty.kind))
    }

    fn evaluated(&self, batch: &Batch, expr: &Expr) -> Result<(ArrayRef, Rejects), RunError> {
        let mut rejects = Rejects::default();
        let mut evaluator = Evaluator {
            batch,
            setting: &self.setting,
            rejects: &mut rejects,
        };
        let array = evaluator.column(expr)?;
        Ok((array, rejects))
    }
}
