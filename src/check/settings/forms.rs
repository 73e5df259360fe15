//! How values are written: paths, texts, and what a value is called in a message.

use crate::base::Span;
use crate::syntax::ast::{Expr, ExprKind, Name, Path, TextPart};

/// The parts of `a.b.c` or `a.*` written as an expression, and whether it ends in `.*`.
pub fn path_parts(expr: &Expr) -> Option<(Vec<Name>, bool)> {
    match &expr.kind {
        ExprKind::Name(text) => {
            let name = Name {
                text: text.clone(),
                span: expr.span,
            };
            Some((vec![name], false))
        }
        ExprKind::Member { of, name } => {
            let (mut parts, star) = path_parts(of)?;
            parts.push((**name).clone());
            (!star).then_some((parts, false))
        }
        ExprKind::Star(of) => {
            let (parts, star) = path_parts(of)?;
            (!star).then_some((parts, true))
        }
        _ => None,
    }
}

/// A path as the expression that it would be as a value.
pub fn path_expr(path: &Path) -> Expr {
    let mut parts = path.parts.iter();
    let mut expr = match parts.next() {
        Some(first) => Expr {
            kind: ExprKind::Name(first.text.clone()),
            span: first.span,
        },
        None => Expr {
            kind: ExprKind::Bad,
            span: path.span,
        },
    };
    for name in parts {
        let span = expr.span.to(name.span);
        expr = Expr {
            kind: ExprKind::Member {
                of: Box::new(expr),
                name: Box::new(name.clone()),
            },
            span,
        };
    }
    if path.star {
        expr = Expr {
            kind: ExprKind::Star(Box::new(expr)),
            span: path.span,
        };
    }
    expr
}

/// The value of a text without `${ }`; the place of the first `${ }` otherwise.
pub fn plain(parts: &[TextPart]) -> Result<String, Span> {
    let mut text = String::new();
    for part in parts {
        match part {
            TextPart::Plain(plain) => text.push_str(plain),
            TextPart::Expr(expr) => return Err(expr.span),
        }
    }
    Ok(text)
}

/// What a value is, with its article: "a text", "a list".
pub fn kind_of(expr: &Expr) -> &'static str {
    match &expr.kind {
        ExprKind::Null => "`null`",
        ExprKind::Bool(_) => "`true` or `false`",
        ExprKind::Int(_) => "a whole number",
        ExprKind::Decimal(_) => "a number",
        ExprKind::Text(_) => "a text",
        ExprKind::Quantity { unit, .. } => match super::quantity::unit(&unit.text) {
            Some((dimension, _)) => dimension.text(),
            None => "a quantity",
        },
        ExprKind::Rate { .. } => "a rate",
        ExprKind::Of { left, .. } if matches!(left.kind, ExprKind::Name(_)) => "something of something else",
        ExprKind::Of { .. } | ExprKind::For { .. } => "a rate of something",
        ExprKind::Name(_) => "a name",
        ExprKind::Member { .. } | ExprKind::Star(_) => "a path",
        ExprKind::Range { .. } => "a range",
        ExprKind::List(_) => "a list",
        ExprKind::Record(_) => "a record",
        ExprKind::Call { .. } => "a call",
        ExprKind::Variant { .. } => "something with settings",
        ExprKind::Label(_) => "a label",
        _ => "an expression",
    }
}
