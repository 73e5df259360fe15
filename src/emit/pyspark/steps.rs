//! Steps as statements on the data frame `rows`, one after another.
//!
//! Where a step may turn rows away, they stay marked among the others (column `_reason`) until a step that would mix
//! rows, or the end, takes them out: that keeps one pass over the data and the first reason in program order.

use super::exprs::{self, Lowered, column, column_name};
use super::tree::{Py, comment};
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Otherwise, Step, StepKind, Transform};

/// The body of a job's `transform`.
#[derive(Default)]
pub struct Body {
    /// Its lines, without `return`.
    pub lines: Vec<String>,
    /// Whether it needs the run: to turn rows away, to count, for the pseudonyms' key.
    pub needs_run: bool,
    /// Whether it orders within windows.
    pub needs_window: bool,
    marked: bool,
    keyed: bool,
    watched_steps: usize,
}

const INDENT: usize = 4;

/// The statements of a transform's steps.
pub fn body(transform: &Transform) -> Body {
    let mut body = Body::default();
    let mut columns = transform.input_columns.as_slice();
    for (at, step) in transform.steps.iter().enumerate() {
        body.watch_from(&transform.steps[at..], at);
        body.step(step, columns);
        columns = &step.columns;
    }
    if body.marked {
        body.blank();
        body.part();
    }
    body
}

/// The columns by which rows of a target are ordered within a file: what makes them one, so that the same rows are
/// the same file, and neighbours compress well.
pub fn order(transform: &Transform, target: &[Column]) -> Vec<String> {
    let sortable = |name: &String| {
        let found = target.iter().find(|column| column.name == *name);
        found.is_some_and(|column| is_ordered(&column.ty.kind))
    };
    let keys = transform.steps.iter().rev().find_map(|step| match &step.kind {
        StepKind::Group { keys, .. } => Some(keys.iter().map(|(column, _)| column.name.clone()).collect::<Vec<_>>()),
        StepKind::Dedupe { keys, .. } => Some(keys.clone()),
        _ => None,
    });
    let declared = || target.iter().filter(|c| c.key).map(|c| c.name.clone()).collect();
    keys.unwrap_or_else(declared).into_iter().filter(sortable).collect()
}

fn is_ordered(kind: &TypeKind) -> bool {
    !matches!(
        kind,
        TypeKind::Map(_) | TypeKind::Json | TypeKind::Struct(_) | TypeKind::List(_)
    )
}

fn expressions(step: &Step) -> Vec<&Expr> {
    match &step.kind {
        StepKind::Filter(condition) | StepKind::Expect { condition, .. } => vec![condition],
        StepKind::Derive(list) | StepKind::Select(list) => list.iter().map(|(_, expr)| expr).collect(),
        StepKind::Group { keys, aggregates, .. } => {
            let keys = keys.iter().map(|(_, expr)| expr);
            keys.chain(aggregates.iter().filter_map(|(_, a)| a.arguments.first()))
                .collect()
        }
        StepKind::Drop(_) | StepKind::Rename(_) | StepKind::Dedupe { .. } => vec![],
        _ => crate::plan::refused(),
    }
}

fn turns_away(step: &Step) -> bool {
    let quarantines = matches!(
        step.kind,
        StepKind::Expect {
            otherwise: Otherwise::Quarantine,
            ..
        }
    );
    quarantines
        || expressions(step)
            .iter()
            .any(|expr| !exprs::lower(expr).reasons.is_empty())
}

impl Body {
    fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn comment(&mut self, text: &str) {
        self.lines.push(format!("    {}", comment(text)));
    }

    fn rows(&mut self, value: Py) {
        self.lines.push(value.statement(INDENT, "rows = "));
    }

    fn run(&mut self, method: &str, arguments: Vec<Py>) -> Py {
        self.needs_run = true;
        Py::call(&format!("run.{method}"), arguments)
    }

    /// Starts to remember rows as they came, if one of the steps up to the next `group` may turn one away.
    fn watch_from(&mut self, steps: &[Step], at: usize) {
        if self.marked || at < self.watched_steps {
            return;
        }
        let group = steps
            .iter()
            .position(|step| matches!(step.kind, StepKind::Group { .. }));
        let length = group.map_or(steps.len(), |group| group + 1);
        self.watched_steps = at + length;
        if steps.iter().take(length).any(turns_away) {
            let watch = self.run("turned_away.watch", vec![rows()]);
            self.rows(watch);
            self.marked = true;
        }
    }

    fn part(&mut self) {
        let part = self.run("turned_away.part", vec![rows()]);
        self.rows(part);
    }

    fn mark(&mut self, reasons: Vec<Py>) {
        if !reasons.is_empty() {
            let arguments = std::iter::once(rows()).chain(reasons).collect();
            let mark = self.run("turned_away.mark", arguments);
            self.rows(mark);
        }
    }

    fn step(&mut self, step: &Step, columns: &[Column]) {
        self.blank();
        self.comment(&step.text);
        if !self.keyed && expressions(step).iter().any(|expr| exprs::uses(expr, "pseudonym")) {
            let with_key = self.run("with_pseudonym_key", vec![rows()]);
            self.rows(with_key);
            self.keyed = true;
        }
        match &step.kind {
            StepKind::Filter(condition) => self.filter(condition),
            StepKind::Derive(list) => self.derive(list),
            StepKind::Select(list) => self.select(list),
            StepKind::Drop(names) => {
                let names = names.iter().map(|name| column_name(name)).collect();
                self.rows(rows().method("drop", names));
            }
            StepKind::Rename(pairs) => self.rename(pairs, columns),
            StepKind::Dedupe {
                keys,
                keep_first,
                by: Some(by),
                ..
            } => self.dedupe(keys, *keep_first, by, columns),
            StepKind::Group { keys, aggregates, .. } => self.group(keys, aggregates),
            StepKind::Expect {
                name,
                condition,
                otherwise,
            } => self.expect(name, condition, *otherwise),
            _ => crate::plan::refused(),
        }
    }

    fn filter(&mut self, condition: &Expr) {
        let Lowered { value, reasons } = exprs::lower(condition);
        self.mark(reasons);
        let keep = if self.marked {
            // A marked row stays until it is taken out.
            let marked = Py::call("F.col", vec![Py::atom("runtime.REASON")]).method("isNotNull", vec![]);
            Py::binary("|", marked, value)
        } else {
            value
        };
        self.rows(rows().method("filter", vec![keep]));
    }

    fn derive(&mut self, list: &[(Column, Expr)]) {
        for (at, (column, expr)) in list.iter().enumerate() {
            if at > 0 {
                self.comment(&format!("{} = {}", column.name, expr.text));
            }
            let Lowered { value, reasons } = exprs::lower(expr);
            self.mark(reasons);
            // A new column takes its name as it is; only a reference needs backquotes.
            self.rows(rows().method("withColumn", vec![Py::text(&column.name), value]));
        }
    }

    fn select(&mut self, list: &[(Column, Expr)]) {
        let mut columns = Vec::new();
        let mut all_reasons = Vec::new();
        for (column, expr) in list {
            let Lowered { value, reasons } = exprs::lower(expr);
            all_reasons.extend(reasons);
            columns.push(named(&column.name, value));
        }
        self.mark(all_reasons);
        if self.marked {
            columns.extend([Py::atom("runtime.ROW"), Py::atom("runtime.REASON")]);
        }
        self.keyed = false;
        self.rows(rows().method("select", columns));
    }

    fn rename(&mut self, pairs: &[(String, String)], columns: &[Column]) {
        let taken = |name: &String| columns.iter().any(|column| column.name == *name);
        if !pairs.iter().any(|(_, new)| taken(new)) {
            for (old, new) in pairs {
                self.rows(rows().method("withColumnRenamed", vec![Py::text(old), Py::text(new)]));
            }
            return;
        }
        // Names change places: all at once.
        let renamed = columns.iter().map(|c| {
            let new = pairs
                .iter()
                .find(|(old, _)| *old == c.name)
                .map_or(&c.name, |(_, new)| new);
            named(new, column(&c.name))
        });
        let mut renamed: Vec<_> = renamed.collect();
        if self.marked {
            renamed.extend([Py::atom("runtime.ROW"), Py::atom("runtime.REASON")]);
        }
        self.keyed = false;
        self.rows(rows().method("select", renamed));
    }

    fn dedupe(&mut self, keys: &[String], keep_first: bool, by: &str, columns: &[Column]) {
        if self.marked {
            self.part();
        }
        self.needs_window = true;
        let direction = if keep_first {
            "F.asc_nulls_last"
        } else {
            "F.desc_nulls_last"
        };
        let mut order = vec![Py::call(direction, vec![column_name(by)])];
        // Ties are broken by all other columns, so that the row that stays is the same in every run.
        let others = columns
            .iter()
            .filter(|c| c.name != by && !keys.contains(&c.name) && is_ordered(&c.ty.kind));
        order.extend(others.map(|c| Py::call("F.asc_nulls_last", vec![column_name(&c.name)])));
        let keys = keys.iter().map(|key| column_name(key)).collect();
        let window = Py::call("Window.partitionBy", keys).method("orderBy", order);
        self.lines.push(window.statement(INDENT, "of_key = "));
        let rank = Py::call("F.row_number", vec![]).method("over", vec![Py::atom("of_key")]);
        self.rows(rows().method("withColumn", vec![Py::text("_rank"), rank]));
        let first = Py::Binary("==", vec![column("_rank"), Py::atom("1")]);
        self.rows(
            rows()
                .method("filter", vec![first])
                .method("drop", vec![Py::text("_rank")]),
        );
    }

    fn group(&mut self, keys: &[(Column, Expr)], aggregates: &[(Column, Aggregate)]) {
        let mut all_reasons = Vec::new();
        let mut lower = |expr: &Expr| {
            let Lowered { value, reasons } = exprs::lower(expr);
            all_reasons.extend(reasons);
            value
        };
        let keys: Vec<_> = keys
            .iter()
            .map(|(column, expr)| named(&column.name, lower(expr)))
            .collect();
        let aggregates: Vec<_> = aggregates
            .iter()
            .map(|(column, aggregate)| {
                let argument = aggregate.arguments.first().map(|expr| (lower(expr), &expr.ty.kind));
                Py::method(summary(aggregate, argument), "alias", vec![Py::text(&column.name)])
            })
            .collect();
        self.mark(all_reasons);
        if self.marked {
            self.part();
        }
        let grouped = if aggregates.is_empty() {
            rows().method("select", keys).method("distinct", vec![])
        } else {
            rows().method("groupBy", keys).method("agg", aggregates)
        };
        self.rows(grouped);
        self.marked = false;
        self.keyed = false;
    }

    fn expect(&mut self, name: &str, condition: &Expr, otherwise: Otherwise) {
        let Lowered { value, reasons } = exprs::lower(condition);
        self.mark(reasons);
        if otherwise == Otherwise::Quarantine {
            let reason = Py::text(&format!("expect {name}: {}", condition.text));
            let none = Py::call("F.lit", vec![Py::atom("None")]);
            let wrong = Py::call("F.when", vec![value, none]).method("otherwise", vec![reason]);
            self.mark(vec![wrong]);
            return;
        }
        if self.marked {
            self.part();
        }
        let fail = if otherwise == Otherwise::Fail { "True" } else { "False" };
        let arguments = vec![
            rows(),
            Py::text(name),
            value.clone(),
            Py::keyword("fail", Py::atom(fail)),
        ];
        let expect = self.run("expect", arguments);
        self.lines.push(expect.statement(INDENT, ""));
        if otherwise == Otherwise::Drop {
            self.rows(rows().method("filter", vec![value]));
        }
    }
}

fn rows() -> Py {
    Py::atom("rows")
}

/// `value.alias(name)`, or the plain name where the value is that column.
fn named(name: &str, value: Py) -> Py {
    if value == column(name) {
        return column_name(name);
    }
    value.method("alias", vec![Py::text(name)])
}

/// The name alone of `F.col(name)`, for functions that take either.
fn plain_name(value: &Py) -> Option<Py> {
    match value {
        Py::Call(callee, arguments) if **callee == Py::atom("F.col") => arguments.first().cloned(),
        _ => None,
    }
}

/// An aggregate; missing values are left out by all of Spark's.
fn summary(aggregate: &Aggregate, argument: Option<(Py, &TypeKind)>) -> Py {
    let Some((value, kind)) = argument else {
        return Py::call("F.count", vec![Py::text("*")]);
    };
    let (whole, value) = (value.clone(), plain_name(&value).unwrap_or(value));
    let of = |name: &str, value: Py| Py::call(name, vec![value]);
    match aggregate.function.as_str() {
        "count" => of("F.count", value),
        "count_distinct" => of("F.count_distinct", value),
        "sum" if *kind == TypeKind::Int => of("runtime.sum_whole", whole),
        "sum" => of("F.sum", value),
        "min" => of("F.min", value),
        "max" => of("F.max", value),
        // The standard library declares no other; a job that met one would say so instead of guessing.
        other => of("F.raise_error", Py::text(&format!("no Spark spelling of {other}"))),
    }
}
