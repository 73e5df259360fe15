//! The heads of items, the fields of schemas, the clauses of tests.

use crate::syntax::ast::ItemKind;

use super::super::columns::Columns;
use super::super::words;
use super::{Kind, Offer};

impl Offer<'_, '_> {
    /// Between an item's keyword and its braces.
    pub(super) fn head(&mut self) {
        let entry = self.cursor.entry();
        let last = self.cursor.last();
        let keyword = self.cursor.keyword.unwrap_or("");
        if last == "like" || entry.contains(&"like") && matches!(last, "." | "std") {
            return self.templates(keyword);
        }
        let behind_arrow = entry.contains(&"->");
        match keyword {
            "transform" => match last {
                ":" if behind_arrow => self.named("schema"),
                "->" => self.targets(),
                "." if behind_arrow => {
                    let zone = self.cursor.before_last().to_owned();
                    self.datasets_of(&zone);
                }
                ":" | "," | "." if !behind_arrow => self.readable(true),
                "by" => {}
                _ if behind_arrow => {
                    for word in ["append", "overwrite", "merge by", "history by"] {
                        self.add(Kind::Keyword, word, "how it writes", "");
                    }
                }
                _ => {}
            },
            "source" => match last {
                ":" => {
                    for word in ["stream of", "table of", "objects of"] {
                        self.add(Kind::Keyword, word, "what its rows come as", "");
                    }
                }
                "of" => self.named("schema"),
                _ => {}
            },
            "test" if last == "for" => self.named("transform"),
            "class" if last == "below" => self.named("class"),
            "param" | "fn" | "type" if matches!(last, ":" | "=" | "->" | "<") => match keyword == "fn" && last == "=" {
                true => self.expression(),
                false => self.types(),
            },
            "fn" => self.expression(),
            _ if entry.len() == 1 && matches!(keyword, "zone" | "source" | "retention" | "serve") => {
                self.add(Kind::Keyword, "like", "settings of another", "");
            }
            _ => {}
        }
    }

    /// Where rows can be written.
    pub(super) fn targets(&mut self) {
        let zones: Vec<_> = self.context.index.of_kind("zone").map(|entity| entity.name).collect();
        for zone in zones {
            let zone = self.add(Kind::Item, zone, "zone", "");
            zone.insert += ".";
            zone.rank = 2;
        }
        self.named("sink");
    }

    /// What an item can be like: templates by their path, and items of its kind.
    fn templates(&mut self, kind: &str) {
        let typed = self.path_before();
        let templates = self.context.library.items().filter_map(|item| match &item.kind {
            ItemKind::Block(block) if block.keyword.text == kind => Some((block.name.text(), item)),
            _ => None,
        });
        let templates: Vec<_> = templates.collect();
        for (path, item) in templates {
            let Some(rest) = path.strip_prefix(&typed) else {
                continue;
            };
            let doc = item.doc.as_ref().map_or("", |doc| doc.text.as_str());
            let text = super::super::hover::code(self.context.sources.text(item.span));
            self.add(
                Kind::Template,
                rest,
                format!("template of a {kind}"),
                format!("{doc}\n\n{text}"),
            )
            .rank = 1;
        }
        if typed.is_empty() {
            self.named(kind);
        }
    }

    /// The dotted path right before the cursor, with its last dot: `std.zones.`
    fn path_before(&self) -> String {
        let before = self.cursor.text.get(..self.cursor.prefix.start as usize).unwrap_or("");
        let start = before
            .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .map_or(0, |at| at + 1);
        before.get(start..).unwrap_or("").to_owned()
    }

    /// Types of the language and of the project.
    pub(super) fn types(&mut self) {
        for (word, doc) in words::TYPES {
            let ty = self.add(Kind::Type, word, "type", *doc);
            let (insert, snippet) = match *word {
                "decimal" => ("decimal(${1:12}, ${2:2})", true),
                "list" => ("list<${1:string}>", true),
                "map" => ("map<string, ${1:string}>", true),
                "struct" => ("struct { $0 }", true),
                word => (word, false),
            };
            (ty.insert, ty.snippet) = (insert.to_owned(), snippet);
        }
        for kind in ["enum", "type", "schema"] {
            self.named(kind);
        }
    }

    /// The fields of a schema: types behind `:`, then labels, a default, a check.
    pub(super) fn fields(&mut self) {
        let entry = self.cursor.entry();
        match entry.as_slice() {
            [] => {}
            [_] => {
                self.add(Kind::Keyword, ":", "its type", "");
            }
            [.., ":" | "<"] => self.types(),
            [.., "check" | "and" | "or" | "not" | "="] | [.., "<=" | ">=" | "==" | "!=" | "("] => self.expression(),
            _ => {
                for label in super::OWN_LABELS {
                    self.add(Kind::Label, &format!("@{label}"), "label of the language", "");
                }
                let classes: Vec<_> = self.context.index.of_kind("class").map(|entity| entity.name).collect();
                for class in classes {
                    self.add(Kind::Label, &format!("@{class}"), "class", "").rank = 2;
                }
                let check = self.add(
                    Kind::Keyword,
                    "check",
                    "what must hold",
                    "Rows of which it is not true are turned away.",
                );
                check.insert = "check ".to_owned();
            }
        }
    }

    /// The clauses of a test.
    pub(super) fn clauses_of_test(&mut self) {
        let entry = self.cursor.entry();
        match entry.as_slice() {
            [] => {
                for (word, snippet, doc) in [
                    (
                        "given",
                        "given ${1:input} = [ { $0 } ]",
                        "Rows that the transform reads.",
                    ),
                    ("expect", "expect [ { $0 } ]", "Rows that it gives."),
                    (
                        "expect rejected",
                        "expect rejected ${1:1}",
                        "How many rows it turns away.",
                    ),
                ] {
                    let clause = self.add(Kind::Keyword, word, "clause of a test", doc);
                    clause.insert = snippet.to_owned();
                    clause.snippet = true;
                }
            }
            ["given"] | ["given", ..] if matches!(self.cursor.last(), "given" | ".") => self.given(),
            _ => {}
        }
    }

    /// What the transform under test reads.
    fn given(&mut self) {
        if self.cursor.last() == "." {
            let zone = self.cursor.before_last().to_owned();
            return self.datasets_of(&zone);
        }
        let Some(transform) = self.transform_under_test() else {
            return self.readable(true);
        };
        let reads = transform.inputs.iter().map(|path| path.text());
        let others = transform.entries.iter().filter_map(|entry| match &entry.kind {
            crate::syntax::ast::EntryKind::Step(step) => match &step.kind {
                crate::syntax::ast::StepKind::Join { other, .. } | crate::syntax::ast::StepKind::Union(other) => {
                    Some(other.text())
                }
                _ => None,
            },
            _ => None,
        });
        let all: Vec<_> = reads.chain(others).collect();
        for path in all {
            self.add(Kind::Dataset, &path, "what it reads", "").rank = 1;
        }
    }

    fn transform_under_test(&self) -> Option<&crate::syntax::ast::Transform> {
        let at = self
            .cursor
            .tokens
            .iter()
            .position(|token| token.text(self.cursor.text) == "for")?;
        self.context.written_transform(self.cursor.word(at + 1))
    }

    /// `{ column: value }` of a test: the columns that are not written yet.
    pub(super) fn row(&mut self, of: &str) {
        let entry = self.cursor.entry();
        if !entry.is_empty() {
            return self.expression();
        }
        let Some(transform) = self.transform_under_test().cloned() else {
            return;
        };
        let columns = Columns::new(self.context.index);
        let (names, typed) = match of {
            "" => {
                let typed = self
                    .context
                    .typed(&transform.name.text)
                    .map(|typed| typed.output.to_vec());
                (columns.output(&transform.name.text), typed.unwrap_or_default())
            }
            of => {
                let path = transform.inputs.iter().find(|path| path.text() == of);
                match path {
                    Some(path) => (columns.of_path(path), self.context.columns_of(path)),
                    None => return,
                }
            }
        };
        let from = self.cursor.frame().open.unwrap_or(0);
        let written: Vec<_> = (from..self.cursor.tokens.len())
            .filter(|at| self.cursor.word(at + 1) == ":")
            .map(|at| self.cursor.word(at))
            .collect();
        for name in names.keys().filter(|name| !written.contains(&name.as_str())) {
            let ty = typed.iter().find(|column| column.name == *name);
            let ty = ty.map(|column| column.ty.to_string()).unwrap_or_default();
            let column = self.add(Kind::Column, name, ty, "");
            column.insert += ": ";
            column.rank = 1;
        }
    }
}
