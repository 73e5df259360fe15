//! What leaves the lake: a labelled column goes into a sink only if the sink clears its class.

use std::collections::BTreeSet;

use super::{Seen, origin};
use crate::base::Span;
use crate::check::program::Transform;
use crate::check::settings::{Settings, Value};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::Column;
use crate::plan::{StepKind, Target};
use crate::syntax::ast::Name;

/// Every column that leaves through a sink which does not clear what it carries.
pub(super) fn check(seen: &Seen<'_>, diagnostics: &mut Diagnostics) {
    for sink in &seen.program.sinks {
        for item in sink.settings.list("clear") {
            if let Value::Label(name) = &item.value {
                let (text, span) = (name.clone(), item.span);
                seen.classes.resolve(&Name { text, span }, diagnostics);
            }
        }
    }
    for transform in &seen.program.transforms {
        for (sink, columns) in sinks_of(transform) {
            let Some(item) = seen.program.sinks.iter().find(|item| item.name == sink) else {
                continue;
            };
            let cleared = cleared(seen, &item.settings);
            let left = columns
                .iter()
                .filter(|column| !column.labels.is_subset(&cleared))
                .collect::<Vec<_>>();
            if let Some(first) = left.first() {
                let span = seen.target(&transform.item.name, &sink).unwrap_or(transform.item.span);
                diagnostics
                    .push(leaves(seen, transform, &sink, (first, &left), &cleared, span).label(item.span, "the sink"));
            }
        }
    }
}

/// The sinks that a transform writes, and the columns that get there.
pub(super) fn sinks_of(transform: &Transform) -> Vec<(String, &[Column])> {
    let mut found = Vec::new();
    if let Some(Target::Sink(name)) = &transform.target {
        found.push((name.clone(), transform.output.as_slice()));
    }
    for step in &transform.steps {
        if let StepKind::Route { branches, otherwise } = &step.kind {
            for target in branches.iter().map(|(_, target)| target).chain(otherwise) {
                if let Target::Sink(name) = target {
                    found.push((name.clone(), step.columns.as_slice()));
                }
            }
        }
    }
    found
}

/// The classes that a sink clears, with all below them.
pub(super) fn cleared(seen: &Seen<'_>, settings: &Settings) -> BTreeSet<String> {
    let label = |item: &crate::base::Spanned<Value>| match &item.value {
        Value::Label(name) => Some(name.clone()),
        _ => None,
    };
    seen.classes
        .with_below(&settings.list("clear").iter().filter_map(label).collect())
}

fn leaves(
    seen: &Seen<'_>,
    transform: &Transform,
    sink: &str,
    (first, all): (&Column, &[&Column]),
    cleared: &BTreeSet<String>,
    span: Span,
) -> Diagnostic {
    let labels: BTreeSet<_> = all
        .iter()
        .flat_map(|column| column.labels.difference(cleared))
        .collect();
    let text: Vec<_> = labels.iter().map(|label| format!("@{label}")).collect();
    let text = text.join(", ");
    let names: Vec<_> = all.iter().map(|column| column.name.as_str()).collect();
    let message = match all {
        [one] => format!("`{}` leaves through sink `{sink}`, and it is {text}", one.name),
        _ => format!(
            "`{}` leave through sink `{sink}`, and they are {text}",
            names.join("`, `")
        ),
    };
    let mut diagnostic = Diagnostic::new(Code::LEAVES, span, message).found(format!("carries {text}"));
    if let Some(label) = first.labels.difference(cleared).next() {
        let mut way = origin::way(seen.program, transform, &first.name, label);
        way.push(format!("{sink}.{}", first.name));
        diagnostic = diagnostic.note(format!("the way of @{label}: {}", way.join(" → ")));
    }
    let lowering = labels.iter().find_map(|label| {
        let (function, _) = seen.classes.rule(label)?.lowered_by.first()?;
        Some(format!("`derive {} = {function}({})`", first.name, first.name))
    });
    diagnostic = diagnostic.help(match lowering {
        Some(lowering) => format!("write `drop {}`, or lower it: {lowering}", names.join(", ")),
        None => format!("write `drop {}`", names.join(", ")),
    });
    diagnostic.help(format!("if it may leave, let sink `{sink}` say `clear = [{text}]`"))
}
