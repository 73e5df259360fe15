//! Which steps and inputs today's engines carry; the others are refused here, by their names.
//!
//! It must not know text: it sees the typed program. What of an expression is carried is for `exprs` to say; matches are
//! exhaustive, so that a new step has to be decided on.

use super::Lowering;
use crate::base::Span;
use crate::check::program::{DatasetWriter, Shape, Transform};
use crate::diag::{Code, Diagnostic};
use crate::plan::{Input, RunKind, Step, StepKind};

impl Lowering<'_> {
    /// Whether every step is carried; the first one that is not is said.
    pub(super) fn carries(&mut self, transform: &Transform) -> bool {
        let engine = match transform.shape {
            Shape::Table => "glue",
            Shape::Stream | Shape::Objects => "lambda",
        };
        for step in &transform.steps {
            if let Some(what) = not_carried(step, transform.shape) {
                let message = format!("{what} is not supported on {engine} yet");
                let diagnostic = Diagnostic::new(Code::NOT_YET, step.span, message).found("the language has it");
                self.say(diagnostic);
                return false;
            }
        }
        true
    }

    /// Whether what is read is carried: the arrivals of a stream, or a dataset that a transform writes.
    pub(super) fn readable(&mut self, transform: &Transform, input: &Input, at: Span) -> bool {
        match input {
            Input::View(_) => {
                let help = Some("read the dataset that it writes: `ZONE.DATASET`");
                self.refuse(at, "reading another transform by its name", help);
                false
            }
            // The source was refused.
            Input::Stream(_) if transform.shape == Shape::Table => false,
            Input::Stream(_) => true,
            Input::Table(id) => match self.program.datasets.get(id).map(|dataset| &dataset.writer) {
                Some(DatasetWriter::Source(source)) => {
                    let help = format!("read the arrivals: `{source}`");
                    self.refuse(at, "reading what a source landed as a table", Some(&help));
                    false
                }
                Some(DatasetWriter::Import(_)) => {
                    self.refuse(at, "reading what another project exports", None);
                    false
                }
                Some(DatasetWriter::Transform(_)) | None => true,
            },
        }
    }
}

/// What of a step is not carried, if anything.
fn not_carried(step: &Step, shape: Shape) -> Option<String> {
    let word = |word: &str| Some(format!("`{word}`"));
    let table = shape == Shape::Table;
    match &step.kind {
        StepKind::Filter(_)
        | StepKind::Expect { .. }
        | StepKind::Derive(_)
        | StepKind::Select(_)
        | StepKind::Drop(_)
        | StepKind::Rename(_) => arrival(step),
        StepKind::Dedupe { .. } if !table => word("dedupe … within"),
        StepKind::Dedupe { by, .. } => by.as_deref().and_then(hidden),
        StepKind::Group { window: Some(_), .. } => word("group … every"),
        StepKind::Group { .. } => arrival(step),
        StepKind::Explode { .. } => word("explode"),
        StepKind::Join(_) => word("join"),
        StepKind::Union { .. } => word("union"),
        StepKind::Window { .. } => word("window"),
        StepKind::Session { .. } => word("session"),
        StepKind::Pivot { .. } => word("pivot"),
        StepKind::Unpivot { .. } => word("unpivot"),
        StepKind::Sort(_) => word("sort"),
        StepKind::Take(_) => word("take"),
        StepKind::Route { .. } => word("route"),
        StepKind::Run(run) => word(match run.kind {
            RunKind::Script => "run script",
            RunKind::Container => "run container",
        }),
    }
}

/// A column that the language adds to arrivals, where a step reads one.
fn arrival(step: &Step) -> Option<String> {
    let read = step.kind.expressions();
    read.into_iter()
        .flat_map(|value| value.columns())
        .find_map(|name| hidden(&name))
}

fn hidden(name: &str) -> Option<String> {
    name.starts_with('_').then(|| format!("`{name}`"))
}
