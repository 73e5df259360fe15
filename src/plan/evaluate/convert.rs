//! Literals of the plan as values of the runtime, and back.

use pipec_runtime::types::{Date, Timestamp, Uuid, decimal};
use pipec_runtime::value::Value;

use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;

/// A literal as a value.
pub fn value(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Missing,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Int(value) => Value::Int(*value),
        Literal::Float(value) => Value::Float(*value),
        Literal::Decimal { unscaled, scale } => Value::Decimal(*unscaled, *scale),
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Date(day) => Value::Date(Date(*day)),
        Literal::Timestamp(micros) => Value::Timestamp(Timestamp(*micros)),
        Literal::Uuid(text) => Uuid::parse(text).into(),
        Literal::Duration(micros) => Value::Duration(*micros),
        Literal::Bytes(bytes) => Value::Bytes(bytes.clone()),
        Literal::Json(text) => Value::Json(text.clone()),
        Literal::List(items) => Value::List(items.iter().map(value).collect()),
        Literal::Map(entries) => Value::Map(entries.iter().map(|(key, item)| (key.clone(), value(item))).collect()),
        Literal::Struct(fields) => Value::Struct(
            fields
                .iter()
                .map(|(name, field)| (name.clone(), value(field)))
                .collect(),
        ),
    }
}

/// A value as a literal.
pub fn literal(value: &Value) -> Literal {
    match value {
        Value::Missing => Literal::Null,
        Value::Bool(value) => Literal::Bool(*value),
        Value::Int(value) => Literal::Int(*value),
        Value::Float(value) => Literal::Float(*value),
        Value::Decimal(unscaled, scale) => Literal::Decimal {
            unscaled: *unscaled,
            scale: *scale,
        },
        Value::Text(text) => Literal::Text(text.clone()),
        Value::Bytes(bytes) => Literal::Bytes(bytes.clone()),
        Value::Date(day) => Literal::Date(day.0),
        Value::Timestamp(at) => Literal::Timestamp(at.0),
        Value::Duration(micros) => Literal::Duration(*micros),
        Value::Uuid(id) => Literal::Uuid(id.to_string()),
        Value::Json(text) => Literal::Json(text.clone()),
        Value::List(items) => Literal::List(items.iter().map(literal).collect()),
        Value::Map(entries) => Literal::Map(entries.iter().map(|(key, item)| (key.clone(), literal(item))).collect()),
        Value::Struct(fields) => Literal::Struct(
            fields
                .iter()
                .map(|(name, field)| (name.clone(), literal(field)))
                .collect(),
        ),
    }
}

/// A value as one of another type; `None` where it does not fit.
pub fn cast(value: Value, kind: &TypeKind) -> Option<Value> {
    Some(match (value, kind) {
        (Value::Int(value), TypeKind::Float) => Value::Float(value as f64),
        (Value::Int(value), TypeKind::Decimal { precision, scale }) => {
            Value::Decimal(decimal::cast(i128::from(value), 0, *precision, *scale)?, *scale)
        }
        (Value::Decimal(value, from), TypeKind::Decimal { precision, scale }) => {
            Value::Decimal(decimal::cast(value, from, *precision, *scale)?, *scale)
        }
        (Value::List(items), TypeKind::List(item)) => {
            let items = items.into_iter().map(|value| cast(value, &item.kind));
            Value::List(items.collect::<Option<_>>()?)
        }
        (Value::Map(entries), TypeKind::Map(item)) => {
            let entries = entries
                .into_iter()
                .map(|(key, value)| Some((key, cast(value, &item.kind)?)));
            Value::Map(entries.collect::<Option<_>>()?)
        }
        (Value::Struct(fields), TypeKind::Struct(columns)) if fields.len() == columns.len() => {
            let fields = fields.into_iter().zip(columns);
            let fields = fields.map(|((name, value), column)| Some((name, cast(value, &column.ty.kind)?)));
            Value::Struct(fields.collect::<Option<_>>()?)
        }
        (value, _) => value,
    })
}
