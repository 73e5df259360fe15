//! Making values of one kind: literals take the type that their place asks for, other values are cast.

use crate::base::{Span, suggest};
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Type, TypeKind};

use super::meet::as_beside;
use super::{Checker, Place, Typed, habits};

impl Checker<'_> {
    /// The value as one of this kind, which it goes together with. Whether it may be missing stays as it is, and so do
    /// the labels of its parts.
    pub(super) fn convert(&mut self, mut typed: Typed, kind: &TypeKind) -> Typed {
        let settled = matches!(typed.kind(), TypeKind::Error | TypeKind::Never) || *kind == TypeKind::Error;
        if settled || ty::same(typed.kind(), kind) {
            return typed;
        }
        let kind = ty::labelled_as(kind, typed.kind());
        if let Some((variant, of, variants)) = foreign_variant(&typed.expr, &kind) {
            let near = suggest(&variant, variants.iter().map(String::as_str)).map(|near| format!("\"{near}\""));
            let diagnostic = unknown_variant(typed.span, &variant, &of, &variants, near.as_deref());
            self.say(diagnostic);
            return failed(typed);
        }
        typed.expr = converted(typed.expr, kind);
        typed
    }

    /// The value where one of a declared type is asked for; what cannot be is said.
    pub fn asked(&mut self, typed: Typed, wanted: &Type, what: &str) -> Typed {
        if typed.is_error() || wanted.kind == TypeKind::Error {
            return typed;
        }
        let own = as_beside(&typed.expr, &wanted.kind);
        let null = *typed.kind() == TypeKind::Null && !wanted.optional;
        let narrows = typed.literal().is_none() && ty::narrows(&own, &wanted.kind);
        let fits =
            !null && (narrows || ty::unify(&wanted.kind, &own).is_some_and(|both| ty::same(&both, &wanted.kind)));
        if !fits {
            let diagnostic = misfit(&typed, &own, wanted, what);
            self.say(diagnostic);
            return failed(typed);
        }
        if typed.expr.ty.optional && !wanted.optional {
            let rejects = self.place == Place::Step;
            self.say(ways_out(may_be_missing(&typed, what), &typed, rejects));
            return failed(typed);
        }
        self.convert(typed, &wanted.kind)
    }
}

/// A value may be missing where one is asked for: both ways out.
pub fn may_be_missing(typed: &Typed, what: &str) -> Diagnostic {
    let text = &typed.expr.text;
    let message = format!("{what} is always there, but `{text}` may be missing");
    let diagnostic =
        Diagnostic::new(Code::MAY_BE_MISSING, typed.span, message).found(format!("this is {}", typed.expr.ty));
    let whole = operand(typed);
    let diagnostic = match example(&typed.expr.ty.kind) {
        Some(default) => diagnostic.help(format!("say what stands in for it: `{whole} ?? {default}`")),
        None => diagnostic,
    };
    diagnostic.help(format!(
        "or turn the row away: `{whole} ?? reject \"{}\"`",
        reason(text)
    ))
}

/// Both ways out of [`may_be_missing`] as edits of the value where it stands; `rejects`: a row can be turned away there.
pub fn ways_out(diagnostic: Diagnostic, typed: &Typed, rejects: bool) -> Diagnostic {
    let whole = operand(typed);
    let diagnostic = match example(&typed.expr.ty.kind) {
        Some(default) => diagnostic.fix(
            format!("fill it with `{default}`"),
            typed.span,
            format!("{whole} ?? {default}"),
        ),
        None => diagnostic,
    };
    match rejects {
        true => {
            let text = format!("{whole} ?? reject \"{}\"", reason(&typed.expr.text));
            diagnostic.fix("turn the row away", typed.span, text)
        }
        false => diagnostic,
    }
}

/// The text of a value as the left side of `??`: `if` and `row => …` reach to the end of their line.
fn operand(typed: &Typed) -> String {
    let text = &typed.expr.text;
    match text.starts_with("if ") {
        true => format!("({text})"),
        false => text.to_string(),
    }
}

/// Why a row is turned away: `no amount`.
fn reason(text: &str) -> String {
    let name = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '.');
    match name {
        true => format!("no {text}"),
        false => "a value is missing".to_owned(),
    }
}

/// A value of a kind that may stand in for a missing one, as it is written; `None` where there is no plain one.
pub fn example(kind: &TypeKind) -> Option<String> {
    Some(match kind {
        TypeKind::Bool => "false".to_owned(),
        TypeKind::Int | TypeKind::Float | TypeKind::Decimal { .. } => "0".to_owned(),
        TypeKind::Text => "\"\"".to_owned(),
        TypeKind::Date => "date(\"1970-01-01\")".to_owned(),
        TypeKind::Timestamp => "timestamp(\"1970-01-01T00:00:00Z\")".to_owned(),
        TypeKind::Duration => "0 s".to_owned(),
        TypeKind::List(_) => "[]".to_owned(),
        TypeKind::Enum { name, variants } => format!("{name}.{}", variants.first()?),
        _ => return None,
    })
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

/// An expression as one of a kind that it goes together with: literals, lists and records are rewritten, others cast.
fn converted(expr: Expr, kind: TypeKind) -> Expr {
    if ty::same(&expr.ty.kind, &kind) {
        return expr;
    }
    let Expr { kind: node, ty, text } = expr;
    let optional = ty.optional;
    let node = match (node, &kind) {
        (ExprKind::Literal(literal), _) => match literal_as(&literal, &kind) {
            Some(literal) => ExprKind::Literal(literal),
            None => ExprKind::Cast(Box::new(Expr {
                kind: ExprKind::Literal(literal),
                ty,
                text: text.clone(),
            })),
        },
        (ExprKind::List(items), TypeKind::List(item)) => {
            ExprKind::List(items.into_iter().map(|value| part(value, item)).collect())
        }
        (ExprKind::Struct(values), TypeKind::Struct(fields)) => {
            let mut ordered = Vec::new();
            for field in fields {
                let found = values.iter().find(|(name, _)| *name == field.name);
                ordered.extend(found.map(|(name, value)| (name.clone(), part(value.clone(), &field.ty))));
            }
            ExprKind::Struct(ordered)
        }
        (node, _) => ExprKind::Cast(Box::new(Expr {
            kind: node,
            ty,
            text: text.clone(),
        })),
    };
    Expr {
        kind: node,
        ty: Type { kind, optional },
        text,
    }
}

/// A part of a list or a record as one of the whole's type for it.
fn part(value: Expr, wanted: &Type) -> Expr {
    let value = converted(value, wanted.kind.clone());
    match wanted.optional && !value.ty.optional {
        true => cast(value, wanted.clone()),
        false => value,
    }
}

/// The first text in a literal, or in a list or record of them, that is no variant of the enum that it stands for.
fn foreign_variant(expr: &Expr, kind: &TypeKind) -> Option<(String, String, Vec<String>)> {
    match (&expr.kind, kind) {
        (ExprKind::Literal(Literal::Text(variant)), TypeKind::Enum { name, variants }) => {
            (!variants.contains(variant)).then(|| (variant.clone(), name.clone(), variants.clone()))
        }
        (ExprKind::List(items), TypeKind::List(item)) => {
            items.iter().find_map(|value| foreign_variant(value, &item.kind))
        }
        (ExprKind::Struct(values), TypeKind::Struct(fields)) => values.iter().find_map(|(name, value)| {
            let field = fields.iter().find(|field| field.name == *name)?;
            foreign_variant(value, &field.ty.kind)
        }),
        _ => None,
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
        return match example(&wanted.kind) {
            Some(example) => found.help(format!("write a value: `{example}`")),
            None => found.help(format!("write a value, or declare it with `?`: `{}?`", wanted.kind)),
        };
    }
    let message = format!("{what} is {}, but `{text}` is {}", wanted.kind, typed.kind());
    let diagnostic =
        Diagnostic::new(Code::TYPE_MISMATCH, typed.span, message).found(format!("this is {}", typed.kind()));
    match habits::into(typed, &wanted.kind) {
        Some(way) => way.put(diagnostic),
        None if decimals => {
            let TypeKind::Decimal { precision, scale } = wanted.kind else {
                return diagnostic;
            };
            let written = format!("decimal({text}, {precision}, {scale})");
            diagnostic.help(format!(
                "a wider decimal never narrows by itself: write `{written}`, which may be missing"
            ))
        }
        None => diagnostic,
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
