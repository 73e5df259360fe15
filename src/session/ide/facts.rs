//! What was found of transforms and datasets: their columns with types, before and after each step.

use crate::check::program::{Dataset, Program, Transform};
use crate::plan::DatasetId;
use crate::plan::types::Column;
use crate::syntax::ast::{self, EntryKind, ItemKind, Path};

use super::Context;

impl<'p> Context<'p> {
    /// The typed program, as far as it is known.
    pub fn program(&self) -> Option<&'p Program> {
        self.analysis?.program.as_ref()
    }

    /// A transform as it was when it was right last.
    pub(super) fn typed(&self, name: &str) -> Option<&'p Transform> {
        if let Some(recent) = self.recent.get(name) {
            return Some(recent);
        }
        let mut transforms = self.program()?.transforms.iter();
        transforms.find(|transform| transform.item.name == name)
    }

    /// A dataset, by `ZONE.DATASET`.
    pub(super) fn dataset(&self, zone: &str, name: &str) -> Option<&'p Dataset> {
        let id = DatasetId {
            zone: zone.to_owned(),
            name: name.to_owned(),
        };
        self.program()?.datasets.get(&id)
    }

    /// The columns behind the steps before this one, by its place among the steps.
    pub(super) fn before_step(&self, transform: &ast::Transform, step: usize) -> Vec<Column> {
        let Some(typed) = self.typed(&transform.name.text) else {
            return self.read_columns(transform);
        };
        match step.checked_sub(1) {
            None => typed.input_columns.to_vec(),
            Some(before) => match typed.steps.get(before) {
                Some(step) => step.columns.to_vec(),
                None => typed.output.to_vec(),
            },
        }
    }

    /// The columns behind a step, by its place among the steps.
    pub(super) fn after_step(&self, transform: &str, step: usize) -> Option<&'p [Column]> {
        Some(self.typed(transform)?.steps.get(step)?.columns.as_slice())
    }

    /// The columns that come into a transform, where it was never right.
    fn read_columns(&self, transform: &ast::Transform) -> Vec<Column> {
        let first = transform.inputs.first();
        first.map(|path| self.columns_of(path)).unwrap_or_default()
    }

    /// The columns of what can be read, with types.
    pub(super) fn columns_of(&self, path: &Path) -> Vec<Column> {
        let fields = |name: &str| {
            let sources = &self.program()?.sources;
            let source = sources.iter().find(|source| source.item.name == name)?;
            let fields = source.schema.fields.iter();
            Some(fields.map(|field| field.column.clone()).collect::<Vec<_>>())
        };
        match path.parts.as_slice() {
            [name] => fields(&name.text)
                .or_else(|| Some(self.typed(&name.text)?.output.to_vec()))
                .unwrap_or_default(),
            [zone, name] => self
                .dataset(&zone.text, &name.text)
                .map(|dataset| dataset.columns.to_vec())
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// The steps of a transform as they are written.
    pub(super) fn steps(transform: &ast::Transform) -> impl Iterator<Item = (&ast::Step, crate::base::Span)> {
        transform.entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Step(step) => Some((step, entry.span)),
            _ => None,
        })
    }

    /// The item at a place.
    pub(super) fn item_at(&self, place: super::Place) -> Option<&'p ast::Item> {
        let file = self.project.files.iter().find(|file| file.id == place.file)?;
        let mut items = file.items.iter();
        items.find(|item| item.span.start <= place.offset && place.offset <= item.span.end)
    }

    /// The transform of a name as it is written.
    pub(super) fn written_transform(&self, name: &str) -> Option<&'p ast::Transform> {
        match &self.index.get("transform", name)?.item.kind {
            ItemKind::Transform(transform) => Some(transform),
            _ => None,
        }
    }
}
