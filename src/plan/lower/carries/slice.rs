//! What the first version of all engines carried, for those parts of an engine that have not grown yet.
//!
//! It must not know text: it sees the typed program. Matches are exhaustive, so that a new step has to be decided on.

use super::Refusal;
use crate::check::program::{Dataset, DatasetWriter, Mode, Program, Shape, Source, Transform};
use crate::plan::{Input, RunKind, Step, StepKind};

/// What of a step is not carried, if anything.
pub(super) fn step(step: &Step, shape: Shape) -> Option<String> {
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
pub(super) fn arrival(step: &Step) -> Option<String> {
    let read = step.kind.expressions();
    read.into_iter()
        .flat_map(|value| value.columns())
        .find_map(|name| hidden(&name))
}

fn hidden(name: &str) -> Option<String> {
    name.starts_with('_').then(|| format!("`{name}`"))
}

/// What is read, if it is neither the arrivals of a stream nor a dataset that a transform writes.
pub(super) fn input(input: &Input, transform: &Transform, program: &Program) -> Option<Refusal> {
    if transform.inputs.len() > 1 {
        return Some(Refusal::but(
            "reading several things in one transform",
            "write a transform for each",
        ));
    }
    match input {
        Input::View(_) => Some(Refusal::but(
            "reading another transform by its name",
            "read the dataset that it writes: `ZONE.DATASET`",
        )),
        Input::Stream(_) => None,
        Input::Table(id) => match program.datasets.get(id).map(|dataset| &dataset.writer) {
            Some(DatasetWriter::Source(source)) => Some(Refusal::but(
                "reading what a source landed as a table",
                format!("read the arrivals: `{source}`"),
            )),
            Some(DatasetWriter::Import(_)) => Some(Refusal::of("reading what another project exports")),
            Some(DatasetWriter::Transform(_)) | None => None,
        },
    }
}

/// A source that is not a stream of JSON.
pub(super) fn source(source: &Source) -> Option<Refusal> {
    let shape = match source.shape {
        Shape::Stream => return None,
        Shape::Objects => "object",
        Shape::Table => "table",
    };
    Some(Refusal::but(
        format!("`{shape} of` sources"),
        "this version has `stream of`",
    ))
}

/// What is written, if it is not parquet, added to by a stream or overwritten by a table.
pub(super) fn output(dataset: Option<&Dataset>, transform: &Transform) -> Option<Refusal> {
    if transform.contract.is_some() {
        return Some(Refusal::but("contracts of a target", "leave it out"));
    }
    if dataset.is_some_and(|dataset| dataset.format != "parquet") {
        return Some(Refusal::but(
            "writing another format than `parquet` with a transform",
            "write `format = parquet`",
        ));
    }
    let word = match (&transform.mode, transform.shape) {
        (Mode::Append, Shape::Stream) | (Mode::Overwrite | Mode::Append, Shape::Table) => return None,
        (Mode::Append, Shape::Objects) => "append",
        (Mode::Overwrite, _) => "overwrite",
        (Mode::Merge(_), _) => "merge",
        (Mode::History(_), _) => "history",
    };
    Some(Refusal::but(
        format!("writing a table by `{word}`"),
        "leave it out: `overwrite`",
    ))
}
