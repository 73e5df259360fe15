//! How each type of the plan is held, read and written in generated Rust.

use crate::plan::types::TypeKind;

use super::code::{Code, quoted};

/// How a value is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A type that is copied.
    Copied,
    /// `&str`
    Borrowed,
    /// `String`
    Owned,
    /// `Hex`: the text of a digest.
    Hex,
}

/// How a column of a record is held.
pub fn held(kind: &TypeKind) -> Held {
    if is_text(kind) { Held::Borrowed } else { Held::Copied }
}

/// Whether a type's values are texts.
pub fn is_text(kind: &TypeKind) -> bool {
    matches!(kind, TypeKind::Text | TypeKind::Enum { .. })
}

/// The Rust type of a value that is there, and what it needs imported. `text` stands for texts.
pub fn rust_type(kind: &TypeKind, text: &str) -> (String, Vec<&'static str>) {
    let (name, import) = match kind {
        TypeKind::Bool => ("bool", None),
        TypeKind::Int => ("i64", None),
        TypeKind::Float => ("f64", None),
        TypeKind::Decimal { precision, scale } => return (format!("Decimal<{precision}, {scale}>"), vec!["Decimal"]),
        TypeKind::Date => ("Date", Some("Date")),
        TypeKind::Timestamp => ("Timestamp", Some("Timestamp")),
        TypeKind::Uuid => ("Uuid", Some("Uuid")),
        // Types that no function takes are refused before a plan is made.
        _ => (text, None),
    };
    (name.to_owned(), import.into_iter().collect())
}

/// The function that reads a field of this type.
pub fn decoder(kind: &TypeKind) -> Code {
    let name = match kind {
        TypeKind::Bool => "bool",
        TypeKind::Int => "int",
        TypeKind::Float => "float",
        TypeKind::Decimal { .. } => "decimal",
        TypeKind::Date => "date",
        TypeKind::Timestamp => "timestamp",
        TypeKind::Uuid => "uuid",
        TypeKind::Enum { variants, .. } => {
            let variants: Vec<_> = variants.iter().map(|variant| quoted(variant)).collect();
            let text = format!(
                "|raw| decode::text(raw).filter(|text| matches!(&**text, {}))",
                variants.join(" | ")
            );
            return Code::plain(text).using("decode");
        }
        _ => "text",
    };
    Code::path(&format!("decode::{name}"))
}
