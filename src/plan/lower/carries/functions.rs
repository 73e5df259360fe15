//! What generated functions carry; the others are refused by their names.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal, slice};
use crate::check::program::{Dataset, Program, Source, Transform};
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::Column;
use crate::plan::{Input, Shape, Step, StepKind, Target};

/// Generated Rust functions on AWS Lambda.
pub(super) struct Functions;

impl Gate for Functions {
    fn name(&self) -> &'static str {
        "lambda"
    }

    fn step(&self, step: &Step, shape: Shape) -> Option<Refusal> {
        slice::step(step, shape).map(Refusal::of)
    }

    fn node(&self, expr: &Expr) -> Option<Refusal> {
        slice::node(expr).map(Refusal::of)
    }

    fn aggregate(&self, aggregate: &Aggregate, _step: &StepKind) -> Option<Refusal> {
        slice::aggregate(aggregate).map(Refusal::of)
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
