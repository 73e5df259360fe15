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

/// Runs the examples over rows that an engine carries.
pub fn on(engine: Engine, all: &[OverRows]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut places: Vec<usize> = (0..all.len()).collect();
    let whole = |places: &[usize]| lower(&program_of(engine, all, places), engine.scope());
    let lowered = whole(&places);
    for said in lowered.not_yet.iter().chain(&lowered.diagnostics) {
        let place = said.primary.span.start as usize;
        outcome.refused.entry(place).or_insert_with(|| said.message.clone());
    }
    places.retain(|place| !outcome.refused.contains_key(place));
    outcome.run = places.len();
    let Some(mut plan) = whole(&places).plan.filter(|_| !places.is_empty()) else {
        return outcome;
    };
    plan.tests = places.iter().map(|place| test_of(*place, &all[*place])).collect();
    for (place, came) in places.iter().zip(engine.run(&plan)) {
        let example = &all[*place];
        let found = came.and_then(|came| example.answer(came));
        match found {
            Ok(value) if same(&example.result, &value, NEAR) => {}
            Ok(value) => outcome.wrong.push(format!("{}: {value:?}", example.text)),
            Err(error) => outcome.wrong.push(format!("{}: {error}", example.text)),
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

/// A platform with a transform an example, each with a dataset of its own.
fn program_of(engine: Engine, all: &[OverRows], places: &[usize]) -> Program {
    let mut program = engine.platform(|name| ["id", "at", "day"].contains(&name));
    let template = program.transforms.pop().expect("the template");
    let base = program.transforms.last().cloned().expect("what it reads");
    for &place in places {
        let example = &all[place];
        let here = Span::new(FileId(0), place, place + 1);
        let columns = example.columns();
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
        transform.steps = example.steps(here);
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

fn test_of(place: usize, example: &OverRows) -> Test {
    let rows = example.values.iter().enumerate().map(|(number, value)| {
        let mut row = vec![
            Literal::Int(number as i64),
            Literal::Timestamp(1_767_225_600_000_000),
            Literal::Date(20_454),
        ];
        row.extend(example.value().map(|_| value.clone()));
        row
    });
    Test {
        title: format!("example{place}"),
        transform: format!("example{place}"),
        given: vec![Given {
            input: Input::Table(dataset_of(place)),
            rows: rows.collect(),
        }],
        expect: Some(Vec::new()),
        expect_rejected: None,
        span: Span::new(FileId(0), place, place + 1),
    }
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

    fn steps(&self, span: Span) -> Steps {
        let columns = self.columns();
        let answer = Column::new("x", self.aggregate.ty.kind.clone().optional());
        let aggregates = vec![(answer.clone(), self.aggregate.clone())];
        let (kind, after) = match self.kind {
            Kind::Window => {
                // Rows of one value are peers.
                let by = self.value().unwrap_or_else(|| columns[0].clone());
                let kind = StepKind::Window {
                    keys: vec!["day".to_owned()],
                    order: vec![(read(&by), false)],
                    rows: None,
                    columns: aggregates,
                };
                (kind, columns.iter().cloned().chain([answer]).collect())
            }
            _ => {
                let keys = columns[2..3].to_vec();
                let kind = StepKind::Group {
                    keys: vec![(columns[2].clone(), read(&columns[2]))],
                    window: None,
                    aggregates,
                };
                (kind, keys.into_iter().chain([answer]).collect::<Vec<_>>())
            }
        };
        Steps::from(vec![Step {
            kind,
            columns: after.into(),
            joined: Default::default(),
            text: "example".into(),
            span,
        }])
    }

    /// The one answer; of a window that of the last row.
    fn answer(&self, came: Came) -> Result<Literal, String> {
        let mut rows = came.rows;
        if self.kind == Kind::Window {
            let last = rows.iter().map(|row| format!("{:?}", row[0])).max();
            rows.retain(|row| Some(format!("{:?}", row[0])) == last);
        }
        match rows.as_slice() {
            [row] => row.last().cloned().ok_or_else(|| "an empty row".to_owned()),
            rows => Err(format!("{} rows", rows.len())),
        }
    }
}
