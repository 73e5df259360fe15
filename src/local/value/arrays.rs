//! Values of the runtime as arrays.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;
use pipec_runtime::value::{Value, normal};

use super::data_type;
use crate::local::error::RunError;
use crate::plan::types::{Type, TypeKind, object_fields};

/// An array of values that have this type.
pub fn array(kind: &TypeKind, values: &[&Value]) -> Result<ArrayRef, RunError> {
    let wrong = |value: &Value| RunError::unsupported(format!("`{value:?}` as `{kind}`"));
    macro_rules! collect {
        ($array:ty, $($pattern:pat $(if $guard:expr)? => $value:expr),+) => {{
            let values: Result<Vec<Option<_>>, RunError> = values.iter().map(|value| match value {
                Value::Missing => Ok(None),
                $($pattern $(if $guard)? => Ok(Some($value)),)+
                other => Err(wrong(other)),
            }).collect();
            <$array>::from_iter(values?)
        }};
    }
    Ok(match kind {
        TypeKind::Bool => Arc::new(collect!(BooleanArray, Value::Bool(value) => *value)),
        TypeKind::Int => Arc::new(collect!(Int64Array, Value::Int(value) => *value)),
        TypeKind::Duration => Arc::new(collect!(Int64Array, Value::Duration(micros) => *micros)),
        TypeKind::Float => Arc::new(collect!(Float64Array, Value::Float(value) => normal(*value))),
        TypeKind::Decimal { precision, scale } => {
            let array = collect!(Decimal128Array, Value::Decimal(unscaled, of) if of == scale => *unscaled);
            Arc::new(array.with_precision_and_scale(*precision, *scale as i8)?)
        }
        TypeKind::Text | TypeKind::Enum { .. } => Arc::new(collect!(StringArray, Value::Text(text) => text.as_str())),
        TypeKind::Json => Arc::new(collect!(StringArray, Value::Json(text) => text.as_str())),
        TypeKind::Uuid => Arc::new(collect!(StringArray, Value::Uuid(id) => id.to_string())),
        TypeKind::Bytes => Arc::new(collect!(BinaryArray, Value::Bytes(bytes) => bytes.as_slice())),
        TypeKind::Date => Arc::new(collect!(Date32Array, Value::Date(day) => day.0)),
        TypeKind::Timestamp => {
            Arc::new(collect!(TimestampMicrosecondArray, Value::Timestamp(at) => at.0).with_timezone("UTC"))
        }
        TypeKind::List(item) => list(kind, item, values)?,
        TypeKind::Map(item) => map(kind, item, values)?,
        TypeKind::Struct(columns) => {
            let types: Vec<_> = columns.iter().map(|column| &column.ty).collect();
            record(kind, &types, values)?
        }
        TypeKind::Object => return array(&TypeKind::Struct(object_fields()), values),
        TypeKind::Null | TypeKind::Never | TypeKind::Error => new_null_array(&data_type(kind)?, values.len()),
    })
}

fn present(values: &[&Value]) -> Option<NullBuffer> {
    let present: NullBuffer = values.iter().map(|value| !value.is_missing()).collect();
    (present.null_count() > 0).then_some(present)
}

fn list(kind: &TypeKind, item: &Type, values: &[&Value]) -> Result<ArrayRef, RunError> {
    let (mut items, mut lengths) = (Vec::new(), Vec::with_capacity(values.len()));
    for value in values {
        let own = match value {
            Value::List(own) => own.as_slice(),
            _ => &[],
        };
        items.extend(own);
        lengths.push(own.len());
    }
    let DataType::List(field) = data_type(kind)? else {
        return Err(RunError::unsupported(format!("lists as `{kind}`")));
    };
    let items = array(&item.kind, &items)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(ListArray::try_new(field, offsets, items, present(values))?))
}

fn map(kind: &TypeKind, item: &Type, values: &[&Value]) -> Result<ArrayRef, RunError> {
    let (mut keys, mut items) = (Vec::new(), Vec::new());
    let mut lengths = Vec::with_capacity(values.len());
    for value in values {
        let before = keys.len();
        if let Value::Map(own) = value {
            keys.extend(own.keys().map(String::as_str));
            items.extend(own.values());
        }
        lengths.push(keys.len() - before);
    }
    let DataType::Map(field, sorted) = data_type(kind)? else {
        return Err(RunError::unsupported(format!("maps as `{kind}`")));
    };
    let DataType::Struct(fields) = field.data_type() else {
        return Err(RunError::unsupported(format!("maps as `{kind}`")));
    };
    let keys: ArrayRef = Arc::new(StringArray::from(keys));
    let entries = StructArray::try_new(fields.clone(), vec![keys, array(&item.kind, &items)?], None)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(MapArray::try_new(
        field,
        offsets,
        entries,
        present(values),
        sorted,
    )?))
}

/// Fields stand in the type's order; one that a value does not have is missing in it.
fn record(kind: &TypeKind, types: &[&Type], values: &[&Value]) -> Result<ArrayRef, RunError> {
    let DataType::Struct(fields) = data_type(kind)? else {
        return Err(RunError::unsupported(format!("records as `{kind}`")));
    };
    if fields.is_empty() {
        return Ok(Arc::new(StructArray::new_empty_fields(values.len(), present(values))));
    }
    let mut columns = Vec::with_capacity(types.len());
    for (at, (field, ty)) in fields.iter().zip(types).enumerate() {
        let part = |value: &&'_ Value| -> Option<usize> {
            let Value::Struct(own) = value else { return None };
            // Nearly always the fields stand in their order already.
            match own.get(at) {
                Some((name, _)) if name == field.name() => Some(at),
                _ => own.iter().position(|(name, _)| name == field.name()),
            }
        };
        let parts = values.iter().map(|value| match (value, part(value)) {
            (Value::Struct(own), Some(place)) => own.get(place).map_or(&Value::Missing, |(_, value)| value),
            _ => &Value::Missing,
        });
        columns.push(array(&ty.kind, &parts.collect::<Vec<_>>())?);
    }
    Ok(Arc::new(StructArray::try_new(fields, columns, present(values))?))
}
