//! Comparisons: both sides of one kind, missing if either side is.

use crate::base::Span;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{CompareOp, ExprKind};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast;

use super::{Checker, Typed, union};

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
        let (left, right) = (self.expr(left), self.expr(right));
        self.compared(expr, op, at, left, right)
    }

    /// A comparison of two checked values.
    pub(super) fn compared(&mut self, expr: &ast::Expr, op: CompareOp, at: Span, left: Typed, right: Typed) -> Typed {
        if left.is_error() || right.is_error() {
            return self.error(expr);
        }
        if *left.kind() == TypeKind::Null || *right.kind() == TypeKind::Null {
            let other = if *left.kind() == TypeKind::Null { &right } else { &left };
            let question = if op == CompareOp::NotEqual {
                "is not null"
            } else {
                "is null"
            };
            let written = format!("{} {question}", other.expr.text);
            let diagnostic = Diagnostic::new(Code::NULL_LITERAL, expr.span, "a comparison with `null` never holds")
                .found("missing, whatever the row holds")
                .help(format!("write `{written}`"))
                .fix(format!("write `{written}`"), expr.span, written);
            self.say(diagnostic);
            return self.error(expr);
        }
        let Some(kind) = self.together(&left, &right, at, "these cannot be compared") else {
            return self.error(expr);
        };
        let equality = matches!(op, CompareOp::Equal | CompareOp::NotEqual);
        if !equality && !ty::ordered(&kind) {
            let message = format!("values of type {kind} have no order");
            let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, at, message).found("this asks which is greater");
            self.say(diagnostic.help("compare with `==` or `!=`"));
            return self.error(expr);
        }
        let labels = union([&left, &right]);
        let (left, right) = (self.convert(left, &kind), self.convert(right, &kind));
        if left.is_error() || right.is_error() {
            return self.error(expr);
        }
        let ty = Type {
            kind: TypeKind::Bool,
            optional: left.expr.ty.optional || right.expr.ty.optional,
        };
        let kind = ExprKind::Compare {
            op,
            left: Box::new(left.expr),
            right: Box::new(right.expr),
        };
        self.typed(expr, kind, ty, labels)
    }
}
