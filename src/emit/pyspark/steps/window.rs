//! Steps that look at the rows around a row: `window` and `session`.

use super::super::exprs::calls::canonical;
use super::super::exprs::{column, column_name};
use super::super::tree::Py;
use super::aggregates::{Over, spelled};
use super::group::constants_bare;
use super::order::{plain_columns, ties};
use super::{Before, Body, plain_name, rows};
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::{Column, TypeKind};

/// A function over the rows of a window.
struct Spelling {
    name: &'static str,
    spark: &'static str,
    /// Whether rows that the order does not tell apart have one answer.
    peers: bool,
    /// Whether Spark counts in 32 bits.
    narrow: bool,
}

const fn spelling(name: &'static str, spark: &'static str, peers: bool, narrow: bool) -> Spelling {
    Spelling {
        name,
        spark,
        peers,
        narrow,
    }
}

const FUNCTIONS: &[Spelling] = &[
    spelling("row_number", "F.row_number", false, true),
    spelling("rank", "F.rank", true, true),
    spelling("dense_rank", "F.dense_rank", true, true),
    spelling("percent_rank", "F.percent_rank", true, false),
    spelling("share_before", "F.cume_dist", true, false),
    spelling("ntile", "F.ntile", false, true),
    spelling("lag", "F.lag", false, false),
    spelling("lead", "F.lead", false, false),
];

impl Body {
    pub(super) fn window(
        &mut self,
        keys: &[String],
        order: &[(Expr, bool)],
        frame: Option<(Option<i64>, Option<i64>)>,
        columns: &[(Column, Aggregate)],
        before: Before<'_>,
    ) {
        let parts = self.orderings(order);
        let mut values = Vec::new();
        for (_, aggregate) in columns {
            let mut arguments = Vec::new();
            for argument in &aggregate.arguments {
                arguments.push(self.value(argument));
            }
            values.push(constants_bare(aggregate, arguments));
        }
        self.settle();
        self.needs_window = true;
        let peers = Py::call("Window.partitionBy", keys.iter().map(|key| column_name(key)).collect())
            .method("orderBy", parts.clone());
        let but: Vec<&str> = keys.iter().map(String::as_str).chain(plain_columns(order)).collect();
        let all: Vec<Py> = parts.into_iter().chain(ties(before, &but)).collect();
        let each =
            Py::call("Window.partitionBy", keys.iter().map(|key| column_name(key)).collect()).method("orderBy", all);
        let uses = |wanted: Kind| columns.iter().any(|(_, aggregate)| kind(aggregate) == wanted);
        if uses(Kind::Peers) {
            self.name("in_order", &peers);
        }
        if uses(Kind::Each) || uses(Kind::Frame) || uses(Kind::Nth) {
            self.name("row_by_row", &each);
        }
        let rows_between =
            |(from, to)| Py::atom("row_by_row").method("rowsBetween", vec![bound(from, true), bound(to, false)]);
        if uses(Kind::Frame) {
            self.name("around", &rows_between(frame.unwrap_or((None, Some(0)))));
        }
        if uses(Kind::Nth) {
            self.name("up_to_here", &rows_between((None, Some(0))));
        }
        let mut selected = vec![Py::text("*")];
        for ((column, aggregate), arguments) in columns.iter().zip(values) {
            selected.push(answer(aggregate, arguments).method("alias", vec![Py::text(&column.name)]));
        }
        self.rows(rows().method("select", selected));
    }

    /// A session begins where the row before is further away than the gap; it is named by the keys and the time of its first row.
    pub(super) fn session(&mut self, keys: &[String], time: &str, gap_seconds: u64, id: &Column, before: Before<'_>) {
        self.settle();
        if self.stream.is_some() {
            self.visits(keys, time, gap_seconds);
        }
        self.needs_window = true;
        let by: Vec<Py> = keys.iter().map(|key| column_name(key)).collect();
        let order = vec![Py::call("F.asc_nulls_last", vec![column_name(time)])];
        let window = Py::call("Window.partitionBy", by).method("orderBy", order);
        self.name("of_key", &window);
        let arguments = vec![column(time), Py::atom(gap_seconds.to_string()), Py::atom("of_key")];
        let started = Py::call("aggregates.session_start", arguments);
        self.rows(rows().method("withColumn", vec![Py::text("_started"), started]));
        let start = Py::call(
            "F.last",
            vec![Py::text("_started"), Py::keyword("ignorenulls", Py::atom("True"))],
        )
        .method("over", vec![Py::atom("of_key")]);
        self.rows(rows().method("withColumn", vec![Py::text("_started"), start]));
        let parts = keys.iter().map(String::as_str).chain(["_started"]).map(|name| {
            let known = before.columns.iter().find(|column| column.name == name);
            canonical(
                column(name),
                Some(known.map_or(&TypeKind::Timestamp, |column| &column.ty.kind)),
            )
        });
        let named = Py::call("aggregates.named", parts.collect());
        self.rows(
            rows()
                .method("withColumn", vec![Py::text(&id.name), named])
                .method("drop", vec![Py::text("_started")]),
        );
    }
}

/// Over which rows a function answers.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// All of the window, in its order alone.
    Peers,
    /// All of the window, each row in its own place.
    Each,
    /// The rows around a row.
    Frame,
    /// The rows up to a row.
    Nth,
}

fn kind(aggregate: &Aggregate) -> Kind {
    let found = FUNCTIONS.iter().find(|spelling| spelling.name == aggregate.function);
    match found {
        Some(spelling) if spelling.peers => Kind::Peers,
        Some(_) => Kind::Each,
        None if aggregate.function == "nth" => Kind::Nth,
        None => Kind::Frame,
    }
}

fn answer(aggregate: &Aggregate, arguments: Vec<Py>) -> Py {
    let bare = |arguments: Vec<Py>| -> Vec<Py> {
        let plain = |value: Py| plain_name(&value).unwrap_or(value);
        arguments.into_iter().map(plain).collect()
    };
    let over = |call: Py, window: &str| call.method("over", vec![Py::atom(window)]);
    if let Some(spelling) = FUNCTIONS.iter().find(|spelling| spelling.name == aggregate.function) {
        let window = if spelling.peers { "in_order" } else { "row_by_row" };
        let call = over(Py::call(spelling.spark, bare(arguments)), window);
        return match spelling.narrow {
            true => call.method("cast", vec![Py::text("bigint")]),
            false => call,
        };
    }
    if aggregate.function == "nth" {
        return over(Py::call("F.nth_value", bare(arguments)), "up_to_here");
    }
    let over = Over {
        arguments,
        only: None,
        place: None,
        times: None,
        window: Some(Py::atom("around")),
    };
    spelled(aggregate, &over)
}

fn bound(rows: Option<i64>, first: bool) -> Py {
    match (rows, first) {
        (Some(0), _) => Py::atom("Window.currentRow"),
        (Some(rows), _) => Py::atom(rows.to_string()),
        (None, true) => Py::atom("Window.unboundedPreceding"),
        (None, false) => Py::atom("Window.unboundedFollowing"),
    }
}
