//! Phase 1: text to tree. The only place that knows pest.
//!
//! A file is cut into items (`slices`), each item is laid out (`layout`), parsed alone (`grammar`), and made a
//! tree (`build`). Nothing here fails: what cannot be read is a bad node, and is said.

pub mod ast;
pub(crate) mod brackets;
mod build;
mod grammar;
pub(crate) mod layout;
mod slices;
pub mod tokens;
mod words;

use crate::base::{FileId, Span, suggest};
use crate::diag::{Code, Diagnostic, Diagnostics};

use build::Builder;
use slices::{ITEM_WORDS, Slice, is_item_word, slices};
use tokens::{Token, TokenKind};

/// Reads a file. What cannot be read is a bad node in the tree and a diagnostic.
pub fn parse(id: FileId, text: &str, diagnostics: &mut Diagnostics) -> ast::File {
    let tokens = tokens::scan(text);
    let comments = tokens.iter().filter(|token| token.is_comment());
    for token in comments.clone().filter(|token| token.kind == TokenKind::BlockComment) {
        let span = Span::new(id, token.start, token.end);
        diagnostics.push(
            Diagnostic::new(Code::SYNTAX, span, "comments end with their line")
                .found("not a comment")
                .help("start each line of it with `//`"),
        );
    }
    let comments = comments
        .map(|token| ast::Comment {
            span: Span::new(id, token.start, token.end),
            own_line: token.first,
        })
        .collect();
    let items = slices(text, &tokens)
        .iter()
        .map(|slice| item(id, text, slice, diagnostics))
        .collect();
    ast::File { id, items, comments }
}

fn item(id: FileId, text: &str, slice: &Slice, diagnostics: &mut Diagnostics) -> ast::Item {
    let head = slice.tokens.iter().find(|token| token.kind != TokenKind::Doc);
    let span = |token: &Token| Span::new(id, token.start, token.end);
    let all = match (slice.tokens.first(), slice.tokens.last()) {
        (Some(first), Some(last)) => span(head.unwrap_or(first)).to(span(last)),
        _ => Span::new(id, 0, 0),
    };
    let bad = ast::Item {
        doc: None,
        kind: ast::ItemKind::Bad,
        span: all,
    };
    let Some(head) = head else {
        diagnostics.push(
            Diagnostic::new(Code::SYNTAX, all, "a `///` comment documents nothing")
                .found("no item follows")
                .help("write `//` for a comment that is only for readers of this file"),
        );
        return bad;
    };
    let word = head.text(text);
    if !is_item_word(word) {
        diagnostics.push(not_an_item(span(head), word, head.kind));
        return bad;
    }
    for token in slice.misplaced.iter().chain(slice.indented.then_some(head)) {
        diagnostics.push(wrong_column(span(token), token.text(text), slice.indented));
    }
    let laid = layout::lay_out(id, text, slice, diagnostics);
    if laid.hopeless {
        return bad;
    }
    Builder::new(id, text, &laid, diagnostics).item().unwrap_or(bad)
}

fn not_an_item(span: Span, word: &str, kind: TokenKind) -> Diagnostic {
    if kind == TokenKind::Close {
        return Diagnostic::new(Code::UNCLOSED, span, format!("`{word}` closes nothing"))
            .found("no bracket is open here")
            .help("remove it");
    }
    if kind != TokenKind::Word {
        let shown: String = word.chars().take(20).collect();
        return Diagnostic::new(Code::SYNTAX, span, format!("an item cannot start with `{shown}`"))
            .found("an item is expected")
            .help(match word {
                "#" => "a comment starts with `//`".to_owned(),
                _ => format!("an item starts with one of {}", listed(&ITEM_WORDS)),
            });
    }
    let diagnostic =
        Diagnostic::new(Code::UNKNOWN_WORD, span, format!("there is no item `{word}`")).found("an item is expected");
    match suggest(word, ITEM_WORDS.iter().copied().chain(["use", "override"])) {
        Some(near) => diagnostic
            .help(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), span, near),
        None => diagnostic.help(format!("an item starts with one of {}", listed(&ITEM_WORDS))),
    }
}

fn wrong_column(span: Span, word: &str, indented: bool) -> Diagnostic {
    let (message, found, help) = if indented {
        (
            format!("`{word}` starts an item, but not in column 0"),
            "indented",
            "move it to the start of the line",
        )
    } else {
        (
            format!("`{word}` stands in column 0, where only items start"),
            "not an item",
            "indent it by two spaces",
        )
    };
    Diagnostic::new(Code::COLUMN, span, message).found(found).help(help)
}

fn listed(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
