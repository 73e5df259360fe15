//! `+ - *` on ints and decimals, with Spark's result types, and `-x`.

use crate::base::Span;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{ArithmeticOp, ExprKind};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast;

use super::convert::as_beside;
use super::{Checker, Typed, union};

impl Checker<'_> {
    /// `+ - *`
    pub(super) fn arithmetic(
        &mut self,
        expr: &ast::Expr,
        op: ArithmeticOp,
        at: Span,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Typed {
        let (left, right) = (self.expr(left), self.expr(right));
        if left.is_error() || right.is_error() {
            return self.error(expr);
        }
        let (l, r) = (as_beside(&left, right.kind()), as_beside(&right, left.kind()));
        let Some(kind) = result(op, &l, &r) else {
            self.no_arithmetic(op, at, &left, &right);
            return self.error(expr);
        };
        let labels = union([&left, &right]);
        let optional = left.expr.ty.optional || right.expr.ty.optional;
        let (left, right) = match kind {
            TypeKind::Decimal { .. } => (self.widened(left, &l), self.widened(right, &r)),
            _ => (left, right),
        };
        let node = ExprKind::Arithmetic {
            op,
            left: Box::new(left.expr),
            right: Box::new(right.expr),
        };
        self.typed(expr, node, Type { kind, optional }, labels)
    }

    /// `-x`; a number's literal takes its sign at once, so that the least int can be written.
    pub(super) fn negate(&mut self, expr: &ast::Expr, value: &ast::Expr) -> Typed {
        match &value.kind {
            ast::ExprKind::Int(digits) => return self.int(expr, digits, true),
            ast::ExprKind::Decimal(text) => return self.decimal(expr, text, true),
            _ => {}
        }
        let value = self.expr(value);
        match value.kind() {
            TypeKind::Error => self.error(expr),
            TypeKind::Int | TypeKind::Decimal { .. } => {
                let (ty, labels) = (value.expr.ty.clone(), value.labels);
                self.typed(expr, ExprKind::Negate(Box::new(value.expr)), ty, labels)
            }
            TypeKind::Float => self.refused(expr, expr.span, "arithmetic on floats"),
            kind => {
                let message = format!("`-` takes a number, but `{}` is {kind}", value.expr.text);
                let diagnostic =
                    Diagnostic::new(Code::TYPE_MISMATCH, value.span, message).found(format!("this is {kind}"));
                self.say(diagnostic);
                self.error(expr)
            }
        }
    }

    /// An int where it meets decimals is as wide as any int, a literal as it is written.
    fn widened(&mut self, typed: Typed, kind: &TypeKind) -> Typed {
        match ty::digits(kind) {
            Some((precision, scale)) => self.convert(typed, &TypeKind::Decimal { precision, scale }),
            None => typed,
        }
    }

    fn no_arithmetic(&mut self, op: ArithmeticOp, at: Span, left: &Typed, right: &Typed) {
        let sign = match op {
            ArithmeticOp::Add => "+",
            ArithmeticOp::Subtract => "-",
            ArithmeticOp::Multiply => "*",
            ArithmeticOp::Divide => "/",
            ArithmeticOp::Remainder => "%",
        };
        let (l, r) = (left.kind(), right.kind());
        let later = |kind: &TypeKind| {
            matches!(
                kind,
                TypeKind::Float | TypeKind::Date | TypeKind::Timestamp | TypeKind::Duration
            )
        };
        let number = |kind: &TypeKind| matches!(kind, TypeKind::Int | TypeKind::Decimal { .. });
        if (later(l) && (later(r) || number(r))) || (number(l) && later(r)) {
            let what = format!("`{sign}` between {l} and {r}");
            self.say(crate::check::not_yet(at, what));
            return;
        }
        let message = format!(
            "`{sign}` takes numbers, but `{}` is {l} and `{}` is {r}",
            left.expr.text, right.expr.text
        );
        let mut diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, at, message)
            .found("both sides must be int or decimal")
            .label(left.span, format!("this is {l}"))
            .label(right.span, format!("this is {r}"));
        if *l == TypeKind::Text && *r == TypeKind::Text {
            diagnostic = diagnostic.help("texts are joined by writing them in one: `\"${first} ${last}\"`");
        }
        self.say(diagnostic);
    }
}

fn result(op: ArithmeticOp, left: &TypeKind, right: &TypeKind) -> Option<TypeKind> {
    if (left, right) == (&TypeKind::Int, &TypeKind::Int) {
        return Some(TypeKind::Int);
    }
    let (left, right) = (ty::digits(left)?, ty::digits(right)?);
    let (precision, scale) = match op {
        ArithmeticOp::Add | ArithmeticOp::Subtract => ty::sum(left, right),
        ArithmeticOp::Multiply => ty::product(left, right),
        ArithmeticOp::Divide | ArithmeticOp::Remainder => return None,
    };
    Some(TypeKind::Decimal { precision, scale })
}
