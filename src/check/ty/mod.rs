//! Types among themselves: which go together, and what comes of two.
//!
//! It must not know expressions: it sees plain types.

mod arithmetic;
mod decimal;
pub mod extent;
mod object;
mod resolve;
mod unify;
mod words;

pub use arithmetic::{Operation, arithmetic};
pub use decimal::{MAX_DIGITS, bounded, widest};
pub use resolve::{Resolved, Scope, resolve, resolve_field};
pub use unify::{inner_labels, is_open, label_inside, labelled_as, same, unify, unify_types};

use crate::plan::types::{Type, TypeKind};

/// Digits that an `int` has where it meets a decimal.
pub const INT_DIGITS: u8 = 20;

/// Precision and scale of a number, an int's where it meets decimals.
pub fn digits(kind: &TypeKind) -> Option<(u8, u8)> {
    match kind {
        TypeKind::Int => Some((INT_DIGITS, 0)),
        TypeKind::Decimal { precision, scale } => Some((*precision, *scale)),
        _ => None,
    }
}

/// Whether a decimal or int may stand where a decimal with fewer digits before the point is declared: its scale is not
/// larger, and a value with too many digits rejects its row.
pub fn narrows(own: &TypeKind, declared: &TypeKind) -> bool {
    match (digits(own), declared) {
        (Some((_, scale)), TypeKind::Decimal { scale: most, .. }) => scale <= *most,
        _ => false,
    }
}

/// A type for a column that takes the place of a mistake.
pub fn error() -> Type {
    TypeKind::Error.required()
}

/// Whether `<` and its like, `min` and `max` order values of this kind.
pub fn ordered(kind: &TypeKind) -> bool {
    use TypeKind::{Date, Decimal, Duration, Error, Float, Int, Text, Timestamp};
    matches!(
        kind,
        Int | Float | Decimal { .. } | Text | Date | Timestamp | Duration | Error
    )
}

/// Whether an object is part of a kind: it has no value to compare, only bytes in the lake.
pub fn holds_object(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Object => true,
        TypeKind::List(inner) | TypeKind::Map(inner) => holds_object(&inner.kind),
        TypeKind::Struct(fields) => fields.iter().any(|field| holds_object(&field.ty.kind)),
        _ => false,
    }
}

/// Whether values of a kind have parts, so that they are no keys.
pub fn has_parts(kind: &TypeKind) -> bool {
    use TypeKind::{Json, List, Map, Object, Struct};
    matches!(kind, List(_) | Map(_) | Struct(_) | Json | Object)
}

/// A kind's word without its numbers and names, as declarations of functions list it.
pub fn word(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Decimal { .. } => "decimal".into(),
        TypeKind::Enum { .. } => "enum".into(),
        TypeKind::List(_) => "list".into(),
        TypeKind::Map(_) => "map".into(),
        TypeKind::Struct(_) => "struct".into(),
        plain => plain.to_string(),
    }
}
