//! `pipec explain sql`: what Athena runs. It must not know how SQL is written.

use crate::cli::Failure;
use crate::cli::output::Output;
use crate::cli::project::{Project, check_or_say};
use crate::emit::sql;
use crate::plan::lower::{Scope, lower, not_in_sql};
use crate::plan::{Input, Plan, Target};

/// Stands in names of databases where no environment was asked for.
const NO_ENVIRONMENT: &str = "ENVIRONMENT";

/// The SQL of a view or a transform; what Athena does not carry of it is said.
pub(super) fn explain(
    out: &Output,
    name: &str,
    project: Project,
    environment: Option<&str>,
) -> Result<String, Failure> {
    let checked = check_or_say(out, &project, environment, false, &std::collections::BTreeSet::new())?;
    let program = checked.program.as_ref().ok_or(Failure::Project)?;
    if !program.transforms.iter().any(|transform| transform.item.name == name) {
        let names: Vec<_> = program
            .transforms
            .iter()
            .map(|transform| format!("`{}`", transform.item.name))
            .collect();
        return Err(Failure::Usage(format!(
            "there is no transform `{name}`; there is {}",
            names.join(", ")
        )));
    }
    let refused = not_in_sql(program, name);
    out.diagnostics(&checked.sources, &refused);
    let lowered = lower(program, Scope::Embedded);
    let plan = lowered.plan.filter(|_| refused.is_empty()).ok_or(Failure::Project)?;
    written(&plan, name).ok_or(Failure::Project)
}

fn written(plan: &Plan, name: &str) -> Option<String> {
    let names = |input: &Input| table(plan, input);
    if let Some(view) = plan.view(name) {
        return Some(sql::view(plan, view, &names) + "\n");
    }
    let transform = plan.transform(name)?;
    let query = sql::of_transform(plan, transform, &names).to_string();
    let Some(statements) = sql::statements(plan, transform, &names) else {
        let target = match &transform.target {
            Some(Target::Dataset(id)) => id.to_string(),
            _ => "its target".to_owned(),
        };
        return Some(format!(
            "-- The rows that are written to {target}; Athena itself could not write them as it says.\n{query}\n"
        ));
    };
    Some(statements.join(";\n\n") + ";\n")
}

/// What a table or view is called in the catalog.
fn table(plan: &Plan, input: &Input) -> Vec<String> {
    let environment = plan.environment.as_deref().unwrap_or(NO_ENVIRONMENT);
    let prefix = format!("{}_{environment}", plan.pipeline.name).replace('-', "_");
    match input {
        Input::Table(id) => vec![format!("{prefix}_{}", id.zone), id.name.clone()],
        Input::View(name) | Input::Stream(name) => vec![format!("{prefix}_views"), name.clone()],
    }
}
