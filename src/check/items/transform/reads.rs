//! What transforms read: arrivals, what has landed, datasets, and transforms without a target.

use super::graph::{dataset_id, target_of};
use super::{Known, Names};
use crate::base::suggest;
use crate::check::items::{Items, unknown_dataset};
use crate::check::program::{DatasetWriter, Delivers, Shape};
use crate::check::settings::Settings;
use crate::check::steps::{Around, Rows, arrival_columns};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::types::Column;
use crate::plan::{DatasetId, Input, Schema, Target};
use crate::syntax::ast::{self, ItemKind, Name, Path};

/// The project around the steps of one transform.
pub(super) struct Reading<'r, 'k, 'a> {
    pub(super) items: &'r mut Items<'a>,
    pub(super) known: &'r Known<'k>,
}

impl Reading<'_, '_, '_> {
    /// What is said meanwhile goes where the steps' own mistakes go.
    fn heard<T>(&mut self, diagnostics: &mut Diagnostics, ask: impl FnOnce(&mut Self) -> T) -> T {
        std::mem::swap(diagnostics, &mut self.items.diagnostics);
        let answer = ask(self);
        std::mem::swap(diagnostics, &mut self.items.diagnostics);
        answer
    }
}

impl Around for Reading<'_, '_, '_> {
    fn rows(&mut self, path: &Path, diagnostics: &mut Diagnostics) -> Option<Rows> {
        self.heard(diagnostics, |reading| reading.items.rows(path, reading.known))
    }

    fn target(&mut self, path: &Path, _: &mut Diagnostics) -> Option<Target> {
        // What is wrong with it is said where targets are checked.
        target_of(self.items.ground.index, path)
    }

    fn schema(&mut self, ty: &ast::TypeExpr, diagnostics: &mut Diagnostics) -> Option<Schema> {
        self.heard(diagnostics, |reading| reading.items.row_type(reading.known.typing, ty))
    }

    fn program(&mut self, what: &Name, entries: &[ast::Entry], diagnostics: &mut Diagnostics) -> Settings {
        self.heard(diagnostics, |reading| reading.items.program_settings(what, entries))
    }
}

impl<'a> Items<'a> {
    /// The rows behind a path; what is wrong with it is said.
    pub(super) fn rows(&mut self, path: &Path, known: &Known<'_>) -> Option<Rows> {
        if let ([name], false) = (path.parts.as_slice(), path.star) {
            return self.rows_by_name(name, known);
        }
        let Some(id) = dataset_id(path) else {
            let message = format!("`{}` is neither a source nor a dataset", path.text());
            let diagnostic = Diagnostic::new(Code::NOT_READABLE, path.span, message)
                .found("a transform reads `SOURCE`, `ZONE.DATASET` or a transform without a target");
            self.say(diagnostic);
            return None;
        };
        let Some(dataset) = known.datasets.get(&id) else {
            if !self.written(&id) {
                self.say(unknown_dataset(path.span, &id, known.datasets));
            }
            return None;
        };
        let landed = matches!(dataset.writer, DatasetWriter::Source(_));
        let arrived = |column: &&Column| landed && dataset.partition.contains(&column.name);
        let hidden: Vec<Column> = dataset.columns.iter().filter(arrived).cloned().collect();
        let columns = match hidden.is_empty() {
            true => dataset.columns.clone(),
            false => dataset
                .columns
                .iter()
                .filter(|column| !arrived(column))
                .cloned()
                .collect(),
        };
        let arrivals = if landed { arrival_columns() } else { Vec::new() };
        Some(Rows {
            shape: Shape::Table,
            delivers: dataset.delivers,
            columns,
            hidden: arrivals.into_iter().chain(hidden).collect(),
            unique: known
                .facts
                .get(&id)
                .map(|facts| facts.unique.clone())
                .unwrap_or_default(),
            input: Input::Table(id),
        })
    }

    fn rows_by_name(&mut self, name: &Name, known: &Known<'_>) -> Option<Rows> {
        let index = self.ground.index;
        if index.get("source", &name.text).is_some() {
            return self.rows_of_source(name, known);
        }
        if let Some(entity) = index.get("transform", &name.text) {
            if let ItemKind::Transform(transform) = &entity.item.kind
                && let Some(target) = &transform.target
            {
                self.has_a_target(name, &target.dataset);
                return None;
            }
            return known.views.get(&name.text).map(|view| view.rows.clone());
        }
        let names = index
            .all()
            .filter(|entity| ["source", "transform"].contains(&entity.kind));
        let names: Vec<_> = names.map(|entity| entity.name).collect();
        let message = format!("there is no source `{}`", name.text);
        let mut diagnostic = Diagnostic::new(Code::UNKNOWN_ITEM, name.span, message).found("not declared");
        let in_zone = |(id, _): &(&DatasetId, _)| id.name == name.text;
        diagnostic = match (suggest(&name.text, names), known.datasets.iter().find(in_zone)) {
            (Some(near), _) => {
                diagnostic
                    .help(format!("did you mean `{near}`?"))
                    .fix(format!("write `{near}`"), name.span, near)
            }
            (None, Some((id, _))) => {
                diagnostic
                    .help(format!("did you mean `{id}`?"))
                    .fix(format!("write `{id}`"), name.span, id.to_string())
            }
            (None, None) => diagnostic.help("write the name of a source, or `ZONE.DATASET`"),
        };
        self.say(diagnostic);
        None
    }

    fn rows_of_source(&mut self, name: &Name, known: &Known<'_>) -> Option<Rows> {
        let source = known.sources.get(name.text.as_str())?;
        let columns: Vec<Column> = source.schema.fields.iter().map(|field| field.column.clone()).collect();
        if source.shape == Shape::Table
            && let Some(id) = &source.into
        {
            let message = format!(
                "`{}` is a table that lands: there are no arrivals of it to read",
                name.text
            );
            let diagnostic = Diagnostic::new(Code::LANDED, name.span, message)
                .found("the source, not what has landed")
                .help(format!("read what has landed: `{id}`"))
                .fix(format!("write `{id}`"), name.span, id.to_string());
            self.say(diagnostic);
            return None;
        }
        let table = source.shape == Shape::Table;
        let keys: Vec<String> = columns
            .iter()
            .filter(|column| column.key)
            .map(|column| column.name.clone())
            .collect();
        let unique = table && source.delivers == Delivers::Snapshot && !keys.is_empty();
        Some(Rows {
            input: Input::Stream(name.text.clone()),
            shape: source.shape,
            delivers: source.delivers,
            columns: columns.into(),
            hidden: if table { Vec::new() } else { arrival_columns() },
            unique: if unique { vec![keys] } else { Vec::new() },
        })
    }

    fn has_a_target(&mut self, name: &Name, target: &Path) {
        let (own, target) = (&name.text, target.text());
        let message = format!("transform `{own}` writes `{target}`, so it is not read by its own name");
        let diagnostic = Diagnostic::new(Code::NOT_READABLE, name.span, message).found("a transform with a target");
        self.say(match target.contains('.') {
            true => diagnostic.help(format!("read what it writes: `{target}`")).fix(
                format!("write `{target}`"),
                name.span,
                target,
            ),
            false => diagnostic.help("read what it reads, or put its steps into a transform without a target"),
        });
    }

    /// Whether something is declared to write this dataset, be it right or wrong.
    pub(in crate::check::items) fn written(&self, id: &DatasetId) -> bool {
        let index = self.ground.index;
        if index.get("zone", &id.zone).is_none() && !index.incomplete() {
            return false;
        }
        self.ground.project.items().any(|item| match &item.kind {
            ItemKind::Block(block) => {
                // A source lands only where it says so; whether it does, what it is like may say.
                let says = |entry: &ast::Entry| matches!(&entry.kind, ast::EntryKind::Setting { key, .. } if key.text() == "into");
                let lands = block.like.is_some() || self.diagnostics.has_errors() || block.entries.iter().any(says);
                block.keyword.text == "source" && block.name.text() == id.name && lands
            }
            ItemKind::Transform(transform) => match &transform.target {
                Some(target) => self.is_meant(&target.dataset, id) || self.is_wrong(&transform.name, id),
                None => self.routes_to(transform, id),
            },
            // What cannot be read may be anything.
            ItemKind::Bad(_) => true,
            _ => false,
        })
    }

    /// Whether a target is this dataset, or would be if its zone were right.
    fn is_meant(&self, target: &Path, id: &DatasetId) -> bool {
        match target.parts.as_slice() {
            [zone, name] if self.ground.index.get("zone", &zone.text).is_some() => {
                (zone.text == id.zone || self.diagnostics.has_errors()) && name.text == id.name
            }
            parts => parts.last().is_some_and(|name| name.text == id.name),
        }
    }

    /// Whether a transform is called as the dataset, and may not write what it should: what is wrong was said.
    fn is_wrong(&self, name: &Name, id: &DatasetId) -> bool {
        name.text == id.name && self.diagnostics.has_errors()
    }

    /// Whether a branch of a `route` ends in this dataset, or the transform lacks the target that was meant.
    fn routes_to(&self, transform: &ast::Transform, id: &DatasetId) -> bool {
        let routed = transform.entries.iter().any(|entry| match &entry.kind {
            ast::EntryKind::Step(ast::Step {
                kind: ast::StepKind::Route { branches, otherwise },
                ..
            }) => {
                let mut paths = branches.iter().map(|(_, path)| path).chain(otherwise);
                paths.any(|path| self.is_meant(path, id))
            }
            _ => false,
        });
        routed || transform.name.text == id.name
    }

    /// The settings of a provided program, as the standard library declares them.
    fn program_settings(&mut self, what: &Name, entries: &[ast::Entry]) -> Settings {
        let checker = self.checker;
        let settings = checker.clause("transform.run", "run", what, entries, &mut self.diagnostics);
        settings.unwrap_or_default()
    }
}

/// The names of columns.
pub(super) fn names_of(columns: &[Column]) -> Names {
    columns.iter().map(|column| column.name.clone()).collect()
}
