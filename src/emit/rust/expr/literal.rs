//! Literals as Rust.

use super::{Lowered, some};
use crate::emit::rust::code::{Code, Value, grouped};
use crate::emit::rust::nested::{Structs, fields_of, stored_literal};
use crate::emit::rust::types::{Held, held, held_type, mentioned, shape};
use crate::plan::expr::Literal;
use crate::plan::types::{Type, TypeKind};

/// A literal of a type.
pub fn literal(value: &Literal, kind: &TypeKind, structs: &Structs) -> Lowered {
    let code = match value {
        Literal::Null => {
            let ty = held_type(kind, held(kind), "", structs);
            let none = Code::plain(format!("None::<{ty}>"));
            let none = mentioned(&ty).fold(none, Code::using);
            return Lowered::new(none, kind, held(kind), true);
        }
        Literal::Bool(value) => Code::plain(value.to_string()),
        Literal::Int(value) | Literal::Duration(value) => Code::number(*value),
        Literal::Float(value) => Code::float(*value),
        Literal::Decimal { unscaled, scale } => {
            let (precision, scale) = match kind {
                TypeKind::Decimal { precision, scale } => (*precision, *scale),
                _ => (38, *scale),
            };
            Code::plain(format!("Decimal::<{precision}, {scale}>({})", grouped(*unscaled))).using("Decimal")
        }
        Literal::Text(value) => return Lowered::new(Code::text(value), kind, Held::Borrowed, false),
        Literal::Date(days) => Code::plain(format!("Date({})", grouped(i128::from(*days)))).using("Date"),
        Literal::Timestamp(micros) => {
            Code::plain(format!("Timestamp({})", grouped(i128::from(*micros)))).using("Timestamp")
        }
        Literal::Uuid(text) => {
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            Code::plain(format!("Uuid(0x{digits}_u128.to_be_bytes())")).using("Uuid")
        }
        Literal::Bytes(bytes) => {
            let bytes: Vec<_> = bytes.iter().map(|byte| Code::number(*byte)).collect();
            Code::array("vec!", &bytes)
        }
        Literal::Json(text) => Code::call(&Code::path("Json::checked"), &[Code::text(text)]),
        Literal::List(_) | Literal::Map(_) | Literal::Struct(_) => several(value, kind, structs),
    };
    let held = if held(kind) == Held::Copied {
        Held::Copied
    } else {
        Held::Owned
    };
    Lowered::new(code, kind, held, false)
}

/// Lists, maps and structs.
fn several(value: &Literal, kind: &TypeKind, structs: &Structs) -> Code {
    match (value, kind) {
        (Literal::List(items), TypeKind::List(ty)) => {
            Code::vec(items.iter().map(|item| stored(item, ty, structs)).collect())
        }
        (Literal::Map(entries), TypeKind::Map(ty)) => {
            let pair = |key: &str, value: &Literal| {
                let key = Code::method(&Code::text(key), "to_owned", &[]);
                Code::tuple(&[key, stored(value, ty, structs).typed()])
            };
            let entries: Vec<_> = entries.iter().map(|(key, value)| pair(key, value)).collect();
            Code::call(&Code::path("BTreeMap::from"), &[Code::array("", &entries)])
        }
        (Literal::Struct(values), kind) => {
            let columns = fields_of(kind).unwrap_or_default();
            let fields: Vec<_> = values
                .iter()
                .zip(&columns)
                .map(|((name, value), column)| (name.clone(), stored(value, &column.ty, structs)))
                .collect();
            Code::fields(&Code::name(structs.name(kind)), &fields)
        }
        // Literals are of the types that checking gave them.
        _ => Code::plain("()"),
    }
}

/// A literal inside of a list, a map or a struct.
fn stored(value: &Literal, ty: &Type, structs: &Structs) -> Code {
    if *value == Literal::Null {
        return Code::plain("None");
    }
    let lowered = literal(value, &ty.kind, structs);
    let code = match lowered.value {
        Value::Code(code) => crate::emit::rust::types::owned(&code, shape(&ty.kind), lowered.held, false),
        _ => Code::plain("()"),
    };
    if ty.optional { some(&code) } else { code }
}

/// The literal of a field's default as its record holds it; nothing where it is `null`.
pub fn default_value(value: &Literal, kind: &TypeKind, structs: &Structs) -> Option<Code> {
    if *value == Literal::Null {
        return None;
    }
    let lowered = literal(value, kind, structs);
    match lowered.held {
        Held::Borrowed => stored_literal(lowered.value, kind),
        _ => match lowered.value {
            Value::Code(code) => Some(code),
            _ => None,
        },
    }
}
