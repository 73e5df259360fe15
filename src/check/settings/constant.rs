//! Arithmetic on constants: `2 * 24 hours` is `48 hours` wherever a setting takes a value.

use super::quantity::{self, Dimension};
use crate::base::Sources;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Name, UnaryOp};

/// A number with or without a unit.
struct Constant {
    value: f64,
    unit: Option<(Name, Dimension, f64)>,
    whole: bool,
}

/// The literal that an expression of literals is, at the expression's place; anything else as it is.
pub(super) fn folded(expr: &Expr, sources: &Sources) -> Result<Expr, Diagnostic> {
    let fold = |expr: &Expr| folded(expr, sources).map(Box::new);
    let kind = match &expr.kind {
        ExprKind::Binary { .. } | ExprKind::Unary { .. } => match evaluate(expr, sources)? {
            Some(constant) => literal(constant),
            None => return Ok(expr.clone()),
        },
        ExprKind::Range { low, high } => ExprKind::Range {
            low: fold(low)?,
            high: fold(high)?,
        },
        ExprKind::Rate { amount, count, per } => ExprKind::Rate {
            amount: fold(amount)?,
            count: count.clone(),
            per: per.clone(),
        },
        _ => return Ok(expr.clone()),
    };
    Ok(Expr { kind, span: expr.span })
}

fn evaluate(expr: &Expr, sources: &Sources) -> Result<Option<Constant>, Diagnostic> {
    Ok(Some(match &expr.kind {
        ExprKind::Int(text) => plain(quantity::number(text), true),
        ExprKind::Decimal(text) => plain(quantity::number(text), false),
        ExprKind::Quantity { number, unit } => match quantity::unit(&unit.text) {
            Some((dimension, size)) => Constant {
                value: quantity::number(number),
                unit: Some(((**unit).clone(), dimension, size)),
                whole: !number.contains('.'),
            },
            None => return Ok(None),
        },
        ExprKind::Unary {
            op: UnaryOp::Negate,
            value,
        } => match evaluate(value, sources)? {
            Some(constant) => Constant {
                value: -constant.value,
                ..constant
            },
            None => return Ok(None),
        },
        ExprKind::Binary { op, left, right, .. } => {
            let (Some(left), Some(right)) = (evaluate(left, sources)?, evaluate(right, sources)?) else {
                return Ok(None);
            };
            return combine(*op, left, right, expr, sources);
        }
        _ => return Ok(None),
    }))
}

fn combine(
    op: BinaryOp,
    left: Constant,
    right: Constant,
    expr: &Expr,
    sources: &Sources,
) -> Result<Option<Constant>, Diagnostic> {
    let whole = left.whole && right.whole;
    let text = || sources.text(expr.span);
    let mixed = |left: &Constant, right: &Constant| {
        let name = |constant: &Constant| constant.unit.as_ref().map_or("a number", |(_, of, _)| of.text());
        let message = format!("`{}` takes {} and {} together", text(), name(left), name(right));
        Err(Diagnostic::new(Code::DIMENSION, expr.span, message)
            .found("they do not measure the same")
            .help("give both sides units of one kind; only `*` and `/` take a plain number"))
    };
    let constant = match (op, &left.unit, &right.unit) {
        (BinaryOp::Add | BinaryOp::Subtract, None, None) => plain(sum(op, left.value, right.value), whole),
        (BinaryOp::Add | BinaryOp::Subtract, Some((_, a, size)), Some((_, b, other))) if a == b => Constant {
            value: sum(op, left.value, right.value * other / size),
            whole: false,
            unit: left.unit,
        },
        (BinaryOp::Multiply, _, None) => Constant {
            value: left.value * right.value,
            unit: left.unit,
            whole,
        },
        (BinaryOp::Multiply, None, _) => Constant {
            value: left.value * right.value,
            unit: right.unit,
            whole,
        },
        (BinaryOp::Divide, _, _) if right.value == 0.0 => {
            let message = format!("`{}` divides by zero", text());
            return Err(Diagnostic::new(Code::OUT_OF_BOUNDS, expr.span, message)
                .found("no value")
                .help("write the value itself"));
        }
        (BinaryOp::Divide, _, None) => Constant {
            value: left.value / right.value,
            unit: left.unit,
            whole: false,
        },
        (BinaryOp::Divide, Some((_, a, size)), Some((_, b, other))) if a == b => {
            plain(left.value * size / (right.value * other), false)
        }
        (BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide, _, _) => {
            return mixed(&left, &right);
        }
        _ => return Ok(None),
    };
    Ok(Some(constant))
}

fn sum(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Subtract => left - right,
        _ => left + right,
    }
}

fn plain(value: f64, whole: bool) -> Constant {
    Constant {
        value,
        unit: None,
        whole,
    }
}

fn literal(constant: Constant) -> ExprKind {
    let text = format!("{}", constant.value);
    match constant.unit {
        Some((unit, ..)) => ExprKind::Quantity {
            number: text,
            unit: Box::new(unit),
        },
        None if constant.whole || !text.contains('.') => ExprKind::Int(text),
        None => ExprKind::Decimal(text),
    }
}
