//! What can be written at the cursor, also in text that is half typed.

mod exprs;
mod heads;
mod values;

use crate::base::Span;

use super::cursor::{Cursor, Room};
use super::mentions::OWN_LABELS;
use super::{Context, Place, words};

/// What a completion is, for its icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The start of an item or a step.
    Keyword,
    /// An item of the project.
    Item,
    /// A dataset.
    Dataset,
    /// A column.
    Column,
    /// A function.
    Function,
    /// A setting.
    Setting,
    /// A word that a setting takes.
    Value,
    /// A variant of an enum.
    Variant,
    /// A type.
    Type,
    /// A label.
    Label,
    /// A unit.
    Unit,
    /// A template of the standard library.
    Template,
    /// A file.
    File,
}

/// Something that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What it is called.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// A short text beside it: a type, a default.
    pub detail: String,
    /// Markdown about it.
    pub doc: String,
    /// What is written; with `${1:…}` where it is a snippet.
    pub insert: String,
    /// Whether that has places to fill in.
    pub snippet: bool,
    /// What it replaces.
    pub replace: Span,
    /// Lower comes first.
    pub rank: u8,
}

/// Gathers completions at one place.
struct Offer<'o, 'p> {
    context: &'o Context<'p>,
    cursor: &'o Cursor<'p>,
    found: Vec<Completion>,
}

impl Context<'_> {
    /// What can be written at a place.
    pub fn complete(&self, place: Place) -> Vec<Completion> {
        let Some(cursor) = Cursor::new(self, place) else {
            return Vec::new();
        };
        let mut offer = Offer {
            context: self,
            cursor: &cursor,
            found: Vec::new(),
        };
        offer.all();
        let mut found = offer.found;
        let typed = self.sources.text(cursor.prefix).to_lowercase();
        let typed = if cursor.within.is_some() { String::new() } else { typed };
        found.retain(|completion| is_like(&completion.label.to_lowercase(), &typed));
        found.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
        found.dedup_by(|next, kept| next.label == kept.label && next.kind == kept.kind);
        found
    }
}

/// Whether what was typed are letters of the label, in order.
fn is_like(label: &str, typed: &str) -> bool {
    let mut letters = label.chars();
    typed.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

impl Offer<'_, '_> {
    fn add(&mut self, kind: Kind, label: &str, detail: impl Into<String>, doc: impl Into<String>) -> &mut Completion {
        let at = self.found.len();
        self.found.push(Completion {
            label: label.to_owned(),
            kind,
            detail: detail.into(),
            doc: doc.into(),
            insert: label.to_owned(),
            snippet: false,
            replace: self.cursor.prefix,
            rank: 5,
        });
        &mut self.found[at]
    }

    fn all(&mut self) {
        if self.cursor.within.is_some() {
            return self.inside_text();
        }
        if self.cursor.keyword.is_none() {
            return self.items();
        }
        if self.cursor.last() == "@" {
            return self.labels();
        }
        match self.cursor.frame().room {
            Room::Head => self.head(),
            Room::Settings(owner) => self.settings(&owner),
            Room::Values(owner, key) => self.value(&owner, &key, &[]),
            Room::Arguments(owner) => self.arguments(&owner),
            Room::Steps => self.steps(),
            Room::Bindings => self.bindings(),
            Room::Branches => self.branches(),
            Room::Fields => self.fields(),
            Room::Test => self.clauses_of_test(),
            Room::Rows(_) | Room::Other => {}
            Room::Row(of) => self.row(&of),
            Room::AllowColumns => self.allowed_columns(),
            Room::Call(name) => self.call(&name),
            Room::Expr => self.expression(),
        }
    }

    /// The starts of items.
    fn items(&mut self) {
        for (word, snippet, doc) in words::ITEMS {
            let declared = self.context.declarations.item(word);
            let more = declared.and_then(|declared| declared.doc).unwrap_or("");
            let item = self.add(Kind::Keyword, word, "item", format!("{doc}\n\n{more}").trim_end());
            item.insert = (*snippet).to_owned();
            item.snippet = true;
        }
    }

    /// Items of a kind.
    fn named(&mut self, kind: &str) {
        let names: Vec<_> = self
            .context
            .index
            .of_kind(kind)
            .map(|e| (e.name.to_owned(), e.item))
            .collect();
        for (name, item) in names {
            let doc = item.doc.as_ref().map_or("", |doc| doc.text.as_str());
            self.add(Kind::Item, &name, kind, doc).rank = 2;
        }
    }

    fn labels(&mut self) {
        for label in OWN_LABELS {
            self.add(Kind::Label, label, "label of the language", "");
        }
        let classes: Vec<_> = self.context.index.of_kind("class").copied().collect();
        for class in classes {
            let text = super::hover::first_line(self.context.sources.text(class.item.span)).to_owned();
            self.add(Kind::Label, class.name, text, "").rank = 2;
        }
    }

    /// What can be read: sources, datasets, views.
    fn readable(&mut self, sources: bool) {
        if self.cursor.last() == "." {
            let zone = self.cursor.before_last().to_owned();
            return self.datasets_of(&zone);
        }
        if sources {
            self.named("source");
            let views = self.context.index.of_kind("transform").filter(|entity| {
                let written = self.context.written_transform(entity.name);
                written.is_some_and(|transform| transform.target.is_none())
            });
            let views: Vec<_> = views.map(|entity| entity.name).collect();
            for view in views {
                self.add(Kind::Item, view, "transform", "").rank = 2;
            }
        }
        for written in crate::resolve::written(self.context.index) {
            let doc = self.context.dataset(&written.zone, &written.name);
            let doc = doc
                .map(|dataset| super::hover::table(&dataset.columns))
                .unwrap_or_default();
            self.add(
                Kind::Dataset,
                &written.text(),
                format!("{} {}", written.kind, written.by),
                doc,
            )
            .rank = 2;
        }
    }

    fn datasets_of(&mut self, zone: &str) {
        for written in crate::resolve::written(self.context.index) {
            if written.zone == zone {
                let dataset = self.context.dataset(zone, &written.name);
                let doc = dataset
                    .map(|dataset| super::hover::table(&dataset.columns))
                    .unwrap_or_default();
                self.add(
                    Kind::Dataset,
                    &written.name,
                    format!("{} {}", written.kind, written.by),
                    doc,
                )
                .rank = 1;
            }
        }
    }

    /// Inside of a text: an expression behind `${`, a value of those that a setting takes, a path.
    fn inside_text(&mut self) {
        let Some(token) = self.cursor.within else { return };
        let end = self.cursor.prefix.end as usize;
        let before = self.cursor.text.get(token.start..end).unwrap_or("");
        if let Some((_, inside)) = before.rsplit_once("${").filter(|(_, inside)| !inside.contains('}')) {
            let word = inside
                .rsplit(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
                .unwrap_or("");
            let start = end - word.len();
            let from = self.found.len();
            self.expression();
            for completion in self.found.iter_mut().skip(from) {
                completion.replace = Span::new(self.cursor.prefix.file, start, end);
            }
            let typed = word.to_lowercase();
            return self
                .found
                .retain(|completion| is_like(&completion.label.to_lowercase(), &typed));
        }
        let typed = before.get(1..).unwrap_or("").to_owned();
        let inner = Span::new(self.cursor.prefix.file, token.start + 1, end);
        match (self.cursor.frame().room, self.cursor.last()) {
            (Room::Steps, "script") | (Room::Test, "from") => self.paths(&typed, inner),
            (Room::Settings(owner), "=") => {
                let key = self.cursor.entry().first().copied().unwrap_or("").to_owned();
                self.texts(&owner, &key, inner);
            }
            _ => {}
        }
        let typed = typed.to_lowercase();
        self.found
            .retain(|completion| is_like(&completion.label.to_lowercase(), &typed));
    }

    /// The files of the project.
    fn paths(&mut self, typed: &str, replace: Span) {
        let scripts = self.context.texts.names_below(typed);
        for path in scripts {
            self.add(Kind::File, &path, "file", "").replace = replace;
        }
    }
}
