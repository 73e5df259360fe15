//! Aggregates of a `group`, and functions over the rows of a `window`: one call an entry.

use std::collections::BTreeSet;

use crate::check::functions::{Declaration, Kind};
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{Aggregate, Expr};
use crate::syntax::ast;

use super::{Checker, union};

impl Checker<'_> {
    /// An aggregate of a `group`, and the labels that stay on it.
    pub fn aggregate(&mut self, expr: &ast::Expr) -> Option<(Aggregate, BTreeSet<String>)> {
        let (aggregate, labels) = self.over_rows(expr, &[Kind::Aggregate])?;
        Some((aggregate, self.ctx.classes.after_aggregate(labels)))
    }

    /// A function over the rows of a `window`, and its labels: all stay, since a row's own value may be its answer.
    pub fn over_window(&mut self, expr: &ast::Expr) -> Option<(Aggregate, BTreeSet<String>)> {
        self.over_rows(expr, &[Kind::Window, Kind::Aggregate])
    }

    fn over_rows(&mut self, expr: &ast::Expr, kinds: &[Kind]) -> Option<(Aggregate, BTreeSet<String>)> {
        let text = self.text_of(expr.span);
        let window = kinds.contains(&Kind::Window);
        let ast::ExprKind::Call {
            function,
            arguments,
            order,
        } = &expr.kind
        else {
            self.no_aggregate(expr, &text, window);
            return None;
        };
        let ast::ExprKind::Name(name) = &function.kind else {
            self.no_aggregate(expr, &text, window);
            return None;
        };
        if !self.callable(name, function.span) {
            return None;
        }
        let mut forms = self.ctx.functions.forms_of(name, kinds);
        forms.retain(|form| !window || form.kind == Kind::Window || form.running);
        if forms.is_empty() {
            match window && self.ctx.functions.is_aggregate(name) {
                true => self.not_running(name, expr),
                false => self.no_aggregate(expr, &text, window),
            }
            return None;
        }
        let chosen = self.matched(name, expr.span, arguments, &forms)?;
        let (order, labels) = self.order(chosen.form, order, window, expr)?;
        let aggregate = Aggregate {
            function: name.clone(),
            arguments: chosen.arguments.into_iter().map(|value| value.expr).collect(),
            order,
            ty: chosen.ty,
            text,
        };
        Some((aggregate, chosen.labels.union(&labels).cloned().collect()))
    }

    /// `order by` inside of the call, which must stand there if the answer depends on it.
    #[allow(
        clippy::type_complexity,
        reason = "what `order by` says, and the labels of what it reads"
    )]
    fn order(
        &mut self,
        form: &Declaration,
        order: &[ast::Order],
        window: bool,
        call: &ast::Expr,
    ) -> Option<(Vec<(Expr, bool)>, BTreeSet<String>)> {
        let name = &form.name;
        if let Some(first) = order.first().filter(|_| window || !form.needs_order) {
            let message = match window {
                true => format!("the window already orders the rows of `{name}`"),
                false => format!("the answer of `{name}` is the same in every order"),
            };
            let diagnostic = Diagnostic::new(Code::CALL_ORDER, first.value.span, message);
            self.say(
                diagnostic
                    .found("this order changes nothing")
                    .help("leave `order by` out"),
            );
            return None;
        }
        if order.is_empty() && form.needs_order && !window {
            let by = self.columns.iter().find(|column| column.event_time);
            let by = by.or_else(|| self.columns.iter().find(|column| ty::ordered(&column.ty.kind)));
            let by = by.map_or("…", |column| column.name.as_str());
            let text = self.text_of(call.span);
            let inside = text.trim_end_matches(')');
            let message = format!("`{name}` depends on the order of the rows, and none is said");
            let diagnostic = Diagnostic::new(Code::CALL_ORDER, call.span, message)
                .found("rows come in any order")
                .help(format!("write `{inside} order by {by})`"));
            self.say(diagnostic);
            return None;
        }
        let mut typed = Vec::new();
        for order in order {
            let value = self.expr(&order.value);
            if value.is_error() {
                return None;
            }
            if !ty::ordered(value.kind()) {
                let message = format!("values of type {} have no order", value.kind());
                let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, value.span, message);
                self.say(diagnostic.found(format!("this is {}", value.kind())));
                return None;
            }
            typed.push((value, order.descending));
        }
        let labels = union(typed.iter().map(|(value, _)| value));
        let order = typed.into_iter().map(|(value, descending)| (value.expr, descending));
        Some((order.collect(), labels))
    }

    fn not_running(&mut self, name: &str, expr: &ast::Expr) {
        let message = format!("`{name}` answers for a whole group, not row by row");
        let diagnostic =
            Diagnostic::new(Code::AGGREGATE_PLACE, expr.span, message).found("a window answers for each row");
        let running = self.ctx.functions.iter().filter(|form| form.running);
        let mut names: Vec<_> = running.map(|form| format!("`{}`", form.name)).collect();
        names.dedup();
        self.say(diagnostic.help(format!(
            "in a `window` stand {}, or write it in a `group`",
            names.join(", ")
        )));
    }

    fn no_aggregate(&mut self, expr: &ast::Expr, text: &str, window: bool) {
        if matches!(expr.kind, ast::ExprKind::Bad) {
            return;
        }
        let step = if window { "window" } else { "group" };
        if self.holds_aggregate(expr) {
            let message = format!("an entry of a `{step}` is one call, but `{text}` computes with what it answers");
            let diagnostic = Diagnostic::new(Code::AGGREGATE_PLACE, expr.span, message)
                .found("more than one call")
                .help("give each aggregate a name, and `derive` the rest in a step behind");
            self.say(diagnostic);
            return;
        }
        let (message, help) = match window {
            true => (
                format!("`{text}` is no function over rows"),
                "write a function over rows, as `row_number()` or `lag(x)`; `derive` the rest in a step behind",
            ),
            false => (
                format!("`{text}` is no aggregate, and a group has no single row"),
                "write an aggregate, as `count()` or `max(x)`, or make it a key of the group",
            ),
        };
        let diagnostic = Diagnostic::new(Code::AGGREGATE_PLACE, expr.span, message);
        let found = if window {
            "a function over rows is expected"
        } else {
            "an aggregate is expected"
        };
        self.say(diagnostic.found(found).help(help));
    }

    /// Whether an operator's side is an aggregate: `sum(a) + 1`.
    fn holds_aggregate(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            ast::ExprKind::Call {
                function, arguments, ..
            } => {
                let own = matches!(&function.kind, ast::ExprKind::Name(name) if self.ctx.functions.is_aggregate(name));
                own || arguments.iter().any(|argument| self.holds_aggregate(&argument.value))
            }
            ast::ExprKind::Binary { left, right, .. } => self.holds_aggregate(left) || self.holds_aggregate(right),
            ast::ExprKind::Unary { value, .. } => self.holds_aggregate(value),
            ast::ExprKind::If {
                condition,
                then,
                otherwise,
            } => [condition, then, otherwise]
                .iter()
                .any(|part| self.holds_aggregate(part)),
            _ => false,
        }
    }
}
