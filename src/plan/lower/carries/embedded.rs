//! What `pipec run` and `pipec test` carries; the others are refused by their names.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal, slice};
use crate::check::program::{Dataset, Program, Source, Transform};
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::Column;
use crate::plan::{Input, Shape, Step, StepKind, Target};

/// The embedded engine.
pub(super) struct Embedded;

impl Gate for Embedded {
    fn name(&self) -> &'static str {
        "the embedded engine"
    }

    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal> {
        slice::step(step, shape).map(Refusal::of)
    }

    fn node(&self, _: &Expr) -> Option<Refusal> {
        None
    }

    fn aggregate(&self, _: &Aggregate, _: &StepKind) -> Option<Refusal> {
        None
    }

    fn column(&self, column: &Column) -> Option<Refusal> {
        slice::column(column)
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
