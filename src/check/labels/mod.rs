//! Labels of columns: which classes there are, and what functions and aggregates do to them.
//!
//! Expressions and steps carry the labels; here is what becomes of them. It must not know lifetimes or access: those are
//! checks of the whole platform.

mod crowd;

use std::collections::{BTreeMap, BTreeSet};

use crate::base::suggest;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast;

use super::functions::Functions;
use crate::plan::types::{Type, TypeKind};

pub use crowd::Crowd;

/// Labels that say what a column is for, not who may see it.
pub const RESERVED: [&str; 3] = ["key", "event_time", "subject"];

/// What a class says about computing with what carries it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassRule {
    /// Functions that lower it, and to which class; `None` lets it go altogether.
    pub lowered_by: Vec<(String, Option<String>)>,
    /// The smallest group whose aggregates let it go; without it every aggregate does.
    pub crowd: Option<u64>,
    /// The class right above it: who may see that one may see this one.
    pub below: Option<String>,
}

/// The classes of a project by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    rules: BTreeMap<String, ClassRule>,
}

impl Classes {
    /// Declares a class.
    pub fn declare(&mut self, name: impl Into<String>, rule: ClassRule) {
        self.rules.insert(name.into(), rule);
    }

    /// What a class says.
    pub fn rule(&self, name: &str) -> Option<&ClassRule> {
        self.rules.get(name)
    }

    /// Every class's name.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str)
    }

    /// What labels become in the result of a call: all stay, unless the function may lower and their class says how.
    pub fn after_call(&self, functions: &Functions, function: &str, labels: BTreeSet<String>) -> BTreeSet<String> {
        if labels.is_empty() || !functions.lowers(function) {
            return labels;
        }
        let lowered = |label: String| {
            let rule = self.rules.get(&label)?;
            let (_, to) = rule.lowered_by.iter().find(|(by, _)| by == function)?;
            Some(to.clone())
        };
        labels
            .into_iter()
            .filter_map(|label| lowered(label.clone()).unwrap_or(Some(label)))
            .collect()
    }

    /// These classes, and all below them, however far: who is cleared for a class is cleared for what stands below it.
    pub fn with_below(&self, classes: &BTreeSet<String>) -> BTreeSet<String> {
        let mut cleared = classes.clone();
        loop {
            let next = self.rules.iter().find(|(name, rule)| {
                !cleared.contains(*name) && rule.below.as_ref().is_some_and(|above| cleared.contains(above))
            });
            match next {
                Some((name, _)) => cleared.insert(name.clone()),
                None => return cleared,
            };
        }
    }

    /// What labels become in the result of an aggregate: a class without `crowd` is let go; one with `crowd` stays until
    /// a later `filter` keeps no group with fewer rows, see [`Crowd`].
    pub fn after_aggregate(&self, labels: BTreeSet<String>) -> BTreeSet<String> {
        labels
            .into_iter()
            .filter(|label| self.rules.get(label).is_some_and(|rule| rule.crowd.is_some()))
            .collect()
    }

    /// The class that a label names, or an error with the nearest name.
    pub fn resolve<'n>(&self, label: &'n ast::Name, diagnostics: &mut Diagnostics) -> Option<&'n str> {
        if self.rules.contains_key(&label.text) {
            return Some(&label.text);
        }
        diagnostics.push(self.unknown(label));
        None
    }

    /// Every label of a type: those of fields inside of structs, lists and maps.
    pub fn inside(ty: &Type) -> BTreeSet<String> {
        match &ty.kind {
            TypeKind::List(item) | TypeKind::Map(item) => Self::inside(item),
            TypeKind::Struct(fields) => fields
                .iter()
                .flat_map(|field| field.labels.iter().cloned().chain(Self::inside(&field.ty)))
                .collect(),
            _ => BTreeSet::new(),
        }
    }

    fn unknown(&self, label: &ast::Name) -> Diagnostic {
        let name = &label.text;
        let candidates = self.names().chain(RESERVED);
        let diagnostic = Diagnostic::new(Code::UNKNOWN_CLASS, label.span, format!("no class is called `{name}`"))
            .found("this label stands for no class");
        match suggest(name, candidates) {
            Some(near) => {
                diagnostic
                    .help(format!("did you mean `@{near}`?"))
                    .fix(format!("write `@{near}`"), label.span, near)
            }
            None => diagnostic.help(format!("declare it: `class {name} {{ }}`")),
        }
    }
}
