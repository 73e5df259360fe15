//! What is said only because something else is wrong: it is left out, so that one mistake is one message.
//!
//! It knows spans and words, and nothing of the grammar: what cannot be read is what has a code of syntax.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Diagnostic};
use crate::base::{Sources, Span};

/// Leaves out echoes. `items` are the places of all items of the project.
///
/// - Of an item that cannot be read, only that is said; and of what comes behind a bracket that is wrong, nothing.
/// - Of a line, one thing that cannot be read.
/// - Of items that build on one that cannot be read, by name, at any distance, nothing: its columns, its settings and
///   even its name are guesses.
pub fn without_echoes(sources: &Sources, items: &[Span], said: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let of_syntax = |diagnostic: &Diagnostic| diagnostic.code.0 / 100 == 1;
    if !said.iter().any(of_syntax) {
        return said;
    }
    let item_of = |span: Span| {
        items
            .iter()
            .position(|item| item.file == span.file && holds(*item, span))
    };
    let homes: Vec<_> = said.iter().map(|diagnostic| item_of(diagnostic.primary.span)).collect();
    let unread: BTreeSet<usize> = said
        .iter()
        .zip(&homes)
        .filter(|(d, _)| of_syntax(d))
        .filter_map(|(_, home)| *home)
        .collect();
    let doubtful = dependents(sources, items, &unread);
    let deep: BTreeSet<usize> = (said.iter().zip(&homes))
        .filter(|(diagnostic, _)| diagnostic.code == Code::TOO_DEEP)
        .filter_map(|(_, home)| *home)
        .collect();
    let mut bracket: BTreeSet<usize> = BTreeSet::new();
    let mut lines: BTreeSet<(u32, usize)> = BTreeSet::new();
    let mut kept = Vec::with_capacity(said.len());
    for (diagnostic, home) in said.into_iter().zip(homes) {
        let span = diagnostic.primary.span;
        if diagnostic.code == Code::UNCLOSED && home.is_some_and(|home| deep.contains(&home)) {
            // Of brackets that nest too deep, that some are never closed is not worth a word.
            continue;
        }
        if of_syntax(&diagnostic) {
            let line = sources.get(span.file).line_column(span.start).line;
            let told = home.is_some_and(|home| bracket.contains(&home));
            if diagnostic.code == Code::UNCLOSED {
                bracket.extend(home);
            }
            if !told && lines.insert((span.file.0, line)) {
                kept.push(diagnostic);
            }
        } else if home.is_none_or(|home| !doubtful.contains(&home)) {
            kept.push(diagnostic);
        }
    }
    kept
}

fn holds(item: Span, span: Span) -> bool {
    item.start <= span.start && span.start <= item.end
}

/// The items that cannot be read, and those that name one of them in their text, or one that does.
fn dependents(sources: &Sources, items: &[Span], unread: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut by_word: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        for word in words(sources.text(*item)) {
            by_word.entry(word).or_default().push(at);
        }
    }
    let mut found = unread.clone();
    let mut open: Vec<usize> = unread.iter().copied().collect();
    while let Some(at) = open.pop() {
        let Some(item) = items.get(at) else { continue };
        for name in names(sources.text(*item)) {
            for user in by_word.remove(name).unwrap_or_default() {
                if found.insert(user) {
                    open.push(user);
                }
            }
        }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

/// What others call an item: its own name, and that of the dataset it writes.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let head = text.lines().next().unwrap_or("");
    let target = head.split_once("->").map(|(_, target)| target);
    let dataset = target.and_then(|target| words(target).nth(1));
    words(head).nth(1).into_iter().chain(dataset)
}
