//! Operators: which construct each is; `and`, `or`, `not`, three-valued as conditions are.

use crate::base::Span;
use crate::plan::expr::{ArithmeticOp, CompareOp, Expr, ExprKind, LogicOp};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast::{self, BinaryOp, UnaryOp};

use super::{Checker, Typed, union};

impl Checker<'_> {
    /// An infix operator.
    pub(super) fn binary(
        &mut self,
        expr: &ast::Expr,
        (op, at): (BinaryOp, Span),
        left: &ast::Expr,
        right: &ast::Expr,
        hint: Option<&TypeKind>,
    ) -> Typed {
        match op {
            BinaryOp::Coalesce => self.coalesce(expr, left, right, hint),
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
            BinaryOp::Divide => self.arithmetic(expr, ArithmeticOp::Divide, at, left, right),
            BinaryOp::Remainder => self.arithmetic(expr, ArithmeticOp::Remainder, at, left, right),
            BinaryOp::Like => self.like(expr, left, right, false),
            BinaryOp::Matches => self.matches(expr, left, right, false),
        }
    }

    /// A prefix operator.
    pub(super) fn unary(&mut self, expr: &ast::Expr, op: UnaryOp, value: &ast::Expr, hint: Option<&TypeKind>) -> Typed {
        if op == UnaryOp::Negate {
            return self.negate(expr, value, hint);
        }
        if let ast::ExprKind::Binary { op, left, right, .. } = &value.kind {
            // `x not like "a%"` is read as `not (x like "a%")`, and is an operation of its own.
            match op {
                BinaryOp::Like => return self.like(expr, left, right, true),
                BinaryOp::Matches => return self.matches(expr, left, right, true),
                _ => {}
            }
        }
        let value = self.condition(value, "what `not` turns round");
        if value.is_error() {
            return self.error(expr);
        }
        self.answer(expr, [value], |[value]| ExprKind::Not(Box::new(value)))
    }

    fn logic(&mut self, expr: &ast::Expr, op: LogicOp, left: &ast::Expr, right: &ast::Expr) -> Typed {
        let (first, second) = match op {
            LogicOp::And => ("the left side of `and`", "the right side of `and`"),
            LogicOp::Or => ("the left side of `or`", "the right side of `or`"),
        };
        let left = self.condition(left, first);
        let right = self.condition(right, second);
        self.joined(expr, op, left, right)
    }

    /// `and` or `or` of two typed conditions.
    pub(super) fn joined(&mut self, expr: &ast::Expr, op: LogicOp, left: Typed, right: Typed) -> Typed {
        if left.is_error() || right.is_error() {
            return self.error(expr);
        }
        self.answer(expr, [left, right], |[left, right]| ExprKind::Logic {
            op,
            left: Box::new(left),
            right: Box::new(right),
        })
    }

    /// An answer of yes or no from typed values: missing where one of them is, labelled as all of them.
    pub(super) fn answer<const N: usize>(
        &self,
        expr: &ast::Expr,
        values: [Typed; N],
        kind: impl FnOnce([Expr; N]) -> ExprKind,
    ) -> Typed {
        let ty = Type {
            kind: TypeKind::Bool,
            optional: values.iter().any(|value| value.expr.ty.optional),
        };
        let labels = union(&values);
        self.typed(expr, kind(values.map(|value| value.expr)), ty, labels)
    }
}
