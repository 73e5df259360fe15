//! Blocks: settings, clauses, declared settings.

use super::super::ast::{Allow, Declare, Entry, EntryKind, Expr, ExprKind, GivenRows, SettingType, UnaryOp};
use super::{Reader, fitted};

/// What may stand in a block beside settings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clauses {
    None,
    Transform,
    Access,
    Monitor,
    Test,
    Declared,
}

/// What separates an entry from the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Line,
    Comma,
    Semicolon,
}

impl Reader<'_> {
    /// The block behind a head, which may be left out.
    pub(super) fn maybe_block(&mut self, clauses: Clauses) -> Option<Vec<Entry>> {
        let from = self.at;
        self.spaces();
        if self.is("{") {
            return self.block(clauses);
        }
        self.at = from;
        Some(Vec::new())
    }

    pub(super) fn block(&mut self, clauses: Clauses) -> Option<Vec<Entry>> {
        self.need("{")?;
        self.gap();
        let mut entries: Vec<Entry> = Vec::new();
        let mut separator = Separator::Line;
        while !self.is("}") {
            let entry = self.entry(clauses)?;
            in_order(entries.last(), separator, &entry)?;
            entries.push(entry);
            let from = self.at;
            self.spaces();
            separator = match self.peek()? {
                b',' => Separator::Comma,
                b';' => Separator::Semicolon,
                b'\n' => Separator::Line,
                b'}' => break,
                _ => return None,
            };
            self.at += 1;
            if separator == Separator::Semicolon {
                self.spaces();
                // At the end of its line it is said to be one too many.
                if matches!(self.peek(), Some(b'\n' | b'}' | b'/')) {
                    return None;
                }
            }
            if separator == Separator::Line {
                self.at = from;
            }
            self.gap();
            if matches!(self.peek(), Some(b',' | b';')) {
                return None;
            }
        }
        self.gap();
        self.need("}")?;
        Some(fitted(entries))
    }

    fn entry(&mut self, clauses: Clauses) -> Option<Entry> {
        let doc = self.doc()?;
        let from = self.at;
        let kind = match clauses {
            Clauses::Test => self.case()?,
            _ if self.is_setting() => self.setting()?,
            Clauses::None => return None,
            Clauses::Transform => EntryKind::Step(self.step()?),
            Clauses::Access => self.grant()?,
            Clauses::Monitor => self.alarm()?,
            Clauses::Declared => EntryKind::Declare(self.declare()?),
        };
        Some(Entry {
            doc,
            kind,
            span: self.span(from),
        })
    }

    /// Whether a path and a single `=` stand here.
    fn is_setting(&self) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or(&[]);
        let path = rest
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')));
        let behind = rest.get(path.unwrap_or(rest.len())..).unwrap_or(&[]);
        let mut behind = behind.iter().skip_while(|byte| matches!(byte, b' ' | b'\t'));
        behind.next() == Some(&b'=') && !matches!(behind.next(), Some(b'=' | b'>'))
    }

    fn setting(&mut self) -> Option<EntryKind> {
        let key = self.plain_path()?;
        self.spaces();
        self.equals()?;
        self.spaces();
        let value = self.value()?;
        Some(EntryKind::Setting { key, value })
    }

    fn case(&mut self) -> Option<EntryKind> {
        if self.take_word("given") {
            self.some_spaces()?;
            let dataset = self.plain_path()?;
            self.spaces();
            let rows = if self.equals().is_some() {
                self.spaces();
                GivenRows::List(self.list()?)
            } else {
                self.need_word("from")?;
                self.spaces();
                GivenRows::File(self.plain_text()?)
            };
            return Some(EntryKind::Given { dataset, rows });
        }
        self.need_word("expect")?;
        self.spaces();
        if self.is("[") {
            return Some(EntryKind::ExpectRows { rows: self.list()? });
        }
        self.need_word("rejected")?;
        self.some_spaces()?;
        let count = self.measure()?;
        Some(EntryKind::ExpectRejected { count })
    }

    fn grant(&mut self) -> Option<EntryKind> {
        if self.take_word("clear") {
            self.spaces();
            let mut labels = vec![self.label()?];
            while self.comma() {
                labels.push(self.label()?);
            }
            return Some(EntryKind::Clear { labels });
        }
        self.need_word("allow")?;
        self.some_spaces()?;
        let action = self.name()?;
        self.some_spaces()?;
        self.need_word("on")?;
        self.spaces();
        let on = self.paths()?;
        let mut from = self.at;
        self.spaces();
        let mut columns = None;
        if self.take_word("columns") {
            self.spaces();
            columns = Some(self.listed("[", "]", Reader::name)?);
            from = self.at;
            self.spaces();
        }
        let mut condition = None;
        if self.take_word("where") {
            self.spaces();
            condition = Some(self.expr()?);
        } else {
            self.at = from;
        }
        Some(EntryKind::Allow(Allow {
            action,
            on,
            columns,
            condition,
        }))
    }

    /// The name behind an `@`.
    pub(super) fn label(&mut self) -> Option<super::super::ast::Name> {
        self.need("@")?;
        self.name()
    }

    fn alarm(&mut self) -> Option<EntryKind> {
        self.need_word("alarm")?;
        self.some_spaces()?;
        let kind = self.name()?;
        let of = self.behind("of")?;
        let from = self.at;
        self.spaces();
        let mut over = None;
        if self.take_word("over") {
            self.spaces();
            over = Some(self.value()?);
        } else {
            self.at = from;
        }
        Some(EntryKind::Alarm { kind, of, over })
    }

    fn declare(&mut self) -> Option<Declare> {
        let name = self.name()?;
        self.spaces();
        self.need(":")?;
        self.spaces();
        let mut ty = vec![self.setting_type()?];
        while self.after_spaces("|") {
            self.spaces();
            ty.push(self.setting_type()?);
        }
        let optional = self.is("?") && self.take("?");
        let mut from = self.at;
        self.spaces();
        let mut default = None;
        if self.equals().is_some() {
            self.spaces();
            default = Some(self.declared_default()?);
            from = self.at;
            self.spaces();
        }
        let mut bounds = None;
        if self.take_word("in") {
            self.spaces();
            bounds = Some(self.chain()?);
            from = self.at;
            self.spaces();
        }
        let mut example = None;
        if self.take_word("example") {
            self.spaces();
            example = Some(self.value()?);
        } else {
            self.at = from;
        }
        Some(Declare {
            name,
            ty,
            optional,
            default,
            bounds,
            example,
        })
    }

    /// A mark behind space on the line; stays where it is not.
    pub(super) fn after_spaces(&mut self, mark: &str) -> bool {
        let from = self.at;
        self.spaces();
        let found = self.take(mark);
        if !found {
            self.at = from;
        }
        found
    }

    fn setting_type(&mut self) -> Option<SettingType> {
        let word = self.name()?;
        let from = self.at;
        let mut of = None;
        if self.some_spaces().is_some() && !matches!(self.word(), "" | "in" | "example") {
            if self.take_word("of") {
                self.some_spaces()?;
            }
            of = Some(self.plain_path()?);
        } else {
            self.at = from;
        }
        Some(SettingType { word, of })
    }

    /// A default has no operator but `..`, so that `= 24 hours in 24 hours..8_760 hours` ends before `in`.
    fn declared_default(&mut self) -> Option<Expr> {
        let from = self.at;
        let low = self.negated()?;
        let mut value = low;
        if self.after_spaces("..") {
            self.spaces();
            let high = self.negated()?;
            value = Expr {
                kind: ExprKind::Range {
                    low: Box::new(value),
                    high: Box::new(high),
                },
                span: self.span(from),
            };
        }
        self.with_settings(from, value)
    }

    /// An operand, or a negative one.
    pub(super) fn negated(&mut self) -> Option<Expr> {
        let from = self.at;
        if self.word() == "not" {
            return None;
        }
        if !self.take("-") {
            return self.operand();
        }
        self.spaces();
        let value = Box::new(self.negated()?);
        Some(Expr {
            kind: ExprKind::Unary {
                op: UnaryOp::Negate,
                value,
            },
            span: self.span(from),
        })
    }
}

/// Settings stand before clauses; on one line a comma separates settings, and a semicolon everything else.
fn in_order(before: Option<&Entry>, separator: Separator, entry: &Entry) -> Option<()> {
    let Some(before) = before else { return Some(()) };
    let is_setting = |entry: &Entry| matches!(entry.kind, EntryKind::Setting { .. } | EntryKind::Declare(_));
    let (first, second) = (is_setting(before), is_setting(entry));
    let right = match separator {
        Separator::Line => true,
        Separator::Comma => first && second,
        Separator::Semicolon => !(first && second),
    };
    (right && (first || !matches!(entry.kind, EntryKind::Setting { .. }))).then_some(())
}
