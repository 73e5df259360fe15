//! The examples of every function, as the standard library declares them, on an engine.

use std::collections::BTreeMap;

use pipec::base::{FileId, Sources, Span};
use pipec::check::context::{Context, Types};
use pipec::check::functions::{Example, FILES, Functions, Kind, examples};
use pipec::check::labels::Classes;
use pipec::check::program::Program;
use pipec::diag::Diagnostics;
use pipec::local::test::Came;
use pipec::plan::expr::{Aggregate, Expr, ExprKind, Literal};
use pipec::plan::lower::lower;
use pipec::plan::types::{Column, TypeKind};
use pipec::plan::{DatasetId, Given, Input, Step, StepKind, Steps, Target, Test};
use pipec::syntax::parse;

use crate::cases::Case;
use crate::compare::same;
use crate::engines::{Engine, read};
use crate::grammar::OF_THE_RUN;

/// The column that an example's values are in.
const COLUMN: &str = "value";
/// How near floats must be.
const NEAR: f64 = 1e-12;

/// An example of an aggregate, or of a function of windows.
pub struct OverRows {
    /// As it is declared.
    pub text: String,
    kind: Kind,
    aggregate: Aggregate,
    values: Vec<Literal>,
    result: Literal,
}

/// What came of an engine's run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Examples that it carries.
    pub run: usize,
    /// What it refuses, and why.
    pub refused: BTreeMap<usize, String>,
    /// What is not true on it.
    pub wrong: Vec<String>,
}

/// Every example: those of scalar functions as conditions that are true, and those over rows.
pub fn all() -> (Vec<Case>, Vec<OverRows>) {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let files: Vec<_> = FILES
        .iter()
        .map(|(path, text)| parse(sources.add(*path, text), text, &mut diagnostics))
        .collect();
    let functions = Functions::read(files.iter().flat_map(|file| &file.items), &mut diagnostics);
    let (classes, types) = (Classes::default(), Types::default());
    let ctx = Context {
        sources: &sources,
        functions: &functions,
        classes: &classes,
        types: &types,
        on_stream: false,
    };
    let (mut scalar, mut over_rows) = (Vec::new(), Vec::new());
    let known = |name: &str| !OF_THE_RUN.contains(&name);
    for form in functions
        .iter()
        .filter(|form| form.instead.is_none() && known(&form.name))
    {
        for (example, written) in examples(&ctx, form, &mut diagnostics).into_iter().zip(&form.examples) {
            let text = sources.text(written.span).to_owned();
            match example {
                Example::Scalar(expr) => scalar.push(Case { text, expr }),
                Example::Aggregate {
                    aggregate,
                    values,
                    result,
                    // A group has a row: what there is no example of is the answer over none.
                } if !values.is_empty() => over_rows.push(OverRows {
                    text,
                    kind: form.kind,
                    aggregate,
                    values,
                    result,
                }),
                Example::Aggregate { .. } => {}
            }
        }
    }
    (scalar, over_rows)
}

/// Runs the examples over rows that an engine carries: each alone says what it refuses, and those over rows of one kind
/// are run by one transform, since an engine takes longer to begin than to answer.
pub fn on(engine: Engine, all: &[OverRows]) -> Outcome {
    let mut outcome = Outcome::default();
    let alone: Vec<Vec<&OverRows>> = all.iter().map(|example| vec![example]).collect();
    let lowered = lower(&program_of(engine, &alone), engine.scope());
    for said in lowered.not_yet.iter().chain(&lowered.diagnostics) {
        let place = said.primary.span.start as usize;
        outcome.refused.entry(place).or_insert_with(|| said.message.clone());
    }
    let carried = (0..all.len()).filter(|place| !outcome.refused.contains_key(place));
    let mut together: Vec<Vec<&OverRows>> = Vec::new();
    for example in carried.map(|place| &all[place]) {
        outcome.run += 1;
        match together.iter_mut().find(|others| others[0].fits(example)) {
            Some(others) => others.push(example),
            None => together.push(vec![example]),
        }
    }
    if together.is_empty() {
        return outcome;
    }
    let lowered = lower(&program_of(engine, &together), engine.scope());
    let mut plan = lowered.plan.expect("what each of them has");
    plan.tests = together
        .iter()
        .enumerate()
        .map(|(place, unit)| test_of(place, unit))
        .collect();
    for (unit, came) in together.iter().zip(engine.run(&plan)) {
        for (number, example) in unit.iter().enumerate() {
            let found = came.as_ref().map_err(Clone::clone);
            let found = found.and_then(|came| example.answer(came, number, unit.len()));
            match found {
                Ok(value) if same(&example.result, &value, NEAR) => {}
                Ok(value) => outcome.wrong.push(format!("{}: {value:?}", example.text)),
                Err(error) => outcome.wrong.push(format!("{}: {error}", example.text)),
            }
        }
    }
    outcome
}

fn dataset_of(place: usize) -> DatasetId {
    DatasetId {
        zone: "processed".to_owned(),
        name: format!("given{place}"),
    }
}

/// A platform with a transform for each of several examples together, each with a dataset of its own.
fn program_of(engine: Engine, units: &[Vec<&OverRows>]) -> Program {
    let mut program = engine.platform(|name| ["id", "at", "day"].contains(&name));
    let template = program.transforms.pop().expect("the template");
    let base = program.transforms.last().cloned().expect("what it reads");
    for (place, unit) in units.iter().enumerate() {
        let here = Span::new(FileId(0), place, place + 1);
        let columns = unit[0].columns();
        let mut given = program
            .datasets
            .values()
            .find(|dataset| dataset.id.name == "base")
            .cloned()
            .expect("a dataset");
        given.id = dataset_of(place);
        given.columns = columns.clone().into();
        let mut transform = template.clone();
        transform.item.name = format!("example{place}");
        (transform.item.span, transform.span) = (here, here);
        (transform.places.target, transform.places.mode, transform.places.inputs) = (here, here, vec![here]);
        transform.inputs = vec![Input::Table(given.id.clone())];
        transform.input_columns = columns.into();
        transform.steps = steps(unit, here);
        transform.output = transform
            .steps
            .last()
            .map(|step| step.columns.clone())
            .unwrap_or_default();
        let mut target = program
            .datasets
            .values()
            .find(|dataset| dataset.id.zone == "curated")
            .cloned()
            .expect("a dataset");
        target.id.name.clone_from(&transform.item.name);
        target.columns = transform.output.clone();
        target.writer = pipec::check::program::DatasetWriter::Transform(transform.item.name.clone());
        transform.target = Some(Target::Dataset(target.id.clone()));
        // What it reads is written by one of its own, so that a plan has all that it speaks of.
        let mut writer = base.clone();
        writer.item.name = format!("given{place}");
        (writer.item.span, writer.span) = (here, here);
        (writer.places.target, writer.places.mode, writer.places.inputs) = (here, here, vec![here]);
        writer.target = Some(Target::Dataset(given.id.clone()));
        given.writer = pipec::check::program::DatasetWriter::Transform(writer.item.name.clone());
        program.datasets.insert(given.id.clone(), given);
        program.datasets.insert(target.id.clone(), target);
        program.transforms.push(writer);
        program.transforms.push(transform);
    }
    program
}

/// The rows of several examples, those of each on a day of its own.
fn test_of(place: usize, unit: &[&OverRows]) -> Test {
    let mut rows = Vec::new();
    for (number, example) in unit.iter().enumerate() {
        for (at, value) in example.values.iter().enumerate() {
            let mut row = vec![
                Literal::Int(at as i64),
                Literal::Timestamp(1_767_225_600_000_000),
                Literal::Date(day_of(number)),
            ];
            row.extend(example.value().map(|_| value.clone()));
            rows.push(row);
        }
    }
    Test {
        title: format!("example{place}"),
        transform: format!("example{place}"),
        given: vec![Given {
            input: Input::Table(dataset_of(place)),
            rows,
        }],
        expect: Some(Vec::new()),
        expect_rejected: None,
        span: Span::new(FileId(0), place, place + 1),
    }
}

/// The day of an example's rows.
fn day_of(number: usize) -> i32 {
    20_454 + number as i32
}

/// What each of several examples asks of each day.
fn steps(unit: &[&OverRows], span: Span) -> Steps {
    let columns = unit[0].columns();
    let aggregates = unit.iter().enumerate().map(|(number, example)| {
        let ty = example.aggregate.ty.kind.clone().optional();
        (Column::new(format!("x{number}"), ty), example.aggregate.clone())
    });
    let aggregates: Vec<_> = aggregates.collect();
    let answers: Vec<Column> = aggregates.iter().map(|(column, _)| column.clone()).collect();
    let day = columns[2].clone();
    let (kind, before) = match unit[0].kind {
        Kind::Window => {
            // Rows of one value are peers.
            let by = unit[0].value().unwrap_or_else(|| columns[0].clone());
            let kind = StepKind::Window {
                keys: vec![day.name.clone()],
                order: vec![(read(&by), false)],
                rows: None,
                columns: aggregates,
            };
            (kind, columns)
        }
        _ => {
            let kind = StepKind::Group {
                keys: vec![(day.clone(), read(&day))],
                window: None,
                aggregates,
            };
            (kind, vec![day])
        }
    };
    Steps::from(vec![Step {
        kind,
        columns: before.into_iter().chain(answers).collect::<Vec<_>>().into(),
        joined: Default::default(),
        text: "example".into(),
        span,
    }])
}

impl OverRows {
    /// The column of its values; `count()` has none. A window's rows stand in the order of theirs, read or not.
    fn value(&self) -> Option<Column> {
        let mut open: Vec<&Expr> = self.aggregate.expressions().collect();
        while let Some(expr) = open.pop() {
            if matches!(&expr.kind, ExprKind::Column(name) if name == COLUMN) {
                return Some(Column::new(COLUMN, expr.ty.kind.clone().optional()));
            }
            open.extend(expr.children());
        }
        (self.kind == Kind::Window).then(|| Column::new(COLUMN, TypeKind::Int.optional()))
    }

    fn columns(&self) -> Vec<Column> {
        let mut id = Column::new("id", TypeKind::Int.required());
        id.key = true;
        let mut at = Column::new("at", TypeKind::Timestamp.required());
        at.event_time = true;
        let mut columns = vec![id, at, Column::new("day", TypeKind::Date.required())];
        columns.extend(self.value());
        columns
    }

    /// Whether rows of one kind are asked for both, by steps of one kind.
    fn fits(&self, other: &OverRows) -> bool {
        (self.kind == Kind::Window) == (other.kind == Kind::Window) && self.columns() == other.columns()
    }

    /// The one answer on the example's day, of so many examples; of a window that of the last row.
    fn answer(&self, came: &Came, number: usize, of: usize) -> Result<Literal, String> {
        let day = Literal::Date(day_of(number));
        let place = if self.kind == Kind::Window { 2 } else { 0 };
        let mine = came.rows.iter().filter(|row| row.get(place) == Some(&day));
        let mut rows: Vec<&Vec<Literal>> = mine.collect();
        if self.kind == Kind::Window {
            let last = rows.iter().map(|row| format!("{:?}", row[0])).max();
            rows.retain(|row| Some(format!("{:?}", row[0])) == last);
        }
        match rows.as_slice() {
            [row] => row
                .get(row.len().wrapping_sub(of) + number)
                .cloned()
                .ok_or_else(|| "too few columns".to_owned()),
            rows => Err(format!("{} rows", rows.len())),
        }
    }
}
