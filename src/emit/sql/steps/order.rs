//! Orders: missing values last, whichever way, and ties broken by the other columns.

use super::super::query::Select;
use super::super::tree::{Order, Sql, Window};
use super::Body;
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Step, StepKind};

/// The column of a row's place in an order.
pub(super) const PLACE: &str = "_sorted";

/// Whether Trino orders values of a kind as the language does.
fn is_ordered(kind: &TypeKind) -> bool {
    !matches!(
        kind,
        TypeKind::Map(_) | TypeKind::Json | TypeKind::Struct(_) | TypeKind::List(_) | TypeKind::Object
    )
}

/// All columns that are not among these names: what breaks ties, so that every query gives the same answer.
pub(super) fn ties(columns: &[Column], but: &[&str]) -> Vec<Order> {
    columns
        .iter()
        .filter(|column| !column.name.contains('.'))
        .filter(|column| !but.contains(&column.name.as_str()) && is_ordered(&column.ty.kind))
        .map(|column| Order {
            value: Sql::name(&column.name),
            descending: false,
        })
        .collect()
}

/// The plain columns of an order.
pub(super) fn plain_columns(order: &[(Expr, bool)]) -> impl Iterator<Item = &str> {
    order.iter().filter_map(|(value, _)| match &value.kind {
        ExprKind::Column(name) => Some(name.as_str()),
        _ => None,
    })
}

impl Body<'_> {
    pub(super) fn orders(&self, order: &[(Expr, bool)]) -> Vec<Order> {
        let part = |(value, descending): &(Expr, bool)| Order {
            value: self.value(value),
            descending: *descending,
        };
        order.iter().map(part).collect()
    }

    pub(super) fn dedupe(&mut self, step: &Step, keys: &[String], keep_first: bool, by: Option<&str>) {
        let mut order: Vec<Order> = by
            .into_iter()
            .map(|by| Order {
                value: Sql::name(by),
                descending: !keep_first,
            })
            .collect();
        let but: Vec<&str> = keys.iter().map(String::as_str).chain(by).collect();
        order.extend(ties(&self.columns, &but));
        let place = Sql::Over(
            Box::new(Sql::call("row_number", Vec::new())),
            Box::new(Window {
                keys: keys.iter().map(Sql::name).collect(),
                order,
                rows: None,
            }),
        );
        let items = vec![(Sql::atom("*"), None), (place, Some("_place".to_owned()))];
        let select = Select::of(&self.last(), items);
        self.select("placed", step.text.as_ref(), select);
        let mut select = Select::of(&self.last(), self.items(step, |_| None));
        select.filter = Some(Sql::binary("=", Sql::name("_place"), Sql::atom("1")));
        self.select("deduped", "", select);
    }

    /// Rows of a query have no order: a `take` right behind it goes by it, and so does what is shown of a view.
    pub(super) fn sort(&mut self, order: &[(Expr, bool)], comment: &str, rest: &[Step]) {
        let mut parts = self.orders(order);
        let but: Vec<&str> = plain_columns(order).collect();
        parts.extend(ties(&self.columns, &but));
        let is_take = |step: &Step| matches!(step.kind, StepKind::Take(_));
        if rest.first().is_none_or(is_take) {
            self.sorted = Some(parts);
            return;
        }
        if !rest.iter().any(is_take) {
            return;
        }
        let place = Sql::Over(
            Box::new(Sql::call("row_number", Vec::new())),
            Box::new(Window {
                keys: Vec::new(),
                order: parts,
                rows: None,
            }),
        );
        let items = vec![(Sql::atom("*"), None), (place, Some(PLACE.to_owned()))];
        let select = Select::of(&self.last(), items);
        self.select("sorted", comment, select);
        self.placed = true;
    }

    pub(super) fn take(&mut self, step: &Step, count: u64) {
        let placed = vec![Order {
            value: Sql::name(PLACE),
            descending: false,
        }];
        let mut select = Select::all_of(&self.last());
        select.order = match self.placed {
            true => placed,
            false => self.sorted.take().unwrap_or_default(),
        };
        select.limit = Some(count);
        self.select("taken", step.text.as_ref(), select);
    }
}
