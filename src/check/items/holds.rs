//! Whether a field's check holds for values known at compile time. Knows the simple forms; of others it says nothing.

use std::cmp::Ordering;

use crate::plan::expr::{CompareOp, Expr, ExprKind, Literal, LogicOp};

/// Whether a condition holds for a row. `None` where a value is missing (then a check is not asked) or where it is not
/// known at compile time.
pub(super) fn holds(condition: &Expr, row: &dyn Fn(&str) -> Option<Literal>) -> Option<bool> {
    match value(condition, row)? {
        Literal::Bool(holds) => Some(holds),
        _ => None,
    }
}

fn value(expr: &Expr, row: &dyn Fn(&str) -> Option<Literal>) -> Option<Literal> {
    let bool = |expr: &Expr| holds(expr, row);
    let answer = match &expr.kind {
        ExprKind::Literal(literal) => return Some(literal.clone()),
        ExprKind::Column(name) => return row(name).filter(|value| *value != Literal::Null),
        ExprKind::Cast(inner) => return value(inner, row),
        ExprKind::Call { function, arguments } if function == "len" => match arguments.first().map(|a| value(a, row)) {
            Some(Some(Literal::Text(text))) => return Some(Literal::Int(text.chars().count() as i64)),
            _ => return None,
        },
        ExprKind::Not(inner) => !bool(inner)?,
        ExprKind::Logic { op, left, right } => match (op, bool(left), bool(right)) {
            (LogicOp::And, Some(false), _) | (LogicOp::And, _, Some(false)) => false,
            (LogicOp::Or, Some(true), _) | (LogicOp::Or, _, Some(true)) => true,
            (LogicOp::And, Some(true), Some(true)) => true,
            (LogicOp::Or, Some(false), Some(false)) => false,
            _ => return None,
        },
        ExprKind::Compare { op, left, right } => compare(*op, order(&value(left, row)?, &value(right, row)?)?),
        ExprKind::In {
            value: of,
            list,
            negated,
        } => {
            let found = value(of, row)?;
            list.contains(&found) != *negated
        }
        ExprKind::IsNull { value: of, negated } => match &of.kind {
            ExprKind::Column(name) => (row(name)? == Literal::Null) != *negated,
            _ => return None,
        },
        _ => return None,
    };
    Some(Literal::Bool(answer))
}

fn compare(op: CompareOp, order: Ordering) -> bool {
    match op {
        CompareOp::Equal => order.is_eq(),
        CompareOp::NotEqual => order.is_ne(),
        CompareOp::Less => order.is_lt(),
        CompareOp::LessEqual => order.is_le(),
        CompareOp::Greater => order.is_gt(),
        CompareOp::GreaterEqual => order.is_ge(),
    }
}

fn order(left: &Literal, right: &Literal) -> Option<Ordering> {
    Some(match (left, right) {
        (Literal::Bool(left), Literal::Bool(right)) => left.cmp(right),
        (Literal::Int(left), Literal::Int(right)) => left.cmp(right),
        (Literal::Text(left), Literal::Text(right)) | (Literal::Uuid(left), Literal::Uuid(right)) => left.cmp(right),
        (Literal::Date(left), Literal::Date(right)) => left.cmp(right),
        (Literal::Timestamp(left), Literal::Timestamp(right)) => left.cmp(right),
        (Literal::Float(left), Literal::Float(right)) => left.total_cmp(right),
        (Literal::Decimal { .. } | Literal::Int(_), Literal::Decimal { .. } | Literal::Int(_)) => {
            let ((left, left_scale), (right, right_scale)) = (scaled(left)?, scaled(right)?);
            let scale = left_scale.max(right_scale);
            let up = |unscaled: i128, from: u8| unscaled.checked_mul(10_i128.checked_pow(u32::from(scale - from))?);
            up(left, left_scale)?.cmp(&up(right, right_scale)?)
        }
        _ => return None,
    })
}

fn scaled(literal: &Literal) -> Option<(i128, u8)> {
    match literal {
        Literal::Decimal { unscaled, scale } => Some((*unscaled, *scale)),
        Literal::Int(value) => Some((i128::from(*value), 0)),
        _ => None,
    }
}
