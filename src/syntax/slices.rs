//! A file's tokens cut into items: an item starts in column 0, and nothing else does.
//!
//! It knows the words that start items, and brackets, and no more of the grammar.

use crate::base::suggest;

use super::heads::{ITEM_WORDS, is_item_word};
use super::tokens::{Token, TokenKind};

/// The tokens of one item.
#[derive(Clone, Debug)]
pub struct Slice {
    /// Its tokens, comments left out.
    pub tokens: Vec<Token>,
    /// Tokens in column 0 that belong to an entry of the item, and so are wrongly there.
    pub misplaced: Vec<Token>,
    /// Whether its first word stands further right than column 0.
    pub indented: bool,
}

/// Cuts tokens into items.
pub fn slices(text: &str, tokens: &[Token]) -> Vec<Slice> {
    let mut cutter = Cutter {
        text,
        slices: Vec::new(),
        depth: 0,
        head: false,
    };
    let tokens: Vec<Token> = tokens.iter().filter(|token| !token.is_comment()).copied().collect();
    let mut next_code = vec![tokens.len(); tokens.len()];
    for at in (1..tokens.len()).rev() {
        let after = next_code.get(at).copied().unwrap_or(at);
        let code = tokens.get(at).is_some_and(|token| token.kind != TokenKind::Doc);
        if let Some(place) = next_code.get_mut(at - 1) {
            *place = if code { at } else { after };
        }
    }
    for (token, next) in tokens.iter().zip(next_code) {
        cutter.take(*token, tokens.get(next..).unwrap_or(&[]));
    }
    cutter.slices
}

struct Cutter<'a> {
    text: &'a str,
    slices: Vec<Slice>,
    /// Open brackets of the current slice.
    depth: usize,
    /// Whether the current slice has only documentation so far.
    head: bool,
}

impl Cutter<'_> {
    /// Takes a token; `next` starts with the next one that is no documentation.
    fn take(&mut self, token: Token, next: &[Token]) {
        if self.starts_item(token, next) {
            self.slices.push(Slice {
                tokens: Vec::new(),
                misplaced: Vec::new(),
                indented: token.indent > 0,
            });
            self.depth = 0;
            self.head = true;
        } else if token.first
            && token.indent == 0
            && token.kind != TokenKind::Close
            && self.depth > 0
            && let Some(slice) = self.slices.last_mut()
        {
            slice.misplaced.push(token);
        }
        if token.kind != TokenKind::Doc {
            if self.head
                && token.first
                && token.indent > 0
                && let Some(slice) = self.slices.last_mut()
            {
                slice.indented = true;
            }
            self.head = false;
        }
        match token.kind {
            TokenKind::Open => self.depth += 1,
            TokenKind::Close => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if let Some(slice) = self.slices.last_mut() {
            slice.tokens.push(token);
        }
    }

    fn starts_item(&self, token: Token, next: &[Token]) -> bool {
        if self.slices.is_empty() {
            return true;
        }
        if self.head || !token.first {
            return false;
        }
        if token.indent > 0 {
            return self.depth == 0 && self.is_indented_item(token, next);
        }
        match token.kind {
            TokenKind::Close => false,
            _ if self.depth == 0 => !self.goes_on(token),
            TokenKind::Doc => next
                .split_first()
                .is_some_and(|(t, behind)| t.indent == 0 && self.heads(*t, behind)),
            _ => self.heads(token, next),
        }
    }

    /// Inside of open brackets: whether a word in column 0 is rather the next item than a misplaced entry.
    fn heads(&self, token: Token, next: &[Token]) -> bool {
        let word = token.text(self.text);
        let follows = next.first().map_or("", |t| t.text(self.text));
        let entry = matches!(follows, "=" | ":" | "," | "." | "}" | "]" | ")");
        let named = follows.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '"');
        let near = || named && word.len() > 3 && suggest(word, ITEM_WORDS).is_some();
        token.kind == TokenKind::Word && !entry && (is_item_word(word) || near())
    }

    /// An item's word at the start of an indented line, outside of all brackets.
    fn is_indented_item(&self, token: Token, next: &[Token]) -> bool {
        match token.kind {
            // Documentation of an entry whose block was closed too early starts no item.
            TokenKind::Doc => next
                .split_first()
                .is_some_and(|(t, behind)| self.is_indented_item(*t, behind)),
            _ => is_item_word(token.text(self.text)) && !self.awaits_more() && self.heads(token, next),
        }
    }

    /// Whether the item so far ends with a mark that something must follow: the `=` of a function.
    fn awaits_more(&self) -> bool {
        let last = self.slices.last().and_then(|slice| slice.tokens.last());
        last.is_some_and(|last| last.kind == TokenKind::Mark && !matches!(last.text(self.text), "*" | "?" | ">" | ";"))
    }

    /// Whether a line in column 0 outside of brackets goes on with the item before: `= expr` of a function.
    fn goes_on(&self, token: Token) -> bool {
        token.kind == TokenKind::Mark || token.kind == TokenKind::Open
    }
}
