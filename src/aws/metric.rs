//! Metrics of CloudWatch, as alarms, formulas and dashboards have them. Knows which dimensions a metric has, not what is watched.

use super::monitoring::topic;
use super::naming::{limit, named};
use super::operations::{DATASET, PLATFORM};
use super::{firehose, kafka, kinesis, sqs, uploads};
use crate::emit::hcl::{Block, Value, object, reference};
use crate::object_of;
use crate::plan::{From, Monitor, Plan, Source, StreamFunction, Transform, names};

/// A metric: where it is, and of what.
pub struct Metric {
    namespace: &'static str,
    name: &'static str,
    dimensions: Vec<(&'static str, Value)>,
    statistic: &'static str,
    pub period: u32,
}

pub fn metric(namespace: &'static str, name: &'static str, dimensions: Vec<(&'static str, Value)>) -> Metric {
    Metric {
        namespace,
        name,
        dimensions,
        statistic: "Sum",
        period: 300,
    }
}

impl Metric {
    pub fn with(mut self, statistic: &'static str, period: u32) -> Metric {
        self.statistic = statistic;
        self.period = period;
        self
    }

    pub fn dimensions(&self) -> Value {
        object(
            self.dimensions
                .iter()
                .map(|(name, value)| (name.to_string(), value.clone())),
        )
    }

    /// As a line of a dashboard's widget.
    pub fn line(&self, label: &str) -> Value {
        let mut out: Vec<Value> = vec![self.namespace.into(), self.name.into()];
        for (name, value) in &self.dimensions {
            out.extend([Value::from(*name), value.clone()]);
        }
        out.push(object_of! { "stat" => self.statistic, "label" => label });
        Value::List(out)
    }

    /// As a part of a formula.
    pub fn query(&self, id: &str) -> Block {
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

pub fn alarm(plan: &Plan, monitor: &Monitor, label: &str, description: &str) -> Block {
    Block::resource("aws_cloudwatch_metric_alarm", label)
        .set("alarm_name", named(plan, label, limit::LONG))
        .set("alarm_description", description)
        .set("alarm_actions", vec![topic(&monitor.name)])
        .set("ok_actions", vec![topic(&monitor.name)])
}

/// An alarm that rings when a metric is over a threshold for so many periods.
pub fn over(block: Block, metric: &Metric, threshold: f64, periods: u32, missing: &str) -> Block {
    rings(block, metric, ("GreaterThanThreshold", threshold), periods, missing)
}

/// An alarm that rings when a metric is under a threshold for one period, or there is none of it.
pub fn under(block: Block, metric: &Metric, threshold: f64) -> Block {
    rings(block, metric, ("LessThanThreshold", threshold), 1, "breaching")
}

fn rings(block: Block, metric: &Metric, when: (&str, f64), periods: u32, missing: &str) -> Block {
    block
        .set("namespace", metric.namespace)
        .set("metric_name", metric.name)
        .set("dimensions", metric.dimensions())
        .set("statistic", metric.statistic)
        .set("period", metric.period)
        .set("evaluation_periods", periods)
        .set("comparison_operator", when.0)
        .set("threshold", when.1)
        .set("treat_missing_data", missing)
}

pub fn place(name: &str) -> Vec<(&'static str, Value)> {
    vec![(PLATFORM, reference("local.prefix")), (DATASET, name.into())]
}

pub fn function_dimension(label: &str) -> Vec<(&'static str, Value)> {
    let name = reference(format!("aws_lambda_function.{label}.function_name"));
    vec![(names::METRIC_DIMENSION, name)]
}

/// The dimensions of a transform's own metrics, in the function that runs it.
pub fn transform_dimensions(function: &str, transform: &str) -> Vec<(&'static str, Value)> {
    let mut dimensions = function_dimension(function);
    dimensions.push((names::METRIC_TRANSFORM, transform.into()));
    dimensions
}

/// What Kinesis measures of a source's stream.
pub fn of_stream(source: &Source, name: &'static str) -> Metric {
    let stream = reference(format!("{}.name", kinesis::address(source)));
    metric("AWS/Kinesis", name, vec![("StreamName", stream)])
}

/// What Firehose measures of a delivery stream.
pub fn of_delivery(label: &str, name: &'static str) -> Metric {
    let stream = reference(format!("aws_kinesis_firehose_delivery_stream.{label}.name"));
    metric("AWS/Firehose", name, vec![("DeliveryStreamName", stream)])
}

/// How far behind a source a reader of it is.
pub struct Behind {
    /// The job that it is; `None` is the function, or all readers where nothing tells them apart.
    pub job: Option<String>,
    pub metric: Metric,
    /// How much of that metric is a second, where anybody knows.
    pub second: Option<f64>,
}

impl Behind {
    /// What is made for it, where it is one of `several`.
    pub fn label(&self, label: &str, several: bool) -> String {
        match &self.job {
            Some(job) if several => format!("{label}_{job}"),
            _ => label.to_owned(),
        }
    }
}

/// How far behind a source its readers are, in a platform with these functions.
pub fn behind(plan: &Plan, source: &Source, functions: &[StreamFunction<'_>]) -> Vec<Behind> {
    let one = |metric, second| {
        vec![Behind {
            job: None,
            metric,
            second: Some(second),
        }]
    };
    let found = match &source.from {
        From::Kafka(topic) => {
            let by_function = functions.iter().any(|function| function.source.name == source.name);
            kafka::behind(plan, source, topic, by_function)
        }
        From::Queue(queue) => one(sqs::of_queue(source, queue, "ApproximateAgeOfOldestMessage"), 1.0),
        _ => one(of_stream(source, "GetRecords.IteratorAgeMilliseconds"), 1_000.0),
    };
    let minutely = found.into_iter().map(|behind| Behind {
        metric: behind.metric.with("Maximum", 60),
        ..behind
    });
    minutely.collect()
}

/// What a source brings, as the part `rows` of a formula, and how many seconds each of its values counts; nothing where
/// nobody counts.
pub fn incoming(source: &Source) -> Option<(Block, f64)> {
    let counted = match &source.from {
        From::Kafka(topic) => return Some((kafka::incoming(source, topic)?, 1.0)),
        From::Queue(queue) => sqs::of_queue(source, queue, "NumberOfMessagesSent"),
        From::Kinesis(_) => of_stream(source, "IncomingRecords"),
        From::Firehose(_) => of_delivery(&firehose::landing_label(&source.name), "IncomingRecords"),
        From::Objects if source.api.is_some() => {
            metric("AWS/ApiGateway", "Count", vec![("ApiId", uploads::api_id(source))])
        }
        From::Objects | From::Http | From::Files(_) | From::Poll(_) | From::Project(_) | From::Other(_) => return None,
    };
    let seconds = f64::from(counted.period);
    Some((counted.query("rows"), seconds))
}

/// The functions, of those of a platform, that run a transform: one a source of its, where it unites several. Each comes with
/// the name of what is made for it.
pub fn readers(functions: &[StreamFunction<'_>], transform: &Transform, label: &str) -> Vec<(String, String)> {
    let found = functions
        .iter()
        .filter(|function| function.transforms.iter().any(|one| one.name == transform.name));
    let found: Vec<String> = found.map(|function| function.source.name.clone()).collect();
    match found.as_slice() {
        [one] => vec![(one.clone(), label.to_owned())],
        all => all
            .iter()
            .map(|name| (name.clone(), format!("{label}_{name}")))
            .collect(),
    }
}

pub fn machine_dimension(schedule: &str) -> Vec<(&'static str, Value)> {
    vec![(
        "StateMachineArn",
        reference(format!("aws_sfn_state_machine.{schedule}.arn")),
    )]
}
