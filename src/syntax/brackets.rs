//! Brackets of one item: pairs them, closes what was never closed, and bounds how deep they nest.
//!
//! What comes out is safe for a recursive parser: balanced, and not too deep. It knows no grammar.

use std::collections::BTreeSet;

use crate::base::{FileId, Span};
use crate::diag::{Code, Diagnostic, Diagnostics};

use super::tokens::{Token, TokenKind};

/// How deep brackets may nest.
pub const DEPTH_LIMIT: usize = 48;
/// How many operators, calls and brackets may stand around a value.
const WEIGHT_LIMIT: usize = 256;
/// How many words that open an expression to their right may stand around a value.
const PREFIX_LIMIT: usize = 48;
/// How many unclosed brackets of one item are reported.
const REPORT_LIMIT: usize = 5;

/// What is to be done to an item's tokens so that its brackets are in order.
#[derive(Debug, Default)]
pub struct Repairs {
    /// Closing brackets to be put before the token with this index (its length: behind the last).
    pub closers: Vec<(usize, char)>,
    /// Opening braces to be put before the token with this index.
    pub openers: Vec<usize>,
    /// Tokens that are to be left out.
    pub dropped: BTreeSet<usize>,
    /// Ranges of tokens, both ends in, that are one thing that cannot be read.
    pub broken: Vec<(usize, usize)>,
    /// Whether the item cannot be read at all.
    pub hopeless: bool,
}

struct Opener {
    token: Token,
    indent: u32,
    close: &'static str,
}

/// Looks at an item's brackets and says what is wrong with them.
pub fn repair(file: FileId, text: &str, tokens: &[Token], diagnostics: &mut Diagnostics) -> Repairs {
    let mut repairs = Repairs::default();
    if !balanced(text, tokens) {
        if let Some(diagnostic) = surplus(file, text, tokens, &mut repairs) {
            diagnostics.push(diagnostic);
            return repairs;
        }
        Repairer {
            file,
            text,
            tokens,
            stack: Vec::new(),
            open: [0; 3],
            doubts: 0,
            repairs: &mut repairs,
            diagnostics,
            said: 0,
        }
        .run();
    }
    repairs
}

fn closer_of(open: &str) -> &'static str {
    match open {
        "{" => "}",
        "[" => "]",
        _ => ")",
    }
}

fn kind_of(close: &str) -> usize {
    match close {
        "}" => 0,
        "]" => 1,
        _ => 2,
    }
}

fn balanced(text: &str, tokens: &[Token]) -> bool {
    let mut stack = Vec::new();
    for token in tokens {
        match token.kind {
            TokenKind::Open => stack.push(closer_of(token.text(text))),
            TokenKind::Close if stack.pop() != Some(token.text(text)) => return false,
            _ => {}
        }
    }
    stack.is_empty()
}

/// One closer too many, found by how lines are indented: the one at the end of a line that takes the place of the closer
/// of its block, or else the one whose opener was lost.
fn surplus(file: FileId, text: &str, tokens: &[Token], repairs: &mut Repairs) -> Option<Diagnostic> {
    let pairs = pairs(text, tokens)?;
    let span = |token: &Token| Span::new(file, token.start, token.end);
    let indent = |at: usize| {
        let line = tokens.get(at).map(|token| token.line);
        let first = tokens
            .iter()
            .take(at + 1)
            .rev()
            .take_while(|token| Some(token.line) == line)
            .last();
        first.map_or(0, |token| token.indent)
    };
    let mut astray = pairs.iter().filter(|(open, close)| {
        let (open, close) = (tokens.get(*open), tokens.get(*close));
        open.zip(close)
            .is_some_and(|(open, close)| open.line < close.line && !close.first)
    });
    if let Some((_, close)) = astray.find(|(_, close)| mends(text, tokens, *close)) {
        let token = tokens.get(*close)?;
        repairs.dropped.insert(*close);
        let message = format!("`{}` closes nothing", token.text(text));
        let diagnostic = Diagnostic::new(Code::UNCLOSED, span(token), message)
            .found("the lines below still belong to what it would close")
            .help("remove it");
        return Some(diagnostic.fix("remove it", span(token), ""));
    }
    let lost = pairs
        .iter()
        .filter(|(open, close)| tokens.get(*close).is_some_and(|close| close.first) && indent(*open) < indent(*close));
    let (_, close) = lost.min_by_key(|(_, close)| *close)?;
    let token = tokens.get(*close)?;
    // The line that the block belongs to: the last one above that is indented like its closer.
    let before = tokens.get(..*close)?;
    let head = before
        .iter()
        .rposition(|t| t.first && t.indent == token.indent && t.kind != TokenKind::Close)?;
    let line = tokens.get(head)?.line;
    let last = before.iter().rfind(|t| t.line == line)?;
    if before
        .iter()
        .any(|t| t.line > line && t.indent <= token.indent && t.first)
        || !mends(text, tokens, *close)
    {
        return None;
    }
    repairs.dropped.insert(*close);
    let open = match token.text(text) {
        "}" => "{",
        "]" => "[",
        _ => "(",
    };
    let diagnostic = Diagnostic::new(Code::UNCLOSED, span(last).after(), format!("`{open}` is missing here"))
        .found("a block of lines follows")
        .label(span(token), "this closes it");
    Some(diagnostic.help(format!("write `{open}`")).fix(
        format!("write `{open}`"),
        span(last).after(),
        format!(" {open}"),
    ))
}

/// Each opener and its closer, where there is exactly one closer too many and all others have their form.
fn pairs(text: &str, tokens: &[Token]) -> Option<Vec<(usize, usize)>> {
    let (mut stack, mut pairs, mut over) = (Vec::new(), Vec::new(), 0);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => stack.push((at, closer_of(token.text(text)))),
            TokenKind::Close => match stack.pop() {
                Some((open, close)) if close == token.text(text) => pairs.push((open, at)),
                Some(_) => return None,
                None => over += 1,
            },
            _ => {}
        }
    }
    (over == 1 && stack.is_empty()).then_some(pairs)
}

/// Whether all brackets are in order without this one.
fn mends(text: &str, tokens: &[Token], without: usize) -> bool {
    let rest: Vec<_> = (0..)
        .zip(tokens)
        .filter(|(at, _)| *at != without)
        .map(|(_, token)| *token)
        .collect();
    balanced(text, &rest)
}

struct Repairer<'a> {
    file: FileId,
    text: &'a str,
    tokens: &'a [Token],
    stack: Vec<Opener>,
    /// How many of the open brackets wait for `}`, `]` and `)`.
    open: [usize; 3],
    /// How many braces were looked at for standing twice.
    doubts: usize,
    repairs: &'a mut Repairs,
    diagnostics: &'a mut Diagnostics,
    said: usize,
}

impl Repairer<'_> {
    fn run(&mut self) {
        let mut indent = 0;
        for (index, token) in self.tokens.iter().enumerate() {
            if token.first {
                indent = token.indent;
            }
            if token.kind == TokenKind::Close && self.wrong_closer(index, *token) {
                continue;
            }
            if self.doubled(index, *token) {
                continue;
            }
            if token.first {
                self.dedent(index, *token);
            }
            match token.kind {
                TokenKind::Open => self.open(*token, indent),
                TokenKind::Close => self.close(index, *token),
                _ => {}
            }
        }
        if self.stack.len() > DEPTH_LIMIT {
            // That they nest too deep is said; that none of them is closed goes without saying.
            self.said = REPORT_LIMIT;
        }
        while let Some(opener) = self.pop() {
            self.unclosed(&opener, self.tokens.len());
        }
    }

    fn open(&mut self, token: Token, indent: u32) {
        let close = closer_of(token.text(self.text));
        if let Some(count) = self.open.get_mut(kind_of(close)) {
            *count += 1;
        }
        self.stack.push(Opener { token, indent, close });
    }

    fn pop(&mut self) -> Option<Opener> {
        let opener = self.stack.pop()?;
        if let Some(count) = self.open.get_mut(kind_of(opener.close)) {
            *count -= 1;
        }
        Some(opener)
    }

    /// A closer of another form than what is open, where leaving it out, or writing the right one, mends all that
    /// follows: `given rows = [ { a: 1 } } ]`, `retain = (30 days]`. Says so, and whether that was it.
    fn wrong_closer(&mut self, index: usize, token: Token) -> bool {
        let written = token.text(self.text);
        let Some(opener) = self.stack.last().filter(|opener| opener.close != written) else {
            return false;
        };
        if self.said >= REPORT_LIMIT {
            return false;
        }
        let (open, close) = (opener.token, opener.close);
        if self.balanced_behind(index, self.stack.len()) {
            self.repairs.dropped.insert(index);
            self.closes_nothing(token);
            return true;
        }
        if !self.balanced_behind(index, self.stack.len() - 1) {
            return false;
        }
        self.pop();
        self.repairs.dropped.insert(index);
        self.repairs.closers.push((index, close.chars().next().unwrap_or(')')));
        let span = self.span(token);
        let message = format!("`{written}` cannot close `{}`", open.text(self.text));
        self.report(
            Diagnostic::new(Code::UNCLOSED, span, message)
                .found(format!("`{close}` is expected"))
                .label(self.span(open), "opened here")
                .help(format!("write `{close}`"))
                .fix(format!("write `{close}`"), span, close),
        );
        true
    }

    /// A `{` right behind another, without which all that follows is in order. Says so, and whether that was it.
    fn doubled(&mut self, index: usize, token: Token) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.tokens.get(before));
        let twice = token.text(self.text) == "{" && before.is_some_and(|before| before.text(self.text) == "{");
        if !twice || self.said >= REPORT_LIMIT || self.doubts >= REPORT_LIMIT {
            return false;
        }
        self.doubts += 1;
        if !self.balanced_behind(index, self.stack.len()) {
            return false;
        }
        self.repairs.dropped.insert(index);
        let span = self.span(token);
        self.report(
            Diagnostic::new(Code::UNCLOSED, span, "`{` stands twice")
                .found("the second is never closed")
                .help("remove one of them")
                .fix("remove it", span, ""),
        );
        true
    }

    /// Whether everything behind a token closes the lower `height` of the open brackets, and nothing else.
    fn balanced_behind(&self, index: usize, height: usize) -> bool {
        let mut stack: Vec<&str> = self.stack.iter().take(height).map(|opener| opener.close).collect();
        for token in self.tokens.get(index + 1..).unwrap_or(&[]) {
            match token.kind {
                TokenKind::Open => stack.push(closer_of(token.text(self.text))),
                TokenKind::Close if stack.pop() != Some(token.text(self.text)) => return false,
                _ => {}
            }
        }
        stack.is_empty()
    }

    /// A line that stands no further right than the line of an open bracket shows that its closer is missing:
    /// `from = kinesis { stream = own` above `volume = …`.
    fn dedent(&mut self, index: usize, token: Token) {
        while let Some(opener) = self.stack.last() {
            let closes = token.kind == TokenKind::Close && token.text(self.text) == opener.close;
            let goes_on = token.indent > opener.indent || opener.token.line == token.line;
            if goes_on || closes && token.indent == opener.indent || self.stack.len() == 1 && token.indent > 0 {
                return;
            }
            if closes && self.stack.len() == 1 {
                return;
            }
            let Some(opener) = self.pop() else { return };
            self.unclosed(&opener, index);
        }
    }

    fn close(&mut self, index: usize, token: Token) {
        let written = token.text(self.text);
        if self.open.get(kind_of(written)) == Some(&0) {
            if written == "}" && self.stack.is_empty() && self.said == 0 && self.never_opened(index, token) {
                return;
            }
            self.repairs.dropped.insert(index);
            self.closes_nothing(token);
            return;
        }
        while let Some(opener) = self.pop() {
            if opener.close == written {
                return;
            }
            self.unclosed(&opener, index);
        }
    }

    /// A bracket without its closer, which is put before the token at `before`; a `(` ends with its line.
    fn unclosed(&mut self, opener: &Opener, before: usize) {
        let next_line = self.tokens.partition_point(|token| token.line <= opener.token.line);
        let place = if opener.close == ")" {
            before.min(next_line)
        } else {
            before
        };
        let close = opener.close.chars().next().unwrap_or(')');
        self.repairs.closers.push((place, close));
        let open = opener.token.text(self.text);
        let message = format!("`{open}` is never closed");
        let help = format!("close it with `{}`", opener.close);
        let (start, last) = (
            opener.token,
            place.checked_sub(1).and_then(|last| self.tokens.get(last)),
        );
        let diagnostic = match last.filter(|last| last.line > start.line) {
            // Where the closer is missing is nearer to the mistake than a head that may be a screen above it.
            Some(last) => Diagnostic::new(Code::UNCLOSED, self.span(*last).after(), message)
                .found(format!("`{}` is expected behind this", opener.close))
                .label(self.span(start), "opened here"),
            None => Diagnostic::new(Code::UNCLOSED, self.span(start), message).found("opened here"),
        };
        self.report(diagnostic.help(help));
    }

    /// A `}` whose `{` is missing: at the end of the line that stands as far left as the `}`, or, on the line of the `}`,
    /// before the first `name =` that nothing separates from what stands before it. Says so, and whether it was found.
    fn never_opened(&mut self, index: usize, close: Token) -> bool {
        let before = self.tokens.get(..index).unwrap_or(&[]);
        let place = if close.first {
            let head = before
                .iter()
                .rposition(|token| token.first && token.indent <= close.indent && token.kind != TokenKind::Doc);
            head.and_then(|head| {
                let behind = before.iter().skip(head + 1).position(|token| token.first)?;
                Some(head + 1 + behind)
            })
        } else {
            self.unopened_entry(index)
        };
        let pair = place.and_then(|at| Some((at, *self.tokens.get(at.checked_sub(1)?)?, *self.tokens.get(at)?)));
        let Some((at, last, next)) = pair else { return false };
        let deeper = !close.first || next.indent > close.indent;
        if !deeper || last.end == next.start || matches!(last.kind, TokenKind::Open | TokenKind::Close) && close.first {
            return false;
        }
        self.repairs.openers.push(at);
        let message = match next.first {
            true => "`{` is missing at the end of this line".to_owned(),
            false => format!("`{{` is missing before `{}`", next.text(self.text)),
        };
        let span = if next.first {
            self.span(last).after()
        } else {
            self.span(next)
        };
        let place = Span::new(self.file, last.end, last.end);
        self.report(
            Diagnostic::new(Code::UNCLOSED, span, message)
                .found("`{` is expected")
                .label(self.span(close), "this closes nothing")
                .help("write `{`")
                .fix("write `{`", place, " {"),
        );
        true
    }

    /// On the line of a token, the first `name =` that follows an operand.
    fn unopened_entry(&self, index: usize) -> Option<usize> {
        let line = self.tokens.get(index)?.line;
        let start = self.tokens.partition_point(|token| token.line < line);
        (start + 2..index).find(|at| {
            let kind = |at: usize| self.tokens.get(at).map(|token| token.kind);
            let operand = [TokenKind::Word, TokenKind::Number, TokenKind::Text, TokenKind::Close];
            kind(*at) == Some(TokenKind::Word)
                && kind(at - 1).is_some_and(|kind| operand.contains(&kind))
                && self.tokens.get(at + 1).is_some_and(|next| next.text(self.text) == "=")
        })
    }

    fn closes_nothing(&mut self, token: Token) {
        let span = self.span(token);
        let message = format!("`{}` closes nothing", token.text(self.text));
        self.report(
            Diagnostic::new(Code::UNCLOSED, span, message)
                .found("no bracket is open here")
                .help("remove it")
                .fix("remove it", span, ""),
        );
    }

    fn span(&self, token: Token) -> Span {
        Span::new(self.file, token.start, token.end)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.said += 1;
        if self.said <= REPORT_LIMIT {
            self.diagnostics.push(diagnostic);
        }
    }
}

/// What stands around a place: one open bracket, and how much was written in it since the last separator.
#[derive(Default)]
struct Level {
    weight: usize,
    prefixes: usize,
}

/// Blots out what nests too deep; `starts` says of each token whether it starts an entry.
pub fn bound_depth(
    file: FileId,
    text: &str,
    tokens: &[Token],
    starts: &[bool],
    repairs: &mut Repairs,
    diagnostics: &mut Diagnostics,
) {
    let mut levels = vec![Level::default()];
    let mut skip_from: Option<(usize, usize)> = None;
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some((from, at_depth)) = skip_from {
            if depth < at_depth {
                repairs.broken.push((from, index));
                skip_from = None;
            }
            continue;
        }
        if starts.get(index).copied().unwrap_or(false)
            && let Some(level) = levels.last_mut()
        {
            *level = Level::default();
        }
        match token.kind {
            TokenKind::Open if depth > DEPTH_LIMIT => {
                too_deep(
                    file,
                    *token,
                    format!("brackets nest deeper than {DEPTH_LIMIT}"),
                    diagnostics,
                );
                skip_from = Some((index, depth));
                continue;
            }
            TokenKind::Open => {
                weigh(&mut levels, 1, 0);
                levels.push(Level::default());
            }
            TokenKind::Close if levels.len() > 1 => {
                levels.pop();
            }
            _ => separate_or_weigh(token, text, &mut levels),
        }
        let weight: usize = levels.iter().map(|level| level.weight).sum();
        let prefixes: usize = levels.iter().map(|level| level.prefixes).sum();
        if weight > WEIGHT_LIMIT || prefixes + levels.len() > PREFIX_LIMIT + DEPTH_LIMIT / 2 {
            too_deep(
                file,
                *token,
                "the expression is too long to be one".to_owned(),
                diagnostics,
            );
            repairs.hopeless = true;
            return;
        }
    }
    if let Some((from, _)) = skip_from {
        repairs.broken.push((from, tokens.len().saturating_sub(1)));
    }
    // What was closed for the author and what is blotted out would overlap.
    repairs.hopeless |= !repairs.broken.is_empty() && !repairs.closers.is_empty();
}

fn weigh(levels: &mut [Level], weight: usize, prefixes: usize) {
    if let Some(level) = levels.last_mut() {
        level.weight += weight;
        level.prefixes += prefixes;
    }
}

/// Counts what makes a tree deeper; a separator, or a line that starts a new entry, starts anew.
fn separate_or_weigh(token: &Token, text: &str, levels: &mut [Level]) {
    let written = token.text(text);
    let separator = matches!(written, "," | ";") || token.kind == TokenKind::Doc;
    if (separator || written == "=")
        && let Some(level) = levels.last_mut()
    {
        *level = Level::default();
    }
    match (token.kind, written) {
        (TokenKind::Mark, "," | ";" | ":" | "=" | "@") => {}
        (TokenKind::Mark, "=>") => weigh(levels, 1, 1),
        (TokenKind::Mark, "<") => weigh(levels, 1, 1),
        (TokenKind::Mark, _) => weigh(levels, 1, 0),
        (TokenKind::Word, "if" | "else" | "match") => weigh(levels, 1, 1),
        (TokenKind::Word, "and" | "or" | "not" | "in" | "is" | "like" | "matches" | "between" | "of" | "for") => {
            weigh(levels, 1, 0);
        }
        _ => {}
    }
}

fn too_deep(file: FileId, token: Token, message: String, diagnostics: &mut Diagnostics) {
    let span = Span::new(file, token.start, token.end);
    let diagnostic = Diagnostic::new(Code::TOO_DEEP, span, message)
        .found("the limit is reached here")
        .help("give a part of it a name of its own, in a `derive` or a `fn`");
    diagnostics.push(diagnostic);
}
