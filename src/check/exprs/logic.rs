//! `and`, `or`, `not`, `is null`: three-valued, as conditions are.

use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{CompareOp, ExprKind, LogicOp};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast::{self, BinaryOp, UnaryOp};

use super::{Checker, Typed, union};
use crate::base::Span;
use crate::plan::expr::ArithmeticOp;

impl Checker<'_> {
    /// An infix operator.
    pub(super) fn binary(
        &mut self,
        expr: &ast::Expr,
        op: BinaryOp,
        at: Span,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Typed {
        match op {
            BinaryOp::Coalesce => self.coalesce(expr, left, right),
            BinaryOp::Or => self.logic(expr, LogicOp::Or, left, right),
            BinaryOp::And => self.logic(expr, LogicOp::And, left, right),
            BinaryOp::Equal => self.compare(expr, CompareOp::Equal, at, left, right),
            BinaryOp::NotEqual => self.compare(expr, CompareOp::NotEqual, at, left, right),
            BinaryOp::Less => self.compare(expr, CompareOp::Less, at, left, right),
            BinaryOp::LessEqual => self.compare(expr, CompareOp::LessEqual, at, left, right),
            BinaryOp::Greater => self.compare(expr, CompareOp::Greater, at, left, right),
            BinaryOp::GreaterEqual => self.compare(expr, CompareOp::GreaterEqual, at, left, right),
            BinaryOp::Add => self.arithmetic(expr, ArithmeticOp::Add, at, left, right),
            BinaryOp::Subtract => self.arithmetic(expr, ArithmeticOp::Subtract, at, left, right),
            BinaryOp::Multiply => self.arithmetic(expr, ArithmeticOp::Multiply, at, left, right),
            BinaryOp::Divide => self.refused(expr, at, "division (`/`)"),
            BinaryOp::Remainder => self.refused(expr, at, "remainders (`%`)"),
            BinaryOp::Like => self.refused(expr, at, "`like`"),
            BinaryOp::Matches => self.refused(expr, at, "`matches`"),
        }
    }

    /// A prefix operator.
    pub(super) fn unary(&mut self, expr: &ast::Expr, op: UnaryOp, value: &ast::Expr) -> Typed {
        match op {
            UnaryOp::Negate => self.negate(expr, value),
            UnaryOp::Not => {
                let value = self.condition(value, "what `not` turns round");
                if value.is_error() {
                    return self.error(expr);
                }
                let (ty, labels) = (value.expr.ty.clone(), value.labels);
                self.typed(expr, ExprKind::Not(Box::new(value.expr)), ty, labels)
            }
        }
    }

    fn logic(&mut self, expr: &ast::Expr, op: LogicOp, left: &ast::Expr, right: &ast::Expr) -> Typed {
        let word = if op == LogicOp::And { "and" } else { "or" };
        let side = |side| format!("the {side} side of `{word}`");
        let left = self.condition(left, &side("left"));
        let right = self.condition(right, &side("right"));
        self.joined(expr, op, left, right)
    }

    /// `and` or `or` of two checked conditions.
    pub(super) fn joined(&mut self, expr: &ast::Expr, op: LogicOp, left: Typed, right: Typed) -> Typed {
        if left.is_error() || right.is_error() {
            return self.error(expr);
        }
        let labels = union([&left, &right]);
        let ty = Type {
            kind: TypeKind::Bool,
            optional: left.expr.ty.optional || right.expr.ty.optional,
        };
        let kind = ExprKind::Logic {
            op,
            left: Box::new(left.expr),
            right: Box::new(right.expr),
        };
        self.typed(expr, kind, ty, labels)
    }

    /// `x is null`, `x is not null`.
    pub(super) fn is(&mut self, expr: &ast::Expr, value: &ast::Expr, not: bool, other: &ast::Expr) -> Typed {
        if !matches!(other.kind, ast::ExprKind::Null) {
            return self.refused(expr, expr.span, "`is` between two values");
        }
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
        let labels = value.labels;
        let kind = ExprKind::IsNull {
            value: Box::new(value.expr),
            negated: not,
        };
        self.typed(expr, kind, TypeKind::Bool.required(), labels)
    }
}
