//! The state machine that takes a person out of datasets: two passes of one job, so that what was on its way is found as well.
//!
//! What it is started with is a request's name. Whom that is about stands in a file: a history is kept for months.

use serde_json::{Value, json};

use super::{BUSY_SECONDS, BUSY_TIMES, PARTITION, START_SECONDS, job_variable};
use crate::plan::{Plan, names};
use crate::prove::erasure::underway;

/// The longest that a pass may take, minutes.
pub const PASS_MINUTES: u32 = 120;
/// How often a pass that failed is tried again, and after how long first, seconds.
const AGAIN: (u32, u32) = (2, 60);

/// The machine, as the text of its file.
pub fn definition(plan: &Plan) -> String {
    let request = format!("$.{}", names::ARG_REQUEST);
    let asked = json!({ "And": [
        { "Variable": request, "IsPresent": true },
        { "Variable": request, "IsString": true },
    ], "Next": "First" });
    let cause = format!(
        "start it with {{\"{}\": NAME}}, where NAME is that of a file of requests without its `.json`",
        names::ARG_REQUEST
    );
    let machine = json!({
        "Comment": "Takes a person out of datasets, as a request says whom.",
        "StartAt": "Asked",
        "States": {
            "Asked": { "Type": "Choice", "Choices": [asked], "Default": "NotAsked" },
            "NotAsked": { "Type": "Fail", "Error": "NoRequest", "Cause": cause },
            "First": pass("first", Some("OnItsWay")),
            "OnItsWay": {
                "Type": "Wait",
                "Comment": "What came in before is where it is found, and jobs that had read it have ended.",
                "Seconds": (underway(plan) * 86_400.0).ceil() as u64,
                "Next": "Second",
            },
            "Second": pass("second", None),
        },
    });
    let mut text = serde_json::to_string_pretty(&machine).unwrap_or_default();
    text.push('\n');
    text
}

fn pass(number: &str, next: Option<&str>) -> Value {
    let mut state = json!({
        "Type": "Task",
        "Resource": format!("arn:${{{PARTITION}}}:states:::glue:startJobRun.sync"),
        "Parameters": {
            "JobName": format!("${{{}}}", job_variable(names::ERASE)),
            "Arguments": {
                format!("--{}.$", names::ARG_REQUEST): format!("$.{}", names::ARG_REQUEST),
                format!("--{}.$", names::ARG_RUN_AT): "$$.State.EnteredTime",
                format!("--{}", names::ARG_PASS): number,
            },
        },
        "ResultPath": null,
        "TimeoutSeconds": PASS_MINUTES * 60 + START_SECONDS,
        "Retry": [
            {
                "ErrorEquals": ["Glue.ConcurrentRunsExceededException"],
                "IntervalSeconds": BUSY_SECONDS,
                "MaxAttempts": BUSY_TIMES * PASS_MINUTES / 30,
                "BackoffRate": 1.0,
            },
            {
                "ErrorEquals": ["States.ALL"],
                "IntervalSeconds": AGAIN.1,
                "MaxAttempts": AGAIN.0,
                "BackoffRate": 2.0,
                "MaxDelaySeconds": 3600,
                "JitterStrategy": "FULL",
            },
        ],
    });
    match next {
        Some(next) => state["Next"] = next.into(),
        None => state["End"] = true.into(),
    }
    state
}
