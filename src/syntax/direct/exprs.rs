//! Operands and values: what stands between operators.

use super::super::ast::{Argument, Expr, ExprKind, Name, Order};
use super::blocks::Clauses;
use super::{Reader, fitted};

impl Reader<'_> {
    pub(super) fn operand(&mut self) -> Option<Expr> {
        let from = self.at;
        let mut value = self.primary()?;
        loop {
            let kind = match (self.peek(), self.ahead(1)) {
                (Some(b'.'), Some(b'.')) => return Some(value),
                (Some(b'.'), Some(b'*')) => {
                    self.at += 2;
                    ExprKind::Star(Box::new(value))
                }
                (Some(b'.'), _) => {
                    self.at += 1;
                    let name = self.name()?;
                    ExprKind::Member {
                        of: Box::new(value),
                        name: Box::new(name),
                    }
                }
                (Some(b'('), _) => self.call(value)?,
                (Some(b'['), _) => {
                    self.at += 1;
                    self.gap();
                    let index = Box::new(self.expr()?);
                    self.gap();
                    self.need("]")?;
                    ExprKind::Index {
                        of: Box::new(value),
                        index,
                    }
                }
                _ => return Some(value),
            };
            value = Expr {
                kind,
                span: self.span(from),
            };
        }
    }

    fn call(&mut self, function: Expr) -> Option<ExprKind> {
        self.need("(")?;
        self.gap();
        let (mut arguments, mut order) = (Vec::new(), Vec::new());
        while !self.is(")") {
            arguments.push(self.argument()?);
            let from = self.at;
            self.gap();
            if self.take(",") {
                self.gap();
                continue;
            }
            if self.at > from && self.take_word("order") {
                order = self.order_by()?;
                self.gap();
            }
            break;
        }
        self.need(")")?;
        Some(ExprKind::Call {
            function: Box::new(function),
            arguments: arguments.into(),
            order: order.into(),
        })
    }

    fn argument(&mut self) -> Option<Argument> {
        let from = self.at;
        let mut name = None;
        let word = self.word();
        if !word.is_empty() {
            self.at += word.len();
            let span = self.span(from);
            self.spaces();
            if self.take(":") {
                self.spaces();
                let text = word.to_owned();
                name = Some(Name { text, span });
            } else if self.is_equals() {
                return None;
            } else {
                self.at = from;
            }
        }
        let value = self.value()?;
        Some(Argument { name, value })
    }

    /// `by a, b desc`, behind `order`.
    pub(super) fn order_by(&mut self) -> Option<Vec<Order>> {
        self.some_spaces()?;
        self.need_word("by")?;
        self.spaces();
        self.orders()
    }

    pub(super) fn orders(&mut self) -> Option<Vec<Order>> {
        let mut orders = vec![self.order()?];
        while self.comma() {
            orders.push(self.order()?);
        }
        Some(fitted(orders))
    }

    fn order(&mut self) -> Option<Order> {
        let value = self.expr()?;
        let descending = self.spaced_word("desc");
        if !descending {
            self.spaced_word("asc");
        }
        Some(Order { value, descending })
    }

    fn primary(&mut self) -> Option<Expr> {
        let from = self.at;
        let kind = match self.peek()? {
            b'"' => self.text()?,
            b'0'..=b'9' => return self.measure(),
            b'(' => {
                self.at += 1;
                self.gap();
                let inner = self.expr()?;
                self.gap();
                self.need(")")?;
                inner.kind
            }
            b'[' => return self.list(),
            b'{' => self.record()?,
            b'@' => ExprKind::Label(self.label()?),
            _ => self.worded()?,
        };
        Some(Expr {
            kind,
            span: self.span(from),
        })
    }

    fn worded(&mut self) -> Option<ExprKind> {
        let word = self.word();
        // `NOT (a)` is no call.
        if word.is_empty() || word != "not" && word.eq_ignore_ascii_case("not") {
            return None;
        }
        self.at += word.len();
        Some(match word {
            "if" => {
                self.spaces();
                let condition = Box::new(self.expr()?);
                self.spaces();
                self.need_word("then")?;
                self.spaces();
                let then = Box::new(self.expr()?);
                self.spaces();
                self.need_word("else")?;
                self.spaces();
                let otherwise = Box::new(self.expr()?);
                ExprKind::If {
                    condition,
                    then,
                    otherwise,
                }
            }
            "match" => {
                self.spaces();
                let value = Box::new(self.expr()?);
                self.spaces();
                let arms = self.listed("{", "}", |reader| {
                    let pattern = reader.chain()?;
                    reader.spaces();
                    reader.need("=>")?;
                    reader.spaces();
                    let answer = reader.expr()?;
                    Some((pattern, answer))
                })?;
                if arms.is_empty() {
                    return None;
                }
                ExprKind::Match { value, arms }
            }
            "reject" => {
                self.spaces();
                let from = self.at;
                let kind = self.text()?;
                ExprKind::Reject(Box::new(Expr {
                    kind,
                    span: self.span(from),
                }))
            }
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            // In capitals they are said, which the grammar does.
            "NULL" | "Null" | "TRUE" | "True" | "FALSE" | "False" => return None,
            _ => ExprKind::Name(word.to_owned()),
        })
    }

    /// `[a, b]`.
    pub(super) fn list(&mut self) -> Option<Expr> {
        let from = self.at;
        let items = self.listed("[", "]", Reader::value)?;
        Some(Expr {
            kind: ExprKind::List(items),
            span: self.span(from),
        })
    }

    fn record(&mut self) -> Option<ExprKind> {
        let colons = std::cell::Cell::new(0);
        let pairs = self.listed("{", "}", |reader| {
            reader.doc()?;
            let name = reader.name()?;
            reader.spaces();
            if reader.take(":") {
                colons.set(colons.get() + 1);
            } else {
                reader.equals()?;
            }
            reader.spaces();
            let value = reader.value()?;
            Some((name, value))
        })?;
        // Both marks in one record are a slip, of which the grammar says what is meant.
        if colons.get() != 0 && colons.get() != pairs.len() {
            return None;
        }
        Some(ExprKind::Record(pairs))
    }

    /// What a setting, an element and an argument may be: an expression, and what may stand behind it.
    pub(super) fn value(&mut self) -> Option<Expr> {
        let from = self.at;
        let mut value = self.expr()?;
        let behind = self.at;
        let spaced = self.some_spaces().is_some();
        if spaced && self.take_word("to") {
            self.some_spaces()?;
            let to = self.path_expr()?;
            value = Expr {
                kind: ExprKind::To {
                    from: Box::new(value),
                    to: Box::new(to),
                },
                span: self.span(from),
            };
        } else if spaced && self.take_word("of") {
            self.some_spaces()?;
            let right = self.amount_or_path()?;
            value = Expr {
                kind: ExprKind::Of {
                    left: Box::new(value),
                    right: Box::new(right),
                },
                span: self.span(from),
            };
        } else {
            self.at = behind;
        }
        self.with_settings(from, value)
    }

    /// A value, with the settings behind it if there are some.
    pub(super) fn with_settings(&mut self, from: usize, value: Expr) -> Option<Expr> {
        let behind = self.at;
        self.spaces();
        if !self.is("{") {
            self.at = behind;
            return Some(value);
        }
        let entries = self.block(Clauses::None)?;
        Some(Expr {
            kind: ExprKind::Variant {
                value: Box::new(value),
                entries,
            },
            span: self.span(from),
        })
    }
}
