//! Orders: missing values last, whichever way, and ties broken by the other columns.

use super::super::query::Select;
use super::super::tree::{Order, Sql, Window};
use super::super::types::typed;
use super::Body;
use crate::plan::expr::{Expr, ExprKind, Literal};
use crate::plan::types::{Column, TypeKind, object_fields};
use crate::plan::{Step, StepKind};

/// The column of a row's place in an order.
pub(super) const PLACE: &str = "_sorted";

/// All columns that are not among these names: what breaks ties, so that every query gives the same answer.
pub(super) fn ties(columns: &[Column], but: &[&str]) -> Vec<Order> {
    columns
        .iter()
        .filter(|column| !column.name.contains('.') && !but.contains(&column.name.as_str()))
        .map(|column| Order {
            value: place(column),
            descending: false,
        })
        .collect()
}

/// Where a column's value stands in an order: itself, where Trino orders such values as the language does.
fn place(column: &Column) -> Sql {
    let value = || Sql::name(&column.name);
    match column.ty.kind {
        TypeKind::Struct(_) | TypeKind::Object | TypeKind::List(_) | TypeKind::Map(_) => {
            Sql::when(value().is_there(), in_order(value(), &column.ty.kind, 1))
        }
        _ => value(),
    }
}

/// A value that Trino orders as the language orders this one, entry by entry. Trino compares nothing with something
/// missing in it: so each entry says whether it is missing, and is some value where it is. Maps go by their sorted keys.
fn in_order(value: Sql, kind: &TypeKind, depth: usize) -> Sql {
    let entry = |value: Sql, kind: &TypeKind| [value.clone().is_null(), in_order(value, kind, depth + 1)];
    let or_none = |list: Sql| Sql::call("coalesce", vec![list, Sql::Array(Vec::new())]);
    let name = format!("_entry{depth}");
    match kind {
        TypeKind::Struct(fields) => {
            let field = |field: &Column| {
                let value = Sql::Field(Box::new(value.clone()), field.name.clone());
                entry(value, &field.ty.kind)
            };
            Sql::call("ROW", fields.iter().flat_map(field).collect())
        }
        TypeKind::Object => in_order(value, &TypeKind::Struct(object_fields()), depth),
        TypeKind::List(item) => {
            let turn = Sql::call("ROW", entry(Sql::name(&name), &item.kind).into());
            let turn = Sql::Lambda(vec![name], Box::new(turn));
            or_none(Sql::call("transform", vec![value, turn]))
        }
        TypeKind::Map(held) => {
            let keys = Sql::call("array_sort", vec![Sql::call("map_keys", vec![value.clone()])]);
            let of_key = Sql::call("element_at", vec![value, Sql::name(&name)]);
            let [missing, of_key] = entry(of_key, &held.kind);
            let turn = Sql::call("ROW", vec![Sql::name(&name), missing, of_key]);
            let turn = Sql::Lambda(vec![name], Box::new(turn));
            or_none(Sql::call("transform", vec![keys, turn]))
        }
        kind => match some(kind) {
            Some(some) => Sql::call("coalesce", vec![value, typed(&some, kind)]),
            None => value,
        },
    }
}

/// Some value of a kind, whichever.
fn some(kind: &TypeKind) -> Option<Literal> {
    let some = match kind {
        TypeKind::Bool => Literal::Bool(false),
        TypeKind::Int => Literal::Int(0),
        TypeKind::Duration => Literal::Duration(0),
        TypeKind::Float => Literal::Float(0.0),
        TypeKind::Decimal { scale, .. } => Literal::Decimal {
            unscaled: 0,
            scale: *scale,
        },
        TypeKind::Text | TypeKind::Uuid | TypeKind::Json | TypeKind::Enum { .. } => Literal::Text(String::new()),
        TypeKind::Bytes => Literal::Bytes(Vec::new()),
        TypeKind::Date => Literal::Date(0),
        TypeKind::Timestamp => Literal::Timestamp(0),
        _ => return None,
    };
    Some(some)
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
