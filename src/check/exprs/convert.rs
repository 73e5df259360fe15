//! Making values of one kind: literals take the type that their place asks for, other values are cast.

use crate::base::{Span, suggest};
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};

use super::{Checker, Typed};

impl Checker<'_> {
    /// The kind that both values go together in; what cannot be is said, once, at `at`.
    pub(super) fn together(&mut self, left: &Typed, right: &Typed, at: Span, what: &str) -> Option<TypeKind> {
        let (own, other) = (as_beside(left, right.kind()), as_beside(right, left.kind()));
        let kind = ty::unify(&own, &other);
        if kind.is_none() {
            self.apart(left, right, at, what);
        }
        kind.filter(|kind| *kind != TypeKind::Error)
    }

    /// Two values do not go together: an error that names both.
    fn apart(&mut self, left: &Typed, right: &Typed, at: Span, what: &str) {
        let (l, r) = (left.kind(), right.kind());
        let message = format!("{what}: `{}` is {l}, `{}` is {r}", left.expr.text, right.expr.text);
        let mut diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, at, message)
            .found(format!("{l} and {r} do not go together"))
            .label(left.span, format!("this is {l}"))
            .label(right.span, format!("this is {r}"));
        for (text, kind) in [(left, r), (right, l)] {
            if let (Some(Literal::Text(_)), TypeKind::Date | TypeKind::Timestamp | TypeKind::Uuid) =
                (text.literal(), kind)
            {
                let written = format!("{kind}({})", text.expr.text);
                diagnostic = diagnostic
                    .help(format!("a text never becomes a {kind} by itself: write `{written}`"))
                    .fix(format!("write `{written}`"), text.span, written);
            }
        }
        self.say(diagnostic);
    }

    /// The value as one of this kind, which it goes together with. Whether it may be missing stays as it is.
    pub(super) fn convert(&mut self, mut typed: Typed, kind: &TypeKind) -> Typed {
        if typed.kind() == kind || matches!(typed.kind(), TypeKind::Error | TypeKind::Never) || *kind == TypeKind::Error
        {
            return typed;
        }
        if let (Some(Literal::Text(variant)), TypeKind::Enum { name, variants }) = (typed.literal(), kind)
            && !variants.contains(variant)
        {
            let near = suggest(variant, variants.iter().map(String::as_str)).map(|near| format!("\"{near}\""));
            let diagnostic = unknown_variant(typed.span, variant, name, variants, near.as_deref());
            self.say(diagnostic);
            typed.expr.ty = ty::error();
            return typed;
        }
        let optional = typed.expr.ty.optional;
        let ty = Type {
            kind: kind.clone(),
            optional,
        };
        match typed.literal().and_then(|literal| literal_as(literal, kind)) {
            Some(literal) => typed.expr.kind = ExprKind::Literal(literal),
            None => typed.expr = cast(typed.expr, ty.clone()),
        }
        typed.expr.ty = ty;
        typed
    }

    /// The value where one of a declared type is asked for; what cannot be is said.
    pub fn asked(&mut self, typed: Typed, wanted: &Type, what: &str) -> Typed {
        if typed.is_error() || wanted.kind == TypeKind::Error {
            return typed;
        }
        let own = as_beside(&typed, &wanted.kind);
        let null = *typed.kind() == TypeKind::Null && !wanted.optional;
        let fits = !null && ty::unify(&own, &wanted.kind).as_ref() == Some(&wanted.kind);
        if !fits {
            let diagnostic = misfit(&typed, &own, wanted, what);
            self.say(diagnostic);
            return failed(typed);
        }
        if typed.expr.ty.optional && !wanted.optional {
            let diagnostic = may_be_missing(&typed, what);
            self.say(diagnostic);
            return failed(typed);
        }
        self.convert(typed, &wanted.kind)
    }
}

/// A value may be missing where one is asked for: both ways out.
pub fn may_be_missing(typed: &Typed, what: &str) -> Diagnostic {
    let text = &typed.expr.text;
    let message = format!("{what} is always there, but `{text}` may be missing");
    Diagnostic::new(Code::MAY_BE_MISSING, typed.span, message)
        .found(format!("this is {}", typed.expr.ty))
        .help(format!(
            "say what stands in for it: `{text} ?? {}`",
            example(&typed.expr.ty.kind)
        ))
        .help(format!("or turn the row away: `{text} ?? reject \"no {text}\"`"))
}

/// A value of a kind, for help.
pub fn example(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Bool => "false",
        TypeKind::Int | TypeKind::Float | TypeKind::Decimal { .. } => "0",
        TypeKind::Text => "\"\"",
        TypeKind::Date => "date(\"1970-01-01\")",
        TypeKind::Timestamp => "timestamp(\"1970-01-01T00:00:00Z\")",
        _ => "…",
    }
}

/// A cast to a type, unless it has it.
pub(super) fn cast(expr: Expr, ty: Type) -> Expr {
    let text = expr.text.clone();
    Expr {
        kind: ExprKind::Cast(Box::new(expr)),
        ty,
        text,
    }
}

fn failed(mut typed: Typed) -> Typed {
    typed.expr.ty = ty::error();
    typed
}

fn misfit(typed: &Typed, own: &TypeKind, wanted: &Type, what: &str) -> Diagnostic {
    let text = &typed.expr.text;
    let decimals = matches!(
        (own, &wanted.kind),
        (TypeKind::Decimal { .. }, TypeKind::Decimal { .. })
    );
    if decimals && typed.literal().is_some() {
        let message = format!("`{text}` does not fit {}, the type of {what}", wanted.kind);
        return Diagnostic::new(Code::BAD_LITERAL, typed.span, message).found(format!("this is {own}"));
    }
    if *typed.kind() == TypeKind::Null {
        let message = format!("{what} is always there, so it cannot be `null`");
        let found =
            Diagnostic::new(Code::MAY_BE_MISSING, typed.span, message).found(format!("{} is asked for", wanted.kind));
        return found.help(format!("write a value: `{}`", example(&wanted.kind)));
    }
    let message = format!("{what} is {}, but `{text}` is {}", wanted.kind, typed.kind());
    let diagnostic =
        Diagnostic::new(Code::TYPE_MISMATCH, typed.span, message).found(format!("this is {}", typed.kind()));
    match (typed.literal(), &wanted.kind) {
        (Some(Literal::Text(_)), TypeKind::Date | TypeKind::Timestamp | TypeKind::Uuid) => {
            let written = format!("{}({text})", wanted.kind);
            diagnostic
                .help(format!("write `{written}`"))
                .fix(format!("write `{written}`"), typed.span, written)
        }
        _ => diagnostic,
    }
}

/// An enum has no such variant; `near` is what was meant, as it would be written.
pub(super) fn unknown_variant(
    span: Span,
    variant: &str,
    name: &str,
    variants: &[String],
    near: Option<&str>,
) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::BAD_LITERAL, span, format!("`{variant}` is no variant of {name}"))
        .found(format!("{name} has {}", variants.join(", ")));
    match near {
        Some(near) => diagnostic
            .help(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), span, near),
        None => diagnostic.help(format!("write one of {}", variants.join(", "))),
    }
}

/// The kind that a value has beside another: a number's literal is as wide as it is written, or a float; a text's is a
/// variant beside an enum.
pub(super) fn as_beside(typed: &Typed, other: &TypeKind) -> TypeKind {
    match (typed.literal(), other) {
        (Some(Literal::Int(value)), TypeKind::Decimal { .. }) => {
            super::literal::decimal_type(i128::from(*value), 0).unwrap_or(TypeKind::Int)
        }
        (Some(Literal::Int(_) | Literal::Decimal { .. }), TypeKind::Float) => TypeKind::Float,
        (Some(Literal::Text(_)), TypeKind::Enum { .. }) => other.clone(),
        _ => typed.kind().clone(),
    }
}

/// A literal as one of another kind, without loss.
fn literal_as(literal: &Literal, kind: &TypeKind) -> Option<Literal> {
    let (unscaled, from) = match literal {
        Literal::Null => return Some(Literal::Null),
        Literal::Text(text) if matches!(kind, TypeKind::Enum { .. }) => return Some(Literal::Text(text.clone())),
        Literal::Int(value) => (i128::from(*value), 0),
        Literal::Decimal { unscaled, scale } => (*unscaled, *scale),
        _ => return None,
    };
    match kind {
        TypeKind::Float => decimal_text(unscaled, from).parse().ok().map(Literal::Float),
        TypeKind::Decimal { scale, .. } => {
            let factor = 10_i128.checked_pow(u32::from(scale.checked_sub(from)?))?;
            Some(Literal::Decimal {
                unscaled: unscaled.checked_mul(factor)?,
                scale: *scale,
            })
        }
        _ => None,
    }
}

/// A decimal's text in a form that every reader of numbers takes: `-125e-2`.
fn decimal_text(unscaled: i128, scale: u8) -> String {
    format!("{unscaled}e-{scale}")
}
