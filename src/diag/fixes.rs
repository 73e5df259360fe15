//! Edits that diagnostics propose, applied to the text: each place is changed once at most.

use std::collections::BTreeMap;

use super::{Diagnostic, Fix};
use crate::base::{FileId, Sources};

/// Texts with edits in them.
#[derive(Clone, Debug, Default)]
pub struct Fixed<'d> {
    /// Each changed file's new text.
    pub files: BTreeMap<FileId, String>,
    /// What was done: the diagnostic, and its edit.
    pub done: Vec<(&'d Diagnostic, &'d Fix)>,
}

/// Applies the first edit of each diagnostic that is safe, or, with `guesses`, of each that has one, in the order of
/// their places. An edit that overlaps one before it waits for the next time. The standard library is never edited.
pub fn apply_fixes<'d>(sources: &Sources, diagnostics: &'d [Diagnostic], guesses: bool) -> Fixed<'d> {
    let mut wanted: Vec<_> = diagnostics
        .iter()
        .filter_map(|diagnostic| diagnostic.fixes.first().map(|fix| (diagnostic, fix)))
        .filter(|(_, fix)| (fix.safe || guesses) && !sources.get(fix.span.file).path.starts_with("std/"))
        .collect();
    wanted.sort_by_key(|(_, fix)| (fix.span.file, fix.span.start, fix.span.end));
    let mut fixed = Fixed::default();
    let mut behind = BTreeMap::new();
    for (diagnostic, fix) in wanted {
        let free = behind.get(&fix.span.file).is_none_or(|end| *end < fix.span.start);
        if free {
            behind.insert(fix.span.file, fix.span.end);
            fixed.done.push((diagnostic, fix));
        }
    }
    // From behind, so that the places of the edits before stay right.
    for (_, fix) in fixed.done.iter().rev() {
        let text = fixed.files.entry(fix.span.file);
        let text = text.or_insert_with(|| sources.get(fix.span.file).text.to_string());
        let (start, end) = (fix.span.start as usize, fix.span.end as usize);
        if text.is_char_boundary(start) && text.is_char_boundary(end) {
            text.replace_range(start..end, &fix.text);
        }
    }
    fixed
}
