//! What `pipec run` and `pipec test` carry: all but what a laptop cannot do; that is refused by its name.
//!
//! It must not know text: it sees the typed program.

use super::{Gate, Refusal};
use crate::check::program::{Dataset, DatasetWriter, Program, Source, Transform};
use crate::plan::expr::{Aggregate, Expr};
use crate::plan::types::Column;
use crate::plan::{Input, RunKind, Shape, Step, StepKind, Target};

/// The embedded engine.
pub(super) struct Embedded;

impl Gate for Embedded {
    fn name(&self) -> &'static str {
        "the embedded engine"
    }

    fn minds_expressions(&self, _: &Program) -> bool {
        false
    }

    fn step(&self, step: &Step, _: Shape) -> Option<Refusal> {
        match &step.kind {
            StepKind::Run(run) if run.kind == RunKind::Container && run.settings.text("build").is_none() => {
                Some(Refusal::but(
                    "a container by its image alone",
                    "name the folder with its Dockerfile by `build`: a laptop starts its entry point, or let AWS Batch run it",
                ))
            }
            _ => None,
        }
    }

    fn node(&self, _: &Expr) -> Option<Refusal> {
        None
    }

    fn aggregate(&self, _: &Aggregate, _: &StepKind) -> Option<Refusal> {
        None
    }

    fn column(&self, _: &Column) -> Option<Refusal> {
        None
    }

    fn input(&self, input: &Input, _: &Transform, program: &Program) -> Option<Refusal> {
        let Input::Table(id) = input else { return None };
        match program.datasets.get(id).map(|dataset| &dataset.writer) {
            Some(DatasetWriter::Import(pipeline)) => Some(Refusal::but(
                format!("reading `{id}` where another project, `{pipeline}`, keeps it"),
                "declare a source of it, `from = project { … }`, and put a sample beside the project",
            )),
            _ => None,
        }
    }

    /// A sample may be of another format than what arrives.
    fn source(&self, _: &Source) -> Option<Refusal> {
        None
    }

    fn output(&self, _: &Target, dataset: Option<&Dataset>, _: &Transform) -> Option<Refusal> {
        let orc = dataset.is_some_and(|dataset| dataset.format == "orc");
        orc.then(|| {
            Refusal::but(
                "writing orc",
                "write `format = parquet`, or run it as a job, which writes orc",
            )
        })
    }

    fn sink(&self, _: &str, _: &Transform) -> Option<Refusal> {
        None
    }
}
