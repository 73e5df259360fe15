//! Items by kind and name; a name declared twice within its kind.

use std::collections::BTreeMap;

use crate::base::{Span, suggest};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast::{BadItem, Block, Item, ItemKind};

// Kinds whose names share one space, and what that space is called.
const UNIQUE: &[(&str, &[&str])] = &[
    ("what can be read", &["source", "transform"]),
    ("types", &["schema", "enum", "type"]),
];

/// An item by name.
#[derive(Clone, Copy, Debug)]
pub struct Entity<'a> {
    /// Its kind: `zone`, `schema`, `transform` …
    pub kind: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Where its name stands.
    pub span: Span,
    /// All of it.
    pub item: &'a Item,
}

impl<'a> Entity<'a> {
    /// The block, where the item is one.
    pub fn block(&self) -> Option<&'a Block> {
        match &self.item.kind {
            ItemKind::Block(block) => Some(block),
            _ => None,
        }
    }

    /// Whether its head could not be read: its name is known, and nothing else.
    pub fn is_bad(&self) -> bool {
        matches!(self.item.kind, ItemKind::Bad(_))
    }

    fn of(item: &'a Item) -> Option<Self> {
        let (kind, name) = match &item.kind {
            ItemKind::Block(block) => {
                let name = block.name.parts.last()?;
                (block.keyword.text.as_str(), name)
            }
            ItemKind::Param { name, .. } => ("param", name),
            ItemKind::Enum { name, .. } => ("enum", name),
            ItemKind::TypeAlias { name, .. } => ("type", name),
            ItemKind::Schema { name, .. } => ("schema", name),
            ItemKind::Transform(transform) => ("transform", &transform.name),
            ItemKind::Function(function) => ("fn", &function.name),
            ItemKind::Bad(bad) => (bad.keyword.as_ref()?.text.as_str(), bad.name.as_ref()?),
            ItemKind::Test(_) | ItemKind::Use { .. } => return None,
        };
        Some(Entity {
            kind,
            name: &name.text,
            span: name.span,
            item,
        })
    }
}

/// The items of a project, by kind and name. Of two with one name the first counts.
#[derive(Debug, Default)]
pub struct Index<'a> {
    incomplete: bool,
    entities: Vec<Entity<'a>>,
    by_kind: BTreeMap<&'a str, BTreeMap<&'a str, usize>>,
}

impl<'a> Index<'a> {
    /// Lists items, in order.
    pub fn new(items: impl Iterator<Item = &'a Item>, diagnostics: &mut Diagnostics) -> Self {
        let mut index = Index::default();
        for item in items {
            let Some(entity) = Entity::of(item) else {
                let named = |bad: &BadItem| {
                    bad.keyword
                        .as_ref()
                        .is_none_or(|word| !matches!(word.text.as_str(), "test" | "use"))
                };
                index.incomplete |= matches!(&item.kind, ItemKind::Bad(bad) if named(bad));
                continue;
            };
            if let Some(first) = index.clash(&entity) {
                diagnostics.push(twice(&entity, first));
                continue;
            }
            let names = index.by_kind.entry(entity.kind).or_default();
            names.insert(entity.name, index.entities.len());
            index.entities.push(entity);
        }
        index
    }

    /// The item of a kind and name.
    pub fn get(&self, kind: &str, name: &str) -> Option<&Entity<'a>> {
        let at = *self.by_kind.get(kind)?.get(name)?;
        self.entities.get(at)
    }

    /// Whether some item could not be read: then a name that is not here may be its.
    pub fn incomplete(&self) -> bool {
        self.incomplete
    }

    /// All items of a kind, in order.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Entity<'a>> {
        self.entities.iter().filter(move |entity| entity.kind == kind)
    }

    /// All items, in order.
    pub fn all(&self) -> impl Iterator<Item = &Entity<'a>> {
        self.entities.iter()
    }

    /// The name of this kind that is nearest to one that is not there.
    pub fn nearest(&self, kind: &str, name: &str) -> Option<&'a str> {
        suggest(name, self.of_kind(kind).map(|entity| entity.name))
    }

    fn clash(&self, entity: &Entity<'_>) -> Option<&Entity<'a>> {
        let kinds = UNIQUE
            .iter()
            .map(|(_, kinds)| *kinds)
            .find(|kinds| kinds.contains(&entity.kind));
        match kinds {
            Some(kinds) => kinds.iter().find_map(|kind| self.get(kind, entity.name)),
            None => self.get(entity.kind, entity.name),
        }
    }
}

fn twice(entity: &Entity<'_>, first: &Entity<'_>) -> Diagnostic {
    let space = UNIQUE.iter().find(|(_, kinds)| kinds.contains(&entity.kind));
    let diagnostic = Diagnostic::new(
        Code::NAME_TWICE,
        entity.span,
        match first.kind == entity.kind {
            true => format!("{} `{}` is declared twice", entity.kind, entity.name),
            false => format!(
                "`{}` is {} and {}",
                entity.name,
                article(first.kind),
                article(entity.kind)
            ),
        },
    )
    .found("the second")
    .label(first.span, format!("the first, {}", article(first.kind)))
    .help("give one of them another name");
    match space {
        Some((space, kinds)) if first.kind != entity.kind => {
            diagnostic.note(format!("{} share their names: both are {space}", plural(kinds)))
        }
        _ => diagnostic,
    }
}

fn plural(kinds: &[&str]) -> String {
    let kinds: Vec<_> = kinds.iter().map(|kind| format!("{kind}s")).collect();
    kinds.join(" and ")
}

/// `a zone`, `an env`.
pub(crate) fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}
