//! What is called how in a job's file.

use crate::plan::{DatasetId, Input};

/// The constant that holds a dataset.
pub fn dataset_name(id: &DatasetId) -> String {
    format!("{}_{}", id.zone, id.name).to_uppercase()
}

/// What stands for an input: a dataset's constant, or the function of a source or a view.
pub fn input_name(input: &Input) -> String {
    match input {
        Input::Table(id) => dataset_name(id),
        Input::Stream(name) => stream_name(name),
        Input::View(name) => view_name(name),
    }
}

/// The function that gives a source's arrivals.
pub fn stream_name(name: &str) -> String {
    format!("stream_{name}")
}

/// The constant that holds a source.
pub fn source_name(name: &str) -> String {
    name.to_uppercase()
}

/// The function that gives a view's rows.
pub fn view_name(name: &str) -> String {
    format!("view_{name}")
}
