//! The shape of a file: its items and what is in them, what can be folded, what can be selected around a place, and where
//! it leads to other files.

use crate::base::{FileId, Span};
use crate::syntax::ast::{EntryKind, File, Item, ItemKind};
use crate::syntax::tokens::{TokenKind, scan};

use super::columns::Columns;
use super::mentions::{self, Symbol};
use super::{Context, Place};

/// An item, or what is in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// What it is called.
    pub name: String,
    /// `zone`, `transform`, `field`, `step` …
    pub kind: String,
    /// A short text beside it.
    pub detail: String,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub at: Span,
    /// What is in it.
    pub inside: Vec<Outline>,
}

impl Context<'_> {
    /// The items of a file.
    pub fn outline(&self, file: FileId) -> Vec<Outline> {
        let files = self.project.files.iter().filter(|tree| tree.id == file);
        let items = files.flat_map(|tree| &tree.items);
        items.filter_map(|item| self.outline_of(item)).collect()
    }

    /// The items of the project whose names are like a text.
    pub fn symbols(&self, like: &str) -> Vec<Outline> {
        let wanted = like.to_lowercase();
        let all = self.project.files.iter().flat_map(|file| self.outline(file.id));
        let fits = |outline: &Outline| {
            let name = outline.name.to_lowercase();
            let mut letters = name.chars();
            wanted.chars().all(|wanted| letters.any(|letter| letter == wanted))
        };
        all.filter(fits).collect()
    }

    fn outline_of(&self, item: &Item) -> Option<Outline> {
        let (kind, name, at) = match &item.kind {
            ItemKind::Block(block) => (block.keyword.text.as_str(), block.name.text(), block.name.span),
            ItemKind::Param { name, .. } => ("param", name.text.clone(), name.span),
            ItemKind::Enum { name, .. } => ("enum", name.text.clone(), name.span),
            ItemKind::TypeAlias { name, .. } => ("type", name.text.clone(), name.span),
            ItemKind::Schema { name, .. } => ("schema", name.text.clone(), name.span),
            ItemKind::Transform(transform) => ("transform", transform.name.text.clone(), transform.name.span),
            ItemKind::Function(function) => ("fn", function.name.text.clone(), function.name.span),
            ItemKind::Test(test) => ("test", test.title.value.clone(), test.title.span),
            ItemKind::Use { path } => ("use", path.value.clone(), path.span),
            ItemKind::Bad(bad) => {
                let name = bad.name.as_ref()?;
                (bad.keyword.as_ref()?.text.as_str(), name.text.clone(), name.span)
            }
        };
        let detail = match &item.kind {
            ItemKind::Transform(transform) => {
                let reads: Vec<_> = transform.inputs.iter().map(|path| path.text()).collect();
                let writes = transform
                    .target
                    .as_ref()
                    .map(|target| format!(" → {}", target.dataset.text()));
                format!("{}{}", reads.join(", "), writes.unwrap_or_default())
            }
            ItemKind::Test(test) => test.transform.text.clone(),
            _ => String::new(),
        };
        Some(Outline {
            name,
            kind: kind.to_owned(),
            detail,
            span: item.span,
            at,
            inside: self.inside(item),
        })
    }

    fn inside(&self, item: &Item) -> Vec<Outline> {
        let part = |kind: &str, name: &str, detail: &str, span: Span, at: Span| Outline {
            name: name.to_owned(),
            kind: kind.to_owned(),
            detail: detail.to_owned(),
            span,
            at,
            inside: Vec::new(),
        };
        match &item.kind {
            ItemKind::Schema { fields, .. } => {
                let field = |field: &crate::syntax::ast::Field| {
                    let ty = self.sources.text(field.ty.span);
                    part("field", &field.name.text, ty, field.span, field.name.span)
                };
                fields.iter().map(field).collect()
            }
            ItemKind::Enum { variants, .. } => {
                let names = variants.iter().map(|variant| &variant.name);
                names
                    .map(|name| part("variant", &name.text, "", name.span, name.span))
                    .collect()
            }
            ItemKind::Transform(transform) => {
                let step = |(step, span): (&crate::syntax::ast::Step, Span)| {
                    let line = super::hover::first_line(self.sources.text(span));
                    let rest = line.strip_prefix(&step.word.text).unwrap_or("").trim();
                    part("step", &step.word.text, rest, span, step.word.span)
                };
                Self::steps(transform).map(step).collect()
            }
            ItemKind::Block(block) => {
                let setting = |entry: &crate::syntax::ast::Entry| match &entry.kind {
                    EntryKind::Setting { key, value } => {
                        let value = super::hover::first_line(self.sources.text(value.span));
                        Some(part("setting", &key.text(), value, entry.span, key.span))
                    }
                    _ => None,
                };
                block.entries.iter().filter_map(setting).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What can be folded: from a line to a line, from 0; whether it is a comment.
    pub fn folds(&self, file: FileId) -> Vec<(u32, u32, bool)> {
        let text = &self.sources.get(file).text;
        let (mut open, mut found, mut comment): (Vec<u32>, Vec<_>, Option<(u32, u32)>) = Default::default();
        for token in scan(text) {
            let line = token.line;
            if token.first && matches!(token.kind, TokenKind::Comment | TokenKind::Doc) {
                comment = match comment {
                    Some((first, last)) if last + 1 == line => Some((first, line)),
                    Some((first, last)) => {
                        found.extend((last > first).then_some((first, last, true)));
                        Some((line, line))
                    }
                    None => Some((line, line)),
                };
                continue;
            }
            match token.kind {
                TokenKind::Open => open.push(line),
                TokenKind::Close => {
                    if let Some(first) = open.pop().filter(|first| line > first + 1) {
                        found.push((first, line - 1, false));
                    }
                }
                _ => {}
            }
        }
        found.extend(
            comment
                .filter(|(first, last)| last > first)
                .map(|(first, last)| (first, last, true)),
        );
        found.sort_unstable();
        found.dedup_by_key(|fold| fold.0);
        found
    }

    /// What can be selected around a place, innermost first.
    pub fn selections(&self, place: Place) -> Vec<Span> {
        let text = &self.sources.get(place.file).text;
        let at = place.offset as usize;
        let (mut open, mut found) = (Vec::new(), Vec::new());
        let mut add = |start: usize, end: usize| {
            if start <= at && at <= end {
                found.push(Span::new(place.file, start, end));
            }
        };
        let tokens = scan(text);
        for token in &tokens {
            add(token.start, token.end);
            match token.kind {
                TokenKind::Open => open.push(token),
                TokenKind::Close => {
                    if let Some(first) = open.pop() {
                        add(first.end, token.start);
                        add(first.start, token.end);
                    }
                }
                _ => {}
            }
        }
        if let Some(item) = self.item_at(place) {
            add(item.span.start as usize, item.span.end as usize);
            let entries = match &item.kind {
                ItemKind::Block(block) => block.entries.as_slice(),
                ItemKind::Transform(transform) => transform.entries.as_slice(),
                ItemKind::Test(test) => test.entries.as_slice(),
                _ => &[],
            };
            entries
                .iter()
                .for_each(|entry| add(entry.span.start as usize, entry.span.end as usize));
        }
        add(0, text.len());
        found.sort_by_key(|span| (span.end - span.start, span.start));
        // Each is within the next.
        let mut nested: Vec<Span> = Vec::new();
        for span in found {
            if nested.last().is_none_or(|last| span.covers(*last) && span != *last) {
                nested.push(span);
            }
        }
        nested
    }

    /// The files that a file names, and where.
    pub fn links(&self, file: FileId) -> Vec<(Span, String)> {
        let columns = Columns::new(self.index);
        let all = mentions::of_file(self, &columns, file).into_iter();
        all.filter_map(|mention| match mention.symbol {
            Symbol::File(path) => Some((mention.span, path)),
            _ => None,
        })
        .collect()
    }

    /// The tree of a file.
    pub(super) fn tree(&self, file: FileId) -> Option<&File> {
        self.project
            .files
            .iter()
            .find(|tree| tree.id == file)
            .map(|tree| &**tree)
    }
}
