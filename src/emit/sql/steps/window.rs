//! Steps that look at the rows around a row: `window` and `session`.

use super::super::exprs::canonical;
use super::super::query::Select;
use super::super::tree::{Order, Sql, Window};
use super::Body;
use super::aggregates::{Over, spelled};
use super::group::constant;
use super::order::{plain_columns, ties};
use crate::plan::Step;
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::{Column, TypeKind};

/// Functions of the place of a row, and whether rows that the order does not tell apart have one answer.
const PLACES: [(&str, &str, bool); 6] = [
    ("row_number", "row_number", false),
    ("rank", "rank", true),
    ("dense_rank", "dense_rank", true),
    ("percent_rank", "percent_rank", true),
    ("share_before", "cume_dist", true),
    ("ntile", "ntile", false),
];

impl Body<'_> {
    pub(super) fn window(
        &mut self,
        step: &Step,
        keys: &[String],
        order: &[(Expr, bool)],
        rows: Option<(Option<i64>, Option<i64>)>,
        columns: &[(Column, Aggregate)],
    ) {
        let peers = Window {
            keys: keys.iter().map(Sql::name).collect(),
            order: self.orders(order),
            rows: None,
        };
        let but: Vec<&str> = keys.iter().map(String::as_str).chain(plain_columns(order)).collect();
        let mut each = peers.clone();
        each.order.extend(ties(&self.columns, &but));
        let mut framed = each.clone();
        framed.rows = Some(rows.unwrap_or((None, Some(0))));
        let mut values: Vec<(String, Sql)> = Vec::new();
        for (column, aggregate) in columns {
            let arguments: Vec<Sql> = aggregate
                .arguments
                .iter()
                .map(|argument| self.value(argument))
                .collect();
            let place = PLACES.iter().find(|(name, ..)| *name == aggregate.function);
            let over = |call: Sql, window: &Window| Sql::Over(Box::new(call), Box::new(window.clone()));
            let value = match (place, aggregate.function.as_str()) {
                (Some((_, name, true)), _) => over(Sql::call(*name, arguments), &peers),
                (Some((_, name, false)), _) => over(Sql::call(*name, arguments), &each),
                (None, "lag" | "lead") => over(Sql::call(aggregate.function.as_str(), arguments), &each),
                (None, "nth") => {
                    let mut so_far = each.clone();
                    so_far.rows = Some((None, Some(0)));
                    over(Sql::call("nth_value", arguments), &so_far)
                }
                (None, _) => {
                    let over = Over {
                        arguments,
                        only: None,
                        order: Vec::new(),
                        window: Some(framed.clone()),
                        constant: constant(aggregate),
                    };
                    spelled(aggregate, &over)
                }
            };
            values.push((column.name.clone(), value));
        }
        let items = self.items(step, |name| {
            values
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        });
        let select = Select::of(&self.last(), items);
        self.select("windowed", step.text.as_ref(), select);
    }

    /// A session begins where the row before is the gap or more away; it is named by the keys and the time of its first row.
    pub(super) fn session(&mut self, step: &Step, keys: &[String], time: &str, gap_seconds: u64, id: &Column) {
        let window = |rows| Window {
            keys: keys.iter().map(Sql::name).collect(),
            order: vec![Order {
                value: Sql::name(time),
                descending: false,
            }],
            rows,
        };
        let before = Sql::Over(
            Box::new(Sql::call("lag", vec![Sql::name(time)])),
            Box::new(window(None)),
        );
        let starts = Sql::template(
            format!("CASE WHEN $0 < $1 + INTERVAL '{gap_seconds}' SECOND THEN NULL ELSE $0 END"),
            vec![Sql::name(time), before],
        );
        let items = vec![(Sql::atom("*"), None), (starts, Some("_starts".to_owned()))];
        let select = Select::of(&self.last(), items);
        self.select("starts", step.text.as_ref(), select);
        let first = Sql::Over(
            Box::new(Sql::template("last_value($0) IGNORE NULLS", vec![Sql::name("_starts")])),
            Box::new(window(Some((None, Some(0))))),
        );
        let items = vec![(Sql::atom("*"), None), (first, Some("_started".to_owned()))];
        let select = Select::of(&self.last(), items);
        self.select("started", "", select);
        let text = |name: &str| {
            let known = self.columns.iter().find(|column| column.name == name);
            let kind = known.map_or(TypeKind::Timestamp, |column| column.ty.kind.clone());
            let text = canonical(Sql::name(name), &kind);
            Sql::call("coalesce", vec![text, Sql::call("chr", vec![Sql::atom("0")])])
        };
        let mut parts: Vec<Sql> = Vec::new();
        for name in keys.iter().map(String::as_str).chain(["_started"]) {
            if !parts.is_empty() {
                parts.push(Sql::call("chr", vec![Sql::atom("31")]));
            }
            parts.push(text(name));
        }
        let named = Sql::template("lower(to_hex(sha256(to_utf8($0))))", vec![Sql::Binary("||", parts)]);
        let items = self.items(step, |name| (name == id.name).then(|| named.clone()));
        let select = Select::of(&self.last(), items);
        self.select("sessions", "", select);
    }
}
