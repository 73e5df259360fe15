//! A file's tokens cut into items: an item starts in column 0, and nothing else does.
//!
//! It knows the words that start items, and brackets, and no more of the grammar.

use crate::base::suggest;

use super::heads::{ITEM_WORDS, is_item_word};
use super::tokens::{Token, TokenKind};

/// The tokens of one item.
#[derive(Clone, Debug)]
pub struct Slice<'t> {
    /// Its tokens.
    pub tokens: &'t [Token],
    /// Tokens in column 0 that belong to an entry of the item, and so are wrongly there.
    pub misplaced: Vec<Token>,
    /// Whether its first word stands further right than column 0.
    pub indented: bool,
}

/// Cuts tokens into items; there are no comments among them.
pub fn slices<'t>(text: &str, tokens: &'t [Token]) -> Vec<Slice<'t>> {
    let mut cutter = Cutter {
        text,
        tokens,
        slices: Vec::new(),
        starts: Vec::new(),
        depth: 0,
        head: false,
    };
    let is_doc = |at: usize| tokens.get(at).is_some_and(|token| token.kind == TokenKind::Doc);
    let mut next = 0;
    for at in 0..tokens.len() {
        if next <= at {
            next = at + 1;
            while is_doc(next) {
                next += 1;
            }
        }
        cutter.take(at, tokens.get(next..).unwrap_or(&[]));
    }
    cutter.slices()
}

struct Cutter<'a, 't> {
    text: &'a str,
    tokens: &'t [Token],
    /// The slices so far, without their tokens.
    slices: Vec<Slice<'t>>,
    /// Where each of them starts.
    starts: Vec<usize>,
    /// Open brackets of the current slice.
    depth: usize,
    /// Whether the current slice has only documentation so far.
    head: bool,
}

impl<'t> Cutter<'_, 't> {
    /// The slices with their tokens.
    fn slices(self) -> Vec<Slice<'t>> {
        let tokens = self.tokens;
        let ends = self.starts.iter().skip(1).copied().chain([tokens.len()]);
        let ranges = self.starts.iter().zip(ends);
        let whole = |(slice, (start, end)): (Slice<'t>, (&usize, usize))| Slice {
            tokens: tokens.get(*start..end).unwrap_or(&[]),
            ..slice
        };
        self.slices.into_iter().zip(ranges).map(whole).collect()
    }

    /// Takes the token at a place; `next` starts with the next one that is no documentation.
    fn take(&mut self, at: usize, next: &[Token]) {
        let Some(token) = self.tokens.get(at).copied() else {
            return;
        };
        if self.starts_item(at, token, next) {
            self.starts.push(at);
            self.slices.push(Slice {
                tokens: &[],
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
    }

    fn starts_item(&self, at: usize, token: Token, next: &[Token]) -> bool {
        if self.slices.is_empty() {
            return true;
        }
        if self.head || !token.first {
            return false;
        }
        if token.indent > 0 {
            return self.depth == 0 && self.is_indented_item(at, token, next);
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
    fn is_indented_item(&self, at: usize, token: Token, next: &[Token]) -> bool {
        match token.kind {
            // Documentation of an entry whose block was closed too early starts no item.
            TokenKind::Doc => next
                .split_first()
                .is_some_and(|(t, behind)| self.is_indented_item(at, *t, behind)),
            _ => is_item_word(token.text(self.text)) && !self.awaits_more(at) && self.heads(token, next),
        }
    }

    /// Whether the item before a token ends with a mark that something must follow: the `=` of a function.
    fn awaits_more(&self, at: usize) -> bool {
        let last = at.checked_sub(1).and_then(|last| self.tokens.get(last));
        last.is_some_and(|last| last.kind == TokenKind::Mark && !matches!(last.text(self.text), "*" | "?" | ">" | ";"))
    }

    /// Whether a line in column 0 outside of brackets goes on with the item before: `= expr` of a function.
    fn goes_on(&self, token: Token) -> bool {
        token.kind == TokenKind::Mark || token.kind == TokenKind::Open
    }
}
