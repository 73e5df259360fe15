//! Values as text: canonical, and as JSON for the quarantine.

use arrow::array::ArrayRef;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipec_runtime::encode;
use pipec_runtime::value::Value;

use super::value_at;
use crate::plan::evaluate;
use crate::plan::expr::Literal;
use crate::plan::types::{Column, TypeKind};

/// A literal's canonical text; nothing for a missing value. What the language gives no such text (floats, durations,
/// bytes, lists, maps, records) is written as its JSON, without the quotes of a text.
pub fn canonical(literal: &Literal) -> Option<String> {
    let value = evaluate::value(literal);
    if value.is_missing() {
        return None;
    }
    Some(value.canonical().unwrap_or_else(|| match &value {
        Value::Float(value) => format!("{value:?}"),
        Value::Bytes(bytes) => STANDARD.encode(bytes),
        value => {
            let mut out = Vec::new();
            write_json(value, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
    }))
}

/// A row as JSON, for the quarantine: numbers, truth values, lists and records as such, everything else as its canonical
/// text; what is missing is left out. `known` says the types of columns that have one that arrow does not tell.
pub fn row_as_json(columns: &[(String, ArrayRef)], known: &[Column], row: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut record = encode::Row::new(encode::Form::Plain, &mut out);
    for (name, array) in columns {
        let column = known.iter().find(|column| column.name == *name);
        let kind = column.map_or(&TypeKind::Null, |column| &column.ty.kind);
        record.field(name, &Json(value_at(array, row, kind)));
    }
    record.end();
    out.pop();
    out
}

/// A value as JSON.
struct Json(Value);

impl encode::Value for Json {
    fn write(&self, _: encode::Form, out: &mut Vec<u8>) -> bool {
        match &self.0 {
            Value::Missing => return false,
            Value::Float(value) if !value.is_finite() => return false,
            value => write_json(value, out),
        }
        true
    }
}

fn write_json(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Missing => out.extend_from_slice(b"null"),
        Value::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
        Value::Int(value) | Value::Duration(value) => out.extend_from_slice(value.to_string().as_bytes()),
        // NaN and the infinities have no JSON.
        Value::Float(value) if !value.is_finite() => out.extend_from_slice(b"null"),
        Value::Float(value) => out.extend_from_slice(format!("{value:?}").as_bytes()),
        Value::Json(text) => out.extend_from_slice(text.as_bytes()),
        Value::Bytes(bytes) => encode::string(out, &STANDARD.encode(bytes)),
        Value::List(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                separate(at, out);
                write_json(item, out);
            }
            out.push(b']');
        }
        Value::Map(entries) => members(entries.iter().map(|(name, value)| (name.as_str(), value)), out),
        Value::Struct(fields) => members(fields.iter().map(|(name, value)| (name.as_str(), value)), out),
        value => encode::string(out, &value.canonical().unwrap_or_default()),
    }
}

fn members<'v>(members: impl Iterator<Item = (&'v str, &'v Value)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (at, (name, value)) in members.enumerate() {
        separate(at, out);
        encode::string(out, name);
        out.push(b':');
        write_json(value, out);
    }
    out.push(b'}');
}

fn separate(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}
