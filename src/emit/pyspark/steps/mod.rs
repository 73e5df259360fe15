//! Steps as statements on the data frame `rows`, one after another.
//!
//! Where a step may turn rows away, they stay marked among the others (column `_reason`) until a step that would mix
//! rows, or the end, takes them out: that keeps one pass over the data and the first reason in program order.

mod aggregates;
mod columns;
mod group;
mod join;
mod order;
mod stream;
mod window;

use std::rc::Rc;

use super::exprs::own::OwnFunctions;
use super::exprs::{self, Lowered, column_name};
use super::landed::Landed;
use super::stream as stream_fields;
use super::tree::{Py, comment};
use crate::plan::expr::Expr;
use crate::plan::types::Column;
use crate::plan::{Input, Otherwise, Plan, Run, Step, StepKind};

pub use order::of_files;
pub use stream::duration;

/// The body of a function that takes `rows` and returns them.
#[derive(Default)]
pub struct Body {
    /// Its lines, without `return`.
    pub lines: Vec<String>,
    /// Whether it needs the run: to turn rows away, to count, to read more, for the pseudonyms' key.
    pub needs_run: bool,
    /// Whether it orders within windows.
    pub needs_window: bool,
    /// What it reads beside `rows`, each once.
    pub reads: Vec<Input>,
    /// Whether rows remember how they came.
    watched: bool,
    /// Whether some of them may be marked.
    marked: bool,
    keyed: bool,
    watched_steps: usize,
    /// Whether one row may become several that are turned away.
    pub several: bool,
    /// Whether rows carry their place in an order, for `take`.
    placed: bool,
    /// The project's own functions.
    own: Rc<OwnFunctions>,
    /// The landed datasets.
    landed: Rc<Landed>,
    /// Of rows of a stream: what its steps are called in the job's state.
    stream: Option<String>,
    /// Whether rows have what arrivals have beside their columns.
    arrivals: bool,
    /// Views whose rows have it no more.
    without_arrivals: Vec<String>,
    /// The place of the step at hand.
    at: usize,
}

const INDENT: usize = 4;

/// The statements of steps on rows of these columns.
pub fn body(plan: &Plan, (input, columns, steps): (&Input, &[Column], &[Step]), own: Shared<'_>) -> Body {
    let (own, landed) = own;
    let views = plan.views.iter().filter(|view| {
        let read = Input::View(view.name.clone());
        !landed.arrives(plan, &read)
    });
    let watched = landed.remembers(plan, input);
    let body = Body {
        own: Rc::clone(own),
        landed: Rc::clone(landed),
        watched,
        several: watched && steps.iter().any(|step| makes_several(&step.kind)),
        arrivals: landed.arrives(plan, input),
        without_arrivals: views.map(|view| view.name.clone()).collect(),
        ..Body::default()
    };
    body.of(steps, columns)
}

/// What all bodies of a job know: the project's own functions, and what has landed.
pub type Shared<'p> = (&'p Rc<OwnFunctions>, &'p Rc<Landed>);

/// Where the rows of a stream's steps come from.
pub struct Arriving<'p> {
    /// Whose steps they are.
    pub owner: &'p str,
    /// Whether they are arrivals themselves, which know how they came.
    pub came: bool,
    /// Whether they have what arrivals have beside their columns.
    pub arrivals: bool,
    /// The views whose rows have it no more.
    pub without: &'p [String],
}

/// The statements of steps on rows of a stream.
pub fn stream_body(steps: &[Step], columns: &[Column], (own, landed): Shared<'_>, from: &Arriving<'_>) -> Body {
    let body = Body {
        own: Rc::clone(own),
        landed: Rc::clone(landed),
        stream: Some(from.owner.to_owned()),
        arrivals: from.arrivals,
        without_arrivals: from.without.to_vec(),
        watched: from.came,
        ..Body::default()
    };
    body.of(steps, columns)
}

/// What a step finds: the rows' columns, and those of other sides of joins that can still be read.
#[derive(Clone, Copy)]
struct Before<'p> {
    columns: &'p [Column],
    joined: &'p [Column],
    /// Whether rows have what arrivals have beside their columns.
    arrivals: bool,
}

impl Before<'_> {
    /// All columns in order.
    fn all(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().chain(self.joined)
    }

    /// All of them but what arrivals have beside their columns.
    fn own(&self) -> impl Iterator<Item = &Column> {
        let beside = |column: &Column| self.arrivals && ["_arrived", "_seq"].contains(&column.name.as_str());
        self.all().filter(move |column| !beside(column))
    }
}

/// Whether a step may make several rows of one.
fn makes_several(kind: &StepKind) -> bool {
    use crate::plan::JoinKind::{Inner, Left};
    match kind {
        StepKind::Explode { .. } | StepKind::Unpivot { .. } => true,
        StepKind::Join(join) => matches!(join.kind, Inner | Left),
        _ => false,
    }
}

fn turns_away(step: &Step, around: exprs::Around<'_>) -> bool {
    let quarantines = matches!(
        step.kind,
        StepKind::Expect {
            otherwise: Otherwise::Quarantine,
            ..
        }
    );
    let expressions = step.kind.expressions();
    quarantines || expressions.iter().any(|expr| !around.lower(expr).reasons.is_empty())
}

impl Body {
    fn of(mut self, steps: &[Step], columns: &[Column]) -> Body {
        let mut before = Before {
            columns,
            joined: &[],
            arrivals: self.arrivals,
        };
        for (at, step) in steps.iter().enumerate() {
            self.at = at;
            self.watch_from(&steps[at..], at);
            self.step(step, before, &steps[at + 1..]);
            before = Before {
                columns: &step.columns,
                joined: &step.joined,
                arrivals: self.arrivals,
            };
        }
        self.settle();
        self
    }

    /// An empty line, but not behind another or between a comment and what it is about.
    fn blank(&mut self) {
        let stands_alone = |line: &String| !line.is_empty() && !line.trim_start().starts_with('#');
        if self.lines.last().is_some_and(stands_alone) {
            self.lines.push(String::new());
        }
    }

    fn comment(&mut self, text: &str) {
        self.lines.push(format!("    {}", comment(text)));
    }

    fn rows(&mut self, value: Py) {
        self.name("rows", &value);
    }

    /// `name = value`
    fn name(&mut self, name: &str, value: &Py) {
        self.lines.push(value.statement(INDENT, &format!("{name} = ")));
    }

    fn run(&mut self, method: &str, arguments: Vec<Py>) -> Py {
        self.needs_run = true;
        Py::call(&format!("run.{method}"), arguments)
    }

    /// Starts to remember rows as they came, if one of the steps up to the next that makes new rows may turn one away.
    fn watch_from(&mut self, steps: &[Step], at: usize) {
        if self.watched || at < self.watched_steps {
            return;
        }
        let new = steps.iter().position(|step| step.kind.makes_new_rows());
        let length = new.map_or(steps.len(), |new| new + 1);
        self.watched_steps = at + length;
        let stretch = steps.get(..length).unwrap_or(steps);
        if stretch.iter().any(|step| turns_away(step, self.around())) {
            let mut arguments = vec![rows()];
            if stretch.iter().any(|step| makes_several(&step.kind)) {
                arguments.push(Py::keyword("several", Py::atom("True")));
                self.several = true;
            }
            let watch = self.run("turned_away.watch", arguments);
            self.rows(watch);
            self.watched = true;
        }
    }

    /// Takes marked rows out, if there may be any.
    fn settle(&mut self) {
        if self.marked {
            self.blank();
            let part = self.run("turned_away.part", vec![rows()]);
            self.rows(part);
            self.marked = false;
        }
    }

    /// Rows are others now: how they came is forgotten.
    fn anew(&mut self) {
        self.watched = false;
        self.keyed = false;
        self.placed = false;
    }

    fn mark(&mut self, reasons: Vec<Py>) {
        if !reasons.is_empty() {
            let arguments = std::iter::once(rows()).chain(reasons).collect();
            let mark = self.run("turned_away.mark", arguments);
            self.rows(mark);
            self.marked = true;
        }
    }

    fn around(&self) -> exprs::Around<'_> {
        exprs::Around {
            own: Some(&self.own),
            in_function: false,
        }
    }

    fn lowered(&self, expr: &Expr) -> Lowered {
        self.around().lower(expr)
    }

    /// The value of an expression, once rows that it rejects are marked.
    fn value(&mut self, expr: &Expr) -> Py {
        let Lowered { value, reasons } = self.lowered(expr);
        self.mark(reasons);
        value
    }

    /// What a list of columns must have beside those of the rows themselves.
    fn kept(&self) -> Vec<Py> {
        let mut kept = Vec::new();
        if self.watched {
            kept.extend([Py::atom("marks.ROW"), Py::atom("marks.REASON")]);
        }
        if self.placed {
            kept.push(Py::atom("marks.PLACE"));
        }
        if self.arrivals {
            kept.push(Py::atom(match self.stream {
                Some(_) => "*streams.HIDDEN",
                None => "*marks.ARRIVAL",
            }));
        }
        kept
    }

    fn step(&mut self, step: &Step, before: Before<'_>, rest: &[Step]) {
        self.blank();
        self.comment(&step.text);
        let expressions = step.kind.expressions();
        if !self.keyed && expressions.iter().any(|expr| exprs::own::needs_key(expr, &self.own)) {
            let with_key = self.run("with_pseudonym_key", vec![rows()]);
            self.rows(with_key);
            self.keyed = true;
        }
        self.needs_run |= expressions.iter().any(|expr| exprs::own::needs_run(expr, &self.own));
        match &step.kind {
            StepKind::Filter(condition) => self.filter(condition),
            StepKind::Derive(list) => self.derive(list),
            StepKind::Select(list) => self.select(list),
            StepKind::Drop(names) => {
                let names = names.iter().map(|name| column_name(name)).collect();
                self.rows(rows().method("drop", names));
            }
            StepKind::Rename(pairs) => self.rename(pairs, before),
            StepKind::Explode { outer, list, column } => self.explode(*outer, list, column),
            StepKind::Dedupe {
                keys,
                within_seconds: Some(seconds),
                ..
            } => self.first_arrivals(keys, *seconds),
            StepKind::Dedupe {
                keys, keep_first, by, ..
            } => self.dedupe(keys, *keep_first, by.as_deref(), before),
            StepKind::Join(join) => self.join(join, before),
            StepKind::Union { other, columns } => self.union(other, columns, &step.columns),
            StepKind::Group {
                keys,
                window,
                aggregates,
            } => self.group(keys, window.as_ref(), aggregates, before),
            StepKind::Pivot { on, values, keys } => self.pivot(on, values, keys, before),
            StepKind::Unpivot { columns, name, value } => self.unpivot(columns, name, value, before),
            StepKind::Window {
                keys,
                order,
                rows,
                columns,
            } => self.window(keys, order, *rows, columns, before),
            StepKind::Session {
                keys,
                time,
                gap_seconds,
                column,
            } => self.session(keys, time, *gap_seconds, column, before),
            StepKind::Sort(order) => self.sort(order, before, rest),
            StepKind::Take(count) => self.take(*count),
            StepKind::Route { branches, otherwise } => self.route(branches, otherwise.as_ref()),
            StepKind::Expect {
                name,
                condition,
                otherwise,
            } => self.expect(name, condition, *otherwise),
            StepKind::Run(run) => self.program(run, &step.columns),
        }
    }

    /// What a provided program makes of the rows; it is given as many parts of them as run side by side.
    fn program(&mut self, run: &Run, answers: &[Column]) {
        self.settle();
        self.needs_run = true;
        let fields = answers.iter().map(stream_fields::plain_field).collect();
        let parts = Py::atom(run.parts().to_string());
        let arguments = vec![Py::atom("run"), rows(), Py::List(fields), Py::keyword("parts", parts)];
        self.rows(Py::call("programs.through", arguments));
        self.arrivals = false;
        self.anew();
    }

    fn expect(&mut self, name: &str, condition: &Expr, otherwise: Otherwise) {
        let value = self.value(condition);
        if otherwise == Otherwise::Quarantine {
            let reason = Py::text(&format!("expect {name}: {}", condition.text));
            let wrong = Py::call("F.when", vec![value, none()]).method("otherwise", vec![reason]);
            self.mark(vec![wrong]);
            return;
        }
        self.settle();
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

fn none() -> Py {
    Py::call("F.lit", vec![Py::atom("None")])
}

/// `value.alias(name)`, or the plain name where the value is that column.
fn named(name: &str, value: Py) -> Py {
    if value == exprs::column(name) {
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
