//! The space between two tokens of a line.

use crate::syntax::tokens::{Token, TokenKind};

/// Knows which brackets are open, since `:` and `<` take their space by where they stand.
#[derive(Debug, Default)]
pub struct Spacer {
    open: Vec<Bracket>,
}

#[derive(Debug)]
struct Bracket {
    /// A `{` that starts a record, `{ a: 1 }`, or a `(`: its colons stand close.
    close_colons: bool,
    /// Whether a space stands inside of it: `{ a }`, and `[ { } ]`.
    wide: bool,
    /// Open `<` of `list<` and `map<`.
    angles: usize,
}

impl Spacer {
    /// Spaces before a token; `before` are the two before it on its line.
    pub fn gap(
        &mut self,
        text: &str,
        before: (Option<&Token>, Option<&Token>),
        token: Token,
        after: Option<&Token>,
    ) -> usize {
        let (earlier, before) = before;
        let gap = match before {
            Some(before) => usize::from(self.spaced(text, earlier, *before, token)),
            None => 0,
        };
        self.track(text, before, token, after);
        gap
    }

    fn track(&mut self, text: &str, before: Option<&Token>, token: Token, after: Option<&Token>) {
        let written = token.text(text);
        match token.kind {
            TokenKind::Open => {
                let value_before = before.is_some_and(|before| {
                    matches!(before.kind, TokenKind::Word | TokenKind::Number | TokenKind::Text)
                        || before.text(text) == ")"
                });
                let value_before = value_before || before.is_some_and(|before| matches!(before.text(text), ">" | "?"));
                let wide_list = written == "[" && after.is_some_and(|after| after.text(text) == "{");
                self.open.push(Bracket {
                    close_colons: written != "{" || !value_before,
                    wide: written == "{" || wide_list,
                    angles: 0,
                });
            }
            TokenKind::Close => {
                self.open.pop();
            }
            TokenKind::Mark if opens_angle(text, before, token) => self.angles(|angles| angles + 1),
            TokenKind::Mark if written == ">" => self.angles(|angles| angles.saturating_sub(1)),
            _ => {}
        }
    }

    fn angles(&mut self, change: impl Fn(usize) -> usize) {
        if self.open.is_empty() {
            self.open.push(Bracket {
                close_colons: false,
                wide: false,
                angles: 0,
            });
        }
        if let Some(bracket) = self.open.last_mut() {
            bracket.angles = change(bracket.angles);
        }
    }

    fn in_angles(&self) -> bool {
        self.open.last().is_some_and(|bracket| bracket.angles > 0)
    }

    fn spaced(&self, text: &str, earlier: Option<&Token>, before: Token, token: Token) -> bool {
        let (left, right) = (before.text(text), token.text(text));
        let touching = before.end == token.start;
        match (before.kind, token.kind) {
            (_, TokenKind::Comment | TokenKind::Doc) => return true,
            (TokenKind::Open, TokenKind::Close) => return left == "{",
            (TokenKind::Open, _) => return self.open.last().is_some_and(|bracket| bracket.wide),
            (_, TokenKind::Close) => return self.open.last().is_some_and(|bracket| bracket.wide),
            // `f(x)` and `x[0]` are not `f (x)`, which would be something else.
            (TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Close, TokenKind::Open)
                if right != "{" =>
            {
                return !touching;
            }
            _ => {}
        }
        match (left, right) {
            ("rows", "..") | ("..", "{") => true,
            ("." | "@" | "..", _) | (_, "." | "," | ";" | ".." | "?") => false,
            (_, ":") => self.open.last().is_none_or(|bracket| !bracket.close_colons),
            (_, "<") if opens_angle(text, Some(&before), token) => false,
            (_, ">") if self.in_angles() => false,
            ("<", _) if self.in_angles() => false,
            // A `-` stands before its operand where no operand ends before it.
            ("-", _) => earlier.is_some_and(|earlier| operand(*earlier, earlier.text(text))),
            _ => true,
        }
    }
}

/// Whether an operand may end with a token.
fn operand(token: Token, written: &str) -> bool {
    const NOT_VALUES: [&str; 28] = [
        "and", "or", "not", "in", "is", "like", "matches", "between", "if", "then", "else", "match", "filter", "where",
        "on", "check", "over", "within", "every", "late", "gap", "by", "take", "rows", "when", "expect", "of",
        "reject",
    ];
    match token.kind {
        TokenKind::Word => !NOT_VALUES.contains(&written),
        TokenKind::Number | TokenKind::Text | TokenKind::Close => true,
        _ => matches!(written, "?" | ">"),
    }
}

fn opens_angle(text: &str, before: Option<&Token>, token: Token) -> bool {
    let head = before.is_some_and(|before| matches!(before.text(text), "list" | "map") && before.end == token.start);
    head && token.text(text) == "<"
}
