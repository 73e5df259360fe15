//! Which steps, functions and inputs today's engines carry; the others are refused here, by their names.
//!
//! It must not know text: it sees the typed program. Matches are exhaustive, so that a new step has to be decided on.

use super::Lowering;
use crate::base::Span;
use crate::check::program::{DatasetWriter, Shape, Transform};
use crate::plan::expr::{Aggregate, Expr, ExprKind};
use crate::plan::{Input, RunKind, Step, StepKind};

/// The functions that every engine carries.
const FUNCTIONS: [&str; 9] = [
    "date",
    "len",
    "lower",
    "pseudonym",
    "sha256",
    "timestamp",
    "trim",
    "upper",
    "uuid",
];
/// The aggregates that every engine carries.
const AGGREGATES: [&str; 5] = ["count", "count_distinct", "max", "min", "sum"];

impl Lowering<'_> {
    /// Whether every step is carried; the first one that is not is said.
    pub(super) fn carries(&mut self, transform: &Transform) -> bool {
        let engine = match transform.shape {
            Shape::Table => "glue",
            Shape::Stream | Shape::Objects => "lambda",
        };
        for step in &transform.steps {
            if let Some(what) = not_carried(step, transform.shape) {
                let diagnostic = crate::check::not_yet(step.span, format!("{what} on {engine}"));
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
    let word = |word: &str| Some(format!("the step `{word}`"));
    let table = shape == Shape::Table;
    match &step.kind {
        StepKind::Filter(condition) | StepKind::Expect { condition, .. } => expression(condition),
        StepKind::Derive(columns) | StepKind::Select(columns) => {
            columns.iter().find_map(|(_, value)| expression(value))
        }
        StepKind::Drop(_) | StepKind::Rename(_) => None,
        StepKind::Dedupe { .. } if !table => Some("`dedupe` of a stream".to_owned()),
        StepKind::Dedupe { by, .. } => by.as_deref().and_then(hidden),
        StepKind::Group { window: Some(_), .. } => Some("`group … every`".to_owned()),
        StepKind::Group { .. } if !table => Some("`group` of a stream".to_owned()),
        StepKind::Group { keys, aggregates, .. } => {
            let keys = keys.iter().find_map(|(_, value)| expression(value));
            keys.or_else(|| aggregates.iter().find_map(|(_, aggregate)| aggregated(aggregate)))
        }
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

/// What of an expression is not carried: its functions, and columns that are none of the rows' own.
fn expression(expr: &Expr) -> Option<String> {
    let own = match &expr.kind {
        ExprKind::Call { function, .. } if !FUNCTIONS.contains(&function.as_str()) => Some(format!("`{function}`")),
        ExprKind::Column(name) => hidden(name),
        _ => None,
    };
    own.or_else(|| expr.children().into_iter().find_map(expression))
}

fn aggregated(aggregate: &Aggregate) -> Option<String> {
    if !AGGREGATES.contains(&aggregate.function.as_str()) {
        return Some(format!("`{}`", aggregate.function));
    }
    if !aggregate.order.is_empty() {
        return Some(format!("`order by` in `{}`", aggregate.text));
    }
    aggregate.arguments.iter().find_map(expression)
}

fn hidden(name: &str) -> Option<String> {
    name.starts_with('_').then(|| format!("`{name}`"))
}
