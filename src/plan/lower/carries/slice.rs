//! What the first version of all engines carried, for those parts of an engine that have not grown yet.
//!
//! It must not know text: it sees the typed program. Matches are exhaustive, so that a new step has to be decided on.

use super::Refusal;
use crate::check::program::{Dataset, DatasetWriter, Mode, Program, Shape, Source, Transform};
use crate::plan::expr::{Aggregate, ArithmeticOp, Expr, ExprKind, Literal};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Input, RunKind, Step, StepKind, Target};

pub(super) fn column_of(column: &Column) -> String {
    format!("columns of type {}, as `{}` is", column.ty.kind, column.name)
}

/// Whether columns of a kind are carried.
pub(super) fn carried(kind: &TypeKind) -> bool {
    use TypeKind::{Bool, Date, Decimal, Enum, Float, Int, Text, Timestamp, Uuid};
    matches!(
        kind,
        Bool | Int | Float | Decimal { .. } | Text | Date | Timestamp | Uuid | Enum { .. }
    )
}

/// The functions that all of today's engines carry.
const FUNCTIONS: [&str; 7] = ["date", "len", "lower", "pseudonym", "sha256", "trim", "upper"];

/// The aggregates that all of today's engines carry.
const AGGREGATES: [&str; 5] = ["count", "count_distinct", "max", "min", "sum"];

/// What in an aggregate is not carried, if anything.
pub(super) fn aggregate(aggregate: &Aggregate) -> Option<String> {
    let text = &aggregate.text;
    let name = aggregate.function.as_str();
    let over = aggregate.arguments.first().map(|argument| &argument.ty.kind);
    // `count(x)` and sums of floats came later than the functions of these names.
    let form = match (name, over) {
        ("count", Some(_)) => false,
        ("sum", Some(kind)) => matches!(kind, TypeKind::Int | TypeKind::Decimal { .. }),
        ("min" | "max", Some(TypeKind::Duration)) => false,
        _ => true,
    };
    let carried = AGGREGATES.contains(&name) && form && aggregate.order.is_empty();
    (!carried).then(|| format!("the aggregate `{text}`"))
}

/// A function that today's engines do not carry, or not in this form.
fn function_of(name: &str, arguments: &[Expr]) -> bool {
    let form = match (name, arguments) {
        ("date", [at]) => at.ty.kind == TypeKind::Timestamp,
        ("len" | "trim" | "lower" | "upper" | "pseudonym", [text]) => text.ty.kind == TypeKind::Text,
        ("sha256", [_]) => true,
        _ => false,
    };
    FUNCTIONS.contains(&name) && form
}

/// Whether a decimal has fewer digits before the point than what becomes one; an int has as many as any decimal needs.
fn narrower(own: &TypeKind, wanted: &TypeKind) -> bool {
    match (own, wanted) {
        (
            TypeKind::Decimal { precision, scale },
            TypeKind::Decimal {
                precision: most,
                scale: most_scale,
            },
        ) => precision - scale > most - most_scale,
        (TypeKind::Int, TypeKind::Decimal { precision, scale }) => precision - scale < 20,
        _ => false,
    }
}

/// What one node is called, if it is not carried.
pub(super) fn node(expr: &Expr) -> Option<&'static str> {
    let number = |expr: &Expr| matches!(expr.ty.kind, TypeKind::Int | TypeKind::Decimal { .. });
    Some(match &expr.kind {
        ExprKind::Param(_) => "a param's value in a row",
        ExprKind::Member { .. } => "`x.field`",
        ExprKind::Index { .. } => "`list[i]`",
        ExprKind::List(_) => "a list",
        ExprKind::Struct(_) => "a record",
        ExprKind::Interpolate(_) => "a text with `${ }`",
        ExprKind::Match { .. } => "`match`",
        ExprKind::Lambda { .. } | ExprKind::Local(_) => "`row => …`",
        ExprKind::Call { function, arguments } if !function_of(function, arguments) => "this function",
        ExprKind::Own { .. } => "a function of a project's own",
        ExprKind::Same { .. } => "`is` between two values",
        ExprKind::Like { .. } => "`like`",
        ExprKind::Matches { .. } => "`matches`",
        ExprKind::Contains { .. } => "`in` with a list that is not of literals",
        ExprKind::Arithmetic {
            op: ArithmeticOp::Divide | ArithmeticOp::Remainder,
            ..
        } => "division",
        ExprKind::Arithmetic { left, right, .. } if !number(left) || !number(right) => "arithmetic on floats and times",
        ExprKind::Negate(value) if !number(value) => "arithmetic on floats and times",
        ExprKind::Cast(inner) if narrower(&inner.ty.kind, &expr.ty.kind) => "a decimal with fewer digits",
        ExprKind::Cast(inner) if inner.ty.kind != expr.ty.kind && !number(expr) => "an int as a float",
        ExprKind::Literal(literal) => match literal {
            Literal::Duration(_) => "a duration",
            Literal::Bytes(_) | Literal::Json(_) | Literal::List(_) | Literal::Map(_) | Literal::Struct(_) => {
                "a value of several parts"
            }
            _ => return None,
        },
        _ => return None,
    })
}

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

/// A column whose type is not carried.
pub(super) fn column(column: &Column) -> Option<Refusal> {
    (!carried(&column.ty.kind)).then(|| Refusal::of(column_of(column)))
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
pub(super) fn output(target: &Target, dataset: Option<&Dataset>, transform: &Transform) -> Option<Refusal> {
    if matches!(target, Target::Sink(_)) {
        return Some(Refusal::of("writing a sink"));
    }
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
