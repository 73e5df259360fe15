//! The words that start items, and what is said of a word that starts none.
//!
//! It knows words and no grammar.

use crate::base::{Span, suggest};
use crate::diag::{Code, Diagnostic};

use super::tokens::TokenKind;

/// The words that start items in an author's files.
pub const ITEM_WORDS: [&str; 20] = [
    "pipeline",
    "env",
    "param",
    "class",
    "enum",
    "type",
    "schema",
    "source",
    "zone",
    "retention",
    "transform",
    "sink",
    "fn",
    "serve",
    "access",
    "schedule",
    "monitor",
    "delivery",
    "test",
    "account",
];

/// Words that start items and are rarely meant: of `use` and `override`, and of the standard library.
const RARE_WORDS: [&str; 4] = ["use", "override", "item", "variant"];

/// Words of other languages, and the word for it here.
const FOREIGN_WORDS: &[(&str, &str)] = &[
    ("alert", "monitor"),
    ("bucket", "zone"),
    ("const", "param"),
    ("dataset", "zone"),
    ("def", "fn"),
    ("environment", "env"),
    ("func", "fn"),
    ("function", "fn"),
    ("grant", "access"),
    ("import", "use"),
    ("include", "use"),
    ("input", "source"),
    ("job", "transform"),
    ("label", "class"),
    ("layer", "zone"),
    ("let", "param"),
    ("model", "transform"),
    ("output", "sink"),
    ("project", "pipeline"),
    ("record", "schema"),
    ("resource", "override"),
    ("struct", "schema"),
    ("table", "schema"),
    ("var", "param"),
    ("variable", "param"),
    ("view", "transform"),
];

/// Whether a word starts items.
pub fn is_item_word(word: &str) -> bool {
    ITEM_WORDS.contains(&word) || RARE_WORDS.contains(&word)
}

/// The item that a word starts, or that was meant by it.
pub fn meant(word: &str) -> Option<&'static str> {
    let words = || ITEM_WORDS.into_iter().chain(RARE_WORDS);
    let lower = word.to_ascii_lowercase();
    let same = words().find(|known| *known == lower);
    let foreign = || FOREIGN_WORDS.iter().find(|(foreign, _)| *foreign == lower);
    same.or_else(|| foreign().map(|(_, own)| *own))
        .or_else(|| suggest(word, ITEM_WORDS.into_iter().chain(["use", "override"])))
}

/// What is said of a word or mark that starts no item.
pub fn not_an_item(span: Span, word: &str, kind: TokenKind) -> Diagnostic {
    if kind == TokenKind::Close {
        return Diagnostic::new(Code::UNCLOSED, span, format!("`{word}` closes nothing"))
            .found("no bracket is open here")
            .help("remove it")
            .fix("remove it", span, "");
    }
    if kind != TokenKind::Word {
        let shown: String = word.chars().take(20).collect();
        return Diagnostic::new(Code::SYNTAX, span, format!("an item cannot start with `{shown}`"))
            .found("an item is expected")
            .help(format!("an item starts with one of {}", listed(&ITEM_WORDS)));
    }
    let diagnostic =
        Diagnostic::new(Code::UNKNOWN_WORD, span, format!("there is no item `{word}`")).found("an item is expected");
    match meant(word) {
        Some(near) => diagnostic
            .help(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), span, near),
        None => diagnostic.help(format!("an item starts with one of {}", listed(&ITEM_WORDS))),
    }
}

fn listed(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
