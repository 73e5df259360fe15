//! Phase 1: text to tree. The only place that knows pest.
//!
//! A file is cut into items (`slices`), each item is laid out (`layout`) and read alone. An item without a mistake is
//! read by hand (`direct`), which is fast; every other one is parsed (`grammar`) and made a tree (`build`), which knows
//! what to say. Nothing here fails: what cannot be read is a bad node, and is said.

pub mod ast;
pub(crate) mod brackets;
mod build;
mod direct;
mod grammar;
mod habits;
mod heads;
pub(crate) mod layout;
mod slices;
pub mod tokens;
mod walk;
mod words;

use crate::base::{FileId, Span};
use crate::diag::{Code, Diagnostic, Diagnostics};

use build::Builder;
use heads::{is_item_word, meant, not_an_item};
use slices::{Slice, slices};
use tokens::{Token, TokenKind};

/// How items are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By hand where that can be.
    Short,
    /// By the grammar, all of them.
    Grammar,
}

/// Reads a file. What cannot be read is a bad node in the tree and a diagnostic.
pub fn parse(id: FileId, text: &str, diagnostics: &mut Diagnostics) -> ast::File {
    file(id, text, Way::Short, diagnostics)
}

/// The same by the grammar alone, for the tests that compare the two: slower, and nothing else.
pub fn parse_by_grammar(id: FileId, text: &str, diagnostics: &mut Diagnostics) -> ast::File {
    file(id, text, Way::Grammar, diagnostics)
}

fn file(id: FileId, text: &str, way: Way, diagnostics: &mut Diagnostics) -> ast::File {
    let mut tokens = tokens::scan(text);
    let comments = tokens.iter().filter(|token| token.is_comment());
    for token in comments.clone().filter(|token| token.kind == TokenKind::ForeignComment) {
        diagnostics.push(habits::comment(Span::new(id, token.start, token.end), token.text(text)));
    }
    let comments = comments
        .map(|token| ast::Comment {
            span: Span::new(id, token.start, token.end),
            own_line: token.first,
        })
        .collect();
    tokens.retain(|token| !token.is_comment());
    let items = slices(text, &tokens)
        .iter()
        .map(|slice| item(id, text, slice, way, diagnostics))
        .collect();
    ast::File { id, items, comments }
}

fn item(id: FileId, text: &str, slice: &Slice<'_>, way: Way, diagnostics: &mut Diagnostics) -> ast::Item {
    let head = slice.tokens.iter().position(|token| token.kind != TokenKind::Doc);
    let (docs, code) = slice.tokens.split_at(head.unwrap_or(slice.tokens.len()));
    let span = |token: &Token| Span::new(id, token.start, token.end);
    let all = match (code.first().or(docs.first()), slice.tokens.last()) {
        (Some(first), Some(last)) => span(first).to(span(last)),
        _ => Span::new(id, 0, 0),
    };
    let doc = documentation(id, text, docs);
    let whole = |kind| ast::Item { doc, kind, span: all };
    let Some(head) = code.first() else {
        diagnostics.push(
            Diagnostic::new(Code::SYNTAX, all, "a `///` comment documents nothing")
                .found("no item follows")
                .help("write `//` for a comment that is only for readers of this file"),
        );
        return whole(ast::ItemKind::Bad(ast::BadItem::default()));
    };
    let word = head.text(text);
    if !is_item_word(word) || head.kind != TokenKind::Word {
        diagnostics.push(not_an_item(span(head), word, head.kind));
    }
    let meant = meant(word).filter(|_| head.kind == TokenKind::Word);
    let Some(meant) = meant else {
        return whole(ast::ItemKind::Bad(ast::BadItem::default()));
    };
    for token in slice.misplaced.iter().chain(slice.indented.then_some(head)) {
        diagnostics.push(wrong_column(span(token), token.text(text), slice.indented));
    }
    let laid = layout::lay_out(id, text, slice, diagnostics);
    let keyword = ast::Name {
        text: meant.to_owned(),
        span: span(head),
    };
    if laid.hopeless {
        let name = code.get(1).filter(|token| token.kind == TokenKind::Word);
        return whole(ast::ItemKind::Bad(ast::BadItem {
            keyword: Some(keyword),
            name: name.map(|name| ast::Name {
                text: name.text(text).to_owned(),
                span: span(name),
            }),
            entries: Vec::new(),
        }));
    }
    let read = if way == Way::Short {
        direct::item(id, &laid, &keyword)
    } else {
        None
    };
    whole(read.unwrap_or_else(|| Builder::new(id, text, &laid, diagnostics).item(keyword)))
}

fn documentation(id: FileId, text: &str, docs: &[Token]) -> Option<ast::Doc> {
    let (first, last) = (docs.first()?, docs.last()?);
    let lines: Vec<&str> = docs.iter().map(|token| ast::Doc::line(token.text(text))).collect();
    Some(ast::Doc {
        text: lines.join("\n"),
        span: Span::new(id, first.start, last.end),
    })
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
