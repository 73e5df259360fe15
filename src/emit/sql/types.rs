//! Types and literals as Trino spells them. Instants are `timestamp(6)` in UTC, lengths of time are microseconds, and
//! uuids, enums and json are texts, as they rest in the lake. It must not know expressions.

use pipec_runtime::types::{Date, Timestamp, decimal};

use super::tree::{Sql, identifier};
use crate::plan::expr::Literal;
use crate::plan::types::{TypeKind, object_fields};

/// What an instant is.
pub const INSTANT: &str = "timestamp(6)";

/// A type.
pub fn type_name(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Bool => "boolean".to_owned(),
        TypeKind::Int | TypeKind::Duration => "bigint".to_owned(),
        TypeKind::Float => "double".to_owned(),
        TypeKind::Decimal { precision, scale } => format!("decimal({precision}, {scale})"),
        TypeKind::Text | TypeKind::Uuid | TypeKind::Json | TypeKind::Enum { .. } => "varchar".to_owned(),
        TypeKind::Bytes => "varbinary".to_owned(),
        TypeKind::Date => "date".to_owned(),
        TypeKind::Timestamp => INSTANT.to_owned(),
        TypeKind::List(item) => format!("array({})", type_name(&item.kind)),
        TypeKind::Map(value) => format!("map(varchar, {})", type_name(&value.kind)),
        TypeKind::Struct(fields) => row(fields),
        TypeKind::Object => row(&object_fields()),
        TypeKind::Null | TypeKind::Never | TypeKind::Error => "unknown".to_owned(),
    }
}

fn row(fields: &[crate::plan::types::Column]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|field| format!("{} {}", identifier(&field.name), type_name(&field.ty.kind)))
        .collect();
    format!("row({})", fields.join(", "))
}

/// Whether a value holds an instant anywhere.
pub fn has_instant(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Timestamp => true,
        TypeKind::List(item) | TypeKind::Map(item) => has_instant(&item.kind),
        TypeKind::Struct(fields) => fields.iter().any(|field| has_instant(&field.ty.kind)),
        _ => false,
    }
}

/// A value of exactly its type.
pub fn typed(literal: &Literal, kind: &TypeKind) -> Sql {
    match (literal, kind) {
        (Literal::Null, TypeKind::Null | TypeKind::Never | TypeKind::Error) => Sql::atom("NULL"),
        (Literal::Null, _) => Sql::atom("NULL").cast(type_name(kind)),
        (Literal::Int(whole) | Literal::Duration(whole), _) => Sql::Typed("BIGINT", whole.to_string()),
        (Literal::Decimal { unscaled, scale }, _) => of_decimal(*unscaled, *scale, kind),
        _ => bare(literal, kind),
    }
}

/// A value beside another of its type, where Trino widens by itself.
pub fn bare(literal: &Literal, kind: &TypeKind) -> Sql {
    match literal {
        Literal::Null => typed(literal, kind),
        Literal::Bool(value) => Sql::atom(if *value { "TRUE" } else { "FALSE" }),
        Literal::Int(whole) | Literal::Duration(whole) if i32::try_from(*whole).is_ok() => Sql::atom(whole.to_string()),
        Literal::Int(whole) | Literal::Duration(whole) => Sql::Typed("BIGINT", whole.to_string()),
        Literal::Float(value) => float(*value),
        Literal::Decimal { unscaled, scale } => Sql::Typed("DECIMAL", decimal::Text(*unscaled, *scale).to_string()),
        Literal::Text(text) | Literal::Uuid(text) | Literal::Json(text) => Sql::text(text),
        Literal::Date(days) => Sql::Typed("DATE", Date(*days).to_string()),
        Literal::Timestamp(micros) => Sql::Typed("TIMESTAMP", instant(*micros)),
        Literal::Bytes(bytes) => Sql::atom(format!(
            "X'{}'",
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        )),
        Literal::List(items) => {
            let item = match kind {
                TypeKind::List(item) => &item.kind,
                _ => kind,
            };
            Sql::Array(items.iter().map(|value| typed(value, item)).collect()).cast(type_name(kind))
        }
        Literal::Map(entries) => {
            let value = match kind {
                TypeKind::Map(value) => &value.kind,
                _ => kind,
            };
            let keys = entries.iter().map(|(key, _)| Sql::text(key)).collect();
            let values = entries.iter().map(|(_, held)| typed(held, value)).collect();
            Sql::call("MAP", vec![Sql::Array(keys), Sql::Array(values)]).cast(type_name(kind))
        }
        Literal::Struct(fields) => {
            let known = match kind {
                TypeKind::Struct(known) => known.clone(),
                _ => object_fields(),
            };
            let values = fields.iter().map(|(name, held)| {
                let field = known.iter().find(|field| field.name == *name);
                typed(held, field.map_or(&TypeKind::Text, |field| &field.ty.kind))
            });
            Sql::call("ROW", values.collect()).cast(type_name(kind))
        }
    }
}

fn float(value: f64) -> Sql {
    if value.is_nan() {
        return Sql::call("nan", Vec::new());
    }
    if value.is_infinite() {
        let infinity = Sql::call("infinity", Vec::new());
        return if value > 0.0 {
            infinity
        } else {
            Sql::Minus(Box::new(infinity))
        };
    }
    Sql::atom(format!("{value:e}").replace('e', "E"))
}

fn of_decimal(unscaled: i128, scale: u8, kind: &TypeKind) -> Sql {
    let written = Sql::Typed("DECIMAL", decimal::Text(unscaled, scale).to_string());
    let digits = unscaled.unsigned_abs().to_string().len().max(usize::from(scale));
    match kind {
        TypeKind::Decimal {
            precision,
            scale: wanted,
        } if usize::from(*precision) != digits || *wanted != scale => written.cast(type_name(kind)),
        _ => written,
    }
}

/// An instant with all its digits, as SQL writes it.
fn instant(micros: i64) -> String {
    let text = Timestamp(micros).to_string();
    let text = text.trim_end_matches('Z').replacen('T', " ", 1);
    match text.contains('.') {
        true => text,
        false => format!("{text}.000000"),
    }
}
