//! Table transforms as PySpark jobs for AWS Glue, one file each, and the modules that they import.
//!
//! Jobs use the DataFrame API and nothing that would start a Python worker. Knows nothing of AWS resources: where
//! datasets, state and quarantine are comes to a job as arguments (`plan::names`).

mod exprs;
mod job;
mod labels;
mod steps;
#[cfg(test)]
mod tests;
mod tree;
mod types;

pub use labels::view_name;

use crate::plan::types::{Column, TypeKind};
use crate::plan::{Engine, Files, Plan, Shape, names};

/// The module that every job imports.
const RUNTIME: &str = include_str!("../../../stdlib/runtime_py/pipec_runtime.py");

/// The modules that it imports, or that jobs do: name and text.
const MODULES: [(&str, &str); 2] = [
    (
        "pipec_aggregates",
        include_str!("../../../stdlib/runtime_py/pipec_aggregates.py"),
    ),
    (
        "pipec_lake",
        include_str!("../../../stdlib/runtime_py/pipec_lake.py"),
    ),
];

/// The jobs of a plan, and what they import if there are any.
pub fn emit(plan: &Plan) -> Files {
    let mut files = Files::new();
    for transform in &plan.transforms {
        if matches!(transform.engine, Engine::Glue(_)) && transform.shape == Shape::Table {
            files.insert(names::job_script(&transform.name), job::job(plan, transform));
        }
    }
    if !files.is_empty() {
        for (name, text) in MODULES {
            files.insert(format!("glue/{name}.py"), text.to_owned());
        }
        files.insert(names::JOB_RUNTIME.to_owned(), RUNTIME.to_owned());
    }
    files
}

/// The names of the modules beside the runtime that jobs of a plan import; each is a file beside them.
pub fn modules(_: &Plan) -> Vec<&'static str> {
    MODULES.map(|(name, _)| name).to_vec()
}

/// The type of rows of these columns, as Spark reads it in a text.
pub fn row_type(columns: &[Column]) -> String {
    types::type_name(&TypeKind::Struct(columns.to_vec()))
}
