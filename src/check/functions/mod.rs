//! The functions that can be called, as the standard library declares them.
//!
//! It must not know what any function does: engines lower them by name.

mod examples;
mod matching;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Diagnostics;
use crate::plan::types::TypeKind;
use crate::syntax::ast;

pub use examples::{Example, examples};
pub use matching::Match;

/// The files that declare the functions of the language: path below `stdlib/`, and text.
pub const FILES: &[(&str, &str)] = &[
    (
        "functions/aggregate.pipe",
        include_str!("../../../stdlib/functions/aggregate.pipe"),
    ),
    (
        "functions/hash.pipe",
        include_str!("../../../stdlib/functions/hash.pipe"),
    ),
    (
        "functions/later.pipe",
        include_str!("../../../stdlib/functions/later.pipe"),
    ),
    (
        "functions/text.pipe",
        include_str!("../../../stdlib/functions/text.pipe"),
    ),
    (
        "functions/time.pipe",
        include_str!("../../../stdlib/functions/time.pipe"),
    ),
];

/// One form of a function; several of one name differ in what they take.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Its name.
    pub name: String,
    /// What it does, for hover text and the reference.
    pub doc: Option<String>,
    /// What it takes.
    pub params: Vec<Param>,
    /// What it answers.
    pub returns: Pattern,
    /// Whether it answers for the rows of a group.
    pub aggregate: bool,
    /// An aggregate's answer where no value is left is missing, not 0.
    pub empty_is_missing: bool,
    /// It reads a literal when the project is compiled, and nothing else.
    pub literals_only: bool,
    /// Whether it lowers the labels whose class says so.
    pub lowers: bool,
    /// The kinds that a type variable may be; empty for any.
    pub takes: Vec<String>,
    /// By how many digits a decimal answer is wider than the argument.
    pub wider: u8,
    /// Whether it is the language's, but not this version's.
    pub later: bool,
    /// Calls and their results, as written.
    pub examples: Vec<ast::Expr>,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub ty: Pattern,
}

/// A type in a declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Exactly this kind.
    Kind(TypeKind),
    /// A decimal of any width; as a result, the argument's.
    Decimal,
    /// `T`: any kind; as a result, the argument's.
    Variable(String),
}

/// Every function that can be called.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    declared: BTreeMap<String, Vec<Declaration>>,
    own: BTreeSet<String>,
}

impl Functions {
    /// Reads the declarations among the standard library's items.
    pub fn read<'a>(items: impl IntoIterator<Item = &'a ast::Item>, diagnostics: &mut Diagnostics) -> Self {
        let mut functions = Functions::default();
        for item in items {
            if let ast::ItemKind::Function(function) = &item.kind {
                let declaration = read::declaration(function, item.doc.as_ref(), diagnostics);
                functions
                    .declared
                    .entry(declaration.name.clone())
                    .or_default()
                    .push(declaration);
            }
        }
        functions
    }

    /// Makes a project's own `fn` known by name, so that a call of it is not called unknown as well.
    pub fn declare_own(&mut self, function: &ast::Function) {
        self.own.insert(function.name.text.clone());
    }

    /// Whether a function is a project's own.
    pub fn is_own(&self, name: &str) -> bool {
        self.own.contains(name)
    }

    /// The forms of a function, in the order of their declaration.
    pub fn forms(&self, name: &str) -> &[Declaration] {
        self.declared.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every declaration, by name, then in order.
    pub fn iter(&self) -> impl Iterator<Item = &Declaration> {
        self.declared.values().flatten()
    }

    /// Whether a scalar or aggregate function has this name.
    pub fn contains(&self, name: &str) -> bool {
        self.declared.contains_key(name) || self.own.contains(name)
    }

    /// Whether the function may lower a label where its class says so.
    pub fn lowers(&self, name: &str) -> bool {
        self.forms(name).iter().any(|form| form.lowers)
    }

    /// Whether the function is an aggregate.
    pub fn is_aggregate(&self, name: &str) -> bool {
        self.forms(name).iter().any(|form| form.aggregate)
    }

    /// Names that can be called, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.declared.keys().chain(&self.own).map(String::as_str)
    }
}
