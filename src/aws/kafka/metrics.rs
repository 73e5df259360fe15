//! What is measured of topics and of the brokers behind them.
//!
//! Facts: <https://docs.aws.amazon.com/msk/latest/developerguide/metrics-details.html>,
//! <https://docs.aws.amazon.com/msk/latest/developerguide/serverless-monitoring.html>.

use super::{cluster, group, managed};
use crate::aws::metric::{Metric, alarm, function_dimension, metric};
use crate::emit::hcl::{Block, Value};
use crate::plan::{Cluster, Kafka, Monitor, Plan, Source};
use crate::text_of;

const NAMESPACE: &str = "AWS/Kafka";

/// How far the platform is behind a topic, and how much of that metric is a second.
pub fn behind(plan: &Plan, source: &Source, kafka: &Kafka) -> (Metric, f64) {
    if let Cluster::SelfManaged(_) = kafka.cluster {
        // Records that wait: of a cluster elsewhere nothing else is known, and the promise says how many are a second's.
        let waiting = metric("AWS/Lambda", "OffsetLag", function_dimension(&source.name));
        return (
            waiting,
            source.volume.as_ref().map_or(1.0, |volume| volume.records_per_second),
        );
    }
    let dimensions = vec![
        ("Cluster Name", cluster::name(source, kafka)),
        ("Consumer Group", group(plan, source)),
        ("Topic", Value::from(&kafka.topic)),
    ];
    (metric(NAMESPACE, "EstimatedMaxTimeLag", dimensions), 1.0)
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
            rows.set("expression", of_brokers(source, kafka, "SUM(MessagesInPerSec)"))
                .set("period", 300u32),
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
