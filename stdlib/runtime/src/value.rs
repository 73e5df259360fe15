//! Values whose types are known only when they run: of constants in the compiler, and of rows in the embedded engine.
//!
//! Equality is that of `is`, order is that of `sort`: missing values last, floats in one total order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::types::{Date, Timestamp, Uuid, decimal};

/// A value, or none.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing is there.
    Missing,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `decimal`: the number times ten to the scale, and the scale.
    Decimal(i128, u8),
    /// `string`, or an enum's variant.
    Text(String),
    /// `bytes`
    Bytes(Vec<u8>),
    /// `date`
    Date(Date),
    /// `timestamp`
    Timestamp(Timestamp),
    /// `duration`, microseconds
    Duration(i64),
    /// `uuid`
    Uuid(Uuid),
    /// `json`, as its canonical text.
    Json(String),
    /// `list<T>`
    List(Vec<Value>),
    /// `map<string, T>`
    Map(BTreeMap<String, Value>),
    /// `struct { … }`, in the order of its fields.
    Struct(Vec<(String, Value)>),
}

/// Why a row is turned away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reject {
    /// A result does not fit its type; whoever knows the expression's text names it.
    Overflow,
    /// What its author wrote behind `reject`.
    Because(String),
}

impl Value {
    /// Whether nothing is there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    /// The canonical text of what has one: not of floats, lists, maps, structs, bytes and json.
    pub fn canonical(&self) -> Option<String> {
        Some(match self {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Decimal(value, scale) => decimal::Text(*value, *scale).to_string(),
            Value::Text(text) => text.clone(),
            Value::Date(date) => date.to_string(),
            Value::Timestamp(at) => at.to_string(),
            Value::Uuid(id) => id.to_string(),
            _ => return None,
        })
    }

    fn rank(&self) -> u8 {
        match self {
            Value::Bool(_) => 0,
            Value::Int(_) | Value::Decimal(..) | Value::Float(_) => 1,
            Value::Text(_) => 2,
            Value::Bytes(_) => 3,
            Value::Date(_) => 4,
            Value::Timestamp(_) => 5,
            Value::Duration(_) => 6,
            Value::Uuid(_) => 7,
            Value::Json(_) => 8,
            Value::List(_) => 9,
            Value::Map(_) => 10,
            Value::Struct(_) => 11,
            Value::Missing => 12,
        }
    }
}

/// A float as engines keep it: zero has no sign, and there is one NaN.
pub fn normal(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value + 0.0 }
}

/// The one order of floats: `-0.0` is `0.0`, NaN is NaN and above all.
pub fn float_order(left: f64, right: f64) -> Ordering {
    match (left.is_nan(), right.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => left.partial_cmp(&right).unwrap_or(Ordering::Equal),
    }
}

/// Decimals of any scales; numbers that do not fit one scale are told apart by their whole digits.
fn decimal_order((left, left_scale): (i128, u8), (right, right_scale): (i128, u8)) -> Ordering {
    let scale = left_scale.max(right_scale);
    let raised = |value: i128, from: u8| value.checked_mul(10_i128.checked_pow(u32::from(scale - from))?);
    match (raised(left, left_scale), raised(right, right_scale)) {
        (Some(left), Some(right)) => left.cmp(&right),
        // Only the number that was raised can be too large.
        (None, _) => left.cmp(&0).then(Ordering::Greater),
        (_, None) => 0.cmp(&right).then(Ordering::Less),
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        use Value::{Bool, Bytes, Date, Decimal, Duration, Float, Int, Json, List, Map, Struct, Text, Timestamp, Uuid};
        match (self, other) {
            (Bool(left), Bool(right)) => left.cmp(right),
            (Int(left), Int(right)) | (Duration(left), Duration(right)) => left.cmp(right),
            (Float(left), Float(right)) => float_order(*left, *right),
            (Decimal(left, a), Decimal(right, b)) => decimal_order((*left, *a), (*right, *b)),
            (Int(left), Decimal(right, b)) => decimal_order((i128::from(*left), 0), (*right, *b)),
            (Decimal(left, a), Int(right)) => decimal_order((*left, *a), (i128::from(*right), 0)),
            (Text(left), Text(right)) | (Json(left), Json(right)) => left.cmp(right),
            (Bytes(left), Bytes(right)) => left.cmp(right),
            (Date(left), Date(right)) => left.cmp(right),
            (Timestamp(left), Timestamp(right)) => left.cmp(right),
            (Uuid(left), Uuid(right)) => left.cmp(right),
            (List(left), List(right)) => left.cmp(right),
            (Map(left), Map(right)) => left.cmp(right),
            (Struct(left), Struct(right)) => left
                .iter()
                .map(|field| &field.1)
                .cmp(right.iter().map(|field| &field.1)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value {}

macro_rules! from {
    ($($type:ty => $variant:ident),*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Value {
                Value::$variant(value.into())
            }
        }
    )*};
}

from!(bool => Bool, i64 => Int, f64 => Float, String => Text, &str => Text, Date => Date, Timestamp => Timestamp,
    Uuid => Uuid, BTreeMap<String, Value> => Map);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Missing, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_last_and_equal() {
        assert!(Value::Missing > Value::Int(i64::MAX));
        assert_eq!(Value::Missing, Value::Missing);
        assert_eq!(Value::List(vec![Value::Missing]), Value::List(vec![Value::Missing]));
    }

    #[test]
    fn floats_have_one_order() {
        assert_eq!(Value::Float(-0.0), Value::Float(0.0));
        assert_eq!(Value::Float(f64::NAN), Value::Float(-f64::NAN));
        assert!(Value::Float(f64::NAN) > Value::Float(f64::INFINITY));
    }

    #[test]
    fn decimals_compare_whatever_their_scale() {
        assert_eq!(Value::Decimal(150, 2), Value::Decimal(15, 1));
        assert!(Value::Decimal(i128::MAX, 0) > Value::Decimal(1, 38));
        assert!(Value::Decimal(i128::MIN, 0) < Value::Decimal(1, 38));
        assert!(Value::Decimal(1, 38) < Value::Decimal(i128::MAX, 0));
        assert!(Value::Int(2) > Value::Decimal(199, 2));
    }
}
