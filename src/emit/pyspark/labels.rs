//! What is called how in a job's file.

use super::landed::Landed;
use super::tree::Py;
use crate::plan::{DatasetId, Input};

/// The rows of an input, as a run gives them.
pub fn rows_of(input: &Input, landed: &Landed) -> Py {
    let function = match input {
        Input::Table(id) => match landed.source(id) {
            Some(source) => landed_rows(source),
            None => return Py::call("run.read", vec![Py::atom(dataset_name(id))]),
        },
        Input::Stream(name) => stream_name(name),
        Input::View(name) => view_name(name),
    };
    Py::call("run.once", vec![Py::atom(function)])
}

/// The constant that holds a dataset.
pub fn dataset_name(id: &DatasetId) -> String {
    match id.project() {
        Some((pipeline, zone)) => format!("PROJECT__{pipeline}_{zone}_{}", id.name).to_uppercase(),
        None => format!("{}_{}", id.zone, id.name).to_uppercase(),
    }
}

/// The constant that holds a sink; no zone's dataset is called so.
pub fn sink_name(name: &str) -> String {
    format!("{}__SINK", name.to_uppercase())
}

/// The function that gives a source's arrivals.
pub fn stream_name(name: &str) -> String {
    format!("stream_{name}")
}

/// The constant that holds a source.
pub fn source_name(name: &str) -> String {
    name.to_uppercase()
}

/// The constant that holds what a source has landed; no zone's dataset is called so.
pub fn landed_name(name: &str) -> String {
    format!("{}__LANDED", name.to_uppercase())
}

/// The function that gives the rows of what a source has landed.
pub fn landed_rows(name: &str) -> String {
    format!("landed_{name}")
}

/// The function that gives a view's rows.
pub fn view_name(name: &str) -> String {
    format!("view_{name}")
}
