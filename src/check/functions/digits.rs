//! Digits of decimals in declarations: `decimal(p + 10, s)`, computed from the arguments' digits and constants.

use std::collections::BTreeMap;

use crate::check::ty;
use crate::plan::types::TypeKind;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};

/// What the names in brackets stand for.
pub(super) type Digits = BTreeMap<String, i64>;

/// The decimal that the brackets name, by the bounded rule of "Semantics on every engine": above 38 digits the scale
/// gives way, to 6 at least. `None` where a name is not known or there is no such decimal.
pub(super) fn decimal(brackets: &[Expr], known: &Digits) -> Option<TypeKind> {
    let [precision, scale] = brackets else { return None };
    let (precision, scale) = (number(precision, known)?, number(scale, known)?);
    let (precision, scale) = (u16::try_from(precision).ok()?, u16::try_from(scale).ok()?);
    if precision == 0 || scale > precision {
        return None;
    }
    let (precision, scale) = ty::bounded(precision, scale);
    Some(TypeKind::Decimal { precision, scale })
}

fn number(expr: &Expr, known: &Digits) -> Option<i64> {
    match &expr.kind {
        ExprKind::Int(digits) => digits.parse().ok(),
        ExprKind::Name(name) => known.get(name).copied(),
        ExprKind::Binary { op, left, right, .. } => {
            let (left, right) = (number(left, known)?, number(right, known)?);
            match op {
                BinaryOp::Add => left.checked_add(right),
                BinaryOp::Subtract => left.checked_sub(right),
                BinaryOp::Multiply => left.checked_mul(right),
                _ => None,
            }
        }
        ExprKind::Call {
            function, arguments, ..
        } => {
            let [left, right] = &**arguments else {
                return None;
            };
            let (left, right) = (number(&left.value, known)?, number(&right.value, known)?);
            match &function.kind {
                ExprKind::Name(name) if name == "min" => Some(left.min(right)),
                ExprKind::Name(name) if name == "max" => Some(left.max(right)),
                _ => None,
            }
        }
        _ => None,
    }
}
