//! Aggregates of a `group`: one call of an aggregate function an entry.

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::plan::expr::Aggregate;
use crate::syntax::ast;

use super::{Checker, union};

impl Checker<'_> {
    /// An aggregate, and the labels that stay on it.
    pub fn aggregate(&mut self, expr: &ast::Expr) -> Option<(Aggregate, BTreeSet<String>)> {
        let text = self.text_of(expr.span);
        let ast::ExprKind::Call {
            function,
            arguments,
            order,
        } = &expr.kind
        else {
            self.no_aggregate(expr, &text);
            return None;
        };
        let ast::ExprKind::Name(name) = &function.kind else {
            self.no_aggregate(expr, &text);
            return None;
        };
        if !self.callable(name, function.span) {
            return None;
        }
        if !self.ctx.functions.is_aggregate(name) {
            self.no_aggregate(expr, &text);
            return None;
        }
        if !order.is_empty() {
            self.refused(expr, expr.span, "`order by` in an aggregate");
            return None;
        }
        let (_, found, values) = self.matched(name, expr.span, arguments)?;
        let labels = self.ctx.classes.after_aggregate(union(&values));
        let converted = values.into_iter().zip(&found.arguments);
        let arguments = converted.map(|(value, kind)| self.convert(value, kind).expr).collect();
        let aggregate = Aggregate {
            function: name.clone(),
            arguments,
            order: Vec::new(),
            ty: found.returns,
            text,
        };
        Some((aggregate, labels))
    }

    fn no_aggregate(&mut self, expr: &ast::Expr, text: &str) {
        if matches!(expr.kind, ast::ExprKind::Bad) {
            return;
        }
        if self.holds_aggregate(expr) {
            self.say(
                crate::check::not_yet(expr.span, format!("computing with aggregates, as `{text}` does"))
                    .help("give each aggregate a name, and `derive` the rest in a step behind"),
            );
            return;
        }
        let message = format!("`{text}` is no aggregate, and a group has no single row");
        let diagnostic = Diagnostic::new(Code::AGGREGATE_PLACE, expr.span, message).found("an aggregate is expected");
        self.say(diagnostic.help("write an aggregate, as `count()` or `max(x)`, or make it a key of the group"));
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
            _ => false,
        }
    }
}
