//! Topics of managed clusters: Terraform's own resource where there are brokers; in a serverless cluster, of which that knows
//! nothing, a function makes them.
//!
//! Facts: <https://docs.aws.amazon.com/msk/latest/developerguide/msk-topic-operations-information.html>.

use super::{arn, cluster, managed};
use crate::emit::hcl::{Block, call};
use crate::object_of;
use crate::plan::{Brokers, Cluster, Files, Kafka, Plan, Source};

/// The largest message, bytes: what Firehose lands of it in one piece.
pub const LARGEST_BYTES: u32 = 1_000_000;
/// A log is cut into pieces of this age at most, milliseconds: only whole pieces are deleted.
const PIECE_MS: u64 = 3_600_000;

/// All topics.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let of = |(source, kafka): (&Source, &Kafka)| match &kafka.cluster {
        Cluster::Provisioned(brokers) => Some(topic(source, kafka, brokers)),
        _ => None,
    };
    managed(plan).filter_map(of).collect()
}

fn topic(source: &Source, kafka: &Kafka, brokers: &Brokers) -> Block {
    let (kept, piece) = kept(kafka);
    let configs = object_of! {
        "cleanup.policy" => "delete",
        "max.message.bytes" => LARGEST_BYTES.to_string(),
        "min.insync.replicas" => cluster::in_sync(brokers).to_string(),
        "retention.ms" => kept.to_string(),
        "segment.ms" => piece.to_string(),
    };
    Block::resource("aws_msk_topic", &source.name)
        .note(
            "A piece of the log is deleted once its newest record is too old: both together are what the source keeps.",
        )
        .set("cluster_arn", arn(source, kafka))
        .set("name", kafka.topic.as_str())
        .set("partition_count", kafka.partitions)
        .set("replication_factor", brokers.copies())
        .set("configs", call("base64encode", [call("jsonencode", [configs])]))
}

/// `retention.ms` and `segment.ms`: a record goes with its piece, whose newest may be that much younger.
fn kept(kafka: &Kafka) -> (u64, u64) {
    let all = kafka.retention_seconds * 1_000;
    let piece = PIECE_MS.min(all / 2);
    (all - piece, piece)
}

/// The label of the function that makes topics, if one is needed.
pub fn function_label(_: &Plan) -> Option<String> {
    None
}

/// Its source, as a file of the build.
pub fn files(_: &Plan) -> Files {
    Files::new()
}
