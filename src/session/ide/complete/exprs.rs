//! Steps and expressions: the columns in scope at this step, functions, variants.

use crate::check::functions::{Declaration, Kind as FunctionKind, Pattern};
use crate::check::settings::quantity::{self, Dimension};
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast::{self, ItemKind};

use super::super::columns::{Around, Columns, Scope};
use super::super::cursor::Room;
use super::super::settings::Owner;
use super::super::{hover, words};
use super::{Kind, Offer};

/// Words of expressions, and how they are written on.
const WORDS: &[(&str, &str)] = &[
    ("if", "if ${1:condition} then ${2:value} else ${3:value}"),
    (
        "match",
        "match ${1:value} { ${2:pattern} => ${3:value}, _ => ${4:value} }",
    ),
    ("reject", "reject \"${1:reason}\""),
    ("null", "null"),
    ("true", "true"),
    ("false", "false"),
    ("not", "not "),
    ("and", "and "),
    ("or", "or "),
    ("in", "in "),
    ("is null", "is null"),
    ("is not null", "is not null"),
    ("between", "between ${1:low} and ${2:high}"),
    ("then", "then "),
    ("else", "else "),
    ("order by", "order by "),
];

impl Offer<'_, '_> {
    /// In the body of a transform.
    pub(super) fn steps(&mut self) {
        let continued = matches!(
            self.cursor.last(),
            "," | "="
                | "+"
                | "-"
                | "*"
                | "/"
                | "%"
                | "=="
                | "!="
                | "<"
                | "<="
                | ">"
                | ">="
                | "??"
                | "and"
                | "or"
                | "then"
                | "else"
        );
        if self.cursor.first && !continued {
            return self.starts();
        }
        let Some((step, rest)) = self.cursor.step() else {
            let entry = self.cursor.entry();
            return match entry.as_slice() {
                [key, "=", rest @ ..] => self.value(&Owner::item("transform"), key, rest),
                _ => self.starts(),
            };
        };
        match (step, rest.as_slice()) {
            ("drop" | "unpivot", [] | [.., ","]) | ("rename", [] | [.., ","]) => self.columns_here(),
            ("dedupe" | "group" | "window" | "pivot" | "session" | "sort", []) => {
                self.add(Kind::Keyword, "by ", "by which columns", "").rank = 1;
            }
            (_, [.., "by"]) => self.columns_here(),
            ("dedupe", [.., "keep"]) => ["first by ", "last by "].into_iter().for_each(|word| {
                self.add(Kind::Keyword, word, "", "").rank = 1;
            }),
            ("dedupe", [.., word]) if !matches!(*word, "by" | "," | "within") => {
                self.words(&["keep first by ", "keep last by ", "within "]);
            }
            ("join", []) => {
                self.words(&["left ", "right ", "full ", "anti ", "semi "]);
                self.readable(true);
            }
            ("join", ["left" | "right" | "full" | "anti" | "semi" | "inner"]) => self.readable(true),
            ("union", []) => self.readable(true),
            ("join", [.., "."]) if !rest.contains(&"on") => self.readable(true),
            ("union", [.., "."]) => self.readable(true),
            ("join", rest) if !rest.contains(&"on") => self.words(&["as ", "on ", "within "]),
            ("run", []) => self.words(&["script \"$0\"", "container { $0 }"]),
            ("run", [.., "returns"]) => self.named("schema"),
            ("run", _) => self.words(&["returns "]),
            ("expect", [.., "else"]) if !rest.contains(&"if") => {
                self.words(&["quarantine", "drop", "warn", "fail"]);
            }
            ("expect", [] | [_]) => {}
            ("explode" | "rename" | "select" | "unpivot" | "session", [.., "as"]) => {}
            ("derive", [] | [.., ","]) => self.columns_here(),
            _ => self.expression(),
        }
    }

    fn words(&mut self, words: &[&str]) {
        for word in words {
            let found = self.add(
                Kind::Keyword,
                word.trim_end().split('"').next().unwrap_or(word).trim_end(),
                "",
                "",
            );
            found.insert = (*word).to_owned();
            found.snippet = word.contains('$');
            found.rank = 1;
        }
    }

    /// The starts of steps; before the first of them, settings too.
    fn starts(&mut self) {
        for (word, snippet, doc) in words::STEPS {
            let step = self.add(Kind::Keyword, word, "step", *doc);
            step.insert = (*snippet).to_owned();
            step.snippet = true;
            step.rank = 2;
        }
        let from = self.cursor.frame().open.map_or(0, |open| open + 1);
        let stepped = (from..self.cursor.tokens.len()).any(|at| {
            let token = self.cursor.tokens.get(at);
            token.is_some_and(|token| token.first) && words::step(self.cursor.word(at)).is_some()
        });
        if !stepped {
            self.names(&Owner::item("transform"));
        }
    }

    /// What there is before the step that is being typed.
    fn around(&self) -> (Around, Vec<Column>) {
        let Some(transform) = self.cursor.transform() else {
            return self.outside_of_transforms();
        };
        let columns = Columns::new(self.context.index);
        let mut around = columns.after(&transform, usize::MAX);
        let steps = super::super::Context::steps(&transform).count();
        let mut typed = self.context.before_step(&transform, steps);
        self.joined(&mut around, &columns);
        // What earlier bindings of the same step gave.
        if let Some(("derive", _)) = self.cursor.step() {
            let from = self
                .cursor
                .frames
                .iter()
                .find(|frame| frame.room == Room::Steps)
                .map_or(0, |f| f.entry);
            for at in from..self.cursor.tokens.len() {
                let token = self.cursor.tokens.get(at);
                if self.cursor.word(at + 1) == "="
                    && token.is_some_and(|t| t.first || at == from + 1 || self.cursor.word(at - 1) == ",")
                {
                    let name = self.cursor.word(at);
                    around.columns.entry(name.to_owned()).or_insert(self.cursor.prefix);
                }
            }
        }
        if typed.is_empty() {
            typed = transform
                .inputs
                .first()
                .map(|path| self.context.columns_of(path))
                .unwrap_or_default();
        }
        (around, typed)
    }

    /// The other side of the join that is being typed.
    fn joined(&self, around: &mut Around, columns: &Columns<'_>) {
        let Some(("join", rest)) = self.cursor.step() else {
            return;
        };
        let end = rest
            .iter()
            .position(|word| *word == "as")
            .or(rest.iter().position(|word| *word == "on"));
        let Some(end) = end else { return };
        let path: Vec<_> = rest
            .iter()
            .take(end)
            .filter(|word| !matches!(**word, "left" | "right" | "full" | "anti" | "semi" | "inner" | "."))
            .collect();
        let name = |text: &str| ast::Name {
            text: text.to_owned(),
            span: self.cursor.prefix,
        };
        let path = ast::Path {
            parts: path.into_iter().map(|text| name(text)).collect(),
            star: false,
            span: self.cursor.prefix,
        };
        let alias = match rest.get(end) {
            Some(&"as") => rest.get(end + 1).copied(),
            _ => path.parts.last().map(|name| name.text.as_str()),
        };
        if let Some(alias) = alias {
            around
                .others
                .push((alias.to_owned(), self.cursor.prefix, columns.of_path(&path)));
        }
    }

    /// In functions the parameters, in schemas the fields, in `allow … where` the dataset's columns.
    fn outside_of_transforms(&self) -> (Around, Vec<Column>) {
        let mut around = Around::default();
        let here = self.cursor.prefix;
        match self.cursor.keyword {
            Some("fn") => {
                let end = self.cursor.tokens.len();
                for at in 0..end {
                    if self.cursor.word(at + 1) == ":" && matches!(self.cursor.word(at.saturating_sub(1)), "(" | ",") {
                        around.columns.insert(self.cursor.word(at).to_owned(), here);
                    }
                }
            }
            Some("schema") => {
                let name = self.cursor.word(1);
                if let Some(ItemKind::Schema { fields, .. }) =
                    self.context.index.get("schema", name).map(|entity| &entity.item.kind)
                {
                    let fields = fields.iter().map(|field| (field.name.text.clone(), field.name.span));
                    around.columns.extend(fields);
                }
            }
            Some("access") => {
                let words: Vec<_> = (0..self.cursor.tokens.len()).map(|at| self.cursor.word(at)).collect();
                let at = words.iter().rposition(|word| *word == "on").map_or(0, |at| at + 1);
                if let Some([zone, ".", name]) = words.get(at..at + 3) {
                    let columns = self.context.dataset(zone, name).map(|dataset| dataset.columns.to_vec());
                    let columns = columns.unwrap_or_default();
                    around
                        .columns
                        .extend(columns.iter().map(|column| (column.name.clone(), here)));
                    return (around, columns);
                }
            }
            _ => {}
        }
        (around, Vec::new())
    }

    fn columns_here(&mut self) {
        let (around, typed) = self.around();
        self.columns(&around.columns, &typed);
    }

    /// Columns by name, with what is known of their types.
    pub(super) fn columns(&mut self, names: &Scope, typed: &[Column]) {
        for name in names.keys() {
            let known = typed.iter().find(|column| column.name == *name);
            let detail = known.map(hover::line).unwrap_or_default();
            let doc = known.and_then(|column| column.doc.clone()).unwrap_or_default();
            self.add(Kind::Column, name, detail, doc).rank = 1;
        }
    }

    /// Any expression.
    pub(super) fn expression(&mut self) {
        let (around, typed) = self.around();
        let last = self.cursor.last();
        if last == "." {
            let owner = self.cursor.before_last().to_owned();
            return self.members(&owner, &around, &typed);
        }
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            for unit in quantity::units(Dimension::Duration) {
                self.add(Kind::Unit, unit, "a duration", "").rank = 1;
            }
        }
        self.columns(&around.columns, &typed);
        for (alias, _, _) in &around.others {
            self.add(Kind::Column, alias, "the other side of the join", "").rank = 2;
        }
        self.functions();
        for kind in ["param", "enum"] {
            self.named(kind);
        }
        for (word, snippet) in WORDS {
            let found = self.add(Kind::Keyword, word, "", "");
            found.insert = (*snippet).to_owned();
            found.snippet = snippet.contains('$');
            found.rank = 6;
        }
        self.as_expected(&typed);
    }

    /// `alias.`, `Enum.`, `column.`
    fn members(&mut self, owner: &str, around: &Around, typed: &[Column]) {
        if let Some((_, _, columns)) = around.others.iter().find(|(name, ..)| name == owner) {
            let columns = columns.clone();
            return self.columns(&columns, &[]);
        }
        if let Some(ItemKind::Enum { variants, .. }) = self.context.index.get("enum", owner).map(|e| &e.item.kind) {
            for variant in variants {
                let doc = variant.doc.as_ref().map_or("", |doc| doc.text.as_str());
                self.add(Kind::Variant, &variant.name.text, owner, doc).rank = 1;
            }
            return;
        }
        let column = typed.iter().find(|column| column.name == owner);
        if let Some(TypeKind::Struct(fields)) = column.map(|column| &column.ty.kind) {
            for field in fields {
                self.add(Kind::Column, &field.name, hover::line(field), "").rank = 1;
            }
        }
    }

    fn functions(&mut self) {
        let step = self.cursor.step().map(|(step, _)| step);
        let kinds: &[FunctionKind] = match (self.cursor.frame().room, step) {
            (Room::Bindings, Some("window")) => &[FunctionKind::Window, FunctionKind::Aggregate, FunctionKind::Scalar],
            (Room::Bindings, _) => &[FunctionKind::Aggregate, FunctionKind::Scalar],
            (Room::Call(_) | Room::Expr, Some("group" | "pivot" | "window")) => {
                &[FunctionKind::Scalar, FunctionKind::Aggregate]
            }
            _ => &[FunctionKind::Scalar],
        };
        let names: Vec<_> = self.context.functions.names().collect();
        for name in names {
            let forms = self.context.functions.forms_of(name, kinds);
            let Some(form) = forms.iter().find(|form| form.instead.is_none()) else {
                continue;
            };
            let rank = if kinds.first() == Some(&form.kind) { 3 } else { 4 };
            self.function(form, rank);
        }
        let own: Vec<_> = self.context.index.of_kind("fn").copied().collect();
        for entity in own {
            let text = hover::first_line(self.context.sources.text(entity.item.span)).to_owned();
            let doc = entity.item.doc.as_ref().map_or("", |doc| doc.text.as_str());
            let found = self.add(Kind::Function, entity.name, text, doc);
            found.insert = format!("{}($0)", entity.name);
            found.snippet = true;
            found.rank = 2;
        }
    }

    fn function(&mut self, form: &Declaration, rank: u8) {
        let doc = form.doc.clone().unwrap_or_default();
        let found = self.add(Kind::Function, &form.name, form.to_string(), doc);
        found.insert = match form.params.is_empty() {
            true => format!("{}()", form.name),
            false => format!("{}($0)", form.name),
        };
        found.snippet = !form.params.is_empty();
        found.rank = rank;
    }

    /// What fits the type that is expected comes first.
    fn as_expected(&mut self, typed: &[Column]) {
        let Some(expected) = self.expected(typed) else { return };
        if let TypeKind::Enum { variants, name } = &expected {
            for variant in variants {
                self.add(Kind::Variant, variant, name.as_str(), "").rank = 0;
            }
        }
        let (word, functions) = (expected.to_string(), self.context.functions);
        for completion in &mut self.found {
            let fits = match completion.kind {
                Kind::Column => typed
                    .iter()
                    .any(|column| column.name == completion.label && column.ty.kind == expected),
                Kind::Function => functions
                    .forms(&completion.label)
                    .iter()
                    .any(|form| returns(form, &expected, &word)),
                _ => false,
            };
            if fits {
                completion.rank = completion.rank.saturating_sub(1);
            }
        }
    }

    /// The type that is asked for at the cursor, where that is known.
    fn expected(&self, typed: &[Column]) -> Option<TypeKind> {
        let of = |name: &str| Some(typed.iter().find(|column| column.name == name)?.ty.kind.clone());
        match (self.cursor.frame().room, self.cursor.last()) {
            (_, "==" | "!=" | "<" | "<=" | ">" | ">=") => of(self.cursor.before_last()),
            (Room::Call(name), "(" | ",") => {
                let at = self.cursor.frame().open?;
                let commas = (at..self.cursor.tokens.len())
                    .filter(|at| self.cursor.word(*at) == ",")
                    .count();
                let forms = self.context.functions.forms(&name);
                forms.iter().find_map(|form| match &form.params.get(commas)?.ty {
                    Pattern::Kind(kind) => Some(kind.clone()),
                    _ => None,
                })
            }
            (_, "filter" | "and" | "or" | "not" | "if") => Some(TypeKind::Bool),
            _ => None,
        }
    }

    /// In the braces of `group`, `window`, `pivot`: a value behind `=`.
    pub(super) fn bindings(&mut self) {
        let entry = self.cursor.entry();
        if entry.contains(&"=") {
            self.expression();
        }
    }

    /// In the braces of `route`.
    pub(super) fn branches(&mut self) {
        let entry = self.cursor.entry();
        match entry.as_slice() {
            [] => self.words(&["when $0", "else -> $0"]),
            [.., "->"] => self.targets(),
            [.., "."] if entry.contains(&"->") => {
                let zone = self.cursor.before_last().to_owned();
                self.datasets_of(&zone);
            }
            ["when", ..] => self.expression(),
            _ => {}
        }
    }

    /// The arguments of a function: its parameters by name, and any expression.
    pub(super) fn call(&mut self, name: &str) {
        if matches!(self.cursor.last(), "(" | ",") {
            let forms = self.context.functions.forms(name);
            let params: Vec<_> = forms
                .iter()
                .flat_map(|form| &form.params)
                .filter(|param| param.default.is_some())
                .collect();
            for param in params {
                let found = self.add(Kind::Setting, &param.name, param.ty.to_string(), "A parameter.");
                found.insert += ": ";
            }
        }
        self.expression();
    }
}

fn returns(form: &Declaration, expected: &TypeKind, word: &str) -> bool {
    match &form.returns {
        Pattern::Kind(kind) => kind == expected,
        other => other.to_string() == word,
    }
}
