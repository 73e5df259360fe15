//! Every place of a file that names something, and what it names: what definition, references, rename and colours
//! stand on.
//!
//! It reads trees alone, so it works where nothing compiles. Columns are told apart by where they were introduced
//! (`columns`), settings by what declares them (`settings`).

use crate::base::Span;
use crate::syntax::ast::{self, Entry, EntryKind, Item, ItemKind, Name, Path, TypeExpr, TypeExprKind};

use super::Context;
use super::columns::Columns;
use super::values::Walk;

/// What can be named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symbol {
    /// An item of the project.
    Item {
        /// Its kind, `zone`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// A dataset that a transform writes.
    Dataset {
        /// Its zone.
        zone: String,
        /// Its name there.
        name: String,
    },
    /// A column or a field, by where it was introduced.
    Column(Span),
    /// What is known in one expression or one step only: a parameter, the other side of a join.
    Local(Span),
    /// A variant of an enum.
    Variant {
        /// The enum.
        of: String,
        /// The variant.
        name: String,
    },
    /// A function of the language.
    Function(String),
    /// A setting, by what declares it: `zone`, or `source.from kinesis`.
    Setting {
        /// What declares it.
        of: String,
        /// Its name.
        name: String,
    },
    /// A variant of a setting: `kinesis` of `source.from`.
    Choice {
        /// The place.
        slot: String,
        /// The variant.
        name: String,
    },
    /// A template of the standard library: `std.zones.raw`.
    Template {
        /// The kind of item.
        kind: String,
        /// Its path.
        path: String,
    },
    /// A type of the language.
    Type(String),
    /// A file, by its path from the project's folder.
    File(String),
}

/// A place that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The place.
    pub span: Span,
    /// What it names.
    pub symbol: Symbol,
    /// Whether it is where that is declared.
    pub declares: bool,
}

/// Labels that the language knows itself.
pub(super) const OWN_LABELS: [&str; 3] = ["key", "event_time", "subject"];

/// The places of one item, in no order.
pub(super) fn of_item(context: &Context<'_>, columns: &Columns<'_>, item: &Item) -> Vec<Mention> {
    let mut found = Mentions {
        context,
        columns,
        found: Vec::new(),
    };
    found.item(item);
    found.found
}

/// The places of a file, in order.
pub(super) fn of_file(context: &Context<'_>, columns: &Columns<'_>, file: crate::base::FileId) -> Vec<Mention> {
    let files = context.project.files.iter().filter(|tree| tree.id == file);
    let items = files.flat_map(|tree| &tree.items);
    let mut found: Vec<_> = items.flat_map(|item| of_item(context, columns, item)).collect();
    found.sort_by_key(|mention| (mention.span.start, mention.span.end));
    found.dedup_by(|next, kept| next.span == kept.span);
    found
}

/// What gathers the places.
pub(super) struct Mentions<'m, 'p> {
    pub(super) context: &'m Context<'p>,
    pub(super) columns: &'m Columns<'p>,
    pub(super) found: Vec<Mention>,
}

impl Mentions<'_, '_> {
    pub(super) fn add(&mut self, span: Span, symbol: Symbol, declares: bool) {
        self.found.push(Mention { span, symbol, declares });
    }

    fn declares(&mut self, kind: &str, name: &Name) {
        let symbol = Symbol::Item {
            kind: kind.to_owned(),
            name: name.text.clone(),
        };
        self.add(name.span, symbol, true);
    }

    /// An item by its kind and name.
    pub(super) fn uses(&mut self, kind: &str, name: &Name) {
        let symbol = Symbol::Item {
            kind: kind.to_owned(),
            name: name.text.clone(),
        };
        self.add(name.span, symbol, false);
    }

    fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Block(block) => self.block(block),
            ItemKind::Param { name, ty, default } => {
                self.declares("param", name);
                self.ty(ty);
                default.iter().for_each(|value| Walk::new(self).expr(value));
            }
            ItemKind::Enum { name, variants } => {
                self.declares("enum", name);
                for variant in variants {
                    let symbol = Symbol::Variant {
                        of: name.text.clone(),
                        name: variant.name.text.clone(),
                    };
                    self.add(variant.name.span, symbol, true);
                }
            }
            ItemKind::TypeAlias { name, ty } => {
                self.declares("type", name);
                self.ty(ty);
            }
            ItemKind::Schema { name, fields } => {
                self.declares("schema", name);
                self.fields(fields);
            }
            ItemKind::Transform(transform) => self.transform(transform),
            ItemKind::Function(function) => self.function(function),
            ItemKind::Test(test) => self.test(test),
            ItemKind::Use { path } => self.add(path.span, Symbol::File(path.value.clone()), false),
            ItemKind::Bad(bad) => {
                if let (Some(keyword), Some(name)) = (&bad.keyword, &bad.name) {
                    self.declares(&keyword.text, name);
                }
            }
        }
    }

    fn block(&mut self, block: &ast::Block) {
        let kind = block.keyword.text.as_str();
        if let [name] = block.name.parts.as_slice() {
            self.declares(kind, name);
        }
        if let Some(like) = &block.like {
            self.like(kind, like);
        }
        if let Some([parent]) = block.parent.as_ref().map(|path| path.parts.as_slice()) {
            self.uses(kind, parent);
        }
        if let Some(input) = &block.input {
            self.ty(&input.schema);
        }
        for entry in &block.entries {
            match &entry.kind {
                EntryKind::Setting { key, value } if kind == "env" => {
                    self.env_path(key);
                    Walk::new(self).expr(value);
                }
                EntryKind::Allow(allow) => self.allow(allow),
                EntryKind::Clear { labels } => labels.iter().for_each(|label| self.label(label)),
                EntryKind::Alarm { kind: _, of, over } => {
                    of.iter().for_each(|path| self.readable(path));
                    over.iter().for_each(|value| Walk::new(self).expr(value));
                }
                _ => {}
            }
        }
        if kind != "env" {
            self.settings(kind, &block.entries, self.columns.of_block(block));
        }
    }

    fn like(&mut self, kind: &str, path: &Path) {
        match path.parts.as_slice() {
            [name] => self.uses(kind, name),
            _ => {
                let symbol = Symbol::Template {
                    kind: kind.to_owned(),
                    path: path.text(),
                };
                self.add(path.span, symbol, false);
            }
        }
    }

    /// `zone.curated.backup`
    fn env_path(&mut self, key: &Path) {
        let Some((kind, rest)) = key.parts.split_first() else {
            return;
        };
        let rest = match (kind.text.as_str(), rest) {
            ("pipeline", rest) => rest,
            (_, [name, rest @ ..]) => {
                self.uses(&kind.text, name);
                rest
            }
            _ => return,
        };
        if let [setting, ..] = rest {
            let symbol = Symbol::Setting {
                of: kind.text.clone(),
                name: setting.text.clone(),
            };
            self.add(setting.span, symbol, false);
        }
    }

    fn allow(&mut self, allow: &ast::Allow) {
        allow.on.iter().for_each(|path| self.readable(path));
        let scope = match allow.on.as_slice() {
            [path] => self.columns.of_path(path),
            _ => Default::default(),
        };
        for name in allow.columns.iter().flatten() {
            if let Some(origin) = scope.get(&name.text) {
                self.add(name.span, Symbol::Column(*origin), false);
            }
        }
        if let Some(condition) = &allow.condition {
            Walk::new(self).over(&scope).expr(condition);
        }
    }

    /// What is behind an `@`.
    pub(super) fn label(&mut self, label: &Name) {
        if !OWN_LABELS.contains(&label.text.as_str()) {
            self.uses("class", label);
        }
    }

    /// What can be read: `SOURCE`, `ZONE.DATASET`, `ZONE.*`, a transform.
    pub(super) fn readable(&mut self, path: &Path) {
        match path.parts.as_slice() {
            [name] if path.star => self.uses("zone", name),
            [name] => {
                let kinds = ["source", "transform", "sink", "zone"];
                let known = kinds
                    .iter()
                    .find(|kind| self.context.index.get(kind, &name.text).is_some());
                self.uses(known.unwrap_or(&"source"), name);
            }
            [zone, name] => {
                self.uses("zone", zone);
                self.dataset(zone, name, false);
            }
            _ => {}
        }
    }

    /// The dataset of a zone: what a source lands is that source.
    fn dataset(&mut self, zone: &Name, name: &Name, declares: bool) {
        let written = self.columns.written_by_source(&zone.text, &name.text);
        let symbol = match written && !declares {
            true => Symbol::Item {
                kind: "source".to_owned(),
                name: name.text.clone(),
            },
            false => Symbol::Dataset {
                zone: zone.text.clone(),
                name: name.text.clone(),
            },
        };
        self.add(name.span, symbol, declares);
    }

    /// What rows are written to.
    pub(super) fn target(&mut self, path: &Path) {
        match path.parts.as_slice() {
            [name] => self.uses("sink", name),
            [zone, name] => {
                self.uses("zone", zone);
                self.dataset(zone, name, true);
            }
            _ => {}
        }
    }

    fn transform(&mut self, transform: &ast::Transform) {
        self.declares("transform", &transform.name);
        transform.inputs.iter().for_each(|path| self.readable(path));
        let output = self.columns.output(&transform.name.text);
        if let Some(target) = &transform.target {
            self.target(&target.dataset);
            target.contract.iter().for_each(|name| self.uses("schema", name));
            for key in &target.keys {
                if let Some(origin) = output.get(&key.text) {
                    self.add(key.span, Symbol::Column(*origin), false);
                }
            }
        }
        self.settings("transform", &transform.entries, output);
        super::flow::steps(self, transform);
    }

    fn function(&mut self, function: &ast::Function) {
        self.declares("fn", &function.name);
        for param in &function.params {
            self.add(param.name.span, Symbol::Local(param.name.span), true);
            self.ty(&param.ty);
            param.default.iter().for_each(|value| Walk::new(self).expr(value));
        }
        self.ty(&function.returns);
        if let Some(body) = &function.body {
            let locals = function
                .params
                .iter()
                .map(|param| (param.name.text.clone(), param.name.span));
            let locals: Vec<_> = locals.collect();
            Walk::new(self).with(locals).expr(body);
        }
    }

    fn test(&mut self, test: &ast::Test) {
        self.uses("transform", &test.transform);
        let output = self.columns.output(&test.transform.text);
        for entry in &test.entries {
            match &entry.kind {
                EntryKind::Given { dataset, rows } => {
                    self.readable(dataset);
                    match rows {
                        ast::GivenRows::List(rows) => {
                            let scope = self.columns.of_path(dataset);
                            self.rows(rows, &scope);
                        }
                        ast::GivenRows::File(file) => self.add(file.span, Symbol::File(file.value.clone()), false),
                    }
                }
                EntryKind::ExpectRows { rows } => self.rows(rows, &output),
                EntryKind::ExpectRejected { count } => Walk::new(self).expr(count),
                _ => {}
            }
        }
    }

    /// `[ { column: value } ]`
    fn rows(&mut self, rows: &ast::Expr, scope: &super::columns::Scope) {
        let ast::ExprKind::List(rows) = &rows.kind else {
            return;
        };
        for row in rows {
            let ast::ExprKind::Record(fields) = &row.kind else {
                continue;
            };
            for (name, value) in fields {
                if let Some(origin) = scope.get(&name.text) {
                    self.add(name.span, Symbol::Column(*origin), false);
                }
                Walk::new(self).expr(value);
            }
        }
    }

    /// The fields of a schema or struct.
    pub(super) fn fields(&mut self, fields: &[ast::Field]) {
        let scope = fields
            .iter()
            .map(|field| (field.name.text.clone(), field.name.span))
            .collect();
        for field in fields {
            self.add(field.name.span, Symbol::Column(field.name.span), true);
            self.ty(&field.ty);
            field.labels.iter().for_each(|label| self.label(label));
            for value in field.default.iter().chain(&field.check) {
                Walk::new(self).over(&scope).expr(value);
            }
        }
    }

    /// A type as written.
    pub(super) fn ty(&mut self, ty: &TypeExpr) {
        match &ty.kind {
            TypeExprKind::Named { name, types, .. } => {
                let kinds = ["schema", "enum", "type"];
                let known = kinds
                    .iter()
                    .find(|kind| self.context.index.get(kind, &name.text).is_some());
                match known {
                    Some(kind) => self.uses(kind, name),
                    None => self.add(name.span, Symbol::Type(name.text.clone()), false),
                }
                types.iter().for_each(|ty| self.ty(ty));
            }
            TypeExprKind::Struct(fields) => self.fields(fields),
            TypeExprKind::Optional(ty) => self.ty(ty),
            TypeExprKind::Function { params, returns } => {
                params.iter().for_each(|ty| self.ty(ty));
                self.ty(returns);
            }
            TypeExprKind::Object(_) | TypeExprKind::Bad => {}
        }
    }

    /// The settings among entries; `of` declares them.
    pub(super) fn settings(&mut self, of: &str, entries: &[Entry], scope: super::columns::Scope) {
        let declared = super::settings::Owner::item(of);
        super::settings::mentions(self, &declared, entries, &scope);
    }
}
