//! Rows between the compiler and Spark, as JSON in which nothing is lost: every number is a text.

use pipec_runtime::types::decimal;
use serde_json::{Map, Value, json};

use crate::plan::expr::Literal;
use crate::plan::types::{Column, Type, TypeKind};

/// A row as an object of its columns.
pub(super) fn row_of(columns: &[Column], values: &[Literal]) -> Value {
    let named = columns.iter().zip(values);
    Value::Object(
        named
            .map(|(column, value)| (column.name.clone(), value_of(value)))
            .collect(),
    )
}

fn value_of(literal: &Literal) -> Value {
    let fields = |fields: &[(String, Literal)]| -> Map<String, Value> {
        fields
            .iter()
            .map(|(name, value)| (name.clone(), value_of(value)))
            .collect()
    };
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => json!(value),
        Literal::Int(value) | Literal::Timestamp(value) | Literal::Duration(value) => json!(value.to_string()),
        Literal::Date(days) => json!(days.to_string()),
        Literal::Float(value) => json!(value.to_string().to_lowercase()),
        Literal::Decimal { unscaled, scale } => json!(digits(*unscaled, *scale)),
        Literal::Text(text) | Literal::Uuid(text) | Literal::Json(text) => json!(text),
        Literal::Bytes(bytes) => json!(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Literal::List(items) => Value::Array(items.iter().map(value_of).collect()),
        Literal::Map(entries) => Value::Object(fields(entries)),
        Literal::Struct(inner) => Value::Object(fields(inner)),
    }
}

fn digits(unscaled: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{fraction}")
}

/// The values of a row that Spark gave; `None` where it is not one of these columns.
pub(super) fn values_of(columns: &[Column], row: &Value) -> Option<Vec<Literal>> {
    let row = row.as_object()?;
    let value = |column: &Column| literal_of(&column.ty, row.get(&column.name)?);
    columns.iter().map(value).collect()
}

fn literal_of(ty: &Type, value: &Value) -> Option<Literal> {
    if value.is_null() {
        return Some(Literal::Null);
    }
    if let Value::Bool(value) = value {
        return Some(Literal::Bool(*value));
    }
    Some(match &ty.kind {
        TypeKind::List(item) => {
            let items = value.as_array()?.iter();
            Literal::List(items.map(|value| literal_of(item, value)).collect::<Option<_>>()?)
        }
        TypeKind::Map(item) => {
            let mut entries = Vec::new();
            for (key, value) in value.as_object()? {
                entries.push((key.clone(), literal_of(item, value)?));
            }
            entries.sort_by(|(left, _), (right, _)| left.cmp(right));
            Literal::Map(entries)
        }
        TypeKind::Struct(fields) => Literal::Struct(fields_of(fields, value)?),
        TypeKind::Object => Literal::Struct(fields_of(&crate::plan::types::object_fields(), value)?),
        kind => scalar_of(kind, value.as_str()?)?,
    })
}

fn fields_of(fields: &[Column], value: &Value) -> Option<Vec<(String, Literal)>> {
    let values = values_of(fields, value)?;
    Some(fields.iter().map(|field| field.name.clone()).zip(values).collect())
}

fn scalar_of(kind: &TypeKind, text: &str) -> Option<Literal> {
    Some(match kind {
        TypeKind::Int => Literal::Int(text.parse().ok()?),
        TypeKind::Timestamp => Literal::Timestamp(text.parse().ok()?),
        TypeKind::Duration => Literal::Duration(text.parse().ok()?),
        TypeKind::Date => Literal::Date(text.parse().ok()?),
        TypeKind::Float => Literal::Float(text.parse().ok()?),
        TypeKind::Decimal { precision, scale } => Literal::Decimal {
            unscaled: decimal::parse(text, *precision, *scale)?,
            scale: *scale,
        },
        TypeKind::Uuid => Literal::Uuid(text.to_owned()),
        TypeKind::Json => Literal::Json(text.to_owned()),
        TypeKind::Bytes => Literal::Bytes(bytes_of(text)?),
        _ => Literal::Text(text.to_owned()),
    })
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_on_the_way() {
        let column = |name: &str, kind: TypeKind| Column::new(name, kind.optional());
        let money = TypeKind::Decimal {
            precision: 38,
            scale: 6,
        };
        let columns = vec![
            column("a", TypeKind::Int),
            column("b", TypeKind::Float),
            column("c", money.clone()),
            column("d", TypeKind::List(Box::new(money.optional()))),
            column("e", TypeKind::Bytes),
            column("f", TypeKind::Struct(vec![column("at", TypeKind::Timestamp)])),
            column("g", TypeKind::Map(Box::new(TypeKind::Date.required()))),
        ];
        let widest = |unscaled: i128| Literal::Decimal { unscaled, scale: 6 };
        let row = vec![
            Literal::Int(i64::MIN),
            Literal::Float(5e-324),
            widest(-99_999_999_999_999_999_999_999_999_999_999_999_999),
            Literal::List(vec![widest(1), Literal::Null]),
            Literal::Bytes(vec![0, 255]),
            Literal::Struct(vec![("at".into(), Literal::Timestamp(-1))]),
            Literal::Map(vec![("x".into(), Literal::Date(-719_162))]),
        ];
        assert_eq!(values_of(&columns, &row_of(&columns, &row)), Some(row));
    }

    #[test]
    fn decimals_have_the_digits_of_their_type() {
        let kind = TypeKind::Decimal {
            precision: 12,
            scale: 4,
        };
        let read = |text: &str| literal_of(&kind.clone().required(), &json!(text));
        let small = Literal::Decimal { unscaled: 1, scale: 4 };
        assert_eq!(read("0.0001"), Some(small));
        // Read by its digits alone it would be a hundred times as large.
        assert_eq!(read("0.000100"), None);
    }
}
