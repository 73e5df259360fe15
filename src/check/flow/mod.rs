//! What flows where over the whole typed program: labels to sinks and to people, lifetimes to exports.
//!
//! It must not know how a column was computed beyond what a step says of it, nor how an engine or a cloud does anything.

mod implicit;
mod lifetime;
mod released;
mod sinks;

pub use lifetime::days_left;
pub use released::released;

use crate::check::labels::Classes;
use crate::check::program::{Program, Transform};
use crate::diag::Diagnostics;
use crate::plan::{Input, StepKind};

/// What the checks of a whole program look at.
struct Seen<'s> {
    program: &'s Program,
    classes: &'s Classes,
}

/// Says which labels reach whom without being cleared: what the choice of rows tells.
pub fn check(program: &Program, classes: &Classes, diagnostics: &mut Diagnostics) {
    let seen = Seen { program, classes };
    implicit::check(&seen, diagnostics);
}

/// Everything that a transform reads: its inputs, and the other sides of joins and unions.
fn inputs(transform: &Transform) -> Vec<&Input> {
    let mut inputs: Vec<_> = transform.inputs.iter().collect();
    for step in &transform.steps {
        match &step.kind {
            StepKind::Join(join) => inputs.push(&join.other),
            StepKind::Union { other, .. } => inputs.push(other),
            _ => {}
        }
    }
    inputs
}
