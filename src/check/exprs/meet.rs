//! Values that stand side by side: the one kind that they all are, for comparisons, branches, arms and lists alike.

use crate::base::Span;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};
use crate::syntax::ast;

use super::branch::settled;
use super::{Checker, Typed, habits};

impl Checker<'_> {
    /// Types two expressions that stand side by side.
    pub(super) fn pair(&mut self, left: &ast::Expr, right: &ast::Expr) -> (Typed, Typed) {
        if self.is_open(left) && !self.is_open(right) {
            let right = self.expr(right);
            let left = self.expr_for(left, Some(right.kind()));
            return (left, right);
        }
        let left = self.expr(left);
        let right = self.expr_for(right, Some(left.kind()));
        (left, right)
    }

    /// Types values of which only one is reached, in their order. One that is open by itself (a bare variant, a list, `null`)
    /// is typed after the others, which say what it may be.
    pub(super) fn beside(&mut self, values: &[&ast::Expr], hint: Option<&TypeKind>) -> Vec<Typed> {
        let mut hint = hint.cloned();
        let mut typed: Vec<Option<Typed>> = values.iter().map(|_| None).collect();
        for open in [false, true] {
            for (value, slot) in values.iter().zip(&mut typed) {
                if self.is_open(value) != open || slot.is_some() {
                    continue;
                }
                let answer = self.reachable(value, hint.as_ref());
                hint = hint.or_else(|| settled(&answer).cloned());
                *slot = Some(answer);
            }
        }
        typed.into_iter().flatten().collect()
    }

    /// Whether an expression needs its neighbour to be understood.
    pub(super) fn is_open(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            ast::ExprKind::Name(name) => !self.reads(name),
            ast::ExprKind::Null | ast::ExprKind::List(_) | ast::ExprKind::Record(_) => true,
            _ => false,
        }
    }

    /// The kind that all of these go together in. What does not is said, once: at `at`, or at the value itself.
    pub(super) fn meet(&mut self, parts: &[&Typed], at: Option<Span>, what: &str) -> Option<TypeKind> {
        let mut order: Vec<&Typed> = parts.to_vec();
        // What has a type of its own comes before what takes the type of its neighbours.
        order.sort_by_key(|part| softness(&part.expr));
        let mut parts = order.into_iter();
        let mut shown = parts.next()?;
        let mut kind = shown.kind().clone();
        for part in parts {
            let Some(both) = ty::unify(&kind, &as_beside(&part.expr, &kind)) else {
                let (left, right) = if shown.span.start <= part.span.start {
                    (shown, part)
                } else {
                    (part, shown)
                };
                self.apart(left, right, at.unwrap_or(right.span), what);
                return None;
            };
            if ty::is_open(&kind) || kind == TypeKind::Never {
                shown = part;
            }
            kind = both;
        }
        (kind != TypeKind::Error).then_some(kind)
    }

    /// Two values do not go together: an error that names both.
    fn apart(&mut self, left: &Typed, right: &Typed, at: Span, what: &str) {
        let (l, r) = (left.kind(), right.kind());
        let message = format!("{what}: `{}` is {l}, `{}` is {r}", left.expr.text, right.expr.text);
        let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, at, message)
            .found(format!("{l} and {r} do not go together"))
            .label(left.span, format!("this is {l}"))
            .label(right.span, format!("this is {r}"));
        let diagnostic = match habits::into(left, r).or_else(|| habits::into(right, l)) {
            Some(way) => way.put(diagnostic),
            None => diagnostic,
        };
        self.say(diagnostic);
    }
}

/// What takes the type of its neighbours comes last; of literals, whole numbers do.
fn softness(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(_)) => 3,
        ExprKind::Literal(Literal::Decimal { .. }) => 2,
        ExprKind::List(_) | ExprKind::Struct(_) | ExprKind::Literal(_) => 1,
        _ => 0,
    }
}

/// The kind that a value has beside another: a number's literal is as wide as it is written, or a float; a text's is a
/// variant beside an enum; lists and records are what their parts are.
pub(crate) fn as_beside(expr: &Expr, other: &TypeKind) -> TypeKind {
    match (&expr.kind, other) {
        (ExprKind::Literal(Literal::Int(value)), TypeKind::Decimal { .. }) => {
            super::literal::decimal_type(i128::from(*value), 0).unwrap_or(TypeKind::Int)
        }
        (ExprKind::Literal(Literal::Int(_) | Literal::Decimal { .. }), TypeKind::Float) => TypeKind::Float,
        (ExprKind::Literal(Literal::Text(_)), TypeKind::Enum { .. }) => other.clone(),
        (ExprKind::List(items), TypeKind::List(wanted)) => {
            let mut item = TypeKind::Null.required();
            for own in items {
                let own = Type {
                    kind: as_beside(own, &wanted.kind),
                    optional: own.ty.optional,
                };
                match ty::unify(&item.kind, &own.kind) {
                    Some(kind) => {
                        item = Type {
                            kind,
                            optional: item.optional || own.optional,
                        }
                    }
                    None => return expr.ty.kind.clone(),
                }
            }
            TypeKind::List(Box::new(item))
        }
        (ExprKind::Struct(values), TypeKind::Struct(wanted)) => {
            let TypeKind::Struct(mut fields) = expr.ty.kind.clone() else {
                return expr.ty.kind.clone();
            };
            for field in &mut fields {
                let value = values.iter().find(|(name, _)| *name == field.name);
                let other = wanted.iter().find(|other| other.name == field.name);
                if let (Some((_, value)), Some(other)) = (value, other) {
                    field.ty.kind = as_beside(value, &other.ty.kind);
                }
            }
            TypeKind::Struct(fields)
        }
        _ => expr.ty.kind.clone(),
    }
}
