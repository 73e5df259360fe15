//! What generated PySpark jobs carry; the others are refused by their names.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal, slice};
use crate::check::program::{Dataset, Mode, Program, Source, Transform};
use crate::plan::expr::{Aggregate, Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Field, Input, RunKind, Shape, Step, StepKind, Target};

/// Generated PySpark jobs on AWS Glue.
pub(super) struct Jobs {
    /// Whether something runs the containers between a job's halves.
    pub programs: bool,
}

impl Gate for Jobs {
    fn name(&self) -> &'static str {
        "glue"
    }

    fn minds_expressions(&self, _: &Program) -> bool {
        true
    }

    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal> {
        match &step.kind {
            _ if shape == Shape::Objects => slice::step(step, shape).map(Refusal::of),
            StepKind::Run(run) if run.kind == RunKind::Container && shape == Shape::Table && self.programs => {
                let json = step.columns.iter().find(|column| holds_json(&column.ty.kind));
                json.map(|column| Refusal::of(format!("json from a container, as `{}` is,", column.name)))
            }
            StepKind::Run(run) if run.kind == RunKind::Script => Some(Refusal::but(
                "`run script`",
                match shape {
                    Shape::Table => {
                        "write `run container` with the folder of a Dockerfile that starts it: AWS Batch runs it"
                    }
                    _ => "write `engine = lambda`, in whose functions scripts run",
                },
            )),
            StepKind::Run(_) => Some(Refusal::but(
                "`run container`",
                "on AWS a container of a table runs between the halves of a job on Glue; `pipec run` starts it here",
            )),
            _ => None,
        }
    }

    fn node(&self, expr: &Expr) -> Option<Refusal> {
        match &expr.kind {
            ExprKind::Call { function, arguments } => call(function, arguments),
            _ => None,
        }
    }

    fn aggregate(&self, _: &Aggregate, _: &StepKind) -> Option<Refusal> {
        None
    }

    fn column(&self, _: &Column) -> Option<Refusal> {
        None
    }

    fn input(&self, input: &Input, transform: &Transform, program: &Program) -> Option<Refusal> {
        match transform.shape {
            Shape::Objects => slice::input(input, transform, program),
            Shape::Stream if forgets_arrival(transform) => Some(Refusal::but(
                "`dedupe … within` behind a `group`",
                "what a window gives comes once: leave it out, or write it before the `group`",
            )),
            Shape::Stream | Shape::Table => None,
        }
    }

    fn source(&self, source: &Source) -> Option<Refusal> {
        let settings = &source.item.settings;
        let from = settings.variant("from").map(|(name, _)| name).unwrap_or_default();
        let via = settings.variant("via").map(|(name, _)| name);
        let read = matches!((from, via), ("kinesis" | "kafka", _) | (_, Some("kinesis")));
        if source.shape == Shape::Stream && !read {
            return Some(Refusal::but(
                format!("reading a stream from `{from}` in a job"),
                "write `via = kinesis { }` in the source, or `engine = lambda` where the steps allow it",
            ));
        }
        let inside = source.schema.fields.iter().find(|field| checked(&field.inner));
        let inside = inside.map(|field| Refusal::of(format!("a check inside of `{}`", field.column.name)));
        inside.or_else(|| slice::source(source))
    }

    fn output(&self, _: &Target, dataset: Option<&Dataset>, transform: &Transform) -> Option<Refusal> {
        if transform.shape == Shape::Objects {
            return slice::output(dataset, transform);
        }
        let dataset = dataset?;
        if transform.shape == Shape::Stream && transform.mode != Mode::Append {
            return Some(Refusal::but(
                "changing rows that are there with a stream",
                "leave the mode out, and write the table with a transform of what this one writes",
            ));
        }
        let by_key = matches!(transform.mode, Mode::Merge(_) | Mode::History(_));
        (by_key && dataset.format != "iceberg").then(|| {
            Refusal::but(
                format!("changing single rows of `{}`", dataset.format),
                "write `format = iceberg`",
            )
        })
    }

    fn sink(&self, to: &str, transform: &Transform) -> Option<Refusal> {
        if transform.shape != Shape::Table {
            return Some(Refusal::but(
                "writing a sink from a job of a stream",
                "write a dataset here, and the sink with a transform of that",
            ));
        }
        if to == "postgres" {
            return Some(Refusal::but(
                "writing a database from a job",
                "send the rows to it as they arrive, in a transform of the stream",
            ));
        }
        let json = transform.output.iter().find(|column| holds_json(&column.ty.kind));
        json.filter(|_| to != "redshift")
            .map(|column| Refusal::of(format!("sending json, as `{}` is, from a job", column.name)))
    }
}

/// Whether a step asks when rows arrived that were made of several others.
fn forgets_arrival(transform: &Transform) -> bool {
    let made = transform
        .steps
        .iter()
        .skip_while(|step| !matches!(step.kind, StepKind::Group { .. }));
    made.into_iter()
        .any(|step| matches!(step.kind, StepKind::Dedupe { .. }))
}

/// Whether one of these fields, or one inside of them, has a check.
fn checked(fields: &[Field]) -> bool {
    fields
        .iter()
        .any(|field| field.check.is_some() || checked(&field.inner))
}

/// A call that Spark has no spelling for.
fn call(function: &str, arguments: &[Expr]) -> Option<Refusal> {
    let in_function =
        "a function on the arrivals (`engine = lambda`) can do it: derive it there, and read the column here";
    if ["nfc", "nfd"].contains(&function) {
        // Spark has no tables of how code points compose.
        return Some(Refusal::but(format!("`{function}`"), in_function));
    }
    let holds_maps = |argument: &Expr| matches!(&argument.ty.kind, TypeKind::List(item) if has_map(&item.kind));
    let compares = ["contains", "index_of", "distinct", "intersect", "without", "overlaps"];
    let refused = compares.contains(&function) && arguments.iter().any(holds_maps);
    refused.then(|| Refusal::but(format!("`{function}` of a list of maps"), in_function))
}

/// Whether a value holds json.
fn holds_json(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Json => true,
        TypeKind::List(item) | TypeKind::Map(item) => holds_json(&item.kind),
        TypeKind::Struct(fields) => fields.iter().any(|field| holds_json(&field.ty.kind)),
        _ => false,
    }
}

/// Whether a value holds a map, which Spark does not compare.
fn has_map(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Map(_) => true,
        TypeKind::List(item) => has_map(&item.kind),
        TypeKind::Struct(fields) => fields.iter().any(|field| has_map(&field.ty.kind)),
        _ => false,
    }
}
