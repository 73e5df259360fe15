//! How each type of the plan is held, read and written in generated Rust.

use super::code::Code;
use super::nested::Structs;
use crate::plan::types::{Type, TypeKind};

/// How a value is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A type that is copied.
    Copied,
    /// `&str`, `&[T]`, `&T`
    Borrowed,
    /// `String`, `Vec<T>`, `T`
    Owned,
    /// `Hex`: the text of a digest.
    Hex,
}

/// What a value is borrowed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// It is copied.
    Plain,
    /// `&str`
    Text,
    /// `&[T]`
    Slice,
    /// `&T`
    Whole,
}

/// What values of a kind are borrowed as.
pub fn shape(kind: &TypeKind) -> Shape {
    match kind {
        TypeKind::Text | TypeKind::Enum { .. } => Shape::Text,
        TypeKind::Bytes | TypeKind::List(_) => Shape::Slice,
        TypeKind::Json | TypeKind::Map(_) | TypeKind::Struct(_) | TypeKind::Object => Shape::Whole,
        TypeKind::Bool
        | TypeKind::Int
        | TypeKind::Float
        | TypeKind::Decimal { .. }
        | TypeKind::Date
        | TypeKind::Timestamp
        | TypeKind::Duration
        | TypeKind::Uuid
        | TypeKind::Null
        | TypeKind::Never
        | TypeKind::Error => Shape::Plain,
    }
}

/// How a column of a record is held.
pub fn held(kind: &TypeKind) -> Held {
    match shape(kind) {
        Shape::Plain => Held::Copied,
        _ => Held::Borrowed,
    }
}

/// Whether a type's values are texts.
pub fn is_text(kind: &TypeKind) -> bool {
    shape(kind) == Shape::Text
}

/// The Rust type of a value that is there and is held by itself. `text` stands for texts.
pub fn rust_type(kind: &TypeKind, text: &str, structs: &Structs) -> String {
    match kind {
        TypeKind::Bool => "bool".into(),
        TypeKind::Int | TypeKind::Duration => "i64".into(),
        TypeKind::Float => "f64".into(),
        TypeKind::Decimal { precision, scale } => format!("Decimal<{precision}, {scale}>"),
        TypeKind::Text | TypeKind::Enum { .. } => text.into(),
        TypeKind::Bytes => "Vec<u8>".into(),
        TypeKind::Date => "Date".into(),
        TypeKind::Timestamp => "Timestamp".into(),
        TypeKind::Uuid => "Uuid".into(),
        TypeKind::Json => "Json".into(),
        TypeKind::List(item) => format!("Vec<{}>", stored_type(item, structs)),
        TypeKind::Map(value) => format!("BTreeMap<String, {}>", stored_type(value, structs)),
        TypeKind::Struct(_) | TypeKind::Object => structs.name(kind).into(),
        // No value ever is of these.
        TypeKind::Null | TypeKind::Never | TypeKind::Error => "()".into(),
    }
}

/// The Rust type of a value inside of a list, a map or a struct.
pub fn stored_type(ty: &Type, structs: &Structs) -> String {
    optional(rust_type(&ty.kind, "String", structs), ty.optional)
}

/// The Rust type of a value that is held in a certain way; `lifetime` is that of what is borrowed: `'a `, or nothing.
pub fn held_type(kind: &TypeKind, held: Held, lifetime: &str, structs: &Structs) -> String {
    match (held, shape(kind)) {
        (Held::Hex, _) => "Hex".into(),
        (Held::Borrowed, Shape::Text) => format!("&{lifetime}str"),
        (Held::Borrowed, Shape::Slice) => {
            let item = match kind {
                TypeKind::List(item) => stored_type(item, structs),
                _ => "u8".into(),
            };
            format!("&{lifetime}[{item}]")
        }
        (Held::Borrowed, Shape::Whole) => format!("&{lifetime}{}", rust_type(kind, "String", structs)),
        _ => rust_type(kind, "String", structs),
    }
}

/// `Option<T>`, where a value may be missing.
pub fn optional(ty: String, optional: bool) -> String {
    if optional { format!("Option<{ty}>") } else { ty }
}

/// The items and types that a type's text mentions, for imports.
pub fn mentioned(ty: &str) -> impl Iterator<Item = &str> {
    let words = ty.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// What is owned, as what borrows from it.
pub fn borrowed(code: &Code, shape: Shape, held: Held, optional: bool) -> Code {
    match (held, shape, optional) {
        (Held::Copied | Held::Borrowed, ..) => code.clone(),
        (Held::Hex, _, false) => Code::unary("&*", code),
        (_, Shape::Whole, true) => Code::method(code, "as_ref", &[]),
        (_, _, true) => Code::method(code, "as_deref", &[]),
        (_, Shape::Text, false) => Code::method(code, "as_str", &[]),
        (_, Shape::Slice, false) => Code::method(code, "as_slice", &[]),
        (_, _, false) => Code::unary("&", code),
    }
}

/// What is borrowed, as something of its own.
pub fn owned(code: &Code, shape: Shape, held: Held, optional: bool) -> Code {
    match (held, shape, optional) {
        (Held::Copied | Held::Owned, ..) => code.clone(),
        (Held::Hex, _, false) => Code::method(code, "to_string", &[]),
        (Held::Hex, _, true) => Code::method(code, "map", &[Code::plain("|text| text.to_string()")]),
        (_, Shape::Text, false) => Code::method(code, "to_owned", &[]),
        (_, Shape::Text, true) => Code::method(code, "map", &[Code::plain("str::to_owned")]),
        (_, Shape::Slice, false) => Code::method(code, "to_vec", &[]),
        (_, Shape::Slice, true) => Code::method(code, "map", &[Code::plain("<[_]>::to_vec")]),
        (_, _, false) => Code::method(&code.place(), "clone", &[]),
        (_, _, true) => Code::method(code, "cloned", &[]),
    }
}
