//! What the standard library declares: items, variants and their settings. The compiler's code holds no list of them.

use std::collections::BTreeMap;

use crate::resolve::Library;
use crate::syntax::ast::{Block, Declare, Entry, EntryKind, ExprKind, ItemKind};

/// A declared item or variant.
#[derive(Debug)]
pub struct Declared<'a> {
    /// Its name: `zone`, `kinesis`.
    pub name: String,
    /// Whether it is checked and cannot be built yet.
    pub not_yet: bool,
    /// Whether it takes any setting, declared or not.
    pub free: bool,
    /// Of where a source's rows come from: the shapes that they can have; empty where that is not asked.
    pub shapes: Vec<&'a str>,
    /// What it is for.
    pub doc: Option<&'a str>,
    /// Its settings, in order.
    pub settings: Vec<DeclaredSetting<'a>>,
}

/// A declared setting.
#[derive(Debug)]
pub struct DeclaredSetting<'a> {
    /// Its declaration.
    pub declare: &'a Declare,
    /// What it is for.
    pub doc: Option<&'a str>,
}

impl DeclaredSetting<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.declare.name.text
    }

    /// Whether it is checked and cannot be built yet.
    pub fn not_yet(&self) -> bool {
        self.declare.ty.iter().any(|ty| ty.word.text == "not_yet")
    }

    /// Whether it must be written.
    pub fn required(&self) -> bool {
        !self.declare.optional && self.declare.default.is_none()
    }
}

impl<'a> Declared<'a> {
    /// The names of its settings.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.settings.iter().map(DeclaredSetting::name)
    }

    /// The setting of this name.
    pub fn setting(&self, name: &str) -> Option<&DeclaredSetting<'a>> {
        self.settings.iter().find(|setting| setting.name() == name)
    }
}

/// Every declaration of the standard library.
#[derive(Debug, Default)]
pub struct Declarations<'a> {
    items: BTreeMap<String, Declared<'a>>,
    variants: BTreeMap<String, Vec<Declared<'a>>>,
}

impl<'a> Declarations<'a> {
    /// Reads the declarations of a library.
    pub fn new(library: &'a Library) -> Self {
        let mut declarations = Declarations::default();
        for item in library.items() {
            let ItemKind::Block(block) = &item.kind else {
                continue;
            };
            let declared = declared(block, item.doc.as_ref().map(|doc| doc.text.as_str()));
            match (block.keyword.text.as_str(), &block.parent) {
                ("item", _) => {
                    declarations.items.insert(declared.name.clone(), declared);
                }
                ("variant", Some(slot)) => {
                    let variants = declarations.variants.entry(slot.text()).or_default();
                    variants.push(declared);
                }
                _ => {}
            }
        }
        declarations
    }

    /// The declaration of a kind of item.
    pub fn item(&self, kind: &str) -> Option<&Declared<'a>> {
        self.items.get(kind)
    }

    /// The variants that may stand at a place: `source.from`, `zone.format`.
    pub fn variants(&self, slot: &str) -> &[Declared<'a>] {
        self.variants.get(slot).map_or(&[], Vec::as_slice)
    }

    /// One variant of a place.
    pub fn variant(&self, slot: &str, name: &str) -> Option<&Declared<'a>> {
        self.variants(slot).iter().find(|variant| variant.name == name)
    }

    /// All items, then all variants with their places, for tests and the reference.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Declared<'a>)> {
        let items = self.items.values().map(|item| ("", item));
        let variants = self
            .variants
            .iter()
            .flat_map(|(slot, variants)| variants.iter().map(move |variant| (slot.as_str(), variant)));
        items.chain(variants)
    }
}

fn declared<'a>(block: &'a Block, doc: Option<&'a str>) -> Declared<'a> {
    let settings = block
        .entries
        .iter()
        .filter_map(|entry| match &entry.kind {
            EntryKind::Declare(declare) => Some(DeclaredSetting {
                declare,
                doc: entry.doc.as_ref().map(|doc| doc.text.as_str()),
            }),
            _ => None,
        })
        .collect();
    Declared {
        name: block.name.text(),
        not_yet: block.entries.iter().any(|entry| says(entry, "not_yet")),
        free: block.entries.iter().any(|entry| says(entry, "free")),
        shapes: block.entries.iter().flat_map(shapes).collect(),
        doc,
        settings,
    }
}

fn says(entry: &Entry, what: &str) -> bool {
    match &entry.kind {
        EntryKind::Setting { key, value } => key.text() == what && value.kind == ExprKind::Bool(true),
        _ => false,
    }
}

/// The words of `shapes = [stream, objects]`.
fn shapes(entry: &Entry) -> Vec<&str> {
    let EntryKind::Setting { key, value } = &entry.kind else {
        return Vec::new();
    };
    let ExprKind::List(items) = &value.kind else {
        return Vec::new();
    };
    let words = items.iter().filter(|_| key.text() == "shapes");
    words
        .filter_map(|item| match &item.kind {
            ExprKind::Name(name) => Some(name.as_str()),
            _ => None,
        })
        .collect()
}
