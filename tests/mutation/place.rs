//! What each token of a platform is: a setting's name, a column, a unit … So that a mutation can be tried at every
//! place where it applies. It reads tokens alone, never the tree: what is measured does not say where to measure.

use pipec::syntax::tokens::{Token, TokenKind, scan};

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// `zone`, in column 0.
    ItemWord,
    /// `filter`, `alarm`, `allow`.
    ClauseWord,
    /// A word of the grammar: `by`, `and`, `of`.
    Keyword,
    /// A name that is declared here.
    NewName,
    /// `retain`, in front of `=`.
    SettingName,
    /// `zone` in `cron("…", zone: "UTC")`.
    ArgumentName,
    /// `kinesis` in `from = kinesis { … }`.
    Variant,
    /// A name that is declared elsewhere.
    Reference,
    /// A column that is read.
    Column,
    /// `date` in `date(at)`.
    Function,
    /// `days`.
    Unit,
    /// `string`, `Order`.
    TypeName,
    /// `pii` in `@pii`.
    Label,
    /// `42`.
    Number,
    /// `"text"`.
    Text,
    /// `true`, `false`.
    Bool,
    /// An operator or separator.
    Mark,
    /// `{`, `[`, `(`.
    Open,
    /// `}`, `]`, `)`.
    Close,
}

/// A token and what is known of its place.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it is for.
    pub role: Role,
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Its text.
    pub text: String,
    /// Its line, from 1.
    pub line: usize,
    /// Whether it is the first of its line.
    pub first: bool,
    /// The number of its item in the file, from 0.
    pub item: usize,
    /// The keyword of its item.
    pub item_word: String,
    /// What the innermost bracket around it holds.
    pub block: Block,
    /// How many brackets are around it.
    pub depth: usize,
}

/// What a bracket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Nothing: the head of an item.
    Head,
    /// Settings, perhaps with clauses behind them.
    Settings,
    /// The steps of a transform.
    Steps,
    /// The entries of a group.
    Entries,
    /// The fields of a schema.
    Fields,
    /// A row of a test.
    Row,
    /// A part of a setting's value.
    Value,
    /// A part of an expression.
    Expression,
}

const STEPS: [&str; 18] = [
    "filter", "derive", "select", "drop", "rename", "explode", "dedupe", "join", "union", "group", "window", "session",
    "pivot", "unpivot", "sort", "take", "expect", "run",
];
const CLAUSES: [&str; 5] = ["allow", "clear", "alarm", "given", "expect"];
const KEYWORDS: [&str; 50] = [
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "between",
    "like",
    "matches",
    "if",
    "then",
    "else",
    "match",
    "reject",
    "as",
    "by",
    "on",
    "of",
    "to",
    "per",
    "over",
    "select",
    "columns",
    "where",
    "rejected",
    "from",
    "keep",
    "first",
    "last",
    "within",
    "left",
    "inner",
    "full",
    "semi",
    "anti",
    "every",
    "late",
    "gap",
    "order",
    "rows",
    "outer",
    "script",
    "container",
    "returns",
    "quarantine",
    "warn",
    "fail",
    "below",
    "check",
    "for",
];
/// Settings whose values are names of what is declared elsewhere.
const REFERENCES: [&str; 14] = [
    "into",
    "retain",
    "on_failure",
    "run",
    "environments",
    "approve",
    "exports",
    "expose",
    "dataset",
    "lowered_by",
    "at_most",
    "when",
    "over",
    "notify",
];
/// Settings whose values are columns.
const COLUMNS: [&str; 2] = ["partition", "key"];

struct Walker<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    places: Vec<Place>,
    blocks: Vec<(Block, String)>,
    item: usize,
    item_word: String,
    within: String,
}

/// Every token of a text but comments, with what it is for.
pub fn places(text: &str) -> Vec<Place> {
    let tokens: Vec<_> = scan(text)
        .into_iter()
        .filter(|token| !token.is_comment() && token.kind != TokenKind::Doc)
        .collect();
    let mut walker = Walker {
        text,
        places: Vec::with_capacity(tokens.len()),
        tokens,
        blocks: Vec::new(),
        item: 0,
        item_word: String::new(),
        within: String::new(),
    };
    for at in 0..walker.tokens.len() {
        walker.step(at);
    }
    walker.places
}

impl Walker<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text(self.text))
    }

    fn previous(&self, at: usize) -> &str {
        at.checked_sub(1).map_or("", |at| self.text(at))
    }

    fn block(&self) -> Block {
        self.blocks.last().map_or(Block::Head, |(block, _)| *block)
    }

    fn step(&mut self, at: usize) {
        let token = self.tokens[at];
        let text = self.text(at).to_owned();
        if token.first && token.indent == 0 && token.kind == TokenKind::Word {
            self.item += usize::from(!self.places.is_empty());
            self.item_word = text.clone();
            self.blocks.clear();
            self.within.clear();
        }
        if token.kind == TokenKind::Close {
            self.close();
        }
        let role = match token.kind {
            TokenKind::Open => Role::Open,
            TokenKind::Close => Role::Close,
            TokenKind::Number | TokenKind::BadNumber => Role::Number,
            TokenKind::Text | TokenKind::OpenText | TokenKind::DeepText => Role::Text,
            TokenKind::Word => self.word(at, &text),
            _ => Role::Mark,
        };
        if matches!(role, Role::ClauseWord | Role::SettingName) {
            self.within.clone_from(&text);
        }
        self.places.push(Place {
            role,
            start: token.start,
            end: token.end,
            line: token.line as usize + 1,
            first: token.first,
            item: self.item,
            item_word: self.item_word.clone(),
            block: self.block(),
            depth: self.blocks.len(),
            text,
        });
        if token.kind == TokenKind::Open {
            self.open(at);
        }
    }

    fn open(&mut self, at: usize) {
        let brace = self.text(at) == "{";
        let block = match self.block() {
            Block::Head if !brace => Block::Expression,
            Block::Head => match self.item_word.as_str() {
                "schema" => Block::Fields,
                "transform" => Block::Steps,
                "enum" | "fn" | "param" => Block::Expression,
                "source" if self.previous(at) == "struct" => Block::Fields,
                _ => Block::Settings,
            },
            Block::Fields if brace && self.previous(at) == "object" => Block::Settings,
            Block::Fields if brace => Block::Fields,
            Block::Steps => match self.within.as_str() {
                "group" | "window" if brace => Block::Entries,
                "run" if brace => Block::Settings,
                within if STEPS.contains(&within) => Block::Expression,
                _ if brace => Block::Settings,
                _ => Block::Value,
            },
            Block::Settings | Block::Value if self.item_word == "test" => self.in_a_test(brace),
            Block::Settings | Block::Value if matches!(self.within.as_str(), "allow" | "clear") => Block::Expression,
            Block::Settings | Block::Value if brace => Block::Settings,
            Block::Settings | Block::Value => Block::Value,
            Block::Expression if self.item_word == "test" => self.in_a_test(brace),
            Block::Entries | Block::Row | Block::Expression | Block::Fields => Block::Expression,
        };
        self.blocks.push((block, self.within.clone()));
        if block == Block::Steps {
            self.within.clear();
        }
    }

    fn in_a_test(&self, brace: bool) -> Block {
        if brace { Block::Row } else { Block::Expression }
    }

    fn close(&mut self) {
        if let Some((_, within)) = self.blocks.pop() {
            self.within = within;
        }
    }

    /// Whether an entry of its block can start here.
    fn starts(&self, at: usize) -> bool {
        self.tokens[at].first || matches!(self.previous(at), "{" | "," | ";")
    }

    fn word(&self, at: usize, text: &str) -> Role {
        let (previous, next) = (self.previous(at), self.text(at + 1));
        if self.tokens[at].first && self.tokens[at].indent == 0 {
            return Role::ItemWord;
        }
        if previous == "@" {
            return Role::Label;
        }
        if matches!(text, "true" | "false") {
            return Role::Bool;
        }
        match self.block() {
            Block::Head => self.head(at, text),
            Block::Settings => self.settings(at, text),
            Block::Steps => self.steps(at, text),
            Block::Entries if next == "=" && self.starts(at) => Role::NewName,
            Block::Fields => self.fields(at, text),
            Block::Row if next == ":" => Role::Column,
            Block::Value => self.value(at, text),
            Block::Entries | Block::Row | Block::Expression => self.expression(at, text),
        }
    }

    fn head(&self, at: usize, text: &str) -> Role {
        let previous = self.previous(at);
        if at > 0 && self.tokens[at - 1].first && self.tokens[at - 1].indent == 0 {
            return Role::NewName;
        }
        let before = |mark: &str| {
            let line = self.tokens[at].line;
            let earlier = self.tokens[..at].iter().rev().take_while(|token| token.line == line);
            earlier.clone().any(|token| token.text(self.text) == mark)
        };
        match self.item_word.as_str() {
            _ if KEYWORDS.contains(&text) => Role::Keyword,
            "source" if matches!(text, "stream" | "table" | "objects" | "struct") => Role::Keyword,
            "source" | "type" => Role::TypeName,
            "transform" if matches!(text, "merge" | "append" | "overwrite") => Role::Keyword,
            "transform" if before("by") => Role::Column,
            "transform" if before("->") && previous == "." => Role::NewName,
            "transform" if before("->") && previous == ":" => Role::TypeName,
            "fn" | "param" if matches!(previous, ":" | ">" | "<") => Role::TypeName,
            "fn" | "param" => self.expression(at, text),
            _ => Role::Reference,
        }
    }

    fn settings(&self, at: usize, text: &str) -> Role {
        let (previous, next) = (self.previous(at), self.text(at + 1));
        let clause = CLAUSES.contains(&text) && next != "=";
        if clause && self.starts(at) {
            return Role::ClauseWord;
        }
        if self.starts(at) && matches!(next, "=") || next == "=" && previous == "." && self.item_word == "env" {
            return Role::SettingName;
        }
        if self.item_word == "env" && next == "." {
            return Role::Reference;
        }
        match self.within.as_str() {
            "alarm" if previous == "alarm" => Role::Variant,
            "allow" | "alarm" | "given" | "clear" | "expect" if KEYWORDS.contains(&text) => Role::Keyword,
            "alarm" | "given" => self.named(at, Role::Reference),
            "allow" if self.clause_holds(at, "where") => self.expression(at, text),
            "allow" => self.named(at, Role::Reference),
            _ => self.value(at, text),
        }
    }

    /// Whether the clause that this token is in holds a word before it.
    fn clause_holds(&self, at: usize, word: &str) -> bool {
        let line = self.tokens[at].line;
        let earlier = self.tokens[..at].iter().rev().take_while(|token| token.line == line);
        earlier.clone().any(|token| token.text(self.text) == word)
    }

    fn named(&self, at: usize, role: Role) -> Role {
        let number = at > 0 && self.tokens[at - 1].kind == TokenKind::Number;
        if number || self.previous(at) == "per" {
            Role::Unit
        } else {
            role
        }
    }

    fn value(&self, at: usize, text: &str) -> Role {
        let next = self.text(at + 1);
        let within = self.within.as_str();
        if next == ":" {
            return Role::ArgumentName;
        }
        match self.named(at, Role::Variant) {
            Role::Unit => Role::Unit,
            _ if KEYWORDS.contains(&text) => Role::Keyword,
            _ if COLUMNS.contains(&within) => Role::Column,
            _ if within == "lowered_by" && next == "to" => Role::Function,
            _ if matches!(next, "(" | "{") => Role::Variant,
            _ if self.previous(at) == "(" => Role::Reference,
            _ if matches!(next, ".") || self.previous(at) == "." => Role::Reference,
            _ if REFERENCES.contains(&within) => Role::Reference,
            role => role,
        }
    }

    fn steps(&self, at: usize, text: &str) -> Role {
        let (previous, next) = (self.previous(at), self.text(at + 1));
        let starts = self.tokens[at].first || matches!(previous, "{" | ";");
        if starts && STEPS.contains(&text) && next != "=" {
            return Role::ClauseWord;
        }
        let step = STEPS.contains(&self.within.as_str());
        if !step {
            let setting = starts && next == "=";
            return if setting {
                Role::SettingName
            } else {
                self.value(at, text)
            };
        }
        match self.within.as_str() {
            "derive" if next == "=" && (self.starts(at) || previous == "derive") => Role::NewName,
            "expect" if next == ":" => Role::NewName,
            "run" if previous == "returns" => Role::TypeName,
            _ if previous == "as" => Role::NewName,
            "join" | "union" if !KEYWORDS.contains(&text) && !self.clause_holds(at, "on") => Role::Reference,
            "expect" if text == "drop" && previous == "else" => Role::Keyword,
            _ => self.expression(at, text),
        }
    }

    fn fields(&self, at: usize, text: &str) -> Role {
        let (previous, next) = (self.previous(at), self.text(at + 1));
        if next == ":" && self.starts(at) {
            return Role::NewName;
        }
        if matches!(text, "check" | "struct") {
            return Role::Keyword;
        }
        let line = self.tokens[at].line;
        let earlier = self.tokens[..at].iter().rev().take_while(|token| token.line == line);
        let mut entry = earlier
            .map(|token| token.text(self.text))
            .take_while(|text| *text != ",");
        match previous {
            ":" | "<" => Role::TypeName,
            _ if entry.any(|text| matches!(text, "check" | "=")) => self.expression(at, text),
            _ => Role::TypeName,
        }
    }

    fn expression(&self, at: usize, text: &str) -> Role {
        let (previous, next) = (self.previous(at), self.text(at + 1));
        let after_number = at > 0 && self.tokens[at - 1].kind == TokenKind::Number;
        match text {
            _ if self.item_word == "fn" && previous == ":" => Role::TypeName,
            _ if self.item_word == "fn" && next == ":" && self.blocks.len() == 1 => Role::NewName,
            _ if self.item_word == "enum" => Role::NewName,
            _ if next == "(" && !KEYWORDS.contains(&text) => Role::Function,
            _ if next == ":" && self.block() == Block::Expression => Role::ArgumentName,
            _ if previous == "." => Role::Column,
            _ if KEYWORDS.contains(&text) => Role::Keyword,
            _ if after_number => Role::Unit,
            _ if previous == "as" => Role::NewName,
            _ if next == "." => Role::Reference,
            _ => Role::Column,
        }
    }
}
