//! Aggregates as Trino spells them, over a group or along a window. Missing values are left out by all.

use super::super::exprs::failure;
use super::super::tree::{Order, Sql, Window};
use super::super::types::{type_name, typed};
use crate::plan::expr::{Aggregate, Literal};
use crate::plan::refused;
use crate::plan::types::TypeKind;

/// What an aggregate is over.
pub(super) struct Over {
    /// Its arguments.
    pub arguments: Vec<Sql>,
    /// What only rows have that count (`pivot`); all do without it.
    pub only: Option<Sql>,
    /// The order of the rows of a group.
    pub order: Vec<Order>,
    /// The window, where it runs along one.
    pub window: Option<Window>,
    /// What else it takes.
    pub constant: Option<Literal>,
}

/// The most entries of a list that is made of rows.
const MOST: &str = "10000";

/// What large values are made smaller by, 2^-600: their squares are no infinity then.
const SMALLER: f64 = 2.409_919_865_102_884e-181;

impl Over {
    /// A call over the rows that count.
    fn along(&self, call: Sql) -> Sql {
        self.where_only(call, None)
    }

    fn where_only(&self, call: Sql, also: Option<Sql>) -> Sql {
        if let Some(window) = &self.window {
            return Sql::Over(Box::new(call), Box::new(window.clone()));
        }
        let condition = match (self.only.clone(), also) {
            (None, None) => return call,
            (Some(one), None) | (None, Some(one)) => one,
            (Some(one), Some(other)) => Sql::binary("AND", one, other),
        };
        Sql::Filtered(Box::new(call), Box::new(condition))
    }

    fn value(&self) -> Sql {
        self.arguments.first().cloned().unwrap_or_else(|| Sql::atom("*"))
    }
}

/// An aggregate as an expression.
pub(super) fn spelled(aggregate: &Aggregate, over: &Over) -> Sql {
    let value = over.value();
    let kind = aggregate.arguments.first().map(|argument| &argument.ty.kind);
    let call = |name: &str, value: Sql| over.along(Sql::call(name, vec![value]));
    match (aggregate.function.as_str(), kind) {
        ("count", _) => call("count", value),
        ("count_if", _) => call("count_if", value),
        ("count_distinct", _) => call("count", Sql::template("DISTINCT $0", vec![value])),
        // What fits in the end may not fit on the way.
        ("sum", Some(TypeKind::Int | TypeKind::Duration)) => {
            call("sum", value.cast("decimal(38, 0)")).cast(type_name(&aggregate.ty.kind))
        }
        ("sum", Some(TypeKind::Decimal { .. })) => call("sum", value).cast(type_name(&aggregate.ty.kind)),
        ("sum" | "avg", Some(TypeKind::Float)) => finite(aggregate, over, call(&aggregate.function, value)),
        ("avg", Some(TypeKind::Int)) => {
            let sum = call("sum", value.clone().cast("decimal(38, 0)")).cast("double");
            Sql::binary("/", sum, call("count", value))
        }
        ("avg", Some(TypeKind::Decimal { .. })) => mean(aggregate, over, value),
        ("min", Some(TypeKind::Float)) => call("min", value),
        ("max", Some(TypeKind::Float)) => {
            let none = call("bool_or", Sql::call("is_nan", vec![value.clone()]));
            Sql::Case(
                vec![(none, Sql::call("nan", Vec::new()))],
                Some(Box::new(call("max", value))),
            )
        }
        ("min", _) => call("min", value),
        ("max", _) => call("max", value),
        ("any", _) => call("bool_or", value),
        ("all", _) => call("bool_and", value),
        ("first" | "last", _) => at_an_end(aggregate, over, value),
        ("list", _) => {
            // Of no values it is empty, and Trino's is missing.
            let none = Sql::Array(Vec::new()).cast(type_name(&aggregate.ty.kind));
            bounded(aggregate, over, Sql::call("coalesce", vec![listed(over, value), none]))
        }
        ("join", _) => {
            let list = bounded(aggregate, over, listed(over, value));
            let separator = match &over.constant {
                Some(Literal::Text(text)) => Sql::text(text),
                _ => refused(),
            };
            Sql::call("array_join", vec![list, separator])
        }
        ("variance", _) => spread(aggregate, over, "var_samp"),
        ("variance_all", _) => spread(aggregate, over, "var_pop"),
        ("stddev", _) => Sql::call("sqrt", vec![spread(aggregate, over, "var_samp")]),
        ("stddev_all", _) => Sql::call("sqrt", vec![spread(aggregate, over, "var_pop")]),
        ("approx_count_distinct", _) => call("approx_distinct", value),
        _ => refused(),
    }
}

/// Trino adds up to infinity without a word.
fn finite(aggregate: &Aggregate, over: &Over, value: Sql) -> Sql {
    let argument = over.value();
    let endless = Sql::call(
        "coalesce",
        vec![
            over.along(Sql::call("bool_or", vec![Sql::call("is_infinite", vec![argument])])),
            Sql::atom("FALSE"),
        ],
    );
    let wrong = Sql::binary("AND", Sql::call("is_infinite", vec![value.clone()]), endless.negated());
    let reason = format!("overflow in {}", aggregate.text);
    let fails = failure(&reason, &aggregate.ty.kind);
    Sql::Case(vec![(wrong, fails)], Some(Box::new(value)))
}

/// Trino multiplies the mean by itself on the way, which above 1e154 makes NaN of any answer: then it is asked for the same
/// of smaller values.
fn spread(aggregate: &Aggregate, over: &Over, name: &str) -> Sql {
    let value = over.value();
    let of = |value: Sql| over.along(Sql::call(name, vec![value]));
    let small = || typed(&Literal::Float(SMALLER), &TypeKind::Float);
    let smaller = of(Sql::binary("*", value.clone(), small()));
    let smaller = Sql::binary("/", Sql::binary("/", smaller, small()), small());
    let is_nan = |value: Sql| Sql::call("is_nan", vec![value]);
    let given = over.along(Sql::call("bool_or", vec![is_nan(value.clone())]));
    let lost = Sql::binary("AND", is_nan(of(value.clone())), given.negated());
    let answer = Sql::Case(vec![(lost, smaller)], Some(Box::new(of(value))));
    finite(aggregate, over, answer)
}

/// The sum by the count, divided once, half away from zero.
fn mean(aggregate: &Aggregate, over: &Over, value: Sql) -> Sql {
    let TypeKind::Decimal { scale, .. } = aggregate.ty.kind else {
        refused()
    };
    let sum = over
        .along(Sql::call("sum", vec![value.clone()]))
        .cast(format!("decimal(38, {scale})"));
    let count = over.along(Sql::call("count", vec![value]));
    // By none it is missing, as the sum is.
    let count = Sql::call("nullif", vec![count, Sql::atom("0")]);
    Sql::binary("/", sum, count).cast(type_name(&aggregate.ty.kind))
}

fn at_an_end(aggregate: &Aggregate, over: &Over, value: Sql) -> Sql {
    let first = aggregate.function == "first";
    if let Some(window) = &over.window {
        let name = if first { "first_value" } else { "last_value" };
        let call = Sql::template(format!("{name}($0) IGNORE NULLS"), vec![value]);
        return Sql::Over(Box::new(call), Box::new(window.clone()));
    }
    Sql::call(
        "element_at",
        vec![listed(over, value), Sql::atom(if first { "1" } else { "-1" })],
    )
}

/// The values of a group, in the order that the aggregate says.
fn listed(over: &Over, value: Sql) -> Sql {
    let there = value.clone().is_there();
    over.where_only(Sql::Ordered("array_agg", vec![value], over.order.clone()), Some(there))
}

/// A list of a group's values; one that is too long fails the query.
fn bounded(aggregate: &Aggregate, over: &Over, list: Sql) -> Sql {
    let count = over.along(Sql::call("count", vec![over.value()]));
    let wrong = Sql::binary(">", count, Sql::atom(MOST));
    let reason = format!("more than {MOST} entries in {}", aggregate.text);
    let kind = match &aggregate.ty.kind {
        TypeKind::List(_) => aggregate.ty.kind.clone(),
        _ => TypeKind::List(Box::new(TypeKind::Text.required())),
    };
    let fails = failure(&reason, &kind);
    Sql::Case(vec![(wrong, fails)], Some(Box::new(list)))
}
