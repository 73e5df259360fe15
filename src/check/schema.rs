//! Schemas: fields with their types, labels, defaults and checks.
//!
//! It must not know where the rows come from.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan;
use crate::plan::types::{Column, Type, TypeKind};
use crate::syntax::ast;

use super::context::Context;
use super::exprs::{Checker, Place};
use super::{labels, ty};

/// A schema's fields with their types, labels, defaults and checks. What is wrong is said, and has the type `Error`.
pub fn check_schema(
    ctx: &Context<'_>,
    name: &str,
    doc: Option<&ast::Doc>,
    fields: &[ast::Field],
    diagnostics: &mut Diagnostics,
) -> plan::Schema {
    let columns = fields.iter().map(|field| {
        let resolved = ty::resolve_field(ctx, &field.ty, diagnostics);
        (field, column(ctx, field, resolved, false, diagnostics))
    });
    let columns: Vec<_> = columns.collect();
    let kept = apart(columns, diagnostics);
    one_event_time(&kept, diagnostics);
    plan::Schema {
        name: name.to_owned(),
        doc: doc.map(|doc| doc.text.clone()),
        fields: with_rules(ctx, kept, diagnostics),
    }
}

/// The fields of a struct: as those of a schema, but that a key, an event time and a subject are of whole rows.
pub fn check_fields(
    ctx: &Context<'_>,
    fields: &[ast::Field],
    scope: ty::Scope,
    diagnostics: &mut Diagnostics,
) -> Vec<plan::Field> {
    let columns = fields.iter().map(|field| {
        let resolved = scope.resolve(ctx, &field.ty, diagnostics);
        (field, column(ctx, field, resolved, true, diagnostics))
    });
    let columns: Vec<_> = columns.collect();
    let kept = apart(columns, diagnostics);
    with_rules(ctx, kept, diagnostics)
}

/// What is wrong with the named types of a project: each `type` that is none, and each circle of types.
pub fn check_aliases(ctx: &Context<'_>, diagnostics: &mut Diagnostics) {
    ctx.types.say_extents(diagnostics);
    for (name, ty) in ctx.types.aliases() {
        if !ctx.types.is_no_type(name) {
            ty::resolve(ctx, ty, diagnostics);
        }
    }
}

/// The rows of a schema's name, of a `type` that is a struct, or of a `struct { … }` in place; `None` for anything else.
/// What is wrong in a named type is said where it is declared.
pub fn row_schema(ctx: &Context<'_>, ty: &ast::TypeExpr, diagnostics: &mut Diagnostics) -> Option<plan::Schema> {
    match &ty.kind {
        ast::TypeExprKind::Struct(fields) => Some(check_schema(ctx, "struct", None, fields, diagnostics)),
        ast::TypeExprKind::Named { name, .. } => {
            let mut unsaid = Diagnostics::default();
            if let Some(fields) = ctx.types.schema(&name.text) {
                return Some(check_schema(ctx, &name.text, None, fields, &mut unsaid));
            }
            let alias = ctx.types.alias(&name.text)?;
            match ctx.types.is_no_type(&name.text) {
                true => None,
                false => row_schema(ctx, alias, &mut unsaid).map(|schema| plan::Schema {
                    name: name.text.clone(),
                    ..schema
                }),
            }
        }
        _ => None,
    }
}

/// A field with its column, and what is said of what is inside.
struct Kept<'f> {
    field: &'f ast::Field,
    column: Column,
    inner: Vec<plan::Field>,
    object: Option<plan::ObjectRules>,
}

/// The fields that have a name of their own; the second of one name is said.
fn apart<'f>(columns: Vec<(&'f ast::Field, Kept<'f>)>, diagnostics: &mut Diagnostics) -> Vec<Kept<'f>> {
    let mut kept: Vec<Kept<'f>> = Vec::new();
    for (field, own) in columns {
        let first = kept.iter().find(|other| other.column.name == own.column.name);
        match first {
            Some(first) => diagnostics.push(duplicate(&field.name, &first.field.name)),
            None => kept.push(own),
        }
    }
    kept
}

/// Adds defaults and checks, which read the other fields.
fn with_rules(ctx: &Context<'_>, kept: Vec<Kept<'_>>, diagnostics: &mut Diagnostics) -> Vec<plan::Field> {
    let columns: Vec<_> = kept.iter().map(|kept| kept.column.clone()).collect();
    let mut checked = Vec::new();
    for Kept {
        field,
        column,
        inner,
        object,
    } in kept
    {
        let default = field.default.as_ref().and_then(|default| {
            let mut checker = Checker::new(ctx, &[], Place::Constant, diagnostics);
            let what = format!("the default of `{}`", column.name);
            checker.known(default, &column.ty.kind.clone().required(), &what)
        });
        let check = field.check.as_ref().map(|check| {
            let what = format!("the check of `{}`", column.name);
            Checker::new(ctx, &columns, Place::Check, diagnostics).condition(check, &what)
        });
        let ruled = inner
            .iter()
            .any(|field| field.default.is_some() || field.check.is_some() || !field.inner.is_empty());
        checked.push(plan::Field {
            default,
            check: check.filter(|check| !check.is_error()).map(|check| check.expr),
            column,
            inner: if ruled { inner } else { Vec::new() },
            object,
        });
    }
    checked
}

/// Words that are values wherever a column may stand.
const CONSTANTS: [&str; 3] = ["false", "null", "true"];

/// Whether a column may have this name; why not is said.
pub fn column_name(name: &ast::Name, diagnostics: &mut Diagnostics) -> String {
    let (text, lower) = (&name.text, name.text.to_lowercase());
    if text.starts_with('_') {
        let plain = lower.trim_start_matches('_').to_owned();
        let diagnostic = Diagnostic::new(
            Code::COLUMN_NAME,
            name.span,
            format!("a column cannot be called `{text}`"),
        )
        .found("names that begin with `_` belong to the language");
        diagnostics.push(match plain.is_empty() {
            true => diagnostic.help("write a name of letters"),
            false => diagnostic
                .help(format!("write `{plain}`"))
                .fix(format!("write `{plain}`"), name.span, plain),
        });
    } else if CONSTANTS.contains(&lower.as_str()) {
        let diagnostic = Diagnostic::new(
            Code::COLUMN_NAME,
            name.span,
            format!("a column cannot be called `{text}`"),
        )
        .found("an expression reads it as a value")
        .help(format!("write another name, such as `is_{lower}`"));
        diagnostics.push(diagnostic);
    } else if *text != lower {
        let snake = snake_case(text);
        let diagnostic = Diagnostic::new(
            Code::COLUMN_NAME,
            name.span,
            format!("column `{text}` is not in snake_case"),
        )
        .found("the catalog knows lower case only")
        .help(format!("write `{snake}`"))
        .fix(format!("write `{snake}`"), name.span, snake);
        diagnostics.push(diagnostic);
    }
    lower
}

/// Two columns of one row have one name, or names that differ only in case.
pub fn duplicate(second: &ast::Name, first: &ast::Name) -> Diagnostic {
    let message = match second.text == first.text {
        true => format!("two columns are called `{}`", second.text),
        false => format!("`{}` and `{}` differ only in case", first.text, second.text),
    };
    Diagnostic::new(Code::DUPLICATE_COLUMN, second.span, message)
        .found("the second one")
        .label(first.span, "the first one")
        .help("give one of them another name")
}

/// `userId` is `user_id`, and `HTTPStatus` is `http_status`.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut before: Option<char> = None;
    let mut rest = name.chars().peekable();
    while let Some(c) = rest.next() {
        // A word begins behind a small letter, and where the last capital of several has a small letter behind it.
        let begins =
            before.is_some_and(|before| !before.is_uppercase()) || rest.peek().is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && begins && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
        before = Some(c);
    }
    snake
}

fn column<'f>(
    ctx: &Context<'_>,
    field: &'f ast::Field,
    resolved: ty::Resolved,
    inside: bool,
    diagnostics: &mut Diagnostics,
) -> Kept<'f> {
    let mut column = Column::new(column_name(&field.name, diagnostics), resolved.ty);
    column.doc = field.doc.as_ref().map(|doc| doc.text.clone());
    let mut seen = BTreeSet::new();
    for label in &field.labels {
        if !seen.insert(label.text.as_str()) {
            let message = format!("`@{}` is written twice", label.text);
            let diagnostic = Diagnostic::new(Code::LABEL_PLACE, label.span, message).found("the second one");
            diagnostics.push(diagnostic.help("leave it out"));
            continue;
        }
        if inside && labels::RESERVED.contains(&label.text.as_str()) {
            let message = format!(
                "`@{}` says what a field is in its row, and `{}` is inside of one",
                label.text, column.name
            );
            let diagnostic = Diagnostic::new(Code::LABEL_PLACE, label.span, message).found("inside of a struct");
            diagnostics.push(diagnostic.help("give the row a field of its own for it"));
            continue;
        }
        match label.text.as_str() {
            "key" => column.key = true,
            "event_time" => column.event_time = true,
            "subject" => column.subject = true,
            _ => column
                .labels
                .extend(ctx.classes.resolve(label, diagnostics).map(str::to_owned)),
        }
        misplaced(field, label, &column.ty, diagnostics);
        if column.key || column.event_time {
            // If it says otherwise, that is said: what reads it need not say it again.
            column.ty.optional = false;
        }
    }
    let mut inner = resolved.inner;
    let (own, within) = (column.labels.clone(), ty::inner_labels(&column.ty.kind));
    // What carries a label carries it in each of its parts, and the whole carries what any part carries.
    ty::label_inside(&mut column.ty.kind, &own);
    label_fields(&mut inner, &own);
    column.labels.extend(within);
    Kept {
        field,
        column,
        inner,
        object: resolved.object,
    }
}

fn label_fields(fields: &mut [plan::Field], labels: &BTreeSet<String>) {
    for field in fields {
        field.column.labels.extend(labels.iter().cloned());
        ty::label_inside(&mut field.column.ty.kind, labels);
        label_fields(&mut field.inner, labels);
    }
}

/// A reserved label on a type that cannot have it.
fn misplaced(field: &ast::Field, label: &ast::Name, ty: &Type, diagnostics: &mut Diagnostics) {
    let reserved = labels::RESERVED.contains(&label.text.as_str());
    if !reserved || ty.kind == TypeKind::Error {
        return;
    }
    let wrong_kind = label.text == "event_time" && ty.kind != TypeKind::Timestamp;
    let wrong_missing = ty.optional && label.text != "subject";
    if label.text == "key" && ty::has_parts(&ty.kind) {
        let message = format!("`{}` cannot be a key: it is {}", field.name.text, ty.kind);
        let diagnostic = Diagnostic::new(Code::LABEL_PLACE, label.span, message)
            .found("a key is one plain value")
            .label(field.ty.span, format!("this is {ty}"));
        diagnostics.push(diagnostic.help("make one of its parts a field of the row, and that the key"));
        return;
    }
    if !wrong_kind && !wrong_missing {
        return;
    }
    let name = &field.name.text;
    let wanted = if label.text == "event_time" {
        "a timestamp that is always there"
    } else {
        "always there"
    };
    let help = match (wrong_kind, label.text.as_str()) {
        (true, _) => format!("write `{name} : timestamp @event_time`"),
        (false, label) => format!("write `{name} : {} @{label}`", ty.kind),
    };
    let message = format!("`@{}` wants `{name}` to be {wanted}", label.text);
    let diagnostic = Diagnostic::new(Code::LABEL_PLACE, label.span, message)
        .found("not on this type")
        .label(field.ty.span, format!("this is {ty}"));
    diagnostics.push(diagnostic.help(help));
}

fn one_event_time(fields: &[Kept<'_>], diagnostics: &mut Diagnostics) {
    let mut marked = fields
        .iter()
        .filter(|kept| kept.column.event_time)
        .map(|kept| kept.field);
    let Some(first) = marked.next() else { return };
    for second in marked {
        let message = format!(
            "`{}` and `{}` are both the event time",
            first.name.text, second.name.text
        );
        let diagnostic = Diagnostic::new(Code::LABEL_PLACE, second.name.span, message)
            .found("the second one")
            .label(first.name.span, "the first one");
        diagnostics.push(diagnostic.help("a row happens once: leave `@event_time` on one field"));
    }
}
