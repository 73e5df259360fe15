//! Steps that make one row of several: `group` and `pivot`.

use super::super::query::Select;
use super::super::tree::Sql;
use super::super::types::bare;
use super::Body;
use super::aggregates::{Over, spelled};
use crate::plan::Step;
use crate::plan::expr::{Aggregate, Expr, ExprKind, Literal};
use crate::plan::types::Column;

impl Body<'_> {
    pub(super) fn group(&mut self, step: &Step, keys: &[(Column, Expr)], aggregates: &[(Column, Aggregate)]) {
        // A literal among what rows are grouped by would be the place of a column; by a query it is a value.
        let mut items: Vec<(Sql, Option<String>)> = keys
            .iter()
            .map(|(column, expr)| (self.value(expr), Some(column.name.clone())))
            .collect();
        for (column, aggregate) in aggregates {
            let value = self.aggregate(aggregate, None);
            items.push((value, Some(column.name.clone())));
        }
        let mut select = Select::of(&self.last(), items);
        select.group = keys.len();
        let name = keys
            .first()
            .map_or("in_all".to_owned(), |(column, _)| format!("by_{}", column.name));
        self.select(&name, step.text.as_ref(), select);
    }

    pub(super) fn pivot(&mut self, step: &Step, on: &Expr, values: &[(Literal, Column, Aggregate)], keys: &[String]) {
        let on_value = self.value(on);
        let mut items: Vec<(Sql, Option<String>)> =
            keys.iter().map(|key| (Sql::name(key), Some(key.clone()))).collect();
        for (literal, column, aggregate) in values {
            let only = Sql::binary("=", on_value.clone(), bare(literal, &on.ty.kind));
            items.push((self.aggregate(aggregate, Some(only)), Some(column.name.clone())));
        }
        let mut select = Select::of(&self.last(), items);
        select.group = keys.len();
        self.select("pivoted", step.text.as_ref(), select);
    }

    fn aggregate(&self, aggregate: &Aggregate, only: Option<Sql>) -> Sql {
        let mut order = self.orders(&aggregate.order);
        let but: Vec<&str> = super::order::plain_columns(&aggregate.order).collect();
        order.extend(super::order::ties(&self.columns, &but));
        let over = Over {
            arguments: aggregate
                .arguments
                .iter()
                .map(|argument| self.value(argument))
                .collect(),
            only,
            order,
            window: None,
            constant: constant(aggregate),
        };
        spelled(aggregate, &over)
    }
}

/// What else an aggregate takes, which is known when the query is written.
pub(super) fn constant(aggregate: &Aggregate) -> Option<Literal> {
    match aggregate.arguments.get(1).map(|argument| &argument.kind) {
        Some(ExprKind::Literal(literal)) => Some(literal.clone()),
        _ => None,
    }
}
