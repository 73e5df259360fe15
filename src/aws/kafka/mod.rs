//! Apache Kafka: clusters of Amazon MSK and their topics, what readers and senders of a topic may do, and the move from a
//! cluster of one's own. Knows nothing of what becomes of records.
//!
//! A cluster a source: who signs in to it by a name or a certificate may use all of its topics, and there is no other one.

mod cluster;
pub mod jobs;
mod metrics;
mod migration;
mod reading;
mod rules;
mod topics;

pub use metrics::{alarms, behind, incoming, told};
pub use migration::{calls, files, notes, variables};
pub use reading::{mapping, permissions};
pub use rules::groups;
pub use topics::{files as topic_files, function_label};

use super::naming::{limit, named};
use super::policy::{Statement, allow, document, own};
use super::root;
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::plan::{Cluster, Kafka, OwnCluster, Plan, Source};
use crate::text_of;

/// The sources that a topic brings.
pub fn sources(plan: &Plan) -> impl Iterator<Item = (&Source, &Kafka)> {
    plan.sources.iter().filter_map(|source| Some((source, source.kafka()?)))
}

/// Those whose topic is in a cluster of Amazon MSK.
fn managed(plan: &Plan) -> impl Iterator<Item = (&Source, &Kafka)> {
    sources(plan).filter(|(_, kafka)| !matches!(kafka.cluster, Cluster::SelfManaged(_)))
}

/// The clusters of one's own that something reads, by their sources.
fn others(plan: &Plan) -> impl Iterator<Item = (&Source, &OwnCluster)> {
    sources(plan).filter_map(|(source, kafka)| match (&kafka.cluster, &kafka.moved_from) {
        (Cluster::SelfManaged(own), _) | (_, Some(own)) => Some((source, own)),
        _ => None,
    })
}

/// All clusters, topics and copies of records.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (source, own) in others(plan) {
        out.extend(secrets(source, own));
    }
    for (source, kafka) in managed(plan) {
        out.extend(cluster::blocks(plan, source, kafka));
        out.push(sender(plan, source, kafka));
    }
    out.extend(topics::blocks(plan));
    out.extend(migration::blocks(plan));
    out
}

/// Which provider of Terraform knows all of it, if any of it needs a late one.
pub fn provider(plan: &Plan) -> Option<&'static str> {
    if sources(plan).any(|(_, kafka)| kafka.moved_from.is_some()) {
        return Some("~> 6.69");
    }
    let topic = |kafka: &Kafka| matches!(kafka.cluster, Cluster::Provisioned(_));
    managed(plan).any(|(_, kafka)| topic(kafka)).then_some("~> 6.38")
}

/// What a cluster is called in Terraform.
pub fn address(source: &Source, kafka: &Kafka) -> String {
    let kind = match kafka.cluster {
        Cluster::Serverless => "aws_msk_serverless_cluster",
        Cluster::Provisioned(_) | Cluster::SelfManaged(_) => "aws_msk_cluster",
    };
    format!("{kind}.{}", source.name)
}

fn arn(source: &Source, kafka: &Kafka) -> Value {
    reference(format!("{}.arn", address(source, kafka)))
}

/// The ARN of something inside of a cluster: `topic`, `group`.
fn inside(source: &Source, kafka: &Kafka, kind: &str, name: Value) -> Value {
    let parts = [
        arn(source, kafka),
        Value::from(":cluster/"),
        Value::from(format!(":{kind}/")),
    ];
    text_of![call("replace", parts), "/", name]
}

fn topic_arn(source: &Source, kafka: &Kafka) -> Value {
    inside(source, kafka, "topic", Value::from(&kafka.topic))
}

/// Where the brokers of a managed cluster listen, for who proves to be an identity of AWS.
pub fn bootstrap(source: &Source, kafka: &Kafka) -> Value {
    reference(format!("{}.bootstrap_brokers_sasl_iam", address(source, kafka)))
}

/// Who reads a topic as an identity of AWS, all by their ARNs.
struct Reader {
    cluster: Value,
    topic: Value,
    group: Value,
}

/// Numbers in order, each once.
fn each_once(all: impl Iterator<Item = Vec<u32>>) -> Vec<u32> {
    let found: std::collections::BTreeSet<u32> = all.flatten().collect();
    found.into_iter().collect()
}

/// The group of readers that the platform's function is.
pub fn group(plan: &Plan, source: &Source) -> Value {
    named(plan, &source.name, limit::SIXTY_FOUR)
}

/// The label of the secret that a cluster of one's own is signed in to with, and of the one with its authority.
fn secret_labels(source: &Source, own: &OwnCluster) -> Vec<(String, String)> {
    let login = own
        .auth
        .secret()
        .map(|name| (format!("{}_kafka", source.name), name.to_owned()));
    let authority = own.authority.as_ref();
    let authority = authority.map(|name| (format!("{}_kafka_authority", source.name), name.clone()));
    login.into_iter().chain(authority).collect()
}

fn secret_arn(label: &str) -> Value {
    reference(format!("data.aws_secretsmanager_secret.{label}.arn"))
}

fn secrets(source: &Source, own: &OwnCluster) -> Vec<Block> {
    let labels = secret_labels(source, own).into_iter();
    labels
        .map(|(label, name)| Block::data("aws_secretsmanager_secret", &label).set("name", name))
        .collect()
}

/// The ARNs of all secrets that Lambda reads in the name of functions.
pub fn secret_arns(plan: &Plan) -> Vec<Value> {
    let labels = others(plan).flat_map(|(source, own)| secret_labels(source, own));
    labels.map(|(label, _)| secret_arn(&label)).collect()
}

/// Reading these secrets of clusters. They are somebody else's: their key is any of the account, as long as it opens them.
fn read_secrets(labels: &[(String, String)], more: &[&str]) -> Vec<Statement> {
    let arns = || labels.iter().map(|(label, _)| secret_arn(label));
    if arns().next().is_none() {
        return vec![];
    }
    let through = text_of!["secretsmanager.", reference("var.region"), ".amazonaws.com"];
    let actions: Vec<&str> = more.iter().copied().chain(["secretsmanager:GetSecretValue"]).collect();
    vec![
        allow("Login", &actions, arns()),
        allow("DecryptLogin", &["kms:Decrypt"], [own("kms", "key/*")])
            .when("StringEquals", "kms:ViaService", through)
            .when(
                "StringEquals",
                "kms:EncryptionContext:SecretARN",
                Value::List(arns().collect()),
            ),
    ]
}

/// What senders need who are identities of AWS.
fn sender(plan: &Plan, source: &Source, kafka: &Kafka) -> Block {
    let label = format!("{}_sender", source.name);
    let statements = vec![
        allow(
            "Connect",
            &["kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"],
            [arn(source, kafka)],
        ),
        allow(
            "Send",
            &["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
            [topic_arn(source, kafka)],
        ),
    ];
    Block::resource("aws_iam_policy", &label)
        .set("name", named(plan, &label, limit::LONG))
        .set("description", format!("What senders of {} need", source.name))
        .set("policy", document(statements))
}

/// Names that senders need.
pub fn outputs(plan: &Plan) -> Option<Block> {
    let brokers: Vec<_> = managed(plan)
        .map(|(source, kafka)| (source.name.clone(), bootstrap(source, kafka)))
        .collect();
    let described = "Where the brokers listen that senders write to, with an identity of AWS.";
    (!brokers.is_empty()).then(|| root::output("brokers", described, object(brokers)))
}
