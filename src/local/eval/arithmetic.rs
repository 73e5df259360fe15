//! `+ - * / %`, unary `-` and casts of numbers over whole arrays, each checked: a result that does not fit its type turns
//! the row away.

use std::sync::Arc;

use arrow::array::new_null_array;
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Decimal128Array, Float64Array, Int64Array, PrimitiveArray,
};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use pipec_runtime::reject;
use pipec_runtime::types::decimal;
use pipec_runtime::value::normal;

use super::{Active, Evaluator, Value};
use crate::local::error::RunError;
use crate::local::value::data_type;
use crate::plan::expr::{ArithmeticOp, Expr};
use crate::plan::types::TypeKind;

impl Evaluator<'_> {
    /// Numbers; `None` where only rows know how.
    pub(super) fn arithmetic(
        &mut self,
        expr: &Expr,
        op: ArithmeticOp,
        left: &Expr,
        right: &Expr,
        active: Active<'_>,
    ) -> Result<Option<Value>, RunError> {
        use TypeKind::{Decimal, Float, Int};
        match (&expr.ty.kind, &left.ty.kind, &right.ty.kind) {
            (Int | Float, Int, Int)
            | (Float, Float, Float)
            | (Decimal { .. }, Int | Decimal { .. }, Int | Decimal { .. }) => {}
            _ => return Ok(None),
        }
        let (a, b) = (self.value(left, active)?, self.value(right, active)?);
        if let Some(missing) = missing(expr, &[&a, &b])? {
            return Ok(Some(missing));
        }
        let same = a.same_as(&b);
        let array: ArrayRef = match (&expr.ty.kind, &left.ty.kind) {
            (Int, _) => Arc::new(Int64Array::from(self.each::<Int64Type, Int64Type>(
                expr,
                &a,
                &b,
                active,
                ints(op),
            ))),
            (Float, Int) => {
                let quotient = |x: i64, y: i64| Some((y != 0).then(|| normal(x as f64 / y as f64)));
                Arc::new(Float64Array::from(
                    self.each::<Int64Type, Float64Type>(expr, &a, &b, active, quotient),
                ))
            }
            (Float, _) => Arc::new(Float64Array::from(self.each::<Float64Type, Float64Type>(
                expr,
                &a,
                &b,
                active,
                floats(op),
            ))),
            (Decimal { precision: p, scale: s }, _) => {
                let (left, right) = (scale_of(&left.ty.kind)?, scale_of(&right.ty.kind)?);
                let (wide_a, wide_b) = (a.map(digits)?, b.map(digits)?);
                let operation = |x: i128, y: i128| decimals(op, (x, left), (y, right), (*p, *s));
                let values = self.each::<Decimal128Type, Decimal128Type>(expr, &wide_a, &wide_b, active, operation);
                decimal_array(values, *p, *s)?
            }
            _ => return Ok(None),
        };
        Ok(Some(Value::of(array, same)))
    }

    /// Numbers; `None` where only rows know how.
    pub(super) fn negate(&mut self, expr: &Expr, value: &Expr, active: Active<'_>) -> Result<Option<Value>, RunError> {
        if !matches!(expr.ty.kind, TypeKind::Int | TypeKind::Float | TypeKind::Decimal { .. }) {
            return Ok(None);
        }
        let value = self.value(value, active)?;
        if let Some(missing) = missing(expr, &[&value])? {
            return Ok(Some(missing));
        }
        let negated = match &expr.ty.kind {
            TypeKind::Float => value.map(|array| {
                let negated: Float64Array = array.as_primitive::<Float64Type>().unary(|x| normal(-x));
                Ok::<_, RunError>(Arc::new(negated) as ArrayRef)
            })?,
            TypeKind::Decimal { precision, scale } => value.map(|array| {
                let negated: Decimal128Array = array.as_primitive::<Decimal128Type>().unary(|x: i128| x.wrapping_neg());
                let negated = negated.with_precision_and_scale(*precision, *scale as i8)?;
                Ok::<_, RunError>(Arc::new(negated) as ArrayRef)
            })?,
            _ => {
                let zero = Value::Same(Arc::new(Int64Array::from(vec![0])));
                let values =
                    self.each::<Int64Type, Int64Type>(expr, &zero, &value, active, ints(ArithmeticOp::Subtract));
                let same = matches!(value, Value::Same(_));
                Value::of(Arc::new(Int64Array::from(values)), same)
            }
        };
        Ok(Some(negated))
    }

    /// Numbers, and what is the same in arrow; `None` where only rows know how.
    pub(super) fn cast(&mut self, expr: &Expr, from: &Expr, active: Active<'_>) -> Result<Option<Value>, RunError> {
        let own = data_type(&from.ty.kind)?;
        let plain = own == data_type(&expr.ty.kind)? || own == DataType::Null;
        match (&expr.ty.kind, &from.ty.kind) {
            _ if plain => {}
            (TypeKind::Decimal { .. }, TypeKind::Int | TypeKind::Decimal { .. }) | (TypeKind::Float, TypeKind::Int) => {
            }
            _ => return Ok(None),
        }
        let value = self.value(from, active)?;
        if let Some(missing) = missing(expr, &[&value])? {
            return Ok(Some(missing));
        }
        match &expr.ty.kind {
            _ if plain => Ok(Some(value)),
            TypeKind::Decimal { precision, scale } => {
                let from = scale_of(&from.ty.kind)?;
                let wide = value.map(digits)?;
                let operation = |x: i128, _| decimal::cast(x, from, *precision, *scale).map(Some);
                let values = self.each::<Decimal128Type, Decimal128Type>(expr, &wide, &wide, active, operation);
                let same = matches!(value, Value::Same(_));
                Ok(Some(Value::of(decimal_array(values, *precision, *scale)?, same)))
            }
            _ => {
                let floats = value.map(|array| {
                    let floats: Float64Array = array.as_primitive::<Int64Type>().unary(|x| x as f64);
                    Ok::<_, RunError>(Arc::new(floats) as ArrayRef)
                })?;
                Ok(Some(floats))
            }
        }
    }

    /// The operation's answer for each row; where both sides are there and it has none, the row is turned away.
    fn each<F: ArrowPrimitiveType, T: ArrowPrimitiveType>(
        &mut self,
        expr: &Expr,
        left: &Value,
        right: &Value,
        active: Active<'_>,
        operation: impl Fn(F::Native, F::Native) -> Option<Option<T::Native>>,
    ) -> Vec<Option<T::Native>> {
        let (a, b) = (side::<F>(left), side::<F>(right));
        let rows = if left.same_as(right) { 1 } else { self.batch.rows() };
        let mut overflowed = Vec::new();
        let mut values = Vec::with_capacity(rows);
        for row in 0..rows {
            let value = match (a(row), b(row)) {
                (Some(x), Some(y)) => operation(x, y).unwrap_or_else(|| {
                    overflowed.push(row);
                    None
                }),
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

/// An answer: nothing where it does not fit, and inside of it nothing where it is missing.
type Outcome<T> = Option<Option<T>>;

fn ints(op: ArithmeticOp) -> impl Fn(i64, i64) -> Outcome<i64> {
    move |x, y| match op {
        ArithmeticOp::Add => x.checked_add(y).map(Some),
        ArithmeticOp::Subtract => x.checked_sub(y).map(Some),
        ArithmeticOp::Multiply => x.checked_mul(y).map(Some),
        // Of two whole numbers a float, or a duration: neither comes here.
        ArithmeticOp::Divide => None,
        ArithmeticOp::Remainder => Some((y != 0).then(|| x.wrapping_rem(y))),
    }
}

fn floats(op: ArithmeticOp) -> impl Fn(f64, f64) -> Outcome<f64> {
    move |x, y| {
        let answer = match op {
            ArithmeticOp::Add => x + y,
            ArithmeticOp::Subtract => x - y,
            ArithmeticOp::Multiply => x * y,
            ArithmeticOp::Divide | ArithmeticOp::Remainder if y == 0.0 => return Some(None),
            ArithmeticOp::Divide => x / y,
            ArithmeticOp::Remainder => x % y,
        };
        let overflow = answer.is_infinite() && x.is_finite() && y.is_finite();
        (!overflow).then(|| Some(normal(answer)))
    }
}

fn decimals(op: ArithmeticOp, left: (i128, u8), right: (i128, u8), (p, s): (u8, u8)) -> Outcome<i128> {
    match op {
        ArithmeticOp::Add => decimal::add(left, right, p, s).map(Some),
        ArithmeticOp::Subtract => decimal::add(left, (-right.0, right.1), p, s).map(Some),
        ArithmeticOp::Multiply => decimal::multiply(left, right, p, s).map(Some),
        ArithmeticOp::Divide | ArithmeticOp::Remainder if right.0 == 0 => Some(None),
        ArithmeticOp::Divide => decimal::divide(left, right, p, s).map(Some),
        ArithmeticOp::Remainder => decimal::remainder(left, right, p, s).map(Some),
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

fn decimal_array(values: Vec<Option<i128>>, precision: u8, scale: u8) -> Result<ArrayRef, RunError> {
    Ok(Arc::new(
        Decimal128Array::from(values).with_precision_and_scale(precision, scale as i8)?,
    ))
}
