//! Transforms as PySpark jobs for AWS Glue, one file each, and the modules that they import.
//!
//! Jobs use the DataFrame API and nothing that would start a Python worker. Knows nothing of AWS resources: where
//! datasets, state and quarantine are comes to a job as arguments (`plan::names`).

mod erase;
pub(crate) mod exprs;
mod job;
mod labels;
mod landed;
mod modules;
mod purge;
mod sinks;
mod steps;
mod stream;
#[cfg(test)]
mod tests;
pub(crate) mod tree;
pub(crate) mod types;

pub use erase::held_up;
pub use labels::view_name;

use crate::plan::types::{Column, TypeKind};
use crate::plan::{Files, Plan, names};

/// The jobs of a plan, and what they import if there are any.
pub fn emit(plan: &Plan) -> Files {
    let mut files = Files::new();
    for transform in &plan.transforms {
        if transform.engine.is_job() {
            files.insert(names::job_script(&transform.name), job::job(plan, transform));
        }
    }
    files.extend(erase::job(plan).map(|text| (names::job_script(names::ERASE), text)));
    files.extend(purge::job(plan).map(|text| (names::job_script(names::PURGE_TABLES), text)));
    if !files.is_empty() {
        let needed = modules::needed(files.values().map(String::as_str));
        files.extend(modules::files(&needed));
    }
    files
}

/// The names of the modules beside the runtime that jobs import, of all files of [`emit`]; each is a file beside them.
pub fn modules(files: &Files) -> Vec<&'static str> {
    let of = |name: &&str| files.contains_key(&modules::path(name));
    modules::beside().filter(of).collect()
}

/// The type of rows of these columns, as Spark reads it in a text.
pub fn row_type(columns: &[Column]) -> String {
    types::type_name(&TypeKind::Struct(columns.to_vec()))
}
