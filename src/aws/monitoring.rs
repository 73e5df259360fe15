//! Topics, subscriptions, alarms and the dashboard. Knows which metric shows what; no alarm is without an action.

use super::naming::{self, limit, named};
use super::operations::{AGE, DATASET, FAILED, OVERDUE, PLATFORM};
use super::policy::{allow, deny, document};
use super::{api, firehose, function, glue_job, kinesis, landing, operations, orchestration};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::emit::states;
use crate::object_of;
use crate::plan::{Alarm, Engine, Input, Monitor, Plan, Shape, Source, Text, Transform, names, stream_functions};

/// The ARN of a monitor's topic.
pub fn topic(monitor: &str) -> Value {
    reference(format!("aws_sns_topic.{monitor}.arn"))
}

/// Topics, subscriptions, alarms and the dashboard.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for monitor in &plan.monitors {
        out.extend(notify(plan, monitor));
        out.extend(monitor.alarms.iter().flat_map(|alarm| declared(plan, monitor, alarm)));
    }
    if let Some(first) = plan.monitors.first() {
        out.extend(usual(plan, first));
        out.extend(ages(plan, first));
    }
    out.push(dashboard(plan));
    out
}

fn notify(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let label = &monitor.name;
    let publish = allow("Alarms", &["sns:Publish"], [topic(label)])
        .service(list(["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]))
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

/// A metric: where it is, and of what.
struct Metric {
    namespace: &'static str,
    name: &'static str,
    dimensions: Vec<(&'static str, Value)>,
    statistic: &'static str,
    period: u32,
}

fn metric(namespace: &'static str, name: &'static str, dimensions: Vec<(&'static str, Value)>) -> Metric {
    Metric {
        namespace,
        name,
        dimensions,
        statistic: "Sum",
        period: 300,
    }
}

impl Metric {
    fn with(mut self, statistic: &'static str, period: u32) -> Metric {
        self.statistic = statistic;
        self.period = period;
        self
    }

    fn dimensions(&self) -> Value {
        object(
            self.dimensions
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone())),
        )
    }

    /// As a line of a dashboard's widget.
    fn line(&self, label: &str) -> Value {
        let mut out: Vec<Value> = vec![self.namespace.into(), self.name.into()];
        for (name, value) in &self.dimensions {
            out.extend([Value::from(*name), value.clone()]);
        }
        out.push(object_of! { "stat" => self.statistic, "label" => label });
        Value::List(out)
    }

    /// As a part of a formula.
    fn query(&self, id: &str) -> Block {
        Block::new("metric_query").set("id", id).block(
            Block::new("metric")
                .set("namespace", self.namespace)
                .set("metric_name", self.name)
                .set("dimensions", self.dimensions())
                .set("stat", self.statistic)
                .set("period", self.period),
        )
    }
}

fn alarm(plan: &Plan, monitor: &Monitor, label: &str, description: &str) -> Block {
    Block::resource("aws_cloudwatch_metric_alarm", label)
        .set("alarm_name", named(plan, label, limit::LONG))
        .set("alarm_description", description)
        .set("alarm_actions", vec![topic(&monitor.name)])
        .set("ok_actions", vec![topic(&monitor.name)])
}

/// An alarm that rings when a metric is over a threshold for so many periods.
fn over(block: Block, metric: &Metric, threshold: f64, periods: u32, missing: &str) -> Block {
    block
        .set("namespace", metric.namespace)
        .set("metric_name", metric.name)
        .set("dimensions", metric.dimensions())
        .set("statistic", metric.statistic)
        .set("period", metric.period)
        .set("evaluation_periods", periods)
        .set("comparison_operator", "GreaterThanThreshold")
        .set("threshold", threshold)
        .set("treat_missing_data", missing)
}

fn place(name: &str) -> Vec<(&'static str, Value)> {
    vec![(PLATFORM, reference("local.prefix")), (DATASET, name.into())]
}

fn declared(plan: &Plan, monitor: &Monitor, declared: &Alarm) -> Vec<Block> {
    let with = |what: &str| format!("{}_{what}", monitor.name);
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
            let stream = reference(format!("{}.name", kinesis::address(from)));
            let metric = metric(
                "AWS/Kinesis",
                "GetRecords.IteratorAgeMilliseconds",
                vec![("StreamName", stream)],
            )
            .with("Maximum", 60);
            let block = alarm(plan, monitor, &with(&format!("{source}_lag")), &text);
            vec![over(block, &metric, *over_seconds as f64 * 1000.0, 5, "notBreaching")]
        }
        Alarm::Errors {
            transform,
            over_percent,
        } => {
            let Some(transform) = plan.transform(transform) else {
                return vec![];
            };
            errors(plan, monitor, transform, *over_percent).into_iter().collect()
        }
        // A budget tells of costs: see there.
        Alarm::Cost { .. } => vec![],
    }
}

fn errors(plan: &Plan, monitor: &Monitor, transform: &Transform, percent: f64) -> Option<Block> {
    let (bad, all, text) = match &transform.engine {
        Engine::Lambda(_) => {
            let reader = reader(plan, transform)?;
            let rows = |name| {
                metric(
                    names::METRIC_NAMESPACE,
                    name,
                    transform_dimensions(&reader, &transform.name),
                )
            };
            let text = format!(
                "More than {percent} percent of the rows of {} are turned away",
                transform.name
            );
            (rows(names::METRIC_ROWS_REJECTED), rows(names::METRIC_ROWS_IN), text)
        }
        Engine::Glue(_) if transform.shape == Shape::Stream => {
            let tasks = |name| {
                let dimensions = vec![
                    ("JobName", glue_job::name(&transform.name)),
                    ("JobRunId", "ALL".into()),
                    ("Type", "count".into()),
                ];
                metric("Glue", name, dimensions)
            };
            let text = format!("More than {percent} percent of the tasks of {} fail", transform.name);
            let failed = "glue.driver.aggregate.numFailedTasks";
            (tasks(failed), tasks("glue.driver.aggregate.numCompletedTasks"), text)
        }
        Engine::Glue(_) => {
            let schedule = plan.schedules.iter().find(|schedule| {
                let mut jobs = states::waves(plan, schedule).into_iter().flatten();
                jobs.any(|(name, _)| name == transform.name)
            })?;
            let runs = |name| metric("AWS/States", name, machine_dimension(&schedule.name)).with("Sum", 86_400);
            let text = format!(
                "More than {percent} percent of the runs of {} failed in a day",
                schedule.name
            );
            (runs("ExecutionsFailed"), runs("ExecutionsStarted"), text)
        }
        Engine::Other(_) => crate::plan::refused(),
    };
    let label = format!("{}_{}_errors", monitor.name, transform.name);
    let share = Block::new("metric_query")
        .set("id", "share")
        .set("expression", "IF(total > 0, 100 * FILL(bad, 0) / total, 0)")
        .set("label", "percent")
        .set("return_data", true);
    Some(
        alarm(plan, monitor, &label, &text)
            .set("evaluation_periods", 1u32)
            .set("comparison_operator", "GreaterThanThreshold")
            .set("threshold", percent)
            .set("treat_missing_data", "notBreaching")
            .block(share)
            .block(bad.query("bad"))
            .block(all.query("total")),
    )
}

fn function_dimension(label: &str) -> Vec<(&'static str, Value)> {
    let name = reference(format!("aws_lambda_function.{label}.function_name"));
    vec![(names::METRIC_DIMENSION, name)]
}

/// The dimensions of a transform's own metrics, in the function that runs it.
fn transform_dimensions(function: &str, transform: &str) -> Vec<(&'static str, Value)> {
    let mut dimensions = function_dimension(function);
    dimensions.push((names::METRIC_TRANSFORM, transform.into()));
    dimensions
}

/// The function that runs a transform.
fn reader(plan: &Plan, transform: &Transform) -> Option<String> {
    let functions = stream_functions(plan);
    let found = functions
        .iter()
        .find(|function| function.transforms.iter().any(|one| one.name == transform.name));
    found.map(|function| function.source.name.clone())
}

fn machine_dimension(schedule: &str) -> Vec<(&'static str, Value)> {
    vec![(
        "StateMachineArn",
        reference(format!("aws_sfn_state_machine.{schedule}.arn")),
    )]
}

fn queues(plan: &Plan) -> Vec<String> {
    let own = [orchestration::MISSED.to_string(), FAILED.to_string()];
    stream_functions(plan)
        .iter()
        .map(|function| function::queue_label(&function.source.name))
        .chain(own)
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

fn delivery(label: &str, name: &'static str) -> Metric {
    let stream = reference(format!("aws_kinesis_firehose_delivery_stream.{label}.name"));
    metric("AWS/Firehose", name, vec![("DeliveryStreamName", stream)])
}

/// How far the job of a stream may be behind before someone is told, milliseconds: longer than it takes to start again.
const BEHIND: f64 = 1_800_000.0;

/// How old the oldest record is that a job of a stream has not read yet; each source once.
fn ages(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let read = |source: &&Source| {
        let mut jobs = glue_job::jobs(plan).map(|(transform, _)| transform);
        jobs.any(|transform| plan.reads(transform).contains(&&Input::Stream(source.name.clone())))
    };
    let of = |source: &Source| {
        let stream = reference(format!("{}.name", kinesis::address(source)));
        let age = metric(
            "AWS/Kinesis",
            "GetRecords.IteratorAgeMilliseconds",
            vec![("StreamName", stream)],
        );
        let text = format!(
            "A job on {} is more than half an hour behind, or stands still",
            source.name
        );
        let block = alarm(plan, monitor, &format!("{}_age", source.name), &text);
        over(block, &age.with("Maximum", 300), BEHIND, 1, "notBreaching")
    };
    plan.sources.iter().filter(read).map(of).collect()
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
    let landing = landing::function_label(plan);
    for name in functions.chain(names::OPERATIONS.map(operations::label)).chain(landing) {
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
    for label in firehose::labels(plan) {
        let late = delivery(&label, "DeliveryToS3.DataFreshness").with("Maximum", 300);
        let limit = f64::from(3 * firehose::BUFFER_SECONDS);
        out.push(ring(
            format!("{label}_delivery_late"),
            format!("Rows wait too long in {label}"),
            late,
            limit,
        ));
    }
    for rows in firehose::deliveries(plan) {
        let failed = delivery(&rows.label, "FailedConversion.Records");
        let text = format!(
            "Rows of {} do not fit the schema of {}",
            rows.transform.name, rows.dataset.id
        );
        out.push(ring(format!("{}_conversion", rows.label), text, failed, 0.0));
    }
    for source in plan.sources.iter().filter(|source| source.is_kinesis()) {
        let stream = reference(format!("{}.name", kinesis::address(source)));
        let full = metric(
            "AWS/Kinesis",
            "WriteProvisionedThroughputExceeded",
            vec![("StreamName", stream)],
        );
        out.push(ring(
            format!("{}_full", source.name),
            format!("Producers of {} are throttled", source.name),
            full,
            0.0,
        ));
    }
    for (source, name, stage) in api::names(plan) {
        let failed = metric("AWS/ApiGateway", "5XXError", vec![("ApiName", name), ("Stage", stage)]);
        let text = format!("Requests of {source} are not delivered");
        out.push(ring(format!("{source}_api_errors"), text, failed, 0.0));
    }
    for schedule in &plan.schedules {
        for (what, metric_name) in [("failed", "ExecutionsFailed"), ("timed_out", "ExecutionsTimedOut")] {
            let metric = metric("AWS/States", metric_name, machine_dimension(&schedule.name));
            let text = format!("A run of {} {}", schedule.name, what.replace('_', " "));
            out.push(ring(format!("{}_{what}", schedule.name), text, metric, 0.0));
        }
    }
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
    out
}

fn dashboard(plan: &Plan) -> Block {
    let mut widgets: Vec<(String, Vec<Value>)> = vec![];
    let ages = plan.datasets.keys().map(|id| {
        let name = id.to_string();
        metric(names::METRIC_NAMESPACE, AGE, place(&name))
            .with("Maximum", 900)
            .line(&name)
    });
    widgets.push(("Age of the newest object, seconds".into(), ages.collect()));
    let functions = stream_functions(plan);
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
        let stream = || vec![("StreamName", reference(format!("{}.name", kinesis::address(source))))];
        let behind = metric("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", stream()).with("Maximum", 60);
        let records = metric("AWS/Kinesis", "IncomingRecords", stream());
        widgets.push((
            format!("Stream {}", source.name),
            vec![behind.line("behind, ms"), records.line("records")],
        ));
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
    let late = late.iter().map(|label| {
        delivery(label, "DeliveryToS3.DataFreshness")
            .with("Maximum", 300)
            .line(label)
    });
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
