//! The plan's types as arrow's, and their values: literals, values of the runtime, and texts.
//!
//! A `uuid` is its text, an enum its variant's name, a `json` its canonical text, a `duration` its microseconds. No float
//! array ever holds `-0.0` or more than one NaN: they are equal in the language, and arrow's order would tell them apart.

mod arrays;
mod cells;
mod text;

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

use super::error::RunError;
use crate::plan::evaluate;
use crate::plan::expr::Literal;
use crate::plan::types::{Type, TypeKind, object_fields};

pub(super) use arrays::array;
pub(super) use cells::value_at;
pub use text::canonical;
pub(super) use text::row_as_json;

/// The arrow type of a plan's type.
pub(super) fn data_type(kind: &TypeKind) -> Result<DataType, RunError> {
    let field = |name: &str, ty: &Type| Ok::<_, RunError>(Arc::new(Field::new(name, data_type(&ty.kind)?, true)));
    Ok(match kind {
        TypeKind::Bool => DataType::Boolean,
        TypeKind::Int | TypeKind::Duration => DataType::Int64,
        TypeKind::Float => DataType::Float64,
        TypeKind::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
        TypeKind::Text | TypeKind::Uuid | TypeKind::Enum { .. } | TypeKind::Json => DataType::Utf8,
        TypeKind::Bytes => DataType::Binary,
        TypeKind::Date => DataType::Date32,
        TypeKind::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        TypeKind::List(item) => DataType::List(field("item", item)?),
        TypeKind::Map(value) => {
            let key = Arc::new(Field::new("key", DataType::Utf8, false));
            let entry = DataType::Struct(Fields::from(vec![key, field("value", value)?]));
            DataType::Map(Arc::new(Field::new("entries", entry, false)), false)
        }
        TypeKind::Struct(columns) => {
            let fields = columns.iter().map(|column| field(&column.name, &column.ty));
            DataType::Struct(fields.collect::<Result<_, _>>()?)
        }
        TypeKind::Object => data_type(&TypeKind::Struct(object_fields()))?,
        TypeKind::Null | TypeKind::Never | TypeKind::Error => DataType::Null,
    })
}

/// An array of literals that have this type, or one that goes with it.
pub(super) fn array_of(kind: &TypeKind, literals: &[&Literal]) -> Result<ArrayRef, RunError> {
    let mut values = Vec::with_capacity(literals.len());
    for literal in literals {
        let fitted = evaluate::cast(evaluate::value(literal), kind);
        values.push(fitted.ok_or_else(|| RunError::unsupported(format!("a literal that does not fit `{kind}`")))?);
    }
    array(kind, &values.iter().collect::<Vec<_>>())
}

/// One value of an array that has this type.
pub(super) fn literal_at(array: &ArrayRef, row: usize, kind: &TypeKind) -> Literal {
    evaluate::literal(&value_at(array, row, kind))
}

#[cfg(test)]
mod tests;
