//! `sort by COLS`, `take N`, and the orders of windows.

use crate::base::Span;
use crate::check::exprs::Place;
use crate::check::ty;
use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::plan::expr::{Expr, Literal};
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn sort(&mut self, at: Span, orders: &[ast::Order]) -> Option<StepKind> {
        if !self.table_only(
            "sort",
            at,
            "leave it out: rows of a stream are in the order of their arrival",
        ) {
            return None;
        }
        let orders = self.orders(orders)?;
        self.sorted = true;
        Some(StepKind::Sort(orders))
    }

    /// What rows are ordered by, and whether the other way round.
    pub(super) fn orders(&mut self, orders: &[ast::Order]) -> Option<Vec<(Expr, bool)>> {
        let mut checked = Vec::new();
        for order in orders {
            let scope = self.scope();
            let typed = self.checker(&scope, Place::Step).expr(&order.value);
            let kind = typed.kind();
            if typed.is_error() {
                continue;
            }
            if !ty::ordered(kind) {
                let message = format!("`{}` is {}, which has no order", typed.expr.text, typed.expr.ty);
                let diagnostic = Diagnostic::new(Code::ORDER_BY, order.value.span, message)
                    .found("no value comes before another")
                    .help("order by a number, a text, a date or a timestamp");
                self.say(diagnostic);
                continue;
            }
            checked.push((typed.expr, order.descending));
        }
        (checked.len() == orders.len()).then_some(checked)
    }

    pub(super) fn take(&mut self, at: Span, count: &ast::Expr) -> Option<StepKind> {
        if !self.table_only("take", at, "keep some of the rows by a condition: `filter …`") {
            return None;
        }
        let typed = self.checker(&[], Place::Constant).expr(count);
        if typed.is_error() {
            return None;
        }
        let number = match typed.literal() {
            Some(Literal::Int(number)) => u64::try_from(*number).ok().filter(|number| *number > 0),
            _ => None,
        };
        let Some(number) = number else {
            let message = format!("`take` takes a number of rows, one at least, not `{}`", typed.expr.text);
            let diagnostic = Diagnostic::new(Code::OUT_OF_BOUNDS, count.span, message).found("not a number of rows");
            self.say(diagnostic.help("write `take 100`"));
            return None;
        };
        if !self.sorted {
            let diagnostic = Diagnostic::new(Code::ORDER_BY, at, "`take` does not say which rows are the first")
                .found("no `sort` stands before it")
                .help("write `sort by COLUMN` above it: then every run takes the same rows");
            self.say(diagnostic);
            return None;
        }
        Some(StepKind::Take(number))
    }
}
