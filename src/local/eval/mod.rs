//! Expressions over columns. Every row is computed, but only rows on the branch taken (`active`) may be turned away;
//! the others' values are never looked at.
//!
//! Both sides of `and` and `or` are evaluated: a `reject` in either turns the row away.

mod arithmetic;
mod functions;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, Scalar, new_null_array};
use arrow::compute::kernels::{cmp, zip::zip};
use arrow::compute::{and, and_kleene, is_not_null, is_null, not, or_kleene};
use arrow::datatypes::DataType;
use pipec_runtime::functions::PseudonymKey;

use super::batch::{Batch, Rejects};
use super::error::RunError;
use super::value::{array_of, data_type};
use crate::plan::expr::{CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::TypeKind;

/// What an expression gave.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A value for each row.
    Rows(ArrayRef),
    /// One value for all of them, in an array of one.
    Same(ArrayRef),
}

impl Value {
    fn array(&self) -> &ArrayRef {
        match self {
            Value::Rows(array) | Value::Same(array) => array,
        }
    }

    fn datum(&self) -> Box<dyn Datum> {
        match self {
            Value::Rows(array) => Box::new(array.clone()),
            Value::Same(array) => Box::new(Scalar::new(array.clone())),
        }
    }

    /// What a function of each value gives.
    fn map<E>(&self, function: impl FnOnce(&ArrayRef) -> Result<ArrayRef, E>) -> Result<Value, E> {
        Ok(match self {
            Value::Rows(array) => Value::Rows(function(array)?),
            Value::Same(array) => Value::Same(function(array)?),
        })
    }

    /// Whether both are one value for all rows.
    fn same_as(&self, other: &Value) -> bool {
        matches!((self, other), (Value::Same(_), Value::Same(_)))
    }

    fn of(array: ArrayRef, same: bool) -> Value {
        if same { Value::Same(array) } else { Value::Rows(array) }
    }

    /// A value for each of so many rows.
    pub fn into_rows(self, rows: usize) -> Result<ArrayRef, RunError> {
        match self {
            Value::Rows(array) => Ok(array),
            Value::Same(array) => {
                let first = arrow::array::UInt32Array::from(vec![0; rows]);
                Ok(arrow::compute::take(&array, &first, None)?)
            }
        }
    }
}

/// Evaluates expressions over one batch.
pub(super) struct Evaluator<'a> {
    pub batch: &'a Batch,
    pub key: &'a PseudonymKey,
    pub rejects: &'a mut Rejects,
}

/// The rows whose answer will be looked at; `None` is all of them.
type Active<'a> = Option<&'a BooleanArray>;

impl Evaluator<'_> {
    /// A value for each row.
    pub fn column(&mut self, expr: &Expr) -> Result<ArrayRef, RunError> {
        let rows = self.batch.rows();
        self.value(expr, None)?.into_rows(rows)
    }

    /// Where a condition holds; a missing answer does not.
    pub fn condition(&mut self, expr: &Expr) -> Result<BooleanArray, RunError> {
        Ok(holds(&booleans(&self.column(expr)?)))
    }

    fn value(&mut self, expr: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        match &expr.kind {
            ExprKind::Literal(literal) => self.literal(expr, literal),
            ExprKind::Column(name) => Ok(Value::Rows(self.batch.column(name)?.clone())),
            ExprKind::Call { function, arguments } => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push((&argument.ty.kind, self.value(argument, active)?));
                }
                functions::call(function, &values, self.key)
            }
            ExprKind::Not(value) => self.value(value, active)?.map(|array| boolean(not(&booleans(array)))),
            ExprKind::Negate(value) => self.negate(expr, value, active),
            ExprKind::Logic { op, left, right } => self.logic(*op, left, right, active),
            ExprKind::Compare { op, left, right } => {
                let (left, right) = (self.value(left, active)?, self.value(right, active)?);
                compare(*op, &left, &right)
            }
            ExprKind::Arithmetic { op, left, right } => self.arithmetic(expr, *op, left, right, active),
            ExprKind::IsNull { value, negated } => {
                let test = if *negated { is_not_null } else { is_null };
                self.value(value, active)?.map(|array| boolean(test(array)))
            }
            ExprKind::In { value, list, negated } => self.is_in(value, list, *negated, active),
            ExprKind::If {
                condition,
                then,
                otherwise,
            } => self.branch(expr, condition, then, otherwise, active),
            ExprKind::Coalesce { value, default } => self.coalesce(expr, value, default, active),
            ExprKind::Reject(reason) => {
                self.reject(reason, active, |_| true);
                Ok(Value::Same(new_null_array(&DataType::Null, 1)))
            }
            ExprKind::Cast(value) => self.cast(expr, value, active),
            _ => crate::plan::refused(),
        }
    }

    fn literal(&self, expr: &Expr, literal: &Literal) -> Result<Value, RunError> {
        array_of(&expr.ty.kind, &[literal]).map(Value::Same)
    }

    /// Turns away the active rows for which this holds.
    fn reject(&mut self, reason: &str, active: Active<'_>, wrong: impl Fn(usize) -> bool) {
        let reason = Arc::from(reason);
        for row in 0..self.batch.rows() {
            if active.is_none_or(|active| active.value(row)) && wrong(row) {
                self.rejects.add(row, &reason);
            }
        }
    }

    fn logic(&mut self, op: LogicOp, left: &Expr, right: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let rows = self.batch.rows();
        let (left, right) = (self.value(left, active)?, self.value(right, active)?);
        let same = left.same_as(&right);
        let length = if same { 1 } else { rows };
        let (left, right) = (left.into_rows(length)?, right.into_rows(length)?);
        let kernel = match op {
            LogicOp::And => and_kleene,
            LogicOp::Or => or_kleene,
        };
        let array = boolean(kernel(&booleans(&left), &booleans(&right)))?;
        Ok(Value::of(array, same))
    }

    fn is_in(&mut self, value: &Expr, list: &[Literal], negated: bool, active: Active<'_>) -> Result<Value, RunError> {
        let kind = &value.ty.kind;
        let value = self.value(value, active)?;
        let mut found = None;
        for literal in list {
            let literal = Value::Same(array_of(kind, &[literal])?);
            let equal = compare(CompareOp::Equal, &value, &literal)?;
            found = Some(match found {
                None => equal,
                Some(Value::Rows(found) | Value::Same(found)) => {
                    equal.map(|equal| boolean(or_kleene(&booleans(&found), &booleans(equal))))?
                }
            });
        }
        // An empty list holds nothing, but a missing value stays missing.
        let found = match found {
            Some(found) => found,
            None => compare(CompareOp::NotEqual, &value, &value)?,
        };
        if negated {
            return found.map(|array| boolean(not(&booleans(array))));
        }
        Ok(found)
    }

    fn branch(
        &mut self,
        expr: &Expr,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        active: Active<'_>,
    ) -> Result<Value, RunError> {
        let rows = self.batch.rows();
        let condition = self.value(condition, active)?.into_rows(rows)?;
        let taken = holds(&booleans(&condition));
        let there = narrowed(active, &taken)?;
        let elsewhere = narrowed(active, &not(&taken)?)?;
        let then = self.value(then, Some(&there))?;
        let otherwise = self.value(otherwise, Some(&elsewhere))?;
        choose(&taken, &then, &otherwise, &expr.ty.kind)
    }

    fn coalesce(&mut self, expr: &Expr, value: &Expr, default: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let rows = self.batch.rows();
        let value = self.value(value, active)?.into_rows(rows)?;
        if value.logical_null_count() == 0 {
            return Ok(Value::Rows(value));
        }
        let missing = narrowed(active, &is_null(&value)?)?;
        let default = self.value(default, Some(&missing))?;
        choose(&is_not_null(&value)?, &Value::Rows(value), &default, &expr.ty.kind)
    }
}

fn compare(op: CompareOp, left: &Value, right: &Value) -> Result<Value, RunError> {
    let kernel = match op {
        CompareOp::Equal => cmp::eq,
        CompareOp::NotEqual => cmp::neq,
        CompareOp::Less => cmp::lt,
        CompareOp::LessEqual => cmp::lt_eq,
        CompareOp::Greater => cmp::gt,
        CompareOp::GreaterEqual => cmp::gt_eq,
    };
    // Comparing with a bare `null` is always missing.
    if [left, right]
        .iter()
        .any(|side| side.array().data_type() == &DataType::Null)
    {
        return Ok(Value::Same(new_null_array(&DataType::Boolean, 1)));
    }
    let array = Arc::new(kernel(&*left.datum(), &*right.datum())?);
    Ok(Value::of(array, left.same_as(right)))
}

/// `yes` where the mask is true, else `no`; what has no type of its own (`null`, `reject`) takes the answer's.
fn choose(mask: &BooleanArray, yes: &Value, no: &Value, kind: &TypeKind) -> Result<Value, RunError> {
    let wanted = data_type(kind)?;
    if wanted == DataType::Null {
        return Ok(Value::Same(new_null_array(&wanted, 1)));
    }
    let typed = |value: &Value| {
        value.map(|array| -> Result<ArrayRef, RunError> {
            Ok(match array.data_type() {
                DataType::Null => new_null_array(&wanted, array.len()),
                _ => array.clone(),
            })
        })
    };
    let (yes, no) = (typed(yes)?, typed(no)?);
    Ok(Value::Rows(zip(mask, &*yes.datum(), &*no.datum())?))
}

/// True where it is true: missing is false.
fn holds(condition: &BooleanArray) -> BooleanArray {
    match condition.nulls() {
        Some(nulls) => BooleanArray::new(condition.values() & nulls.inner(), None),
        None => condition.clone(),
    }
}

fn narrowed(active: Active<'_>, mask: &BooleanArray) -> Result<BooleanArray, RunError> {
    Ok(match active {
        Some(active) => and(active, mask)?,
        None => mask.clone(),
    })
}

/// An array as truth values; a bare `null` is missing everywhere.
fn booleans(array: &ArrayRef) -> BooleanArray {
    match array.as_boolean_opt() {
        Some(array) => array.clone(),
        None => BooleanArray::new_null(array.len()),
    }
}

fn boolean(array: Result<BooleanArray, arrow::error::ArrowError>) -> Result<ArrayRef, RunError> {
    Ok(Arc::new(array?))
}

#[cfg(test)]
mod tests;
