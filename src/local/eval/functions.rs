//! Calls of the standard library's scalar functions: each value goes through the runtime's one function.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, StringArray, StringBuilder};
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use pipec_runtime::Timestamp;
use pipec_runtime::functions::{self, PseudonymKey};

use super::Value;
use crate::local::error::RunError;
use crate::local::value::{canonical, literal_at};
use crate::plan::types::TypeKind;

/// Calls a function.
pub(super) fn call(name: &str, arguments: &[(&TypeKind, Value)], key: &PseudonymKey) -> Result<Value, RunError> {
    let [(kind, value)] = arguments else {
        return Err(RunError::unsupported(format!(
            "`{name}` of {} arguments",
            arguments.len()
        )));
    };
    if value.array().data_type() == &DataType::Null {
        return Err(RunError::unsupported(format!("`{name}(null)`")));
    }
    value.map(|array| {
        Ok(match name {
            "len" => {
                let lengths = texts(array)?.iter().map(|text| text.map(functions::len));
                Arc::new(lengths.collect::<Int64Array>()) as ArrayRef
            }
            "lower" => map_text(array, |text, out| out.append_value(functions::lower(text)))?,
            "upper" => map_text(array, |text, out| out.append_value(functions::upper(text)))?,
            "trim" => map_text(array, |text, out| out.append_value(functions::trim(text)))?,
            "pseudonym" => map_text(array, |text, out| out.append_value(&*key.pseudonym(text)))?,
            "sha256" => {
                let text = as_text(array, kind);
                map_text(&text, |text, out| out.append_value(&*functions::sha256(text)))?
            }
            "date" => {
                let instants = array
                    .as_primitive_opt::<TimestampMicrosecondType>()
                    .ok_or_else(|| RunError::unsupported(format!("`date` of `{kind}`")))?;
                let days: Date32Array = instants.unary(|micros| functions::date(Timestamp(micros)).0);
                Arc::new(days)
            }
            other => return Err(RunError::unsupported(format!("the function `{other}`"))),
        })
    })
}

fn texts(array: &ArrayRef) -> Result<&StringArray, RunError> {
    let texts = array.as_string_opt::<i32>();
    texts.ok_or_else(|| RunError::unsupported(format!("a function of texts on {}", array.data_type())))
}

fn map_text(array: &ArrayRef, append: impl Fn(&str, &mut StringBuilder)) -> Result<ArrayRef, RunError> {
    let texts = texts(array)?;
    let mut out = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
    for text in texts {
        match text {
            Some(text) => append(text, &mut out),
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// Each value's canonical text.
fn as_text(array: &ArrayRef, kind: &TypeKind) -> ArrayRef {
    if array.data_type() == &DataType::Utf8 {
        return array.clone();
    }
    let texts = (0..array.len()).map(|row| canonical(&literal_at(array, row, kind)));
    Arc::new(texts.collect::<StringArray>())
}
