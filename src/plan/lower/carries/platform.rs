//! What the bundles of AWS resources carry of transforms, whatever their engines do; the others are refused by their names.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal, slice};
use crate::check::program::{Dataset, Program, Source, Transform};
use crate::plan::expr::{Aggregate, Expr, ExprKind};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Input, RunKind, Shape, Step, StepKind, Target};

/// The resources around functions and jobs: streams, tables of the catalog, permissions.
pub(super) struct Platform;

impl Gate for Platform {
    fn name(&self) -> &'static str {
        "AWS"
    }

    /// A step is refused where it needs a resource besides the job or function that it runs in.
    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal> {
        let word = match &step.kind {
            StepKind::Dedupe { .. } if shape != Shape::Table => "dedupe … within",
            StepKind::Group { window: Some(_), .. } => "group … every",
            StepKind::Join(_) => "join",
            StepKind::Union { .. } => "union",
            StepKind::Session { .. } if shape != Shape::Table => "session",
            StepKind::Route { .. } => "route",
            StepKind::Run(run) if run.kind == RunKind::Script => "run script",
            StepKind::Run(_) => "run container",
            _ => return None,
        };
        Some(Refusal::of(format!("`{word}`")))
    }

    fn node(&self, expr: &Expr) -> Option<Refusal> {
        matches!(expr.kind, ExprKind::Param(_)).then(|| Refusal::of("a param's value in a row"))
    }

    fn aggregate(&self, _aggregate: &Aggregate, _step: &StepKind) -> Option<Refusal> {
        None
    }

    fn column(&self, column: &Column) -> Option<Refusal> {
        matches!(column.ty.kind, TypeKind::Object).then(|| Refusal::of(slice::column_of(column)))
    }

    fn input(&self, input: &Input, transform: &Transform, program: &Program) -> Option<Refusal> {
        slice::input(input, transform, program)
    }

    fn source(&self, source: &Source) -> Option<Refusal> {
        slice::source(source)
    }

    fn output(&self, target: &Target, dataset: Option<&Dataset>, transform: &Transform) -> Option<Refusal> {
        slice::output(target, dataset, transform)
    }
}
