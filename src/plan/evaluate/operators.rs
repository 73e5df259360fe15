//! Operators on values, as "Semantics on every engine" says. `None` is an overflow.

use pipec_runtime::functions::arithmetic::part;
use pipec_runtime::types::{Date, Timestamp, decimal};
use pipec_runtime::value::Value::{self, Bool, Duration, Float, Int, List, Missing};
use pipec_runtime::value::normal;

use crate::plan::expr::{ArithmeticOp, CompareOp, LogicOp};
use crate::plan::types::TypeKind;

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Three-valued `not`.
pub fn not(value: Value) -> Value {
    match value {
        Bool(value) => Bool(!value),
        _ => Missing,
    }
}

/// Three-valued `and`, `or`.
pub fn logic(op: LogicOp, left: Value, right: Value) -> Value {
    let decides = Bool(op == LogicOp::Or);
    match (left, right) {
        (left, right) if left == decides || right == decides => decides,
        (Missing, _) | (_, Missing) => Missing,
        (left, _) => left,
    }
}

/// A comparison, missing if either side is.
pub fn compare(op: CompareOp, left: Value, right: Value) -> Value {
    if left.is_missing() || right.is_missing() {
        return Missing;
    }
    let order = left.cmp(&right);
    Bool(match op {
        CompareOp::Equal => order.is_eq(),
        CompareOp::NotEqual => order.is_ne(),
        CompareOp::Less => order.is_lt(),
        CompareOp::LessEqual => order.is_le(),
        CompareOp::Greater => order.is_gt(),
        CompareOp::GreaterEqual => order.is_ge(),
    })
}

/// Found, else missing if something is, else false.
pub fn contains(value: Value, list: Value, negated: bool) -> Value {
    match list {
        List(_) if value.is_missing() => Missing,
        List(items) if items.contains(&value) => Bool(!negated),
        List(items) if items.contains(&Missing) => Missing,
        List(_) => Bool(negated),
        _ => Missing,
    }
}

/// `-x`
pub fn negate(value: Value) -> Option<Value> {
    Some(match value {
        Int(value) => Int(value.checked_neg()?),
        Float(value) => float_of(-value),
        Value::Decimal(value, scale) => Value::Decimal(-value, scale),
        Duration(value) => Duration(value.checked_neg()?),
        _ => Missing,
    })
}

/// `+ - * / %`; `kind` is the answer's.
pub fn arithmetic(op: ArithmeticOp, left: Value, right: Value, kind: &TypeKind) -> Option<Value> {
    if left.is_missing() || right.is_missing() {
        return Some(Missing);
    }
    match (left, right) {
        (Int(left), Int(right)) => ints(op, left, right, kind),
        (left @ (Float(_) | Int(_)), right @ (Float(_) | Int(_))) => floats(op, float(&left), float(&right)),
        (left @ (Value::Decimal(..) | Int(_)), right @ (Value::Decimal(..) | Int(_))) => {
            decimals(op, scaled(&left)?, scaled(&right)?, kind)
        }
        (left, right) => times(op, left, right),
    }
}

fn ints(op: ArithmeticOp, left: i64, right: i64, kind: &TypeKind) -> Option<Value> {
    if let TypeKind::Decimal { .. } = kind {
        return decimals(op, (i128::from(left), 0), (i128::from(right), 0), kind);
    }
    Some(match op {
        ArithmeticOp::Add => Int(left.checked_add(right)?),
        ArithmeticOp::Subtract => Int(left.checked_sub(right)?),
        ArithmeticOp::Multiply => Int(left.checked_mul(right)?),
        ArithmeticOp::Divide if right == 0 => Missing,
        ArithmeticOp::Divide => float_of(left as f64 / right as f64),
        ArithmeticOp::Remainder if right == 0 => Missing,
        ArithmeticOp::Remainder => Int(left.wrapping_rem(right)),
    })
}

/// A float as the language has them: zero has no sign, and there is one NaN.
fn float_of(value: f64) -> Value {
    Float(normal(value))
}

fn float(value: &Value) -> f64 {
    match value {
        Float(value) => *value,
        Int(value) => *value as f64,
        _ => f64::NAN,
    }
}

fn floats(op: ArithmeticOp, left: f64, right: f64) -> Option<Value> {
    let answer = match op {
        ArithmeticOp::Add => left + right,
        ArithmeticOp::Subtract => left - right,
        ArithmeticOp::Multiply => left * right,
        ArithmeticOp::Divide | ArithmeticOp::Remainder if right == 0.0 => return Some(Missing),
        ArithmeticOp::Divide => left / right,
        ArithmeticOp::Remainder => left % right,
    };
    let finite = left.is_finite() && right.is_finite();
    match answer.is_infinite() && finite {
        true => None,
        false => Some(float_of(answer)),
    }
}

fn scaled(value: &Value) -> Option<(i128, u8)> {
    match value {
        Value::Decimal(value, scale) => Some((*value, *scale)),
        Int(value) => Some((i128::from(*value), 0)),
        _ => None,
    }
}

fn decimals(op: ArithmeticOp, left: (i128, u8), right: (i128, u8), kind: &TypeKind) -> Option<Value> {
    let TypeKind::Decimal { precision, scale } = *kind else {
        return None;
    };
    let answer = match op {
        ArithmeticOp::Add => decimal::add(left, right, precision, scale)?,
        ArithmeticOp::Subtract => decimal::add(left, (-right.0, right.1), precision, scale)?,
        ArithmeticOp::Multiply => decimal::multiply(left, right, precision, scale)?,
        ArithmeticOp::Divide | ArithmeticOp::Remainder if right.0 == 0 => return Some(Missing),
        ArithmeticOp::Divide => decimal::divide(left, right, precision, scale)?,
        ArithmeticOp::Remainder => decimal::remainder(left, right, precision, scale)?,
    };
    Some(Value::Decimal(answer, scale))
}

/// Dates, timestamps and durations.
fn times(op: ArithmeticOp, left: Value, right: Value) -> Option<Value> {
    let sign = |micros: i64| match op {
        ArithmeticOp::Subtract => micros.checked_neg(),
        _ => Some(micros),
    };
    Some(match (op, left, right) {
        (ArithmeticOp::Subtract, Value::Date(left), Value::Date(right)) => {
            Duration((i64::from(left.0) - i64::from(right.0)).checked_mul(MICROS_PER_DAY)?)
        }
        (ArithmeticOp::Subtract, Value::Timestamp(left), Value::Timestamp(right)) => {
            Duration(left.0.checked_sub(right.0)?)
        }
        (ArithmeticOp::Add | ArithmeticOp::Subtract, Value::Date(day), Duration(length)) => {
            let days = sign(length)?.div_euclid(MICROS_PER_DAY);
            let day = Date(i32::try_from(i64::from(day.0).checked_add(days)?).ok()?);
            let within = (Timestamp::FIRST.date()..=Timestamp::LAST.date()).contains(&day);
            within.then_some(Value::Date(day))?
        }
        (ArithmeticOp::Add | ArithmeticOp::Subtract, Value::Timestamp(at), Duration(length)) => {
            let at = Timestamp(at.0.checked_add(sign(length)?)?);
            let within = (Timestamp::FIRST..=Timestamp::LAST).contains(&at);
            within.then_some(Value::Timestamp(at))?
        }
        (ArithmeticOp::Add, Duration(length), day @ (Value::Date(_) | Value::Timestamp(_))) => {
            return times(op, day, Duration(length));
        }
        (ArithmeticOp::Add, Duration(left), Duration(right)) => Duration(left.checked_add(right)?),
        (ArithmeticOp::Subtract, Duration(left), Duration(right)) => Duration(left.checked_sub(right)?),
        (ArithmeticOp::Multiply, Duration(length), Int(times))
        | (ArithmeticOp::Multiply, Int(times), Duration(length)) => Duration(length.checked_mul(times)?),
        (ArithmeticOp::Divide, Duration(_), Duration(0)) => Missing,
        (ArithmeticOp::Divide, Duration(length), Int(parts)) => part(length, parts)?.map_or(Missing, Duration),
        (ArithmeticOp::Divide, Duration(left), Duration(right)) => float_of(left as f64 / right as f64),
        (ArithmeticOp::Remainder, Duration(_), Duration(0)) => Missing,
        (ArithmeticOp::Remainder, Duration(left), Duration(right)) => Duration(left.wrapping_rem(right)),
        _ => Missing,
    })
}
