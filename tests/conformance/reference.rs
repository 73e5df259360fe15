//! What a transform of tables makes of rows: each step by itself, row by row, in the plainest way. The reference that engines
//! are compared with; functions and aggregates are the runtime's.
//!
//! It must not know any engine.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use pipec::check::constant::{self, Known, Own, Unknown};
use pipec::plan::expr::{Aggregate, Expr, Literal};
use pipec::plan::types::{Column, Type, TypeKind};
use pipec::plan::{Input, Join, JoinKind, Otherwise, Step, StepKind, Transform};
use pipec_runtime::dynamic::{Accumulator, Frame, Row as Fed, Run, over_rows};
use pipec_runtime::functions::sha256;
use pipec_runtime::reject;
use pipec_runtime::value::{Reject, Value};

use crate::records;

/// What comes of a transform.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Result {
    /// Rows, with the columns of the last step.
    pub rows: Vec<Vec<Literal>>,
    /// Why rows were turned away, each once.
    pub reasons: Vec<String>,
}

/// A row on its way: its columns, and those of other sides of joins as `ALIAS.column`.
#[derive(Clone, Debug)]
struct Row {
    values: BTreeMap<String, Literal>,
    /// The row of the input that it came of.
    origin: usize,
}

/// Everything that a transform may read.
pub struct World<'w> {
    /// Rows by what is read, in its columns.
    pub given: &'w dyn Fn(&Input) -> Vec<Vec<Literal>>,
    /// A project's own functions.
    pub own: &'w Own,
    /// The run.
    pub run: &'w Run,
}

/// Rows on their way, and what was turned away.
struct State<'w> {
    world: &'w World<'w>,
    rows: Vec<Row>,
    away: BTreeSet<usize>,
    reasons: Vec<String>,
    origins: usize,
}

/// A row of a window: what orders it, itself, and what each function is fed with.
type Ordered = (Vec<Literal>, Row, Vec<Fed>);

/// Runs a transform; an error fails the run.
pub fn run(transform: &Transform, world: &World<'_>) -> std::result::Result<Result, String> {
    let mut state = State {
        world,
        rows: Vec::new(),
        away: BTreeSet::new(),
        reasons: Vec::new(),
        origins: 0,
    };
    state.rows = state.read(&transform.input, &transform.input_columns, "");
    let mut columns: &[Column] = &transform.input_columns;
    for step in &transform.steps {
        state.step(step, columns)?;
        state.keep(step);
        columns = &step.columns;
    }
    let row = |row: &Row| columns.iter().map(|column| value(row, &column.name)).collect();
    Ok(Result {
        rows: state.rows.iter().map(row).collect(),
        reasons: state.reasons,
    })
}

fn value(row: &Row, name: &str) -> Literal {
    row.values.get(name).cloned().unwrap_or(Literal::Null)
}

fn compared(one: &Literal, other: &Literal, down: bool) -> Ordering {
    let (one, other) = (constant::value(one), constant::value(other));
    match (one.is_missing(), other.is_missing()) {
        (false, false) if down => other.cmp(&one),
        // Missing values are last, whichever way.
        _ => one.cmp(&other),
    }
}

/// Columns in their order, missing values last: what breaks ties.
fn by_columns(one: &Row, other: &Row, columns: &[Column]) -> Ordering {
    let pairs = columns
        .iter()
        .map(|column| compared(&value(one, &column.name), &value(other, &column.name), false));
    pairs.fold(Ordering::Equal, Ordering::then)
}

fn key(row: &Row, names: &[String]) -> Vec<Value> {
    names.iter().map(|name| constant::value(&value(row, name))).collect()
}

impl State<'_> {
    fn read(&mut self, input: &Input, columns: &[Column], alias: &str) -> Vec<Row> {
        let rows = (self.world.given)(input);
        let is_stream = matches!(input, Input::Stream(_));
        let away = |row: &Vec<Literal>| is_stream.then(|| records::reason(columns, row)).flatten();
        self.reasons.extend(rows.iter().filter_map(away));
        let row = |(place, values): (usize, Vec<Literal>)| {
            let named = columns.iter().map(|column| format!("{alias}{}", column.name));
            let mut values: BTreeMap<String, Literal> = named.zip(values).collect();
            if is_stream {
                // Rows of a test arrive as they happen, in the order in which they are written.
                let time = columns.iter().find(|column| column.event_time);
                let arrived = time.and_then(|column| values.get(&column.name).cloned());
                values.insert("_arrived".to_owned(), arrived.unwrap_or(Literal::Timestamp(0)));
                values.insert("_seq".to_owned(), Literal::Text(format!("{place:020}")));
            }
            self.origins += 1;
            Row {
                values,
                origin: self.origins,
            }
        };
        let rows = rows.into_iter().enumerate();
        rows.filter(|(_, row)| away(row).is_none()).map(row).collect()
    }

    fn value(&self, expr: &Expr, row: &Row) -> std::result::Result<Literal, String> {
        let read = |name: &str| row.values.get(name).map(constant::value);
        let known = Known {
            row: Some(&read),
            own: Some(self.world.own),
            run: Some(self.world.run),
            ..Known::default()
        };
        match constant::evaluate_with(expr, known) {
            Ok(value) => Ok(value),
            Err(Unknown::Rejected(reason)) => Err(reason),
            Err(Unknown::Later) => panic!("the reference does not know `{}`", expr.text),
        }
    }

    fn holds(&self, expr: &Expr, row: &Row) -> std::result::Result<bool, String> {
        Ok(self.value(expr, row)? == Literal::Bool(true))
    }

    /// Hands each row on, as one or several, or turns it away.
    fn each(&mut self, mut made: impl FnMut(&Self, Row) -> std::result::Result<Vec<Row>, String>) {
        let mut kept = Vec::new();
        for row in std::mem::take(&mut self.rows) {
            let origin = row.origin;
            match made(self, row) {
                Ok(rows) => kept.extend(rows),
                Err(reason) => {
                    if self.away.insert(origin) {
                        self.reasons.push(reason);
                    }
                }
            }
        }
        self.rows = kept;
    }

    /// Forgets the columns that a step does not leave.
    fn keep(&mut self, step: &Step) {
        let names: BTreeSet<&str> = step
            .columns
            .iter()
            .chain(&step.joined)
            .map(|column| column.name.as_str())
            .collect();
        for row in &mut self.rows {
            row.values.retain(|name, _| names.contains(name.as_str()));
        }
    }

    fn step(&mut self, step: &Step, before: &[Column]) -> std::result::Result<(), String> {
        match &step.kind {
            StepKind::Filter(condition) => self.each(|state, row| {
                Ok(if state.holds(condition, &row)? {
                    vec![row]
                } else {
                    vec![]
                })
            }),
            StepKind::Derive(entries) => self.each(|state, mut row| {
                for (column, expr) in entries {
                    let value = state.value(expr, &row)?;
                    row.values.insert(column.name.clone(), value);
                }
                Ok(vec![row])
            }),
            StepKind::Select(entries) => self.each(|state, row| {
                let mut values = BTreeMap::new();
                for (column, expr) in entries {
                    values.insert(column.name.clone(), state.value(expr, &row)?);
                }
                Ok(vec![Row { values, ..row }])
            }),
            StepKind::Drop(_) => {}
            StepKind::Rename(names) => self.each(|_, row| {
                let new = |name: String| {
                    names
                        .iter()
                        .find(|(old, _)| *old == name)
                        .map_or(name, |(_, new)| new.clone())
                };
                let values = row.values.into_iter().map(|(name, value)| (new(name), value)).collect();
                Ok(vec![Row { values, ..row }])
            }),
            StepKind::Expect {
                name,
                condition,
                otherwise,
            } => self.each(|state, row| match (state.holds(condition, &row)?, otherwise) {
                (true, _) | (_, Otherwise::Warn) => Ok(vec![row]),
                (_, Otherwise::Drop) => Ok(vec![]),
                _ => Err(reject::expect(name, &condition.text)),
            }),
            StepKind::Explode { outer, list, column } => self.explode(*outer, list, column),
            StepKind::Dedupe {
                keys, keep_first, by, ..
            } => self.dedupe(keys, *keep_first, by.as_deref(), before),
            StepKind::Group { keys, aggregates, .. } => self.group(keys, aggregates, before)?,
            StepKind::Join(join) => self.join(join, step)?,
            StepKind::Union { other, columns } => {
                let more = self.read(other, columns, "");
                self.rows.extend(more);
            }
            StepKind::Window {
                keys,
                order,
                rows,
                columns,
            } => self.window(keys, order, *rows, columns, before)?,
            StepKind::Session {
                keys,
                time,
                gap_seconds,
                column,
            } => self.session(keys, time, *gap_seconds, column, before),
            StepKind::Pivot { on, values, keys } => self.pivot(on, values, keys, before)?,
            StepKind::Unpivot {
                columns,
                name,
                value: into,
            } => self.each(|_, row| {
                let one = |old: &String| {
                    let mut row = row.clone();
                    let held = value(&row, old);
                    row.values.insert(name.name.clone(), Literal::Text(old.clone()));
                    row.values.insert(into.name.clone(), held);
                    row
                };
                Ok(columns.iter().map(one).collect())
            }),
            StepKind::Sort(order) => self.sort(order, before)?,
            StepKind::Take(count) => self.rows.truncate(usize::try_from(*count).unwrap_or(usize::MAX)),
            StepKind::Route { .. } | StepKind::Run(_) => return Err("the reference does not know this step".to_owned()),
        }
        Ok(())
    }

    fn explode(&mut self, outer: bool, list: &Expr, column: &Column) {
        self.each(|state, row| {
            let items = match state.value(list, &row)? {
                Literal::List(items) => items,
                _ => Vec::new(),
            };
            let items = if items.is_empty() && outer {
                vec![Literal::Null]
            } else {
                items
            };
            let with = |item: Literal| {
                let mut row = row.clone();
                row.values.insert(column.name.clone(), item);
                row
            };
            Ok(items.into_iter().map(with).collect())
        });
    }

    fn dedupe(&mut self, keys: &[String], keep_first: bool, by: Option<&str>, columns: &[Column]) {
        let mut kept: BTreeMap<Vec<Value>, Row> = BTreeMap::new();
        for row in std::mem::take(&mut self.rows) {
            let order = |one: &Row, other: &Row| {
                let first = by.map(|by| compared(&value(one, by), &value(other, by), !keep_first));
                first
                    .unwrap_or(Ordering::Equal)
                    .then_with(|| by_columns(one, other, columns))
            };
            match kept.entry(key(&row, keys)) {
                std::collections::btree_map::Entry::Vacant(free) => drop(free.insert(row)),
                std::collections::btree_map::Entry::Occupied(mut best) => {
                    if order(&row, best.get()).is_lt() {
                        best.insert(row);
                    }
                }
            }
        }
        self.rows = kept.into_values().collect();
    }

    /// What an aggregate is fed with of a row.
    fn fed(&self, aggregate: &Aggregate, row: &Row) -> std::result::Result<Fed, String> {
        let mut fed = Fed::default();
        for argument in &aggregate.arguments {
            fed.arguments.push(constant::value(&self.value(argument, row)?));
        }
        for (by, down) in &aggregate.order {
            fed.order.push((constant::value(&self.value(by, row)?), *down));
        }
        Ok(fed)
    }

    fn group(
        &mut self,
        keys: &[(Column, Expr)],
        aggregates: &[(Column, Aggregate)],
        before: &[Column],
    ) -> std::result::Result<(), String> {
        let mut groups: BTreeMap<Vec<Value>, Vec<(Row, Vec<Fed>)>> = BTreeMap::new();
        let mut found: Vec<(Vec<Value>, Row, Vec<Fed>)> = Vec::new();
        self.each(|state, row| {
            let mut own = Vec::new();
            for (_, expr) in keys {
                own.push(constant::value(&state.value(expr, &row)?));
            }
            let mut all = Vec::new();
            for (_, aggregate) in aggregates {
                all.push(state.fed(aggregate, &row)?);
            }
            found.push((own, row, all));
            Ok(vec![])
        });
        found.sort_by(|(_, one, _), (_, other, _)| by_columns(one, other, before));
        for (own, row, fed) in found {
            groups.entry(own).or_default().push((row, fed));
        }
        if keys.is_empty() && groups.is_empty() {
            groups.insert(Vec::new(), Vec::new());
        }
        for (own, rows) in groups {
            let mut values: BTreeMap<String, Literal> = keys
                .iter()
                .zip(&own)
                .map(|((column, _), value)| (column.name.clone(), constant::literal(value)))
                .collect();
            for (at, (column, aggregate)) in aggregates.iter().enumerate() {
                let fed = rows.iter().map(|(_, fed)| fed[at].clone());
                values.insert(column.name.clone(), aggregated(aggregate, fed)?);
            }
            self.origins += 1;
            self.rows.push(Row {
                values,
                origin: self.origins,
            });
        }
        Ok(())
    }

    fn pivot(
        &mut self,
        on: &Expr,
        values: &[(Literal, Column, Aggregate)],
        keys: &[String],
        before: &[Column],
    ) -> std::result::Result<(), String> {
        let mut groups: BTreeMap<Vec<Value>, Vec<(Row, Literal)>> = BTreeMap::new();
        let mut found = Vec::new();
        self.each(|state, row| {
            let held = state.value(on, &row)?;
            found.push((row, held));
            Ok(vec![])
        });
        found.sort_by(|(one, _), (other, _)| by_columns(one, other, before));
        for (row, held) in found {
            groups.entry(key(&row, keys)).or_default().push((row, held));
        }
        for rows in groups.into_values() {
            let mut made = BTreeMap::new();
            for name in keys {
                made.insert(name.clone(), value(&rows[0].0, name));
            }
            for (wanted, column, aggregate) in values {
                let mut fed = Vec::new();
                for (row, held) in &rows {
                    if constant::value(held) == constant::value(wanted) {
                        fed.push(self.fed(aggregate, row)?);
                    }
                }
                made.insert(column.name.clone(), aggregated(aggregate, fed.into_iter())?);
            }
            self.origins += 1;
            self.rows.push(Row {
                values: made,
                origin: self.origins,
            });
        }
        Ok(())
    }

    fn join(&mut self, join: &Join, step: &Step) -> std::result::Result<(), String> {
        let others = self.read(&join.other, &join.columns, &format!("{}.", join.alias));
        let nothing: BTreeMap<String, Literal> = join
            .columns
            .iter()
            .map(|column| (format!("{}.{}", join.alias, column.name), Literal::Null))
            .collect();
        let either: BTreeMap<String, Literal> = step
            .columns
            .iter()
            .chain(&step.joined)
            .map(|column| (column.name.clone(), Literal::Null))
            .collect();
        let mut met: BTreeSet<usize> = BTreeSet::new();
        self.each(|state, row| {
            let mut pairs = Vec::new();
            for (at, other) in others.iter().enumerate() {
                let mut both = row.clone();
                both.values.extend(other.values.clone());
                if state.holds(&join.on, &both)? {
                    met.insert(at);
                    pairs.push(both);
                }
            }
            let alone = || {
                let mut row = row.clone();
                row.values.extend(nothing.clone());
                row
            };
            Ok(match join.kind {
                JoinKind::Semi => (!pairs.is_empty()).then_some(row).into_iter().collect(),
                JoinKind::Anti => pairs.is_empty().then_some(row).into_iter().collect(),
                JoinKind::Left | JoinKind::Full if pairs.is_empty() => vec![alone()],
                _ => pairs,
            })
        });
        if join.kind == JoinKind::Full {
            let rest = others
                .into_iter()
                .enumerate()
                .filter(|(at, _)| !met.contains(at))
                .map(|(_, other)| other);
            for other in rest {
                let mut row = Row {
                    values: either.clone(),
                    ..other
                };
                row.values.extend(other.values);
                self.rows.push(row);
            }
            // Rows of both sides are new ones.
            for row in &mut self.rows {
                self.origins += 1;
                row.origin = self.origins;
            }
        }
        Ok(())
    }

    fn window(
        &mut self,
        keys: &[String],
        order: &[(Expr, bool)],
        rows: Option<(Option<i64>, Option<i64>)>,
        columns: &[(Column, Aggregate)],
        before: &[Column],
    ) -> std::result::Result<(), String> {
        let mut parts: BTreeMap<Vec<Value>, Vec<Ordered>> = BTreeMap::new();
        let mut found = Vec::new();
        self.each(|state, row| {
            let mut by = Vec::new();
            for (expr, _) in order {
                by.push(state.value(expr, &row)?);
            }
            let mut fed = Vec::new();
            for (_, aggregate) in columns {
                let mut one = state.fed(aggregate, &row)?;
                // Peers are rows that the window itself does not tell apart.
                one.order = order
                    .iter()
                    .zip(&by)
                    .map(|((_, down), value)| (constant::value(value), *down))
                    .collect();
                fed.push(one);
            }
            found.push((by, row, fed));
            Ok(vec![])
        });
        for (by, row, fed) in found {
            parts.entry(key(&row, keys)).or_default().push((by, row, fed));
        }
        for mut part in parts.into_values() {
            part.sort_by(|(one, a, _), (other, b, _)| {
                let pairs = one
                    .iter()
                    .zip(other)
                    .zip(order)
                    .map(|((one, other), (_, down))| compared(one, other, *down));
                pairs
                    .fold(Ordering::Equal, Ordering::then)
                    .then_with(|| by_columns(a, b, before))
            });
            let mut made: Vec<Row> = part.iter().map(|(_, row, _)| row.clone()).collect();
            for (at, (column, aggregate)) in columns.iter().enumerate() {
                let fed: Vec<Fed> = part.iter().map(|(_, _, fed)| fed[at].clone()).collect();
                for (place, row) in made.iter_mut().enumerate() {
                    row.values
                        .insert(column.name.clone(), windowed(aggregate, &fed, place, rows)?);
                }
            }
            self.rows.extend(made);
        }
        Ok(())
    }

    fn session(&mut self, keys: &[String], time: &str, gap: u64, column: &Column, before: &[Column]) {
        let mut parts: BTreeMap<Vec<Value>, Vec<Row>> = BTreeMap::new();
        for row in std::mem::take(&mut self.rows) {
            parts.entry(key(&row, keys)).or_default().push(row);
        }
        let gap = i64::try_from(gap).unwrap_or(i64::MAX).saturating_mul(1_000_000);
        for (own, mut part) in parts {
            part.sort_by(|a, b| {
                compared(&value(a, time), &value(b, time), false).then_with(|| by_columns(a, b, before))
            });
            let (mut first, mut last) = (Literal::Null, None);
            for mut row in part {
                let at = value(&row, time);
                let micros = match at {
                    Literal::Timestamp(micros) => Some(micros),
                    _ => None,
                };
                let near = matches!((micros, last), (Some(at), Some(last)) if at - last < gap);
                if !near {
                    first = at;
                }
                last = micros;
                let texts = own.iter().cloned().chain([constant::value(&first)]);
                let texts: Vec<String> = texts
                    .map(|value| value.canonical().unwrap_or_else(|| "\u{0}".to_owned()))
                    .collect();
                let name = sha256(&texts.join("\u{1f}"));
                row.values.insert(column.name.clone(), Literal::Text(name.to_string()));
                self.rows.push(row);
            }
        }
    }

    fn sort(&mut self, order: &[(Expr, bool)], before: &[Column]) -> std::result::Result<(), String> {
        let mut found: Vec<(Vec<Literal>, Row)> = Vec::new();
        self.each(|state, row| {
            let mut by = Vec::new();
            for (expr, _) in order {
                by.push(state.value(expr, &row)?);
            }
            found.push((by, row));
            Ok(vec![])
        });
        found.sort_by(|(one, a), (other, b)| {
            let pairs = one
                .iter()
                .zip(other)
                .zip(order)
                .map(|((one, other), (_, down))| compared(one, other, *down));
            pairs
                .fold(Ordering::Equal, Ordering::then)
                .then_with(|| by_columns(a, b, before))
        });
        self.rows = found.into_iter().map(|(_, row)| row).collect();
        Ok(())
    }
}

fn digits(ty: &Type) -> (u8, u8) {
    match ty.kind {
        TypeKind::Decimal { precision, scale } => (precision, scale),
        _ => (0, 0),
    }
}

fn failed(reject: Reject, text: &str) -> String {
    match reject {
        Reject::Overflow => format!("overflow in {text}"),
        Reject::Because(reason) => reason,
    }
}

fn aggregated(aggregate: &Aggregate, fed: impl Iterator<Item = Fed>) -> std::result::Result<Literal, String> {
    let mut sum = Accumulator::new(&aggregate.function, digits(&aggregate.ty)).ok_or("no such aggregate")?;
    for row in fed {
        sum.add(row).map_err(|reject| failed(reject, &aggregate.text))?;
    }
    let answer = sum.finish().map_err(|reject| failed(reject, &aggregate.text))?;
    Ok(constant::literal(&answer))
}

/// The answer for one row of a window. An aggregate sees the rows of its frame, `row_number` and its like all of the part.
fn windowed(
    aggregate: &Aggregate,
    fed: &[Fed],
    at: usize,
    rows: Option<(Option<i64>, Option<i64>)>,
) -> std::result::Result<Literal, String> {
    let running = Accumulator::new(&aggregate.function, digits(&aggregate.ty)).is_some();
    if running {
        let place = |bound: Option<i64>, open: i64| bound.map_or(open, |bound| at as i64 + bound);
        let (from, to) = rows.unwrap_or((None, Some(0)));
        let (from, to) = (
            place(from, 0).max(0),
            place(to, fed.len() as i64 - 1).min(fed.len() as i64 - 1),
        );
        let inside = (from..=to).filter_map(|place| fed.get(place as usize)).cloned();
        return aggregated(aggregate, inside);
    }
    let frame = Frame {
        rows: fed,
        at,
        from: 0,
        digits: digits(&aggregate.ty),
    };
    let answer = over_rows(&aggregate.function, frame).ok_or("no such function")?;
    Ok(constant::literal(
        &answer.map_err(|reject| failed(reject, &aggregate.text))?,
    ))
}
