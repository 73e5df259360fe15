//! What has no faster way is computed row by row, by the runtime's functions on its values: batch in, array out. Only
//! rows whose answer will be looked at are computed.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use pipec_runtime::reject;
use pipec_runtime::value::Value as Cell;

use super::{Active, Evaluator, Value, nested};
use crate::local::error::RunError;
use crate::local::params::without_value;
use crate::local::value::{array, value_at};
use crate::plan::evaluate::{self, Unknown};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::TypeKind;

/// A node's answer from those of its operands.
type Answer<'f> = &'f dyn Fn(Operands) -> Result<Cell, Unknown>;

/// What a node's operands gave for one row.
struct Operands(std::vec::IntoIter<Cell>);

impl Operands {
    fn next(&mut self) -> Cell {
        self.0.next().unwrap_or(Cell::Missing)
    }

    fn two(mut self) -> (Cell, Cell) {
        let first = self.next();
        (first, self.next())
    }

    fn rest(self) -> Vec<Cell> {
        self.0.collect()
    }
}

impl Evaluator<'_> {
    /// A node's answer from its operands', row by row; operands themselves are computed as they are best.
    pub(super) fn by_rows(&mut self, expr: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let kind = &expr.ty.kind;
        let overflow = || Unknown::Rejected(reject::overflow(&expr.text));
        match &expr.kind {
            _ if whole(expr) => self.wholly(expr, active),
            ExprKind::Call { function, arguments } => {
                let setting = self.setting;
                let operands: Vec<_> = arguments.iter().collect();
                self.each_row(expr, &operands, active, &|cells| {
                    evaluate::call(function, cells.rest(), expr, Some(&setting.run))
                })
            }
            ExprKind::Member { of, field } => self.each_row(expr, &[of], active, &|mut cells| {
                Ok(evaluate::member(cells.next(), field))
            }),
            ExprKind::Index { of, index } => self.each_row(expr, &[of, index], active, &|cells| {
                let (of, index) = cells.two();
                Ok(evaluate::index_of(of, index))
            }),
            ExprKind::List(items) => {
                let items: Vec<_> = items.iter().collect();
                self.each_row(expr, &items, active, &|cells| Ok(Cell::List(cells.rest())))
            }
            ExprKind::Struct(fields) => {
                let values: Vec<_> = fields.iter().map(|(_, value)| value).collect();
                self.each_row(expr, &values, active, &|cells| {
                    let names = fields.iter().map(|(name, _)| name.clone());
                    Ok(Cell::Struct(names.zip(cells.rest()).collect()))
                })
            }
            ExprKind::Interpolate(parts) => {
                let parts: Vec<_> = parts.iter().collect();
                self.each_row(expr, &parts, active, &|cells| Ok(evaluate::interpolated(&cells.rest())))
            }
            ExprKind::Negate(value) => self.each_row(expr, &[value], active, &|mut cells| {
                evaluate::negate(cells.next()).ok_or_else(overflow)
            }),
            ExprKind::Compare { op, left, right } => self.each_row(expr, &[left, right], active, &|cells| {
                let (left, right) = cells.two();
                Ok(evaluate::compare(*op, left, right))
            }),
            ExprKind::Same { left, right, negated } => self.each_row(expr, &[left, right], active, &|cells| {
                let (left, right) = cells.two();
                Ok(Cell::Bool((left == right) != *negated))
            }),
            ExprKind::Contains { value, list, negated } => self.each_row(expr, &[value, list], active, &|cells| {
                let (value, list) = cells.two();
                Ok(evaluate::contains(value, list, *negated))
            }),
            ExprKind::In { value, list, negated } => {
                let list: Vec<_> = list.iter().map(evaluate::value).collect();
                self.each_row(expr, &[value], active, &|mut cells| {
                    Ok(match cells.next() {
                        Cell::Missing => Cell::Missing,
                        value => Cell::Bool(list.contains(&value) != *negated),
                    })
                })
            }
            ExprKind::Arithmetic { op, left, right } => self.each_row(expr, &[left, right], active, &|cells| {
                let (left, right) = cells.two();
                evaluate::arithmetic(*op, left, right, kind).ok_or_else(overflow)
            }),
            ExprKind::Cast(value) => self.each_row(expr, &[value], active, &|mut cells| {
                evaluate::cast(cells.next(), kind).ok_or_else(overflow)
            }),
            _ => self.wholly(expr, active),
        }
    }

    fn each_row(
        &mut self,
        expr: &Expr,
        operands: &[&Expr],
        active: Active<'_>,
        answer: Answer<'_>,
    ) -> Result<Value, RunError> {
        let mut arrays = Vec::with_capacity(operands.len());
        for operand in operands {
            arrays.push((self.value(operand, active)?, &operand.ty.kind));
        }
        let same = arrays.iter().all(|(value, _)| matches!(value, Value::Same(_)));
        let read = |row: usize| {
            let cells = arrays.iter().map(|(value, kind)| match value {
                Value::Rows(array) => value_at(array, row, kind),
                Value::Same(array) => value_at(array, 0, kind),
            });
            answer(Operands(cells.collect::<Vec<_>>().into_iter()))
        };
        self.answers(expr, active, same, &read)
    }

    /// A node with all that is below it, row by row.
    fn wholly(&mut self, expr: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let mut columns = Vec::new();
        for (name, kind) in columns_of(expr) {
            columns.push((name, kind, self.batch.column(name)?.clone()));
        }
        let same = columns.is_empty();
        let setting = self.setting;
        let read = |row: usize| {
            let column = |wanted: &str| {
                let (_, kind, array) = columns.iter().find(|(name, ..)| *name == wanted)?;
                Some(value_at(array, row, kind))
            };
            evaluate::evaluate_value(expr, setting.known(&column))
        };
        self.answers(expr, active, same, &read)
    }

    /// The answers of active rows as an array; rows that are turned away and others are missing in it.
    fn answers(
        &mut self,
        expr: &Expr,
        active: Active<'_>,
        same: bool,
        read: &dyn Fn(usize) -> Result<Cell, Unknown>,
    ) -> Result<Value, RunError> {
        let rows = if same { 1 } else { self.batch.rows() };
        let looked_at = |row: usize| match (same, active) {
            (_, None) => true,
            (true, Some(active)) => active.true_count() > 0,
            (false, Some(active)) => active.value(row),
        };
        let mut cells = Vec::with_capacity(rows);
        for row in 0..rows {
            let answer = match looked_at(row) {
                true => read(row),
                false => Ok(Cell::Missing),
            };
            cells.push(match answer {
                Ok(cell) => cell,
                Err(Unknown::Rejected(reason)) if same => {
                    self.reject(&reason, active, |_| true);
                    Cell::Missing
                }
                Err(Unknown::Rejected(reason)) => {
                    self.rejects.add(row, &Arc::from(reason));
                    Cell::Missing
                }
                Err(Unknown::Later) => return Err(unknown(expr)),
            });
        }
        let array = array(&expr.ty.kind, &cells.iter().collect::<Vec<_>>())?;
        Ok(Value::of(array, same))
    }
}

/// An array of another type as one of this one: what a branch gives that has no type of its own.
pub(super) fn retyped(from: &ArrayRef, own: &TypeKind, kind: &TypeKind) -> Result<ArrayRef, RunError> {
    let cells = (0..from.len()).map(|row| evaluate::cast(value_at(from, row, own), kind).unwrap_or(Cell::Missing));
    array(kind, &cells.collect::<Vec<_>>().iter().collect::<Vec<_>>())
}

/// Only a param without a value is not known when a row is: everything else is typed before.
fn unknown(expr: &Expr) -> RunError {
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if let ExprKind::Param(name) = &expr.kind {
            return without_value(name);
        }
        open.extend(expr.children());
    }
    RunError::unsupported(format!("`{}`", expr.text))
}

/// Whether a node is best computed with all that is below it: where values of several parts would be built in between,
/// and where a `row => …` reads the row.
fn whole(expr: &Expr) -> bool {
    let children = expr.children();
    children
        .iter()
        .any(|child| matches!(child.kind, ExprKind::Lambda { .. }) || builds(child))
}

/// Whether an expression makes values of several parts that no array holds yet.
pub(super) fn builds(expr: &Expr) -> bool {
    let held = match &expr.kind {
        ExprKind::Column(_) | ExprKind::Literal(_) => true,
        ExprKind::Member { of, .. } => !builds(of),
        _ => false,
    };
    nested(&expr.ty.kind) && !held
}

/// The columns that an expression reads, each with its type.
fn columns_of(expr: &Expr) -> Vec<(&str, &TypeKind)> {
    let (mut open, mut found) = (vec![expr], Vec::new());
    while let Some(expr) = open.pop() {
        if let ExprKind::Column(name) = &expr.kind
            && !found.iter().any(|(known, _)| known == name)
        {
            found.push((name.as_str(), &expr.ty.kind));
        }
        open.extend(expr.children());
    }
    found
}
