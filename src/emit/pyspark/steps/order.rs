//! Orders: missing values last, whichever way, and ties broken by the other columns.

use super::super::exprs::column_name;
use super::super::tree::Py;
use super::{Before, Body, plain_name, rows};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::types::{Column, TypeKind, object_fields};
use crate::plan::{Step, StepKind};

/// The columns by which rows of a target are ordered within a file: what makes them one, so that the same rows are
/// the same file, and neighbours compress well.
pub fn of_files(steps: &[Step], target: &[Column]) -> Vec<String> {
    let sortable = |name: &String| {
        let found = target.iter().find(|column| column.name == *name);
        found.is_some_and(|column| is_ordered(&column.ty.kind))
    };
    let keys = steps.iter().rev().find_map(|step| match &step.kind {
        StepKind::Group { keys, .. } => Some(keys.iter().map(|(column, _)| column.name.clone()).collect::<Vec<_>>()),
        StepKind::Dedupe { keys, .. } | StepKind::Pivot { keys, .. } => Some(keys.clone()),
        StepKind::Sort(order) => order
            .iter()
            .map(|(value, descending)| match &value.kind {
                ExprKind::Column(name) if !descending => Some(name.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    });
    let declared = || target.iter().filter(|c| c.key).map(|c| c.name.clone()).collect();
    keys.unwrap_or_else(declared).into_iter().filter(sortable).collect()
}

/// Whether values of a kind have an order.
pub(super) fn is_ordered(kind: &TypeKind) -> bool {
    !matches!(
        kind,
        TypeKind::Map(_) | TypeKind::Json | TypeKind::Struct(_) | TypeKind::List(_) | TypeKind::Object
    )
}

/// A value as part of an order.
pub(super) fn ordering(value: Py, descending: bool) -> Py {
    let direction = if descending {
        "F.desc_nulls_last"
    } else {
        "F.asc_nulls_last"
    };
    Py::call(direction, vec![plain_name(&value).unwrap_or(value)])
}

/// All columns that are not among these names, in order: what breaks ties, so that every engine gives the same answer.
pub(super) fn ties(before: Before<'_>, but: &[&str]) -> Vec<Py> {
    let arrival = if before.arrivals {
        &["_arrived", "_seq"][..]
    } else {
        &[]
    };
    let arrival = arrival.iter().filter(|name| !but.contains(name));
    let arrival = arrival.map(|name| Py::call("F.asc_nulls_last", vec![column_name(name)]));
    let own = before.own().filter(|column| !but.contains(&column.name.as_str()));
    arrival
        .chain(own.map(|column| Py::call("F.asc_nulls_last", vec![place(column)])))
        .collect()
}

/// Where a column's value stands in an order: by its name, where Spark orders such values as the language does.
fn place(column: &Column) -> Py {
    let value = || Py::call("F.col", vec![Py::text(&column.name)]);
    match column.ty.kind {
        TypeKind::Struct(_) | TypeKind::Object => {
            let there = value().method("isNotNull", Vec::new());
            Py::call("F.when", vec![there, in_order(value(), &column.ty.kind, 1)])
        }
        TypeKind::List(_) | TypeKind::Map(_) => in_order(value(), &column.ty.kind, 1),
        _ => column_name(&column.name),
    }
}

/// A value that Spark orders as the language orders this one, entry by entry: each says first whether it is missing,
/// because Spark has that before all values, and maps, which Spark does not order, go by their sorted keys.
fn in_order(value: Py, kind: &TypeKind, depth: usize) -> Py {
    let entry = |value: Py, kind: &TypeKind| {
        let missing = Py::call("F.isnull", vec![value.clone()]);
        [missing, in_order(value, kind, depth + 1)]
    };
    let name = format!("entry_{depth}");
    match kind {
        TypeKind::Struct(fields) => {
            let field = |field: &Column| {
                let value = value.clone().method("getField", vec![Py::text(&field.name)]);
                entry(value, &field.ty.kind)
            };
            Py::call("F.struct", fields.iter().flat_map(field).collect())
        }
        TypeKind::Object => in_order(value, &TypeKind::Struct(object_fields()), depth),
        TypeKind::List(item) => {
            let turn = Py::call("F.struct", entry(Py::atom(&name), &item.kind).into());
            Py::call("F.transform", vec![value, Py::Lambda(vec![name], Box::new(turn))])
        }
        TypeKind::Map(held) => {
            let keys = Py::call("F.array_sort", vec![Py::call("F.map_keys", vec![value.clone()])]);
            let of_key = Py::call("F.try_element_at", vec![value, Py::atom(&name)]);
            let [missing, of_key] = entry(of_key, &held.kind);
            let turn = Py::call("F.struct", vec![Py::atom(&name), missing, of_key]);
            Py::call("F.transform", vec![keys, Py::Lambda(vec![name], Box::new(turn))])
        }
        _ => value,
    }
}

/// The plain columns of an order.
pub(super) fn plain_columns(order: &[(Expr, bool)]) -> impl Iterator<Item = &str> {
    order.iter().filter_map(|(value, _)| match &value.kind {
        ExprKind::Column(name) => Some(name.as_str()),
        _ => None,
    })
}

impl Body {
    /// The parts of an order, once rows that they reject are marked.
    pub(super) fn orderings(&mut self, order: &[(Expr, bool)]) -> Vec<Py> {
        let parts = order.iter().map(|(value, descending)| {
            let value = self.value(value);
            ordering(value, *descending)
        });
        parts.collect()
    }

    pub(super) fn dedupe(&mut self, keys: &[String], keep_first: bool, by: Option<&str>, before: Before<'_>) {
        self.settle();
        self.needs_window = true;
        let by: Vec<&str> = by.into_iter().collect();
        let mut order: Vec<Py> = by
            .iter()
            .map(|by| ordering(super::exprs::column(by), !keep_first))
            .collect();
        let but: Vec<&str> = keys.iter().map(String::as_str).chain(by).collect();
        order.extend(ties(before, &but));
        let keys = keys.iter().map(|key| column_name(key)).collect();
        let window = Py::call("Window.partitionBy", keys).method("orderBy", order);
        self.name("of_key", &window);
        let rank = Py::call("F.row_number", vec![]).method("over", vec![Py::atom("of_key")]);
        self.rows(rows().method("withColumn", vec![Py::text("_rank"), rank]));
        let first = Py::Binary("==", vec![super::exprs::column("_rank"), Py::atom("1")]);
        self.rows(
            rows()
                .method("filter", vec![first])
                .method("drop", vec![Py::text("_rank")]),
        );
    }

    /// An order means something to `take` alone, since a table has none; what stands between the two may change the
    /// columns that it goes by.
    pub(super) fn sort(&mut self, order: &[(Expr, bool)], before: Before<'_>, rest: &[Step]) {
        let mut parts = self.orderings(order);
        let but: Vec<&str> = plain_columns(order).collect();
        parts.extend(ties(before, &but));
        let is_take = |step: &Step| matches!(step.kind, StepKind::Take(_));
        if !rest.iter().any(is_take) {
            self.comment("A table has no order: its files are sorted when they are written.");
            return;
        }
        if rest.first().is_some_and(is_take) {
            self.settle();
            self.rows(rows().method("orderBy", parts));
            return;
        }
        self.needs_window = true;
        let place = Py::call("F.row_number", vec![]).method("over", vec![Py::call("Window.orderBy", parts)]);
        self.rows(rows().method("withColumn", vec![Py::atom("marks.PLACE"), place]));
        self.placed = true;
    }

    pub(super) fn take(&mut self, count: u64) {
        self.settle();
        if self.placed {
            self.rows(rows().method("orderBy", vec![Py::atom("marks.PLACE")]));
        }
        self.rows(rows().method("limit", vec![Py::atom(count.to_string())]));
    }
}
