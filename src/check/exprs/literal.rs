//! Literals of numbers: as wide as they are written, or of the type that their place asks for.

use crate::check::ty::{self, MAX_DIGITS};
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;
use crate::syntax::ast;

use super::meet::as_beside;
use super::{Checker, Typed};

impl Checker<'_> {
    /// A whole number: an `int` where it fits one, else a decimal as wide as it is.
    pub(super) fn int(&mut self, expr: &ast::Expr, digits: &str, negative: bool, hint: Option<&TypeKind>) -> Typed {
        let Some(value) = signed(digits, negative) else {
            return self.too_many_digits(expr);
        };
        let typed = match i64::try_from(value) {
            Ok(value) => self.constant(expr, Literal::Int(value), TypeKind::Int),
            Err(_) => match decimal_type(value, 0) {
                Some(kind) => self.constant(
                    expr,
                    Literal::Decimal {
                        unscaled: value,
                        scale: 0,
                    },
                    kind,
                ),
                None => self.too_many_digits(expr),
            },
        };
        self.as_asked(typed, hint)
    }

    /// A decimal, as wide as it is written: `1.10` is decimal(3, 2).
    pub(super) fn decimal(&mut self, expr: &ast::Expr, text: &str, negative: bool, hint: Option<&TypeKind>) -> Typed {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let read = || {
            let scale = u8::try_from(fraction.len()).ok()?;
            let unscaled = signed(&format!("{whole}{fraction}"), negative)?;
            Some((decimal_type(unscaled, scale)?, Literal::Decimal { unscaled, scale }))
        };
        let typed = match read() {
            Some((kind, literal)) => self.constant(expr, literal, kind),
            None => self.too_many_digits(expr),
        };
        self.as_asked(typed, hint)
    }

    /// A number's literal as one of the kind that its place asks for, if it fits.
    fn as_asked(&mut self, typed: Typed, hint: Option<&TypeKind>) -> Typed {
        let Some(hint @ (TypeKind::Decimal { .. } | TypeKind::Float)) = hint else {
            return typed;
        };
        match ty::unify(&as_beside(&typed.expr, hint), hint) {
            Some(kind) if kind == *hint => self.convert(typed, hint),
            _ => typed,
        }
    }

    fn too_many_digits(&mut self, expr: &ast::Expr) -> Typed {
        let text = self.text_of(expr.span);
        let message = format!("`{text}` has more digits than any number");
        let diagnostic = Diagnostic::new(Code::BAD_LITERAL, expr.span, message).found("too many digits");
        self.say(diagnostic.help(format!("a decimal has at most {MAX_DIGITS} digits")));
        self.error(expr)
    }
}

/// The decimal type that is exactly as wide as a number.
pub(super) fn decimal_type(unscaled: i128, scale: u8) -> Option<TypeKind> {
    let precision = digits(unscaled).max(scale);
    (precision <= MAX_DIGITS).then_some(TypeKind::Decimal { precision, scale })
}

/// How many digits a number has; 0 has one.
pub(super) fn digits(value: i128) -> u8 {
    value.unsigned_abs().checked_ilog10().map_or(1, |log| log as u8 + 1)
}

fn signed(digits: &str, negative: bool) -> Option<i128> {
    let value: i128 = digits.parse().ok()?;
    Some(if negative { -value } else { value })
}
