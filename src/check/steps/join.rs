//! `join [left|inner|full|semi|anti] OTHER [as NAME] on COND [within DURATION]`: rows of two sides that belong together.
//!
//! A table joined to a stream is looked up in its newest snapshot; two streams are joined within a bound of event time.

use crate::base::{Span, suggest};
use crate::check::exprs::{Place, Typed};
use crate::check::program::{Delivers, Shape};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::expr::{CompareOp, Expr, ExprKind, Literal, LogicOp};
use crate::plan::types::Column;
use crate::plan::{Join, JoinKind, StepKind};
use crate::syntax::ast;

use super::dedupe::within_clause;
use super::shape::of_shape;
use super::{Rows, Steps};

/// A `join` as written.
pub(super) struct Written<'w> {
    pub(super) at: Span,
    pub(super) kind: Option<&'w ast::Name>,
    pub(super) other: &'w ast::Path,
    pub(super) alias: Option<&'w ast::Name>,
    pub(super) on: &'w ast::Expr,
    pub(super) within: Option<&'w ast::Expr>,
}

const KINDS: [&str; 5] = ["left", "inner", "full", "semi", "anti"];

impl Steps<'_> {
    pub(super) fn join(&mut self, written: &Written<'_>) -> Option<StepKind> {
        let Some(rows) = self.around.rows(written.other, self.diagnostics) else {
            self.lost = true;
            return None;
        };
        let kind = written.kind.map_or(Some(JoinKind::Inner), |word| self.join_kind(word));
        let Some(alias) = self.alias(written) else {
            self.lost = true;
            return None;
        };
        let within = self.bounded(written, kind, &rows);
        let own = alias.text.to_lowercase();
        let others: Vec<Column> = rows.columns.iter().map(|column| named(&own, column)).collect();
        let earlier = self.joined.len();
        self.joined.extend(others);
        let on = self.on(written.on, &own);
        let sides = kind.unwrap_or(JoinKind::Left);
        self.after_join(sides, earlier);
        self.aliases.push(alias);
        self.sorted = false;
        let (on, kind, within_seconds) = (on?, kind?, within?);
        let equal = equal_parts(&on, &own);
        if equal.is_empty() {
            self.no_equality(written, &own);
        }
        self.checked.unique.push((self.checked.steps.len(), rows.unique));
        Some(StepKind::Join(Join {
            kind,
            other: rows.input,
            alias: own,
            columns: rows.columns,
            on,
            equal,
            within_seconds,
        }))
    }

    fn join_kind(&mut self, word: &ast::Name) -> Option<JoinKind> {
        Some(match word.text.as_str() {
            "left" => JoinKind::Left,
            "inner" => JoinKind::Inner,
            "full" => JoinKind::Full,
            "semi" => JoinKind::Semi,
            "anti" => JoinKind::Anti,
            other => {
                let diagnostic = Diagnostic::new(Code::JOIN, word.span, format!("there is no `{other}` join"))
                    .found("`left`, `inner`, `full`, `semi` or `anti` is expected");
                self.say(match suggest(other, KINDS) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                        format!("write `{near}`"),
                        word.span,
                        near,
                    ),
                    None if other == "right" => {
                        diagnostic.help("read the other side first, and join this one with `left`")
                    }
                    None => diagnostic.help("write `left`, or leave it out: pairs only"),
                });
                return None;
            }
        })
    }

    /// What the other side is called: the name behind `as`, or its own last one.
    fn alias(&mut self, written: &Written<'_>) -> Option<ast::Name> {
        let alias = written.alias.or(written.other.parts.last())?.clone();
        let lower = alias.text.to_lowercase();
        let same = self.aliases.iter().find(|first| first.text.to_lowercase() == lower);
        let diagnostic = if let Some(first) = same {
            Diagnostic::new(
                Code::JOIN,
                alias.span,
                format!("two joins call their other side `{lower}`"),
            )
            .found("the second one")
            .label(first.span, "the first one")
        } else if self.columns.iter().any(|column| column.name == lower) {
            Diagnostic::new(
                Code::JOIN,
                alias.span,
                format!("the other side of a join is called `{lower}`, as a column is"),
            )
            .found("`NAME.column` could mean either")
        } else {
            return Some(alias);
        };
        self.say(match written.alias {
            Some(_) => diagnostic.help("write another name behind `as`"),
            None => diagnostic.help(format!("give it a name: `as {lower}_2`")).fix(
                format!("name it `{lower}_2`"),
                written.other.span.after(),
                format!(" as {lower}_2"),
            ),
        });
        None
    }

    /// The bound in event time of a join of streams; `None` where the sides do not go together so, which is said.
    fn bounded(&mut self, written: &Written<'_>, kind: Option<JoinKind>, rows: &Rows) -> Option<Option<u64>> {
        let other = written.other.text();
        match (self.shape, rows.shape) {
            (Shape::Stream, Shape::Stream) => return self.both_streams(written, rows),
            (Shape::Table, Shape::Table) => {}
            (Shape::Stream | Shape::Objects, Shape::Table) => {
                if kind == Some(JoinKind::Full) {
                    let message =
                        format!("a `full` join with `{other}` would never end: a row of it may find its pair any time");
                    let diagnostic = Diagnostic::new(Code::JOIN, written.other.span, message)
                        .found(format!("a table, looked up by each row of {}", of_shape(self.shape)))
                        .help("write `join left`");
                    let diagnostic = match written.kind {
                        Some(word) => diagnostic.fix("write `left`", word.span, "left"),
                        None => diagnostic,
                    };
                    self.say(diagnostic);
                    return None;
                }
            }
            (shape, other_shape) => {
                let (own, others) = (of_shape(shape), of_shape(other_shape));
                let message = format!("`{other}` is {others}, and cannot be joined to rows of {own}");
                let diagnostic = Diagnostic::new(Code::JOIN, written.other.span, message)
                    .found(others)
                    .help("join what it lands: `ZONE.SOURCE`");
                self.say(diagnostic);
                return None;
            }
        }
        if rows.delivers == Delivers::Changes {
            let message = format!("`{other}` holds changes, not the rows as they are now");
            let diagnostic = Diagnostic::new(Code::CHANGES, written.other.span, message)
                .found("a row of it may be replaced or deleted by a later one")
                .help("join a dataset that a transform writes from it with `merge by`");
            self.say(diagnostic);
            return None;
        }
        if let Some(within) = written.within {
            let diagnostic = Diagnostic::new(
                Code::WITHIN,
                within.span,
                format!("`within` bounds the join of two streams, and `{other}` is a table"),
            )
            .found("all its rows are there")
            .help("leave `within` out; bound the times in `on` where rows must be near")
            .fix("leave `within` out", within_clause(within, self.ctx.sources), "");
            self.say(diagnostic);
            return None;
        }
        Some(None)
    }

    fn both_streams(&mut self, written: &Written<'_>, rows: &Rows) -> Option<Option<u64>> {
        let other = written.other.text();
        let Some(within) = written.within else {
            let message = format!("joining a stream with the stream `{other}` has no bound: a pair may come any time");
            let diagnostic = Diagnostic::new(Code::WITHIN, written.other.span, message)
                .found("no `within` says how far apart pairs may be")
                .help("write it behind the condition: `within 10 min`")
                .fix("add `within 10 min`", written.on.span.after(), " within 10 min")
                .help("or look rows up in what has landed: `ZONE.SOURCE`");
            self.say(diagnostic);
            return None;
        };
        let seconds = self.seconds(within, "within");
        self.time_of_rows(written.at, "join … within")?;
        if !rows.columns.iter().any(|column| column.event_time) {
            let message = format!("`join … within` goes by the event time, and `{other}` has none");
            let diagnostic = Diagnostic::new(Code::EVENT_TIME, written.other.span, message)
                .found("no column is the event time there")
                .help("mark a timestamp of its schema with `@event_time`");
            self.say(diagnostic);
            return None;
        }
        seconds.map(Some)
    }

    /// The condition, which is always there: a row whose key is missing is one that the author has to think of.
    fn on(&mut self, on: &ast::Expr, alias: &str) -> Option<Expr> {
        let scope = self.scope();
        let typed = self.condition_over(&scope, on, "the condition of a join");
        if typed.is_error() {
            return None;
        }
        if !typed.expr.ty.optional {
            return Some(typed.expr);
        }
        let part = self.missing_part(&scope, on);
        let (at, part) = part.unwrap_or((on, typed));
        self.key_missing(at, &part, alias);
        None
    }

    /// The side of a comparison that may be missing.
    fn missing_part<'e>(&mut self, scope: &[Column], on: &'e ast::Expr) -> Option<(&'e ast::Expr, Typed)> {
        let quiet = |steps: &Self, expr: &ast::Expr| {
            let mut unheard = Diagnostics::default();
            crate::check::exprs::Checker::new(steps.ctx, scope, Place::Step, &mut unheard)
                .with_joined(&steps.joined)
                .expr(expr)
        };
        let ast::ExprKind::Binary { op, left, right, .. } = &on.kind else {
            let typed = quiet(self, on);
            return typed.expr.ty.optional.then_some((on, typed));
        };
        if *op == ast::BinaryOp::And {
            return self
                .missing_part(scope, left)
                .or_else(|| self.missing_part(scope, right));
        }
        for side in [left, right] {
            let typed = quiet(self, side);
            if typed.expr.ty.optional {
                return Some((side, typed));
            }
        }
        None
    }

    fn key_missing(&mut self, at: &ast::Expr, part: &Typed, alias: &str) {
        let text = &part.expr.text;
        let message = format!("a join is on values that are always there, but `{text}` may be missing");
        let mut diagnostic = Diagnostic::new(Code::MAY_BE_MISSING, at.span, message)
            .found(format!("this is {}", part.expr.ty))
            .help(format!(
                "say what stands in for it: `({text} ?? {})`",
                crate::check::exprs::convert::example(&part.expr.ty.kind).unwrap_or_else(|| "…".to_owned())
            ));
        // The other side's rows are not this transform's to turn away.
        if !text.starts_with(&format!("{alias}.")) {
            diagnostic = diagnostic.help(format!("or turn the row away: `({text} ?? reject \"no {text}\")`"));
        }
        self.say(diagnostic.help("or let a missing one match nothing: `(… == …) ?? false`"));
    }

    /// The columns after a join: what may have found no pair may be missing.
    fn after_join(&mut self, kind: JoinKind, earlier: usize) {
        let missing = |columns: &mut [Column]| columns.iter_mut().for_each(|column| column.ty.optional = true);
        match kind {
            JoinKind::Semi | JoinKind::Anti => self.joined.truncate(earlier),
            JoinKind::Inner => {}
            JoinKind::Left => missing(self.joined.get_mut(earlier..).unwrap_or_default()),
            JoinKind::Full => {
                missing(&mut self.joined);
                missing(&mut self.columns);
                missing(&mut self.hidden);
                for column in &mut self.columns {
                    (column.key, column.event_time) = (false, false);
                }
            }
        }
    }

    fn no_equality(&mut self, written: &Written<'_>, alias: &str) {
        let other = written.other.text();
        let message = format!("every row is compared with every row of `{other}`");
        let diagnostic = Diagnostic::new(Code::CROSS_JOIN, written.on.span, message)
            .found("no part of it says that a column of one side equals one of the other")
            .help(format!("add one: `… == {alias}.COLUMN and …`"));
        self.say(diagnostic);
    }
}

/// A column of the other side.
fn named(alias: &str, column: &Column) -> Column {
    let mut other = column.clone();
    other.name = format!("{alias}.{}", column.name);
    (other.key, other.event_time) = (false, false);
    other
}

/// The parts of a condition that must be equal, left and right; the condition holds only where all of them are.
fn equal_parts(on: &Expr, alias: &str) -> Vec<(Expr, Expr)> {
    match &on.kind {
        ExprKind::Logic {
            op: LogicOp::And,
            left,
            right,
        } => {
            let mut parts = equal_parts(left, alias);
            parts.extend(equal_parts(right, alias));
            parts
        }
        // A missing key matches nothing.
        ExprKind::Coalesce { value, default } if default.kind == ExprKind::Literal(Literal::Bool(false)) => {
            equal_parts(value, alias)
        }
        ExprKind::Compare {
            op: CompareOp::Equal,
            left,
            right,
        } => match (side(left, alias), side(right, alias)) {
            (Some(Side::Left), Some(Side::Right)) => vec![((**left).clone(), (**right).clone())],
            (Some(Side::Right), Some(Side::Left)) => vec![((**right).clone(), (**left).clone())],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// The one side whose columns an expression reads; `None` where it reads none or both.
fn side(expr: &Expr, alias: &str) -> Option<Side> {
    let names = expr.columns();
    let right = |name: &String| name.strip_prefix(alias).is_some_and(|rest| rest.starts_with('.'));
    match (names.iter().any(right), names.iter().all(right)) {
        (false, _) if !names.is_empty() => Some(Side::Left),
        (true, true) => Some(Side::Right),
        _ => None,
    }
}
