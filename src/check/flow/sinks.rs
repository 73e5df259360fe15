//! What leaves the lake: a labelled column goes into a sink only if the sink clears its class.

use std::collections::BTreeSet;

use super::Seen;
use crate::check::program::Transform;
use crate::check::settings::{Settings, Value};
use crate::plan::types::Column;
use crate::plan::{StepKind, Target};

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
