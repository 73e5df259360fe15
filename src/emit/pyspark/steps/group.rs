//! Steps that make one row of several: `group` and `pivot`.

use super::super::exprs::{Lowered, column, column_name};
use super::super::tree::Py;
use super::super::types::{bare, typed};
use super::aggregates::{Over, needs_place, needs_times, only_where, spelled};
use super::order::{ordering, plain_columns, ties};
use super::{Before, Body, named, plain_name, rows};
use crate::plan::EventWindow;
use crate::plan::expr::{Aggregate, Expr, Literal};
use crate::plan::types::Column;

/// An aggregate, its column, and what only rows have that count.
struct Entry<'p> {
    column: &'p Column,
    aggregate: &'p Aggregate,
    only: Option<Py>,
    arguments: Vec<Py>,
    order: Vec<Py>,
}

impl Body {
    pub(super) fn group(
        &mut self,
        keys: &[(Column, Expr)],
        window: Option<&EventWindow>,
        aggregates: &[(Column, Aggregate)],
        before: Before<'_>,
    ) {
        let mut lowered_keys = Vec::new();
        for (column, expr) in keys {
            lowered_keys.push((column, self.value(expr)));
        }
        let entries: Vec<_> = aggregates
            .iter()
            .map(|(column, aggregate)| self.entry(column, aggregate, None))
            .collect();
        self.settle();
        match window {
            Some(window) if self.stream.is_some() => self.stream_windows(window, &mut lowered_keys),
            Some(window) => self.windows(window, &mut lowered_keys),
            None => {}
        }
        let values: Vec<Py> = lowered_keys.iter().map(|(_, value)| value.clone()).collect();
        let mut named_keys = Vec::new();
        for (column, value) in lowered_keys {
            let times = window.filter(|window| window.time == column.name);
            match times {
                Some(_) => named_keys.extend(["window_start", "window_end"].map(Py::text)),
                None => named_keys.push(named(&column.name, value)),
            }
        }
        let aggregates = self.aggregates(&entries, &values, before);
        let grouped = if aggregates.is_empty() {
            rows().method("select", named_keys).method("distinct", vec![])
        } else if named_keys.is_empty() {
            rows().method("agg", aggregates)
        } else {
            rows().method("groupBy", named_keys).method("agg", aggregates)
        };
        self.rows(grouped);
        self.arrivals = false;
        self.anew();
    }

    pub(super) fn pivot(
        &mut self,
        on: &Expr,
        values: &[(Literal, Column, Aggregate)],
        keys: &[String],
        before: Before<'_>,
    ) {
        let value = self.value(on);
        let mut entries = Vec::new();
        for (literal, column, aggregate) in values {
            let only = Py::Binary("==", vec![value.clone(), bare(literal, &on.ty.kind)]);
            entries.push(self.entry(column, aggregate, Some(only)));
        }
        self.settle();
        let names: Vec<Py> = keys.iter().map(|key| column_name(key)).collect();
        let aggregates = self.aggregates(&entries, &names, before);
        let grouped = match names.is_empty() {
            true => rows().method("agg", aggregates),
            false => rows().method("groupBy", names).method("agg", aggregates),
        };
        self.rows(grouped);
        self.anew();
    }

    /// An aggregate's parts, once the rows that they reject are marked.
    fn entry<'p>(&mut self, column: &'p Column, aggregate: &'p Aggregate, only: Option<Py>) -> Entry<'p> {
        let mut all_reasons = Vec::new();
        let mut lower = |expr: &Expr| {
            let Lowered { value, reasons } = self.lowered(expr);
            all_reasons.extend(reasons);
            value
        };
        let arguments: Vec<Py> = aggregate.arguments.iter().map(&mut lower).collect();
        let order = aggregate.order.iter();
        let order = order
            .map(|(value, descending)| ordering(lower(value), *descending))
            .collect();
        match &only {
            Some(only) => self.mark(only_where(only, all_reasons).into_iter().collect()),
            None => self.mark(all_reasons),
        }
        Entry {
            column,
            aggregate,
            only,
            arguments: constants_bare(aggregate, arguments),
            order,
        }
    }

    /// The aggregates' columns; what they need of a row's place among those of its group is added to the rows.
    fn aggregates(&mut self, entries: &[Entry<'_>], keys: &[Py], before: Before<'_>) -> Vec<Py> {
        let by = |more: Option<&Py>| {
            let plain = |value: &Py| plain_name(value).unwrap_or_else(|| value.clone());
            Py::call("Window.partitionBy", keys.iter().chain(more).map(plain).collect())
        };
        // What all rows of a group have in common orders none of them.
        let common: Vec<&str> = before
            .all()
            .map(|column| column.name.as_str())
            .filter(|name| keys.contains(&column_name(name)) || keys.contains(&column(name)))
            .collect();
        let mut orders: Vec<(&[Py], String)> = Vec::new();
        let mut modes = 0;
        let mut columns = Vec::new();
        for entry in entries {
            let mut over = Over {
                arguments: entry.arguments.clone(),
                only: entry.only.clone(),
                place: None,
                times: None,
                window: None,
            };
            if needs_place(entry.aggregate) {
                let known = orders.iter().find(|(order, _)| *order == entry.order);
                let name = known.map(|(_, name)| name.clone()).unwrap_or_else(|| {
                    let name = numbered("_place", orders.len());
                    orders.push((&entry.order, name.clone()));
                    let but: Vec<&str> = plain_columns(&entry.aggregate.order)
                        .chain(common.iter().copied())
                        .collect();
                    let order = entry.order.iter().cloned().chain(ties(before, &but)).collect();
                    let place =
                        Py::call("F.row_number", vec![]).method("over", vec![by(None).method("orderBy", order)]);
                    self.needs_window = true;
                    self.rows(rows().method("withColumn", vec![Py::text(&name), place]));
                    name
                });
                over.place = Some(name);
            }
            if let (true, Some(value)) = (needs_times(entry.aggregate), entry.arguments.first()) {
                let name = numbered("_times", modes);
                modes += 1;
                let counted = match &entry.only {
                    Some(only) => Py::call("F.count_if", vec![only.clone()]),
                    None => Py::call("F.count", vec![Py::text("*")]),
                };
                let times = counted.method("over", vec![by(Some(value))]);
                self.needs_window = true;
                self.rows(rows().method("withColumn", vec![Py::text(&name), times]));
                over.times = Some(name);
            }
            columns.push(spelled(entry.aggregate, &over).method("alias", vec![Py::text(&entry.column.name)]));
        }
        columns
    }

    /// A row for each window of event time that a row is in, with the window's ends.
    fn windows(&mut self, window: &EventWindow, keys: &mut [(&Column, Py)]) {
        let Some((_, time)) = keys.iter_mut().find(|(column, _)| column.name == window.time) else {
            return;
        };
        let seconds = |seconds: u64| Py::text(&format!("{seconds} seconds"));
        let mut arguments = vec![time.clone(), seconds(window.over_seconds)];
        if window.every_seconds != window.over_seconds {
            arguments.push(seconds(window.every_seconds));
        }
        let both = Py::call("F.window", arguments);
        self.rows(rows().method("withColumn", vec![Py::text("_window"), both]));
        for (name, end) in [("window_start", "_window.start"), ("window_end", "_window.end")] {
            let value = Py::call("F.col", vec![Py::text(end)]);
            self.rows(rows().method("withColumn", vec![Py::text(name), value]));
        }
        *time = column("window_start");
    }
}

/// `_place`, `_place_2`, …
fn numbered(name: &str, others: usize) -> String {
    match others {
        0 => name.to_owned(),
        others => format!("{name}_{}", others + 1),
    }
}

/// Arguments behind the first that are constants stand as Python values: a share, a separator.
pub(super) fn constants_bare(aggregate: &Aggregate, mut arguments: Vec<Py>) -> Vec<Py> {
    for (at, (argument, expr)) in arguments.iter_mut().zip(&aggregate.arguments).enumerate() {
        if let (true, Some(literal)) = (at > 0 || aggregate.function == "ntile", constant(expr)) {
            *argument = match literal {
                Literal::Float(value) => Py::atom(format!("{value:?}")),
                literal => bare(literal, &expr.ty.kind),
            };
        }
    }
    if let ([only], true) = (arguments.as_mut_slice(), aggregate.arguments.len() == 1)
        && let Some(literal) = aggregate.arguments.first().and_then(constant)
        && aggregate.function != "ntile"
    {
        *only = typed(literal, &aggregate.arguments[0].ty.kind);
    }
    arguments
}

/// A value known at compile time, through the casts that checking puts.
fn constant(expr: &Expr) -> Option<&Literal> {
    match &expr.kind {
        crate::plan::expr::ExprKind::Literal(literal) => Some(literal),
        _ => None,
    }
}
