//! What a query may answer where an operand is missing: Trino need not compute the other operands of an operator or a
//! function then, nor a condition between two answers that are the same, nor what one side of an `and`, of an `or` or a
//! value of `first_present` has decided, and what would turn the row away in them goes unseen. It must not know engines.

use pipec::plan::expr::{Expr, ExprKind, Literal, LogicOp};

use crate::cases::Answer;

/// The function that answers its first value which is there.
const FIRST_PRESENT: &str = "first_present";

/// The answer to an expression if nothing is asked beside an operand that is missing; `ask` is the reference.
pub fn beside_missing(expr: &Expr, ask: &dyn Fn(&Expr) -> Answer) -> Answer {
    let mut known = expr.clone();
    let (operands, strict) = operands(&mut known.kind);
    for operand in operands {
        if let Ok(value) = beside_missing(operand, ask) {
            if strict && value == Literal::Null {
                return Ok(Literal::Null);
            }
            operand.kind = ExprKind::Literal(value);
        }
    }
    if let ExprKind::If { then, otherwise, .. } = &known.kind
        && let (ExprKind::Literal(then), ExprKind::Literal(otherwise)) = (&then.kind, &otherwise.kind)
        && then == otherwise
    {
        return Ok(then.clone());
    }
    match decided(&known.kind) {
        Some(value) => Ok(value),
        None => ask(&known),
    }
}

/// The answer that some operands have decided, whatever the others are.
fn decided(kind: &ExprKind) -> Option<Literal> {
    match kind {
        ExprKind::Logic { op, left, right } => {
            let decides = ExprKind::Literal(Literal::Bool(*op == LogicOp::Or));
            let either = [left, right].into_iter().any(|side| side.kind == decides);
            either.then_some(Literal::Bool(*op == LogicOp::Or))
        }
        ExprKind::Call { function, arguments } if function == FIRST_PRESENT => {
            let mut values = arguments.iter().map(|argument| match &argument.kind {
                ExprKind::Literal(value) => Some(value.clone()),
                _ => None,
            });
            values.find(|value| *value != Some(Literal::Null)).flatten()
        }
        _ => None,
    }
}

/// The operands of an expression that are values of their own, and whether one that is missing makes it missing.
fn operands(kind: &mut ExprKind) -> (Vec<&mut Expr>, bool) {
    if matches!(kind, ExprKind::Call { function, .. } if function == FIRST_PRESENT) {
        return (branches(kind), false);
    }
    let found: Vec<&mut Expr> = match kind {
        ExprKind::Member { of, .. }
        | ExprKind::Not(of)
        | ExprKind::Negate(of)
        | ExprKind::Cast(of)
        | ExprKind::Like { value: of, .. }
        | ExprKind::Matches { value: of, .. }
        | ExprKind::In { value: of, .. } => vec![of],
        ExprKind::Compare { left, right, .. } | ExprKind::Arithmetic { left, right, .. } => vec![left, right],
        ExprKind::Index { of, index } => vec![of, index],
        ExprKind::Contains { value, list, .. } => vec![value, list],
        ExprKind::Call { arguments, .. } | ExprKind::Own { arguments, .. } => {
            let is_value =
                |argument: &&mut Expr| !matches!(argument.kind, ExprKind::Lambda { .. } | ExprKind::Literal(_));
            arguments.iter_mut().filter(is_value).collect()
        }
        ExprKind::Interpolate(parts) => parts.iter_mut().collect(),
        kind => return (branches(kind), false),
    };
    (found, true)
}

fn branches(kind: &mut ExprKind) -> Vec<&mut Expr> {
    match kind {
        ExprKind::List(items) => items.iter_mut().collect(),
        ExprKind::Call { arguments, .. } => arguments.iter_mut().collect(),
        ExprKind::Struct(fields) => fields.iter_mut().map(|(_, value)| value).collect(),
        ExprKind::Match { value, arms, otherwise } => {
            let arms = arms.iter_mut().map(|(_, answer)| answer);
            [&mut **value]
                .into_iter()
                .chain(arms)
                .chain(otherwise.as_deref_mut())
                .collect()
        }
        ExprKind::IsNull { value, .. } => vec![value],
        ExprKind::Logic { left, right, .. } | ExprKind::Same { left, right, .. } => vec![left, right],
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => vec![condition, then, otherwise],
        ExprKind::Coalesce { value, default } => vec![value, default],
        _ => Vec::new(),
    }
}
