//! Who reads what whom writes, as a tree to walk up and down; and what can be done with items, above them.

use crate::base::{FileId, Span};
use crate::resolve::targets;
use crate::syntax::ast::{EntryKind, ItemKind, Path, StepKind, Transform};

use super::columns::Columns;
use super::mentions::Symbol;
use super::{Context, Place};

/// A source or transform on the way of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Station {
    /// `source` or `transform`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// All of it.
    pub span: Span,
    /// Its name's place.
    pub at: Span,
}

/// Something to be done, above an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lens {
    /// The item.
    pub span: Span,
    /// What it says.
    pub title: String,
    /// What it does, with what: `test` a title, `preview` a transform; nothing where it only says something.
    pub does: Option<(&'static str, String)>,
}

impl Context<'_> {
    /// The source or transform that a place names, or whose dataset it names.
    pub fn station(&self, place: Place) -> Option<Station> {
        let named = match self.mention(place)?.symbol {
            Symbol::Item { kind, name } if matches!(kind.as_str(), "source" | "transform") => (kind, name),
            Symbol::Dataset { zone, name } => {
                let columns = Columns::new(self.index);
                ("transform".to_owned(), columns.writer(&zone, &name)?.to_owned())
            }
            _ => return None,
        };
        self.station_of(&named.0, &named.1)
    }

    fn station_of(&self, kind: &str, name: &str) -> Option<Station> {
        let entity = self.index.get(kind, name)?;
        Some(Station {
            kind: kind.to_owned(),
            name: name.to_owned(),
            span: entity.item.span,
            at: entity.span,
        })
    }

    /// What a transform reads, and where it says so.
    pub fn upstream(&self, station: &str) -> Vec<(Station, Span)> {
        let Some(transform) = self.written_transform(station) else {
            return Vec::new();
        };
        let columns = Columns::new(self.index);
        let paths = reads(transform).into_iter();
        paths
            .filter_map(|path| Some((self.writer_of(path, &columns)?, path.span)))
            .collect()
    }

    /// Who reads what a source or transform gives, and where it says so.
    pub fn downstream(&self, kind: &str, station: &str) -> Vec<(Station, Span)> {
        let columns = Columns::new(self.index);
        let mut found = Vec::new();
        for entity in self.index.of_kind("transform") {
            let ItemKind::Transform(transform) = &entity.item.kind else {
                continue;
            };
            for path in reads(transform) {
                let writer = self.writer_of(path, &columns);
                if writer.is_some_and(|writer| writer.kind == kind && writer.name == station) {
                    found.extend(
                        self.station_of("transform", entity.name)
                            .map(|reader| (reader, path.span)),
                    );
                }
            }
        }
        found
    }

    fn writer_of(&self, path: &Path, columns: &Columns<'_>) -> Option<Station> {
        match path.parts.as_slice() {
            [name] => ["source", "transform"]
                .iter()
                .find_map(|kind| self.station_of(kind, &name.text)),
            [zone, name] => match columns.writer(&zone.text, &name.text) {
                Some(transform) => self.station_of("transform", transform),
                None => self.station_of("source", &name.text),
            },
            _ => None,
        }
    }

    /// What can be done with the items of a file.
    pub fn lenses(&self, file: FileId) -> Vec<Lens> {
        let Some(tree) = self.tree(file) else { return Vec::new() };
        let mut found = Vec::new();
        for item in &tree.items {
            match &item.kind {
                ItemKind::Test(test) => found.push(Lens {
                    span: test.title.span,
                    title: "run test".to_owned(),
                    does: Some(("test", test.title.value.clone())),
                }),
                ItemKind::Transform(transform) => {
                    let name = &transform.name;
                    let readers = self.downstream("transform", &name.text).len();
                    let writes = targets(transform).len();
                    let text = match (readers, writes) {
                        (1, _) => "1 reader".to_owned(),
                        (readers, _) => format!("{readers} readers"),
                    };
                    found.push(Lens {
                        span: name.span,
                        title: text,
                        does: None,
                    });
                    for does in ["rows", "resources"] {
                        found.push(Lens {
                            span: name.span,
                            title: does.to_owned(),
                            does: Some((does, name.text.clone())),
                        });
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// Everything that a transform reads.
fn reads(transform: &Transform) -> Vec<&Path> {
    let others = transform.entries.iter().filter_map(|entry| match &entry.kind {
        EntryKind::Step(step) => match &step.kind {
            StepKind::Join { other, .. } | StepKind::Union(other) => Some(other),
            _ => None,
        },
        _ => None,
    });
    transform.inputs.iter().chain(others).collect()
}
