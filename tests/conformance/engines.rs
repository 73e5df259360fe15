//! The engines under test: what each carries, and what each makes of rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pipec::base::{FileId, Span};
use pipec::check::program::Program;
use pipec::emit;
use pipec::local::test::{Came, TestResult};
use pipec::local::{lambda, spark, test};
use pipec::plan::expr::{Expr, Literal};
use pipec::plan::lower::{Scope, lower};
use pipec::plan::types::Column;
use pipec::plan::{DatasetId, Files, Given, Plan, Step, StepKind, Steps, Target, Test, Transform, Writer};

use crate::cases::{ROWS, program};

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// The embedded engine.
    Embedded,
    /// Generated Rust functions.
    Functions,
    /// Generated PySpark jobs.
    Jobs,
    /// Athena's SQL, on Trino.
    Sql,
}

/// The name of the transform that units are made of.
const TEMPLATE: &str = "unit";

impl Engine {
    /// Its name, as figures and lists have it.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Embedded => "embedded",
            Engine::Functions => "functions",
            Engine::Jobs => "jobs",
            Engine::Sql => "sql",
        }
    }

    /// Expressions that are written for it where no number is asked for: what a few minutes are enough for.
    pub fn expressions(self) -> usize {
        match self {
            Engine::Embedded => 5_200,
            Engine::Functions | Engine::Sql => 1_000,
            Engine::Jobs => 300,
        }
    }

    /// Transforms that are written for it where no number is asked for: those of tables, and of streams in functions.
    pub fn transforms(self) -> usize {
        match self {
            Engine::Embedded => 1_000,
            Engine::Functions | Engine::Jobs => 40,
            Engine::Sql => 60,
        }
    }

    /// How often it may be run to make differences small.
    pub fn patience(self) -> usize {
        match self {
            Engine::Embedded | Engine::Functions => 20_000,
            Engine::Jobs => 120,
            Engine::Sql => 400,
        }
    }

    /// What a plan is for, where this engine runs it.
    pub fn scope(self) -> Scope {
        match self {
            Engine::Embedded => Scope::Embedded,
            Engine::Functions => Scope::Functions,
            Engine::Jobs => Scope::Jobs,
            Engine::Sql => Scope::Sql,
        }
    }

    /// What a transform on it reads.
    pub fn input(self) -> &'static str {
        match self {
            Engine::Functions => "rows",
            Engine::Embedded | Engine::Jobs | Engine::Sql => "processed.base",
        }
    }

    /// The platform with a transform that units are made of, and of the rows' columns those that are wanted.
    pub fn platform(self, wanted: impl Fn(&str) -> bool) -> Program {
        // What follows is for transforms of several steps.
        let head = ROWS.split("/// The same once more").next().unwrap_or(ROWS);
        let kept = head.lines().filter(|line| match line.split_once(" : ") {
            Some((name, _)) if line.starts_with("  ") => wanted(name.trim()),
            _ => true,
        });
        let rows: Vec<_> = kept.map(|line| self.formatted(line)).collect();
        let input = self.input();
        program(&format!(
            "{}\n\n/// Units.\ntransform {TEMPLATE} : {input} -> curated.{TEMPLATE} {{\n  derive x = 1\n  select id, x\n}}\n",
            rows.join("\n")
        ))
    }

    /// A line of the platform, as this engine has it: Athena reads all digits of an instant from Iceberg only.
    pub fn formatted(self, line: &str) -> String {
        match self {
            Engine::Sql => line.replace("format = parquet", "format = iceberg"),
            _ => line.to_owned(),
        }
    }

    /// The columns of rows that it carries.
    pub fn columns(self, all: &[Column]) -> BTreeSet<String> {
        let always = ["id", "at", "day"];
        let carries = |column: &&Column| {
            let name = column.name.as_str();
            let platform = self.platform(|other| other == name || always.contains(&other));
            always.contains(&name) || lower(&platform, self.scope()).not_yet.is_empty()
        };
        all.iter().filter(carries).map(|column| column.name.clone()).collect()
    }

    /// Which of some expressions it refuses, and with what words; `columns` are those that it carries.
    pub fn refuses(self, exprs: &[&Expr], columns: &BTreeSet<String>) -> BTreeMap<usize, String> {
        let mut program = self.platform(|name| columns.contains(name));
        let mut refused = BTreeMap::new();
        let template = program.transforms.pop().expect("the template");
        let dataset = program
            .datasets
            .values()
            .find(|dataset| dataset.id.name == TEMPLATE)
            .cloned()
            .expect("its dataset");
        for (number, expr) in exprs.iter().enumerate() {
            if let Some(column) = expr.columns().iter().find(|name| !columns.contains(*name)) {
                refused.insert(number, format!("the column `{column}`"));
                continue;
            }
            let mut transform = template.clone();
            let here = Span::new(FileId(0), number, number + 1);
            transform.item.name = format!("{TEMPLATE}{number}");
            transform.item.span = here;
            transform.span = here;
            transform.places.inputs = vec![here];
            transform.places.target = here;
            transform.places.mode = here;
            transform.steps = steps(&template.input_columns, &[("x".to_owned(), (*expr).clone())], here);
            let mut dataset = dataset.clone();
            dataset.id.name.clone_from(&transform.item.name);
            dataset.columns = transform
                .steps
                .last()
                .map(|step| step.columns.clone())
                .unwrap_or_default();
            transform.output = dataset.columns.clone();
            transform.target = Some(Target::Dataset(dataset.id.clone()));
            program.datasets.insert(dataset.id.clone(), dataset);
            program.transforms.push(transform);
        }
        let lowered = lower(&program, self.scope());
        for said in lowered.not_yet.iter().chain(&lowered.diagnostics) {
            refused
                .entry(said.primary.span.start as usize)
                .or_insert_with(|| said.message.clone());
        }
        refused
    }

    /// A plan with a transform that units are made of.
    pub fn plan(self, columns: &BTreeSet<String>) -> Plan {
        let lowered = lower(&self.platform(|name| columns.contains(name)), self.scope());
        let said: Vec<_> = lowered
            .not_yet
            .iter()
            .chain(&lowered.diagnostics)
            .map(|said| &said.message)
            .collect();
        lowered.plan.unwrap_or_else(|| panic!("{said:?}"))
    }

    /// What it makes of each unit's rows; what could not be run at all says why.
    pub fn run_units(self, base: &Plan, units: &[Unit]) -> Vec<Result<Came, String>> {
        let mut plan = base.clone();
        let template = plan.transforms.pop().expect("the template");
        for (number, unit) in units.iter().enumerate() {
            let transform = unit.transform(&template, number, &mut plan);
            plan.tests.push(test_of(&transform, unit.rows.clone()));
            plan.transforms.push(transform);
        }
        self.run(&plan)
    }

    /// What it makes of each test's rows.
    pub fn run(self, plan: &Plan) -> Vec<Result<Came, String>> {
        let results = match self {
            Engine::Sql => return crate::sql::run(plan),
            Engine::Embedded => Ok(test::run_tests(plan, std::path::Path::new(""), None)),
            Engine::Functions => {
                let mut files = emit::rust::emit(plan);
                quickly(&mut files);
                let build = folder_of(&files);
                lambda::run_tests(plan, build.path(), None, &mut |_| {})
            }
            Engine::Jobs => {
                let build = folder_of(&emit::pyspark::emit(plan));
                spark::run_tests(plan, build.path(), None)
            }
        };
        let results: Vec<TestResult> = results.unwrap_or_else(|error| panic!("{}: {}", self.name(), error.message));
        let by_title: BTreeMap<&str, &TestResult> =
            results.iter().map(|result| (result.title.as_str(), result)).collect();
        let of = |test: &Test| {
            let result = by_title.get(test.title.as_str()).ok_or("it was not run")?;
            match &result.verdict {
                Ok(_) => Ok(result.came.clone()),
                Err(error) => Err(error.message.clone()),
            }
        };
        plan.tests.iter().map(of).collect()
    }
}

/// Expressions that one transform computes, and its rows.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Columns and what they are.
    pub exprs: Vec<(String, Expr)>,
    /// Rows of the input, in its columns.
    pub rows: Vec<Vec<Literal>>,
}

impl Unit {
    fn transform(&self, template: &Transform, number: usize, plan: &mut Plan) -> Transform {
        let mut transform = template.clone();
        transform.name = format!("{TEMPLATE}{number}");
        transform.steps = steps(&template.input_columns, &self.exprs, template.span);
        let old = template.dataset();
        let id = DatasetId {
            zone: old.zone.clone(),
            name: transform.name.clone(),
        };
        let mut dataset = plan.dataset(old).clone();
        dataset.id = id.clone();
        dataset.columns = transform
            .steps
            .last()
            .map(|step| step.columns.clone())
            .unwrap_or_default();
        dataset.writer = Writer::Transform(transform.name.clone());
        plan.datasets.insert(id.clone(), dataset);
        transform.target = Some(Target::Dataset(id));
        transform
    }
}

/// Rows of a transform's input, and nothing said of what comes.
pub fn test_of(transform: &Transform, rows: Vec<Vec<Literal>>) -> Test {
    Test {
        title: transform.name.clone(),
        transform: transform.name.clone(),
        given: vec![Given {
            input: transform.input.clone(),
            rows,
        }],
        expect: Some(Vec::new()),
        expect_rejected: None,
        span: transform.span,
    }
}

/// `derive` of all, then `select` of them and the row's number.
fn steps(input: &[Column], exprs: &[(String, Expr)], span: Span) -> Steps {
    let column = |name: &String, expr: &Expr| Column::new(name.clone(), expr.ty.clone());
    let derived: Vec<_> = exprs
        .iter()
        .map(|(name, expr)| (column(name, expr), expr.clone()))
        .collect();
    let id = input
        .iter()
        .find(|column| column.name == "id")
        .expect("the row's number");
    let mut selected = vec![(id.clone(), read(id))];
    selected.extend(derived.iter().map(|(column, _)| (column.clone(), read(column))));
    let after: Vec<Column> = input
        .iter()
        .chain(derived.iter().map(|(column, _)| column))
        .cloned()
        .collect();
    let step = |kind: StepKind, columns: Vec<Column>, text: &str| Step {
        kind,
        columns: columns.into(),
        joined: Default::default(),
        text: text.into(),
        span,
    };
    let last = selected.iter().map(|(column, _)| column.clone()).collect();
    Steps::from(vec![
        step(StepKind::Derive(derived), after, "derive"),
        step(StepKind::Select(selected), last, "select"),
    ])
}

/// A column, read.
pub fn read(column: &Column) -> Expr {
    Expr {
        kind: pipec::plan::expr::ExprKind::Column(column.name.clone()),
        ty: column.ty.clone(),
        text: column.name.as_str().into(),
    }
}

/// Has the generated crates compiled without optimising them: thousands of expressions are run once.
fn quickly(files: &mut Files) {
    let packages: Vec<String> = files
        .iter()
        .filter(|(path, text)| path.ends_with("Cargo.toml") && text.contains("[package.metadata.pipec]"))
        .filter_map(|(_, text)| {
            text.lines()
                .find_map(|line| line.strip_prefix("name = "))
                .map(str::to_owned)
        })
        .collect();
    if let Some(workspace) = files.get_mut("lambda/Cargo.toml") {
        for package in packages {
            *workspace += &format!("\n[profile.release.package.{package}]\nopt-level = 0\n");
        }
    }
}

/// Generated files in a folder of their own.
#[allow(clippy::disallowed_methods, reason = "a test of files on disk")]
fn folder_of(files: &Files) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}
