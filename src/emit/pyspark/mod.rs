//! Table transforms as PySpark jobs for AWS Glue, one file each, and the runtime that they import.
//!
//! Jobs use the DataFrame API and nothing that would start a Python worker. Knows nothing of AWS resources: where
//! datasets, state and quarantine are comes to a job as arguments (`plan::names`).

mod exprs;
mod job;
mod steps;
#[cfg(test)]
mod tests;
mod tree;
mod types;

use crate::plan::{Engine, Files, Input, Plan, names};

/// The module that every job imports.
const RUNTIME: &str = include_str!("../../../stdlib/runtime_py/pipec_runtime.py");

/// The jobs of a plan, and their runtime if there are any.
pub fn emit(plan: &Plan) -> Files {
    let mut files = Files::new();
    for transform in &plan.transforms {
        if let (Engine::Glue(_), Input::Table(source)) = (&transform.engine, &transform.input) {
            files.insert(names::job_script(&transform.name), job::job(plan, transform, source));
        }
    }
    if !files.is_empty() {
        files.insert(names::JOB_RUNTIME.to_owned(), RUNTIME.to_owned());
    }
    files
}
