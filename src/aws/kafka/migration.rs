//! The move from a cluster of one's own to Amazon MSK: a replicator copies records of the topic under its own name from the
//! first one on, and the groups of its readers with them. The platform reads the new cluster from the start, so nothing of it
//! changes when the old one is given up.
//!
//! Facts: <https://docs.aws.amazon.com/msk/latest/developerguide/msk-replicator-migrate-external.html>.

use super::{address, arn, inside, others, read_secrets, secret_arn, secret_labels};
use crate::aws::naming::{limit, named};
use crate::aws::policy::{Statement, allow, role, trust};
use crate::aws::{lake, network, root};
use crate::emit::hcl::{Block, Value, list, reference};
use crate::plan::{Auth, Cluster, Files, Kafka, Network, OwnCluster, Plan, Source, names};
use crate::text_of;

const READ_SECRETS: [&str; 3] = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetResourcePolicy",
    "secretsmanager:ListSecretVersionIds",
];

fn moves(plan: &Plan) -> impl Iterator<Item = (&Source, &Kafka, &OwnCluster)> {
    super::sources(plan).filter_map(|(source, kafka)| Some((source, kafka, kafka.moved_from.as_ref()?)))
}

fn cluster_id(source: &Source) -> String {
    format!("kafka_cluster_id_{}", source.name)
}

/// What is decided at deployment and has no default, for the example of Terraform's variables.
pub fn notes(plan: &Plan) -> Vec<String> {
    let texts = moves(plan).map(|(source, ..)| format!("{} = … has no default (string)", cluster_id(source)));
    let signed = by_certificate(plan).map(super::cluster::authorities);
    texts
        .chain(signed.map(|name| format!("{name} = … has no default (list(string))")))
        .collect()
}

/// The sources to whose brokers senders show certificates.
fn by_certificate(plan: &Plan) -> impl Iterator<Item = &Source> {
    let signed = super::managed(plan).filter(
        |(_, kafka)| matches!(&kafka.cluster, Cluster::Provisioned(brokers) if matches!(brokers.auth, Auth::Mtls(_))),
    );
    signed.map(|(source, _)| source)
}

/// What is decided at deployment: which cluster records come from, and whose certificates senders show.
pub fn variables(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (source, _, _) in moves(plan) {
        let described = format!(
            "The id of the cluster that {} moves from: `kafka-cluster.sh cluster-id` says it.",
            source.name
        );
        out.push(root::variable(&cluster_id(source), &described, "string"));
    }
    for source in by_certificate(plan) {
        let name = super::cluster::authorities(source);
        let described = format!(
            "ARNs of the authorities of AWS Private CA whose certificates senders of {} show.",
            source.name
        );
        out.push(root::variable(&name, &described, "list(string)"));
    }
    out
}

/// The replicators.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let Some(network) = &plan.pipeline.network else {
        return vec![];
    };
    moves(plan)
        .flat_map(|(source, kafka, own)| one(plan, network, source, kafka, own))
        .collect()
}

fn one(plan: &Plan, network: &Network, source: &Source, kafka: &Kafka, own: &OwnCluster) -> Vec<Block> {
    let label = format!("{}_move", source.name);
    let log_name = text_of!["/aws/msk/", named(plan, &label, limit::SIXTY_FOUR)];
    let mut out = vec![lake::log_group(plan, &label, log_name)];
    let mut statements = target(source, kafka);
    statements.extend(read_secrets(&secret_labels(source, own), &READ_SECRETS));
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("Copies records of {} to its new cluster", source.name),
        trust("kafka.amazonaws.com", None),
        statements,
    ));
    out.push(replicator(plan, network, source, kafka, own, &label));
    out
}

/// The new cluster is the topic's own: what the replicator keeps there for itself is in topics beside it.
fn target(source: &Source, kafka: &Kafka) -> Vec<Statement> {
    let all = |kind: &str| inside(source, kafka, kind, "*".into());
    vec![
        allow(
            "Connect",
            &[
                "kafka-cluster:AlterCluster",
                "kafka-cluster:Connect",
                "kafka-cluster:DescribeCluster",
                "kafka-cluster:WriteDataIdempotently",
            ],
            [arn(source, kafka)],
        ),
        allow(
            "Write",
            &[
                "kafka-cluster:AlterTopic",
                "kafka-cluster:AlterTopicDynamicConfiguration",
                "kafka-cluster:CreateTopic",
                "kafka-cluster:DescribeTopic",
                "kafka-cluster:DescribeTopicDynamicConfiguration",
                "kafka-cluster:ReadData",
                "kafka-cluster:WriteData",
            ],
            [all("topic")],
        ),
        allow(
            "Groups",
            &["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
            [all("group")],
        ),
    ]
}

fn place(network: &Network, group: &str) -> Block {
    Block::new("vpc_config")
        .set("subnet_ids", network::some_private_subnets(network, 3))
        .set("security_groups_ids", list([network::group(group)]))
}

fn from(network: &Network, source: &Source, own: &OwnCluster) -> Block {
    let mut secrets = secret_labels(source, own)
        .into_iter()
        .map(|(label, _)| secret_arn(&label));
    let login = secrets.next().unwrap_or(Value::Null);
    let clients = match own.auth {
        Auth::Mtls(_) => Block::new("mtls").set("secret_arn", login),
        Auth::Scram(_) | Auth::Iam => Block::new("sasl_scram")
            .set("mechanism", "SHA512")
            .set("secret_arn", login),
    };
    let block = Block::new("kafka_cluster")
        .block(
            Block::new("apache_kafka_cluster")
                .set(
                    "apache_kafka_cluster_id",
                    reference(format!("var.{}", cluster_id(source))),
                )
                .set("bootstrap_broker_string", own.brokers.join(",")),
        )
        .block(Block::new("client_authentication").block(clients));
    let block = match secrets.next() {
        Some(authority) => block.block(Block::new("encryption_in_transit").set("root_ca_certificate", authority)),
        None => block,
    };
    block.block(place(network, network::POLLERS))
}

fn replicator(plan: &Plan, network: &Network, source: &Source, kafka: &Kafka, own: &OwnCluster, label: &str) -> Block {
    let to = Block::new("kafka_cluster")
        .block(Block::new("amazon_msk_cluster").set("msk_cluster_arn", arn(source, kafka)))
        .block(place(network, network::BROKERS));
    let topics = Block::new("topic_replication")
        .set(
            "topics_to_replicate",
            list([text_of!["^", regex_of(&kafka.topic), "$"]]),
        )
        .set("copy_access_control_lists_for_topics", false)
        .set("copy_topic_configurations", false)
        .set("detect_and_copy_new_topics", false)
        .block(Block::new("starting_position").set("type", "EARLIEST"))
        .block(Block::new("topic_name_configuration").set("type", "IDENTICAL"));
    let groups = Block::new("consumer_group_replication")
        .set("consumer_groups_to_replicate", list([".*"]))
        .set("detect_and_copy_new_consumer_groups", true)
        .set("synchronise_consumer_group_offsets", true);
    let logs = Block::new("cloudwatch_logs")
        .set("enabled", true)
        .set("log_group", reference(format!("aws_cloudwatch_log_group.{label}.name")));
    Block::resource("aws_msk_replicator", &source.name)
        .doc(&format!(
            "Copies records of {} until nobody writes to the old cluster.",
            source.name
        ))
        .set("replicator_name", named(plan, label, limit::SIXTY_FOUR))
        .set("description", format!("Moves {} to Amazon MSK", source.name))
        .set(
            "service_execution_role_arn",
            reference(format!("aws_iam_role.{label}.arn")),
        )
        .set(
            "depends_on",
            vec![
                reference(format!("aws_iam_role_policy.{label}")),
                reference(format!("aws_msk_topic.{}", source.name)),
            ],
        )
        .block(from(network, source, own))
        .block(to)
        .block(
            Block::new("replication_info_list")
                .set(
                    "source_kafka_cluster_id",
                    reference(format!("var.{}", cluster_id(source))),
                )
                .set("target_kafka_cluster_arn", arn(source, kafka))
                .set("target_compression_type", "NONE")
                .block(topics)
                .block(groups),
        )
        .block(Block::new("log_delivery").block(Block::new("replicator_log_delivery").block(logs)))
}

/// A topic's name as a pattern that matches it alone.
fn regex_of(topic: &str) -> String {
    topic.replace('.', "\\.")
}

/// What replicators call from inside of the network.
pub fn calls(plan: &Plan) -> Vec<(&'static str, Vec<&'static str>, Vec<Value>)> {
    let secrets: Vec<Value> = moves(plan)
        .flat_map(|(source, _, own)| secret_labels(source, own))
        .map(|(label, _)| secret_arn(&label))
        .collect();
    if secrets.is_empty() {
        return vec![];
    }
    let actions = READ_SECRETS
        .into_iter()
        .chain(["secretsmanager:GetSecretValue"])
        .collect();
    vec![("secretsmanager", actions, secrets)]
}

/// What has to be there before the platform reads a cluster of one's own, and how a move ends: a checklist a source.
pub fn files(plan: &Plan) -> Files {
    let mut out = Files::new();
    for (source, own) in others(plan) {
        let Some(kafka) = source.kafka() else { continue };
        let path = format!("kafka/{}.prerequisites.md", names::hyphened(&source.name));
        out.insert(path, text(source, kafka, own));
    }
    out
}

fn text(source: &Source, kafka: &Kafka, own: &OwnCluster) -> String {
    let login = match &own.auth {
        Auth::Mtls(secret) => format!(
            "The secret `{secret}` is a JSON object with `certificate` (the client's certificate and those of who signed it) \
             and `privateKey`, as PEM. The brokers trust who signed it."
        ),
        Auth::Scram(secret) => format!(
            "The secret `{secret}` is a JSON object with `username` and `password`, as SASL/SCRAM-SHA-512 has them."
        ),
        Auth::Iam => String::new(),
    };
    let authority = match &own.authority {
        Some(secret) => format!(
            "- [ ] The secret `{secret}` is a JSON object with `certificate`: who signed the brokers' certificates, as PEM.\n"
        ),
        None => "- [ ] The brokers' certificates are signed by a public authority.\n".to_owned(),
    };
    let head = format!(
        "# Before `{name}` is read\n\n\
         - [ ] {login} It is in the region of the platform.\n\
         {authority}\
         - [ ] {brokers} have these names inside of the platform's network, and let its addresses in.\n\
         - [ ] Brokers tell names in `advertised.listeners` that are reached from there, too.\n",
        name = source.name,
        brokers = own
            .brokers
            .iter()
            .map(|one| format!("`{one}`"))
            .collect::<Vec<_>>()
            .join(", "),
    );
    let topic = &kafka.topic;
    if kafka.moved_from.is_none() {
        return format!(
            "{head}\
             - [ ] The topic `{topic}` has {partitions} partitions and keeps records for {seconds} s at most: how long rows live \
             is proved with that.\n\
             - [ ] Who signs in may `Read` and `Describe` the topic, and `Read` groups that start with the platform's name.\n",
            partitions = kafka.partitions,
            seconds = kafka.retention_seconds,
        );
    }
    format!(
        "{head}\
         - [ ] The cluster is of Apache Kafka 2.8.1 or later. `kafka-cluster.sh cluster-id` says its id, which is the \
         Terraform variable `{id}`.\n\
         - [ ] Who signs in may `Read` and `Describe` the topic and all groups, and `Describe` the cluster.\n\n\
         ## The move\n\n\
         1. Apply. The new cluster ({address}) is made, with the topic `{topic}`; the replicator copies its records from the \
         first one on; the platform reads the new cluster from now on.\n\
         2. Wait until `ReplicationLatency` of the replicator is near 0.\n\
         3. Let senders write to the new cluster (`terraform output brokers`), and other readers read there: their groups \
         stand where they stood.\n\
         4. Once nothing is written to the old cluster, write `cluster = msk {{ … }}` with what `migrate_to` says, and take \
         `migrate_to` out. The replicator is taken away; cluster, topic and readers stay as they are.\n",
        id = cluster_id(source),
        address = address(source, kafka),
    )
}
