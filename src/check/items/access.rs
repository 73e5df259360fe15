//! `access`: who may see what. Labelled columns are hidden until they are cleared.

use std::collections::BTreeSet;

use super::Items;
use super::source::{Datasets, unknown_column};
use crate::check::exprs::column;
use crate::check::not_yet;
use crate::check::program::{Access, Dataset, Grant};
use crate::check::settings::unknown_item;
use crate::diag::{Code, Diagnostic};
use crate::plan::types::Column;
use crate::plan::{Class, DatasetId};
use crate::resolve::no_dataset;
use crate::syntax::ast::{Allow, Entry, EntryKind, Name};

impl Items<'_> {
    pub(super) fn accesses(&mut self, classes: &[Class], datasets: &Datasets) -> Vec<Access> {
        let mut accesses = Vec::new();
        for entity in self.entities("access") {
            let item = self.item(&entity);
            let entries = entity.block().map_or(&[][..], |block| &block.entries);
            let cleared = self.cleared(entries, classes);
            let mut grants = Vec::new();
            for entry in entries {
                if let EntryKind::Allow(allow) = &entry.kind {
                    self.allow(allow, &cleared, datasets, &mut grants);
                }
            }
            accesses.push(Access {
                item,
                grants,
                clears: cleared,
            });
        }
        accesses
    }

    /// The classes that an access clears, and those below them.
    fn cleared(&mut self, entries: &[Entry], classes: &[Class]) -> BTreeSet<String> {
        let mut cleared = BTreeSet::new();
        for entry in entries {
            let EntryKind::Clear { labels } = &entry.kind else {
                continue;
            };
            for label in labels {
                self.class_named(label);
                cleared.insert(label.text.clone());
            }
        }
        // A class is cleared with what stands above it, however far.
        loop {
            let below = |class: &&Class| class.below.as_ref().is_some_and(|above| cleared.contains(above));
            let next = classes
                .iter()
                .filter(below)
                .find(|class| !cleared.contains(&class.name));
            match next {
                Some(class) => cleared.insert(class.name.clone()),
                None => return cleared,
            };
        }
    }

    fn allow(&mut self, allow: &Allow, cleared: &BTreeSet<String>, datasets: &Datasets, grants: &mut Vec<Grant>) {
        if allow.action.text != "select" {
            let what = format!("`allow {}`", allow.action.text);
            self.say(not_yet(allow.action.span, what).help("this version has `allow select`"));
            return;
        }
        if let Some(condition) = &allow.condition {
            self.say(not_yet(condition.span, "showing some rows only (`where`)"));
        }
        for path in &allow.on {
            let (zone, name) = match (path.parts.as_slice(), path.star) {
                ([zone], true) => (zone, None),
                ([zone, name], false) => (zone, Some(name.text.as_str())),
                _ => {
                    let message = format!("`{}` is not a dataset", path.text());
                    let diagnostic = no_dataset(self.ground.index, message, &path.parts, path.span);
                    self.say(diagnostic);
                    continue;
                }
            };
            if self.ground.index.get("zone", &zone.text).is_none() {
                self.say(unknown_item(self.ground.index, "zone", zone));
                continue;
            }
            for id in self.matching(&zone.text, name, path.span, datasets) {
                if let Some(dataset) = datasets.get(&id) {
                    let columns = self.shown(allow.columns.as_deref(), dataset, cleared);
                    grant(dataset, &columns, grants);
                }
            }
        }
    }

    /// The columns of a dataset that may be seen; a hidden one that is named is a mistake.
    fn shown(&mut self, named: Option<&[Name]>, dataset: &Dataset, cleared: &BTreeSet<String>) -> BTreeSet<String> {
        let visible = |column: &&Column| column.labels.is_subset(cleared);
        let Some(named) = named else {
            let columns = dataset.columns.iter().filter(visible);
            return columns.map(|column| column.name.clone()).collect();
        };
        let mut shown = BTreeSet::new();
        for name in named {
            match column::find(&dataset.columns, &name.text) {
                None => {
                    let columns: Vec<_> = dataset.columns.iter().collect();
                    self.say(unknown_column(name.span, &name.text, &dataset.id.to_string(), &columns));
                }
                Some(column) if !visible(&column) => self.say(hidden(name, column, &dataset.id, cleared)),
                Some(column) => {
                    shown.insert(column.name.clone());
                }
            }
        }
        shown
    }
}

/// Adds what one clause shows of a dataset to what others show of it.
fn grant(dataset: &Dataset, shown: &BTreeSet<String>, grants: &mut Vec<Grant>) {
    let known = grants.iter().position(|grant| grant.dataset == dataset.id);
    let before: Vec<String> = known.map(|at| grants.remove(at).columns).unwrap_or_default();
    let names = dataset.columns.iter().map(|column| &column.name);
    let columns: Vec<_> = names
        .filter(|name| shown.contains(*name) || before.contains(name))
        .cloned()
        .collect();
    if columns.is_empty() {
        return;
    }
    let grant = Grant {
        dataset: dataset.id.clone(),
        columns,
        condition: None,
    };
    grants.insert(known.unwrap_or(grants.len()), grant);
}

fn hidden(name: &Name, column: &Column, dataset: &DatasetId, cleared: &BTreeSet<String>) -> Diagnostic {
    let labels: Vec<_> = column
        .labels
        .difference(cleared)
        .map(|label| format!("@{label}"))
        .collect();
    let labels = labels.join(", ");
    Diagnostic::new(
        Code::HIDDEN_COLUMN,
        name.span,
        format!(
            "`{}` of `{dataset}` is {labels}, which this access does not clear",
            name.text
        ),
    )
    .found(format!("carries {labels}"))
    .note("labelled columns are hidden until they are cleared")
    .help(format!("write `clear {labels}`, or leave the column out"))
}
