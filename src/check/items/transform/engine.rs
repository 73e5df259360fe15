//! Which engine may run a transform, by what its rows come as and what its steps do.

use super::graph::Node;
use crate::base::Span;
use crate::check::items::Items;
use crate::check::program::Shape;
use crate::check::settings::Settings;
use crate::check::steps::Checked;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Step, StepKind};

/// The longest that functions remember keys for, seconds.
const REMEMBERED: u64 = 3600;

/// Why an engine cannot run a transform, and what to write instead.
struct No {
    message: String,
    found: &'static str,
    help: &'static str,
    step: Option<Span>,
}

impl<'a> Items<'a> {
    /// Says where the written engine cannot run the transform. Of steps that were wrong nothing is known.
    pub(super) fn engine(&mut self, node: &Node<'a>, settings: &Settings, shape: Shape, checked: Option<&Checked>) {
        let Some((engine, _)) = settings.variant("engine") else {
            return;
        };
        let name = node.entity.name;
        let steps = checked.map(|checked| checked.steps.as_slice()).unwrap_or_default();
        let Some(no) = cannot(name, engine, shape, steps, checked.is_some()) else {
            return;
        };
        let span = settings.span("engine").unwrap_or(node.entity.span);
        let mut diagnostic = Diagnostic::new(Code::ENGINE, span, no.message)
            .found(no.found)
            .help(no.help);
        if let Some(step) = no.step {
            diagnostic = diagnostic.label(step, "this step");
        }
        self.say(diagnostic);
    }
}

fn cannot(name: &str, engine: &str, shape: Shape, steps: &[Step], whole: bool) -> Option<No> {
    let program = steps.iter().find(|step| matches!(step.kind, StepKind::Run(_)));
    let no = |message: String, found, help, step: Option<&Step>| {
        Some(No {
            message,
            found,
            help,
            step: step.map(|step| step.span),
        })
    };
    match (engine, shape) {
        ("lambda", Shape::Table) if program.is_none() => no(
            format!("transform `{name}` reads a table, which `lambda` cannot"),
            "a function runs for at most 15 minutes",
            "write `engine = glue`, or leave it out",
            None,
        ),
        ("lambda", _) => {
            let step = steps.iter().find(|step| windowed(step))?;
            no(
                format!("transform `{name}` needs rows of different batches together, which `lambda` does not see"),
                "a function sees one batch at a time",
                "write `engine = glue`, or leave it out",
                Some(step),
            )
        }
        ("batch", _) if whole && program.is_none() => no(
            format!("transform `{name}` has no program that `batch` could run"),
            "AWS Batch runs provided programs",
            "write `engine = glue`, or leave it out",
            None,
        ),
        ("glue" | "emr" | "athena", _) if program.is_some() => no(
            format!("transform `{name}` runs a program, which `{engine}` does not"),
            "programs run in a function, in AWS Batch or in ECS",
            "leave it out, or write `engine = batch`",
            program,
        ),
        ("emr" | "athena", Shape::Stream | Shape::Objects) => no(
            format!("transform `{name}` reads a stream, which `{engine}` cannot"),
            "it runs, and ends",
            "write `engine = glue` or `engine = lambda`, or leave it out",
            None,
        ),
        ("glue", Shape::Objects) => no(
            format!("transform `{name}` reads objects one by one, which `glue` cannot"),
            "it reads tables and streams",
            "write `engine = lambda`, or leave it out",
            None,
        ),
        _ => None,
    }
}

/// Whether a step of a stream keeps rows for others that come later.
fn windowed(step: &Step) -> bool {
    match &step.kind {
        StepKind::Group { window, .. } => window.is_some(),
        StepKind::Join(join) => join.within_seconds.is_some(),
        StepKind::Dedupe { within_seconds, .. } => within_seconds.is_some_and(|seconds| seconds > REMEMBERED),
        _ => false,
    }
}
