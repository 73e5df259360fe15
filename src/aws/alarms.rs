//! The alarms that an author declares, each over what AWS, or the platform itself, measures of its subject.
//!
//! Metrics are those of the services' own pages: Kinesis (`IncomingRecords`), Lambda (`Duration`, `ConcurrentExecutions`), Glue
//! (<https://docs.aws.amazon.com/glue/latest/dg/monitor-observability.html>), Step Functions (`ExecutionsFailed`).

use std::collections::BTreeSet;

use super::metric::{
    Behind, Metric, alarm, behind, function_dimension, incoming, machine_dimension, metric, over, place, readers,
    transform_dimensions,
};
use super::monitoring::topic;
use super::naming::{limit, named};
use super::operations::AGE;
use super::{emr, glue_job};
use crate::emit::hcl::{Block, Value, call, reference};
use crate::emit::states;
use crate::plan::{Alarm, Engine, Monitor, Plan, Schedule, Shape, Source, Starts, StreamFunction, Transform, names};
use crate::{object_of, text_of};

/// What a job's own log says when it has come to its end, as metrics of the platform.
const JOB_ROWS_IN: &str = "JobRowsIn";
const JOB_ROWS_REJECTED: &str = "JobRowsRejected";

/// The alarms of a monitor, of a platform with these functions.
pub fn blocks(plan: &Plan, monitor: &Monitor, functions: &[StreamFunction<'_>]) -> Vec<Block> {
    monitor
        .alarms
        .iter()
        .flat_map(|alarm| declared(plan, monitor, functions, alarm))
        .collect()
}

fn declared(plan: &Plan, monitor: &Monitor, functions: &[StreamFunction<'_>], declared: &Alarm) -> Vec<Block> {
    let with = |what: &str| format!("{}_{what}", monitor.name);
    let on = |name: &str, of: &dyn Fn(&Transform) -> Vec<Block>| plan.transform(name).map(of).unwrap_or_default();
    match declared {
        Alarm::Freshness { dataset, over_seconds } => {
            let label = with(&format!("{}_{}_freshness", dataset.zone, dataset.name));
            let text = format!("The newest rows of {dataset} are older than {over_seconds} s, or nobody knows");
            let metric = metric(names::METRIC_NAMESPACE, AGE, place(&dataset.to_string())).with("Maximum", 1800);
            let block = alarm(plan, monitor, &label, &text);
            vec![over(block, &metric, *over_seconds as f64, 1, "breaching")]
        }
        Alarm::Lag { source, over_seconds } => {
            let Some(from) = plan.source(source) else { return vec![] };
            let text = format!("A reader of {source} is more than {over_seconds} s behind");
            let label = with(&format!("{source}_lag"));
            let readers = behind(plan, from, functions);
            let several = readers.len() > 1;
            let of = |reader: &Behind| {
                let block = alarm(plan, monitor, &reader.label(&label, several), &text);
                let most = *over_seconds as f64 * reader.second?;
                Some(over(block, &reader.metric, most, 5, "notBreaching"))
            };
            readers.iter().filter_map(of).collect()
        }
        Alarm::Volume { source, over_percent } => {
            let Some(from) = plan.source(source) else { return vec![] };
            promised(plan, monitor, from, &with(&format!("{source}_volume")), *over_percent)
        }
        // A budget tells of costs: see there.
        Alarm::Cost { .. } => vec![],
        Alarm::Utilization { of, over_percent } => {
            let label = with(&format!("{of}_utilization"));
            match (plan.source(of), plan.transform(of)) {
                (Some(source), _) => promised(plan, monitor, source, &label, *over_percent),
                (None, Some(transform)) => used(plan, monitor, functions, transform, &label, *over_percent),
                (None, None) => vec![],
            }
        }
        Alarm::Errors {
            transform,
            over_percent,
        } => on(transform, &|one| errors(plan, monitor, functions, one, *over_percent)),
        Alarm::Duration {
            transform,
            over_seconds,
        } => on(transform, &|one| duration(plan, monitor, functions, one, *over_seconds)),
        Alarm::Quality {
            transform,
            over_percent,
        } => on(transform, &|one| quality(plan, monitor, functions, one, *over_percent)),
    }
}

/// Percent, by a formula over metrics; a period without rows is no alarm.
fn share(block: Block, percent: f64, expression: impl Into<Value>, metrics: Vec<Block>) -> Block {
    let share = Block::new("metric_query")
        .set("id", "share")
        .set("expression", expression)
        .set("label", "percent")
        .set("return_data", true);
    block
        .set("evaluation_periods", 1u32)
        .set("comparison_operator", "GreaterThanThreshold")
        .set("threshold", percent)
        .set("treat_missing_data", "notBreaching")
        .block(share)
        .blocks(metrics)
}

/// Of some things the bad ones, in percent.
fn part(block: Block, percent: f64, bad: &Metric, all: &Metric) -> Block {
    let expression = "IF(total > 0, 100 * FILL(bad, 0) / total, 0)";
    share(block, percent, expression, vec![bad.query("bad"), all.query("total")])
}

/// What comes in, of what the source promised.
fn promised(plan: &Plan, monitor: &Monitor, source: &Source, label: &str, percent: f64) -> Vec<Block> {
    let Some(volume) = &source.volume else { return vec![] };
    let text = format!("{} brings more than {percent} percent of what it promised", source.name);
    let Some((rows, seconds)) = incoming(source) else {
        return vec![];
    };
    let most = volume.most_in(seconds);
    let block = alarm(plan, monitor, label, &text);
    vec![share(block, percent, format!("100 * rows / {most}"), vec![rows])]
}

/// The label of the alarm that a source brings more than it promised.
pub fn promise_label(source: &str) -> String {
    format!("{source}_promised")
}

/// Sources whose promises proofs rest on, where no declared alarm says by then that one is broken.
pub fn broken_promises(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let alarms = plan.monitors.iter().flat_map(|monitor| &monitor.alarms);
    let told: BTreeSet<_> = alarms
        .filter_map(|alarm| match alarm {
            Alarm::Volume { source, over_percent } if *over_percent <= 100.0 => Some(source),
            Alarm::Utilization { of, over_percent } if *over_percent <= 100.0 => Some(of),
            _ => None,
        })
        .collect();
    let sources = plan.sources.iter().filter(|source| !told.contains(&source.name));
    sources
        .flat_map(|source| promised(plan, monitor, source, &promise_label(&source.name), 100.0))
        .collect()
}

/// What a transform uses of the most that its engine may take: a function's instances, a job's workers.
fn used(
    plan: &Plan,
    monitor: &Monitor,
    functions: &[StreamFunction<'_>],
    transform: &Transform,
    label: &str,
    percent: f64,
) -> Vec<Block> {
    let text = format!(
        "{} uses more than {percent} percent of what it may take",
        transform.name
    );
    match &transform.engine {
        Engine::Lambda(_) => {
            let one = |(function, label): (String, String)| {
                let used = metric("AWS/Lambda", "ConcurrentExecutions", function_dimension(&function));
                let most = reference(format!("aws_lambda_function.{function}.reserved_concurrent_executions"));
                let block = alarm(plan, monitor, &label, &text);
                let used = used.with("Maximum", 300).query("used");
                share(block, percent, text_of!["100 * used / ", most], vec![used])
            };
            readers(functions, transform, label).into_iter().map(one).collect()
        }
        Engine::Glue(_) => {
            let mut dimensions = job_dimensions(transform, "gauge");
            dimensions.push(("ObservabilityGroup", "resource_utilization".into()));
            let used = metric("Glue", "glue.driver.workerUtilization", dimensions).with("Maximum", 300);
            let block = alarm(plan, monitor, label, &text);
            vec![share(block, percent, "100 * used", vec![used.query("used")])]
        }
        Engine::Emr(settings) => {
            let used = metric("AWS/EMRServerless", "CPUAllocated", application(transform)).with("Maximum", 300);
            let block = alarm(plan, monitor, label, &text);
            let expression = format!("100 * used / {}", settings.max_vcpu);
            vec![share(block, percent, expression, vec![used.query("used")])]
        }
        Engine::Other(_) => crate::plan::refused(),
    }
}

fn errors(
    plan: &Plan,
    monitor: &Monitor,
    functions: &[StreamFunction<'_>],
    transform: &Transform,
    percent: f64,
) -> Vec<Block> {
    let label = format!("{}_{}_errors", monitor.name, transform.name);
    match &transform.engine {
        Engine::Lambda(_) => turned_away(plan, monitor, functions, transform, &label, percent),
        Engine::Glue(_) if transform.shape == Shape::Stream => {
            let tasks = |name| metric("Glue", name, job_dimensions(transform, "count"));
            let text = format!("More than {percent} percent of the tasks of {} fail", transform.name);
            let (failed, all) = (
                "glue.driver.aggregate.numFailedTasks",
                "glue.driver.aggregate.numCompletedTasks",
            );
            vec![part(
                alarm(plan, monitor, &label, &text),
                percent,
                &tasks(failed),
                &tasks(all),
            )]
        }
        Engine::Glue(_) | Engine::Emr(_) => {
            let schedule = plan.schedules.iter().find(|schedule| {
                let mut jobs = states::waves(plan, schedule).into_iter().flatten();
                jobs.any(|job| job.name == transform.name)
            });
            let of = |schedule: &Schedule| {
                let runs = |name, id| {
                    let runs = metric("AWS/States", name, machine_dimension(&schedule.name));
                    runs.with("Sum", 86_400).query(id)
                };
                let bad = "(FILL(failed, 0) + FILL(late, 0))";
                let ended = vec![runs("ExecutionsFailed", "failed"), runs("ExecutionsTimedOut", "late")];
                // Most runs of a schedule on arrival find that nothing has landed: of them no share means anything.
                let (expression, text, metrics) = match schedule.starts {
                    Starts::Arrival { .. } => (
                        format!("IF({bad} > 0, 100, 0)"),
                        format!("A run of {} failed in a day", schedule.name),
                        ended,
                    ),
                    Starts::Clock { .. } => (
                        format!("IF(total > 0, 100 * {bad} / total, 0)"),
                        format!(
                            "More than {percent} percent of the runs of {} failed in a day",
                            schedule.name
                        ),
                        ended.into_iter().chain([runs("ExecutionsStarted", "total")]).collect(),
                    ),
                };
                share(alarm(plan, monitor, &label, &text), percent, expression, metrics)
            };
            schedule.map(of).into_iter().collect()
        }
        Engine::Other(_) => crate::plan::refused(),
    }
}

/// All runs of a job.
fn job_dimensions(transform: &Transform, kind: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("JobName", glue_job::name(&transform.name)),
        ("JobRunId", "ALL".into()),
        ("Type", kind.into()),
    ]
}

/// The rows of a transform of a stream that are turned away.
fn turned_away(
    plan: &Plan,
    monitor: &Monitor,
    functions: &[StreamFunction<'_>],
    transform: &Transform,
    label: &str,
    percent: f64,
) -> Vec<Block> {
    let text = format!(
        "More than {percent} percent of the rows of {} are turned away",
        transform.name
    );
    let one = |(function, label): (String, String)| {
        let rows = |name| {
            let dimensions = transform_dimensions(&function, &transform.name);
            metric(names::METRIC_NAMESPACE, name, dimensions)
        };
        let block = alarm(plan, monitor, &label, &text);
        let (bad, all) = (rows(names::METRIC_ROWS_REJECTED), rows(names::METRIC_ROWS_IN));
        part(block, percent, &bad, &all)
    };
    readers(functions, transform, label).into_iter().map(one).collect()
}

fn quality(
    plan: &Plan,
    monitor: &Monitor,
    functions: &[StreamFunction<'_>],
    transform: &Transform,
    percent: f64,
) -> Vec<Block> {
    let label = format!("{}_{}_quality", monitor.name, transform.name);
    match &transform.engine {
        Engine::Lambda(_) => turned_away(plan, monitor, functions, transform, &label, percent),
        Engine::Glue(_) | Engine::Emr(_) => {
            let said = |name: &'static str, field: &str| {
                let what = name.trim_start_matches("JobRows").to_lowercase();
                Block::resource(
                    "aws_cloudwatch_log_metric_filter",
                    &format!("{}_{what}", transform.name),
                )
                .set("name", named(plan, &format!("{}_{what}", transform.name), limit::LONG))
                .set(
                    "log_group_name",
                    reference(format!("aws_cloudwatch_log_group.{}_job_output.name", transform.name)),
                )
                .set("pattern", "{ $.event = \"done\" }")
                .block(
                    Block::new("metric_transformation")
                        .set("name", name)
                        .set("namespace", names::METRIC_NAMESPACE)
                        .set("value", format!("$.{field}"))
                        .set("dimensions", object_of! { names::METRIC_TRANSFORM => "$.job" }),
                )
            };
            let rows = |name| {
                let dimensions = vec![(names::METRIC_TRANSFORM, Value::from(&transform.name))];
                metric(names::METRIC_NAMESPACE, name, dimensions)
            };
            let text = format!(
                "More than {percent} percent of the rows of {} are turned away",
                transform.name
            );
            let block = alarm(plan, monitor, &label, &text);
            vec![
                said(JOB_ROWS_IN, "rows_in"),
                said(JOB_ROWS_REJECTED, "rows_rejected"),
                part(block, percent, &rows(JOB_ROWS_REJECTED), &rows(JOB_ROWS_IN)),
            ]
        }
        Engine::Other(_) => crate::plan::refused(),
    }
}

/// A batch of a function that takes longer, or a job's run: Glue tells of that itself, while the run goes on.
fn duration(
    plan: &Plan,
    monitor: &Monitor,
    functions: &[StreamFunction<'_>],
    transform: &Transform,
    seconds: u64,
) -> Vec<Block> {
    let label = format!("{}_{}_duration", monitor.name, transform.name);
    match &transform.engine {
        Engine::Lambda(_) => {
            let text = format!("A batch of {} takes longer than {seconds} s", transform.name);
            let one = |(function, label): (String, String)| {
                let longest = metric("AWS/Lambda", "Duration", function_dimension(&function)).with("Maximum", 300);
                let block = alarm(plan, monitor, &label, &text);
                over(block, &longest, seconds as f64 * 1000.0, 1, "notBreaching")
            };
            readers(functions, transform, &label).into_iter().map(one).collect()
        }
        Engine::Glue(_) => {
            let pattern = object_of! {
                "source" => Value::List(vec!["aws.glue".into()]),
                "detail-type" => Value::List(vec!["Glue Job Run Status".into()]),
                "detail" => object_of! {
                    "jobName" => Value::List(vec![glue_job::name(&transform.name)]),
                },
            };
            let told = format!("A run of {} takes longer than {} min", transform.name, minutes(seconds));
            vec![
                Block::resource("aws_cloudwatch_event_rule", &label)
                    .set("name", named(plan, &label, limit::SIXTY_FOUR))
                    .set("description", told.as_str())
                    .set("event_pattern", call("jsonencode", [pattern])),
                Block::resource("aws_cloudwatch_event_target", &label)
                    .set("rule", reference(format!("aws_cloudwatch_event_rule.{label}.name")))
                    .set("arn", topic(&monitor.name))
                    .set("input", call("jsonencode", [object_of! { "alarm" => told.as_str() }])),
            ]
        }
        Engine::Emr(_) => {
            let text = format!("A run of {} takes longer than {} min", transform.name, minutes(seconds));
            let (period, periods) = lasting(seconds);
            let running = metric("AWS/EMRServerless", "RunningJobs", application(transform)).with("Minimum", period);
            let block = alarm(plan, monitor, &label, &text);
            vec![over(block, &running, 0.0, periods, "notBreaching")]
        }
        Engine::Other(_) => crate::plan::refused(),
    }
}

/// What EMR Serverless measures of an application, which has one job, and one run of it at a time.
/// <https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/app-job-metrics.html>
fn application(transform: &Transform) -> Vec<(&'static str, Value)> {
    vec![("ApplicationId", emr::id(&transform.name))]
}

/// A period, and how many of them last that long: an alarm looks back a day by periods of minutes, and a week by hours.
fn lasting(seconds: u64) -> (u32, u32) {
    let periods = |period: u64, most: u64| seconds.div_ceil(period).clamp(1, most) as u32;
    match seconds {
        ..=86_400 => (60, periods(60, 1_440)),
        _ => (3_600, periods(3_600, 168)),
    }
}

/// Glue counts in whole minutes.
pub fn minutes(seconds: u64) -> u64 {
    seconds.div_ceil(60).max(1)
}

/// After how many minutes Glue tells that a run of a job still goes on: the least that an alarm asks for.
pub fn told_after(plan: &Plan, transform: &str) -> Option<u64> {
    let alarms = plan.monitors.iter().flat_map(|monitor| &monitor.alarms);
    let asked = alarms.filter_map(|alarm| match alarm {
        Alarm::Duration {
            transform: of,
            over_seconds,
        } if of == transform => Some(minutes(*over_seconds)),
        _ => None,
    });
    asked.min()
}

/// Whether a monitor is told of something by an event, and not by an alarm of CloudWatch.
pub fn by_event(plan: &Plan, monitor: &Monitor) -> bool {
    let is_job = |name: &str| {
        plan.transform(name)
            .is_some_and(|transform| matches!(transform.engine, Engine::Glue(_)))
    };
    let replicated = plan.sources.iter().any(|source| source.replication.is_some());
    let first = plan.monitors.first().is_some_and(|first| first.name == monitor.name);
    replicated
        || (first && super::datazone::asked(plan))
        || monitor
            .alarms
            .iter()
            .any(|alarm| matches!(alarm, Alarm::Duration { transform, .. } if is_job(transform)))
}
