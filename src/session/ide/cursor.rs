//! Where the cursor stands in text that may be half typed: in which item, which brackets, which entry. By tokens alone.

use crate::base::Span;
use crate::syntax::ast::{self, ItemKind};
use crate::syntax::tokens::{Token, TokenKind, scan};

use super::settings::{Owner, slots};
use super::{Context, Place, words};

/// What stands between two brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// No brackets yet: the head of an item.
    Head,
    /// Settings that something declares.
    Settings(Owner),
    /// Values of a setting: a list.
    Values(Owner, String),
    /// Arguments of a variant that is written as a call: `cron("…", zone: "UTC")`.
    Arguments(Owner),
    /// The steps of a transform.
    Steps,
    /// `NAME = EXPR` of a `group`, `window` or `pivot`.
    Bindings,
    /// The branches of a `route`.
    Branches,
    /// The fields of a schema or struct.
    Fields,
    /// The clauses of a test.
    Test,
    /// The rows of a test: what they are of.
    Rows(String),
    /// `{ column: value }` of those.
    Row(String),
    /// The columns that an `allow` names.
    AllowColumns,
    /// The arguments of a function.
    Call(String),
    /// Any expression.
    Expr,
    /// Nothing that is known.
    Other,
}

/// A bracket that is open at the cursor.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) room: Room,
    /// The token that opened it; none for the head.
    pub(super) open: Option<usize>,
    /// The first token of the entry that the cursor is in.
    pub(super) entry: usize,
}

/// The place of the cursor.
pub(super) struct Cursor<'t> {
    /// The file's text.
    pub(super) text: &'t str,
    /// The word that is being typed; may be empty.
    pub(super) prefix: Span,
    /// Whether that word is the first of its line.
    pub(super) first: bool,
    /// The text token that the cursor is in.
    pub(super) within: Option<Token>,
    /// The tokens of the item before that word.
    pub(super) tokens: Vec<Token>,
    /// The word that the item starts with; none between items.
    pub(super) keyword: Option<&'t str>,
    /// The open brackets, outermost first.
    pub(super) frames: Vec<Frame>,
}

impl<'t> Cursor<'t> {
    /// The cursor at a place; nothing inside of comments.
    pub(super) fn new(context: &Context<'t>, place: Place) -> Option<Self> {
        let text: &'t str = &context.sources.get(place.file).text;
        let at = place.offset as usize;
        let all = scan(text);
        let under = all.iter().find(|token| token.start < at && at <= token.end).copied();
        let (mut start, mut within) = (at, None);
        if let Some(token) = under {
            match token.kind {
                TokenKind::Word => start = token.start,
                TokenKind::Text if at < token.end => within = Some(token),
                TokenKind::OpenText | TokenKind::DeepText => within = Some(token),
                TokenKind::Comment | TokenKind::ForeignComment | TokenKind::Doc => return None,
                _ => {}
            }
        }
        if let Some(token) = within {
            start = token.start;
        }
        let before = text.get(..start)?;
        let line = before.rsplit('\n').next().unwrap_or("");
        let mut cursor = Cursor {
            text,
            prefix: Span::new(place.file, start, at),
            first: line.trim().is_empty() && within.is_none(),
            within,
            tokens: Vec::new(),
            keyword: None,
            frames: Vec::new(),
        };
        let is_item = |token: &Token| token.first && token.indent == 0 && words::item(token.text(text)).is_some();
        let code = |token: &&Token| !token.is_comment() && token.kind != TokenKind::Doc && token.end <= start;
        let before: Vec<Token> = all.iter().filter(code).copied().collect();
        let at_margin = cursor.first && line.is_empty();
        let from = before.iter().rposition(is_item).filter(|_| !at_margin);
        if let Some(from) = from {
            cursor.tokens = before.get(from..).unwrap_or(&[]).to_vec();
            cursor.keyword = cursor.tokens.first().map(|token| token.text(text));
        }
        cursor.open(context);
        Some(cursor)
    }

    /// The text of a token of the item.
    pub(super) fn word(&self, at: usize) -> &'t str {
        self.tokens.get(at).map_or("", |token| token.text(self.text))
    }

    /// The innermost bracket.
    pub(super) fn frame(&self) -> Frame {
        self.frames.last().cloned().unwrap_or(Frame {
            room: Room::Head,
            open: None,
            entry: 0,
        })
    }

    /// The tokens of the entry that the cursor is in, as text.
    pub(super) fn entry(&self) -> Vec<&'t str> {
        let from = self.frame().entry;
        let tokens = self.tokens.get(from..).unwrap_or(&[]);
        tokens.iter().map(|token| token.text(self.text)).collect()
    }

    /// The token before the word that is being typed.
    pub(super) fn last(&self) -> &'t str {
        self.tokens.last().map_or("", |token| token.text(self.text))
    }

    /// The token before that.
    pub(super) fn before_last(&self) -> &'t str {
        let at = self.tokens.len().checked_sub(2);
        at.map_or("", |at| self.word(at))
    }

    /// The step that the cursor is in: its word, and the words behind it.
    pub(super) fn step(&self) -> Option<(&'t str, Vec<&'t str>)> {
        let frame = self.frames.iter().rev().find(|frame| frame.room == Room::Steps)?;
        let (word, rest) = self.tokens.get(frame.entry..)?.split_first()?;
        let word = word.text(self.text);
        words::step(word)?;
        Some((word, rest.iter().map(|token| token.text(self.text)).collect()))
    }

    /// Finds the open brackets.
    fn open(&mut self, context: &Context<'t>) {
        let mut frames = vec![Frame {
            room: Room::Head,
            open: None,
            entry: 1,
        }];
        for at in 0..self.tokens.len() {
            let Some(token) = self.tokens.get(at).copied() else {
                continue;
            };
            match token.kind {
                TokenKind::Open => {
                    let room = self.room(context, frames.last(), at);
                    frames.push(Frame {
                        room,
                        open: Some(at),
                        entry: at + 1,
                    });
                }
                TokenKind::Close if frames.len() > 1 => {
                    frames.pop();
                }
                _ => {
                    if let Some(frame) = frames.last_mut() {
                        if token.text(self.text) == "," {
                            if frame.room != Room::Steps {
                                frame.entry = at + 1;
                            }
                        } else if token.first && self.starts_entry(&frame.room, at) {
                            frame.entry = at;
                        }
                    }
                }
            }
        }
        let end = self.tokens.len();
        if let Some(frame) = frames.last_mut()
            && self.first
            && frame.open.is_some()
            && frame.room != Room::Steps
        {
            frame.entry = end;
        }
        self.frames = frames;
    }

    fn starts_entry(&self, room: &Room, at: usize) -> bool {
        match room {
            Room::Steps => {
                let word = self.word(at);
                words::step(word).is_some() && self.word(at + 1) != "=" || {
                    // A setting stands before the steps.
                    let before = self.tokens.get(..at).unwrap_or(&[]);
                    let stepped = before
                        .iter()
                        .any(|token| token.first && words::step(token.text(self.text)).is_some());
                    self.word(at + 1) == "=" && !stepped
                }
            }
            Room::Head => false,
            _ => true,
        }
    }

    /// What stands behind the bracket at a token.
    fn room(&self, context: &Context<'t>, parent: Option<&Frame>, at: usize) -> Room {
        let Some(parent) = parent else { return Room::Other };
        let before = at.checked_sub(1).map_or("", |at| self.word(at));
        let open = self.word(at);
        let keyword = self.keyword.unwrap_or("");
        if before == "struct" {
            return Room::Fields;
        }
        match (&parent.room, open) {
            (Room::Head, "{") => match keyword {
                "schema" => Room::Fields,
                "transform" => Room::Steps,
                "test" => Room::Test,
                "enum" | "fn" | "type" | "param" => Room::Other,
                kind => Room::Settings(Owner::item(kind)),
            },
            (Room::Settings(owner), _) => self.in_setting(context, owner, self.word(parent.entry), open, before),
            (Room::Values(owner, key), _) => self.in_setting(context, owner, key, open, before),
            (Room::Steps, "{") => match self.word(parent.entry) {
                "group" | "window" | "pivot" => Room::Bindings,
                "route" => Room::Branches,
                "run" => Room::Settings(Owner::choice("transform.run", self.word(parent.entry + 1))),
                word if words::step(word).is_none() => {
                    self.in_setting(context, &Owner::item("transform"), word, open, before)
                }
                _ => Room::Expr,
            },
            (Room::Test, "[") => match self.word(parent.entry) {
                "given" => {
                    let end = at.saturating_sub(1);
                    let path: Vec<_> = (parent.entry + 1..end).map(|at| self.word(at)).collect();
                    Room::Rows(path.concat())
                }
                _ => Room::Rows(String::new()),
            },
            (Room::Rows(of), "{") => Room::Row(of.clone()),
            (_, "(") if before.starts_with(|c: char| c.is_ascii_alphabetic()) => Room::Call(before.to_owned()),
            (Room::Head, _) => Room::Other,
            (Room::Fields, "{") => Room::Other,
            _ => Room::Expr,
        }
    }

    fn in_setting(&self, context: &Context<'t>, owner: &Owner, key: &str, open: &str, before: &str) -> Room {
        if key == "allow" && open == "[" {
            return Room::AllowColumns;
        }
        let declared = owner.declared(context).and_then(|declared| declared.setting(key));
        let slot = declared
            .and_then(|setting| slots(setting).find(|slot| context.declarations.variant(slot, before).is_some()));
        match (slot, open) {
            (Some(slot), "{") => Room::Settings(Owner::choice(&slot, before)),
            (Some(slot), "(") => Room::Arguments(Owner::choice(&slot, before)),
            (_, "[") => Room::Values(owner.clone(), key.to_owned()),
            (_, "(") => Room::Call(before.to_owned()),
            // `3 times { first = 30 s }`: the word before is a unit.
            _ => {
                let all = declared.into_iter().flat_map(slots);
                let only: Vec<_> = all
                    .filter(|slot| context.declarations.variants(slot).len() == 1)
                    .collect();
                match only
                    .first()
                    .and_then(|slot| Some((slot, context.declarations.variants(slot).first()?)))
                {
                    Some((slot, variant)) => Room::Settings(Owner::choice(slot, &variant.name)),
                    None => Room::Other,
                }
            }
        }
    }

    /// The transform that the cursor is in, with the steps before the one that is being typed.
    pub(super) fn transform(&self) -> Option<ast::Transform> {
        if self.keyword != Some("transform") {
            return None;
        }
        let body = self.frames.iter().position(|frame| frame.room == Room::Steps);
        let end = match body.and_then(|at| self.frames.get(at)) {
            Some(frame) if self.first && self.frames.last().is_some_and(|last| last.room == Room::Steps) => {
                let _ = frame;
                self.prefix.start as usize
            }
            Some(frame) => match self.tokens.get(frame.entry) {
                Some(token) => token.start,
                None => self.prefix.start as usize,
            },
            None => return None,
        };
        let start = self.tokens.first()?.start;
        let mut cut = " ".repeat(start);
        cut += self.text.get(start..end)?;
        cut += "\n}";
        let tree = crate::syntax::parse(self.prefix.file, &cut, &mut crate::diag::Diagnostics::default());
        tree.items.into_iter().find_map(|item| match item.kind {
            ItemKind::Transform(transform) => Some(transform),
            _ => None,
        })
    }
}
