//! What arrays hold, as values of the runtime.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use pipec_runtime::value::Value;
use pipec_runtime::{Date, Timestamp, Uuid};

use crate::plan::types::{Column, Type, TypeKind, object_fields};

/// One value of an array that has this type. Where an array does not say which of several types it has, the type does.
pub fn value_at(array: &ArrayRef, row: usize, kind: &TypeKind) -> Value {
    if array.is_null(row) {
        return Value::Missing;
    }
    match array.data_type() {
        DataType::Utf8 => {
            let text = array.as_string::<i32>().value(row);
            match kind {
                TypeKind::Uuid => Uuid::parse(text).into(),
                TypeKind::Json => Value::Json(text.to_owned()),
                _ => Value::Text(text.to_owned()),
            }
        }
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int64 => {
            let value = array.as_primitive::<Int64Type>().value(row);
            match kind {
                TypeKind::Duration => Value::Duration(value),
                _ => Value::Int(value),
            }
        }
        DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => {
            Value::Decimal(array.as_primitive::<Decimal128Type>().value(row), *scale as u8)
        }
        DataType::Date32 => Value::Date(Date(array.as_primitive::<Date32Type>().value(row))),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Value::Timestamp(Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row)))
        }
        DataType::Binary => Value::Bytes(array.as_binary::<i32>().value(row).to_vec()),
        DataType::List(_) => {
            let items = array.as_list::<i32>().value(row);
            let kind = match kind {
                TypeKind::List(item) => &item.kind,
                _ => &TypeKind::Null,
            };
            Value::List(cells(&items, kind))
        }
        DataType::Map(..) => map_at(array, row, kind),
        DataType::Struct(_) => record_at(array, row, kind),
        _ => Value::Missing,
    }
}

/// All values of an array that has this type.
fn cells(array: &ArrayRef, kind: &TypeKind) -> Vec<Value> {
    (0..array.len()).map(|row| value_at(array, row, kind)).collect()
}

/// Of equal keys the last counts.
fn map_at(array: &ArrayRef, row: usize, kind: &TypeKind) -> Value {
    let entries = array.as_map().value(row);
    let [keys, items] = entries.columns() else {
        return Value::Missing;
    };
    let Some(keys) = keys.as_string_opt::<i32>() else {
        return Value::Missing;
    };
    let kind = match kind {
        TypeKind::Map(value) => &value.kind,
        _ => &TypeKind::Null,
    };
    let mut map = BTreeMap::new();
    for (place, key) in keys.iter().enumerate() {
        if let Some(key) = key {
            map.insert(key.to_owned(), value_at(items, place, kind));
        }
    }
    Value::Map(map)
}

fn record_at(array: &ArrayRef, row: usize, kind: &TypeKind) -> Value {
    let record = array.as_struct();
    let columns: &[Column] = match kind {
        TypeKind::Struct(columns) => columns,
        TypeKind::Object => &object_fields(),
        _ => &[],
    };
    let known = |name: &str| columns.iter().find(|column| column.name == name);
    let fields = record.fields().iter().zip(record.columns());
    let fields = fields.map(|(field, part)| {
        let kind = known(field.name()).map_or(&TypeKind::Null, |column| {
            let Type { kind, .. } = &column.ty;
            kind
        });
        (field.name().clone(), value_at(part, row, kind))
    });
    Value::Struct(fields.collect())
}
