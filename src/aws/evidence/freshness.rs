//! What is claimed of how old datasets get, and what that rests on: all that a row waits for on its way.

use std::collections::BTreeSet;

use super::{Addresses, jobs};
use crate::aws::firehose;
use crate::evidence::{About, Claim, Part};
use crate::plan::{Dataset, DatasetId, Engine, Plan, Schedule, Starts, Transform, Writer, stream_functions};
use crate::prove::freshness;

/// A claim for each alarm on a dataset's age.
pub(super) fn claims(plan: &Plan, find: &Addresses) -> Vec<Claim> {
    let all = freshness::sums(plan).into_iter();
    all.map(|aged| fresh(plan, &aged, find)).collect()
}

fn fresh(plan: &Plan, aged: &freshness::Aged<'_>, find: &Addresses) -> Claim {
    let id = aged.dataset;
    let seconds = aged.parts.iter().map(|part| part.seconds).sum();
    let alarms = plan.monitors.iter().map(|monitor| {
        let label = format!("{}_{}_{}_freshness", monitor.name, id.zone, id.name);
        ("aws_cloudwatch_metric_alarm", label)
    });
    Claim {
        id: format!("freshness.{id}"),
        says: format!(
            "`{id}` is {seconds} s old at most, and its alarm is at {} s",
            aged.over_seconds
        ),
        about: About::Freshness {
            dataset: id.to_string(),
            seconds,
            allowed_seconds: aged.over_seconds,
            parts: aged
                .parts
                .iter()
                .map(|part| Part {
                    seconds: part.seconds,
                    what: part.what.clone(),
                })
                .collect(),
        },
        rests_on: find.there(alarms.chain(waited_for(plan, id))),
    }
}

/// What lets rows of a dataset wait: types and labels.
fn waited_for(plan: &Plan, id: &DatasetId) -> Vec<(&'static str, String)> {
    let (mut out, mut known, mut next) = (vec![], BTreeSet::new(), vec![id]);
    while let Some(id) = next.pop() {
        let Some(dataset) = plan.datasets.get(id).filter(|_| known.insert(id)) else {
            continue;
        };
        match &dataset.writer {
            Writer::Source(name) => {
                let label = firehose::landing_label(name);
                out.push(("aws_kinesis_firehose_delivery_stream", label.clone()));
                out.push(("aws_scheduler_schedule", label));
            }
            Writer::Transform(name) => {
                let Some(transform) = plan.transform(name) else {
                    continue;
                };
                match &transform.engine {
                    Engine::Lambda(_) => out.extend(by_function(plan, transform, dataset)),
                    _ => next.extend(by_job(plan, transform, dataset, &mut out)),
                }
            }
            Writer::Import(_) => {}
        }
    }
    out
}

/// A batch fills, the function runs, and a buffer of the delivery stream fills.
fn by_function(plan: &Plan, transform: &Transform, dataset: &Dataset) -> Vec<(&'static str, String)> {
    let mut out = vec![];
    for function in stream_functions(plan) {
        if function.transforms.iter().any(|one| one.name == transform.name) {
            let kinds = ["aws_lambda_event_source_mapping", "aws_lambda_function"];
            out.extend(kinds.map(|kind| (kind, function.source.name.clone())));
        }
    }
    let rows = firehose::deliveries(plan).filter(|rows| rows.dataset.id == dataset.id);
    out.extend(rows.map(|rows| ("aws_kinesis_firehose_delivery_stream", rows.label)));
    out
}

/// Schedules start the job and all that runs before it; what they wait for themselves is returned.
fn by_job<'p>(
    plan: &'p Plan,
    transform: &Transform,
    dataset: &Dataset,
    out: &mut Vec<(&'static str, String)>,
) -> Vec<&'p DatasetId> {
    out.extend(jobs(plan, dataset));
    let runs = |schedule: &&Schedule| schedule.waves.iter().flatten().any(|name| *name == transform.name);
    let mut next = vec![];
    for schedule in plan.schedules.iter().filter(runs) {
        let kinds = ["aws_scheduler_schedule", "aws_sfn_state_machine"];
        out.extend(kinds.map(|kind| (kind, schedule.name.clone())));
        let before = schedule.waves.iter().take_while(|wave| !wave.contains(&transform.name));
        for name in before.flatten() {
            let kinds = ["aws_glue_job", "aws_emrserverless_application"];
            out.extend(kinds.map(|kind| (kind, name.clone())));
        }
        if let Starts::Arrival { of, .. } = &schedule.starts {
            next.push(of);
        }
    }
    next
}
