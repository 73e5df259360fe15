//! Topics, subscriptions, the alarms that every platform has, and the dashboard. Knows which metric shows what; no alarm
//! is without an action.

use std::collections::BTreeSet;

use super::metric::{
    Behind, Metric, alarm, behind, function_dimension, machine_dimension, metric, of_delivery, of_stream, over, place,
    transform_dimensions, under,
};
use super::naming::{self, limit, named};
use super::operations::{AGE, FAILED, OVERDUE, PLATFORM};
use super::policy::{allow, deny, document};
use super::{
    alarms, api, channels, datazone, erasure, firehose, function, iot, kafka, landing, operations, orchestration,
    partitions, sinks, sqs, table_purge, uploads,
};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::object_of;
use crate::plan::{Format, Monitor, Plan, Source, StreamFunction, Text, names, stream_functions};

/// The ARN of a monitor's topic.
pub fn topic(monitor: &str) -> Value {
    reference(format!("aws_sns_topic.{monitor}.arn"))
}

/// Topics, subscriptions, alarms and the dashboard.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    let functions = stream_functions(plan);
    for monitor in &plan.monitors {
        out.extend(notify(plan, monitor));
        out.extend(channels::blocks(plan, monitor));
        out.extend(alarms::blocks(plan, monitor, &functions));
    }
    if let Some(first) = plan.monitors.first() {
        out.extend(usual(plan, first));
        out.extend(ages(plan, first, &functions));
        out.extend(datazone::alarms(plan, first));
    }
    out.extend(kafka::told(plan));
    out.push(dashboard(plan, &functions));
    out
}

/// The services that tell topics of monitors of something, and use their key for it.
pub fn senders(plan: &Plan, by_event: bool) -> Vec<&'static str> {
    let mut all = vec!["budgets.amazonaws.com", "cloudwatch.amazonaws.com"];
    all.extend(plan.pipeline.budget.map(|_| "costalerts.amazonaws.com"));
    all.extend(by_event.then_some("events.amazonaws.com"));
    all
}

fn notify(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let label = &monitor.name;
    let publish = allow("Alarms", &["sns:Publish"], [topic(label)])
        .service(list(senders(plan, alarms::by_event(plan, monitor))))
        .when("StringEquals", "aws:SourceAccount", reference("local.account"));
    let tls = deny("TlsOnly", &["sns:Publish"], [topic(label)]).when("Bool", "aws:SecureTransport", "false");
    let mut out = vec![
        Block::resource("aws_sns_topic", label)
            .set("name", named(plan, label, limit::LONG))
            .set("kms_master_key_id", reference(super::policy::KEY)),
        Block::resource("aws_sns_topic_policy", label)
            .set("arn", topic(label))
            .set("policy", document([publish, tls])),
    ];
    out.extend(monitor.emails.iter().enumerate().map(|(index, email)| {
        let endpoint = match email {
            Text::Literal(address) => Value::from(address),
            Text::Param(name) => reference(format!("var.{}", naming::variable(name))),
        };
        Block::resource("aws_sns_topic_subscription", &format!("{label}_{}", index + 1))
            .set("topic_arn", topic(label))
            .set("protocol", "email")
            .set("endpoint", endpoint)
    }));
    out
}

fn queues(plan: &Plan) -> Vec<String> {
    let own = [orchestration::MISSED.to_string(), FAILED.to_string()];
    stream_functions(plan)
        .iter()
        .filter(|function| function.source.queue().is_none())
        .map(|function| function::queue_label(&function.source.name))
        .chain(own)
        .chain(sqs::dead_letters(plan))
        .chain(iot::dead_letters(plan))
        .chain(sinks::dead_letters(plan))
        .collect()
}

fn depth(queue: &str) -> Metric {
    let name = reference(format!("aws_sqs_queue.{queue}.name"));
    metric(
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        vec![("QueueName", name)],
    )
    .with("Maximum", 300)
}

/// The delivery streams that write to tables of Iceberg, by their labels.
fn of_tables(plan: &Plan) -> BTreeSet<String> {
    let rows = firehose::deliveries(plan).filter(|rows| rows.dataset.format == Format::Iceberg);
    rows.map(|rows| rows.label).collect()
}

/// How old the oldest row is that a delivery stream still has.
fn waiting(label: &str, of_tables: &BTreeSet<String>) -> Metric {
    let name = match of_tables.contains(label) {
        true => "DeliveryToIceberg.DataFreshness",
        false => "DeliveryToS3.DataFreshness",
    };
    of_delivery(label, name).with("Maximum", 300)
}

/// How far the job of a stream may be behind before someone is told, seconds: longer than it takes to start again.
const BEHIND: f64 = 1_800.0;

/// How old the oldest record is that a job of a stream has not read yet; each source once.
fn ages(plan: &Plan, monitor: &Monitor, functions: &[StreamFunction<'_>]) -> Vec<Block> {
    let read = |source: &&Source| kafka::jobs::readers(plan, source).next().is_some();
    let of = |source: &Source| -> Vec<Block> {
        let text = format!(
            "A job on {} is more than half an hour behind, or stands still",
            source.name
        );
        let mut jobs = behind(plan, source, functions);
        jobs.retain(|reader| reader.job.is_some() || source.kafka().is_none());
        let several = jobs.len() > 1;
        let of = |reader: Behind| {
            let label = reader.label(&format!("{}_age", source.name), several);
            let most = BEHIND * reader.second?;
            let block = alarm(plan, monitor, &label, &text);
            Some(over(
                block,
                &reader.metric.with("Maximum", 300),
                most,
                1,
                "notBreaching",
            ))
        };
        jobs.into_iter().filter_map(of).collect()
    };
    plan.sources.iter().filter(read).flat_map(of).collect()
}

/// What sinks, queues, requests and runs measure: a label, what an alarm says, what it watches, and over which threshold.
fn watched(plan: &Plan) -> Vec<(String, String, Metric, f64)> {
    let mut all: Vec<_> = sinks::watched(plan).into_iter().chain(sqs::watched(plan)).collect();
    all.extend(requests_and_runs(plan));
    all.extend(delivered(plan));
    all
}

/// What delivery streams have, do not take, and cannot write.
fn delivered(plan: &Plan) -> Vec<(String, String, Metric, f64)> {
    let mut out = vec![];
    let of_tables = of_tables(plan);
    for label in firehose::labels(plan) {
        let text = format!("Rows wait too long in {label}");
        let limit = f64::from(3 * names::DELIVERY_BUFFER_SECONDS);
        let metric = waiting(&label, &of_tables);
        out.push((format!("{label}_delivery_late"), text, metric, limit));
    }
    for source in plan.sources.iter().filter(|source| source.gathered().is_some()) {
        let label = firehose::landing_label(&source.name);
        let text = format!("Senders of {} are throttled", source.name);
        out.push((
            format!("{label}_full"),
            text,
            of_delivery(&label, "ThrottledRecords"),
            0.0,
        ));
    }
    for rows in firehose::deliveries(plan) {
        let failed = match rows.dataset.format {
            Format::Iceberg => of_delivery(&rows.label, "DeliveryToIceberg.FailedRowCount"),
            _ => of_delivery(&rows.label, "FailedConversion.Records"),
        };
        let text = format!(
            "Rows of {} do not fit the schema of {}",
            rows.transform.name, rows.dataset.id
        );
        out.push((format!("{}_conversion", rows.label), text, failed, 0.0));
    }
    out
}

/// What every platform watches, declared or not; the first monitor is told.
fn usual(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let ring = |label: String, text: String, metric: Metric, threshold: f64| {
        over(
            alarm(plan, monitor, &label, &text),
            &metric,
            threshold,
            1,
            "notBreaching",
        )
    };
    let mut out = vec![];
    for queue in queues(plan) {
        out.push(ring(
            format!("{queue}_depth"),
            format!("Something is in {queue}"),
            depth(&queue),
            0.0,
        ));
    }
    let functions = stream_functions(plan);
    let functions = functions.iter().map(|function| function.source.name.clone());
    let own = names::OPERATIONS.map(operations::label).into_iter();
    let own = own
        .chain(landing::function_label(plan))
        .chain(uploads::function_label(plan))
        .chain(partitions::function_label(plan))
        .chain(erasure::function_label(plan))
        .chain(super::kafka::function_label(plan));
    for name in functions.chain(own.chain(sinks::purger(plan))) {
        for (what, text) in [("Errors", "fails"), ("Throttles", "is throttled")] {
            let metric = metric("AWS/Lambda", what, function_dimension(&name));
            out.push(ring(
                format!("{name}_{}", what.to_lowercase()),
                format!("The function {name} {text}"),
                metric,
                0.0,
            ));
        }
    }
    for source in plan.sources.iter().filter(|source| source.is_kinesis()) {
        let full = of_stream(source, "WriteProvisionedThroughputExceeded");
        out.push(ring(
            format!("{}_full", source.name),
            format!("Producers of {} are throttled", source.name),
            full,
            0.0,
        ));
    }
    for (label, text, metric, limit) in watched(plan) {
        out.push(ring(label, text, metric, limit));
    }
    out.extend(alarms::broken_promises(plan, monitor));
    let overdue = metric(
        names::METRIC_NAMESPACE,
        OVERDUE,
        vec![(PLATFORM, reference("local.prefix"))],
    )
    .with("Maximum", 86_400);
    let block = alarm(
        plan,
        monitor,
        "overdue",
        "Something that should be purged is still there, or nobody looked",
    );
    out.push(over(block, &overdue, 0.0, 1, "breaching"));
    let missed = table_purge::missed(plan).into_iter();
    out.extend(missed.map(|(label, text, ended)| under(alarm(plan, monitor, &label, &text), &ended, 1.0)));
    out.extend(
        sinks::overdue(plan)
            .into_iter()
            .map(|(label, text, overdue)| over(alarm(plan, monitor, &label, &text), &overdue, 0.0, 1, "breaching")),
    );
    out.extend(super::redshift::alarms(plan, monitor));
    out.extend(super::quicksight::alarms(plan, monitor));
    out.extend(super::dms::alarms(plan, monitor));
    out.extend(super::kafka::alarms(plan, monitor));
    out
}

/// Requests that fail, and runs of schedules: a label, what is said, the metric, and from where on it rings.
fn requests_and_runs(plan: &Plan) -> Vec<(String, String, Metric, f64)> {
    let mut out = vec![];
    for (source, name, stage) in api::names(plan) {
        let failed = metric("AWS/ApiGateway", "5XXError", vec![("ApiName", name), ("Stage", stage)]);
        let text = format!("Requests of {source} are not delivered");
        out.push((format!("{source}_api_errors"), text, failed, 0.0));
    }
    for (source, api) in uploads::apis(plan) {
        let failed = metric("AWS/ApiGateway", "5xx", vec![("ApiId", api)]);
        let text = format!("Requests for uploads of {source} fail");
        out.push((format!("{source}_uploads_errors"), text, failed, 0.0));
    }
    let machines = plan.schedules.iter().map(|schedule| schedule.name.as_str());
    for name in machines.chain(erasure::asked(plan).then_some(names::ERASE)) {
        for (what, metric_name) in [("failed", "ExecutionsFailed"), ("timed_out", "ExecutionsTimedOut")] {
            let metric = metric("AWS/States", metric_name, machine_dimension(name));
            let text = format!("A run of {name} {}", what.replace('_', " "));
            out.push((format!("{name}_{what}"), text, metric, 0.0));
        }
    }
    out
}

fn dashboard(plan: &Plan, functions: &[StreamFunction<'_>]) -> Block {
    let mut widgets: Vec<(String, Vec<Value>)> = vec![];
    let ages = plan.own_datasets().map(|dataset| {
        let name = dataset.id.to_string();
        metric(names::METRIC_NAMESPACE, AGE, place(&name))
            .with("Maximum", 900)
            .line(&name)
    });
    widgets.push(("Age of the newest object, seconds".into(), ages.collect()));
    let transforms = functions.iter().flat_map(|function| {
        function
            .transforms
            .iter()
            .map(|transform| (&function.source.name, transform))
    });
    for (function, transform) in transforms {
        let lines = [
            (names::METRIC_ROWS_IN, "in"),
            (names::METRIC_ROWS_OUT, "out"),
            (names::METRIC_ROWS_REJECTED, "turned away"),
            (names::METRIC_ROWS_UNDELIVERED, "undelivered"),
        ];
        let dimensions = || transform_dimensions(function, &transform.name);
        let rows = |(name, label)| metric(names::METRIC_NAMESPACE, name, dimensions()).line(label);
        widgets.push((format!("Rows of {}", transform.name), lines.map(rows).to_vec()));
    }
    for source in plan.sources.iter().filter(|source| source.is_kinesis()) {
        let behind = of_stream(source, "GetRecords.IteratorAgeMilliseconds").with("Maximum", 60);
        let records = of_stream(source, "IncomingRecords");
        widgets.push((
            format!("Stream {}", source.name),
            vec![behind.line("behind, ms"), records.line("records")],
        ));
    }
    for source in plan
        .sources
        .iter()
        .filter(|source| source.kafka().is_some() || source.queue().is_some())
    {
        let title = format!("Behind {}", source.name);
        let readers = behind(plan, source, functions).into_iter();
        let line = |reader: Behind| {
            let name = reader.job.as_deref().map(|job| format!("behind: {job}"));
            reader.metric.line(name.as_deref().unwrap_or("behind"))
        };
        widgets.push((title, readers.map(line).collect()));
    }
    for schedule in &plan.schedules {
        let lines = ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed"]
            .map(|name| metric("AWS/States", name, machine_dimension(&schedule.name)).line(name));
        widgets.push((format!("Schedule {}", schedule.name), lines.to_vec()));
    }
    widgets.push((
        "Dead letters".into(),
        queues(plan).iter().map(|queue| depth(queue).line(queue)).collect(),
    ));
    let late = firehose::labels(plan);
    let of_tables = of_tables(plan);
    let late = late.iter().map(|label| waiting(label, &of_tables).line(label));
    widgets.push(("Rows waiting in Firehose, seconds".into(), late.collect()));
    let widgets: Vec<Value> = widgets
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .enumerate()
        .map(|(index, (title, lines))| widget(index as u32, &title, lines))
        .collect();
    Block::resource("aws_cloudwatch_dashboard", "platform")
        .set("dashboard_name", reference("local.prefix"))
        .set(
            "dashboard_body",
            call("jsonencode", [object_of! { "widgets" => Value::List(widgets) }]),
        )
}

fn widget(index: u32, title: &str, lines: Vec<Value>) -> Value {
    object_of! {
        "type" => "metric",
        "x" => index % 2 * 12,
        "y" => index / 2 * 6,
        "width" => 12u32,
        "height" => 6u32,
        "properties" => object_of! {
            "title" => title,
            "region" => reference("var.region"),
            "view" => "timeSeries",
            "period" => 300u32,
            "metrics" => Value::List(lines),
        },
    }
}
