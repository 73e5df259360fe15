//! Types among themselves: which go together, and what comes of two.
//!
//! It must not know expressions: it sees plain types.

mod decimal;
mod resolve;

pub use decimal::{MAX_DIGITS, product, sum, widest};
pub use resolve::resolve;

use crate::plan::types::{Type, TypeKind};

/// Digits that an `int` has where it meets a decimal.
pub const INT_DIGITS: u8 = 20;

/// The kind that holds the values of both without loss: the same kind, a decimal for int and decimal, the other one
/// for `null`, `reject` and mistakes. `None` if they do not go together.
pub fn unify(left: &TypeKind, right: &TypeKind) -> Option<TypeKind> {
    use TypeKind::{Decimal, Error, Int, Never, Null};
    Some(match (left, right) {
        (Error, _) | (_, Error) => Error,
        (Never | Null, other) if *other != Never => other.clone(),
        (other, Never | Null) => other.clone(),
        (Decimal { .. }, Int) | (Int, Decimal { .. }) | (Decimal { .. }, Decimal { .. }) => {
            let (left, right) = (digits(left)?, digits(right)?);
            let (precision, scale) = widest(left, right)?;
            Decimal { precision, scale }
        }
        _ if left == right => left.clone(),
        _ => return None,
    })
}

/// Precision and scale of a number, an int's where it meets decimals.
pub fn digits(kind: &TypeKind) -> Option<(u8, u8)> {
    match kind {
        TypeKind::Int => Some((INT_DIGITS, 0)),
        TypeKind::Decimal { precision, scale } => Some((*precision, *scale)),
        _ => None,
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
