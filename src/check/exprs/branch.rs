//! `if`, `??` and `reject`: values of which only one branch is reached.

use std::collections::BTreeSet;

use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast;

use super::convert::cast;
use super::{Checker, Place, Typed, union};

impl Checker<'_> {
    /// `if c then a else b`
    pub(super) fn branch(
        &mut self,
        expr: &ast::Expr,
        condition: &ast::Expr,
        then: &ast::Expr,
        otherwise: &ast::Expr,
        hint: Option<&TypeKind>,
    ) -> Typed {
        let condition = self.condition(condition, "the condition of `if`");
        let mut branches = self.beside(&[then, otherwise], hint).into_iter();
        let (Some(then), Some(otherwise)) = (branches.next(), branches.next()) else {
            return self.error(expr);
        };
        if condition.is_error() || then.is_error() || otherwise.is_error() {
            return self.error(expr);
        }
        self.chosen(expr, condition, then, otherwise, "the branches of `if` have two types")
    }

    /// One of two typed values by a condition.
    pub(super) fn chosen(
        &mut self,
        expr: &ast::Expr,
        condition: Typed,
        then: Typed,
        otherwise: Typed,
        what: &str,
    ) -> Typed {
        let Some(kind) = self.meet(&[&then, &otherwise], None, what) else {
            return self.error(expr);
        };
        let labels = union([&condition, &then, &otherwise]);
        let mut ty = Type {
            optional: then.expr.ty.optional || otherwise.expr.ty.optional,
            kind,
        };
        let (then, otherwise) = (self.branch_value(then, &ty), self.branch_value(otherwise, &ty));
        if then.is_error() || otherwise.is_error() {
            return self.error(expr);
        }
        ty::label_inside(&mut ty.kind, &condition.labels);
        let kind = ExprKind::If {
            condition: Box::new(condition.expr),
            then: Box::new(then.expr),
            otherwise: Box::new(otherwise.expr),
        };
        self.typed(expr, kind, ty, labels)
    }

    /// `value ?? default`
    pub(super) fn coalesce(
        &mut self,
        expr: &ast::Expr,
        value: &ast::Expr,
        default: &ast::Expr,
        hint: Option<&TypeKind>,
    ) -> Typed {
        let value = self.expr_for(value, hint);
        let hint = settled(&value).or(hint);
        let default = self.reachable(default, hint);
        if value.is_error() || default.is_error() {
            return self.error(expr);
        }
        if !value.expr.ty.optional {
            self.never_missing(expr, &value);
            return self.error(expr);
        }
        let what = "what stands in for a missing value has another type";
        let Some(kind) = self.meet(&[&value, &default], Some(default.span), what) else {
            return self.error(expr);
        };
        let labels = union([&value, &default]);
        let ty = Type {
            optional: default.expr.ty.optional,
            kind,
        };
        let (value, default) = (self.convert(value, &ty.kind), self.branch_value(default, &ty));
        if value.is_error() || default.is_error() {
            return self.error(expr);
        }
        let kind = ExprKind::Coalesce {
            value: Box::new(value.expr),
            default: Box::new(default.expr),
        };
        self.typed(expr, kind, ty, labels)
    }

    /// `reject` where no branch can be left.
    pub(super) fn misplaced_reject(&mut self, expr: &ast::Expr) -> Typed {
        let diagnostic = Diagnostic::new(
            Code::REJECT_PLACE,
            expr.span,
            "`reject` stands where no branch can be left",
        )
        .found("every row would be turned away here")
        .help("write it right of `??`: `x ?? reject \"no x\"`, or in a branch of `if` or `match`");
        self.say(diagnostic);
        self.error(expr)
    }

    /// An expression that is reached only on one branch, so that it may be `reject`.
    pub(super) fn reachable(&mut self, expr: &ast::Expr, hint: Option<&TypeKind>) -> Typed {
        let ast::ExprKind::Reject(reason) = &expr.kind else {
            return self.expr_for(expr, hint);
        };
        let place = match self.place {
            Place::Step => return self.reject(expr, reason),
            Place::Check => "a `check` turns the row away by itself when it does not hold",
            Place::Group => "a `group` has no single row to turn away; `derive` the value in a step before it",
            Place::Own => {
                "a `fn` may be called where no row can be turned away: answer with a `?` type, and write `?? reject \"…\"` behind the call"
            }
            Place::Lambda => {
                "one item does not turn its row away: `filter` the list, or `derive` the value first and reject then"
            }
            Place::Constant => "a value that is known when the project is compiled has no row",
        };
        let diagnostic =
            Diagnostic::new(Code::REJECT_PLACE, expr.span, "`reject` cannot stand here").found("no row to turn away");
        self.say(diagnostic.help(place));
        self.error(expr)
    }

    fn reject(&mut self, expr: &ast::Expr, reason: &ast::Expr) -> Typed {
        let typed = self.expr(reason);
        if typed.is_error() {
            return self.error(expr);
        }
        match typed.literal() {
            Some(Literal::Text(text)) => {
                let kind = ExprKind::Reject(text.clone());
                self.typed(expr, kind, TypeKind::Never.required(), BTreeSet::new())
            }
            _ => {
                let message = "the reason of `reject` is the same for every row";
                let diagnostic = Diagnostic::new(Code::REJECT_PLACE, reason.span, message).found("read from the row");
                self.say(
                    diagnostic.help("write it without `${ }`: the quarantine holds the row itself beside the reason"),
                );
                self.error(expr)
            }
        }
    }

    /// A branch's value as one of the whole's type; one that is always there becomes one that may be missing.
    pub(super) fn branch_value(&mut self, typed: Typed, ty: &Type) -> Typed {
        let mut typed = self.convert(typed, &ty.kind);
        let never = matches!(typed.kind(), TypeKind::Never | TypeKind::Error);
        if ty.optional && !typed.expr.ty.optional && !never {
            typed.expr = match typed.expr.kind {
                ExprKind::Cast(inner) => cast(*inner, ty.clone()),
                kind => cast(Expr { kind, ..typed.expr }, ty.clone()),
            };
        }
        typed
    }

    fn never_missing(&mut self, expr: &ast::Expr, value: &Typed) {
        let text = &value.expr.text;
        let message = format!("`{text}` is never missing, so what stands behind `??` is never reached");
        let diagnostic = Diagnostic::new(Code::NEVER_MISSING, expr.span, message)
            .found("the right side is never reached")
            .label(value.span, format!("this is {}, without `?`", value.expr.ty))
            .help(format!("write `{text}` alone"))
            .fix(format!("write `{text}`"), expr.span, text.clone());
        self.say(diagnostic);
    }
}

/// The kind of a value that says what stands beside it; `null`, `reject`, numbers' literals, lists and records say nothing.
pub(super) fn settled(value: &Typed) -> Option<&TypeKind> {
    let open = matches!(
        value.expr.kind,
        ExprKind::Literal(Literal::Int(_) | Literal::Decimal { .. }) | ExprKind::List(_) | ExprKind::Struct(_)
    );
    (!open && !matches!(value.kind(), TypeKind::Null | TypeKind::Never | TypeKind::Error)).then(|| value.kind())
}
