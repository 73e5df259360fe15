//! What generated PySpark jobs carry; the others are refused by their names.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal, slice};
use crate::check::program::{Dataset, DatasetWriter, Mode, Program, Source, Transform};
use crate::plan::expr::{Aggregate, Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Input, RunKind, Shape, Step, StepKind, Target};

/// Generated PySpark jobs on AWS Glue.
pub(super) struct Jobs;

impl Gate for Jobs {
    fn name(&self) -> &'static str {
        "glue"
    }

    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal> {
        if shape != Shape::Table {
            return slice::step(step, shape).map(Refusal::of);
        }
        match &step.kind {
            StepKind::Run(run) => Some(Refusal::but(
                match run.kind {
                    RunKind::Script => "`run script`",
                    RunKind::Container => "`run container`",
                },
                "a job has no place for a program of another's: let it run on `engine = batch`",
            )),
            _ => None,
        }
    }

    fn node(&self, expr: &Expr) -> Option<Refusal> {
        match &expr.kind {
            ExprKind::Param(_) => Some(Refusal::of("a param's value in a row")),
            ExprKind::Call { function, arguments } => call(function, arguments),
            _ => None,
        }
    }

    fn aggregate(&self, _: &Aggregate, _: &StepKind) -> Option<Refusal> {
        None
    }

    fn column(&self, column: &Column) -> Option<Refusal> {
        matches!(column.ty.kind, TypeKind::Object).then(|| Refusal::of(slice::column_of(column)))
    }

    fn input(&self, input: &Input, transform: &Transform, program: &Program) -> Option<Refusal> {
        if transform.shape != Shape::Table {
            return slice::input(input, transform, program);
        }
        let Input::Table(id) = input else { return None };
        match program.datasets.get(id).map(|dataset| &dataset.writer) {
            Some(DatasetWriter::Import(_)) => Some(Refusal::of("reading what another project exports")),
            _ => None,
        }
    }

    fn source(&self, source: &Source) -> Option<Refusal> {
        slice::source(source)
    }

    fn output(&self, target: &Target, dataset: Option<&Dataset>, transform: &Transform) -> Option<Refusal> {
        if transform.shape != Shape::Table {
            return slice::output(target, dataset, transform);
        }
        let Some(dataset) = dataset else {
            return Some(Refusal::but(
                "writing a sink from a job",
                "send the rows to a sink as they arrive, in a transform of the stream",
            ));
        };
        let by_key = matches!(transform.mode, Mode::Merge(_) | Mode::History(_));
        (by_key && dataset.format != "iceberg").then(|| {
            Refusal::but(
                format!("changing single rows of `{}`", dataset.format),
                "write `format = iceberg`",
            )
        })
    }
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

/// Whether a value holds a map, which Spark does not compare.
fn has_map(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Map(_) => true,
        TypeKind::List(item) => has_map(&item.kind),
        TypeKind::Struct(fields) => fields.iter().any(|field| has_map(&field.ty.kind)),
        _ => false,
    }
}
