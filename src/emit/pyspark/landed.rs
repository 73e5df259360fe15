//! What a job on tables has of sources: their landed records, read as rows by the rules of arrivals.
//!
//! It must not know how files are read: that is the runtime's.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::exprs::own::OwnFunctions;
use super::job;
use super::labels::{dataset_name, landed_name, landed_rows};
use super::steps;
use super::stream;
use super::tree::Py;
use crate::plan::{Dataset, DatasetId, Delivers, Input, Plan, Shape, Source, Step, StepKind, Writer};
use pipec_runtime::reject;

/// The landed datasets of a plan.
#[derive(Debug, Default)]
pub struct Landed {
    /// The sources by their datasets.
    sources: BTreeMap<DatasetId, String>,
    /// Whether a job asks for the order in which rows arrived.
    pub ordered: bool,
}

impl Landed {
    /// Those of a plan.
    pub fn of(plan: &Plan, ordered: bool) -> Landed {
        let found = plan
            .datasets
            .values()
            .filter_map(|dataset| Some((dataset.id.clone(), source_of(plan, dataset)?.name.clone())));
        Landed {
            sources: found.collect(),
            ordered,
        }
    }

    /// The source that a dataset is of, if one lands there.
    pub fn source(&self, id: &DatasetId) -> Option<&str> {
        self.sources.get(id).map(String::as_str)
    }

    /// Whether rows of an input remember how they came.
    pub fn remembers(&self, plan: &Plan, input: &Input) -> bool {
        self.through(plan, input, &|kind| !kind.makes_new_rows())
    }

    /// Whether rows of an input have what arrivals have beside their columns.
    pub fn arrives(&self, plan: &Plan, input: &Input) -> bool {
        let keeps = |kind: &StepKind| match kind {
            StepKind::Group { .. } | StepKind::Pivot { .. } | StepKind::Run(_) => false,
            StepKind::Union { other, .. } => self.arrives(plan, other),
            _ => true,
        };
        self.ordered && self.through(plan, input, &keeps)
    }

    fn through(&self, plan: &Plan, input: &Input, keeps: &dyn Fn(&StepKind) -> bool) -> bool {
        match input {
            Input::Table(id) => self.source(id).is_some(),
            Input::View(name) => plan.view(name).is_some_and(|view| {
                let all = |steps: &[Step]| steps.iter().all(|step| keeps(&step.kind));
                all(&view.steps) && self.through(plan, &view.input, keeps)
            }),
            Input::Stream(_) => false,
        }
    }
}

/// The source that lands rows in a dataset.
pub fn source_of<'p>(plan: &'p Plan, dataset: &Dataset) -> Option<&'p Source> {
    let Writer::Source(name) = &dataset.writer else {
        return None;
    };
    plan.source(name).filter(|source| source.shape != Shape::Objects)
}

/// The constant of what a source has landed.
pub fn constant(dataset: &Dataset, source: &Source) -> String {
    let mut arguments = vec![
        Py::keyword("of", Py::atom(dataset_name(&dataset.id))),
        Py::keyword("fields", stream::fields(source)),
    ];
    arguments.extend(stream::event_time(source));
    arguments.extend(stream::changes(source));
    job::constant(&landed_name(&source.name), &Py::call("landed.Source", arguments))
}

/// The function that gives the rows of what a source has landed: those that are rows, hold what fields ask, and are in time.
/// A stream looks rows up in it with each batch, and turns away once what is none.
pub fn function(source: &Source, landed: &Landed, own: &Rc<OwnFunctions>, run: &str) -> String {
    let constant = Py::atom(landed_name(&source.name));
    let mut arguments = vec![Py::atom("run"), constant.clone()];
    if landed.ordered {
        arguments.push(Py::keyword("ordered", Py::atom("True")));
    }
    let looks_up = run != "runtime.Run";
    if looks_up {
        arguments.push(Py::keyword("looked_up", Py::atom("True")));
    }
    let mut lines = vec![
        format!("def {}(run: {run}) -> DataFrame:", landed_rows(&source.name)),
        format!("    \"\"\"What `{}` has landed.\"\"\"", source.name),
        Py::call("landed.rows", arguments).statement(4, "rows = "),
    ];
    lines.extend(stream::checks(source, own));
    let timed = source.schema.fields.iter().any(|field| field.column.event_time);
    if timed && source.delivers == Delivers::Rows {
        let late = steps::duration(source.late_at_most_seconds);
        let reason = Py::text(&reject::late(source.late_at_most_seconds));
        let arguments = vec![Py::atom("rows"), Py::atom("run"), constant.clone(), late, reason];
        lines.push(Py::call("landed.in_time", arguments).statement(4, "rows = "));
    }
    let rows = Py::atom("rows");
    let found = match looks_up {
        false => Py::call("run.turned_away.part", vec![rows]),
        true => Py::call("landed.found", vec![rows, Py::atom("run"), constant]),
    };
    lines.push(found.statement(4, "return "));
    lines.push("\n".to_owned());
    lines.join("\n")
}
