//! What is to be said of a file right after an edit of a large project: only the transforms and tests that were typed in
//! are checked again, against what was found of all others.
//!
//! What they make of others, and what is proved of the platform as a whole, is found out when typing rests. It must not
//! know time.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Analysis, Session};
use crate::base::{FileId, Sources, Span};
use crate::check::program::Transform;
use crate::compile::{Parsed, compile_alone};
use crate::diag::Diagnostic;
use crate::syntax::ast::{File, Item, ItemKind};

/// What is said at once of the file that is typed in.
#[derive(Clone, Debug)]
pub struct Quick {
    /// The file.
    pub file: FileId,
    /// Everything that is to be said of it, by place.
    pub said: Vec<Diagnostic>,
    /// Whether others may be affected.
    pub changed: bool,
}

impl Session {
    /// What is to be said of the one file that was edited since the last analysis; nothing where several were, or
    /// something else than transforms and tests.
    pub fn quick(&mut self) -> Option<Quick> {
        let analysis = self.analysis.clone()?;
        let parsed = self.parsed();
        let (quick, right) = quick(&analysis, parsed)?;
        self.recent = right;
        Some(quick)
    }
}

fn quick(analysis: &Analysis, parsed: &Parsed) -> Option<(Quick, BTreeMap<String, Transform>)> {
    let ready = analysis.ready.as_ref()?;
    let (old, new) = edited(analysis, parsed)?;
    let change = Change::between(&analysis.sources, old, &parsed.sources, new);
    let before = old
        .items
        .get(change.same_before..old.items.len() - change.same_behind)?;
    let after = new
        .items
        .get(change.same_before..new.items.len() - change.same_behind)?;
    if !before.iter().chain(after).all(is_alone) {
        return None;
    }
    let changed: Vec<&Item> = after.iter().collect();
    let alone = compile_alone(parsed, ready, new, &changed);
    let names = |items: &[Item]| -> Vec<String> { items.iter().filter_map(name).collect() };
    let others = alone.changed || names(before) != names(after);
    let kept = analysis
        .diagnostics
        .iter()
        .filter(|said| said.primary.span.file == new.id);
    let kept = kept.filter_map(|said| change.moved(old, new, said));
    let mut said: Vec<_> = kept.chain(alone.said).collect();
    said.sort_by_key(|said| (said.primary.span.start, said.code));
    let right = alone.transforms.into_iter();
    let right = right
        .map(|transform| (transform.item.name.clone(), transform))
        .collect();
    let quick = Quick {
        file: new.id,
        said,
        changed: others,
    };
    Some((quick, right))
}

/// The one file whose tree is another, before and after.
fn edited<'f>(analysis: &'f Analysis, parsed: &'f Parsed) -> Option<(&'f Arc<File>, &'f Arc<File>)> {
    let (old, new) = (&analysis.trees, &parsed.project.files);
    let mut other = old.iter().zip(new).filter(|(old, new)| !Arc::ptr_eq(old, new));
    let found = other.next()?;
    let alone = other.next().is_none() && old.len() == new.len() && found.0.id == found.1.id;
    alone.then_some(found)
}

/// Whether an item can be checked alone.
fn is_alone(item: &Item) -> bool {
    match &item.kind {
        ItemKind::Transform(_) | ItemKind::Test(_) => true,
        ItemKind::Bad(bad) => bad
            .keyword
            .as_ref()
            .is_some_and(|word| matches!(word.text.as_str(), "transform" | "test")),
        _ => false,
    }
}

fn name(item: &Item) -> Option<String> {
    match &item.kind {
        ItemKind::Transform(transform) => Some(transform.name.text.clone()),
        _ => None,
    }
}

/// What of a file's items stayed as it is.
struct Change {
    same_before: usize,
    same_behind: usize,
}

impl Change {
    fn between(before: &Sources, old: &File, after: &Sources, new: &File) -> Self {
        let same = |(old, new): &(&Item, &Item)| {
            let doc = |item: &Item| item.doc.as_ref().map(|doc| doc.text.clone());
            before.text(old.span) == after.text(new.span) && doc(old) == doc(new)
        };
        let same_before = old.items.iter().zip(&new.items).take_while(same).count();
        let rest = old.items.len().min(new.items.len()) - same_before;
        let behind = old.items.iter().rev().zip(new.items.iter().rev());
        Change {
            same_before,
            same_behind: behind.take(rest).take_while(same).count(),
        }
    }

    /// How far a place of the old text moved; nothing where it was in what changed.
    fn shift(&self, old: &File, new: &File, span: Span) -> Option<i64> {
        let start = |file: &File, at: usize| file.items.get(at).map(|item| i64::from(item.span.start));
        // Comments stand between items: they belong to the one before.
        let at = old.items.iter().rposition(|item| item.span.start <= span.start);
        let Some(at) = at.filter(|at| *at >= self.same_before) else {
            return Some(0);
        };
        let behind = old.items.len() - at;
        if behind > self.same_behind {
            return None;
        }
        Some(start(new, new.items.len() - behind)? - start(old, at)?)
    }

    /// What was said of what did not change, where that is now.
    fn moved(&self, old: &File, new: &File, said: &Diagnostic) -> Option<Diagnostic> {
        let mut said = said.clone();
        let here = |span: &mut Span| -> Option<()> {
            if span.file == old.id {
                let shift = self.shift(old, new, *span)?;
                span.start = u32::try_from(i64::from(span.start) + shift).ok()?;
                span.end = u32::try_from(i64::from(span.end) + shift).ok()?;
            }
            Some(())
        };
        here(&mut said.primary.span)?;
        // A place beside it that is being typed in is left out until typing rests.
        said.labels.retain_mut(|label| here(&mut label.span).is_some());
        said.fixes.retain_mut(|fix| here(&mut fix.span).is_some());
        Some(said)
    }
}
