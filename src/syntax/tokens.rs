//! Text to tokens: the flat view of a file that layout and the formatter work on.
//!
//! It knows characters and nothing of the grammar; every byte that is not space belongs to exactly one token.

use super::habits::QUOTES;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or keyword.
    Word,
    /// A number that is written well.
    Number,
    /// A number that is not: `1__0`, `12e5`, `3.`.
    BadNumber,
    /// A whole text with its quotes and everything between them.
    Text,
    /// A text whose end is missing: to the end of its line.
    OpenText,
    /// A text with an expression inside that is too long to be read safely.
    DeepText,
    /// An operator or other mark.
    Mark,
    /// `{`, `[`, `(`
    Open,
    /// `}`, `]`, `)`
    Close,
    /// `/// …`, without its end of line.
    Doc,
    /// `// …`, without its end of line.
    Comment,
    /// `/* … */`, `# …`, `-- …`: a comment of other languages.
    ForeignComment,
    /// A character that stands nowhere in the language.
    Stray,
}

impl TokenKind {
    /// Whether a token of this kind is a mistake by itself.
    pub(super) fn is_wrong(self) -> bool {
        use TokenKind::{BadNumber, DeepText, OpenText, Stray};
        matches!(self, BadNumber | OpenText | DeepText | Stray)
    }

    /// Whether a token of this kind may hold line breaks.
    fn spans_lines(self) -> bool {
        use TokenKind::{DeepText, ForeignComment, OpenText, Stray, Text};
        matches!(self, Text | OpenText | DeepText | ForeignComment | Stray)
    }
}

/// A token and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Whether nothing but space stands before it on its line.
    pub first: bool,
    /// Its column, from 0, in bytes, where it is the first of its line.
    pub indent: u32,
    /// Its line, from 0.
    pub line: u32,
}

impl Token {
    /// Its text.
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or("")
    }

    /// Whether it is a comment of any form but `///`.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, TokenKind::Comment | TokenKind::ForeignComment)
    }
}

/// How many tokens one `${ }` may hold.
const INTERPOLATION_LIMIT: usize = 128;

/// How many bytes a token and the space behind it take in most files.
const TOKEN_BYTES: usize = 4;

/// All tokens of a text, in order.
pub fn scan(text: &str) -> Vec<Token> {
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        line: 0,
        line_start: 0,
        first: true,
        tokens: Vec::with_capacity(text.len() / TOKEN_BYTES),
        // Looking for what is not there is much faster from the front.
        comment_ends: text.contains("*/").then(|| text.rfind("*/")).flatten(),
    };
    scanner.run();
    scanner.tokens
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    first: bool,
    tokens: Vec<Token>,
    /// Where the last block comment can end.
    comment_ends: Option<usize>,
}

impl Scanner<'_> {
    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.at = 3;
            self.line_start = 3;
        }
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                    self.first = true;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                _ => self.token(byte),
            }
        }
    }

    fn token(&mut self, byte: u8) {
        let start = self.at;
        let (kind, end) = self.measure(byte);
        let end = end.max(start + 1).min(self.text.len());
        self.tokens.push(Token {
            kind,
            start,
            end,
            first: self.first,
            indent: (start - self.line_start) as u32,
            line: self.line,
        });
        self.first = false;
        if kind.spans_lines() {
            let inside = self.bytes.get(start..end).unwrap_or(&[]);
            if let Some(last) = inside.iter().rposition(|byte| *byte == b'\n') {
                self.line += inside.iter().filter(|byte| **byte == b'\n').count() as u32;
                self.line_start = start + last + 1;
            }
        }
        self.at = end;
    }

    /// The kind of the token that starts here, and its end.
    fn measure(&self, byte: u8) -> (TokenKind, usize) {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or(&[]);
        match byte {
            b'/' if rest.starts_with(b"///") => (TokenKind::Doc, self.line_end(start)),
            b'/' if rest.starts_with(b"//") => (TokenKind::Comment, self.line_end(start)),
            b'/' if rest.starts_with(b"/*") => (TokenKind::ForeignComment, self.block_comment_end(start)),
            b'#' => (TokenKind::ForeignComment, self.line_end(start)),
            b'-' if self.is_sql_comment(start, rest) => (TokenKind::ForeignComment, self.line_end(start)),
            b'"' => self.text_token(start),
            b'{' | b'[' | b'(' => (TokenKind::Open, start + 1),
            b'}' | b']' | b')' => (TokenKind::Close, start + 1),
            b'0'..=b'9' => self.number(start),
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => (TokenKind::Word, self.word_end(start)),
            _ => self.mark(start, rest),
        }
    }

    fn mark(&self, start: usize, rest: &[u8]) -> (TokenKind, usize) {
        match rest {
            [b'&', b'&', ..] | [b'|', b'|', ..] | [b'<', b'>', ..] => return (TokenKind::Stray, start + 2),
            [b'?', b'?', ..] | [b'=' | b'!' | b'<' | b'>', b'=', ..] | [b'.', b'.', ..] | [b'-' | b'=', b'>', ..] => {
                return (TokenKind::Mark, start + 2);
            }
            _ => {}
        }
        if rest.first().is_some_and(|byte| b"+-*/%<>=.:,;?@|".contains(byte)) {
            return (TokenKind::Mark, start + 1);
        }
        let width = self
            .text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(1, char::len_utf8);
        (TokenKind::Stray, self.foreign_text_end(start).unwrap_or(start + width))
    }

    /// `-- said`, but not `a --b`.
    fn is_sql_comment(&self, start: usize, rest: &[u8]) -> bool {
        let spaced = self.first || self.bytes.get(start.wrapping_sub(1)) == Some(&b' ');
        let behind = rest.get(2).copied().unwrap_or(b'\n');
        spaced && rest.starts_with(b"--") && matches!(behind, b' ' | b'\t' | b'\r' | b'\n')
    }

    fn line_end(&self, start: usize) -> usize {
        let rest = self.bytes.get(start..).unwrap_or(&[]);
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.bytes.len(), |at| start + at);
        let line = self.text.get(start..end).unwrap_or("");
        start + line.trim_end().len()
    }

    fn block_comment_end(&self, start: usize) -> usize {
        let ends = self.comment_ends.is_some_and(|end| end >= start + 2);
        let rest = if ends { self.text.get(start..).unwrap_or("") } else { "" };
        rest.find("*/")
            .map_or_else(|| self.line_end(start), |at| start + at + 2)
    }

    fn word_end(&self, start: usize) -> usize {
        let rest = self.bytes.get(start..).unwrap_or(&[]);
        let length = rest
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
        start + length.unwrap_or(rest.len())
    }

    /// A number, and a unit without a space behind it stays a word of its own: `10min` is two tokens.
    fn number(&self, start: usize) -> (TokenKind, usize) {
        let byte = |at: usize| self.bytes.get(at).copied().unwrap_or(b' ');
        let digits = |mut at: usize| {
            while byte(at).is_ascii_digit() || byte(at) == b'_' {
                at += 1;
            }
            at
        };
        let mut end = digits(start);
        if byte(end) == b'.' && byte(end + 1).is_ascii_digit() {
            end = digits(end + 1);
        }
        let written = self.text.get(start..end).unwrap_or("");
        let tail = self.word_end(end);
        let unit = self.text.get(end..tail).unwrap_or("");
        let good_unit = unit.bytes().all(|byte| byte.is_ascii_alphabetic());
        let apart = || !written.ends_with('_') && !written.contains("__") && !written.contains("_.");
        let good = good_unit && (written.bytes().all(|byte| byte != b'_') || apart());
        let open_end = byte(end) == b'.' && !(byte(end + 1) == b'.' || byte(end + 1).is_ascii_alphabetic());
        match (good, open_end) {
            (true, false) => (TokenKind::Number, end),
            (true, true) => (TokenKind::BadNumber, end + 1),
            (false, _) => (TokenKind::BadNumber, tail),
        }
    }

    fn text_token(&self, start: usize) -> (TokenKind, usize) {
        match text_end(self.bytes, start, 0) {
            TextEnd::At(end) => (TokenKind::Text, end),
            TextEnd::Missing => (TokenKind::OpenText, self.open_text_end(start)),
            TextEnd::TooDeep => (TokenKind::DeepText, self.line_end(start)),
        }
    }
}

impl Scanner<'_> {
    /// The end of a text that is never closed: its line's, but for the closers of what its line opened before it, so
    /// that `aws { region = "eu-west-1 }` lacks a quote and no brace.
    fn open_text_end(&self, start: usize) -> usize {
        let mut open = 0usize;
        for token in self.tokens.iter().rev().take_while(|token| token.line == self.line) {
            match token.kind {
                TokenKind::Open => open += 1,
                TokenKind::Close => open = open.saturating_sub(1),
                _ => {}
            }
        }
        let mut end = self.line_end(start);
        while open > 0 && end > start + 1 {
            let line = self.text.get(start..end).unwrap_or("").trim_end();
            let Some(rest) = line.strip_suffix(['}', ']', ')']) else {
                break;
            };
            end = start + rest.trim_end().len();
            open -= 1;
        }
        end.max(start + 1)
    }

    /// A text in quotes of another kind, `“…”`, as one stray thing.
    fn foreign_text_end(&self, start: usize) -> Option<usize> {
        let first = self.text.get(start..)?.chars().next().filter(|c| QUOTES.contains(c))?;
        let line = self.text.get(start..self.line_end(start))?;
        let rest = line.get(first.len_utf8()..)?;
        let (at, last) = rest.char_indices().find(|(_, c)| QUOTES.contains(c))?;
        Some(start + first.len_utf8() + at + last.len_utf8())
    }
}

enum TextEnd {
    At(usize),
    Missing,
    TooDeep,
}

/// Where the text that starts at a quote ends; expressions inside may hold texts of their own.
fn text_end(bytes: &[u8], start: usize, depth: usize) -> TextEnd {
    let at = |at: usize| bytes.get(at).copied();
    let long = bytes.get(start..).is_some_and(|rest| rest.starts_with(b"\"\"\""));
    let mut here = start + if long { 3 } else { 1 };
    while let Some(byte) = at(here) {
        match byte {
            b'\n' if !long => return TextEnd::Missing,
            b'\\' if at(here + 1) == Some(b'\n') && !long => return TextEnd::Missing,
            b'\\' => here += 2,
            b'"' if !long => return TextEnd::At(here + 1),
            b'"' if at(here + 1) == Some(b'"') && at(here + 2) == Some(b'"') => return TextEnd::At(here + 3),
            b'$' if at(here + 1) == Some(b'{') => match interpolation_end(bytes, here + 2, long, depth) {
                TextEnd::At(end) => here = end,
                other => return other,
            },
            _ => here += 1,
        }
    }
    TextEnd::Missing
}

/// One past the `}` of a `${` whose inside starts at `start`.
fn interpolation_end(bytes: &[u8], start: usize, long: bool, depth: usize) -> TextEnd {
    let (mut here, mut open, mut tokens, mut in_word) = (start, 0usize, 0usize, false);
    while let Some(byte) = bytes.get(here).copied() {
        let word = byte.is_ascii_alphanumeric() || byte == b'_';
        if !(byte == b' ' || word && in_word) {
            tokens += 1;
        }
        in_word = word;
        if tokens > INTERPOLATION_LIMIT {
            return TextEnd::TooDeep;
        }
        match byte {
            b'\n' if !long => return TextEnd::Missing,
            b'"' if depth >= 4 => return TextEnd::TooDeep,
            b'"' => match text_end(bytes, here, depth + 1) {
                TextEnd::At(end) => {
                    here = end;
                    continue;
                }
                other => return other,
            },
            b'{' | b'(' | b'[' => open += 1,
            b'}' if open == 0 => return TextEnd::At(here + 1),
            b'}' | b')' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        here += 1;
    }
    TextEnd::Missing
}
