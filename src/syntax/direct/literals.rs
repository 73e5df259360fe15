//! Numbers with their units, and texts.

use super::super::ast::{Expr, ExprKind, Name, TextPart};
use super::{Reader, fitted};

impl<'a> Reader<'a> {
    pub(super) fn amount_or_path(&mut self) -> Option<Expr> {
        match self.peek()? {
            b'0'..=b'9' => self.amount(),
            _ => self.path_expr(),
        }
    }

    pub(super) fn path_expr(&mut self) -> Option<Expr> {
        let mut parts = self.plain_path()?.parts.into_iter();
        let first = parts.next()?;
        let root = Expr {
            kind: ExprKind::Name(first.text),
            span: first.span,
        };
        Some(parts.fold(root, |of, name| Expr {
            span: of.span.to(name.span),
            kind: ExprKind::Member {
                of: Box::new(of),
                name: Box::new(name),
            },
        }))
    }

    /// A number, a quantity, a rate, and what belongs to it.
    pub(super) fn measure(&mut self) -> Option<Expr> {
        let from = self.at;
        let mut left = self.amount()?;
        loop {
            let behind = self.at;
            if self.some_spaces().is_none() {
                return Some(left);
            }
            let lasts = self.take_word("for");
            if !lasts && !self.take_word("of") {
                self.at = behind;
                return Some(left);
            }
            self.some_spaces()?;
            let number = matches!(self.peek(), Some(b'0'..=b'9'));
            if lasts && !number {
                // The `for` of a pivoted column.
                self.at = behind;
                return Some(left);
            }
            let right = Box::new(self.amount_or_path()?);
            let kind = match lasts {
                true => ExprKind::For {
                    rate: Box::new(left),
                    duration: right,
                },
                false => ExprKind::Of {
                    left: Box::new(left),
                    right,
                },
            };
            left = Expr {
                kind,
                span: self.span(from),
            };
        }
    }

    fn amount(&mut self) -> Option<Expr> {
        let from = self.at;
        let number = self.number()?;
        let unit = self.unit();
        let kind = match unit {
            Some(unit) => ExprKind::Quantity {
                number: number.to_owned(),
                unit: Box::new(unit),
            },
            None if number.contains('.') => ExprKind::Decimal(number.replace('_', "")),
            None => ExprKind::Int(number.replace('_', "")),
        };
        let amount = Expr {
            kind,
            span: self.span(from),
        };
        if !self.spaced_word("per") {
            return Some(amount);
        }
        self.some_spaces()?;
        let count = match self.peek()? {
            b'0'..=b'9' => Some(self.number()?.into()),
            _ => None,
        };
        if count.is_some() {
            self.take(" ");
        }
        let per = self.unit_here()?;
        Some(Expr {
            kind: ExprKind::Rate {
                amount: Box::new(amount),
                count,
                per: Box::new(per),
            },
            span: self.span(from),
        })
    }

    fn number(&mut self) -> Option<&'a str> {
        let from = self.at;
        let digits = |reader: &mut Self| {
            let start = reader.at;
            while matches!(reader.peek(), Some(b'0'..=b'9' | b'_')) {
                reader.at += 1;
            }
            reader.at > start
        };
        digits(self).then_some(())?;
        if self.is(".") && matches!(self.ahead(1), Some(b'0'..=b'9')) {
            self.at += 1;
            digits(self);
        }
        self.text.get(from..self.at)
    }

    /// A unit right behind a number, with one space or none between them.
    fn unit(&mut self) -> Option<Name> {
        let from = self.at;
        self.take(" ");
        let unit = self.unit_here();
        if unit.is_none() {
            self.at = from;
        }
        unit
    }

    fn unit_here(&mut self) -> Option<Name> {
        const OTHERS: [&str; 35] = [
            "and", "asc", "as", "between", "by", "check", "columns", "desc", "else", "every", "example", "for", "from",
            "gap", "in", "is", "keep", "late", "like", "matches", "not", "of", "on", "order", "or", "over", "per",
            "returns", "then", "to", "where", "within", "elif", "elsif", "elseif",
        ];
        let word = self.word();
        let letters = word.bytes().all(|byte| byte.is_ascii_alphabetic());
        if word.is_empty() || !letters || OTHERS.iter().any(|other| word.eq_ignore_ascii_case(other)) {
            return None;
        }
        self.name()
    }

    /// A text on one line; its escapes and expressions.
    pub(super) fn text(&mut self) -> Option<ExprKind> {
        if self.is("\"\"\"") {
            return None;
        }
        self.need("\"")?;
        let mut parts: Vec<TextPart> = Vec::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let end = rest.find(['"', '\\', '$', '\n'])?;
            let mut plain = rest.get(..end)?.to_owned();
            self.at += end;
            match self.peek()? {
                b'"' => {
                    add(&mut parts, plain);
                    self.at += 1;
                    return Some(ExprKind::Text(fitted(parts)));
                }
                b'$' if self.ahead(1) == Some(b'{') => {
                    add(&mut parts, plain);
                    self.at += 2;
                    self.gap();
                    parts.push(TextPart::Expr(self.expr()?));
                    self.gap();
                    self.need("}")?;
                }
                b'$' => {
                    plain.push('$');
                    add(&mut parts, plain);
                    self.at += 1;
                }
                b'\\' => {
                    plain.push(match self.ahead(1)? {
                        b'n' => '\n',
                        b't' => '\t',
                        b'r' => '\r',
                        b'"' => '"',
                        b'\\' => '\\',
                        b'$' => '$',
                        _ => return None,
                    });
                    add(&mut parts, plain);
                    self.at += 2;
                }
                _ => return None,
            }
        }
    }
}

/// Adds plain text behind what is there.
fn add(parts: &mut Vec<TextPart>, plain: String) {
    match parts.last_mut() {
        _ if plain.is_empty() => {}
        Some(TextPart::Plain(text)) => text.push_str(&plain),
        _ => parts.push(TextPart::Plain(plain)),
    }
}
