//! Where things are declared and used, and how to rename them.

use std::collections::BTreeMap;

use crate::base::{FileId, Span};
use crate::resolve::targets;
use crate::syntax::ast::{Item, ItemKind, TypeExpr, TypeExprKind};

use super::columns::Columns;
use super::mentions::{self, Mention, Symbol};
use super::settings::Owner;
use super::{Context, Place};

/// A place of a file, or a file that is none of the project's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A place in a text.
    Text(Span),
    /// A file, by its path from the project's folder.
    File(String),
}

/// Texts to put in other texts' places, by file.
pub type Edits = BTreeMap<FileId, Vec<(Span, String)>>;

impl Context<'_> {
    /// What stands at a place, if it names something.
    pub fn mention(&self, place: Place) -> Option<Mention> {
        let columns = Columns::new(self.index);
        self.mention_in(place, &columns)
    }

    pub(super) fn mention_in(&self, place: Place, columns: &Columns<'_>) -> Option<Mention> {
        let item = self.item_at(place)?;
        let at = |mention: &Mention| mention.span.start <= place.offset && place.offset <= mention.span.end;
        let found = mentions::of_item(self, columns, item).into_iter().filter(at);
        found.min_by_key(|mention| (mention.span.end - mention.span.start, mention.span.start))
    }

    /// Where what stands at a place is declared.
    pub fn definition(&self, place: Place) -> Option<(Span, Target)> {
        let mention = self.mention(place)?;
        Some((mention.span, self.declaration(&mention.symbol)?))
    }

    /// Where something is declared.
    pub fn declaration(&self, symbol: &Symbol) -> Option<Target> {
        let library = |found: &dyn Fn(&Item) -> Option<Span>| self.library.items().find_map(found);
        let span = match symbol {
            Symbol::Item { kind, name } => self.index.get(kind, name)?.span,
            Symbol::Dataset { zone, name } => {
                let columns = Columns::new(self.index);
                let transform = self.written_transform(columns.writer(zone, name)?)?;
                let mut paths = targets(transform).into_iter();
                paths.find_map(|path| match path.parts.as_slice() {
                    [of, last] if of.text == *zone && last.text == *name => Some(last.span),
                    _ => None,
                })?
            }
            Symbol::Column(span) | Symbol::Local(span) => *span,
            Symbol::Variant { of, name } => match &self.index.get("enum", of)?.item.kind {
                ItemKind::Enum { variants, .. } => variants.iter().find(|v| v.name.text == *name)?.name.span,
                _ => return None,
            },
            Symbol::Function(name) => library(&|item| match &item.kind {
                ItemKind::Function(function) if function.name.text == *name => Some(function.name.span),
                _ => None,
            })?,
            Symbol::Setting { of, name } => {
                let declared = Owner::of_text(of).declared(self)?;
                declared.setting(name)?.declare.name.span
            }
            Symbol::Choice { slot, name } => library(&|item| match &item.kind {
                ItemKind::Block(block) if block.keyword.text == "variant" && block.name.text() == *name => {
                    let of = block.parent.as_ref()?.text();
                    (of == *slot).then_some(block.name.span)
                }
                _ => None,
            })?,
            Symbol::Template { kind, path } => library(&|item| match &item.kind {
                ItemKind::Block(block) if block.keyword.text == *kind && block.name.text() == *path => {
                    Some(block.name.span)
                }
                _ => None,
            })?,
            Symbol::Type(_) => return None,
            Symbol::File(path) => return Some(Target::File(path.clone())),
        };
        Some(Target::Text(span))
    }

    /// Where the type of what stands at a place is declared: the schema of a source, the enum of a field.
    pub fn type_definition(&self, place: Place) -> Option<Span> {
        match self.mention(place)?.symbol {
            Symbol::Column(origin) => self.type_of_field(origin),
            Symbol::Item { kind, name } => match (&self.index.get(&kind, &name)?.item.kind, kind.as_str()) {
                (ItemKind::Block(block), "source") => self.named_type(&block.input.as_ref()?.schema),
                (ItemKind::Param { ty, .. } | ItemKind::TypeAlias { ty, .. }, _) => self.named_type(ty),
                (ItemKind::Transform(transform), _) => {
                    let contract = transform.target.as_ref()?.contract.as_ref()?;
                    Some(self.index.get("schema", &contract.text)?.span)
                }
                _ => None,
            },
            Symbol::Dataset { zone, name } => {
                let columns = Columns::new(self.index);
                let transform = self.written_transform(columns.writer(&zone, &name)?)?;
                let contract = transform.target.as_ref()?.contract.as_ref()?;
                Some(self.index.get("schema", &contract.text)?.span)
            }
            Symbol::Variant { of, .. } => Some(self.index.get("enum", &of)?.span),
            _ => None,
        }
    }

    fn type_of_field(&self, origin: Span) -> Option<Span> {
        let schemas = self
            .index
            .of_kind("schema")
            .filter_map(|entity| match &entity.item.kind {
                ItemKind::Schema { fields, .. } => Some(fields),
                _ => None,
            });
        let field = schemas.flatten().find(|field| field.name.span == origin)?;
        self.named_type(&field.ty)
    }

    fn named_type(&self, ty: &TypeExpr) -> Option<Span> {
        match &ty.kind {
            TypeExprKind::Named { name, types, .. } => {
                let kinds = ["schema", "enum", "type"].into_iter();
                let own = kinds.filter_map(|kind| self.index.get(kind, &name.text)).next();
                let own = own.map(|entity| entity.span);
                own.or_else(|| types.iter().find_map(|ty| self.named_type(ty)))
            }
            TypeExprKind::Optional(ty) => self.named_type(ty),
            _ => None,
        }
    }

    /// Every place that names the same as a place, with its declaration.
    pub fn references(&self, place: Place) -> Vec<Mention> {
        let columns = Columns::new(self.index);
        match self.mention_in(place, &columns) {
            Some(mention) => self.all_of(&mention.symbol, &columns),
            None => Vec::new(),
        }
    }

    /// Every place that names something.
    pub(super) fn all_of(&self, symbol: &Symbol, columns: &Columns<'_>) -> Vec<Mention> {
        let files = self.project.files.iter();
        let all = files.flat_map(|file| mentions::of_file(self, columns, file.id));
        all.filter(|mention| mention.symbol == *symbol).collect()
    }

    /// The name at a place that can be renamed.
    pub fn renamable(&self, place: Place) -> Option<Span> {
        let mention = self.mention(place)?;
        let own = matches!(
            mention.symbol,
            Symbol::Item { .. }
                | Symbol::Dataset { .. }
                | Symbol::Column(_)
                | Symbol::Local(_)
                | Symbol::Variant { .. }
        );
        let declared = self.declaration(&mention.symbol);
        let here = |span: &Span| self.project.files.iter().any(|file| file.id == span.file);
        let declared = matches!(declared, Some(Target::Text(span)) if here(&span));
        (own && declared).then_some(mention.span)
    }

    /// What is to be written where for another name.
    ///
    /// # Errors
    /// Why it cannot have that name.
    pub fn rename(&self, place: Place, name: &str) -> Result<Edits, String> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || !name.chars().all(fits) {
            return Err(format!(
                "`{name}` is no name: letters, digits and `_`, and no digit first"
            ));
        }
        let nothing = || "nothing that can be renamed stands here".to_owned();
        self.renamable(place).ok_or_else(nothing)?;
        let columns = Columns::new(self.index);
        let mention = self.mention_in(place, &columns).ok_or_else(nothing)?;
        if let Symbol::Item { kind, .. } = &mention.symbol
            && let Some(other) = self.index.get(kind, name)
        {
            let path = &self.sources.get(other.span.file).path;
            return Err(format!("there is a {kind} `{name}` already, in {path}"));
        }
        let mut edits = Edits::new();
        for mention in self.all_of(&mention.symbol, &columns) {
            let text = self.renamed(&mention, name);
            edits.entry(mention.span.file).or_default().push((mention.span, text));
        }
        Ok(edits)
    }

    /// What a place says once what it names is called otherwise.
    fn renamed(&self, _mention: &Mention, name: &str) -> String {
        name.to_owned()
    }
}
