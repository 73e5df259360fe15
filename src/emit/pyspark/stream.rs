//! What the job of a stream has beside others: its sources, how their records are read, and that it goes on batch by batch.
//!
//! It must not know how batches are held apart or repeated: that is the runtime's.

use std::rc::Rc;

use super::exprs::own::OwnFunctions;
use super::exprs::{self, column};
use super::job;
use super::labels::{dataset_name, source_name, stream_name};
use super::landed::Landed;
use super::steps::{self, Arriving, Body};
use super::tree::Py;
use super::types::typed;
use crate::plan::names::source_argument;
use crate::plan::types::{Type, TypeKind};
use crate::plan::{Columns, Dataset, Delivers, Field, Input, Plan, Source, Step, StepKind, Steps};
use pipec_runtime::reject;

/// The steps of a transform or view of a stream, by its name.
pub fn body(
    plan: &Plan,
    owner: &str,
    (input, columns, steps): (&Input, &Columns, &Steps),
    own: &Rc<OwnFunctions>,
    landed: &Rc<Landed>,
) -> Body {
    let views = plan.views.iter().filter(|view| {
        let arrive = Input::View(view.name.clone());
        !keeps_arrivals(plan, &arrive, &[])
    });
    let without: Vec<String> = views.map(|view| view.name.clone()).collect();
    let from = Arriving {
        owner,
        came: matches!(input, Input::Stream(_)),
        arrivals: keeps_arrivals(plan, input, &[]),
        without: &without,
    };
    steps::stream_body(steps, columns, (own, landed), &from)
}

/// Whether rows have what arrivals have beside their columns, once these steps are done.
fn keeps_arrivals(plan: &Plan, input: &Input, steps: &[Step]) -> bool {
    let arrive = match input {
        Input::Stream(_) => true,
        Input::Table(_) => false,
        Input::View(name) => plan
            .view(name)
            .is_some_and(|view| keeps_arrivals(plan, &view.input, &view.steps)),
    };
    arrive
        && steps.iter().all(|step| match &step.kind {
            StepKind::Group { .. } | StepKind::Pivot { .. } => false,
            StepKind::Union { other, .. } => keeps_arrivals(plan, other, &[]),
            _ => true,
        })
}

/// The constant of a source: where it comes from, and what its records hold.
pub fn constant(source: &Source) -> String {
    let mut arguments = vec![
        Py::keyword("argument", Py::text(&source_argument(&source.name))),
        Py::keyword("fields", fields(source)),
    ];
    arguments.extend(event_time(source));
    let late = steps::duration(source.late_at_most_seconds);
    arguments.push(Py::keyword("late", late));
    arguments.extend(changes(source));
    job::constant(&source_name(&source.name), &Py::call("streams.Source", arguments))
}

/// A field of a record that is of this column.
pub fn plain_field(column: &crate::plan::types::Column) -> Py {
    field(&Field {
        column: column.clone(),
        default: None,
        check: None,
        inner: Vec::new(),
        object: None,
    })
}

/// What a source's records hold.
pub fn fields(source: &Source) -> Py {
    Py::List(source.schema.fields.iter().map(field).collect())
}

/// That a source's records may tell of changes, where they may.
pub fn changes(source: &Source) -> Vec<Py> {
    let said = [
        ("changes", source.tells_of_changes()),
        ("has_operation", source.has_operation()),
    ];
    let said = said.into_iter().filter(|(_, holds)| *holds);
    said.map(|(name, _)| Py::keyword(name, Py::atom("True"))).collect()
}

/// The column that says when a record happened.
pub fn event_time(source: &Source) -> Option<Py> {
    let time = source.schema.fields.iter().find(|field| field.column.event_time)?;
    Some(Py::keyword("event_time", Py::text(&time.column.name)))
}

fn field(field: &Field) -> Py {
    let column = &field.column;
    let mut arguments = vec![
        Py::text(&column.name),
        kind_of(&column.ty, &field.inner),
        Py::text(&column.ty.kind.to_string()),
    ];
    if let Some(default) = &field.default {
        let value = Py::Lambda(Vec::new(), Box::new(typed(default, &column.ty.kind)));
        arguments.push(Py::keyword("default", value));
    }
    Py::call("records.Field", arguments)
}

fn kind_of(ty: &Type, inner: &[Field]) -> Py {
    let simple = |name: &str| Py::atom(format!("records.{name}"));
    let kind = match &ty.kind {
        TypeKind::Bool => simple("BOOL"),
        TypeKind::Int | TypeKind::Duration => simple("INT"),
        TypeKind::Float => simple("FLOAT"),
        TypeKind::Decimal { precision, scale } => {
            let digits = [precision, scale].map(|digits| Py::atom(digits.to_string()));
            Py::call("records.decimal", digits.into())
        }
        TypeKind::Bytes => simple("BYTES"),
        TypeKind::Date => simple("DATE"),
        TypeKind::Timestamp => simple("TIMESTAMP"),
        TypeKind::Uuid => simple("UUID"),
        TypeKind::Json => simple("JSON"),
        TypeKind::Enum { variants, .. } => {
            let variants = variants.iter().map(|variant| Py::text(variant));
            Py::call("records.one_of", variants.collect())
        }
        TypeKind::List(item) => Py::call("records.list_of", vec![kind_of(item, inner)]),
        TypeKind::Map(value) => Py::call("records.map_of", vec![kind_of(value, inner)]),
        TypeKind::Struct(columns) => {
            let of = |column: &crate::plan::types::Column| {
                let rules = inner.iter().find(|rules| rules.column.name == column.name);
                rules.map_or_else(|| plain_field(column), field)
            };
            Py::call("records.struct", columns.iter().map(of).collect())
        }
        TypeKind::Text | TypeKind::Object | TypeKind::Null | TypeKind::Never | TypeKind::Error => simple("TEXT"),
    };
    match ty.optional {
        true => Py::call("records.optional", vec![kind]),
        false => kind,
    }
}

/// The function that gives a source's arrivals: those that are rows, hold what fields ask, and are in time.
pub fn function(source: &Source, own: &Rc<OwnFunctions>) -> String {
    let constant = Py::atom(source_name(&source.name));
    let mut lines = vec![
        format!("def {}(run: streams.Batch) -> DataFrame:", stream_name(&source.name)),
        format!("    \"\"\"The arrivals of `{}`.\"\"\"", source.name),
        Py::call("run.arrivals", vec![constant.clone()]).statement(4, "rows = "),
    ];
    lines.extend(checks(source, own));
    let timed = source.schema.fields.iter().any(|field| field.column.event_time);
    if timed && source.delivers == Delivers::Rows {
        let reason = Py::text(&reject::late(source.late_at_most_seconds));
        let arguments = vec![Py::atom("rows"), constant, reason];
        lines.push(Py::call("run.in_time", arguments).statement(4, "rows = "));
    }
    let part = Py::call("run.turned_away.part", vec![Py::atom("rows")]);
    lines.push(part.statement(4, "return "));
    lines.push("\n".to_owned());
    lines.join("\n")
}

/// The statements that mark rows which do not hold what fields ask.
pub fn checks(source: &Source, own: &Rc<OwnFunctions>) -> Vec<String> {
    let around = exprs::Around {
        own: Some(own),
        in_function: false,
    };
    let mut lines = Vec::new();
    let mut checks = source.schema.fields.iter().filter_map(|field| field.check.as_ref());
    if checks.any(|check| exprs::own::needs_key(check, own)) {
        let keyed = Py::call("run.with_pseudonym_key", vec![Py::atom("rows")]);
        lines.push(keyed.statement(4, "rows = "));
    }
    for field in &source.schema.fields {
        let Some(check) = &field.check else { continue };
        let lowered = around.lower(check);
        let missing = column(&field.column.name).method("isNull", vec![]);
        let fine = Py::binary("|", lowered.value, missing);
        let reason = Py::text(&reject::check(&field.column.name, &check.text));
        let none = Py::call("F.lit", vec![Py::atom("None")]);
        let wrong = Py::call("F.when", vec![fine, none]).method("otherwise", vec![reason]);
        let rows = std::iter::once(Py::atom("rows"));
        let arguments = rows.chain(lowered.reasons).chain([wrong]).collect();
        lines.push(Py::call("run.turned_away.mark", arguments).statement(4, "rows = "));
    }
    lines
}

/// `main`: the stream, and what is done with each of its batches; `beside` is what more is said of it.
pub fn main_function(
    name: &str,
    sources: &[&Source],
    (reads, targets): (&[&Dataset], &[&Dataset]),
    beside: Vec<Py>,
) -> String {
    let datasets = |all: &[&Dataset]| {
        let names = all.iter().map(|dataset| Py::atom(dataset_name(&dataset.id)));
        Py::List(names.collect())
    };
    let sources = sources.iter().map(|source| Py::atom(source_name(&source.name)));
    let mut arguments = vec![
        Py::text(name),
        Py::atom("argv"),
        Py::List(sources.collect()),
        datasets(reads),
        datasets(targets),
    ];
    arguments.extend(beside);
    let stream = Py::call("streams.Stream", arguments).statement(4, "stream = ");
    format!(
        "def main(argv: list[str]) -> None:\n    \"\"\"Computes what arrives, batch by batch.\"\"\"\n{stream}\n    stream.run(batch)\n\n"
    )
}
