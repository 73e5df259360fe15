//! What can be kept of an item whose head cannot be read: its kind, its name, and what stands in its block.

use pest::Parser;

use super::super::ast::{BadItem, Entry, ItemKind, Name};
use super::super::grammar::{Grammar, Rule};
use super::super::tokens::{Token, TokenKind, scan};
use super::Builder;

impl Builder<'_> {
    /// The item as far as it can be read, behind what was said of its head.
    pub(super) fn salvage(&mut self, keyword: Name) -> ItemKind {
        let text = &self.laid.text;
        let tokens = scan(text);
        let name = tokens.first().filter(|token| token.kind == TokenKind::Word);
        let name = name.map(|name| Name {
            text: name.text(text).to_owned(),
            span: self.place(name.start, name.end),
        });
        let entries = match last_block(text, &tokens) {
            Some(start) => self.salvaged_block(&keyword.text, start),
            None => Vec::new(),
        };
        ItemKind::Bad(BadItem {
            keyword: Some(keyword),
            name,
            entries,
        })
    }

    fn salvaged_block(&mut self, keyword: &str, start: usize) -> Vec<Entry> {
        let rule = match keyword {
            "transform" => Rule::transform_block,
            "access" => Rule::access_block,
            "monitor" => Rule::monitor_block,
            "test" => Rule::test_block,
            "schema" | "enum" | "item" | "variant" => return Vec::new(),
            _ => Rule::settings,
        };
        let laid = self.laid;
        let block = Grammar::parse(rule, laid.text.get(start..).unwrap_or(""));
        self.offset = start;
        let entries = block
            .ok()
            .and_then(|mut pairs| pairs.next())
            .map(|block| self.block(block));
        self.offset = 0;
        entries.unwrap_or_default()
    }
}

/// Where the last `{ … }` of an item starts that no bracket is around.
fn last_block(text: &str, tokens: &[Token]) -> Option<usize> {
    let mut depth = 0usize;
    let mut found = None;
    for token in tokens {
        match token.kind {
            TokenKind::Open => {
                if depth == 0 && token.text(text) == "{" {
                    found = Some(token.start);
                }
                depth += 1;
            }
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    found
}
