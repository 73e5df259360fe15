//! What the bundles of AWS resources carry of transforms, whatever their engines do; the others are refused by their names.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal, slice};
use crate::check::program::{Dataset, DatasetWriter, Program, Source, Transform};
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Input, RunKind, Shape, Step, StepKind, Target};

/// The resources around functions and jobs: streams, tables of the catalog, permissions.
pub(super) struct Platform;

impl Gate for Platform {
    fn name(&self) -> &'static str {
        "AWS"
    }

    fn minds_expressions(&self, _: &Program) -> bool {
        false
    }

    /// A step is refused where it needs a resource besides the job or function that it runs in.
    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal> {
        match &step.kind {
            StepKind::Run(run) if run.kind == RunKind::Script && shape != Shape::Table => None,
            StepKind::Run(run) if run.kind == RunKind::Script => Some(Refusal::but(
                "`run script` on a table",
                "write `run container` with the folder of a Dockerfile that starts it",
            )),
            StepKind::Run(_) if shape != Shape::Table => Some(Refusal::of("`run container` on what arrives")),
            StepKind::Run(_) => None,
            _ if shape == Shape::Table => slice::arrival(step).map(|column| {
                Refusal::but(
                    format!("{column} of what has landed"),
                    "derive a column of it in a transform that reads the arrivals",
                )
            }),
            _ => None,
        }
    }

    fn node(&self, _: &Expr) -> Option<Refusal> {
        None
    }

    fn aggregate(&self, _aggregate: &Aggregate, _step: &StepKind) -> Option<Refusal> {
        None
    }

    fn column(&self, _: &Column) -> Option<Refusal> {
        None
    }

    fn input(&self, input: &Input, transform: &Transform, program: &Program) -> Option<Refusal> {
        if let Some(refused) = around_container(transform, program) {
            return Some(refused);
        }
        let Input::Table(id) = input else { return None };
        let DatasetWriter::Source(name) = &program.datasets.get(id)?.writer else {
            return None;
        };
        let source = program.sources.iter().find(|source| source.item.name == *name)?;
        (source.shape == Shape::Objects).then(|| {
            Refusal::but(
                format!("reading `{id}`, where objects lie without a table of them,"),
                format!("write the arrivals of `{name}` as a dataset, and read that"),
            )
        })
    }

    fn source(&self, source: &Source) -> Option<Refusal> {
        match source.shape {
            // Those that are not told of were refused at their source.
            Shape::Objects => None,
            Shape::Stream | Shape::Table => slice::source(source),
        }
    }

    fn output(&self, _: &Target, dataset: Option<&Dataset>, _: &Transform) -> Option<Refusal> {
        let dataset = dataset?;
        (!["iceberg", "json", "parquet"].contains(&dataset.format.as_str())).then(|| {
            Refusal::but(
                format!("writing `{}`, as `{}` asks for,", dataset.format, dataset.id),
                "write `format = parquet`, or `json`",
            )
        })
    }

    fn sink(&self, _: &str, _: &Transform) -> Option<Refusal> {
        None
    }
}

/// What a container needs around it: a network, a target of its own, and rows that are JSON as they are.
fn around_container(transform: &Transform, program: &Program) -> Option<Refusal> {
    let contains = |step: &&Step| matches!(&step.kind, StepKind::Run(run) if run.kind == RunKind::Container);
    let before = match transform.steps.iter().position(|step| contains(&step)) {
        None => return None,
        Some(0) => &transform.input_columns,
        Some(at) => &transform.steps.get(at - 1)?.columns,
    };
    if program.pipeline.settings.variant("network").is_none() {
        let help = "write `network = private { internet = nat }` in the pipeline: a container runs in a network";
        return Some(Refusal::but("`run container` without a network", help));
    }
    if transform.steps.iter().filter(contains).count() > 1 {
        return Some(Refusal::but(
            "a second `run container` in one transform",
            "write a transform for each",
        ));
    }
    if transform.target.is_none() {
        return Some(Refusal::but(
            "`run container` in a transform without a target",
            "write what it answers as a dataset, and read that",
        ));
    }
    let json = before.iter().find(|column| matches!(column.ty.kind, TypeKind::Json));
    json.map(|column| Refusal::of(format!("giving json, as `{}` is, to a container", column.name)))
}
