//! What flows where over the whole typed program: labels to sinks and to people, lifetimes to exports.
//!
//! It must not know how a column was computed beyond what a step says of it, nor how an engine or a cloud does anything.

mod implicit;
mod lifetime;
mod origin;
mod released;
mod sinks;

pub use lifetime::days_left;
pub use released::released;

use crate::base::Span;
use crate::check::labels::Classes;
use crate::check::program::{Program, Transform};
use crate::diag::Diagnostics;
use crate::plan::{Input, StepKind};
use crate::resolve::{Index, targets};
use crate::syntax::ast::ItemKind;

/// What the checks of a whole program look at.
struct Seen<'s> {
    program: &'s Program,
    classes: &'s Classes,
    index: &'s Index<'s>,
}

impl Seen<'_> {
    /// Where a transform names a target.
    fn target(&self, transform: &str, target: &str) -> Option<Span> {
        match &self.index.get("transform", transform)?.item.kind {
            ItemKind::Transform(written) => {
                let found = targets(written).into_iter().find(|path| path.text() == target);
                found.map(|path| path.span)
            }
            _ => None,
        }
    }
}

/// Says which labels reach whom without being cleared: what leaves through a sink, and what the choice of rows tells.
pub fn check(program: &Program, classes: &Classes, index: &Index<'_>, diagnostics: &mut Diagnostics) {
    let seen = Seen {
        program,
        classes,
        index,
    };
    sinks::check(&seen, diagnostics);
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
