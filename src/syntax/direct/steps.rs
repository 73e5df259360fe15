//! Steps of a transform.

use super::super::ast::{Binding, Expr, ExprKind, Keep, Name, Pivoted, Rows, Step, StepKind};
use super::blocks::Clauses;
use super::{Reader, fitted};

impl Reader<'_> {
    pub(super) fn step(&mut self) -> Option<Step> {
        let word = self.name()?;
        let kind = self.step_kind(&word.text)?;
        Some(Step { word, kind })
    }

    fn step_kind(&mut self, word: &str) -> Option<StepKind> {
        if matches!(word, "filter" | "derive" | "take" | "select" | "route") {
            self.spaces();
        } else {
            self.some_spaces()?;
        }
        Some(match word {
            "filter" => StepKind::Filter(self.expr()?),
            "derive" => StepKind::Derive(self.bindings()?),
            "select" => StepKind::Select(self.selected()?),
            "drop" => StepKind::Drop(self.names()?),
            "rename" => self.rename()?,
            "explode" => self.explode()?,
            "dedupe" => self.dedupe()?,
            "join" => self.join()?,
            "union" => StepKind::Union(self.plain_path()?),
            "group" => self.group()?,
            "window" => self.window()?,
            "session" => self.session()?,
            "pivot" => self.pivot()?,
            "unpivot" => self.unpivot()?,
            "sort" => {
                self.by()?;
                StepKind::Sort(self.orders()?)
            }
            "take" => StepKind::Take(self.expr()?),
            "expect" => self.expect()?,
            "route" => self.route()?,
            "run" => self.run()?,
            _ => return None,
        })
    }

    /// `by` and the space behind it.
    fn by(&mut self) -> Option<()> {
        self.need_word("by")?;
        self.some_spaces()
    }

    fn rename(&mut self) -> Option<StepKind> {
        let mut renamed = Vec::new();
        loop {
            let from = self.name()?;
            let to = self.alias()??;
            renamed.push((from, to));
            if !self.comma() {
                return Some(StepKind::Rename(renamed));
            }
        }
    }

    /// `as NAME`, or nothing.
    fn alias(&mut self) -> Option<Option<Name>> {
        if !self.spaced_word("as") {
            return Some(None);
        }
        self.some_spaces()?;
        self.name().map(Some)
    }

    fn explode(&mut self) -> Option<StepKind> {
        let from = self.at;
        let mut outer = self.take_word("outer") && self.some_spaces().is_some();
        if outer && self.word() == "as" {
            outer = false;
        }
        if !outer {
            self.at = from;
        }
        let list = self.expr()?;
        let name = self.alias()??;
        Some(StepKind::Explode { outer, list, name })
    }

    fn dedupe(&mut self) -> Option<StepKind> {
        self.by()?;
        let keys = self.names()?;
        let mut keep = None;
        if self.spaced_word("keep") {
            self.some_spaces()?;
            let which = self.name()?;
            self.some_spaces()?;
            self.by()?;
            let by = self.name()?;
            keep = Some(Keep { which, by });
        }
        let within = self.within()?;
        Some(StepKind::Dedupe { keys, keep, within })
    }

    fn within(&mut self) -> Option<Option<Expr>> {
        if !self.spaced_word("within") {
            return Some(None);
        }
        self.spaces();
        self.expr().map(Some)
    }

    fn join(&mut self) -> Option<StepKind> {
        let mut kind = None;
        if matches!(self.word(), "left" | "inner" | "full" | "semi" | "anti") {
            let from = self.at;
            let word = self.name();
            self.some_spaces()?;
            if matches!(self.word(), "on" | "as") {
                self.at = from;
            } else {
                kind = word;
            }
        }
        let other = self.plain_path()?;
        let alias = self.alias()?;
        self.some_spaces()?;
        self.need_word("on")?;
        self.spaces();
        let on = self.expr()?;
        let within = self.within()?;
        Some(StepKind::Join {
            kind,
            other,
            alias,
            on,
            within,
        })
    }

    fn group(&mut self) -> Option<StepKind> {
        self.by()?;
        let keys = self.columns()?;
        let (mut every, mut over, mut late) = (None, None, None);
        loop {
            self.spaces();
            let part = match self.word() {
                "every" => &mut every,
                "over" => &mut over,
                "late" => &mut late,
                _ => break,
            };
            if part.is_some() {
                return None;
            }
            self.at = self.word_end();
            self.spaces();
            *part = Some(self.expr()?);
        }
        let aggregates = self.braced_bindings()?;
        Some(StepKind::Group {
            keys,
            every,
            over,
            late,
            aggregates,
        })
    }

    fn window(&mut self) -> Option<StepKind> {
        self.by()?;
        let keys = self.names()?;
        self.some_spaces()?;
        self.need_word("order")?;
        let order = self.order_by()?;
        let rows = match self.spaced_word("rows") {
            true => Some(self.rows()?),
            false => None,
        };
        self.spaces();
        let columns = self.braced_bindings()?;
        Some(StepKind::Window {
            keys,
            order,
            rows,
            columns,
        })
    }

    /// The ends behind `rows`.
    fn rows(&mut self) -> Option<Rows> {
        let start = self.at - "rows".len();
        self.spaces();
        let mut from = None;
        if !self.is("..") {
            from = Some(self.negated()?);
            self.spaces();
        }
        self.need("..")?;
        let behind = self.at;
        self.spaces();
        let mut to = None;
        if self.is("{") {
            self.at = behind;
        } else {
            to = Some(self.negated()?);
        }
        Some(Rows {
            from,
            to,
            span: self.span(start),
        })
    }

    fn session(&mut self) -> Option<StepKind> {
        self.by()?;
        let keys = self.names()?;
        self.some_spaces()?;
        self.need_word("gap")?;
        self.some_spaces()?;
        let gap = self.expr()?;
        let name = self.alias()??;
        Some(StepKind::Session { keys, gap, name })
    }

    fn pivot(&mut self) -> Option<StepKind> {
        self.by()?;
        let keys = self.names()?;
        self.some_spaces()?;
        self.need_word("on")?;
        self.spaces();
        let on = self.expr()?;
        self.spaces();
        let columns = self.listed("{", "}", |reader| {
            let doc = reader.doc()?;
            let from = reader.at;
            let name = reader.name()?;
            reader.spaces();
            reader.equals()?;
            reader.spaces();
            let aggregate = reader.expr()?;
            reader.spaces();
            reader.need_word("for")?;
            reader.spaces();
            let value = reader.expr()?;
            Some(Pivoted {
                doc,
                name,
                aggregate,
                value,
                span: reader.span(from),
            })
        })?;
        Some(StepKind::Pivot { keys, on, columns })
    }

    fn unpivot(&mut self) -> Option<StepKind> {
        let columns = self.names()?;
        let name = self.alias()??;
        if !self.comma() {
            return None;
        }
        let value = self.name()?;
        Some(StepKind::Unpivot { columns, name, value })
    }

    fn expect(&mut self) -> Option<StepKind> {
        let name = self.name()?;
        self.spaces();
        self.need(":")?;
        self.spaces();
        let condition = self.expr()?;
        self.spaces();
        self.need_word("else")?;
        self.spaces();
        let otherwise = self.name()?;
        Some(StepKind::Expect {
            name,
            condition,
            otherwise,
        })
    }

    fn route(&mut self) -> Option<StepKind> {
        self.need("{")?;
        self.gap();
        let (mut branches, mut otherwise) = (Vec::new(), None);
        while !self.is("}") {
            let mut condition = None;
            if self.take_word("when") {
                self.spaces();
                condition = Some(self.expr()?);
            } else {
                self.need_word("else")?;
            }
            self.spaces();
            self.need("->")?;
            self.spaces();
            let target = self.plain_path()?;
            match condition {
                Some(condition) => branches.push((condition, target)),
                None => otherwise = Some(target),
            }
            if !self.line_break() {
                break;
            }
        }
        self.gap();
        self.need("}")?;
        Some(StepKind::Route { branches, otherwise })
    }

    fn run(&mut self) -> Option<StepKind> {
        let what = self.name()?;
        let from = self.at;
        let mut path = None;
        if self.some_spaces().is_some() && self.is("\"") {
            path = Some(self.plain_text()?);
        } else {
            self.at = from;
        }
        let (mut returns, mut entries) = (None, None);
        loop {
            let behind = self.at;
            self.spaces();
            if self.is("{") && entries.is_none() {
                entries = Some(self.block(Clauses::None)?);
            } else if returns.is_none() && self.take_word("returns") {
                self.spaces();
                returns = Some(self.type_expr()?);
            } else {
                self.at = behind;
                break;
            }
        }
        Some(StepKind::Run {
            what,
            path,
            returns,
            entries: entries.unwrap_or_default(),
        })
    }

    fn braced_bindings(&mut self) -> Option<Vec<Binding>> {
        self.listed("{", "}", Reader::binding)
    }

    /// The columns of `derive`: a line that starts with `NAME =` goes on with them.
    fn bindings(&mut self) -> Option<Vec<Binding>> {
        let mut bindings = vec![self.binding()?];
        loop {
            let from = self.at;
            if !self.separator() {
                return Some(fitted(bindings));
            }
            let start = self.at;
            self.doc()?;
            let name = self.name();
            self.spaces();
            let equals = self.peek() == Some(b'=') && self.ahead(1) != Some(b'>');
            if name.is_none() || !equals {
                self.at = from;
                return Some(fitted(bindings));
            }
            self.at = start;
            bindings.push(self.binding()?);
        }
    }

    fn binding(&mut self) -> Option<Binding> {
        let doc = self.doc()?;
        let from = self.at;
        let name = self.name()?;
        self.spaces();
        self.equals()?;
        self.spaces();
        let value = Some(self.expr()?);
        Some(Binding {
            doc,
            name,
            value,
            span: self.span(from),
        })
    }

    /// The columns of `select`: a line goes on with them unless another step starts there.
    fn selected(&mut self) -> Option<Vec<Binding>> {
        self.gap();
        let mut columns = vec![self.column()?];
        loop {
            let from = self.at;
            self.spaces();
            if self.take(",") {
                self.gap();
            } else {
                self.at = from;
                if !self.line_break() || self.is("}") || self.is_step()? {
                    self.at = from;
                    return Some(fitted(columns));
                }
            }
            columns.push(self.column()?);
        }
    }

    /// Whether a line starts another step: `drop a`, but not `drop as b` or a bare `drop`.
    fn is_step(&mut self) -> Option<bool> {
        const STEPS: [&str; 19] = [
            "filter", "derive", "select", "drop", "rename", "explode", "dedupe", "join", "union", "group", "window",
            "session", "pivot", "unpivot", "sort", "take", "expect", "route", "run",
        ];
        let from = self.at;
        self.doc()?;
        let word = self.word();
        self.at += word.len();
        self.spaces();
        let column = matches!(
            self.peek(),
            None | Some(b',' | b'\n' | b'}' | b'.' | b'+' | b'*' | b'/' | b'?')
        );
        let found = STEPS.contains(&word) && !column && self.word() != "as";
        self.at = from;
        Some(found)
    }

    /// The keys of `group`.
    fn columns(&mut self) -> Option<Vec<Binding>> {
        let mut columns = vec![self.column()?];
        loop {
            let from = self.at;
            self.spaces();
            if !self.take(",") {
                self.at = from;
                return Some(fitted(columns));
            }
            self.gap();
            columns.push(self.column()?);
        }
    }

    /// A plain column, or `EXPR as NAME`.
    fn column(&mut self) -> Option<Binding> {
        let doc = self.doc()?;
        let from = self.at;
        let value = self.expr()?;
        let alias = self.alias()?;
        let plain = alias.is_none() && matches!(value.kind, ExprKind::Name(_));
        let own = match &value.kind {
            ExprKind::Name(text) => Some(Name {
                text: text.clone(),
                span: value.span,
            }),
            ExprKind::Member { name, .. } => Some((**name).clone()),
            _ => None,
        };
        Some(Binding {
            doc,
            name: alias.or(own)?,
            value: (!plain).then_some(value),
            span: self.span(from),
        })
    }
}
