//! What a schedule that waits for arrivals does before its jobs run: it looks whether something has landed, and takes that
//! away. Knows nothing of the jobs.
//!
//! A message that came before a run's first job lists its input is one that the run answers for; a purge of a queue may
//! take messages of the next minute too, so the jobs start when that is over. Whatever lands later starts the next run.

use serde_json::{Map, Value, json};

use super::PARTITION;
use crate::plan::names::{ARRIVAL_LOOK_SECONDS, ARRIVAL_SETTLE_SECONDS};

/// Template variable of the URL of the queue of arrivals.
pub const ARRIVALS: &str = "arrivals";
/// The state that it begins with.
pub(super) const FIRST: &str = "Runs";

/// The states up to `next`, the first of the jobs'.
pub(super) fn states(next: &str) -> Map<String, Value> {
    let task = |call: &str, parameters: Value, result: Value, then: &str| {
        json!({
            "Type": "Task",
            "Resource": format!("arn:${{{PARTITION}}}:states:::aws-sdk:{call}"),
            "Parameters": parameters,
            "ResultPath": result,
            "Retry": [again()],
            "Next": then,
        })
    };
    let queue = format!("${{{ARRIVALS}}}");
    let of_machine = json!({
        "StateMachineArn.$": "$$.StateMachine.Id", "StatusFilter": "RUNNING", "MaxResults": 2,
    });
    let mut runs = task("sfn:listExecutions", of_machine, "$.runs".into(), "IsAlone");
    runs["ResultSelector"] = json!({ "count.$": "States.ArrayLength($.Executions)" });
    runs["Comment"] = "A run that still goes on is not disturbed: what has landed waits for the next.".into();
    let one = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 1, "VisibilityTimeout": 0, "WaitTimeSeconds": ARRIVAL_LOOK_SECONDS });
    let landed = json!({ "Variable": "$.landed.Messages[0]", "IsPresent": true, "Next": "Take" });
    let busy = json!({ "Variable": "$.runs.count", "NumericGreaterThan": 1, "Next": "Done" });
    let states = [
        (FIRST, runs),
        (
            "IsAlone",
            json!({ "Type": "Choice", "Choices": [busy], "Default": "Look" }),
        ),
        ("Look", task("sqs:receiveMessage", one, "$.landed".into(), "HasLanded")),
        (
            "HasLanded",
            json!({ "Type": "Choice", "Choices": [landed], "Default": "Done" }),
        ),
        (
            "Take",
            task("sqs:purgeQueue", json!({ "QueueUrl": queue }), Value::Null, "Settle"),
        ),
        (
            "Settle",
            json!({ "Type": "Wait", "Seconds": ARRIVAL_SETTLE_SECONDS, "Next": next }),
        ),
    ];
    states
        .map(|(name, state)| (name.to_owned(), state))
        .into_iter()
        .collect()
}

/// Calls that answer at once are asked again at once; a queue is purged once a minute at most.
fn again() -> Value {
    json!({
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 15,
        "MaxAttempts": 5,
        "BackoffRate": 2.0,
        "MaxDelaySeconds": 60,
        "JitterStrategy": "FULL",
    })
}
