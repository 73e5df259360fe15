//! Expressions as Spark columns, and the reasons for which they may turn a row away.

use super::tree::Py;
use super::types::{bare, type_name, typed};
use crate::plan::expr::{ArithmeticOp, CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::{Type, TypeKind};

/// An expression's column, and columns that are missing where nothing is wrong, in program order.
pub struct Lowered {
    /// The value; missing where a reason is not.
    pub value: Py,
    /// The reasons.
    pub reasons: Vec<Py>,
}

/// How exact a value's own type has to be.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Of exactly its type, for what is computed or stored.
    Exact,
    /// Beside another value that it is compared with, where Spark widens: 32 bits will do.
    Compared,
}

/// Lowers an expression to a column of exactly its type.
pub fn lower(expr: &Expr) -> Lowered {
    let mut reasons = Vec::new();
    let value = value(expr, Place::Exact, &mut reasons);
    Lowered { value, reasons }
}

/// A column by its name.
pub fn column(name: &str) -> Py {
    Py::call("F.col", vec![column_name(name)])
}

/// A column's name where Spark takes a name: in backquotes only if it is not a plain one.
pub fn column_name(name: &str) -> Py {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain {
        Py::text(name)
    } else {
        Py::text(&format!("`{}`", name.replace('`', "``")))
    }
}

/// The first of these reasons, if there are any.
pub fn first_reason(mut reasons: Vec<Py>) -> Option<Py> {
    match reasons.len() {
        0 => None,
        1 => reasons.pop(),
        _ => Some(Py::call("F.coalesce", reasons)),
    }
}

fn value(expr: &Expr, place: Place, reasons: &mut Vec<Py>) -> Py {
    match &expr.kind {
        ExprKind::Literal(literal) if place == Place::Compared => bare(literal, &expr.ty.kind),
        ExprKind::Literal(literal) => typed(literal, &expr.ty.kind),
        ExprKind::Column(name) => column(name),
        ExprKind::Call { function, arguments } => call(function, arguments, place, reasons),
        ExprKind::Not(operand) => Py::Unary('~', Box::new(value(operand, Place::Exact, reasons))),
        ExprKind::Negate(operand) => negate(expr, operand, reasons),
        ExprKind::Logic { op, left, right } => {
            let left = value(left, Place::Exact, reasons);
            let right = value(right, Place::Exact, reasons);
            Py::binary(if *op == LogicOp::And { "&" } else { "|" }, left, right)
        }
        ExprKind::Compare { op, left, right } => compare(*op, left, right, reasons),
        ExprKind::Arithmetic { op, left, right } => arithmetic(expr, *op, left, right, reasons),
        ExprKind::IsNull { value: of, negated } => {
            let name = if *negated { "isNotNull" } else { "isNull" };
            value(of, Place::Exact, reasons).method(name, vec![])
        }
        ExprKind::In {
            value: of,
            list,
            negated,
        } => {
            let kind = &of.ty.kind;
            let of = value(of, Place::Exact, reasons);
            let found = match list.as_slice() {
                [] => Py::call("F.when", vec![of.method("isNotNull", vec![]), Py::atom("False")]),
                list => of.method("isin", list.iter().map(|item| bare(item, kind)).collect()),
            };
            if *negated {
                Py::Unary('~', Box::new(found))
            } else {
                found
            }
        }
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => choose(expr, condition, then, otherwise, reasons),
        ExprKind::Coalesce { value: of, default } => coalesce(of, default, reasons),
        ExprKind::Reject(reason) => {
            reasons.push(Py::call("F.lit", vec![Py::text(reason)]));
            nothing(&expr.ty)
        }
        ExprKind::Cast(of) => {
            let inner = value(of, Place::Exact, reasons);
            if of.ty.kind == expr.ty.kind {
                return inner;
            }
            inner.method("cast", vec![Py::text(&type_name(&expr.ty.kind))])
        }
        _ => crate::plan::refused(),
    }
}

fn nothing(ty: &Type) -> Py {
    match ty.kind {
        TypeKind::Never | TypeKind::Null | TypeKind::Error => Py::call("F.lit", vec![Py::atom("None")]),
        _ => typed(&Literal::Null, &ty.kind),
    }
}

fn compare(op: CompareOp, left: &Expr, right: &Expr, reasons: &mut Vec<Py>) -> Py {
    let op = op.symbol();
    // `1 < x` would be Python's own comparison, turned round; a column stands on the left always.
    let left = match left.kind {
        ExprKind::Literal(_) => value(left, Place::Exact, reasons),
        _ => value(left, Place::Compared, reasons),
    };
    let right = value(right, Place::Compared, reasons);
    Py::Binary(op, vec![left, right])
}

fn negate(expr: &Expr, operand: &Expr, reasons: &mut Vec<Py>) -> Py {
    let inner = value(operand, Place::Exact, reasons);
    if expr.ty.kind != TypeKind::Int {
        return Py::Unary('-', Box::new(inner));
    }
    // Only -9223372036854775808 has no opposite.
    let zero = typed(&Literal::Int(0), &TypeKind::Int);
    let opposite = Py::call("F.try_subtract", vec![zero, inner.clone()]);
    overflow(expr, &[(operand, inner)], &opposite, reasons);
    opposite
}

fn arithmetic(expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr, reasons: &mut Vec<Py>) -> Py {
    let mut operand = |side: &Expr| match (&expr.ty.kind, &side.ty.kind, &side.kind) {
        // Beside a decimal, a whole literal is as wide as it is written, a column as wide as 64 bits are.
        (TypeKind::Decimal { .. }, TypeKind::Int, ExprKind::Literal(Literal::Int(whole))) => whole_decimal(*whole),
        (TypeKind::Decimal { .. }, TypeKind::Int, _) => {
            value(side, Place::Exact, reasons).method("cast", vec![Py::text("decimal(20, 0)")])
        }
        _ => value(side, Place::Exact, reasons),
    };
    let (first, second) = (operand(left), operand(right));
    let name = match op {
        ArithmeticOp::Add => "F.try_add",
        ArithmeticOp::Subtract => "F.try_subtract",
        ArithmeticOp::Multiply => "F.try_multiply",
        _ => crate::plan::refused(),
    };
    // Missing on overflow, where the plain operators would end the run.
    let result = Py::call(name, vec![first.clone(), second.clone()]);
    overflow(expr, &[(left, first), (right, second)], &result, reasons);
    result
}

fn whole_decimal(whole: i64) -> Py {
    let digits = u8::try_from(whole.unsigned_abs().to_string().len()).unwrap_or(20);
    let literal = Literal::Decimal {
        unscaled: i128::from(whole),
        scale: 0,
    };
    typed(
        &literal,
        &TypeKind::Decimal {
            precision: digits,
            scale: 0,
        },
    )
}

/// A result that is missing although no operand is has overflowed.
fn overflow(expr: &Expr, operands: &[(&Expr, Py)], result: &Py, reasons: &mut Vec<Py>) {
    let mut condition = None;
    for (operand, value) in operands {
        if operand.ty.optional {
            condition = also(condition, value.clone().method("isNotNull", vec![]));
        }
    }
    let wrong = if expr.ty.kind == TypeKind::Float {
        let infinite = |text: &str| Py::call("float", vec![Py::text(text)]);
        result.clone().method("isin", vec![infinite("inf"), infinite("-inf")])
    } else {
        result.clone().method("isNull", vec![])
    };
    if let Some(condition) = also(condition, wrong) {
        let reason = Py::text(&format!("overflow in {}", expr.text));
        reasons.push(Py::call("F.when", vec![condition, reason]));
    }
}

fn also(condition: Option<Py>, more: Py) -> Option<Py> {
    Some(match condition {
        None => more,
        Some(condition) => Py::binary("&", condition, more),
    })
}

fn choose(expr: &Expr, condition: &Expr, then: &Expr, otherwise: &Expr, reasons: &mut Vec<Py>) -> Py {
    let condition = value(condition, Place::Exact, reasons);
    let (then_taken, otherwise_taken) = (lower(then), lower(otherwise));
    let none = || Py::call("F.lit", vec![Py::atom("None")]);
    let when = |value: Py| Py::call("F.when", vec![condition.clone(), value]);
    // A reason counts only on the branch taken; a missing condition takes the second.
    match (first_reason(then_taken.reasons), first_reason(otherwise_taken.reasons)) {
        (None, None) => {}
        (Some(reason), None) => reasons.push(when(reason)),
        (then, Some(reason)) => reasons.push(when(then.unwrap_or_else(none)).method("otherwise", vec![reason])),
    }
    match (&then.kind, &otherwise.kind) {
        (ExprKind::Reject(_), ExprKind::Reject(_)) => nothing(&expr.ty),
        (_, ExprKind::Reject(_)) => when(then_taken.value),
        _ => when(then_taken.value).method("otherwise", vec![otherwise_taken.value]),
    }
}

fn coalesce(of: &Expr, default: &Expr, reasons: &mut Vec<Py>) -> Py {
    let first = value(of, Place::Exact, reasons);
    let second = lower(default);
    if let Some(reason) = first_reason(second.reasons) {
        reasons.push(Py::call("F.when", vec![first.clone().method("isNull", vec![]), reason]));
    }
    match default.kind {
        ExprKind::Reject(_) => first,
        _ => Py::call("F.coalesce", vec![first, second.value]),
    }
}

fn call(function: &str, arguments: &[Expr], place: Place, reasons: &mut Vec<Py>) -> Py {
    let mut values: Vec<Py> = arguments
        .iter()
        .map(|argument| value(argument, Place::Exact, reasons))
        .collect();
    let kind = arguments.first().map(|argument| &argument.ty.kind);
    let mut argument = || {
        if values.is_empty() {
            Py::atom("None")
        } else {
            values.remove(0)
        }
    };
    match function {
        "len" => {
            let length = Py::call("F.length", vec![argument()]);
            match place {
                Place::Compared => length,
                Place::Exact => length.method("cast", vec![Py::text("bigint")]),
            }
        }
        "lower" => Py::call("runtime.lower", vec![argument()]),
        "upper" => Py::call("runtime.upper", vec![argument()]),
        "trim" => Py::call("runtime.trim", vec![argument()]),
        "date" => Py::call("F.to_date", vec![argument()]),
        "sha256" => Py::call("F.sha2", vec![canonical(argument(), kind), Py::atom("256")]),
        "pseudonym" => Py::call("runtime.pseudonym", vec![canonical(argument(), kind)]),
        // The standard library declares no other; a job that met one would say so instead of guessing.
        other => Py::call(
            "F.raise_error",
            vec![Py::text(&format!("no Spark spelling of {other}"))],
        ),
    }
}

/// A value's canonical text, which is what is hashed.
pub fn canonical(value: Py, kind: Option<&TypeKind>) -> Py {
    match kind {
        Some(TypeKind::Timestamp) => Py::call("runtime.instant_text", vec![value]),
        Some(TypeKind::Int | TypeKind::Bool | TypeKind::Date | TypeKind::Decimal { .. }) => {
            value.method("cast", vec![Py::text("string")])
        }
        _ => value,
    }
}

/// Whether a function stands anywhere in an expression.
pub fn uses(expr: &Expr, function: &str) -> bool {
    let any = |parts: &[&Expr]| parts.iter().any(|part| uses(part, function));
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Reject(_) => false,
        ExprKind::Call {
            function: name,
            arguments,
        } => name == function || arguments.iter().any(|a| uses(a, function)),
        ExprKind::Not(x) | ExprKind::Negate(x) | ExprKind::Cast(x) => any(&[x]),
        ExprKind::IsNull { value, .. } | ExprKind::In { value, .. } => any(&[value]),
        ExprKind::Logic { left, right, .. }
        | ExprKind::Compare { left, right, .. }
        | ExprKind::Arithmetic { left, right, .. } => any(&[left, right]),
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => any(&[condition, then, otherwise]),
        ExprKind::Coalesce { value, default } => any(&[value, default]),
        _ => crate::plan::refused(),
    }
}
