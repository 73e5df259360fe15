//! A file's lines: where each stands, what it is, and which of its pieces line up with those of its neighbours.

use crate::syntax::brackets::Repairs;
use crate::syntax::layout::entry_starts;
use crate::syntax::tokens::{Token, TokenKind, scan};

use super::spaces::Spacer;

/// A piece of a line: a token and the space before it.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Spaces before it.
    pub gap: usize,
    /// Spaces before it as the author wrote it.
    pub old_gap: usize,
    /// Its column as the author wrote it.
    pub old_column: usize,
    /// How many brackets of its own line are open around it.
    pub depth: usize,
    /// What it is.
    pub kind: TokenKind,
}

/// What a line is, for lining up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `name = value`
    Setting,
    /// `name : type …` of a schema
    Field,
    /// An item on one line, by its keyword.
    Item(String),
    /// A step of a transform.
    Step,
    /// A later entry of the `derive` or `select` above.
    Listed,
    /// `{ a: 1, b: 2 }` in a list, by its keys.
    Row(Vec<String>),
    /// A comment or documentation.
    Note,
    /// Documentation or a comment of a later entry of the `derive` or `select` above.
    ListedNote,
    /// Anything else.
    Other,
}

/// A line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whether the author left a blank line before it.
    pub blank_before: bool,
    /// Spaces before its first piece.
    pub indent: usize,
    /// Its pieces.
    pub pieces: Vec<Piece>,
    /// What it is.
    pub kind: Kind,
    /// Whether it is whole: no bracket stays open, and the next line does not go on with it.
    pub whole: bool,
    /// Pieces that line up with those of its neighbours.
    pub anchors: Vec<Option<usize>>,
    /// Which open bracket it stands in.
    pub frame: usize,
}

impl Line {
    /// Writes it.
    pub fn print(&self, out: &mut String) {
        out.extend(std::iter::repeat_n(' ', self.indent));
        for piece in &self.pieces {
            out.extend(std::iter::repeat_n(' ', piece.gap));
            out.push_str(&piece.text);
        }
    }

    /// How wide it is before a piece and the space in front of that.
    pub fn width_before(&self, piece: usize) -> usize {
        let before = self.pieces.iter().take(piece);
        self.indent
            + before
                .map(|piece| piece.gap + piece.text.chars().count())
                .sum::<usize>()
    }
}

#[derive(Clone, Copy)]
struct Frame {
    id: usize,
    open: char,
    indent: usize,
    /// The line that it was opened on.
    line: usize,
    /// Whether it holds the fields of a schema.
    fields: bool,
}

/// Cuts a text into lines.
pub fn lines(text: &str) -> Vec<Line> {
    let tokens = scan(text);
    let code: Vec<Token> = tokens.iter().filter(|token| !token.is_comment()).copied().collect();
    let flags = entry_starts(text, &code, &Repairs::default());
    let mut starts: Vec<usize> = code
        .iter()
        .zip(flags)
        .filter(|(_, starts)| *starts)
        .map(|(token, _)| token.start)
        .collect();
    starts.extend(code.first().map(|token| token.start));
    starts.sort_unstable();
    let mut liner = Liner {
        text,
        starts,
        frames: Vec::new(),
        next_frame: 1,
        lines: Vec::new(),
        list: None,
        spacer: Spacer::default(),
        last_code: None,
        last_unlisted: None,
        last_step: None,
    };
    let next_code = next_code(&tokens);
    let mut rest = tokens.as_slice();
    let mut end = 0;
    while let Some(first) = rest.first() {
        let length = rest
            .iter()
            .skip(1)
            .position(|token| token.first)
            .map_or(rest.len(), |at| at + 1);
        let (line, next) = rest.split_at(length);
        let blank = text
            .get(end..first.start)
            .unwrap_or("")
            .bytes()
            .filter(|byte| *byte == b'\n')
            .count()
            > 1;
        let code = next_code
            .get(tokens.len() - next.len())
            .copied()
            .unwrap_or(tokens.len());
        liner.line(line, tokens.get(code..).unwrap_or(&[]), blank);
        end = line.last().map_or(end, |token| token.end);
        rest = next;
    }
    liner.lines
}

/// For each token the first from it on that is no comment and no documentation.
fn next_code(tokens: &[Token]) -> Vec<usize> {
    let mut found = vec![tokens.len(); tokens.len() + 1];
    for at in (0..tokens.len()).rev() {
        let note = tokens
            .get(at)
            .is_none_or(|token| token.is_comment() || token.kind == TokenKind::Doc);
        let after = found.get(at + 1).copied().unwrap_or(at);
        if let Some(place) = found.get_mut(at) {
            *place = if note { after } else { at };
        }
    }
    found
}

struct Liner<'a> {
    text: &'a str,
    /// Starts of tokens that start an entry.
    starts: Vec<usize>,
    frames: Vec<Frame>,
    next_frame: usize,
    lines: Vec<Line>,
    /// The frame of the `derive` or `select` that later lines may go on with.
    list: Option<usize>,
    spacer: Spacer,
    /// The last line that is no comment or documentation.
    last_code: Option<usize>,
    /// The last line that is no documentation of a listed entry.
    last_unlisted: Option<usize>,
    /// The last step.
    last_step: Option<usize>,
}

impl Liner<'_> {
    fn word(&self, tokens: &[Token], at: usize) -> String {
        tokens.get(at).map_or("", |token| token.text(self.text)).to_owned()
    }

    /// Takes a line; `next` starts with the first token behind it that is no comment and no documentation.
    fn line(&mut self, tokens: &[Token], next: &[Token], blank: bool) {
        let closers = tokens.iter().take_while(|token| token.kind == TokenKind::Close).count();
        let outer = self.frames.len().saturating_sub(closers);
        let frame = self.frames.get(..outer).and_then(<[Frame]>::last).copied();
        let kind = self.kind(tokens, next, frame);
        let indent = match closers {
            0 => frame.map_or(0, |frame| frame.indent + 2) + if self.goes_on(tokens, &kind) { 2 } else { 0 },
            _ => self.frames.get(outer).map_or(0, |frame| frame.indent),
        };
        let after_open = self
            .lines
            .last()
            .is_some_and(|line| line.pieces.last().is_some_and(|piece| piece.kind == TokenKind::Open));
        let depth = self.frames.len();
        let pieces = self.pieces(tokens, indent, &kind);
        let open = self.frames.len() > depth - closers.min(depth);
        let continued = next
            .first()
            .is_some_and(|token| !self.starts_entry(token) && token.kind != TokenKind::Close);
        let mut line = Line {
            blank_before: blank && closers == 0 && !after_open,
            indent,
            whole: !open && (!continued || frame.is_some_and(|frame| frame.open == '(')),
            anchors: Vec::new(),
            frame: frame.map_or(0, |frame| frame.id),
            pieces,
            kind,
        };
        line.anchors = anchors(&line);
        let at = Some(self.lines.len());
        if !matches!(line.kind, Kind::Note | Kind::ListedNote) {
            self.last_code = at;
        }
        if line.kind != Kind::ListedNote {
            self.last_unlisted = at;
        }
        if line.kind == Kind::Step {
            self.last_step = at;
        }
        self.lines.push(line);
    }

    fn starts_entry(&self, token: &Token) -> bool {
        self.starts.binary_search(&token.start).is_ok()
    }

    /// Whether a line goes on with the entry above, outside of `( )`.
    fn goes_on(&self, tokens: &[Token], kind: &Kind) -> bool {
        let Some(first) = tokens.first() else { return false };
        let outer = self.frames.last().is_none_or(|frame| frame.open != '(');
        let after_open = self
            .lines
            .last()
            .is_some_and(|line| line.pieces.last().is_some_and(|piece| piece.kind == TokenKind::Open));
        let note = matches!(kind, Kind::Note | Kind::ListedNote);
        outer
            && !note
            && !after_open
            && !self.starts_entry(first)
            && first.kind != TokenKind::Close
            && !self.after_comma()
    }

    /// In a bracket, what follows a comma at the end of a line stands where the first entry does.
    fn after_comma(&self) -> bool {
        let last = self.last_code.and_then(|at| self.lines.get(at));
        let comma = last.and_then(|line| line.pieces.iter().rev().find(|piece| piece.kind != TokenKind::Comment));
        let bracket = self
            .frames
            .last()
            .is_some_and(|frame| frame.open == '[' || frame.line + 1 == self.lines.len());
        comma.is_some_and(|piece| piece.text == "," || piece.kind == TokenKind::Open) && bracket
    }

    fn kind(&mut self, tokens: &[Token], next: &[Token], frame: Option<Frame>) -> Kind {
        let Some(first) = tokens.first() else {
            return Kind::Other;
        };
        let here = frame.map_or(0, |frame| frame.id);
        let in_block = frame.is_some_and(|frame| frame.open == '{');
        if first.kind == TokenKind::Doc || first.is_comment() {
            return if self.is_listed(next, here) {
                Kind::ListedNote
            } else {
                Kind::Note
            };
        }
        if self.is_listed(tokens, here) {
            return Kind::Listed;
        }
        let (word, second) = (self.word(tokens, 0), self.word(tokens, 1));
        let entry = self.starts_entry(first) || self.lines.last().is_some_and(|line| line.frame != here);
        let step = in_block && entry && is_step(&word) && !matches!(second.as_str(), "=" | ":" | ".");
        if in_block || frame.is_none() {
            let lists = step && matches!(word.as_str(), "derive" | "select") && tokens.len() > 1;
            self.list = if lists {
                Some(here)
            } else {
                self.list.filter(|list| *list != here)
            };
        }
        match frame {
            _ if step => Kind::Step,
            None if first.kind == TokenKind::Word => Kind::Item(word),
            Some(frame) if frame.fields && second == ":" => Kind::Field,
            Some(frame) if frame.open == '[' && word == "{" => Kind::Row(row_keys(tokens, self.text)),
            Some(_) if in_block && entry && self.is_setting(tokens) => Kind::Setting,
            _ => Kind::Other,
        }
    }

    /// Whether a line is a later entry of the `derive` or `select` above: `name = …`, or what follows a comma.
    fn is_listed(&self, tokens: &[Token], frame: usize) -> bool {
        let Some(first) = tokens.first() else { return false };
        if self.list != Some(frame) || first.kind == TokenKind::Close {
            return false;
        }
        let binding = first.kind == TokenKind::Word && self.word(tokens, 1) == "=";
        let after_comma = self.last_unlisted.and_then(|at| self.lines.get(at));
        let after_comma = after_comma
            .and_then(|line| line.pieces.last())
            .is_some_and(|piece| piece.text == ",");
        let column = self.starts_entry(first) && !is_step(&self.word(tokens, 0)) && !binding && self.selects();
        binding || after_comma || column
    }

    /// Whether the list above is a `select`, whose entries need no `=`.
    fn selects(&self) -> bool {
        let step = self.last_step.and_then(|at| self.lines.get(at));
        step.and_then(|line| line.pieces.first())
            .is_some_and(|piece| piece.text == "select")
    }

    fn is_setting(&self, tokens: &[Token]) -> bool {
        let path = tokens
            .iter()
            .take_while(|token| token.kind == TokenKind::Word || token.text(self.text) == ".");
        self.word(tokens, path.count()) == "="
    }

    fn pieces(&mut self, tokens: &[Token], indent: usize, kind: &Kind) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut depth = 0usize;
        let mut column = tokens.first().map_or(0, |first| first.indent as usize);
        for (at, token) in tokens.iter().enumerate() {
            let text = token.text(self.text).trim_end().to_owned();
            let token_before = |steps: usize| at.checked_sub(steps).and_then(|before| tokens.get(before));
            let before = token_before(1);
            let gap = self
                .spacer
                .gap(self.text, (token_before(2), before), *token, tokens.get(at + 1));
            let old_gap = before.map_or(0, |before| token.start - before.end);
            let old_column = column + old_gap;
            column = old_column + text.chars().count();
            if token.kind == TokenKind::Close {
                depth = depth.saturating_sub(1);
                self.frames.pop();
            }
            pieces.push(Piece {
                gap,
                old_gap,
                old_column,
                text: text.clone(),
                depth,
                kind: token.kind,
            });
            if token.kind == TokenKind::Open {
                depth += 1;
                let schema = *kind == Kind::Item("schema".to_owned()) && self.frames.is_empty();
                let structure = before.is_some_and(|before| before.text(self.text) == "struct");
                self.frames.push(Frame {
                    id: self.next_frame,
                    open: text.chars().next().unwrap_or('('),
                    indent,
                    line: self.lines.len(),
                    fields: schema || structure,
                });
                self.next_frame += 1;
            }
        }
        pieces
    }
}

fn is_step(word: &str) -> bool {
    const STEPS: [&str; 19] = [
        "filter", "derive", "select", "drop", "rename", "explode", "dedupe", "join", "union", "group", "window",
        "session", "pivot", "unpivot", "sort", "take", "expect", "route", "run",
    ];
    STEPS.contains(&word)
}

fn row_keys(tokens: &[Token], text: &str) -> Vec<String> {
    let mut depth = 0usize;
    let mut keys = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 1 && tokens.get(at + 1).is_some_and(|next| next.text(text) == ":") => {
                keys.push(token.text(text).to_owned());
            }
            _ => {}
        }
    }
    keys
}

/// The pieces of a line that line up with its neighbours'.
fn anchors(line: &Line) -> Vec<Option<usize>> {
    let find = |text: &str| {
        line.pieces
            .iter()
            .position(|piece| piece.text == text && piece.depth == 0)
    };
    match &line.kind {
        Kind::Setting | Kind::Listed => vec![find("=")],
        Kind::Field => vec![find(":"), field_rest(line)],
        Kind::Step => vec![(line.pieces.len() > 1).then_some(1)],
        Kind::Item(_) => item_anchors(line),
        Kind::Row(_) => {
            let is_key = |at: &usize| {
                let text = |at: usize| line.pieces.get(at).map_or("", |piece| piece.text.as_str());
                line.pieces
                    .get(*at)
                    .is_some_and(|piece| piece.depth == 1 && piece.kind == TokenKind::Word)
                    && text(at + 1) == ":"
                    && text(at.saturating_sub(1)) == ","
            };
            (0..line.pieces.len()).filter(is_key).map(Some).collect()
        }
        _ => Vec::new(),
    }
}

/// The first label or the `check` behind a field's type; a default stays beside its type.
fn field_rest(line: &Line) -> Option<usize> {
    let starts = |text: &str| matches!(text, "@" | "check" | "=");
    let at = line
        .pieces
        .iter()
        .enumerate()
        .skip(3)
        .position(|(_, piece)| piece.depth == 0 && starts(&piece.text))?
        + 3;
    // A type with braces is too wide to push its neighbours' labels behind it.
    let braced = line
        .pieces
        .iter()
        .take(at)
        .any(|piece| piece.kind == TokenKind::Open && piece.text == "{");
    line.pieces
        .get(at)
        .filter(|piece| piece.text != "=" && !braced)
        .map(|_| at)
}

/// What follows an item's name, and the braces behind a `like`.
fn item_anchors(line: &Line) -> Vec<Option<usize>> {
    let named = |piece: &&Piece| piece.kind == TokenKind::Word || piece.text == ".";
    let mut end = 1;
    while line.pieces.get(end).is_some_and(|piece| named(&piece)) {
        end += 1;
        if line.pieces.get(end).is_none_or(|piece| piece.text != ".")
            && line.pieces.get(end - 1).is_none_or(|piece| piece.text != ".")
        {
            break;
        }
    }
    let Some(first) = line
        .pieces
        .get(end)
        .filter(|piece| matches!(piece.text.as_str(), "like" | "below" | "{" | ":" | "="))
    else {
        return Vec::new();
    };
    let braces = line
        .pieces
        .iter()
        .position(|piece| piece.text == "{" && piece.depth == 0);
    vec![Some(end), braces.filter(|_| first.text == "like")]
}
