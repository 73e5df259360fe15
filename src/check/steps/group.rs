//! `group by KEYS [every D [over D] [late D]] { NAME = AGG … }`: one row a group; with `every` windows of event time.

use crate::base::Span;
use crate::check::exprs::Place;
use crate::check::program::Shape;
use crate::check::schema::column_name;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Aggregate, Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{EventWindow, StepKind};
use crate::syntax::ast;

use super::Steps;

/// The lengths of time of a group.
pub(super) struct Times<'t> {
    pub(super) every: Option<&'t ast::Expr>,
    pub(super) over: Option<&'t ast::Expr>,
    pub(super) late: Option<&'t ast::Expr>,
}

impl Steps<'_> {
    pub(super) fn group(
        &mut self,
        at: Span,
        keys: &[ast::Binding],
        times: Times<'_>,
        aggregates: &[ast::Binding],
    ) -> Option<StepKind> {
        self.distinct(keys.iter().chain(aggregates).map(|binding| &binding.name));
        let scope = self.scope();
        let grouped = self.group_keys(keys, &scope);
        // A window of a wrong length has its columns, so that what reads them stays quiet.
        let time = times.every.and_then(|_| self.time_key(&grouped));
        let window = self.event_window(at, keys, &grouped, &times);
        let checked: Vec<_> = aggregates
            .iter()
            .map(|binding| {
                self.aggregate(
                    binding.doc.as_ref(),
                    &binding.name,
                    binding.value.as_ref(),
                    false,
                    &scope,
                )
            })
            .collect();
        let mut columns: Vec<Column> = Vec::new();
        for (column, _) in &grouped {
            match &time {
                Some(time) if *time == column.name => columns.extend(window_columns()),
                _ => columns.push(column.clone()),
            }
        }
        self.taken(aggregates, &columns);
        columns.extend(checked.iter().map(|(column, _)| column.clone()));
        self.columns = columns.into();
        self.forget_joined();
        self.sorted = false;
        let aggregates: Option<Vec<_>> = checked
            .into_iter()
            .map(|(column, aggregate)| Some((column, aggregate?)))
            .collect();
        Some(StepKind::Group {
            keys: grouped,
            window: window?,
            aggregates: aggregates?,
        })
    }

    fn group_keys(&mut self, keys: &[ast::Binding], scope: &[Column]) -> Vec<(Column, Expr)> {
        let mut grouped = Vec::new();
        for key in keys {
            let typed = self.value(key, scope, Place::Group);
            self.float_key(&typed.expr.text, typed.kind(), typed.span);
            self.broken |= !self.comparable(&typed.expr.text, typed.kind(), typed.span);
            let name = match key.value {
                Some(_) => column_name(&key.name, self.diagnostics),
                None => key.name.text.to_lowercase(),
            };
            let mut column = self.column(name, key.doc.as_ref(), &typed, scope);
            // A row is a group now: no field of the old rows names it, or says when it happened.
            (column.key, column.event_time) = (false, false);
            self.broken |= typed.is_error();
            grouped.push((column, typed.expr));
        }
        grouped
    }

    /// The windows of event time that a group asks for; `None` where they are wrong, which is said.
    fn event_window(
        &mut self,
        at: Span,
        keys: &[ast::Binding],
        grouped: &[(Column, Expr)],
        times: &Times<'_>,
    ) -> Option<Option<EventWindow>> {
        let Some(every) = times.every else {
            if let Some(other) = times.over.or(times.late) {
                let word = if times.over.is_some() { "over" } else { "late" };
                let message = format!("`{word}` belongs to windows, and this group has none");
                let diagnostic =
                    Diagnostic::new(Code::WINDOW, other.span, message).found("no `every` stands before it");
                self.say(diagnostic.help("say how far apart windows begin: `every 5 min`"));
                return None;
            }
            if self.shape == Shape::Table {
                return Some(None);
            }
            self.unbounded_group(at, keys);
            return None;
        };
        if self.shape == Shape::Objects {
            self.table_only(
                "group … every",
                at,
                "group what this transform writes, in another that reads it",
            );
            return None;
        }
        let time = self.window_time(every, keys, grouped);
        let every_seconds = self.seconds(every, "every");
        let over = times.over.map(|over| (over, self.seconds(over, "over")));
        let late = times.late.map(|late| self.lateness(late));
        let every_seconds = every_seconds?;
        let over_seconds = match over {
            Some((over, seconds)) => {
                let seconds = seconds?;
                if seconds < every_seconds {
                    let message = "windows that are shorter than `every` leave rows between them out";
                    let diagnostic = Diagnostic::new(Code::WINDOW, over.span, message)
                        .found("shorter than `every`")
                        .label(every.span, "windows begin this far apart")
                        .help("make `over` as long as `every` at least, or leave it out");
                    self.say(diagnostic);
                    return None;
                }
                seconds
            }
            None => every_seconds,
        };
        Some(Some(EventWindow {
            time: time?,
            every_seconds,
            over_seconds,
            late_seconds: late.unwrap_or(Some(0))?,
        }))
    }

    /// `late 0 s` is a lateness too.
    fn lateness(&mut self, late: &ast::Expr) -> Option<u64> {
        match &late.kind {
            ast::ExprKind::Quantity { number, .. } if number == "0" => Some(0),
            _ => self.seconds(late, "late"),
        }
    }

    /// The key that is the event time.
    fn time_key(&self, grouped: &[(Column, Expr)]) -> Option<String> {
        let is_time = |name: &str| {
            self.columns
                .iter()
                .any(|column| column.event_time && column.name == name)
        };
        let found = grouped
            .iter()
            .find(|(_, value)| matches!(&value.kind, ExprKind::Column(name) if is_time(name)));
        found.map(|(column, _)| column.name.clone())
    }

    /// The key that is the event time; that there is none is said.
    fn window_time(&mut self, every: &ast::Expr, keys: &[ast::Binding], grouped: &[(Column, Expr)]) -> Option<String> {
        if let Some(time) = self.time_key(grouped) {
            return Some(time);
        }
        if grouped.iter().any(|(column, _)| column.ty.kind == TypeKind::Error) {
            return None;
        }
        let own = self
            .columns
            .iter()
            .find(|column| column.event_time)
            .map(|column| column.name.clone());
        let diagnostic = Diagnostic::new(Code::WINDOW, every.span, "`every` wants the event time among the keys")
            .found("none of the keys is the event time");
        let last = keys.last().map(|key| key.span);
        self.say(match (own, last) {
            (Some(own), Some(last)) => diagnostic.help(format!("add it to the keys: `{own}`")).fix(
                format!("add `{own}`"),
                last.after(),
                format!(", {own}"),
            ),
            _ => diagnostic
                .help("mark a timestamp of the schema with `@event_time`, keep it up to here, and add it to the keys"),
        });
        None
    }

    fn unbounded_group(&mut self, at: Span, keys: &[ast::Binding]) {
        if self.shape == Shape::Objects {
            self.table_only(
                "group",
                at,
                "group what this transform writes, in another that reads it",
            );
            return;
        }
        let own = self.columns.iter().find(|column| column.event_time);
        let keyed = own.is_some_and(|own| keys.iter().any(|key| key.name.text.to_lowercase() == own.name));
        let help = match own {
            Some(own) if !keyed => format!(
                "group by windows of event time: add `{}` to the keys, and `every 5 min` behind them",
                own.name
            ),
            _ => "group by windows of event time: write `every 5 min` behind the keys".to_owned(),
        };
        let diagnostic = Diagnostic::new(
            Code::TABLES_ONLY,
            at,
            "`group` on a stream has no end: its rows never stop coming",
        )
        .found("no `every` says when a group is complete")
        .help(help)
        .help("or group in a transform that reads what landed: `ZONE.SOURCE`");
        self.say(diagnostic);
    }

    /// An aggregate's name that the key of windows took.
    fn taken(&mut self, aggregates: &[ast::Binding], keys: &[Column]) {
        for binding in aggregates {
            let lower = binding.name.text.to_lowercase();
            let own = ["window_start", "window_end"].contains(&lower.as_str());
            if own && keys.iter().any(|column| column.name == lower) {
                let message = format!("windows have a column `{lower}` of their own");
                let diagnostic =
                    Diagnostic::new(Code::DUPLICATE_COLUMN, binding.name.span, message).found("the second one");
                self.say(diagnostic.help("write another name"));
                self.broken = true;
            }
        }
    }

    /// An aggregate, or, in a `window`, a function over its rows, and the column that holds it.
    pub(super) fn aggregate(
        &mut self,
        doc: Option<&ast::Doc>,
        name: &ast::Name,
        value: Option<&ast::Expr>,
        window: bool,
        scope: &[Column],
    ) -> (Column, Option<Aggregate>) {
        let own = ast::Expr {
            kind: ast::ExprKind::Name(name.text.clone()),
            span: name.span,
        };
        let value = value.unwrap_or(&own);
        let mut checker = self.checker(scope, Place::Group);
        let found = match window {
            true => checker.over_window(value),
            false => checker.aggregate(value),
        };
        let (aggregate, labels) = found.unzip();
        let error = TypeKind::Error.required();
        let ty = aggregate.as_ref().map_or(error, |aggregate| aggregate.ty.clone());
        let mut column = Column::new(column_name(name, self.diagnostics), ty);
        column.labels = labels.unwrap_or_default();
        column.doc = doc.map(|doc| doc.text.clone());
        (column, aggregate)
    }
}

/// What takes the place of the event time: a window's first moment, and the first one behind it.
fn window_columns() -> [Column; 2] {
    let mut start = Column::new("window_start", TypeKind::Timestamp.required());
    start.doc = Some("The window's first moment.".to_owned());
    start.event_time = true;
    let mut end = Column::new("window_end", TypeKind::Timestamp.required());
    end.doc = Some("The first moment behind the window.".to_owned());
    [start, end]
}
