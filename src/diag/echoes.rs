//! What is said only because something else is wrong: it is left out, so that one mistake is one message.
//!
//! It knows spans and words, and nothing of the grammar: what cannot be read is what has a code of syntax.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Diagnostic, Severity};
use crate::base::{Sources, Span};

/// What is said of the result of a whole item, which is a guess where anything in it is wrong.
const OF_THE_WHOLE: [Code; 5] = [
    Code::OUTLIVES_INPUT,
    Code::PARTITION_COLUMN,
    Code::MISSING_SETTING,
    Code::NO_COLUMNS_LEFT,
    Code::UNDOCUMENTED,
];

/// What is said where something is not there: an echo, where it may be in an item whose head is wrong.
const NOT_THERE: [Code; 7] = [
    Code::UNKNOWN_ITEM,
    Code::NOT_READABLE,
    Code::UNKNOWN_COLUMN,
    Code::UNKNOWN_TYPE,
    Code::PARTITION_COLUMN,
    Code::NOT_SCHEDULED,
    Code::TEST_INPUT,
];

/// Leaves out echoes. `items` are the places of all items of the project.
///
/// - Of an item that cannot be read, only that is said; and of what comes behind a bracket that is wrong, nothing.
/// - Of a line, one thing that cannot be read, and of a run of such lines, the first two.
/// - Of items that build on one that cannot be read, by name, at any distance, nothing: its columns, its settings and
///   even its name are guesses. Of those that build on one that names what is not there in its head, nothing that
///   misses something.
/// - Of an item in which something is wrong, nothing of its result.
pub fn without_echoes(sources: &Sources, items: &[Span], said: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if said.iter().all(|diagnostic| diagnostic.severity != Severity::Error) {
        return said;
    }
    let homes = Homes::new(sources, items, &said);
    let mut told = Told::default();
    let keep = |(diagnostic, home): &(Diagnostic, Option<usize>)| homes.keep(sources, diagnostic, *home, &mut told);
    let found = said.into_iter().zip(homes.of.clone());
    found.filter(keep).map(|(diagnostic, _)| diagnostic).collect()
}

/// The items that diagnostics are in, and what is wrong with these.
struct Homes {
    /// The item of each diagnostic.
    of: Vec<Option<usize>>,
    /// Items that cannot be read, and those that build on them.
    doubtful: BTreeSet<usize>,
    /// Items that build on one whose head names what is not there.
    bereft: BTreeSet<usize>,
    /// Items in which something is wrong that is not said of the whole.
    wrong: BTreeSet<usize>,
    /// Items with brackets that nest too deep.
    deep: BTreeSet<usize>,
}

/// What was said so far of what cannot be read.
#[derive(Default)]
struct Told {
    brackets: BTreeSet<usize>,
    lines: BTreeSet<(u32, usize)>,
}

impl Homes {
    fn new(sources: &Sources, items: &[Span], said: &[Diagnostic]) -> Homes {
        let item_of = |span: Span| {
            items
                .iter()
                .position(|item| item.file == span.file && holds(*item, span))
        };
        let of: Vec<_> = said.iter().map(|diagnostic| item_of(diagnostic.primary.span)).collect();
        let with = |wanted: &dyn Fn(&Diagnostic, usize) -> bool| -> BTreeSet<usize> {
            let found = said.iter().zip(&of).filter_map(|(d, home)| Some((d, (*home)?)));
            found
                .filter(|(d, home)| wanted(d, *home))
                .map(|(_, home)| home)
                .collect()
        };
        let in_head = |d: &Diagnostic, home: usize| {
            let head = items.get(home).map_or("", |item| sources.text(*item));
            let end = items.get(home).map_or(0, |item| item.start as usize) + head.find('\n').unwrap_or(head.len());
            d.code.0 / 100 == 2 && (d.primary.span.start as usize) < end
        };
        let heads = with(&in_head);
        let bereft = dependents(sources, items, &heads).difference(&heads).copied().collect();
        Homes {
            doubtful: dependents(sources, items, &with(&|d, _| is_of_syntax(d))),
            bereft,
            wrong: with(&|d, _| !OF_THE_WHOLE.contains(&d.code) && d.severity == Severity::Error),
            deep: with(&|d, _| d.code == Code::TOO_DEEP),
            of,
        }
    }

    fn keep(&self, sources: &Sources, diagnostic: &Diagnostic, home: Option<usize>, told: &mut Told) -> bool {
        let is_in = |items: &BTreeSet<usize>| home.is_some_and(|home| items.contains(&home));
        if !is_of_syntax(diagnostic) {
            let of_the_whole = OF_THE_WHOLE.contains(&diagnostic.code) && is_in(&self.wrong);
            let bereft = NOT_THERE.contains(&diagnostic.code) && is_in(&self.bereft);
            return !(is_in(&self.doubtful) || of_the_whole || bereft);
        }
        if is_in(&told.brackets) || diagnostic.code == Code::UNCLOSED && is_in(&self.deep) {
            // Of brackets that nest too deep, that some are never closed is not worth a word.
            return false;
        }
        if diagnostic.code == Code::UNCLOSED {
            told.brackets.extend(home);
        }
        let span = diagnostic.primary.span;
        let line = sources.get(span.file).line_column(span.start).line;
        let said = |line: usize| told.lines.contains(&(span.file.0, line));
        // Of a run of lines that cannot be read, the first two tell enough: a `[` is lost above them.
        let keep = !(said(line) || said(line - 1) && said(line.saturating_sub(2)));
        told.lines.insert((span.file.0, line));
        keep
    }
}

fn is_of_syntax(diagnostic: &Diagnostic) -> bool {
    diagnostic.code.0 / 100 == 1
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

/// What others call an item: its own name, and that of the dataset it writes. In a head with a word too many or too few
/// it is not where it should be.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let head = text.lines().next().unwrap_or("");
    let target = head.split_once("->").map(|(_, target)| target);
    let dataset = target.and_then(|target| words(target).nth(1));
    let own = head.split(['{', ':']).next().unwrap_or("");
    let own = own.split(" like ").next().unwrap_or("");
    let keyword = usize::from(words(own).nth(1).is_some());
    words(own).skip(keyword).take(2).chain(dataset)
}
