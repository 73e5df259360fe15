//! `access`: who may see what. Labelled columns are hidden until they are cleared.

use std::collections::BTreeSet;

use super::Items;
use super::source::{Datasets, unknown_column};
use super::typing::Typing;
use crate::base::Span;
use crate::check::exprs::{Checker, Place, column};
use crate::check::labels::Classes;
use crate::check::program::{Access, Dataset, Grant};
use crate::check::settings::unknown_item;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::DatasetId;
use crate::plan::expr::Expr;
use crate::plan::types::Column;
use crate::resolve::no_dataset;
use crate::syntax::ast::{self, Allow, Entry, EntryKind, Name, Path};

/// What one access shows, clause by clause.
struct Shown<'s> {
    cleared: &'s BTreeSet<String>,
    datasets: &'s Datasets,
    grants: Vec<(Grant, Span)>,
    /// Whether a clause had a mistake: then what is shown is not all that is meant.
    broken: bool,
}

impl<'a> Items<'a> {
    /// Who may see what; `classes` are those of this project and of what it uses.
    pub(super) fn accesses(&mut self, typing: &Typing, classes: &Classes, datasets: &Datasets) -> Vec<Access> {
        let mut accesses = Vec::new();
        for entity in self.entities("access") {
            let item = self.item(&entity);
            let entries = entity.block().map_or(&[][..], |block| &block.entries);
            let clears = self.clears(entries);
            let cleared = classes.with_below(&clears.iter().map(|name| name.text.clone()).collect());
            let mut shown = Shown {
                cleared: &cleared,
                datasets,
                grants: Vec::new(),
                broken: false,
            };
            for entry in entries {
                match &entry.kind {
                    EntryKind::Allow(allow) => self.allow(typing, allow, &mut shown),
                    EntryKind::Bad => shown.broken = true,
                    _ => {}
                }
            }
            if !shown.broken {
                self.useless(&clears, classes, &shown);
            }
            accesses.push(Access {
                item,
                grants: shown.grants.into_iter().map(|(grant, _)| grant).collect(),
                clears: cleared,
            });
        }
        accesses
    }

    /// The classes that an access names in its `clear`, each once.
    fn clears<'e>(&mut self, entries: &'e [Entry]) -> Vec<&'e Name> {
        let mut clears: Vec<&Name> = Vec::new();
        for entry in entries {
            let EntryKind::Clear { labels } = &entry.kind else {
                continue;
            };
            for label in labels {
                if !self.class_named(label) {
                    continue;
                }
                match clears.iter().find(|known| known.text == label.text) {
                    Some(first) => {
                        let message = format!("`@{}` is cleared twice", label.text);
                        let diagnostic = Diagnostic::new(Code::SETTING_TWICE, label.span, message)
                            .found("the second")
                            .label(first.span, "the first")
                            .help("leave one of them out");
                        self.say(diagnostic);
                    }
                    None => clears.push(label),
                }
            }
        }
        clears
    }

    fn allow(&mut self, typing: &Typing, allow: &'a Allow, shown: &mut Shown<'_>) {
        if allow.action.text != "select" {
            let message = format!("there is no `allow {}`", allow.action.text);
            let diagnostic = Diagnostic::new(Code::UNKNOWN_VARIANT, allow.action.span, message)
                .found("an access reads, and changes nothing")
                .help("write `allow select`")
                .fix("write `select`", allow.action.span, "select");
            self.say(diagnostic);
            shown.broken = true;
            return;
        }
        let mut said = false;
        self.named_once(allow);
        for path in &allow.on {
            let Some(ids) = self.named(path, shown.datasets) else {
                shown.broken = true;
                continue;
            };
            if let (true, Some(names)) = (path.star, &allow.columns) {
                said |= self.in_one_of(names, &ids, path, shown.datasets);
            }
            for id in ids {
                let Some(dataset) = shown.datasets.get(&id) else {
                    shown.broken = true;
                    continue;
                };
                let named = allow.columns.as_deref();
                let columns = self.columns(named, path, dataset, shown.cleared);
                shown.broken |= named.is_some_and(|named| named.len() > columns.len());
                let condition = match &allow.condition {
                    Some(condition) if !said => {
                        let condition = self.condition(typing, condition, dataset, shown.cleared);
                        // One mistake in a filter of many datasets is one mistake.
                        said |= condition.is_none();
                        shown.broken |= condition.is_none();
                        condition
                    }
                    _ => None,
                };
                if allow.condition.is_none() || condition.is_some() {
                    self.grant(dataset, columns, condition, path, shown);
                }
            }
        }
    }

    /// A column, or a dataset, stands in a clause once.
    fn named_once(&mut self, allow: &Allow) {
        let columns = allow
            .columns
            .iter()
            .flatten()
            .map(|name| (name.text.to_lowercase(), name.span));
        let datasets = allow.on.iter().map(|path| (path.text(), path.span));
        for all in [columns.collect::<Vec<_>>(), datasets.collect()] {
            for (at, (text, span)) in all.iter().enumerate() {
                if let Some((_, first)) = all.iter().take(at).find(|(known, _)| known == text) {
                    let diagnostic = Diagnostic::new(Code::SETTING_TWICE, *span, format!("`{text}` is allowed twice"))
                        .found("the second")
                        .label(*first, "the first")
                        .help("leave one of them out");
                    self.say(diagnostic);
                }
            }
        }
    }

    /// The datasets that a path of an `allow` stands for; what it is instead is said.
    fn named(&mut self, path: &Path, datasets: &Datasets) -> Option<Vec<DatasetId>> {
        let (zone, name) = match (path.parts.as_slice(), path.star) {
            ([], true) => return Some(datasets.keys().cloned().collect()),
            ([zone], true) => (zone, None),
            ([zone, name], false) => (zone, Some(name.text.as_str())),
            _ => {
                let message = format!("`{}` is not a dataset", path.text());
                let diagnostic = no_dataset(self.ground.index, message, &path.parts, path.span);
                self.say(diagnostic);
                return None;
            }
        };
        if self.ground.index.get("zone", &zone.text).is_none() {
            self.say(unknown_item(self.ground.index, "zone", zone));
            return None;
        }
        let found = self.matching(&zone.text, name, path.span, datasets);
        (name.is_none() || !found.is_empty()).then_some(found)
    }

    /// Of columns named for several datasets each has to be in one of them. Whether one is in none.
    fn in_one_of(&mut self, names: &[Name], ids: &[DatasetId], path: &Path, datasets: &Datasets) -> bool {
        let all: Vec<_> = ids.iter().filter_map(|id| datasets.get(id)).collect();
        let mut missing = false;
        for name in names {
            if all
                .iter()
                .all(|dataset| column::find(&dataset.columns, &name.text).is_none())
                && !all.is_empty()
            {
                let columns: Vec<_> = all.iter().flat_map(|dataset| &dataset.columns).collect();
                self.say(unknown_column(name.span, &name.text, &path.text(), &columns));
                missing = true;
            }
        }
        missing
    }

    /// The columns of a dataset that may be seen; a hidden one that is named is a mistake, and so is a dataset of which
    /// nothing would be seen.
    fn columns(
        &mut self,
        named: Option<&[Name]>,
        path: &Path,
        dataset: &Dataset,
        cleared: &BTreeSet<String>,
    ) -> BTreeSet<String> {
        let visible = |column: &&Column| column.labels.is_subset(cleared);
        let Some(named) = named else {
            let columns = dataset.columns.iter().filter(visible);
            let shown: BTreeSet<_> = columns.map(|column| column.name.clone()).collect();
            if shown.is_empty() && !path.star && !dataset.columns.is_empty() {
                self.say(nothing_shown(path, dataset, cleared));
            }
            return shown;
        };
        let mut shown = BTreeSet::new();
        for name in named {
            match column::find(&dataset.columns, &name.text) {
                None if path.star => {}
                None => {
                    let columns: Vec<_> = dataset.columns.iter().collect();
                    self.say(unknown_column(name.span, &name.text, &dataset.id.to_string(), &columns));
                }
                Some(column) if !visible(&column) => {
                    self.say(hidden(name, column, &dataset.id, cleared, "leave the column out"));
                }
                Some(column) => {
                    shown.insert(column.name.clone());
                }
            }
        }
        shown
    }

    /// Which rows may be seen. Who may see rows by a hidden column learns the column, so that is a mistake.
    fn condition(
        &mut self,
        typing: &Typing,
        condition: &'a ast::Expr,
        dataset: &Dataset,
        cleared: &BTreeSet<String>,
    ) -> Option<Expr> {
        let context = typing.context(self.ground);
        let mut said = Diagnostics::default();
        let checked = Checker::new(&context, &dataset.columns, Place::Check, &mut said)
            .condition(condition, "what `where` keeps");
        for diagnostic in said.sorted() {
            self.say(diagnostic.note(format!("the rows are those of `{}`", dataset.id)));
        }
        if checked.is_error() {
            return None;
        }
        let read = checked.expr.columns();
        let hides = |column: &&Column| read.contains(&column.name) && !column.labels.is_subset(cleared);
        if let Some(column) = dataset.columns.iter().find(hides) {
            let name = Name {
                text: column.name.clone(),
                span: condition.span,
            };
            let diagnostic = hidden(&name, column, &dataset.id, cleared, "filter by another column");
            self.say(diagnostic.note("the rows that are left would tell what it holds"));
            return None;
        }
        Some(checked.expr)
    }

    /// Adds what one clause shows of a dataset to what others show of it.
    fn grant(
        &mut self,
        dataset: &Dataset,
        shown: BTreeSet<String>,
        condition: Option<Expr>,
        path: &Path,
        access: &mut Shown<'_>,
    ) {
        let span = path.span;
        if shown.is_empty() {
            return;
        }
        let same = |grant: &&mut (Grant, Span)| {
            let text = |condition: &Option<Expr>| condition.as_ref().map(|condition| condition.text.clone());
            grant.0.dataset == dataset.id && text(&grant.0.condition) == text(&condition)
        };
        let whole = access.grants.iter().find(|(grant, _)| {
            let has = |name: &String| grant.columns.contains(name);
            grant.dataset == dataset.id && grant.condition.is_none() && shown.iter().all(has)
        });
        if let Some((_, first)) = whole {
            // `*` is meant to take in what is shown and what is not.
            if *first != span && !path.star {
                let message = format!("what this shows of `{}` is shown already", dataset.id);
                let diagnostic = Diagnostic::new(Code::SHOWN_ALREADY, span, message)
                    .found("adds nothing")
                    .label(*first, "shows all of it")
                    .help("leave one of them out");
                self.say(diagnostic);
            }
            return;
        }
        let known = access.grants.iter_mut().find(same);
        let before: Vec<String> = known
            .as_ref()
            .map(|(grant, _)| grant.columns.clone())
            .unwrap_or_default();
        let names = dataset.columns.iter().map(|column| &column.name);
        let columns: Vec<_> = names
            .filter(|name| shown.contains(*name) || before.contains(name))
            .cloned()
            .collect();
        match known {
            Some((grant, _)) => grant.columns = columns,
            None => {
                let grant = Grant {
                    dataset: dataset.id.clone(),
                    columns,
                    condition,
                };
                access.grants.push((grant, span));
            }
        }
    }

    /// A class that is cleared and that nothing shown carries.
    fn useless(&mut self, clears: &[&Name], classes: &Classes, shown: &Shown<'_>) {
        for label in clears {
            let these = classes.with_below(&BTreeSet::from([label.text.clone()]));
            let carries = |(grant, _): &(Grant, Span)| {
                let dataset = shown.datasets.get(&grant.dataset);
                let columns = dataset.map_or(&[][..], |dataset| &dataset.columns);
                let mut granted = columns.iter().filter(|column| grant.columns.contains(&column.name));
                granted.any(|column| !column.labels.is_disjoint(&these))
            };
            if shown.grants.iter().any(carries) {
                continue;
            }
            let message = format!("nothing that this access shows is `@{}`", label.text);
            let diagnostic = Diagnostic::new(Code::USELESS_CLEAR, label.span, message)
                .found("clears nothing")
                .help("leave it out, or allow what carries it");
            self.say(diagnostic);
        }
    }
}

/// The labels of a column that are not cleared: `@pii, @financial`.
fn uncleared(labels: impl IntoIterator<Item = String>, cleared: &BTreeSet<String>) -> String {
    let left: BTreeSet<_> = labels.into_iter().filter(|label| !cleared.contains(label)).collect();
    let left: Vec<_> = left.into_iter().map(|label| format!("@{label}")).collect();
    left.join(", ")
}

fn hidden(name: &Name, column: &Column, dataset: &DatasetId, cleared: &BTreeSet<String>, or: &str) -> Diagnostic {
    let labels = uncleared(column.labels.iter().cloned(), cleared);
    let text = &name.text;
    Diagnostic::new(
        Code::HIDDEN_COLUMN,
        name.span,
        format!("`{text}` of `{dataset}` is {labels}, which this access does not clear"),
    )
    .found(format!("carries {labels}"))
    .note("labelled columns are hidden until they are cleared")
    .help(format!("write `clear {labels}`, or {or}"))
}

fn nothing_shown(path: &Path, dataset: &Dataset, cleared: &BTreeSet<String>) -> Diagnostic {
    let all = dataset.columns.iter().flat_map(|column| column.labels.iter().cloned());
    let labels = uncleared(all, cleared);
    let message = format!(
        "nothing of `{}` would be seen: each of its columns is labelled",
        dataset.id
    );
    Diagnostic::new(Code::HIDDEN_COLUMN, path.span, message)
        .found(format!("carries {labels}"))
        .note("labelled columns are hidden until they are cleared")
        .help(format!("write `clear {labels}`, or leave it out"))
}
