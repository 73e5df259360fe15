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
    let mut kept: Vec<(&ast::Field, Column)> = Vec::new();
    for field in fields {
        let column = column(ctx, field, diagnostics);
        let first = kept.iter().find(|(_, other)| other.name == column.name);
        match first {
            Some((first, _)) => diagnostics.push(duplicate(&field.name, &first.name)),
            None => kept.push((field, column)),
        }
    }
    one_event_time(&kept, diagnostics);
    let columns: Vec<_> = kept.iter().map(|(_, column)| column.clone()).collect();
    let mut checked = Vec::new();
    for (field, column) in kept {
        let default = field.default.as_ref().and_then(|default| {
            let mut checker = Checker::new(ctx, &[], Place::Constant, diagnostics);
            let what = format!("the default of `{}`", column.name);
            let typed = checker.wanted(default, &column.ty.kind.clone().required(), &what);
            (!typed.is_error()).then(|| typed.literal().cloned()).flatten()
        });
        let check = field.check.as_ref().map(|check| {
            let what = format!("the check of `{}`", column.name);
            Checker::new(ctx, &columns, Place::Check, diagnostics).condition(check, &what)
        });
        checked.push(plan::Field {
            default,
            check: check.filter(|check| !check.is_error()).map(|check| check.expr),
            column,
        });
    }
    plan::Schema {
        name: name.to_owned(),
        doc: doc.map(|doc| doc.text.clone()),
        fields: checked,
    }
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

/// `userId` is `user_id`.
pub(super) fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

fn column(ctx: &Context<'_>, field: &ast::Field, diagnostics: &mut Diagnostics) -> Column {
    let mut column = Column {
        name: column_name(&field.name, diagnostics),
        ty: ty::resolve(ctx, &field.ty, diagnostics),
        labels: BTreeSet::new(),
        doc: field.doc.as_ref().map(|doc| doc.text.clone()),
        key: false,
        event_time: false,
        subject: false,
    };
    let mut seen = BTreeSet::new();
    for label in &field.labels {
        if !seen.insert(label.text.as_str()) {
            let message = format!("`@{}` is written twice", label.text);
            let diagnostic = Diagnostic::new(Code::LABEL_PLACE, label.span, message).found("the second one");
            diagnostics.push(diagnostic.help("leave it out"));
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
    }
    column
}

/// A reserved label on a type that cannot have it.
fn misplaced(field: &ast::Field, label: &ast::Name, ty: &Type, diagnostics: &mut Diagnostics) {
    let reserved = labels::RESERVED.contains(&label.text.as_str());
    if !reserved || ty.kind == TypeKind::Error {
        return;
    }
    let wrong_kind = label.text == "event_time" && ty.kind != TypeKind::Timestamp;
    let wrong_missing = ty.optional && label.text != "subject";
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

fn one_event_time(fields: &[(&ast::Field, Column)], diagnostics: &mut Diagnostics) {
    let mut marked = fields.iter().filter(|(_, column)| column.event_time);
    let Some((first, _)) = marked.next() else { return };
    for (second, _) in marked {
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
