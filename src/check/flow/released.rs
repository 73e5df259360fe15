//! Where labels are let go by `declassify`, as it is written: for the governance report.

use crate::base::{Sources, Span};
use crate::check::exprs::declassify::DECLASSIFY;
use crate::check::program::Released;
use crate::check::settings::plain;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast::{Argument, Binding, Entry, EntryKind, Expr, ExprKind, Item, ItemKind, StepKind};

/// Every `declassify` of the transforms among these items, in source order. One in a `fn` is said to be a mistake: what is
/// let go has to be seen where it is let go.
pub fn released<'a>(
    items: impl Iterator<Item = &'a Item>,
    sources: &Sources,
    diagnostics: &mut Diagnostics,
) -> Vec<Released> {
    let mut found = Vec::new();
    // Most items do not have the word at all.
    for item in items.filter(|item| sources.text(item.span).contains(DECLASSIFY)) {
        match &item.kind {
            ItemKind::Transform(transform) => {
                let name = &transform.name.text;
                for entry in &transform.entries {
                    step_values(entry, &mut |value| calls(value, name, &mut found));
                }
            }
            ItemKind::Function(function) => {
                let mut inside = Vec::new();
                function
                    .body
                    .iter()
                    .for_each(|body| calls(body, &function.name.text, &mut inside));
                for released in inside {
                    let message = format!("function `{}` lets go of `@{}`", released.transform, released.label);
                    let diagnostic = Diagnostic::new(Code::DECLASSIFY, released.span, message)
                        .found("who calls it would not see it")
                        .help("write `declassify` in the step that calls the function");
                    diagnostics.push(diagnostic);
                }
            }
            _ => {}
        }
    }
    found
}

fn calls(value: &Expr, transform: &str, found: &mut Vec<Released>) {
    walk(value, &mut |expr| {
        if let ExprKind::Call {
            function, arguments, ..
        } = &expr.kind
            && matches!(&function.kind, ExprKind::Name(name) if name == DECLASSIFY)
        {
            found.extend(released_by(arguments, transform, expr.span));
        }
    });
}

fn released_by(arguments: &[Argument], transform: &str, span: Span) -> Vec<Released> {
    let because = arguments.iter().find_map(|argument| match &argument.value.kind {
        ExprKind::Text(parts) if argument.name.is_some() => plain(parts).ok(),
        _ => None,
    });
    let label = |argument: &Argument| match &argument.value.kind {
        ExprKind::Label(name) => Some(Released {
            transform: transform.to_owned(),
            label: name.text.clone(),
            because: because.clone().unwrap_or_default(),
            span,
        }),
        _ => None,
    };
    arguments.iter().filter_map(label).collect()
}

/// The expressions right in a step.
fn step_values(entry: &Entry, see: &mut dyn FnMut(&Expr)) {
    let EntryKind::Step(step) = &entry.kind else {
        return;
    };
    let mut bindings = |bindings: &[Binding]| {
        let values = bindings.iter().filter_map(|binding| binding.value.as_ref());
        values.for_each(&mut *see);
    };
    match &step.kind {
        StepKind::Derive(all) | StepKind::Select(all) => bindings(all),
        StepKind::Group { keys, aggregates, .. } => {
            bindings(keys);
            bindings(aggregates);
        }
        StepKind::Window { order, columns, .. } => {
            bindings(columns);
            order.iter().for_each(|order| see(&order.value));
        }
        StepKind::Filter(value)
        | StepKind::Explode { list: value, .. }
        | StepKind::Join { on: value, .. }
        | StepKind::Expect { condition: value, .. } => see(value),
        StepKind::Pivot { on, columns, .. } => {
            see(on);
            columns.iter().for_each(|column| see(&column.aggregate));
        }
        StepKind::Sort(orders) => orders.iter().for_each(|order| see(&order.value)),
        StepKind::Route { branches, .. } => branches.iter().for_each(|(condition, _)| see(condition)),
        StepKind::Drop(_)
        | StepKind::Rename(_)
        | StepKind::Dedupe { .. }
        | StepKind::Union(_)
        | StepKind::Session { .. }
        | StepKind::Unpivot { .. }
        | StepKind::Take(_)
        | StepKind::Run { .. } => {}
    }
}

/// An expression and everything below it, outermost first.
fn walk(expr: &Expr, see: &mut dyn FnMut(&Expr)) {
    see(expr);
    for child in expr.children() {
        walk(child, see);
    }
}
