//! `+ - *`, unary `-` and widening casts, each checked: a result that does not fit its type turns the row away.

use std::sync::Arc;

use arrow::array::new_null_array;
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, Float64Array, Int64Array, PrimitiveArray,
};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use pipec_runtime::reject;
use pipec_runtime::types::decimal;

use super::{Active, Evaluator, Value};
use crate::local::error::RunError;
use crate::local::value::data_type;
use crate::plan::expr::{ArithmeticOp, Expr};
use crate::plan::types::TypeKind;

impl Evaluator<'_> {
    pub(super) fn arithmetic(
        &mut self,
        expr: &Expr,
        op: ArithmeticOp,
        left: &Expr,
        right: &Expr,
        active: Active<'_>,
    ) -> Result<Value, RunError> {
        let (a, b) = (self.value(left, active)?, self.value(right, active)?);
        if let Some(missing) = missing(expr, &[&a, &b])? {
            return Ok(missing);
        }
        match (&expr.ty.kind, &left.ty.kind, &right.ty.kind) {
            (TypeKind::Int, TypeKind::Int, TypeKind::Int) => {
                let operation = match op {
                    ArithmeticOp::Add => i64::checked_add,
                    ArithmeticOp::Subtract => i64::checked_sub,
                    ArithmeticOp::Multiply => i64::checked_mul,
                    _ => crate::plan::refused(),
                };
                let values = self.each::<Int64Type>(expr, &a, &b, active, operation);
                Ok(Value::of(Arc::new(Int64Array::from(values)), a.same_as(&b)))
            }
            (TypeKind::Decimal { precision: p, scale: s }, left, right) => {
                let (left, right) = (scale_of(left)?, scale_of(right)?);
                let (wide_a, wide_b) = (a.map(digits)?, b.map(digits)?);
                let operation = |x: i128, y: i128| match op {
                    ArithmeticOp::Add => decimal::add((x, left), (y, right), *p, *s),
                    ArithmeticOp::Subtract => decimal::add((x, left), (-y, right), *p, *s),
                    ArithmeticOp::Multiply => decimal::multiply((x, left), (y, right), *p, *s),
                    _ => crate::plan::refused(),
                };
                let values = self.each::<Decimal128Type>(expr, &wide_a, &wide_b, active, operation);
                Ok(Value::of(decimals(values, *p, *s)?, a.same_as(&b)))
            }
            (kind, ..) => Err(RunError::unsupported(format!("`{}` as `{kind}`", expr.text))),
        }
    }

    pub(super) fn negate(&mut self, expr: &Expr, value: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let value = self.value(value, active)?;
        if let Some(missing) = missing(expr, &[&value])? {
            return Ok(missing);
        }
        match &expr.ty.kind {
            TypeKind::Int => {
                let zero = Value::Same(Arc::new(Int64Array::from(vec![0])));
                let values = self.each::<Int64Type>(expr, &zero, &value, active, i64::checked_sub);
                let same = matches!(value, Value::Same(_));
                Ok(Value::of(Arc::new(Int64Array::from(values)), same))
            }
            TypeKind::Float => value.map(|array| {
                // Zero stays positive: see `value`.
                let negated: Float64Array = array.as_primitive::<Float64Type>().unary(|x| 0.0 - x);
                Ok(Arc::new(negated) as ArrayRef)
            }),
            TypeKind::Decimal { precision, scale } => value.map(|array| {
                let negated: Decimal128Array = array.as_primitive::<Decimal128Type>().unary(|x| -x);
                Ok(Arc::new(negated.with_precision_and_scale(*precision, *scale as i8)?) as ArrayRef)
            }),
            kind => Err(RunError::unsupported(format!("`{}` as `{kind}`", expr.text))),
        }
    }

    pub(super) fn cast(&mut self, expr: &Expr, from: &Expr, active: Active<'_>) -> Result<Value, RunError> {
        let value = self.value(from, active)?;
        if let Some(missing) = missing(expr, &[&value])? {
            return Ok(missing);
        }
        match (&expr.ty.kind, &from.ty.kind) {
            (to, from) if data_type(to)? == data_type(from)? => Ok(value),
            (TypeKind::Decimal { precision, scale }, from) => {
                let from = scale_of(from)?;
                let wide = value.map(digits)?;
                let operation = |x: i128, _| decimal::cast(x, from, *precision, *scale);
                let values = self.each::<Decimal128Type>(expr, &wide, &wide, active, operation);
                let same = matches!(value, Value::Same(_));
                Ok(Value::of(decimals(values, *precision, *scale)?, same))
            }
            (to, from) => Err(RunError::unsupported(format!("`{from}` as `{to}`"))),
        }
    }

    /// The operation's answer for each row; where there is none though both sides are there, the row is turned away.
    fn each<T: ArrowPrimitiveType>(
        &mut self,
        expr: &Expr,
        left: &Value,
        right: &Value,
        active: Active<'_>,
        operation: impl Fn(T::Native, T::Native) -> Option<T::Native>,
    ) -> Vec<Option<T::Native>> {
        let (a, b) = (side::<T>(left), side::<T>(right));
        let rows = if left.same_as(right) { 1 } else { self.batch.rows() };
        let mut overflowed = Vec::new();
        let mut values = Vec::with_capacity(rows);
        for row in 0..rows {
            let value = match (a(row), b(row)) {
                (Some(x), Some(y)) => {
                    let value = operation(x, y);
                    if value.is_none() {
                        overflowed.push(row);
                    }
                    value
                }
                _ => None,
            };
            values.push(value);
        }
        if !overflowed.is_empty() {
            let all = left.same_as(right);
            let reason = reject::overflow(&expr.text);
            self.reject(&reason, active, |row| all || overflowed.binary_search(&row).is_ok());
        }
        values
    }
}

/// The value of a row of one side.
fn side<T: ArrowPrimitiveType>(value: &Value) -> impl Fn(usize) -> Option<T::Native> {
    let array: PrimitiveArray<T> = value.array().as_primitive::<T>().clone();
    let same = matches!(value, Value::Same(_));
    move |row| {
        let row = if same { 0 } else { row };
        array.is_valid(row).then(|| array.value(row))
    }
}

/// A missing answer, where a side is a bare `null`.
fn missing(expr: &Expr, sides: &[&Value]) -> Result<Option<Value>, RunError> {
    if sides.iter().any(|side| side.array().data_type() == &DataType::Null) {
        return Ok(Some(Value::Same(new_null_array(&data_type(&expr.ty.kind)?, 1))));
    }
    Ok(None)
}

fn scale_of(kind: &TypeKind) -> Result<u8, RunError> {
    match kind {
        TypeKind::Int => Ok(0),
        TypeKind::Decimal { scale, .. } => Ok(*scale),
        other => Err(RunError::unsupported(format!("arithmetic with `{other}`"))),
    }
}

/// A decimal's digits without the point; an int's are its own.
fn digits(array: &ArrayRef) -> Result<ArrayRef, RunError> {
    match array.data_type() {
        DataType::Int64 => {
            let wide: Decimal128Array = array.as_primitive::<Int64Type>().unary(i128::from);
            Ok(Arc::new(wide))
        }
        _ => Ok(array.clone()),
    }
}

fn decimals(values: Vec<Option<i128>>, precision: u8, scale: u8) -> Result<ArrayRef, RunError> {
    Ok(Arc::new(
        Decimal128Array::from(values).with_precision_and_scale(precision, scale as i8)?,
    ))
}
