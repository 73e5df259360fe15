//! One item's text laid out for the grammar: same bytes at the same places, but only what the grammar needs.
//!
//! Comments become space, a line break stays only where it ends an entry, and what cannot be read becomes
//! [`BROKEN`], so that the grammar needs no state and every place in it is a place in the author's file.

use crate::base::{FileId, Span};
use crate::diag::{Code, Diagnostic, Diagnostics};

use super::brackets::{Repairs, bound_depth, repair};
use super::habits;
use super::slices::Slice;
use super::tokens::{Token, TokenKind};

/// Stands for a byte of what could not be read.
pub const BROKEN: u8 = 1;

/// An item ready for the grammar.
#[derive(Debug)]
pub struct Laid {
    /// Where it starts in the file.
    pub start: usize,
    /// Its end in the file, without what was added to close brackets.
    pub end: usize,
    /// Its text.
    pub text: String,
    /// Whether it cannot be read at all; that was said.
    pub hopeless: bool,
    /// Whether nothing had to be said of its characters and brackets.
    pub sound: bool,
}

/// Lays an item out, and says what is wrong with its characters and brackets.
pub fn lay_out(file: FileId, text: &str, slice: &Slice<'_>, diagnostics: &mut Diagnostics) -> Laid {
    let tokens = slice.tokens;
    let start = tokens.first().map_or(0, |token| token.start);
    let end = tokens.last().map_or(start, |token| token.end);
    let said = diagnostics.count();
    for token in tokens.iter().filter(|token| token.kind.is_wrong()) {
        complain(file, text, *token, diagnostics);
    }
    let far = far_units(text, tokens);
    for (number, unit) in &far {
        diagnostics.push(far_unit(
            Span::new(file, number.start, unit.end),
            number.text(text),
            unit.text(text),
        ));
    }
    let mut repairs = repair(file, text, tokens, diagnostics);
    let starts = entry_starts(text, tokens, &repairs);
    bound_depth(file, text, tokens, &starts, &mut repairs, diagnostics);
    let mut page = Page {
        text,
        start,
        bytes: text.get(start..end).unwrap_or("").as_bytes().to_vec(),
    };
    // The item's documentation and its word say by which rule the rest is read.
    let head = tokens
        .iter()
        .position(|token| token.kind != TokenKind::Doc)
        .unwrap_or(0);
    let mut behind = tokens.get(head).map_or(start, |head| head.end);
    for (index, token) in tokens.iter().enumerate().skip(head + 1) {
        page.fill(behind, token.start, b' ');
        if repairs.dropped.contains(&index) {
            page.fill(token.start, token.end, b' ');
        } else {
            page.print(*token);
        }
        behind = token.end;
    }
    page.break_lines(tokens, &starts);
    page.fill(start, tokens.get(head).map_or(start, |head| head.end), b' ');
    for names in hyphenated(text, tokens, head) {
        page.join(names, file, diagnostics);
    }
    if let Some(last) = tokens.last().filter(|last| last.text(text) == ";") {
        diagnostics.push(habits::semicolon(Span::new(file, last.start, last.end)));
        page.fill(last.start, last.end, b' ');
    }
    for (number, unit) in far.iter().chain(&units_behind(text, tokens, TokenKind::BadNumber)) {
        page.fill(number.start, unit.end, BROKEN);
    }
    page.mend(tokens, &repairs);
    Laid {
        start,
        end,
        text: String::from_utf8(page.bytes)
            .unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned()),
        hopeless: repairs.hopeless,
        sound: diagnostics.count() == said,
    }
}

struct Page<'a> {
    text: &'a str,
    start: usize,
    bytes: Vec<u8>,
}

impl Page<'_> {
    fn put(&mut self, at: usize, byte: u8) {
        if let Some(place) = at.checked_sub(self.start).and_then(|at| self.bytes.get_mut(at)) {
            *place = byte;
        }
    }

    fn fill(&mut self, start: usize, end: usize, byte: u8) {
        let place = start.saturating_sub(self.start)..end.saturating_sub(self.start);
        if let Some(place) = self.bytes.get_mut(place) {
            place.fill(byte);
        }
    }

    /// What the grammar reads of a token, in the place of what was written.
    fn print(&mut self, token: Token) {
        match token.kind {
            TokenKind::Stray if habits::readable(token.text(self.text)).is_some() => {
                let readable = habits::readable(token.text(self.text)).unwrap_or_default();
                self.fill(token.start, token.end, b' ');
                for (offset, byte) in readable.into_bytes().into_iter().enumerate() {
                    self.put(token.start + offset, byte);
                }
            }
            TokenKind::Stray | TokenKind::BadNumber | TokenKind::OpenText | TokenKind::DeepText => {
                self.fill(token.start, token.end, BROKEN);
            }
            TokenKind::Comment | TokenKind::ForeignComment => self.fill(token.start, token.end, b' '),
            TokenKind::Text | TokenKind::Doc => {
                let place = token.start - self.start..token.end - self.start;
                let place = self.bytes.get_mut(place).unwrap_or(&mut []);
                for byte in place.iter_mut().filter(|byte| matches!(**byte, 0 | BROKEN)) {
                    *byte = b'?';
                }
            }
            TokenKind::Word | TokenKind::Number | TokenKind::Mark | TokenKind::Open | TokenKind::Close => {}
        }
    }

    /// Reads `user-id` as one name.
    fn join(&mut self, (start, end): (usize, usize), file: FileId, diagnostics: &mut Diagnostics) {
        let written = self.text.get(start..end).unwrap_or("");
        diagnostics.push(habits::hyphens(Span::new(file, start, end), written));
        for (at, byte) in written.bytes().enumerate() {
            self.put(start + at, if byte == b'-' { b'_' } else { byte });
        }
    }

    /// Puts a line break where one ends an entry.
    fn break_lines(&mut self, tokens: &[Token], starts: &[bool]) {
        let pairs = tokens.iter().zip(tokens.iter().zip(starts).skip(1));
        for (last, (token, _)) in pairs.filter(|(_, (_, starts))| **starts) {
            let gap = self.text.get(last.end..token.start).unwrap_or("");
            self.put(gap.find('\n').map_or(last.end, |at| last.end + at), b'\n');
        }
    }

    /// Closes what was left open, and blots out what cannot be read.
    fn mend(&mut self, tokens: &[Token], repairs: &Repairs) {
        for (from, to) in &repairs.broken {
            if let (Some(from), Some(to)) = (tokens.get(*from), tokens.get(*to)) {
                self.fill(from.start, to.end, BROKEN);
            }
        }
        for before in &repairs.openers {
            if let Some(last) = before.checked_sub(1).and_then(|at| tokens.get(at)) {
                self.put(last.end, b'{');
            }
        }
        for (before, close) in &repairs.closers {
            self.close_before(tokens, *before, *close);
        }
    }

    fn close_before(&mut self, tokens: &[Token], before: usize, close: char) {
        let Some(next) = tokens.get(before) else {
            self.bytes.extend([b'\n', close as u8]);
            return;
        };
        let from = before
            .checked_sub(1)
            .and_then(|at| tokens.get(at))
            .map_or(next.start, |last| last.end);
        let gap = from.saturating_sub(self.start)..next.start.saturating_sub(self.start);
        let blank = self.bytes.get(gap.clone()).unwrap_or(&[]);
        let free = blank.iter().position(|byte| *byte == b' ').map(|at| gap.start + at);
        // The line break of the gap moves behind the bracket: `own⏎··volume` is read as `own}⏎·volume`.
        let line_break = blank.iter().position(|byte| *byte == b'\n').map(|at| gap.start + at);
        match (line_break, free) {
            (Some(line_break), Some(free)) if free > line_break => {
                self.put(self.start + line_break, close as u8);
                self.put(self.start + free, b'\n');
            }
            (_, Some(free)) => self.put(self.start + free, close as u8),
            (Some(line_break), None) => self.put(self.start + line_break, close as u8),
            (None, None) => {}
        }
    }
}

/// Of each token whether it stands behind a line break that ends an entry.
pub fn entry_starts(text: &str, tokens: &[Token], repairs: &Repairs) -> Vec<bool> {
    let mut frames = vec![Frame::default()];
    let mut starts = Vec::with_capacity(tokens.len());
    let mut closed: Vec<usize> = repairs.closers.iter().map(|(before, _)| *before).collect();
    closed.sort_unstable_by(|a, b| b.cmp(a));
    for (index, token) in tokens.iter().enumerate() {
        while closed.pop_if(|before| *before <= index).is_some() {
            frames.pop();
        }
        let (before, after) = (tokens.get(..index).unwrap_or(&[]), tokens.get(index..).unwrap_or(&[]));
        let frame = frames.last().copied().unwrap_or_default();
        let start = index > 0 && token.first && ends_entry(text, before, after, frame);
        starts.push(start);
        match token.kind {
            TokenKind::Open => frames.push(Frame {
                call: token.text(text) == "(",
                ..Frame::default()
            }),
            TokenKind::Close if !repairs.dropped.contains(&index) => {
                frames.pop();
            }
            kind => {
                if let Some(frame) = frames.last_mut() {
                    let mark = if kind == TokenKind::Mark { token.text(text) } else { "" };
                    frame.angle(mark, before, text, start);
                }
            }
        }
    }
    starts
}

fn ends_entry(text: &str, before: &[Token], after: &[Token], frame: Frame) -> bool {
    let documents = |token: Option<&Token>| token.is_some_and(|token| token.kind == TokenKind::Doc);
    if documents(before.last()) || documents(after.first()) {
        return true;
    }
    let goes_on = continues_after(before, text) && !frame.closes_type || continues_with(after, text);
    !frame.call && (starts_entry(after, text) || !goes_on)
}

/// What is known of an open bracket while line breaks are decided.
#[derive(Clone, Copy, Debug, Default)]
struct Frame {
    /// `( )`, in which line breaks are space.
    call: bool,
    /// How many `list<` and `map<` are open.
    angles: usize,
    /// Whether the last token is the `>` of a type: `codes : list<string>`.
    closes_type: bool,
}

impl Frame {
    /// Takes the next token; `mark` is empty where it is none.
    fn angle(&mut self, mark: &str, before: &[Token], text: &str, start: bool) {
        if start || matches!(mark, "=" | ";") {
            self.angles = 0;
        }
        self.closes_type = mark == ">" && self.angles > 0;
        match mark {
            "<" => {
                let head = before.last().map_or("", |head| head.text(text));
                self.angles += usize::from(self.angles > 0 || habits::takes_types(head));
            }
            ">" => self.angles = self.angles.saturating_sub(1),
            _ => {}
        }
    }
}

fn is_infix_word(word: &str) -> bool {
    matches!(
        word,
        "AND" | "OR" | "and" | "or" | "in" | "is" | "like" | "matches" | "between" | "then" | "else"
    )
}

/// Whether a token can be the end of an operand, so that a word behind it may be an operator.
fn ends_operand(token: &Token, text: &str) -> bool {
    match token.kind {
        TokenKind::Mark => matches!(token.text(text), "?" | "*"),
        TokenKind::Open | TokenKind::Doc | TokenKind::Comment => false,
        TokenKind::Word => !matches!(token.text(text), "by" | "as" | "drop" | "select" | "rename" | "on"),
        _ => true,
    }
}

/// Whether an entry goes on behind these tokens: an infix operator, a comma or an opening bracket stands last.
fn continues_after(before: &[Token], text: &str) -> bool {
    let Some((last, rest)) = before.split_last() else {
        return false;
    };
    let operand = rest.last().is_some_and(|token| ends_operand(token, text));
    let word = last.text(text);
    match last.kind {
        TokenKind::Open => true,
        // The `else` of `expect` is no part of an `if`.
        TokenKind::Word if matches!(word, "then" | "else") => {
            let line = rest.iter().rev().take_while(|token| token.line == last.line);
            operand && line.into_iter().any(|token| matches!(token.text(text), "if" | "then"))
        }
        TokenKind::Word => operand && is_infix_word(word),
        // `curated.*` and the `*` of `on *` are no operators.
        TokenKind::Mark if word == "*" => operand,
        TokenKind::Mark => !matches!(word, "?" | "." | ";" | "@" | "|"),
        _ => false,
    }
}

/// Whether a line that starts with these tokens goes on with the entry before.
fn continues_with(after: &[Token], text: &str) -> bool {
    let word = |at: usize| after.get(at).map_or("", |token| token.text(text));
    let Some(first) = after.first() else { return false };
    match (first.kind, word(0)) {
        (TokenKind::Word, "not") => matches!(word(1), "in" | "between" | "like" | "matches"),
        (TokenKind::Word, "else") => !matches!(word(1), "->" | ":" | "," | "." | "}" | "]"),
        (TokenKind::Word, first) => is_infix_word(first) && !matches!(word(1), ":" | "," | "." | "}" | "]"),
        (TokenKind::Mark, mark) => !matches!(mark, "-" | "@" | "?" | "," | ";" | ":" | "." | "=" | "|"),
        _ => false,
    }
}

/// A word and a single `=`: an entry, even `in = 1`.
fn starts_entry(after: &[Token], text: &str) -> bool {
    let is_word = after.first().is_some_and(|token| token.kind == TokenKind::Word);
    is_word && after.get(1).is_some_and(|token| token.text(text) == "=")
}

/// Names with hyphens in them, where only a name can stand: in an item's first line, before `=` and `:`, and behind
/// words that a name follows. In an expression `a-b` is a difference.
fn hyphenated(text: &str, tokens: &[Token], head: usize) -> Vec<(usize, usize)> {
    let word = |at: usize| tokens.get(at).map_or("", |token| token.text(text));
    let is_word = |at: usize| tokens.get(at).is_some_and(|token| token.kind == TokenKind::Word);
    let is_hyphen = |at: usize| {
        let mark = tokens.get(at).filter(|token| token.kind == TokenKind::Mark);
        mark.is_some_and(|mark| mark.text(text) == "-")
    };
    let touches = |at: usize| {
        let pair = tokens.get(at).zip(tokens.get(at + 1));
        pair.is_some_and(|(left, right)| left.end == right.start)
    };
    let header = matches!(word(head), "param" | "fn" | "type")
        .then_some(head + 2)
        .or_else(|| tokens.iter().position(|token| token.kind == TokenKind::Open))
        .unwrap_or(tokens.len());
    let (mut names, mut at) = (Vec::new(), head + 1);
    while at < tokens.len() {
        let mut end = at;
        while is_word(end) && is_hyphen(end + 1) && is_word(end + 2) && touches(end) && touches(end + 1) {
            end += 2;
        }
        if end > at {
            let before = word(at - 1);
            let named = at < header || matches!(word(end + 1), ":" | "=") || matches!(before, "of" | "as" | "union");
            if let (true, Some(first), Some(last)) = (named, tokens.get(at), tokens.get(end)) {
                names.push((first.start, last.end));
            }
        }
        at = end + 1;
    }
    names
}

/// Numbers with their units too far behind them: `24   hours`.
fn far_units(text: &str, tokens: &[Token]) -> Vec<(Token, Token)> {
    let mut pairs = units_behind(text, tokens, TokenKind::Number);
    pairs.retain(|(number, unit)| !matches!(text.get(number.end..unit.start).unwrap_or(""), "" | " "));
    pairs
}

/// Numbers of a kind, each with the unit behind it.
fn units_behind(text: &str, tokens: &[Token], kind: TokenKind) -> Vec<(Token, Token)> {
    const UNITS: [&str; 24] = [
        "ms", "s", "min", "second", "minute", "hour", "hours", "day", "days", "week", "weeks", "month", "year",
        "years", "B", "KiB", "MiB", "GiB", "TiB", "USD", "percent", "times", "seconds", "minutes",
    ];
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    let is_unit = |unit: &Token| unit.kind == TokenKind::Word && !unit.first;
    let measured =
        |(number, unit): &(&Token, &Token)| number.kind == kind && is_unit(unit) && UNITS.contains(&unit.text(text));
    pairs.filter(measured).map(|(number, unit)| (*number, *unit)).collect()
}

fn far_unit(span: Span, number: &str, unit: &str) -> Diagnostic {
    Diagnostic::new(
        Code::NUMBER,
        span,
        format!("`{number}` and its unit `{unit}` stand too far apart"),
    )
    .found("more than one space between them")
    .help(format!("write `{number} {unit}`"))
    .fix(format!("write `{number} {unit}`"), span, format!("{number} {unit}"))
}

/// Says what is wrong with a token by itself.
fn complain(file: FileId, text: &str, token: Token, diagnostics: &mut Diagnostics) {
    let span = Span::new(file, token.start, token.end);
    let written = token.text(text);
    let diagnostic = match token.kind {
        TokenKind::BadNumber => bad_number(span, written),
        TokenKind::OpenText => Diagnostic::new(
            Code::UNCLOSED,
            Span::new(file, token.start, token.start + 1),
            "a text is never closed",
        )
        .found("opened here")
        .help(if written.starts_with("\"\"\"") {
            "close it with `\"\"\"`"
        } else {
            "close it with `\"` on the same line"
        }),
        TokenKind::DeepText => Diagnostic::new(Code::TOO_DEEP, span, "an expression in a text is too long")
            .found("too long, or too deep")
            .help("give it a name of its own in a `derive`, and write the name here"),
        TokenKind::Stray => habits::stray(span, written),
        _ => return,
    };
    diagnostics.push(diagnostic);
}

fn bad_number(span: Span, written: &str) -> Diagnostic {
    let help = if written.contains(['e', 'E', 'x', 'X']) && !written.starts_with("0_") {
        "write all digits: `1_000_000`, `0.001`"
    } else {
        "digits, single `_` between them, at most one `.` with digits on both sides: `1_000`, `3.14`"
    };
    Diagnostic::new(Code::NUMBER, span, format!("`{written}` is not a number"))
        .found("not a number")
        .help(help)
}
