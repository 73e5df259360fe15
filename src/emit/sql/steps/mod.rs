//! Steps as named parts of a query, one after another. It must not know where tables are.

mod aggregates;
mod group;
mod join;
mod order;
mod window;

use super::exprs::{Around, failure};
use super::query::{From, Part, Query, Rows, Select};
use super::tree::Sql;
use super::types::{INSTANT, has_instant, type_name};
use crate::plan::expr::Expr;
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Input, Otherwise, Plan, Step, StepKind, refused};

/// The parts of a query while it grows.
pub struct Body<'p> {
    plan: &'p Plan,
    /// The parts of the name of what is read.
    table: &'p dyn Fn(&Input) -> Vec<String>,
    parts: Vec<Part>,
    /// What the last part leaves.
    columns: Vec<Column>,
    /// Names that are columns somewhere, which no part is called: `a.b` could be a column's field.
    taken: Vec<String>,
    /// The order that a `take` right behind it goes by, and so does what is shown of a view.
    sorted: Option<Vec<super::tree::Order>>,
    /// Whether rows have their place in an order, for a `take` further down.
    placed: bool,
}

/// A query that reads an input and does these steps.
pub fn query(
    plan: &Plan,
    table: &dyn Fn(&Input) -> Vec<String>,
    input: &Input,
    input_columns: &[Column],
    steps: &[Step],
) -> Query {
    let names = |columns: &[Column]| columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>();
    let mut taken = names(input_columns);
    for step in steps {
        taken.extend(names(&step.columns));
        taken.extend(names(&step.joined));
    }
    let mut body = Body {
        plan,
        table,
        parts: Vec::new(),
        columns: Vec::new(),
        taken,
        sorted: None,
        placed: false,
    };
    body.read(input, input_columns, "");
    body.columns = input_columns.to_vec();
    for (at, step) in steps.iter().enumerate() {
        body.step(step, steps.get(at + 1..).unwrap_or_default());
        body.columns = step.columns.iter().chain(&step.joined).cloned().collect();
    }
    let last = steps.last().map_or(input_columns, |step| &step.columns);
    let items = last.iter().map(|column| (Sql::name(&column.name), None)).collect();
    let mut select = Select::of(&body.last(), items);
    select.order = body.sorted.take().unwrap_or_default();
    Query {
        last: Rows::One(Box::new(select)),
        with: body.parts,
    }
}

/// What breaks ties among rows of a table that have the same keys and the same time.
pub(super) fn ties(columns: &[Column], keys: &[String], time: Option<&str>) -> Vec<super::tree::Order> {
    let but: Vec<&str> = keys.iter().map(String::as_str).chain(time).collect();
    order::ties(columns, &but)
}

impl Body<'_> {
    fn last(&self) -> String {
        self.parts.last().map(|part| part.name.clone()).unwrap_or_default()
    }

    /// A name that is not taken, like this one.
    fn name(&self, wanted: &str) -> String {
        let is_free = |name: &str| {
            !self.taken.iter().any(|taken| taken == name) && !self.parts.iter().any(|part| part.name == name)
        };
        let mut name = wanted.to_owned();
        let mut number = 1;
        while !is_free(&name) {
            number += 1;
            name = format!("{wanted}_{number}");
        }
        name
    }

    fn push(&mut self, name: &str, comment: &str, rows: Rows) -> String {
        let name = self.name(name);
        self.parts.push(Part {
            name: name.clone(),
            comment: comment.to_owned(),
            rows,
        });
        name
    }

    fn select(&mut self, name: &str, comment: &str, select: Select) {
        self.push(name, comment, Rows::One(Box::new(select)));
    }

    fn value(&self, expr: &Expr) -> Sql {
        Around::of(self.plan).value(expr)
    }

    /// The columns of an input, instants with all their digits; `prefix` is what they are called by in a join.
    fn read(&mut self, input: &Input, columns: &[Column], prefix: &str) -> String {
        let (comment, wanted) = match input {
            Input::Table(id) => (id.to_string(), id.name.clone()),
            Input::Stream(name) | Input::View(name) => (name.clone(), name.clone()),
        };
        let items = columns.iter().map(|column| {
            let name = Sql::name(&column.name);
            let value = match &column.ty.kind {
                TypeKind::Timestamp => name.cast(INSTANT),
                kind if has_instant(kind) => name.cast(type_name(kind)),
                _ => name,
            };
            (value, Some(format!("{prefix}{}", column.name)))
        });
        let mut select = Select::of("", items.collect());
        select.from = From::Table((self.table)(input));
        let wanted = match prefix.strip_suffix('.') {
            Some(alias) if alias != wanted => format!("{wanted}_as_{alias}"),
            _ => wanted,
        };
        self.push(&wanted, &comment, Rows::One(Box::new(select)))
    }

    /// What a step leaves, column by column; what it makes is given.
    fn items(&self, step: &Step, made: impl Fn(&str) -> Option<Sql>) -> Vec<(Sql, Option<String>)> {
        let columns = step.columns.iter().chain(&step.joined);
        let place = self
            .placed
            .then(|| (Sql::name(order::PLACE), Some(order::PLACE.to_owned())));
        columns
            .map(|column| {
                let value = made(&column.name).unwrap_or_else(|| Sql::name(&column.name));
                (value, Some(column.name.clone()))
            })
            .chain(place)
            .collect()
    }

    fn step(&mut self, step: &Step, rest: &[Step]) {
        let comment = step.text.to_string();
        let last = self.last();
        if !matches!(step.kind, StepKind::Take(_)) {
            self.sorted = None;
        }
        match &step.kind {
            StepKind::Filter(condition) => {
                let mut select = Select::all_of(&last);
                select.filter = Some(self.value(condition));
                self.select("filtered", &comment, select);
            }
            StepKind::Derive(entries) => self.derive(step, entries),
            StepKind::Select(entries) => {
                let values: Vec<(String, Sql)> = entries
                    .iter()
                    .map(|(column, expr)| (column.name.clone(), self.value(expr)))
                    .collect();
                let items = self.items(step, |name| {
                    values
                        .iter()
                        .find(|(known, _)| known == name)
                        .map(|(_, value)| value.clone())
                });
                self.select("selected", &comment, Select::of(&last, items));
            }
            StepKind::Drop(names) => {
                let items = self.items(step, |_| None);
                let name = names
                    .first()
                    .map_or("kept".to_owned(), |name| format!("without_{name}"));
                self.select(&name, &comment, Select::of(&last, items));
            }
            StepKind::Rename(names) => {
                let items = self.items(step, |new| {
                    let found = names.iter().find(|(_, name)| name == new);
                    found.map(|(old, _)| Sql::name(old))
                });
                self.select("renamed", &comment, Select::of(&last, items));
            }
            StepKind::Explode { outer, list, column } => self.explode(step, *outer, list, column),
            StepKind::Dedupe {
                keys, keep_first, by, ..
            } => self.dedupe(step, keys, *keep_first, by.as_deref()),
            StepKind::Group { keys, aggregates, .. } => self.group(step, keys, aggregates),
            StepKind::Pivot { on, values, keys } => self.pivot(step, on, values, keys),
            StepKind::Unpivot { columns, name, value } => self.unpivot(step, columns, name, value),
            StepKind::Join(join) => self.join(step, join),
            StepKind::Union { other, columns } => self.union(step, other, columns),
            StepKind::Window {
                keys,
                order,
                rows,
                columns,
            } => self.window(step, keys, order, *rows, columns),
            StepKind::Session {
                keys,
                time,
                gap_seconds,
                column,
            } => self.session(step, keys, time, *gap_seconds, column),
            StepKind::Sort(order) => self.sort(order, &comment, rest),
            StepKind::Take(count) => self.take(step, *count),
            StepKind::Expect {
                name,
                condition,
                otherwise,
            } => self.expect(&comment, name, condition, *otherwise),
            StepKind::Route { .. } | StepKind::Run(_) => refused(),
        }
    }

    /// A query does not count rows. It can leave them out, keep them, and fail.
    fn expect(&mut self, comment: &str, name: &str, condition: &Expr, otherwise: Otherwise) {
        let holds = self.value(condition);
        let mut select = Select::all_of(&self.last());
        select.filter = Some(match otherwise {
            Otherwise::Warn => return,
            Otherwise::Drop => holds,
            Otherwise::Fail => {
                let reason = format!("expect {name}: {}", condition.text);
                let fails = Sql::binary("=", failure(&reason, &TypeKind::Int), Sql::atom("0"));
                Sql::Case(vec![(holds, Sql::atom("TRUE"))], Some(Box::new(fails)))
            }
            Otherwise::Quarantine => refused(),
        });
        self.select("expected", comment, select);
    }

    /// Entries that read an earlier one stand in a part of their own.
    fn derive(&mut self, step: &Step, entries: &[(Column, Expr)]) {
        let mut comment = step.text.to_string();
        let mut rest = entries;
        let mut columns = self.columns.clone();
        while !rest.is_empty() {
            let mut names: Vec<&str> = Vec::new();
            let count = rest
                .iter()
                .take_while(|(column, expr)| {
                    let reads_new = expr.columns().iter().any(|name| names.contains(&name.as_str()));
                    let again = names.contains(&column.name.as_str());
                    names.push(&column.name);
                    !reads_new && !again
                })
                .count()
                .max(1);
            let (now, later) = rest.split_at(count.min(rest.len()));
            let values: Vec<(String, Sql)> = now
                .iter()
                .map(|(column, expr)| (column.name.clone(), self.value(expr)))
                .collect();
            let is_old = |name: &str| columns.iter().any(|column| column.name == name);
            let new: Vec<Column> = now
                .iter()
                .map(|(column, _)| column.clone())
                .filter(|column| !is_old(&column.name))
                .collect();
            let items: Vec<(Sql, Option<String>)> = if new.len() == now.len() {
                let values = values.into_iter().map(|(name, value)| (value, Some(name)));
                std::iter::once((Sql::atom("*"), None)).chain(values).collect()
            } else {
                let made = |name: &str| {
                    values
                        .iter()
                        .find(|(known, _)| known == name)
                        .map(|(_, value)| value.clone())
                };
                let all = columns.iter().chain(&new).map(|column| column.name.as_str());
                all.chain(self.placed.then_some(order::PLACE))
                    .map(|name| (made(name).unwrap_or_else(|| Sql::name(name)), Some(name.to_owned())))
                    .collect()
            };
            columns.extend(new);
            let name = now
                .first()
                .map_or("derived".to_owned(), |(column, _)| format!("with_{}", column.name));
            let select = Select::of(&self.last(), items);
            self.select(&name, &comment, select);
            comment.clear();
            rest = later;
        }
    }

    fn explode(&mut self, step: &Step, outer: bool, list: &Expr, column: &Column) {
        let mut entries = self.value(list);
        if matches!(column.ty.kind, TypeKind::Struct(_) | TypeKind::Object) {
            // The entries of a list of structs would become a column a field.
            entries = Sql::template("transform($0, _entry -> ROW(_entry))", vec![entries]);
        }
        let items = self.items(step, |name| (name == column.name).then(|| Sql::name("_entry")));
        let mut select = Select::of("", items);
        select.from = From::Unnest {
            of: self.last(),
            outer,
            lists: vec![entries],
            names: vec!["_entry".to_owned()],
        };
        let name = format!("each_{}", column.name);
        self.select(&name, step.text.as_ref(), select);
    }

    fn unpivot(&mut self, step: &Step, columns: &[String], name: &Column, value: &Column) {
        let names = columns.iter().map(Sql::text).collect();
        let ty = type_name(&value.ty.kind);
        let mut values = Sql::Array(columns.iter().map(Sql::name).collect()).cast(format!("array({ty})"));
        if matches!(value.ty.kind, TypeKind::Struct(_) | TypeKind::Object) {
            values = Sql::template("transform($0, _entry -> ROW(_entry))", vec![values]);
        }
        let items = self.items(step, |column| match column {
            column if column == name.name => Some(Sql::name("_name")),
            column if column == value.name => Some(Sql::name("_value")),
            _ => None,
        });
        let mut select = Select::of("", items);
        select.from = From::Unnest {
            of: self.last(),
            outer: false,
            lists: vec![Sql::Array(names), values],
            names: vec!["_name".to_owned(), "_value".to_owned()],
        };
        self.select("unpivoted", step.text.as_ref(), select);
    }
}
