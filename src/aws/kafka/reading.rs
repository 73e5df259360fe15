//! What lets Lambda read a topic for a function, and how it does.
//!
//! Pollers are provisioned: only those retry within bounds, halve batches and take partial answers, and they need no endpoint
//! of Lambda in the network (P-MSK-1).
//! Facts: <https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-msk-permissions.html>.

use super::{Reader, arn, group, inside, read_secrets, secret_arn, secret_labels, topic_arn, topics};
use crate::aws::network;
use crate::aws::policy::{Statement, allow, allow_everywhere};
use crate::emit::hcl::{Block, Value, list, reference};
use crate::plan::{Auth, Cluster, Kafka, Network, OwnCluster, PARTITION_BYTES, Plan, Source};
use crate::{object_of, text_of};

/// The most pollers of a mapping.
const POLLERS: u32 = 2_000;

/// What a function's role needs for Lambda to read the topic.
pub fn permissions(plan: &Plan, source: &Source, kafka: &Kafka) -> Vec<Statement> {
    let network = plan.pipeline.network.as_ref();
    match &kafka.cluster {
        Cluster::SelfManaged(own) => {
            let mut out = read_secrets(&secret_labels(source, own), &[]);
            out.extend(
                network
                    .map(|network| interfaces(network, network::POLLERS))
                    .into_iter()
                    .flatten(),
            );
            out
        }
        Cluster::Serverless | Cluster::Provisioned(_) => {
            let mut out = read_all(&[Reader {
                cluster: arn(source, kafka),
                topic: topic_arn(source, kafka),
                group: inside(source, kafka, "group", group(plan, source)),
            }]);
            out.push(allow("FindCluster", &["kafka:DescribeClusterV2"], [arn(source, kafka)]));
            out.push(allow_everywhere(
                "FindBrokers",
                &["kafka:GetBootstrapBrokers"],
                "Amazon MSK knows no single cluster here.",
            ));
            out.extend(
                network
                    .map(|network| interfaces(network, network::BROKERS))
                    .into_iter()
                    .flatten(),
            );
            out
        }
    }
}

/// Reading topics as an identity of AWS, each as a member of one group.
pub(super) fn read_all(readers: &[Reader]) -> Vec<Statement> {
    let of = |part: fn(&Reader) -> &Value| readers.iter().map(part).cloned();
    vec![
        allow(
            "Connect",
            &[
                "kafka-cluster:Connect",
                "kafka-cluster:DescribeClusterDynamicConfiguration",
            ],
            of(|reader| &reader.cluster),
        ),
        allow(
            "ReadTopic",
            &["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
            of(|reader| &reader.topic),
        ),
        allow(
            "ReadAsGroup",
            &["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
            of(|reader| &reader.group),
        ),
    ]
}

/// Pollers stand in the network by interfaces that Lambda makes with the function's role, which puts those of the function
/// itself into the same subnets: what pollers need beside is their security group, and to find it.
fn interfaces(network: &Network, of: &str) -> Vec<Statement> {
    vec![
        allow(
            "PollersEnter",
            &["ec2:CreateNetworkInterface"],
            network::interface_parts(network, of),
        ),
        allow_everywhere(
            "FindNetwork",
            &["ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"],
            network::LISTS,
        ),
    ]
}

/// What a mapping says of where it reads; the caller says how.
pub fn mapping(plan: &Plan, source: &Source, kafka: &Kafka, block: Block) -> Block {
    let consumer = |name: &str| Block::new(name).set("consumer_group_id", group(plan, source));
    let block = match &kafka.cluster {
        Cluster::SelfManaged(own) => {
            let endpoints = object_of! { "KAFKA_BOOTSTRAP_SERVERS" => own.brokers.join(",") };
            block
                .block(Block::new("self_managed_event_source").set("endpoints", endpoints))
                .block(consumer("self_managed_kafka_event_source_config"))
                .blocks(accesses(plan, source, own))
        }
        Cluster::Serverless | Cluster::Provisioned(_) => block
            .set("event_source_arn", arn(source, kafka))
            .set(
                "depends_on",
                topics::address(source, kafka).map_or(Value::Null, |topic| vec![reference(topic)].into()),
            )
            .block(consumer("amazon_managed_kafka_event_source_config")),
    };
    let bytes = source
        .volume
        .as_ref()
        .map(|volume| volume.most())
        .map_or(0.0, |volume| volume.records_per_second * volume.record_bytes as f64);
    let least = (bytes / PARTITION_BYTES).ceil().max(1.0) as u32;
    let most = kafka.partitions.max(least).min(POLLERS);
    block.set("topics", list([&kafka.topic])).block(
        Block::new("provisioned_poller_config")
            .set("minimum_pollers", least.min(200))
            .set("maximum_pollers", most),
    )
}

/// How pollers sign in to a cluster of one's own, and where they stand.
fn accesses(plan: &Plan, source: &Source, own: &OwnCluster) -> Vec<Block> {
    let access = |kind: &str, uri: Value| {
        Block::new("source_access_configuration")
            .set("type", kind)
            .set("uri", uri)
    };
    let kind = match own.auth {
        Auth::Mtls(_) => "CLIENT_CERTIFICATE_TLS_AUTH",
        Auth::Scram(_) | Auth::Iam => "SASL_SCRAM_512_AUTH",
    };
    let kinds = [kind, "SERVER_ROOT_CA_CERTIFICATE"];
    let labels = secret_labels(source, own);
    let mut out: Vec<Block> = kinds
        .iter()
        .zip(labels)
        .map(|(kind, (label, _))| access(kind, secret_arn(&label)))
        .collect();
    if let Some(network) = &plan.pipeline.network {
        for subnet in network::private_subnet_ids(network) {
            out.push(access("VPC_SUBNET", text_of!["subnet:", subnet]));
        }
        let group = reference(format!("aws_security_group.{}.id", network::POLLERS));
        out.push(access("VPC_SECURITY_GROUP", text_of!["security_group:", group]));
    }
    out
}
