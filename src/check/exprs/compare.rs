//! Comparisons: both sides of one kind, missing if either side is; `is`, which is never missing.

use crate::base::Span;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{CompareOp, ExprKind};
use crate::plan::types::TypeKind;
use crate::syntax::ast;

use super::{Checker, Typed};

impl Checker<'_> {
    /// `== != < <= > >=`
    pub(super) fn compare(
        &mut self,
        expr: &ast::Expr,
        op: CompareOp,
        at: Span,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Typed {
        let (left, right) = self.pair(left, right);
        self.compared(expr, op, at, left, right)
    }

    /// A comparison of two typed values.
    pub(super) fn compared(&mut self, expr: &ast::Expr, op: CompareOp, at: Span, left: Typed, right: Typed) -> Typed {
        if left.is_error() || right.is_error() {
            return self.error(expr);
        }
        if *left.kind() == TypeKind::Null || *right.kind() == TypeKind::Null {
            self.compared_with_null(expr, op, &left, &right);
            return self.error(expr);
        }
        let Some((left, right)) = self.sides(left, right, at) else {
            return self.error(expr);
        };
        let equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
        if !equality && !ty::ordered(left.kind()) {
            let message = format!("values of type {} have no order", left.kind());
            let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, at, message).found("this asks which is greater");
            self.say(match left.kind() {
                TypeKind::Json => diagnostic.help("read it as a number or a text first"),
                _ => diagnostic.help("compare with `==` or `!=`"),
            });
            return self.error(expr);
        }
        self.answer(expr, [left, right], |[left, right]| ExprKind::Compare {
            op,
            left: Box::new(left),
            right: Box::new(right),
        })
    }

    /// `x is null`, `x is not null`, `a is b`
    pub(super) fn is(&mut self, expr: &ast::Expr, value: &ast::Expr, not: bool, other: &ast::Expr) -> Typed {
        if matches!(other.kind, ast::ExprKind::Null) {
            return self.is_null(expr, value, not);
        }
        if matches!(value.kind, ast::ExprKind::Null) {
            return self.is_null(expr, other, not);
        }
        let (left, right) = self.pair(value, other);
        if left.is_error() || right.is_error() {
            return self.error(expr);
        }
        let Some((left, right)) = self.sides(left, right, other.span) else {
            return self.error(expr);
        };
        let mut typed = self.answer(expr, [left, right], |[left, right]| ExprKind::Same {
            left: Box::new(left),
            right: Box::new(right),
            negated: not,
        });
        typed.expr.ty.optional = false;
        typed
    }

    /// Both sides as values of the one kind that can be compared.
    fn sides(&mut self, left: Typed, right: Typed, at: Span) -> Option<(Typed, Typed)> {
        let kind = self.meet(&[&left, &right], Some(at), "these cannot be compared")?;
        if ty::holds_object(&kind) {
            let message = format!(
                "`{}` and `{}` are objects, which have no value to compare",
                left.expr.text, right.expr.text
            );
            let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, at, message).found("bytes in the lake");
            let (l, r) = (&left.expr.text, &right.expr.text);
            self.say(diagnostic.help(format!("compare what is known of them: `{l}.checksum == {r}.checksum`")));
            return None;
        }
        let (left, right) = (self.convert(left, &kind), self.convert(right, &kind));
        (!left.is_error() && !right.is_error()).then_some((left, right))
    }

    fn is_null(&mut self, expr: &ast::Expr, value: &ast::Expr, not: bool) -> Typed {
        let value = self.expr(value);
        if value.is_error() {
            return self.error(expr);
        }
        if !value.expr.ty.optional {
            let text = &value.expr.text;
            let message = format!(
                "`{text}` is always there, so `{}` is the same for every row",
                self.text_of(expr.span)
            );
            let diagnostic = Diagnostic::new(Code::ALWAYS_PRESENT, expr.span, message)
                .label(value.span, format!("this is {}", value.expr.ty))
                .found(format!("always {not}"));
            self.say(diagnostic.help("leave it out, or declare a field that may be missing with `?`"));
        }
        let mut typed = self.answer(expr, [value], |[value]| ExprKind::IsNull {
            value: Box::new(value),
            negated: not,
        });
        typed.expr.ty.optional = false;
        typed
    }

    fn compared_with_null(&mut self, expr: &ast::Expr, op: CompareOp, left: &Typed, right: &Typed) {
        let other = if *left.kind() == TypeKind::Null { right } else { left };
        let diagnostic = Diagnostic::new(Code::NULL_LITERAL, expr.span, "a comparison with `null` never holds")
            .found("missing, whatever the row holds");
        let question = match op {
            CompareOp::Equal => "is null",
            CompareOp::NotEqual => "is not null",
            _ => {
                self.say(diagnostic.help("`null` is neither less nor greater than anything: leave it out"));
                return;
            }
        };
        let written = format!("{} {question}", other.expr.text);
        self.say(
            diagnostic
                .help(format!("write `{written}`"))
                .fix(format!("write `{written}`"), expr.span, written),
        );
    }
}
