//! What each word of a file is, for its colour, and the types that are shown behind steps.

use crate::base::{FileId, Span};
use crate::syntax::ast::ItemKind;
use crate::syntax::tokens::{TokenKind, scan};

use super::columns::Columns;
use super::mentions::{self, Mention, Symbol};
use super::{Context, words};

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Colour {
    /// A word of the language.
    Keyword,
    /// An item.
    Item,
    /// A dataset.
    Dataset,
    /// A column.
    Column,
    /// A parameter, or the other side of a join.
    Local,
    /// A variant of an enum.
    Variant,
    /// A function.
    Function,
    /// A setting.
    Setting,
    /// What a setting takes.
    Value,
    /// A type.
    Type,
    /// A label.
    Label,
    /// A number or a unit.
    Number,
    /// A text.
    Text,
    /// A comment.
    Comment,
    /// A mark.
    Mark,
}

/// Words that are always the language's own.
const WORDS: [&str; 14] = [
    "and", "or", "not", "in", "is", "null", "true", "false", "if", "then", "else", "between", "reject", "match",
];

/// How many columns are shown behind a step.
const SHOWN: usize = 6;

impl Context<'_> {
    /// What each word of a file is, and whether it is declared there; in order, none over another.
    pub fn colours(&self, file: FileId) -> Vec<(Span, Colour, bool)> {
        let text = &self.sources.get(file).text;
        let columns = Columns::new(self.index);
        let mentions = mentions::of_file(self, &columns, file);
        let mut named = mentions.iter().peekable();
        let (mut found, mut before) = (Vec::new(), "");
        for token in scan(text) {
            let span = Span::new(file, token.start, token.end);
            while named.peek().is_some_and(|mention| mention.span.end <= span.start) {
                named.next();
            }
            let here = named
                .peek()
                .filter(|mention| mention.span.start <= span.start && span.end <= mention.span.end);
            let word = token.text(text);
            let colour = match token.kind {
                TokenKind::Word if before == "@" => Some(Colour::Label),
                TokenKind::Word => match here {
                    Some(mention) => Some(of(mention)),
                    None => self.of_word(word, token.first),
                },
                TokenKind::Number | TokenKind::BadNumber => Some(Colour::Number),
                TokenKind::Text | TokenKind::OpenText | TokenKind::DeepText => Some(Colour::Text),
                TokenKind::Comment | TokenKind::ForeignComment | TokenKind::Doc => Some(Colour::Comment),
                TokenKind::Mark => Some(Colour::Mark),
                TokenKind::Open | TokenKind::Close | TokenKind::Stray => None,
            };
            let declares = here.is_some_and(|mention| mention.declares && mention.span == span);
            found.extend(colour.map(|colour| (span, colour, declares)));
            before = word;
        }
        found
    }

    fn of_word(&self, word: &str, first: bool) -> Option<Colour> {
        let own = WORDS.contains(&word)
            || words::item(word).is_some()
            || words::step(word).is_some()
            || matches!(
                word,
                "by" | "as" | "on" | "order" | "keep" | "within" | "returns" | "given" | "expect" | "when"
            )
            || matches!(
                word,
                "stream" | "table" | "objects" | "of" | "like" | "below" | "for" | "from" | "check"
            )
            || matches!(
                word,
                "allow" | "select" | "columns" | "where" | "clear" | "alarm" | "over" | "per" | "gap"
            );
        if own {
            return Some(Colour::Keyword);
        }
        if crate::check::settings::quantity::unit(word).is_some() {
            return Some(Colour::Number);
        }
        (!first).then_some(Colour::Value)
    }

    /// The columns that each step leaves where they are others than before, at the end of its first line.
    pub fn hints(&self, file: FileId) -> Vec<(u32, String)> {
        let Some(tree) = self.tree(file) else { return Vec::new() };
        let mut found = Vec::new();
        for item in &tree.items {
            let ItemKind::Transform(transform) = &item.kind else {
                continue;
            };
            let Some(typed) = self.typed(&transform.name.text) else {
                continue;
            };
            let mut before = typed.input_columns.as_slice();
            for ((_, span), step) in Self::steps(transform).zip(&typed.steps) {
                let new = step.columns.iter().filter(|column| !before.contains(column));
                let new: Vec<_> = new.map(|column| format!("{} : {}", column.name, column.ty)).collect();
                before = step.columns.as_slice();
                if new.is_empty() {
                    continue;
                }
                let more = new.len().saturating_sub(SHOWN);
                let mut text = new.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
                if more > 0 {
                    text += &format!(" and {more} more");
                }
                let line = super::hover::first_line(self.sources.text(span));
                found.push((span.start + line.len() as u32, text));
            }
        }
        found
    }
}

fn of(mention: &Mention) -> Colour {
    match &mention.symbol {
        Symbol::Item { kind, .. } => match kind.as_str() {
            "schema" | "enum" | "type" => Colour::Type,
            "class" => Colour::Label,
            "fn" => Colour::Function,
            _ => Colour::Item,
        },
        Symbol::Dataset { .. } => Colour::Dataset,
        Symbol::Column(_) => Colour::Column,
        Symbol::Local(_) => Colour::Local,
        Symbol::Variant { .. } => Colour::Variant,
        Symbol::Function(_) => Colour::Function,
        Symbol::Setting { .. } => Colour::Setting,
        Symbol::Choice { .. } | Symbol::Template { .. } => Colour::Value,
        Symbol::Type(_) => Colour::Type,
        Symbol::File(_) => Colour::Text,
    }
}
