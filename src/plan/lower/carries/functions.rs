//! What generated functions carry; the others are refused by their names.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal};
use crate::check::program::{Dataset, DatasetWriter, Delivers, Mode, Program, Source, Transform};
use crate::check::settings::Value;
use crate::plan::expr::{Aggregate, Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{DatasetId, Field, Input, Lambda, Run, RunKind, Shape, Step, StepKind, Target};

/// Generated Rust functions on AWS Lambda.
pub(super) struct Functions {
    /// Whether objects that scripts are given, or answer, have a place.
    pub objects: bool,
}

impl Gate for Functions {
    fn name(&self) -> &'static str {
        "lambda"
    }

    fn minds_expressions(&self, _: &Program) -> bool {
        false
    }

    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal> {
        let glue = |what: &str| Some(Refusal::but(what, ON_GLUE));
        match &step.kind {
            StepKind::Filter(_)
            | StepKind::Derive(_)
            | StepKind::Select(_)
            | StepKind::Drop(_)
            | StepKind::Rename(_)
            | StepKind::Expect { .. }
            | StepKind::Explode { .. }
            | StepKind::Unpivot { .. }
            | StepKind::Union { .. }
            | StepKind::Route { .. } => None,
            StepKind::Dedupe { within_seconds, .. } if within_seconds.is_none_or(|seconds| seconds > REMEMBERED) => {
                glue("`dedupe … within` more than 1 hour")
            }
            StepKind::Dedupe { .. } => None,
            StepKind::Join(join) if join.within_seconds.is_some() => glue("`join … within`, of two streams,"),
            StepKind::Join(_) => None,
            StepKind::Group { .. } => glue("`group … every`"),
            StepKind::Session { .. } => glue("`session`"),
            StepKind::Window { .. } => glue("`window`"),
            StepKind::Pivot { .. } => glue("`pivot`"),
            StepKind::Sort(_) => glue("`sort`"),
            StepKind::Take(_) => glue("`take`"),
            StepKind::Run(run) if run.kind == RunKind::Script => {
                let answers = step.columns.iter().any(|column| column.ty.kind == TypeKind::Object);
                let placeless = !self.objects && (shape == Shape::Objects || answers);
                let here = || Refusal::but("`run script` on objects", "`pipec test` without `--engine` starts it");
                does_not_fit(run).or_else(|| placeless.then(here))
            }
            StepKind::Run(_) => Some(Refusal::but("`run container`", "`pipec run` starts it")),
        }
    }

    fn node(&self, _: &Expr) -> Option<Refusal> {
        None
    }

    /// Aggregates stand in steps, which are refused as a whole.
    fn aggregate(&self, _: &Aggregate, _: &StepKind) -> Option<Refusal> {
        None
    }

    fn column(&self, _: &Column) -> Option<Refusal> {
        None
    }

    fn input(&self, input: &Input, transform: &Transform, program: &Program) -> Option<Refusal> {
        if let Some(refused) = around_script(transform).or_else(|| answered_at_once(input, transform, program)) {
            return Some(refused);
        }
        let looked_up = transform.steps.iter().any(|step| match &step.kind {
            StepKind::Join(join) => join.other == *input,
            _ => false,
        });
        match input {
            Input::Table(id) if looked_up => lookup(id, program),
            Input::View(name) if looked_up => Some(Refusal::but(format!("a join with a view, `{name}`,"), ON_GLUE)),
            Input::Stream(_) | Input::View(_) | Input::Table(_) => None,
        }
    }

    fn source(&self, source: &Source) -> Option<Refusal> {
        let settings = &source.item.settings;
        let from = settings.variant("from").map(|(name, _)| name).unwrap_or_default();
        let via = settings.variant("via").map(|(name, _)| name);
        match (source.shape, from, via) {
            (Shape::Stream, "kinesis" | "kafka" | "sqs", _) => None,
            (Shape::Stream, _, Some("kinesis" | "firehose")) => None,
            (Shape::Stream, "api", _) | (Shape::Stream, "iot", None) => None,
            (Shape::Stream, ..) => Some(Refusal::but(
                format!("reading a stream from `{from}` without anything between"),
                "write `via = kinesis { }` in the source",
            )),
            (Shape::Objects, "api" | "s3" | "kafka", None | Some("direct")) => None,
            (Shape::Objects, ..) => Some(Refusal::but(
                format!("reading objects that come from `{from}` by a stream"),
                "leave `via` out: the function is told of each object",
            )),
            (Shape::Table, ..) => Some(Refusal::but(
                "reading a table",
                "write `engine = glue`, or leave it out",
            )),
        }
    }

    fn output(&self, target: &Target, dataset: Option<&Dataset>, transform: &Transform) -> Option<Refusal> {
        let format = dataset.map(|dataset| dataset.format.as_str());
        match (target, format) {
            (Target::Dataset(_), Some(format)) if !DELIVERED.contains(&format) => {
                return Some(Refusal::but(
                    format!("writing `{format}` with a function"),
                    "write `format = parquet`, or `format = iceberg`",
                ));
            }
            _ => {}
        }
        let word = match &transform.mode {
            Mode::Append => return None,
            Mode::Overwrite => "overwrite",
            Mode::Merge(_) => "merge",
            Mode::History(_) => "history",
        };
        Some(Refusal::but(
            format!("writing a table by `{word}`"),
            "leave it out, and write the table with a transform of what this one writes",
        ))
    }

    fn sink(&self, to: &str, _: &Transform) -> Option<Refusal> {
        (to == "redshift").then(|| {
            Refusal::never(
                "a warehouse takes rows by the thousand, and a function has a few",
                "write a dataset here, and let a transform of that dataset, a job, write the sink",
            )
        })
    }
}

/// Why a function cannot start a script, if it cannot: only Python stands beside functions, and a call has bounds.
fn does_not_fit(run: &Run) -> Option<Refusal> {
    let path = run.path.as_deref().unwrap_or_default();
    let seconds = run.timeout_seconds();
    let mebibytes = run.script_mib();
    if !path.ends_with(".py") {
        let help = "write it in Python: a function has no other interpreter";
        return Some(Refusal::but(format!("`{path}`, which is no Python,"), help));
    }
    if seconds > Lambda::SCRIPT_SECONDS {
        let what = format!(
            "a script that may take {seconds} seconds, where a function has {} for it,",
            Lambda::SCRIPT_SECONDS
        );
        return Some(Refusal::but(what, "write `timeout = 14 min`, or less"));
    }
    (mebibytes > Lambda::SCRIPT_MIB).then(|| {
        let what = format!(
            "a script that may use {mebibytes} MiB, where a function has {} for it,",
            Lambda::SCRIPT_MIB
        );
        Refusal::but(what, "write `memory = 9 GiB`, or less")
    })
}

/// What a function does not do around a script: nobody knows which record a row came of that a script answered.
fn around_script(transform: &Transform) -> Option<Refusal> {
    let at = transform.steps.iter().position(|step| step.script().is_some())?;
    let behind = transform.steps.get(at + 1..)?.iter();
    let word = behind.filter_map(|step| match &step.kind {
        StepKind::Dedupe { .. } => Some("`dedupe`"),
        StepKind::Join(_) => Some("`join`"),
        StepKind::Union { .. } => Some("`union`"),
        StepKind::Run(_) => Some("another program"),
        _ => None,
    });
    let word = word.into_iter().next()?;
    let help = "write it before the script, or in a transform of what this one writes";
    Some(Refusal::but(format!("{word} behind a script"), help))
}

/// A script on what somebody waits for: a request, or records that Firehose shows on their way.
fn answered_at_once(input: &Input, transform: &Transform, program: &Program) -> Option<Refusal> {
    transform.steps.iter().find_map(Step::script)?;
    let Input::Stream(name) = input else { return None };
    let source = program.sources.iter().find(|source| source.item.name == *name)?;
    let (via, _) = source.item.settings.variant("via")?;
    ["direct", "firehose"].contains(&via).then(|| {
        let what = format!("a script on what comes `via = {via}`, which waits for an answer,");
        Refusal::but(what, "write `via = kinesis { }` in the source")
    })
}

const ON_GLUE: &str =
    "let a job write a dataset with it: `engine = glue`, or no `engine`; a function sees one batch at a time";

/// The longest that functions remember keys for, seconds.
const REMEMBERED: u64 = 3600;

/// The formats that Firehose writes, which delivers the rows of functions.
const DELIVERED: [&str; 4] = ["json", "parquet", "orc", "iceberg"];

/// The largest table that a function holds whole, bytes.
const HELD: f64 = (64_u64 << 20) as f64;

/// Why rows cannot be looked up in a table, if they cannot: nobody promises that it is small, or its files are of a
/// format that functions do not read.
fn lookup(id: &DatasetId, program: &Program) -> Option<Refusal> {
    let dataset = program.datasets.get(id)?;
    let small = format!("a join with `{id}`, of which nobody promises that it stays below 64 MiB,");
    let DatasetWriter::Source(name) = &dataset.writer else {
        return Some(Refusal::but(small, ON_GLUE));
    };
    let source = program.sources.iter().find(|source| source.item.name == *name)?;
    let settings = &source.item.settings;
    let format = settings.variant("from").and_then(|(_, from)| from.variant("format"));
    let format = format.map_or(dataset.format.as_str(), |(format, _)| format);
    if !["json", "parquet"].contains(&format) {
        let what = format!("a join with `{id}`, whose files are `{format}`,");
        return Some(Refusal::but(what, ON_GLUE));
    }
    if asks(&source.schema.fields, program) {
        let what = format!("a join with `{id}`, a check of which asks for a param or makes pseudonyms,");
        return Some(Refusal::but(what, ON_GLUE));
    }
    let bytes_per_second = match settings.get("volume").map(|setting| &setting.value) {
        Some(Value::Volume(rows_per_second, row_bytes)) => rows_per_second * *row_bytes as f64,
        Some(Value::Throughput(bytes_per_second)) => *bytes_per_second,
        _ => return Some(Refusal::but(small, SAY_HOW_MUCH)),
    };
    match (dataset.delivers, settings.seconds("every")) {
        (Delivers::Snapshot, Some(seconds)) if bytes_per_second * seconds as f64 <= HELD => None,
        (Delivers::Snapshot, None) => Some(Refusal::but(small, SAY_HOW_MUCH)),
        _ => Some(Refusal::but(small, ON_GLUE)),
    }
}

/// Whether the checks of fields ask for more than a row: a table is read before the function knows it.
fn asks(fields: &[Field], program: &Program) -> bool {
    let here = |field: &Field| {
        let mut open: Vec<&Expr> = field.check.iter().collect();
        while let Some(expr) = open.pop() {
            match &expr.kind {
                ExprKind::Param(_) => return true,
                ExprKind::Call { function, .. } if function == "pseudonym" => return true,
                ExprKind::Own { function, .. } => {
                    let called = program.functions.iter().find(|own| own.name == *function);
                    open.extend(called.map(|own| &own.body));
                }
                _ => {}
            }
            expr.add_children(&mut open);
        }
        asks(&field.inner, program)
    };
    fields.iter().any(here)
}

const SAY_HOW_MUCH: &str =
    "write `every` and `volume` in its source, which together say how large a snapshot is; or `engine = glue`";
