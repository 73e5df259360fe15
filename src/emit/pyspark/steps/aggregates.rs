//! Aggregates as Spark spells them, over a group or over the rows of a window. Missing values are left out by all.

use super::super::exprs::first_reason;
use super::super::tree::Py;
use super::plain_name;
use crate::plan::expr::Aggregate;
use crate::plan::types::TypeKind;

/// What an aggregate is over, lowered.
pub(super) struct Over {
    /// Its arguments.
    pub arguments: Vec<Py>,
    /// What only rows have that count (`pivot`); all do without it.
    pub only: Option<Py>,
    /// The column that has a row's place in the aggregate's order.
    pub place: Option<String>,
    /// The column that has how often a row's value is there.
    pub times: Option<String>,
    /// The window, where it runs along one.
    pub window: Option<Py>,
}

impl Over {
    /// The first argument, of rows that count only.
    fn value(&self) -> Option<Py> {
        let value = self.arguments.first()?.clone();
        Some(match &self.only {
            Some(only) => Py::call("F.when", vec![only.clone(), value]),
            None => value,
        })
    }

    /// `call.over(window)`, or the call itself in a group.
    fn along(&self, call: Py) -> Py {
        match &self.window {
            Some(window) => call.method("over", vec![window.clone()]),
            None => call,
        }
    }
}

/// Functions of the jobs' own module that take what the aggregate takes, and `over` where there is a window.
const OF_MODULE: &[(&str, &str)] = &[
    ("min_by", "aggregates.min_by"),
    ("max_by", "aggregates.max_by"),
    ("set", "aggregates.distinct_values"),
    ("percentile", "aggregates.percentile"),
    ("median", "aggregates.median"),
    ("correlation", "aggregates.correlation"),
    ("variance", "aggregates.variance"),
    ("variance_all", "aggregates.variance_all"),
    ("stddev", "aggregates.stddev"),
    ("stddev_all", "aggregates.stddev_all"),
    ("covariance", "aggregates.covariance"),
];

/// Spark's own functions that mean the same.
const OF_SPARK: &[(&str, &str)] = &[
    ("count", "F.count"),
    ("count_if", "F.count_if"),
    ("count_distinct", "F.count_distinct"),
    ("approx_count_distinct", "F.approx_count_distinct"),
    ("min", "F.min"),
    ("max", "F.max"),
    ("any", "F.bool_or"),
    ("all", "F.bool_and"),
    ("approx_percentile", "F.percentile_approx"),
    ("sum", "F.sum"),
    ("avg", "F.avg"),
];

/// An aggregate as a column.
pub(super) fn spelled(aggregate: &Aggregate, over: &Over) -> Py {
    let name = aggregate.function.as_str();
    let Some(value) = over.value() else {
        return over.along(match &over.only {
            Some(only) => Py::call("F.count_if", vec![only.clone()]),
            None => Py::call("F.count", vec![Py::text("*")]),
        });
    };
    if let Some(ordered) = ordered(name, &value, over) {
        return ordered;
    }
    let kind = aggregate.arguments.first().map(|argument| &argument.ty.kind);
    let numbers = match (name, kind) {
        ("sum", Some(TypeKind::Int | TypeKind::Duration)) => Some("aggregates.sum_whole"),
        ("avg", Some(TypeKind::Int)) => Some("aggregates.mean_whole"),
        ("sum", Some(TypeKind::Float)) => Some("aggregates.sum_float"),
        ("avg", Some(TypeKind::Float)) => Some("aggregates.mean_float"),
        _ => None,
    };
    let listed = |list: &[(&str, &'static str)]| list.iter().find(|(own, _)| *own == name).map(|(_, spelled)| *spelled);
    let mut arguments = vec![value];
    arguments.extend(over.arguments.iter().skip(1).cloned());
    if let Some(function) = numbers.or_else(|| listed(OF_MODULE)) {
        arguments.extend(over.window.clone().map(|window| Py::keyword("over", window)));
        return Py::call(function, arguments);
    }
    let arguments = arguments
        .into_iter()
        .map(|value| plain_name(&value).unwrap_or(value))
        .collect();
    match listed(OF_SPARK) {
        Some(function) => over.along(Py::call(function, arguments)),
        None => crate::plan::refused(),
    }
}

/// Aggregates whose answer depends on the rows' order, or on how often a value is there.
fn ordered(name: &str, value: &Py, over: &Over) -> Option<Py> {
    if let Some(window) = &over.window {
        // The window orders the rows.
        let function = match name {
            "first" => "F.first",
            "last" => "F.last",
            _ => return None,
        };
        let value = plain_name(value).unwrap_or_else(|| value.clone());
        let there = Py::keyword("ignorenulls", Py::atom("True"));
        return Some(Py::call(function, vec![value, there]).method("over", vec![window.clone()]));
    }
    let place = || Py::text(over.place.as_deref().unwrap_or_default());
    let call = |function: &str, more: Vec<Py>| {
        let arguments = std::iter::once(value.clone()).chain(more).collect();
        Some(Py::call(function, arguments))
    };
    match name {
        "first" => call("aggregates.first", vec![place()]),
        "last" => call("aggregates.last", vec![place()]),
        "list" => call("aggregates.listed", vec![place()]),
        "join" => call(
            "aggregates.joined",
            over.arguments.iter().skip(1).cloned().chain([place()]).collect(),
        ),
        "mode" => call(
            "aggregates.mode",
            vec![Py::text(over.times.as_deref().unwrap_or_default())],
        ),
        _ => None,
    }
}

/// Whether an aggregate goes by the order of rows.
pub(super) fn needs_place(aggregate: &Aggregate) -> bool {
    matches!(aggregate.function.as_str(), "first" | "last" | "list" | "join")
}

/// Whether an aggregate goes by how often each value is there.
pub(super) fn needs_times(aggregate: &Aggregate) -> bool {
    aggregate.function == "mode"
}

/// Reasons that count only where a condition holds.
pub(super) fn only_where(only: &Py, reasons: Vec<Py>) -> Option<Py> {
    first_reason(reasons).map(|reason| Py::call("F.when", vec![only.clone(), reason]))
}
