//! What is measured of topics and of the brokers behind them.
//!
//! Facts: <https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html>,
//! <https://docs.aws.amazon.com/msk/latest/developerguide/serverless-monitoring.html>.

use super::{cluster, group, jobs, managed, sources};
use crate::aws::metric::{Behind, alarm, function_dimension, metric};
use crate::aws::naming::{limit, named};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Cluster, Kafka, Monitor, Plan, Source, Transform, names};
use crate::{object_of, text_of};

const NAMESPACE: &str = "AWS/Kafka";
/// What a job's own log says of a topic in a cluster elsewhere, as a metric of the platform.
const JOB_RECORDS_BEHIND: &str = "JobRecordsBehind";
const SOURCE: &str = "Source";

/// How far the platform is behind a topic: its function, if one reads it, and each job, for each is a group of readers.
pub fn behind(plan: &Plan, source: &Source, kafka: &Kafka, by_function: bool) -> Vec<Behind> {
    let of = |group: Value, reader: Option<&Transform>| {
        let job = reader.map(|job| job.name.clone());
        if let Cluster::SelfManaged(_) = kafka.cluster {
            // Records that wait: of a cluster elsewhere nothing else is known, and the promise says how many are a second's.
            let metric = match reader {
                Some(job) => metric(names::METRIC_NAMESPACE, JOB_RECORDS_BEHIND, of_log(source, &job.name)),
                None => metric("AWS/Lambda", "OffsetLag", function_dimension(&source.name)),
            };
            let second = source.volume.as_ref().map(|volume| volume.records_per_second);
            return Behind { job, metric, second };
        }
        let dimensions = vec![
            ("Cluster Name", cluster::name(source, kafka)),
            ("Consumer Group", group),
            ("Topic", Value::from(&kafka.topic)),
        ];
        Behind {
            job,
            metric: metric(NAMESPACE, "EstimatedMaxTimeLag", dimensions),
            second: Some(1.0),
        }
    };
    let function = by_function.then(|| of(group(plan, source), None));
    let jobs = jobs::readers(plan, source).map(|job| of(jobs::group(plan, source, job), Some(job)));
    function.into_iter().chain(jobs).collect()
}

fn of_log(source: &Source, job: &str) -> Vec<(&'static str, Value)> {
    vec![
        (names::METRIC_TRANSFORM, job.into()),
        (SOURCE, names::source_argument(&source.name).into()),
    ]
}

/// What jobs say of clusters elsewhere, which nobody else measures: records that wait, as metrics.
pub fn told(plan: &Plan) -> Vec<Block> {
    let elsewhere = sources(plan).filter(|(_, kafka)| matches!(kafka.cluster, Cluster::SelfManaged(_)));
    let read = elsewhere.flat_map(|(source, _)| jobs::readers(plan, source).map(move |job| (source, job)));
    let of = |(source, job): (&Source, &Transform)| {
        let label = format!("{}_{}_behind", job.name, source.name);
        let said = names::source_argument(&source.name);
        Block::resource("aws_cloudwatch_log_metric_filter", &label)
            .set("name", named(plan, &label, limit::LONG))
            .set(
                "log_group_name",
                reference(format!("aws_cloudwatch_log_group.{}_job_output.name", job.name)),
            )
            .set("pattern", format!("{{ $.event = \"told\" && $.source = \"{said}\" }}"))
            .block(
                Block::new("metric_transformation")
                    .set("name", JOB_RECORDS_BEHIND)
                    .set("namespace", names::METRIC_NAMESPACE)
                    .set("value", "$.records_behind")
                    .set(
                        "dimensions",
                        object_of! { names::METRIC_TRANSFORM => "$.job", SOURCE => "$.source" },
                    ),
            )
    };
    read.map(of).collect()
}

/// What comes in of a serverless cluster's topic, or over all brokers, records a second; nothing is told of clusters elsewhere.
pub fn incoming(source: &Source, kafka: &Kafka) -> Option<Block> {
    let rows = Block::new("metric_query").set("id", "rows");
    match kafka.cluster {
        Cluster::SelfManaged(_) => None,
        Cluster::Serverless => {
            let dimensions = vec![
                ("Cluster Name", cluster::name(source, kafka)),
                ("Topic", Value::from(&kafka.topic)),
            ];
            let brought = metric(NAMESPACE, "MessagesInPerSec", dimensions).with("Average", 300);
            Some(brought.query("rows"))
        }
        Cluster::Provisioned(_) => Some(
            // Each broker tells once a minute: over a longer period its minutes would be added up as well.
            rows.set("expression", of_brokers(source, kafka, "SUM(MessagesInPerSec)"))
                .set("period", 60u32),
        ),
    }
}

/// Something of all brokers, as a query of CloudWatch: each has its own number.
fn of_brokers(source: &Source, kafka: &Kafka, what: &str) -> Value {
    text_of![
        format!(
            "SELECT {what} FROM SCHEMA(\"{NAMESPACE}\", \"Broker ID\", \"Cluster Name\") WHERE \"Cluster Name\" = '"
        ),
        cluster::name(source, kafka),
        "'"
    ]
}

/// Whose brokers have work or data beyond what is good for them.
pub fn alarms(plan: &Plan, monitor: &Monitor) -> Vec<Block> {
    let mut out = vec![];
    for (source, kafka) in managed(plan) {
        if !matches!(kafka.cluster, Cluster::Provisioned(_)) {
            continue;
        }
        let name = &source.name;
        let each = [
            (
                "disk",
                "MAX(KafkaDataLogsDiskUsed)",
                85.0,
                format!("A disk of the brokers of {name} is nearly full"),
            ),
            (
                "work",
                "MAX(CpuUser)",
                60.0,
                format!("A broker of {name} has no room to take over another's work"),
            ),
            (
                "offline",
                "MAX(OfflinePartitionsCount)",
                0.0,
                format!("A part of the topic of {name} cannot be reached"),
            ),
        ];
        for (label, what, threshold, text) in each {
            let query = match label {
                "offline" => text_of![
                    format!("SELECT {what} FROM SCHEMA(\"{NAMESPACE}\", \"Cluster Name\") WHERE \"Cluster Name\" = '"),
                    cluster::name(source, kafka),
                    "'"
                ],
                _ => of_brokers(source, kafka, what),
            };
            out.push(
                alarm(plan, monitor, &format!("{name}_brokers_{label}"), &text)
                    .set("evaluation_periods", 3u32)
                    .set("comparison_operator", "GreaterThanThreshold")
                    .set("threshold", threshold)
                    .set("treat_missing_data", "notBreaching")
                    .block(
                        Block::new("metric_query")
                            .set("id", "most")
                            .set("expression", query)
                            .set("period", 300u32)
                            .set("return_data", true),
                    ),
            );
        }
    }
    out
}
