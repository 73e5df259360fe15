//! Schedules as state machines in the Amazon States Language.
//!
//! A file is JSON and at the same time a Terraform template: names that only Terraform knows are `${…}` inside
//! strings, so what is tested is what is deployed. Knows nothing of the resources behind the names.

use serde_json::{Map, Value, json};

use crate::plan::{Engine, Plan, Run, Schedule, Shape, Starts, Transform, names};

mod arrival;
mod emr;
mod erasure;

pub use arrival::ARRIVALS;
pub use emr::{APPLICATION, QUEUE_MINUTES, ROLE, SCRIPT, SUBMIT, variable as emr_variable};
pub use erasure::{PASS_MINUTES, definition as erasure};

/// Template variable of the partition (`aws`).
pub const PARTITION: &str = "partition";
/// Template variable of the topic that is told of a failure.
pub const TOPIC: &str = "topic";
/// Time beyond a job's own timeout in which it starts, seconds.
const START_SECONDS: u32 = 600;
/// A run that is still going on is waited for this often and this long, seconds.
const BUSY_TIMES: u32 = 6;
const BUSY_SECONDS: u32 = 300;

/// Template variable of the queue that a transform's containers wait in.
pub fn queue_variable(transform: &str) -> String {
    format!("queue_{transform}")
}

/// Template variable of what a transform's containers are started from.
pub fn program_variable(transform: &str) -> String {
    format!("program_{transform}")
}

/// Template variable of the folder in which a transform's runs and its containers hand rows over.
pub fn exchange_variable(transform: &str) -> String {
    format!("exchange_{transform}")
}

/// Template variable of a job's name.
pub fn job_variable(transform: &str) -> String {
    format!("job_{transform}")
}

/// The jobs that a schedule runs, in waves; what runs on a stream by itself is not among them.
pub fn waves<'a>(plan: &'a Plan, schedule: &'a Schedule) -> Vec<Vec<&'a Transform>> {
    schedule
        .waves
        .iter()
        .map(|wave| {
            wave.iter()
                .filter_map(|name| plan.transform(name))
                .filter(|transform| transform.shape == Shape::Table && transform.engine.is_job())
                .collect::<Vec<_>>()
        })
        .filter(|wave| !wave.is_empty())
        .collect()
}

/// The state machine of a schedule, as the text of its file.
pub fn definition(plan: &Plan, schedule: &Schedule) -> String {
    let waves = waves(plan, schedule);
    let names: Vec<String> = waves
        .iter()
        .enumerate()
        .map(|(index, wave)| wave_name(index, wave))
        .collect();
    let first = names.first().cloned().unwrap_or_else(|| "Done".into());
    let mut states = Map::new();
    let waits = matches!(schedule.starts, Starts::Arrival { .. });
    states.insert(
        "Scheduled".into(),
        scheduled(if waits { arrival::FIRST } else { &first }),
    );
    states.insert("ByHand".into(), by_hand(&first));
    if waits {
        states.extend(arrival::states(&first));
    }
    for (index, wave) in waves.iter().enumerate() {
        let next = names.get(index + 1).cloned().unwrap_or_else(|| "Done".into());
        states.extend(wave_states(plan, schedule, wave, index, &next));
    }
    states.insert("Done".into(), json!({ "Type": "Succeed" }));
    if schedule.on_failure.is_some() {
        states.insert("Notify".into(), notify(schedule));
    }
    let cause = format!("{} failed; the execution's history says where", schedule.name);
    states.insert(
        "Failed".into(),
        json!({ "Type": "Fail", "Error": "ScheduleFailed", "Cause": cause }),
    );
    let comment = schedule
        .doc
        .clone()
        .unwrap_or_else(|| format!("Schedule {}.", schedule.name));
    let machine = json!({ "Comment": template_safe(&comment), "StartAt": "Scheduled", "States": states });
    let mut text = serde_json::to_string_pretty(&machine).unwrap_or_default();
    text.push('\n');
    text
}

/// Author's text must not become a template of Terraform's; in a comment a space does it.
fn template_safe(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.replace("${", "$ {").replace("%{", "% {")
}

/// The name of a wave's first state.
fn wave_name(index: usize, wave: &[&Transform]) -> String {
    match wave {
        [transform] => first_of(transform),
        _ => format!("Wave_{}", index + 1),
    }
}

fn first_of(transform: &Transform) -> String {
    match transform.program() {
        Some(_) => format!("Give_{}", transform.name),
        None => format!("Run_{}", transform.name),
    }
}

/// The scheduler passes the time that it was meant to start at; a person who starts the machine need not.
fn scheduled(first: &str) -> Value {
    let choice = json!({ "Variable": format!("$.{}", names::ARG_RUN_AT), "IsPresent": true, "Next": first });
    json!({ "Type": "Choice", "Choices": [choice], "Default": "ByHand" })
}

fn by_hand(first: &str) -> Value {
    let key = format!("{}.$", names::ARG_RUN_AT);
    json!({ "Type": "Pass", "Parameters": { key: "$$.Execution.StartTime" }, "Next": first })
}

fn wave_states(
    plan: &Plan,
    schedule: &Schedule,
    wave: &[&Transform],
    index: usize,
    next: &str,
) -> Vec<(String, Value)> {
    let mut states = match wave {
        [transform] => sequence(plan, schedule, transform, Some(next)),
        _ => {
            let branches: Vec<Value> = wave
                .iter()
                .map(|transform| {
                    let states = sequence(plan, schedule, transform, None);
                    let states: Map<_, _> = states.into_iter().collect();
                    json!({ "StartAt": first_of(transform), "States": states })
                })
                .collect();
            let state = json!({ "Type": "Parallel", "Branches": branches, "ResultPath": null, "Next": next });
            vec![(wave_name(index, wave), state)]
        }
    };
    let failure = if schedule.on_failure.is_some() {
        "Notify"
    } else {
        "Failed"
    };
    for (_, state) in &mut states {
        state["Catch"] = json!([{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": failure }]);
    }
    states
}

/// The states of a transform, one after another: its job, or its job's halves with the container between them.
fn sequence(plan: &Plan, schedule: &Schedule, transform: &Transform, next: Option<&str>) -> Vec<(String, Value)> {
    let name = &transform.name;
    let one = |half| run(schedule, transform, half);
    let mut states = match (transform.program(), &transform.engine) {
        (Some(program), Engine::Glue(settings)) => vec![
            (format!("Give_{name}"), one(Some("give"))),
            (
                format!("Contain_{name}"),
                container(schedule, name, program, program.longest_seconds(settings)),
            ),
            (format!("Take_{name}"), one(Some("take"))),
        ],
        (_, Engine::Emr(settings)) => vec![(format!("Run_{name}"), emr::run(plan, schedule, transform, settings))],
        _ => vec![(format!("Run_{name}"), one(None))],
    };
    let following: Vec<String> = states.iter().skip(1).map(|(name, _)| name.clone()).collect();
    for (at, (_, state)) in states.iter_mut().enumerate() {
        match (following.get(at).map(String::as_str).or(next), following.get(at)) {
            (Some(name), _) => state["Next"] = name.into(),
            (None, _) => state["End"] = true.into(),
        }
    }
    states
}

/// The folder of a run's exchange, which its containers and both halves of its job know.
fn exchange(transform: &str) -> String {
    format!(
        "States.Format('${{{}}}{{}}/', $$.Execution.Name)",
        exchange_variable(transform)
    )
}

fn run(schedule: &Schedule, transform: &Transform, half: Option<&str>) -> Value {
    let name = &transform.name;
    let mut arguments = Map::new();
    arguments.insert(
        format!("--{}.$", names::ARG_RUN_AT),
        format!("$.{}", names::ARG_RUN_AT).into(),
    );
    if let Some(days) = schedule.catch_up_days {
        arguments.insert(format!("--{}", names::ARG_CATCH_UP), days.to_string().into());
    }
    if let Some(half) = half {
        arguments.insert(format!("--{}", names::ARG_STAGE), half.into());
        arguments.insert(format!("--{}.$", names::ARG_EXCHANGE), exchange(name).into());
    }
    json!({
        "Type": "Task",
        "Resource": format!("arn:${{{PARTITION}}}:states:::glue:startJobRun.sync"),
        "Parameters": {
            "JobName": format!("${{{}}}", job_variable(name)),
            "Arguments": arguments,
        },
        "ResultPath": null,
        "TimeoutSeconds": transform.engine.job_minutes().unwrap_or(0) * 60 + START_SECONDS,
        "Retry": retries(schedule),
    })
}

/// The containers of a run: they end together, and one that failed is a failure of all.
fn container(schedule: &Schedule, transform: &str, program: &Run, longest_seconds: u32) -> Value {
    let folder = json!({ "Name": "EXCHANGE", "Value.$": exchange(transform) });
    let mut parameters = json!({
        "JobName": names::hyphened(transform),
        "JobQueue": format!("${{{}}}", queue_variable(transform)),
        "JobDefinition": format!("${{{}}}", program_variable(transform)),
        "ContainerOverrides": { "Environment": [folder] },
    });
    if program.parts() > 1 {
        parameters["ArrayProperties"] = json!({ "Size": program.parts() });
    }
    let mut state = json!({
        "Type": "Task",
        "Resource": format!("arn:${{{PARTITION}}}:states:::batch:submitJob.sync"),
        "Parameters": parameters,
        "ResultPath": null,
        "TimeoutSeconds": longest_seconds,
    });
    if let Some(retry) = failure(schedule) {
        state["Retry"] = json!([retry]);
    }
    state
}

/// A run that still goes on is waited for; a failure is tried again as the schedule says, with jitter, because the
/// job is safe to repeat.
fn retries(schedule: &Schedule) -> Value {
    let busy = json!({
        "ErrorEquals": ["Glue.ConcurrentRunsExceededException"],
        "IntervalSeconds": BUSY_SECONDS,
        "MaxAttempts": BUSY_TIMES,
        "BackoffRate": 1.0,
    });
    std::iter::once(busy).chain(failure(schedule)).collect()
}

/// How what failed is tried again.
fn failure(schedule: &Schedule) -> Option<Value> {
    let retry = schedule.retry.as_ref().filter(|retry| retry.times > 0)?;
    Some(json!({
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": retry.first_seconds.max(1),
        "MaxAttempts": retry.times,
        "BackoffRate": retry.factor.max(1.0),
        "MaxDelaySeconds": retry.longest_wait_seconds(),
        "JitterStrategy": "FULL",
    }))
}

fn notify(schedule: &Schedule) -> Value {
    json!({
        "Type": "Task",
        "Resource": format!("arn:${{{PARTITION}}}:states:::sns:publish"),
        "Parameters": {
            "TopicArn": format!("${{{TOPIC}}}"),
            "Subject": format!("{} failed", schedule.name).chars().take(100).collect::<String>(),
            "Message": {
                "schedule": schedule.name,
                "execution.$": "$$.Execution.Id",
                "run_at.$": format!("$.{}", names::ARG_RUN_AT),
                "failure.$": "$.failure",
            },
        },
        "ResultPath": null,
        "Retry": [{
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 2,
            "MaxAttempts": 5,
            "BackoffRate": 2.0,
            "MaxDelaySeconds": 60,
            "JitterStrategy": "FULL",
        }],
        "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Failed" }],
        "Next": "Failed",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture;

    /// Every `Next` and `Default` exists, and every state is reached.
    fn assert_sound(machine: &Value) {
        let states = machine["States"].as_object().unwrap();
        let mut reached = vec![machine["StartAt"].as_str().unwrap().to_string()];
        let mut index = 0;
        while index < reached.len() {
            let state = &states[&reached[index]];
            let mut targets: Vec<&Value> = vec![&state["Next"], &state["Default"]];
            for list in ["Catch", "Choices"] {
                targets.extend(state[list].as_array().into_iter().flatten().map(|entry| &entry["Next"]));
            }
            for target in targets.into_iter().filter_map(Value::as_str) {
                if !reached.iter().any(|name| name == target) {
                    reached.push(target.to_string());
                }
            }
            for branch in state["Branches"].as_array().into_iter().flatten() {
                assert_sound(branch);
            }
            index += 1;
        }
        assert_eq!(reached.len(), states.len());
    }

    #[test]
    fn every_state_is_reached_and_every_target_exists() {
        let mut plan = fixture::clickstream();
        let schedule = plan.schedules[0].clone();
        assert_sound(&serde_json::from_str(&definition(&plan, &schedule)).unwrap());
        let mut second = plan.transforms[1].clone();
        second.name = "weekly_pages".into();
        plan.transforms.push(second);
        for on_failure in [None, Some("operations".to_string())] {
            let mut schedule = schedule.clone();
            schedule.on_failure = on_failure;
            schedule.waves = vec![
                vec!["daily_pages".into(), "weekly_pages".into()],
                vec!["daily_pages".into()],
            ];
            assert_sound(&serde_json::from_str(&definition(&plan, &schedule)).unwrap());
        }
    }

    #[test]
    fn an_authors_text_is_no_template() {
        assert_eq!(
            template_safe("costs ${a}\nand %{b} \"c\""),
            "costs $ {a} and % {b} \"c\""
        );
    }
}
