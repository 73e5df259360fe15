//! Topics of managed clusters: Terraform's own resource where there are brokers; in a serverless cluster, of which that knows
//! nothing, a function makes them while Terraform waits.
//!
//! Facts: <https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html>,
//! <https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html>.

use super::{arn, bootstrap, cluster, managed, topic_arn};
use crate::aws::operations::{self, Size};
use crate::aws::policy::{Statement, allow};
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::object_of;
use crate::plan::{Brokers, Cluster, Files, Kafka, Plan, Source, largest_message, names};

/// The source of the function that makes topics, and what pip puts beside it.
const SOURCE: &str = include_str!("../../../stdlib/ops/make_topics.py");
const REQUIREMENTS: &str = include_str!("../../../stdlib/ops/make_topics.requirements.txt");
/// A log is cut into pieces of this age at most, milliseconds: only whole pieces are deleted.
const PIECE_MS: u64 = 3_600_000;

/// All topics.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let of = |(source, kafka): (&Source, &Kafka)| match &kafka.cluster {
        Cluster::Provisioned(brokers) => Some(topic(source, kafka, brokers)),
        Cluster::Serverless => Some(made(source, kafka)),
        Cluster::SelfManaged(_) => None,
    };
    let topics: Vec<Block> = managed(plan).filter_map(of).collect();
    topics.into_iter().chain(function(plan)).collect()
}

/// What Terraform calls a topic, for what must wait until it is there.
pub fn address(source: &Source, kafka: &Kafka) -> Option<String> {
    match kafka.cluster {
        Cluster::Provisioned(_) => Some(format!("aws_msk_topic.{}", source.name)),
        Cluster::Serverless => Some(format!("aws_lambda_invocation.{}_topic", source.name)),
        Cluster::SelfManaged(_) => None,
    }
}

fn topic(source: &Source, kafka: &Kafka, brokers: &Brokers) -> Block {
    let (kept, piece) = kept(kafka);
    let mut configs = settings(source, kafka, kept);
    configs.push((
        "min.insync.replicas".into(),
        cluster::in_sync(brokers).to_string().into(),
    ));
    configs.push(("segment.ms".into(), piece.to_string().into()));
    configs.sort_by(|(one, _), (other, _)| one.cmp(other));
    Block::resource("aws_msk_topic", &source.name)
        .note(
            "A piece of the log is deleted once its newest record is too old: both together are what the source keeps.",
        )
        .set("cluster_arn", arn(source, kafka))
        .set("name", kafka.topic.as_str())
        .set("partition_count", kafka.partitions)
        .set("replication_factor", brokers.copies())
        .set("configs", call("base64encode", [call("jsonencode", [object(configs)])]))
}

/// What may be said of a topic in every cluster.
fn settings(source: &Source, kafka: &Kafka, kept: u64) -> Vec<(String, Value)> {
    let mut out = vec![
        ("cleanup.policy".to_owned(), Value::from("delete")),
        ("max.message.bytes".into(), largest_message(source).to_string().into()),
        ("retention.ms".into(), kept.to_string().into()),
    ];
    // Records arrived when the cluster took them, whatever their senders say; those that are copied, when the first one did.
    if kafka.moved_from.is_none() {
        out.insert(2, ("message.timestamp.type".into(), "LogAppendTime".into()));
    }
    out
}

/// `retention.ms` and `segment.ms`: a record goes with its piece, whose newest may be that much younger.
fn kept(kafka: &Kafka) -> (u64, u64) {
    let all = kafka.retention_seconds * 1_000;
    let piece = PIECE_MS.min(all / 2);
    (all - piece, piece)
}

/// The topics of serverless clusters.
fn serverless(plan: &Plan) -> impl Iterator<Item = (&Source, &Kafka)> {
    managed(plan).filter(|(_, kafka)| kafka.cluster == Cluster::Serverless)
}

/// A topic that the function makes: it is asked again where anything of this changes.
fn made(source: &Source, kafka: &Kafka) -> Block {
    let (kept, _) = kept(kafka);
    let input = object_of! {
        "brokers" => bootstrap(source, kafka),
        "topic" => kafka.topic.as_str(),
        "partitions" => kafka.partitions,
        "settings" => object(settings(source, kafka, kept)),
    };
    Block::resource("aws_lambda_invocation", &format!("{}_topic", source.name))
        .doc(&format!(
            "The topic of {}: made, or changed to what is said here.",
            source.name
        ))
        .set(
            "function_name",
            reference(format!(
                "aws_lambda_function.{}.function_name",
                operations::label(names::TOPICS)
            )),
        )
        .set("input", call("jsonencode", [input]))
}

fn function(plan: &Plan) -> Vec<Block> {
    if function_label(plan).is_none() {
        return vec![];
    }
    let size = Size {
        memory_mib: 256,
        timeout_seconds: 300,
        at_once: 1,
    };
    let statements: Vec<Statement> = vec![
        allow(
            "Connect",
            &["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"],
            serverless(plan).map(|(source, kafka)| arn(source, kafka)),
        ),
        allow(
            "Topics",
            &[
                "kafka-cluster:AlterTopic",
                "kafka-cluster:AlterTopicDynamicConfiguration",
                "kafka-cluster:CreateTopic",
                "kafka-cluster:DescribeTopic",
                "kafka-cluster:DescribeTopicDynamicConfiguration",
            ],
            serverless(plan).map(|(source, kafka)| topic_arn(source, kafka)),
        ),
    ];
    operations::python(
        plan,
        names::TOPICS,
        "Makes topics in serverless clusters.",
        &size,
        object_of! { "PLATFORM" => reference("local.prefix") },
        statements,
    )
}

/// The label of the function that makes topics, if one is needed.
pub fn function_label(plan: &Plan) -> Option<String> {
    serverless(plan).next().map(|_| operations::label(names::TOPICS))
}

/// Its source, as files of the build.
pub fn files(plan: &Plan) -> Files {
    let mut out = Files::new();
    if function_label(plan).is_some() {
        out.insert(names::operations_source(names::TOPICS), SOURCE.into());
        out.insert(names::operations_requirements(names::TOPICS), REQUIREMENTS.into());
    }
    out
}
