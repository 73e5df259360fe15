//! Types and literals as PySpark writes them.

use super::tree::{Py, string};
use crate::plan::expr::Literal;
use crate::plan::types::{Column, TypeKind, object_fields};

/// A column's type in a `StructType`.
pub fn data_type(kind: &TypeKind) -> Py {
    let simple = |name: &str| Py::call(&format!("T.{name}Type"), vec![]);
    match kind {
        TypeKind::Bool => simple("Boolean"),
        TypeKind::Int | TypeKind::Duration => simple("Long"),
        TypeKind::Float => simple("Double"),
        TypeKind::Decimal { precision, scale } => Py::call(
            "T.DecimalType",
            vec![Py::atom(precision.to_string()), Py::atom(scale.to_string())],
        ),
        TypeKind::Text | TypeKind::Uuid | TypeKind::Json | TypeKind::Enum { .. } => simple("String"),
        TypeKind::Bytes => simple("Binary"),
        TypeKind::Date => simple("Date"),
        TypeKind::Timestamp => simple("Timestamp"),
        TypeKind::List(item) => Py::call("T.ArrayType", vec![data_type(&item.kind)]),
        TypeKind::Map(value) => Py::call("T.MapType", vec![simple("String"), data_type(&value.kind)]),
        TypeKind::Struct(fields) => schema(fields),
        TypeKind::Object => schema(&object_fields()),
        TypeKind::Null | TypeKind::Never | TypeKind::Error => simple("Null"),
    }
}

/// The `StructType` of these columns.
pub fn schema(columns: &[Column]) -> Py {
    let fields = columns.iter().map(|column| {
        Py::call(
            "T.StructField",
            vec![Py::text(&column.name), data_type(&column.ty.kind)],
        )
    });
    Py::call("T.StructType", vec![Py::List(fields.collect())])
}

/// A type's name in a cast.
pub fn type_name(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Bool => "boolean".into(),
        TypeKind::Int | TypeKind::Duration => "bigint".into(),
        TypeKind::Float => "double".into(),
        TypeKind::Decimal { precision, scale } => format!("decimal({precision}, {scale})"),
        TypeKind::Bytes => "binary".into(),
        TypeKind::Date => "date".into(),
        TypeKind::Timestamp => "timestamp".into(),
        TypeKind::List(item) => format!("array<{}>", type_name(&item.kind)),
        TypeKind::Map(value) => format!("map<string, {}>", type_name(&value.kind)),
        TypeKind::Struct(fields) => struct_name(fields),
        TypeKind::Object => struct_name(&object_fields()),
        TypeKind::Text | TypeKind::Uuid | TypeKind::Json | TypeKind::Enum { .. } => "string".into(),
        TypeKind::Null | TypeKind::Never | TypeKind::Error => "void".into(),
    }
}

fn struct_name(fields: &[Column]) -> String {
    let field = |c: &Column| format!("`{}`: {}", c.name.replace('`', "``"), type_name(&c.ty.kind));
    format!("struct<{}>", fields.iter().map(field).collect::<Vec<_>>().join(", "))
}

/// A literal where Spark finds the type by what stands beside it: `F.col("kind") == "buy"`.
pub fn bare(literal: &Literal, kind: &TypeKind) -> Py {
    match literal {
        Literal::Bool(true) => Py::atom("True"),
        Literal::Bool(false) => Py::atom("False"),
        Literal::Int(value) => Py::atom(value.to_string()),
        Literal::Text(value) | Literal::Uuid(value) => Py::text(value),
        Literal::Decimal { unscaled, scale } => decimal(*unscaled, *scale),
        _ => typed(literal, kind),
    }
}

/// A literal as a column of exactly this type.
pub fn typed(literal: &Literal, kind: &TypeKind) -> Py {
    let lit = |value: Py| Py::call("F.lit", vec![value]);
    let cast = |value: Py| lit(value).method("cast", vec![Py::text(&type_name(kind))]);
    match literal {
        Literal::Null => cast(Py::atom("None")),
        // Spark takes a small Python number for 32 bits.
        Literal::Int(value) => cast(Py::atom(value.to_string())),
        Literal::Float(value) => lit(float(*value)),
        Literal::Decimal { unscaled, scale } => {
            let digits = unscaled.unsigned_abs().to_string().len();
            let natural = digits.max(usize::from(*scale));
            let exact = matches!(kind, TypeKind::Decimal { precision, scale: s } if usize::from(*precision) == natural && s == scale);
            let value = decimal(*unscaled, *scale);
            if exact { lit(value) } else { cast(value) }
        }
        Literal::Bool(_) | Literal::Text(_) | Literal::Uuid(_) => lit(bare(literal, kind)),
        // Through text: a Python date or time would pass through the machine's calendar and time zone.
        Literal::Date(days) => lit(Py::text(&date(*days))).method("cast", vec![Py::text("date")]),
        Literal::Timestamp(micros) => lit(Py::text(&instant(*micros))).method("cast", vec![Py::text("timestamp")]),
        Literal::Duration(micros) => cast(Py::atom(micros.to_string())),
        Literal::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Py::call("F.unhex", vec![lit(Py::text(&digits))])
        }
        Literal::Json(text) => lit(Py::text(text)),
        Literal::List(items) => {
            let item = item_of(kind);
            let items: Vec<_> = items.iter().map(|value| typed(value, &item)).collect();
            whole("F.array", items, kind)
        }
        Literal::Map(entries) => {
            let item = item_of(kind);
            let both = entries
                .iter()
                .flat_map(|(key, value)| [lit(Py::text(key)), typed(value, &item)]);
            whole("F.create_map", both.collect(), kind)
        }
        Literal::Struct(fields) => {
            let of = |name: &str| match kind {
                TypeKind::Struct(columns) => columns.iter().find(|column| column.name == name),
                _ => None,
            };
            let field = |(name, value): &(String, Literal)| {
                let kind = of(name).map_or(TypeKind::Null, |column| column.ty.kind.clone());
                typed(value, &kind).method("alias", vec![Py::text(name)])
            };
            Py::call("F.struct", fields.iter().map(field).collect())
        }
    }
}

/// The kind of a list's items or a map's values.
fn item_of(kind: &TypeKind) -> TypeKind {
    match kind {
        TypeKind::List(item) | TypeKind::Map(item) => item.kind.clone(),
        _ => TypeKind::Null,
    }
}

/// A list or a map; an empty one has to be told its type.
fn whole(name: &str, parts: Vec<Py>, kind: &TypeKind) -> Py {
    let empty = parts.is_empty();
    let whole = Py::call(name, parts);
    match empty {
        true => whole.method("cast", vec![Py::text(&type_name(kind))]),
        false => whole,
    }
}

fn float(value: f64) -> Py {
    if value.is_finite() {
        Py::atom(format!("{value:?}"))
    } else {
        Py::atom(format!("float({})", string(&value.to_string().to_lowercase())))
    }
}

fn decimal(unscaled: i128, scale: u8) -> Py {
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    let sign = if unscaled < 0 { "-" } else { "" };
    let point = if scale > 0 { "." } else { "" };
    Py::call("Decimal", vec![Py::text(&format!("{sign}{whole}{point}{fraction}"))])
}

fn date(days: i32) -> String {
    let day = chrono::DateTime::from_timestamp(i64::from(days) * 86_400, 0).unwrap_or_default();
    day.format("%Y-%m-%d").to_string()
}

fn instant(micros: i64) -> String {
    let instant = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    instant.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}
