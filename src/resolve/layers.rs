//! `like` applied: the settings of an item, each from the nearest layer that writes it.

use super::index::{Entity, Index};
use super::library::Library;
use crate::base::Span;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::ast::{Block, Entry, EntryKind, ItemKind, Path};

/// Where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Nowhere: the standard library's default.
    Default,
    /// In the item that this one is `like`.
    Like(String),
    /// In the item itself.
    Item,
    /// In an environment.
    Environment(String),
}

/// An entry, and the layer that it is of.
#[derive(Clone, Debug)]
pub struct Layered {
    /// The entry.
    pub entry: Entry,
    /// Its layer.
    pub layer: Layer,
}

/// The entries of an item that can be like nothing; steps are none of its settings.
pub fn own_layer(entries: &[Entry]) -> Vec<Layered> {
    let own = |entry: &Entry| Layered {
        entry: entry.clone(),
        layer: Layer::Item,
    };
    let entries = entries.iter().filter(|entry| !matches!(entry.kind, EntryKind::Step(_)));
    entries.map(own).collect()
}

/// The settings and clauses of a block, and whether all that it is `like` was found. Settings of what it is `like` come
/// first, unless it writes them itself; clauses are only its own. A setting written twice in one block is there twice:
/// the checker says so.
pub fn layers(
    block: &Block,
    library: &Library,
    index: &Index<'_>,
    diagnostics: &mut Diagnostics,
) -> (Vec<Layered>, bool) {
    let mut chain = vec![(String::new(), block)];
    let mut current = block;
    let mut whole = true;
    while let Some(path) = &current.like {
        let found = find(current, path, library, index, diagnostics);
        let back = found.and_then(|next| chain.iter().position(|(_, seen)| std::ptr::eq(*seen, next)));
        match (found, back) {
            (Some(next), None) => {
                chain.push((path.text(), next));
                current = next;
                continue;
            }
            // Of those in a circle, the one that stands first tells of it.
            (Some(_), Some(0)) if first_of(&chain) => diagnostics.push(cycle(path.span, &chain)),
            _ => {}
        }
        whole = false;
        break;
    }
    (merge(&chain), whole)
}

fn first_of(chain: &[(String, &Block)]) -> bool {
    let place = |(_, block): &(String, &Block)| (block.name.span.file, block.name.span.start);
    chain.iter().map(place).min() == chain.first().map(place)
}

fn merge(chain: &[(String, &Block)]) -> Vec<Layered> {
    let mut merged: Vec<Layered> = Vec::new();
    for (depth, (name, block)) in chain.iter().enumerate().rev() {
        let layer = if depth == 0 {
            Layer::Item
        } else {
            Layer::Like(name.clone())
        };
        for entry in &block.entries {
            match &entry.kind {
                EntryKind::Setting { key, .. } => {
                    merged.retain(|known| known.layer == layer || key_of(&known.entry) != Some(key.text()))
                }
                _ if depth > 0 => continue,
                _ => {}
            }
            merged.push(Layered {
                entry: entry.clone(),
                layer: layer.clone(),
            });
        }
    }
    merged
}

/// The key of a setting, as text.
pub(super) fn key_of(entry: &Entry) -> Option<String> {
    match &entry.kind {
        EntryKind::Setting { key, .. } => Some(key.text()),
        _ => None,
    }
}

fn find<'a>(
    block: &Block,
    path: &Path,
    library: &'a Library,
    index: &Index<'a>,
    diagnostics: &mut Diagnostics,
) -> Option<&'a Block> {
    let kind = block.keyword.text.as_str();
    let text = path.text();
    let templates = || library.items().filter_map(template).filter(|t| t.keyword.text == kind);
    let found = match path.parts.as_slice() {
        [name] => index.get(kind, &name.text).and_then(Entity::block),
        _ => templates().find(|template| template.name.text() == text),
    };
    if found.is_none() && !index.incomplete() {
        let names: Vec<_> = templates().map(|template| template.name.text()).collect();
        let own = index
            .of_kind(kind)
            .map(|e| e.name)
            .filter(|name| block.name.text() != *name);
        let near = crate::base::suggest(&text, names.iter().map(String::as_str).chain(own));
        let mut diagnostic = Diagnostic::new(
            Code::UNKNOWN_ITEM,
            path.span,
            format!("there is no {kind} `{text}` to be like"),
        )
        .found("not declared");
        diagnostic = match near {
            Some(near) => diagnostic.help(format!("write `like {near}`")).fix(
                format!("write `{near}`"),
                path.span,
                near.to_owned(),
            ),
            None if names.is_empty() => diagnostic.help(format!("the standard library has no template of a {kind}")),
            None => diagnostic.help(format!("the standard library has `{}`", names.join("`, `"))),
        };
        diagnostics.push(diagnostic);
    }
    found
}

fn template(item: &crate::syntax::ast::Item) -> Option<&Block> {
    match &item.kind {
        ItemKind::Block(block) if !matches!(block.keyword.text.as_str(), "item" | "variant") => Some(block),
        _ => None,
    }
}

fn cycle(span: Span, chain: &[(String, &Block)]) -> Diagnostic {
    let mut names: Vec<_> = chain.iter().map(|(_, block)| block.name.text()).collect();
    let first = names.first().cloned().unwrap_or_default();
    names.push(first.clone());
    Diagnostic::new(Code::LIKE_CYCLE, span, format!("`{first}` is like itself"))
        .found("and so round again")
        .note(format!("the circle: {}", names.join(" → ")))
        .help("let one of them say its settings itself")
}
