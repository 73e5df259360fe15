//! Arithmetic and casts: what does not fit fails the query, and `/` and `%` by zero are missing.

use super::super::tree::Sql;
use super::super::types::type_name;
use super::Around;
use crate::plan::expr::{ArithmeticOp, Expr, ExprKind, Literal};
use crate::plan::refused;
use crate::plan::types::TypeKind;

/// The digits up to which a decimal's whole number and a power of ten are floats exactly.
const EXACT: u8 = 15;

fn symbol(op: ArithmeticOp) -> &'static str {
    match op {
        ArithmeticOp::Add => "+",
        ArithmeticOp::Subtract => "-",
        ArithmeticOp::Multiply => "*",
        ArithmeticOp::Divide => "/",
        ArithmeticOp::Remainder => "%",
    }
}

fn or_missing(divisor: Sql) -> Sql {
    match &divisor {
        Sql::Atom(number) | Sql::Typed(_, number) if number.chars().any(|c| ('1'..='9').contains(&c)) => divisor,
        _ => Sql::call("nullif", vec![divisor, Sql::atom("0")]),
    }
}

impl Around<'_> {
    pub(super) fn arithmetic(&self, expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr) -> Sql {
        match (&expr.ty.kind, &left.ty.kind, &right.ty.kind) {
            (TypeKind::Int, TypeKind::Int, TypeKind::Int) => {
                let (first, second) = self.sides(left, right);
                match op {
                    ArithmeticOp::Remainder => Sql::binary("%", first, or_missing(second)),
                    op => Sql::binary(symbol(op), first, second),
                }
            }
            (TypeKind::Decimal { .. }, ..) => self.decimals(expr, op, left, right),
            (TypeKind::Float, TypeKind::Duration, _) => {
                let (first, second) = (self.value(left).cast("double"), self.value(right));
                Sql::binary("/", first, or_missing(second))
            }
            (TypeKind::Float, ..) => self.floats_together(expr, op, left, right),
            _ => self.times(expr, op, left, right),
        }
    }

    fn floats_together(&self, expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr) -> Sql {
        let whole = |side: &Expr| side.ty.kind == TypeKind::Int;
        let (first, second) = (self.value(left), self.value(right));
        if whole(left) && whole(right) {
            return Sql::binary("/", first.cast("double"), or_missing(second));
        }
        let float = |side: &Expr, value: Sql| if whole(side) { value.cast("double") } else { value };
        let (first, second) = (float(left, first), float(right, second));
        match op {
            ArithmeticOp::Remainder => Sql::binary("%", first, or_missing(second)),
            op => {
                let second = if op == ArithmeticOp::Divide {
                    or_missing(second)
                } else {
                    second
                };
                self.with_all(vec![first, second], &|both| {
                    let finite = both
                        .iter()
                        .cloned()
                        .map(|side| Sql::call("is_infinite", vec![side]).negated());
                    let finite: Vec<Sql> = finite.collect();
                    let [first, second] = both.as_slice() else { refused() };
                    let value = Sql::binary(symbol(op), first.clone(), second.clone());
                    self.checked(expr, value, |value| {
                        let mut wrong = vec![Sql::call("is_infinite", vec![value.clone()])];
                        wrong.extend(finite.clone());
                        Sql::Binary("AND", wrong)
                    })
                })
            }
        }
    }

    /// Trino keeps the scale and lets digits overflow; the gate has refused what does not fit 38 digits on the way.
    fn decimals(&self, expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr) -> Sql {
        let (first, second) = (self.operand(left), self.operand(right));
        let TypeKind::Decimal { scale, .. } = expr.ty.kind else {
            refused()
        };
        let value = match op {
            ArithmeticOp::Divide => {
                let (precision, own) = digits(left);
                // Trino answers with as many digits behind the point as the dividend has.
                let wider = format!("decimal({}, {scale})", (precision - own + scale).min(38));
                Sql::binary("/", first.cast(wider), or_missing(second))
            }
            ArithmeticOp::Remainder => Sql::binary("%", first, or_missing(second)),
            op => Sql::binary(symbol(op), first, second),
        };
        value.cast(type_name(&expr.ty.kind))
    }

    /// Beside a decimal, a whole literal is as wide as it is written, a column as wide as 64 bits are.
    fn operand(&self, side: &Expr) -> Sql {
        match (&side.ty.kind, &side.kind) {
            (TypeKind::Int, ExprKind::Literal(Literal::Int(whole))) => Sql::Typed("DECIMAL", whole.to_string()),
            (TypeKind::Int, _) => self.value(side).cast("decimal(20, 0)"),
            _ => self.value(side),
        }
    }

    pub(super) fn cast(&self, expr: &Expr, of: &Expr) -> Sql {
        let (from, to) = (&of.ty.kind, &expr.ty.kind);
        if from == to {
            return self.value(of);
        }
        let value = self.value(of);
        match (from, to) {
            (TypeKind::Enum { .. } | TypeKind::Text | TypeKind::Uuid, TypeKind::Text | TypeKind::Enum { .. }) => value,
            (TypeKind::Decimal { precision, .. }, TypeKind::Float) => float_of_decimal(value, *precision),
            (_, TypeKind::Null | TypeKind::Never) => value,
            (_, to) => value.cast(type_name(to)),
        }
    }
}

/// Trino divides two floats, which rounds twice where a decimal has many digits; its text is read exactly.
pub(super) fn float_of_decimal(value: Sql, precision: u8) -> Sql {
    match precision {
        0..=EXACT => value.cast("double"),
        _ => value.cast("varchar").cast("double"),
    }
}

/// Digits and scale of an operand.
pub fn digits(side: &Expr) -> (u8, u8) {
    match (&side.ty.kind, &side.kind) {
        (TypeKind::Decimal { precision, scale }, _) => (*precision, *scale),
        (_, ExprKind::Literal(Literal::Int(whole))) => {
            (u8::try_from(whole.unsigned_abs().to_string().len()).unwrap_or(20), 0)
        }
        _ => (20, 0),
    }
}
