//! Operators between operands, with precedence as they are read.

use super::super::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use super::Reader;

/// How tightly operators bind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Coalesce,
    Or,
    And,
    Not,
    Compare,
    Add,
    Multiply,
    Negate,
}

/// What an infix operator makes of its two sides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Infix {
    Binary(BinaryOp),
    /// `not like`, `not matches`.
    NotBinary(BinaryOp),
    Range,
    Is(bool),
    In(bool),
    Between(bool),
}

impl Infix {
    fn level(self) -> Level {
        match self {
            Infix::Binary(BinaryOp::Coalesce) => Level::Coalesce,
            Infix::Binary(BinaryOp::Or) => Level::Or,
            Infix::Binary(BinaryOp::And) => Level::And,
            Infix::Binary(BinaryOp::Add | BinaryOp::Subtract) => Level::Add,
            Infix::Binary(BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder) => Level::Multiply,
            _ => Level::Compare,
        }
    }
}

fn tighter(level: Level) -> Level {
    match level {
        Level::Coalesce => Level::Or,
        Level::Or => Level::And,
        Level::And => Level::Not,
        Level::Not => Level::Compare,
        Level::Compare => Level::Add,
        Level::Add => Level::Multiply,
        Level::Multiply | Level::Negate => Level::Negate,
    }
}

impl Reader<'_> {
    /// `row => …`, or a chain of operators.
    pub(super) fn expr(&mut self) -> Option<Expr> {
        match self.lambda()? {
            Some(lambda) => Some(lambda),
            None => self.chain(),
        }
    }

    /// A chain of operators and operands.
    pub(super) fn chain(&mut self) -> Option<Expr> {
        let expr = self.level(Level::Coalesce)?;
        let from = self.at;
        self.spaces();
        // `a ? b : c`, `a && b`, `a = b` and the like belong to other languages; the grammar says so.
        let foreign = matches!(self.peek(), Some(b'?' | b'&' | b'|' | b'=')) && !self.is("=>");
        self.at = from;
        (!foreign).then_some(expr)
    }

    /// Whatever binds at least as tightly as `level`.
    fn level(&mut self, level: Level) -> Option<Expr> {
        let mut left = self.prefixed()?;
        let mut compared = false;
        loop {
            let from = self.at;
            self.spaces();
            let start = self.at;
            let Some(infix) = self.infix()? else {
                self.at = from;
                return Some(left);
            };
            let found = infix.level();
            if found < level {
                self.at = from;
                return Some(left);
            }
            if found == Level::Compare && std::mem::replace(&mut compared, true) {
                return None;
            }
            let op_span = self.span(start);
            self.spaces();
            let right = self.level(tighter(found))?;
            left = self.joined(left, infix, op_span, right)?;
        }
    }

    fn prefixed(&mut self) -> Option<Expr> {
        let from = self.at;
        let (op, level) = if self.take("-") {
            (UnaryOp::Negate, Level::Negate)
        } else if self.take_word("not") {
            (UnaryOp::Not, Level::Compare)
        } else {
            return self.operand();
        };
        self.spaces();
        let value = Box::new(self.level(level)?);
        Some(Expr {
            kind: ExprKind::Unary { op, value },
            span: self.span(from),
        })
    }

    /// The operator that stands here; nothing where none does. What only other languages have gives up.
    fn infix(&mut self) -> Option<Option<Infix>> {
        use BinaryOp as Op;
        let Some(first) = self.peek() else { return Some(None) };
        let (length, found) = match (first, self.ahead(1)) {
            (b'?', Some(b'?')) => (2, Infix::Binary(Op::Coalesce)),
            (b'=', Some(b'=')) if self.ahead(2) != Some(b'=') => (2, Infix::Binary(Op::Equal)),
            (b'!', Some(b'=')) => (2, Infix::Binary(Op::NotEqual)),
            (b'<', Some(b'=')) => (2, Infix::Binary(Op::LessEqual)),
            (b'>', Some(b'=')) => (2, Infix::Binary(Op::GreaterEqual)),
            (b'<', Some(b'>')) => return None,
            (b'.', Some(b'.')) => (2, Infix::Range),
            (b'<', _) => (1, Infix::Binary(Op::Less)),
            (b'>', _) => (1, Infix::Binary(Op::Greater)),
            (b'+', _) => (1, Infix::Binary(Op::Add)),
            (b'-', Some(b'>')) => return Some(None),
            (b'-', _) => (1, Infix::Binary(Op::Subtract)),
            (b'*', _) => (1, Infix::Binary(Op::Multiply)),
            (b'/', _) => (1, Infix::Binary(Op::Divide)),
            (b'%', _) => (1, Infix::Binary(Op::Remainder)),
            _ if first.is_ascii_alphabetic() => return self.infix_word(),
            _ => return Some(None),
        };
        self.at += length;
        Some(Some(found))
    }

    fn infix_word(&mut self) -> Option<Option<Infix>> {
        use BinaryOp as Op;
        let word = self.word();
        let found = match word {
            "and" => Infix::Binary(Op::And),
            "or" => Infix::Binary(Op::Or),
            "is" => Infix::Is(false),
            "in" => Infix::In(false),
            "like" => Infix::Binary(Op::Like),
            "matches" => Infix::Binary(Op::Matches),
            "between" => Infix::Between(false),
            "not" => return self.negated_infix().map(Some),
            _ => {
                let words = ["and", "or", "is", "in", "like", "matches", "between", "not"];
                return (!words.iter().any(|own| word.eq_ignore_ascii_case(own))).then_some(None);
            }
        };
        self.at += word.len();
        if found == Infix::Is(false) {
            let from = self.at;
            self.spaces();
            if self.at > from && self.take_word("not") {
                return Some(Some(Infix::Is(true)));
            }
            if self.word().eq_ignore_ascii_case("not") {
                return None;
            }
            self.at = from;
        }
        Some(Some(found))
    }

    fn negated_infix(&mut self) -> Option<Infix> {
        self.need_word("not")?;
        self.some_spaces()?;
        let word = self.word();
        let found = match word {
            "in" => Infix::In(true),
            "between" => Infix::Between(true),
            "like" => Infix::NotBinary(BinaryOp::Like),
            "matches" => Infix::NotBinary(BinaryOp::Matches),
            _ => return None,
        };
        self.at += word.len();
        Some(found)
    }

    fn joined(&mut self, left: Expr, infix: Infix, op_span: crate::base::Span, right: Expr) -> Option<Expr> {
        let start = left.span;
        let value = Box::new(left);
        let (kind, end) = match infix {
            Infix::Binary(op) | Infix::NotBinary(op) => {
                let (end, right) = (right.span, Box::new(right));
                let left = value;
                (
                    ExprKind::Binary {
                        op,
                        op_span,
                        left,
                        right,
                    },
                    end,
                )
            }
            Infix::Range => {
                let (end, high) = (right.span, Box::new(right));
                (ExprKind::Range { low: value, high }, end)
            }
            Infix::Is(not) => {
                let (end, other) = (right.span, Box::new(right));
                (ExprKind::Is { value, not, other }, end)
            }
            Infix::In(not) => {
                let set = self.range_behind(right)?;
                let (end, set) = (set.span, Box::new(set));
                (ExprKind::In { value, not, set }, end)
            }
            Infix::Between(not) => {
                self.spaces();
                self.need_word("and")?;
                self.spaces();
                let high = self.level(Level::Add)?;
                let (end, low, high) = (high.span, Box::new(right), Box::new(high));
                (ExprKind::Between { value, not, low, high }, end)
            }
        };
        let span = start.to(end);
        let expr = Expr { kind, span };
        if let Infix::NotBinary(_) = infix {
            let value = Box::new(expr);
            let op = UnaryOp::Not;
            return Some(Expr {
                kind: ExprKind::Unary { op, value },
                span,
            });
        }
        Some(expr)
    }

    /// `x in 1..3`.
    fn range_behind(&mut self, low: Expr) -> Option<Expr> {
        if !self.after_spaces("..") {
            return Some(low);
        }
        self.spaces();
        let high = self.level(Level::Add)?;
        let span = low.span.to(high.span);
        let (low, high) = (Box::new(low), Box::new(high));
        Some(Expr {
            kind: ExprKind::Range { low, high },
            span,
        })
    }

    /// Goes behind `row =>`, `(a, b) =>`, each name by what is handed in, and says whether that is what stands here.
    fn lambda_params(&mut self, mut name: impl FnMut(&mut Self)) -> bool {
        let mut found = false;
        if self.take("(") {
            self.gap();
            while !self.word().is_empty() {
                found = true;
                name(self);
                if !self.comma() {
                    break;
                }
            }
            self.gap();
            found &= self.take(")");
        } else if !self.word().is_empty() {
            found = true;
            name(self);
        }
        self.spaces();
        found && self.take("=>")
    }

    /// `row => …`, `(a, b) => …`; nothing where another expression stands.
    fn lambda(&mut self) -> Option<Option<Expr>> {
        let from = self.at;
        // Nearly every expression is none, so that is found out before a name is kept.
        let found = self.lambda_params(|reader| reader.at = reader.word_end());
        self.at = from;
        if !found {
            return Some(None);
        }
        let mut params = Vec::new();
        self.lambda_params(|reader| params.extend(reader.name()));
        self.spaces();
        let body = Box::new(self.expr()?);
        Some(Some(Expr {
            kind: ExprKind::Lambda { params, body },
            span: self.span(from),
        }))
    }
}
