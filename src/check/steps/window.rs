//! `window by KEYS order by COLS [rows A..B] { NAME = FN … }` and `session by KEYS gap D as NAME`: columns computed over
//! the rows around a row.

use crate::base::Span;
use crate::check::exprs::Place;
use crate::check::program::Shape;
use crate::check::schema::column_name;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::plan::expr::Literal;
use crate::plan::types::{Column, TypeKind};
use crate::syntax::ast;

use super::Steps;

/// The first and the last row around a row that count; `None` is without bound.
type Frame = (Option<i64>, Option<i64>);

impl Steps<'_> {
    pub(super) fn window(
        &mut self,
        at: Span,
        keys: &[ast::Name],
        order: &[ast::Order],
        rows: Option<&ast::Rows>,
        columns: &[ast::Binding],
    ) -> Option<StepKind> {
        if !self.table_only(
            "window",
            at,
            "group by windows of event time: `group by KEYS, TIME every 5 min { … }`",
        ) {
            return None;
        }
        let names = self.keys(keys);
        if order.is_empty() {
            let diagnostic = Diagnostic::new(Code::ORDER_BY, at, "`window` does not say in which order rows come")
                .found("no `order by` stands behind the keys")
                .help("write `order by COLUMN` behind the keys");
            self.say(diagnostic);
            return None;
        }
        let order = self.orders(order);
        let frame = match rows {
            Some(rows) => self.frame(rows).map(Some),
            None => Some(None),
        };
        self.distinct(columns.iter().map(|binding| &binding.name));
        let scope = self.scope();
        let mut computed = Vec::new();
        for binding in columns {
            let (column, aggregate) = self.aggregate(
                binding.doc.as_ref(),
                &binding.name,
                binding.value.as_ref(),
                true,
                &scope,
            );
            let added = self.add(&binding.name, column.clone(), None);
            match aggregate {
                Some(aggregate) if added => computed.push((column, aggregate)),
                _ => self.broken = true,
            }
        }
        Some(StepKind::Window {
            keys: names?,
            order: order?,
            rows: frame?,
            columns: computed,
        })
    }

    /// `rows -6..0`
    fn frame(&mut self, rows: &ast::Rows) -> Option<Frame> {
        let from = self.bound(rows.from.as_ref())?;
        let to = self.bound(rows.to.as_ref())?;
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            let message = format!("`rows {from}..{to}` ends before it begins");
            let diagnostic = Diagnostic::new(Code::WINDOW, rows.span, message)
                .found("no row is in it")
                .help(format!("write `rows {to}..{from}`"))
                .fix(
                    format!("write `rows {to}..{from}`"),
                    rows.span,
                    format!("rows {to}..{from}"),
                );
            self.say(diagnostic);
            return None;
        }
        Some((from, to))
    }

    fn bound(&mut self, bound: Option<&ast::Expr>) -> Option<Option<i64>> {
        let Some(bound) = bound else { return Some(None) };
        let typed = self.checker(&[], Place::Constant).expr(bound);
        if typed.is_error() {
            return None;
        }
        if let Some(Literal::Int(rows)) = typed.literal() {
            return Some(Some(*rows));
        }
        let message = format!("`rows` counts rows, and `{}` is {}", typed.expr.text, typed.kind());
        let diagnostic = Diagnostic::new(Code::WINDOW, bound.span, message).found("not a number of rows");
        self.say(diagnostic.help("write how many rows before and behind: `rows -6..0`"));
        None
    }

    pub(super) fn session(
        &mut self,
        at: Span,
        keys: &[ast::Name],
        gap: &ast::Expr,
        name: &ast::Name,
    ) -> Option<StepKind> {
        let instead = "group what this transform writes into sessions, in another that reads it";
        if self.shape == Shape::Objects && !self.table_only("session", at, instead) {
            return None;
        }
        let keys = self.keys(keys);
        let gap_seconds = self.seconds(gap, "gap");
        let time = self.time_of_rows(at, "session");
        let mut column = Column::new(column_name(name, self.diagnostics), TypeKind::Text.required());
        column.doc = Some("The session: the same for rows of one visit.".to_owned());
        // It is a digest of these, which hides nothing from who can guess them.
        let made_of = |known: &Column| known.event_time || keys.iter().flatten().any(|key| *key == known.name);
        let labels = self.columns.iter().filter(|known| made_of(known));
        column.labels = labels.flat_map(|known| known.labels.iter().cloned()).collect();
        let added = self.add(name, column.clone(), None);
        if !added {
            return None;
        }
        Some(StepKind::Session {
            keys: keys?,
            time: time?,
            gap_seconds: gap_seconds?,
            column,
        })
    }

    /// The column that is the event time.
    pub(super) fn time_of_rows(&mut self, at: Span, what: &str) -> Option<String> {
        if let Some(column) = self.columns.iter().find(|column| column.event_time) {
            return Some(column.name.clone());
        }
        let message = format!("`{what}` goes by the event time, and these rows have none");
        let diagnostic = Diagnostic::new(Code::EVENT_TIME, at, message)
            .found("no column is the event time here")
            .help("mark a timestamp of the schema with `@event_time`, and keep it up to here");
        self.say(diagnostic);
        None
    }
}
