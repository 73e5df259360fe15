//! The state that runs a job on Amazon EMR Serverless and waits for its end.
//!
//! What Terraform alone knows is filled in as a text each, so that the file says every argument that the job gets.

use serde_json::{Value, json};

use super::{PARTITION, START_SECONDS, failure};
use crate::plan::{Dataset, Emr, Input, Plan, Schedule, Sink, Transform, names};

/// Template variable, beside a transform's name, of the id of its application.
pub const APPLICATION: &str = "application";
/// Template variable of the role of its runs.
pub const ROLE: &str = "role";
/// Template variable of where its script is.
pub const SCRIPT: &str = "script";
/// Template variable of what Spark is started with.
pub const SUBMIT: &str = "submit";

/// A template variable of a transform: of what EMR has, or of an argument of its job.
pub fn variable(transform: &str, what: &str) -> String {
    format!("emr_{transform}_{what}")
}

pub(super) fn run(plan: &Plan, schedule: &Schedule, transform: &Transform, settings: &Emr) -> Value {
    let filled = |what: &str| format!("${{{}}}", variable(&transform.name, what));
    let mut arguments: Vec<String> = arguments(plan, transform)
        .into_iter()
        .flat_map(|name| [format!("'--{name}'"), format!("'{}'", filled(&name))])
        .collect();
    arguments.extend([format!("'--{}'", names::ARG_RUN_AT), format!("$.{}", names::ARG_RUN_AT)]);
    if let Some(days) = schedule.catch_up_days {
        arguments.extend([format!("'--{}'", names::ARG_CATCH_UP), format!("'{days}'")]);
    }
    let submit = json!({
        "EntryPoint": filled(SCRIPT),
        "EntryPointArguments.$": format!("States.Array({})", arguments.join(", ")),
        "SparkSubmitParameters": filled(SUBMIT),
    });
    let mut state = json!({
        "Type": "Task",
        "Resource": format!("arn:${{{PARTITION}}}:states:::emr-serverless:startJobRun.sync"),
        "Parameters": {
            "ApplicationId": filled(APPLICATION),
            "ExecutionRoleArn": filled(ROLE),
            "ExecutionTimeoutMinutes": settings.timeout_minutes,
            "JobDriver": { "SparkSubmit": submit },
            "Name": names::hyphened(&transform.name),
        },
        "ResultPath": null,
        "TimeoutSeconds": (settings.timeout_minutes + QUEUE_MINUTES) * 60 + START_SECONDS,
    });
    if let Some(retry) = failure(schedule) {
        state["Retry"] = json!([retry]);
    }
    state
}

/// How long a run may wait for the one before it, minutes.
pub const QUEUE_MINUTES: u32 = 30;

/// The arguments of a job, without those of a single run.
fn arguments(plan: &Plan, transform: &Transform) -> Vec<String> {
    let read = plan.reads(transform).into_iter().filter_map(|input| match input {
        Input::Table(id) => Some(plan.dataset(id)),
        Input::Stream(_) | Input::View(_) => None,
    });
    let written = transform.datasets().into_iter().map(|id| plan.dataset(id));
    let argument = |dataset: &Dataset| names::dataset_argument(&dataset.id.zone, &dataset.id.name);
    let mut out = vec![names::ARG_STATE.to_owned(), names::ARG_QUARANTINE.to_owned()];
    for name in read.chain(written).map(argument) {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out.extend(plan.sinks_of(transform).into_iter().flat_map(Sink::arguments));
    let params = plan.params_of(transform).into_iter();
    out.extend(params.map(|param| names::param_argument(&param.name)));
    out
}
