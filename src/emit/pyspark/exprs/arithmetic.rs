//! Arithmetic and casts: what does not fit is missing, and rejects the row.

use super::super::tree::Py;
use super::super::types::{type_name, typed};
use super::{Around, overflow, overflows_where, shapes};
use crate::plan::expr::{ArithmeticOp, Expr, ExprKind, Literal};
use crate::plan::types::TypeKind;

/// The most digits that a decimal has.
const MOST_DIGITS: u8 = 38;
/// Digits behind the point that a result keeps where digits have to go.
const KEPT: u8 = 6;

/// Digits and scale as a Python tuple.
pub(super) fn digits(precision: u8, scale: u8) -> Py {
    Py::Tuple(vec![Py::atom(precision.to_string()), Py::atom(scale.to_string())])
}

impl Around<'_> {
    pub(super) fn negate(&self, expr: &Expr, operand: &Expr, reasons: &mut Vec<Py>) -> Py {
        let inner = self.exact(operand, reasons);
        if !matches!(expr.ty.kind, TypeKind::Int | TypeKind::Duration) {
            return Py::Unary('-', Box::new(inner));
        }
        // Only -9223372036854775808 has no opposite.
        let zero = typed(&Literal::Int(0), &TypeKind::Int);
        let opposite = Py::call("F.try_subtract", vec![zero, inner.clone()]);
        overflow(expr, &[(operand, inner)], &opposite, reasons);
        opposite
    }

    pub(super) fn arithmetic(
        &self,
        expr: &Expr,
        op: ArithmeticOp,
        left: &Expr,
        right: &Expr,
        reasons: &mut Vec<Py>,
    ) -> Py {
        match (&expr.ty.kind, &left.ty.kind, &right.ty.kind) {
            (TypeKind::Decimal { .. }, ..) => self.decimals(expr, op, left, right, reasons),
            (TypeKind::Int, ..) => self.ints(expr, op, left, right, reasons),
            (TypeKind::Float, TypeKind::Duration, _) => {
                let (left, right) = (self.exact(left, reasons), self.exact(right, reasons));
                Py::call("F.try_divide", vec![left, right])
            }
            (TypeKind::Float, ..) => self.floats(expr, op, left, right, reasons),
            _ => self.times(expr, op, left, right, reasons),
        }
    }

    fn ints(&self, expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr, reasons: &mut Vec<Py>) -> Py {
        let (first, second) = (self.exact(left, reasons), self.exact(right, reasons));
        // Missing on overflow, where the plain operators would end the run.
        let name = match op {
            ArithmeticOp::Add => "F.try_add",
            ArithmeticOp::Subtract => "F.try_subtract",
            ArithmeticOp::Multiply => "F.try_multiply",
            ArithmeticOp::Divide => return Py::call("F.try_divide", vec![first, second]),
            ArithmeticOp::Remainder => return Py::call("numbers.remainder", vec![first, second]),
        };
        let result = Py::call(name, vec![first.clone(), second.clone()]);
        overflow(expr, &[(left, first), (right, second)], &result, reasons);
        result
    }

    fn floats(&self, expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr, reasons: &mut Vec<Py>) -> Py {
        let (first, second) = (self.exact(left, reasons), self.exact(right, reasons));
        let both = vec![first.clone(), second.clone()];
        let result = match op {
            ArithmeticOp::Add => Py::Binary("+", both),
            ArithmeticOp::Subtract => Py::Binary("-", both),
            ArithmeticOp::Multiply => Py::Binary("*", both),
            ArithmeticOp::Divide => Py::call("F.try_divide", both),
            ArithmeticOp::Remainder => return Py::call("numbers.remainder", both),
        };
        let whole = |side: &Expr| side.ty.kind == TypeKind::Int;
        if !(whole(left) && whole(right)) {
            let wrong = Py::call("numbers.overflows", vec![result.clone(), first, second]);
            reasons.push(overflows_where(expr, wrong));
        }
        result
    }

    fn decimals(&self, expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr, reasons: &mut Vec<Py>) -> Py {
        let (first, left_digits) = self.decimal_operand(left, reasons);
        let (second, right_digits) = self.decimal_operand(right, reasons);
        let both = vec![first.clone(), second.clone()];
        let result = match op {
            ArithmeticOp::Add => Py::call("F.try_add", both),
            ArithmeticOp::Subtract => Py::call("F.try_subtract", both),
            ArithmeticOp::Multiply => Py::call("F.try_multiply", both),
            ArithmeticOp::Divide => Py::call("F.try_divide", both),
            ArithmeticOp::Remainder => Py::call("numbers.remainder", both),
        };
        let own = spark_digits(op, left_digits, right_digits);
        let result = match expr.ty.kind {
            TypeKind::Decimal { precision, scale } if own != (precision, scale) => Py::call(
                "numbers.decimal",
                vec![result, digits(own.0, own.1), digits(precision, scale)],
            ),
            _ => result,
        };
        match op {
            ArithmeticOp::Remainder => {}
            ArithmeticOp::Divide => {
                // By zero the answer is missing, and nothing is wrong.
                let divides = Py::Binary("!=", vec![second, Py::atom("0")]);
                let mut condition = divides;
                if left.ty.optional {
                    condition = Py::binary("&", first.method("isNotNull", vec![]), condition);
                }
                let wrong = Py::binary("&", condition, result.clone().method("isNull", vec![]));
                reasons.push(overflows_where(expr, wrong));
            }
            _ => overflow(expr, &[(left, first), (right, second)], &result, reasons),
        }
        result
    }

    /// An operand of a decimal's arithmetic, with its digits and scale.
    fn decimal_operand(&self, side: &Expr, reasons: &mut Vec<Py>) -> (Py, (u8, u8)) {
        match (&side.ty.kind, &side.kind) {
            // Beside a decimal, a whole literal is as wide as it is written, a column as wide as 64 bits are.
            (TypeKind::Int, ExprKind::Literal(Literal::Int(whole))) => whole_decimal(*whole),
            (TypeKind::Int, _) => {
                let value = self.exact(side, reasons);
                (value.method("cast", vec![Py::text("decimal(20, 0)")]), (20, 0))
            }
            (TypeKind::Decimal { precision, scale }, _) => (self.exact(side, reasons), (*precision, *scale)),
            _ => (self.exact(side, reasons), (MOST_DIGITS, 0)),
        }
    }

    /// Dates, timestamps and durations.
    fn times(&self, expr: &Expr, op: ArithmeticOp, left: &Expr, right: &Expr, reasons: &mut Vec<Py>) -> Py {
        use ArithmeticOp::{Add, Divide, Multiply, Remainder, Subtract};
        use TypeKind::{Date, Duration, Int, Timestamp};
        let (first, second) = (self.exact(left, reasons), self.exact(right, reasons));
        let (spelled, turned) = match (op, &left.ty.kind, &right.ty.kind) {
            (Subtract, Date, Date) => ("times.dates_apart", false),
            (Subtract, Timestamp, Timestamp) => ("times.apart", false),
            (Add, Date, _) => ("times.plus_date", false),
            (Add, _, Date) => ("times.plus_date", true),
            (Add, Timestamp, _) => ("times.plus", false),
            (Add, _, Timestamp) => ("times.plus", true),
            (Subtract, Date, _) => ("times.minus_date", false),
            (Subtract, Timestamp, _) => ("times.minus", false),
            (Add, ..) => ("F.try_add", false),
            (Subtract, ..) => ("F.try_subtract", false),
            (Multiply, ..) => ("F.try_multiply", false),
            (Divide, Duration, Int) => ("numbers.part", false),
            (Divide, ..) => ("F.try_divide", false),
            (Remainder, ..) => ("numbers.remainder", false),
        };
        let both = match turned {
            true => vec![second.clone(), first.clone()],
            false => vec![first.clone(), second.clone()],
        };
        let result = Py::call(spelled, both);
        match (op, &left.ty.kind, &right.ty.kind) {
            (Subtract, Date, Date) | (Subtract, Timestamp, Timestamp) | (Remainder, ..) => {}
            (Divide, ..) => {
                let wrong = Py::call("numbers.div_overflows", vec![first, second]);
                reasons.push(overflows_where(expr, wrong));
            }
            _ => overflow(expr, &[(left, first), (right, second)], &result, reasons),
        }
        result
    }

    pub(super) fn cast(&self, expr: &Expr, of: &Expr, reasons: &mut Vec<Py>) -> Py {
        let inner = self.exact(of, reasons);
        let (from, to) = (&of.ty.kind, &expr.ty.kind);
        if from == to {
            return inner;
        }
        if !shapes::may_not_fit(from, to) {
            return inner.method("cast", vec![Py::text(&type_name(to))]);
        }
        let wrong = shapes::does_not_fit(&inner, from, to, 0);
        reasons.push(overflows_where(expr, wrong));
        shapes::fitted(inner, from, to, 0)
    }
}

fn whole_decimal(whole: i64) -> (Py, (u8, u8)) {
    let digits = u8::try_from(whole.unsigned_abs().to_string().len()).unwrap_or(20);
    let literal = Literal::Decimal {
        unscaled: i128::from(whole),
        scale: 0,
    };
    let kind = TypeKind::Decimal {
        precision: digits,
        scale: 0,
    };
    (typed(&literal, &kind), (digits, 0))
}

/// Digits and scale of what Spark answers by itself.
fn spark_digits(op: ArithmeticOp, left: (u8, u8), right: (u8, u8)) -> (u8, u8) {
    let ((p1, s1), (p2, s2)) = (left, right);
    let (whole, scale) = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => ((p1 - s1).max(p2 - s2) + 1, s1.max(s2)),
        ArithmeticOp::Multiply => (p1 - s1 + p2 - s2 + 1, s1 + s2),
        ArithmeticOp::Divide => (p1 - s1 + s2, KEPT.max(s1 + p2 + 1)),
        ArithmeticOp::Remainder => ((p1 - s1).min(p2 - s2), s1.max(s2)),
    };
    if whole + scale <= MOST_DIGITS {
        return (whole + scale, scale);
    }
    let least = scale.min(KEPT);
    (MOST_DIGITS, MOST_DIGITS.saturating_sub(whole).max(least))
}
