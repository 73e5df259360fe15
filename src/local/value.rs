//! The plan's types and literals as arrow's, and back.
//!
//! A `uuid` is its text, an enum its variant's name. No float array ever holds `-0.0`: it equals `0.0` in the
//! language, and arrow's order would tell them apart.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use pipec_runtime::types::decimal;
use pipec_runtime::{Canonical, Date, Timestamp};

use super::error::RunError;
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;

/// The arrow type of a plan's type.
pub(super) fn data_type(kind: &TypeKind) -> Result<DataType, RunError> {
    Ok(match kind {
        TypeKind::Bool => DataType::Boolean,
        TypeKind::Int => DataType::Int64,
        TypeKind::Float => DataType::Float64,
        TypeKind::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
        TypeKind::Text | TypeKind::Uuid | TypeKind::Enum { .. } => DataType::Utf8,
        TypeKind::Date => DataType::Date32,
        TypeKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        TypeKind::Null | TypeKind::Never => DataType::Null,
        other => return Err(RunError::unsupported(format!("values of type `{other}`"))),
    })
}

/// An array of literals that have this type.
pub(super) fn array_of(kind: &TypeKind, literals: &[&Literal]) -> Result<ArrayRef, RunError> {
    let wrong = |literal: &Literal| RunError::unsupported(format!("`{literal:?}` as `{kind}`"));
    macro_rules! collect {
        ($array:ty, $($pattern:pat => $value:expr),+) => {{
            let values: Result<Vec<Option<_>>, RunError> = literals.iter().map(|literal| match literal {
                Literal::Null => Ok(None),
                $($pattern => Ok(Some($value)),)+
                other => Err(wrong(other)),
            }).collect();
            <$array>::from_iter(values?)
        }};
    }
    Ok(match kind {
        TypeKind::Bool => Arc::new(collect!(BooleanArray, Literal::Bool(value) => *value)),
        TypeKind::Int => Arc::new(collect!(Int64Array, Literal::Int(value) => *value)),
        TypeKind::Float => Arc::new(collect!(Float64Array, Literal::Float(value) => *value + 0.0)),
        TypeKind::Decimal { precision, scale } => {
            let fitted = |unscaled: i128, from: u8| {
                let value = decimal::cast(unscaled, from, *precision, *scale);
                value.ok_or_else(|| RunError::unsupported(format!("a literal that does not fit `{kind}`")))
            };
            let array = collect!(Decimal128Array,
                Literal::Decimal { unscaled, scale } => fitted(*unscaled, *scale)?,
                Literal::Int(value) => fitted(i128::from(*value), 0)?);
            Arc::new(array.with_precision_and_scale(*precision, *scale as i8)?)
        }
        TypeKind::Text | TypeKind::Uuid | TypeKind::Enum { .. } => {
            Arc::new(collect!(StringArray, Literal::Text(text) | Literal::Uuid(text) => text.as_str()))
        }
        TypeKind::Date => Arc::new(collect!(Date32Array, Literal::Date(days) => *days)),
        TypeKind::Timestamp => {
            Arc::new(collect!(TimestampMicrosecondArray, Literal::Timestamp(micros) => *micros).with_timezone("UTC"))
        }
        other => new_null_array(&data_type(other)?, literals.len()),
    })
}

/// One value of an array that has this type.
pub(super) fn literal_at(array: &dyn Array, row: usize, kind: &TypeKind) -> Literal {
    if array.is_null(row) {
        return Literal::Null;
    }
    match (kind, array.data_type()) {
        (TypeKind::Uuid, DataType::Utf8) => Literal::Uuid(array.as_string::<i32>().value(row).to_owned()),
        (_, DataType::Utf8) => Literal::Text(array.as_string::<i32>().value(row).to_owned()),
        (_, DataType::Boolean) => Literal::Bool(array.as_boolean().value(row)),
        (_, DataType::Int64) => Literal::Int(array.as_primitive::<Int64Type>().value(row)),
        (_, DataType::Float64) => Literal::Float(array.as_primitive::<Float64Type>().value(row)),
        (_, DataType::Decimal128(_, scale)) => Literal::Decimal {
            unscaled: array.as_primitive::<Decimal128Type>().value(row),
            scale: *scale as u8,
        },
        (_, DataType::Date32) => Literal::Date(array.as_primitive::<Date32Type>().value(row)),
        (_, DataType::Timestamp(TimeUnit::Microsecond, _)) => {
            Literal::Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        _ => Literal::Null,
    }
}

/// A literal's canonical text; nothing for a missing value.
pub fn canonical(literal: &Literal) -> Option<String> {
    Some(match literal {
        Literal::Null => return None,
        Literal::Bool(value) => value.canonical(),
        Literal::Int(value) => value.canonical(),
        Literal::Float(value) => format!("{value:?}"),
        Literal::Decimal { unscaled, scale } => decimal::Text(*unscaled, *scale).to_string(),
        Literal::Text(text) | Literal::Uuid(text) => text.clone(),
        Literal::Date(days) => Date(*days).canonical(),
        Literal::Timestamp(micros) => Timestamp(*micros).canonical(),
        _ => crate::plan::refused(),
    })
}

/// A row as JSON, for the quarantine: each value's canonical text, numbers and booleans as such.
pub(super) fn row_as_json(columns: &[(String, ArrayRef)], row: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut record = pipec_runtime::encode::Row::new(&mut out);
    for (name, array) in columns {
        match literal_at(array, row, &TypeKind::Text) {
            Literal::Bool(value) => record.field(name, &value),
            Literal::Int(value) => record.field(name, &value),
            Literal::Float(value) => record.field(name, &value),
            other => record.field(name, &canonical(&other)),
        }
    }
    record.end();
    out.pop();
    out
}
