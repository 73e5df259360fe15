//! From pest's pairs to the tree: what all parts of it share.
//!
//! Every function takes a pair of one rule and never fails: what is not there becomes a bad node.

mod entries;
mod exprs;
mod items;
mod salvage;
mod steps;
mod texts;
mod types;

use pest::Parser;
use pest::iterators::Pair;

use crate::base::{FileId, Span};
use crate::diag::{Code, Diagnostic, Diagnostics};

use super::ast::{Doc, Expr, ExprKind, ItemKind, Name, Path};
use super::grammar::{Grammar, Rule};
use super::layout::Laid;
use super::words;

pub(super) type Node<'i> = Pair<'i, Rule>;

/// Makes the tree of one item.
pub struct Builder<'a> {
    file: FileId,
    /// The author's file.
    source: &'a str,
    laid: &'a Laid,
    /// Where the text that was given to the grammar starts in the item's.
    offset: usize,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Builder<'a> {
    /// A builder for an item that was laid out.
    pub fn new(file: FileId, source: &'a str, laid: &'a Laid, diagnostics: &'a mut Diagnostics) -> Self {
        Builder {
            file,
            source,
            laid,
            offset: 0,
            diagnostics,
        }
    }

    /// The item that a word starts. Where its head cannot be read, what can be.
    pub fn item(&mut self, keyword: Name) -> ItemKind {
        let laid = self.laid;
        if laid.text.trim().is_empty() {
            let name = if keyword.text == "test" { "its title" } else { "a name" };
            let message = format!("expected {name} behind `{}`", keyword.text);
            let diagnostic = Diagnostic::new(Code::SYNTAX, keyword.span, message);
            self.say(diagnostic.found("what it declares is not named"));
            return self.salvage(keyword);
        }
        match Grammar::parse(items::rule_of(&keyword.text), &laid.text) {
            Ok(mut pairs) => match pairs.next() {
                Some(item) => self.item_kind(keyword, item),
                None => self.salvage(keyword),
            },
            Err(error) => {
                self.complain(0, &error, "an item");
                self.salvage(keyword)
            }
        }
    }

    /// The place of a pair in the author's file.
    pub(super) fn span(&self, node: &Node) -> Span {
        let span = node.as_span();
        self.place(span.start(), span.start() + span.as_str().trim_end().len())
    }

    fn place(&self, start: usize, end: usize) -> Span {
        let clamp = |at: usize| (self.laid.start + self.offset + at).min(self.laid.end);
        Span::new(self.file, clamp(start), clamp(end))
    }

    pub(super) fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Parses a piece that could not be read once more, alone, by its own rule, to say what is wrong with it.
    pub(super) fn explain(&mut self, piece: &Node, rule: Rule, what: &str) {
        let span = piece.as_span();
        if let Err(error) = Grammar::parse(rule, span.as_str()) {
            self.complain(span.start(), &error, what);
        } else {
            // The piece is well formed, but not where it stands.
            let place = self.span(piece);
            let message = format!("{what} cannot stand here");
            self.say(Diagnostic::new(Code::SYNTAX, place, message).found("not expected"));
        }
    }

    fn complain(&mut self, offset: usize, error: &pest::error::Error<Rule>, what: &str) {
        let at = match error.location {
            pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => {
                at + offset + self.offset
            }
        };
        if self.laid.text.as_bytes().get(at) == Some(&super::layout::BROKEN) {
            // What is wrong here was said when its characters were looked at.
            return;
        }
        let start = (self.laid.start + at).min(self.laid.end);
        let diagnostic = words::unexpected(self.file, self.source, start, self.laid.end, error, what);
        self.say(diagnostic);
    }

    /// Says of a mark that is not the one which its place takes what to write; it is read as meant.
    pub(super) fn foreign_mark(&mut self, node: &Node, rule: Rule, own: &str, message: &str) {
        let Some(mark) = child(node, rule) else { return };
        let written = mark.as_str().trim_end();
        if written != own {
            let span = self.span(&mark);
            self.say(
                Diagnostic::new(Code::SYNTAX, span, message)
                    .found(format!("found `{written}`"))
                    .help(format!("write `{own}`"))
                    .fix(format!("write `{own}`"), span, own),
            );
        }
    }

    pub(super) fn name(&self, node: &Node) -> Name {
        Name {
            text: node.as_str().trim_end().to_owned(),
            span: self.span(node),
        }
    }

    /// The first child that is a name.
    pub(super) fn name_in(&self, node: &Node) -> Name {
        child(node, Rule::name).map_or_else(
            || Name {
                text: String::new(),
                span: self.span(node),
            },
            |name| self.name(&name),
        )
    }

    pub(super) fn names_in(&self, node: &Node) -> Vec<Name> {
        let list = child(node, Rule::names);
        list.map_or_else(Vec::new, |list| {
            children(&list, Rule::name).map(|name| self.name(&name)).collect()
        })
    }

    pub(super) fn path(&self, node: &Node) -> Path {
        Path {
            parts: children(node, Rule::name).map(|name| self.name(&name)).collect(),
            star: child(node, Rule::star).is_some(),
            span: self.span(node),
        }
    }

    /// The first child that is a path.
    pub(super) fn path_in(&self, node: &Node) -> Path {
        let found = child(node, Rule::plain_path).or_else(|| child(node, Rule::path));
        found.map_or_else(
            || Path {
                parts: Vec::new(),
                star: false,
                span: self.span(node),
            },
            |path| self.path(&path),
        )
    }

    pub(super) fn paths_in(&self, node: &Node) -> Vec<Path> {
        let list = child(node, Rule::paths);
        list.map_or_else(Vec::new, |list| {
            children(&list, Rule::path).map(|path| self.path(&path)).collect()
        })
    }

    pub(super) fn doc_of(&self, node: &Node) -> Option<Doc> {
        let doc = child(node, Rule::doc)?;
        let lines: Vec<&str> = children(&doc, Rule::doc_line)
            .map(|line| Doc::line(line.as_str()))
            .collect();
        Some(Doc {
            text: lines.join("\n"),
            span: self.span(&doc),
        })
    }

    /// The span of an entry without its documentation.
    pub(super) fn span_without_doc(&self, node: &Node) -> Span {
        let all = self.span(node);
        let after_doc = node.clone().into_inner().find(|inner| inner.as_rule() != Rule::doc);
        after_doc.map_or(all, |first| self.span(&first).to(Span { start: all.end, ..all }))
    }

    pub(super) fn bad(&self, span: Span) -> Expr {
        Expr {
            kind: ExprKind::Bad,
            span,
        }
    }

    /// The first child that is an expression or value.
    pub(super) fn expr_in(&mut self, node: &Node) -> Expr {
        let span = self.span(node);
        self.maybe_expr_in(node).unwrap_or_else(|| self.bad(span))
    }

    pub(super) fn maybe_expr_in(&mut self, node: &Node) -> Option<Expr> {
        let found = node
            .clone()
            .into_inner()
            .find(|inner| matches!(inner.as_rule(), Rule::expr | Rule::value | Rule::list | Rule::measure))?;
        Some(self.any_expr(found))
    }
}

/// The first child of a rule.
pub(super) fn child<'i>(node: &Node<'i>, rule: Rule) -> Option<Node<'i>> {
    node.clone().into_inner().find(|inner| inner.as_rule() == rule)
}

/// The children of a rule.
pub(super) fn children<'i>(node: &Node<'i>, rule: Rule) -> impl Iterator<Item = Node<'i>> + use<'i> {
    node.clone().into_inner().filter(move |inner| inner.as_rule() == rule)
}
