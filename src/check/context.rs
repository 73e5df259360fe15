//! What a checker of types and expressions looks up: sources, functions, classes, declared types.
//!
//! It must not know steps or items: whoever assembles the program fills it.

use std::collections::BTreeMap;

use crate::base::Sources;
use crate::diag::Diagnostics;
use crate::syntax::ast;

use super::functions::Functions;
use super::labels::Classes;
use super::ty::extent::{Extents, within};

/// What is known when types and expressions are checked.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The files, for the text of expressions.
    pub sources: &'a Sources,
    /// The functions that can be called.
    pub functions: &'a Functions,
    /// The classes that can be labels.
    pub classes: &'a Classes,
    /// Enums and named types.
    pub types: &'a Types,
    /// Whether rows are read as they arrive: then no run decides what `now()` is.
    pub on_stream: bool,
}

/// The types and params that a project declares by name.
#[derive(Clone, Debug, Default)]
pub struct Types {
    /// Variants of each enum.
    enums: BTreeMap<String, Vec<String>>,
    /// What each `type` stands for.
    aliases: BTreeMap<String, ast::TypeExpr>,
    /// The fields of each schema, which may stand for a struct.
    schemas: BTreeMap<String, Vec<ast::Field>>,
    /// The type of each `param`.
    params: BTreeMap<String, ast::TypeExpr>,
    /// How far each of them reaches.
    extents: Extents,
}

impl Types {
    /// The enums, named types, schemas and params among these items; of two with one name the first stays.
    pub fn collect<'a>(items: impl IntoIterator<Item = &'a ast::Item>) -> Self {
        let mut types = Types::default();
        for item in items {
            match &item.kind {
                ast::ItemKind::Enum { name, variants } => {
                    let variants = variants.iter().map(|variant| variant.name.text.clone()).collect();
                    types.enums.entry(name.text.clone()).or_insert(variants);
                }
                ast::ItemKind::TypeAlias { name, ty } => {
                    types.aliases.entry(name.text.clone()).or_insert_with(|| ty.clone());
                }
                ast::ItemKind::Param { name, ty, .. } => {
                    types.params.entry(name.text.clone()).or_insert_with(|| ty.clone());
                }
                ast::ItemKind::Schema { name, fields } => {
                    types.schemas.entry(name.text.clone()).or_insert_with(|| fields.clone());
                }
                _ => {}
            }
        }
        types.extents = Extents::measure(&types.schemas, &types.aliases);
        types
    }

    /// The variants of an enum.
    pub fn variants(&self, name: &str) -> Option<&[String]> {
        self.enums.get(name).map(Vec::as_slice)
    }

    /// What a named type stands for.
    pub fn alias(&self, name: &str) -> Option<&ast::TypeExpr> {
        self.aliases.get(name)
    }

    /// The fields of a schema.
    pub fn schema(&self, name: &str) -> Option<&[ast::Field]> {
        self.schemas.get(name).map(Vec::as_slice)
    }

    /// Every `type` with what it stands for, by name.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &ast::TypeExpr)> {
        self.aliases.iter().map(|(name, ty)| (name.as_str(), ty))
    }

    /// Whether a schema or `type` is none, since it holds itself or too much.
    pub fn is_no_type(&self, name: &str) -> bool {
        self.extents.is_no_type(name)
    }

    /// Says which schemas and types hold themselves or too much, each circle once.
    pub fn say_extents(&self, diagnostics: &mut Diagnostics) {
        let names = |name: &str| {
            let mut found = Vec::new();
            match (self.schemas.get(name), self.aliases.get(name)) {
                (Some(fields), _) => fields.iter().for_each(|field| {
                    within(&field.ty, &mut found);
                }),
                (None, Some(ty)) => {
                    within(ty, &mut found);
                }
                (None, None) => {}
            }
            found
        };
        self.extents.say(names, diagnostics);
    }

    /// The type of a `param`, as written.
    pub fn param(&self, name: &str) -> Option<&ast::TypeExpr> {
        self.params.get(name)
    }

    /// Every declared name of a type.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.enums
            .keys()
            .chain(self.aliases.keys())
            .chain(self.schemas.keys())
            .map(String::as_str)
    }
}
