//! Types that hold themselves: a row of such a type would have no end.

use crate::check::context::Context;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast::{Field, Name, TypeExpr, TypeExprKind};

/// Says that a schema holds itself, once for all schemas and types of one circle: whether it does.
pub fn fields_hold(ctx: &Context<'_>, name: &str, fields: &[Field], diagnostics: &mut Diagnostics) -> bool {
    let types = fields.iter().map(|field| &field.ty);
    holds(ctx, name, types.collect(), diagnostics)
}

/// Says that a `type` leads back to itself, once for all of one circle: whether it does.
pub fn type_holds(ctx: &Context<'_>, name: &str, ty: &TypeExpr, diagnostics: &mut Diagnostics) -> bool {
    holds(ctx, name, vec![ty], diagnostics)
}

fn holds(ctx: &Context<'_>, name: &str, types: Vec<&TypeExpr>, diagnostics: &mut Diagnostics) -> bool {
    let mut names = Vec::new();
    types.into_iter().for_each(|ty| named(ty, &mut names));
    let mut seen = Vec::new();
    let Some((first, path)) = names
        .iter()
        .find_map(|first| Some((first, way_back(ctx, first, name, &mut seen)?)))
    else {
        return false;
    };
    // The first by name speaks for the whole circle.
    if path.iter().all(|other| name <= other.as_str()) {
        let steps: Vec<_> = std::iter::once(name).chain(path.iter().map(String::as_str)).collect();
        let message = format!("`{name}` holds itself: {}", steps.join(" → "));
        let diagnostic = Diagnostic::new(Code::RECURSIVE_TYPE, first.span, message).found("part of a circle");
        diagnostics.push(diagnostic.help("a row has an end: hold the key of the other row, or a `json`"));
    }
    true
}

/// The names from one to another, the other included, if it can be reached.
fn way_back(ctx: &Context<'_>, from: &Name, to: &str, seen: &mut Vec<String>) -> Option<Vec<String>> {
    if from.text == to {
        return Some(vec![to.to_owned()]);
    }
    if seen.contains(&from.text) {
        return None;
    }
    seen.push(from.text.clone());
    let mut names = Vec::new();
    match (ctx.types.schema(&from.text), ctx.types.alias(&from.text)) {
        (Some(fields), _) => fields.iter().for_each(|field| named(&field.ty, &mut names)),
        (None, Some(ty)) => named(ty, &mut names),
        (None, None) => return None,
    }
    let mut path = names.into_iter().find_map(|next| way_back(ctx, next, to, seen))?;
    path.insert(0, from.text.clone());
    Some(path)
}

/// The names that stand in a type.
fn named<'t>(ty: &'t TypeExpr, found: &mut Vec<&'t Name>) {
    match &ty.kind {
        TypeExprKind::Named { name, types, .. } => {
            found.push(name);
            types.iter().for_each(|inner| named(inner, found));
        }
        TypeExprKind::Struct(fields) => fields.iter().for_each(|field| named(&field.ty, found)),
        TypeExprKind::Optional(inner) => named(inner, found),
        TypeExprKind::Object(_) | TypeExprKind::Function { .. } | TypeExprKind::Bad => {}
    }
}
