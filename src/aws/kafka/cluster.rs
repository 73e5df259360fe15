//! A cluster of Amazon MSK: serverless, or brokers with their configuration, disks that grow, and logs.
//!
//! Facts: <https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html>,
//! <https://docs.aws.amazon.com/msk/latest/developerguide/msk-autoexpand.html>.

use super::{address, arn};
use crate::aws::lake;
use crate::aws::naming::{limit, named};
use crate::aws::network;
use crate::aws::policy::KEY;
use crate::emit::hcl::{Block, Value, list, reference};
use crate::plan::{Auth, Brokers, Cluster, Kafka, Plan, Source};
use crate::text_of;

/// The version of Apache Kafka, without a second cluster that keeps its metadata; the smallest brokers have the one before.
const VERSION: (&str, &str) = ("3.9.x.kraft", "3.8.x.kraft");
const SMALLEST: &str = "kafka.t3.small";
/// Disks grow when this much of them is used, percent; to this many times what they were, and to 16 TiB at most.
const FULL: u32 = 60;
const GROWTH: u32 = 10;
const LARGEST_GIB: u32 = 16_384;

/// The cluster of a source.
pub fn blocks(plan: &Plan, source: &Source, kafka: &Kafka) -> Vec<Block> {
    match &kafka.cluster {
        Cluster::Serverless => vec![serverless(plan, source)],
        Cluster::Provisioned(brokers) => provisioned(plan, source, kafka, brokers),
        Cluster::SelfManaged(_) => vec![],
    }
}

fn described(block: Block, source: &Source) -> Block {
    match &source.doc {
        Some(doc) => block.doc(doc),
        None => block.doc(&format!("Brings {}.", source.name)),
    }
}

/// Two or three subnets, each in a zone of its own.
fn subnets(plan: &Plan) -> Value {
    plan.pipeline.network.as_ref().map_or_else(
        || crate::plan::refused(),
        |network| network::some_private_subnets(network, 3),
    )
}

fn serverless(plan: &Plan, source: &Source) -> Block {
    let iam = Block::new("sasl").block(Block::new("iam").set("enabled", true));
    described(Block::resource("aws_msk_serverless_cluster", &source.name), source)
        .set("cluster_name", named(plan, &source.name, limit::SIXTY_FOUR))
        .block(Block::new("client_authentication").block(iam))
        .block(
            Block::new("vpc_config")
                .set("subnet_ids", subnets(plan))
                .set("security_group_ids", list([network::group(network::BROKERS)])),
        )
        .when(!plan.pipeline.destroyable, crate::aws::keep)
}

fn provisioned(plan: &Plan, source: &Source, kafka: &Kafka, brokers: &Brokers) -> Vec<Block> {
    let label = format!("{}_brokers", source.name);
    let log_name = text_of!["/aws/msk/", named(plan, &source.name, limit::SIXTY_FOUR)];
    let mut out = vec![
        lake::log_group(plan, &label, log_name),
        configuration(plan, source, brokers),
        cluster(plan, source, brokers, &label),
    ];
    out.extend(growth(plan, source, kafka, brokers));
    if let Auth::Scram(secret) = &brokers.auth {
        let login = format!("{}_senders", source.name);
        out.push(
            Block::data("aws_secretsmanager_secret", &login)
                .doc("How senders sign in: Amazon MSK reads it, and the platform does not.")
                .set("name", secret),
        );
        out.push(
            Block::resource("aws_msk_single_scram_secret_association", &source.name)
                .set("cluster_arn", arn(source, kafka))
                .set(
                    "secret_arn",
                    reference(format!("data.aws_secretsmanager_secret.{login}.arn")),
                ),
        );
    }
    out
}

fn version(brokers: &Brokers) -> &'static str {
    match brokers.instance.as_str() {
        SMALLEST => VERSION.1,
        _ => VERSION.0,
    }
}

fn configuration(plan: &Plan, source: &Source, brokers: &Brokers) -> Block {
    let copies = brokers.copies();
    let properties = [
        "auto.create.topics.enable=false".to_owned(),
        format!("default.replication.factor={copies}"),
        format!("min.insync.replicas={}", in_sync(brokers)),
        format!("message.max.bytes={}", crate::plan::largest_message(source)),
        "unclean.leader.election.enable=false".to_owned(),
    ];
    Block::resource("aws_msk_configuration", &source.name)
        .set("name", named(plan, &source.name, limit::LONG))
        .set("kafka_versions", list([version(brokers)]))
        .set("server_properties", properties.join("\n") + "\n")
}

/// Copies that a sender waits for: one broker may be away.
pub fn in_sync(brokers: &Brokers) -> u32 {
    brokers.copies().saturating_sub(1).max(1)
}

fn cluster(plan: &Plan, source: &Source, brokers: &Brokers, logs: &str) -> Block {
    let storage = Block::new("ebs_storage_info").set("volume_size", brokers.storage_gib);
    let nodes = Block::new("broker_node_group_info")
        .set("instance_type", brokers.instance.as_str())
        .set("client_subnets", subnets(plan))
        .set("security_groups", list([network::group(network::BROKERS)]))
        .block(Block::new("storage_info").block(storage));
    let sasl = Block::new("sasl")
        .set("iam", true)
        .set("scram", matches!(brokers.auth, Auth::Scram(_)));
    let clients = Block::new("client_authentication")
        .set("unauthenticated", false)
        .block(sasl);
    let clients = match brokers.auth {
        Auth::Mtls(_) => clients.block(Block::new("tls").set(
            "certificate_authority_arns",
            reference(format!("var.{}", authorities(source))),
        )),
        Auth::Iam | Auth::Scram(_) => clients,
    };
    let encryption = Block::new("encryption_info")
        .set("encryption_at_rest_kms_key_arn", reference(KEY))
        .block(
            Block::new("encryption_in_transit")
                .set("client_broker", "TLS")
                .set("in_cluster", true),
        );
    let logging = Block::new("logging_info").block(
        Block::new("broker_logs").block(
            Block::new("cloudwatch_logs")
                .set("enabled", true)
                .set("log_group", reference(format!("aws_cloudwatch_log_group.{logs}.name"))),
        ),
    );
    let configured = format!("aws_msk_configuration.{}", source.name);
    described(Block::resource("aws_msk_cluster", &source.name), source)
        .set("cluster_name", named(plan, &source.name, limit::SIXTY_FOUR))
        .set("kafka_version", version(brokers))
        .set("number_of_broker_nodes", brokers.count)
        .set("enhanced_monitoring", "DEFAULT")
        .block(nodes)
        .block(clients)
        .block(encryption)
        .block(
            Block::new("configuration_info")
                .set("arn", reference(format!("{configured}.arn")))
                .set("revision", reference(format!("{configured}.latest_revision"))),
        )
        .block(logging)
        .block(lifecycle(plan))
}

/// Disks grow by themselves: a plan must not take that back.
fn lifecycle(plan: &Plan) -> Block {
    let grown = "broker_node_group_info[0].storage_info[0].ebs_storage_info[0].volume_size";
    Block::new("lifecycle")
        .set("ignore_changes", list([reference(grown)]))
        .when(!plan.pipeline.destroyable, |block| block.set("prevent_destroy", true))
}

/// The variable with the authorities whose certificates senders show.
pub fn authorities(source: &Source) -> String {
    format!("kafka_authorities_{}", source.name)
}

fn growth(plan: &Plan, source: &Source, kafka: &Kafka, brokers: &Brokers) -> [Block; 2] {
    let label = format!("{}_storage", source.name);
    let most = brokers.storage_gib.saturating_mul(GROWTH).min(LARGEST_GIB);
    let of = |name: &str| reference(format!("aws_appautoscaling_target.{label}.{name}"));
    let metric =
        Block::new("predefined_metric_specification").set("predefined_metric_type", "KafkaBrokerStorageUtilization");
    let target = Block::resource("aws_appautoscaling_target", &label)
        .set("service_namespace", "kafka")
        .set("scalable_dimension", "kafka:broker-storage:VolumeSize")
        .set("resource_id", arn(source, kafka))
        .set("min_capacity", 1u32)
        .set("max_capacity", most);
    let policy = Block::resource("aws_appautoscaling_policy", &label)
        .doc("Disks of brokers grow, and never shrink.")
        .set("name", named(plan, &label, limit::LONG))
        .set("policy_type", "TargetTrackingScaling")
        .set("service_namespace", of("service_namespace"))
        .set("scalable_dimension", of("scalable_dimension"))
        .set("resource_id", of("resource_id"))
        .block(
            Block::new("target_tracking_scaling_policy_configuration")
                .set("target_value", FULL)
                .set("disable_scale_in", true)
                .block(metric),
        );
    [target, policy]
}

/// The name of a cluster, as its metrics have it.
pub fn name(source: &Source, kafka: &Kafka) -> Value {
    reference(format!("{}.cluster_name", address(source, kafka)))
}
