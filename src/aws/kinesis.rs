//! Streams that the platform owns or reads. Knows nothing of who reads them.

use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, own as own_arn};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Kinesis, Plan, Source};
use crate::text_of;

/// What a job of Spark and an event source mapping ask of a stream:
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html>.
const READ: [&str; 5] = [
    "kinesis:DescribeStream",
    "kinesis:DescribeStreamSummary",
    "kinesis:GetRecords",
    "kinesis:GetShardIterator",
    "kinesis:ListShards",
];

/// What a stream is called in Terraform, `.arn` and `.name` to be added.
pub fn address(source: &Source) -> String {
    let kinesis = source.kinesis();
    let data = if kinesis.existing.is_some() { "data." } else { "" };
    format!("{data}aws_kinesis_stream.{}", source.name)
}

/// Decryption of its records. An existing stream may have any key of the account: what limits the use is the stream.
pub fn decrypt(source: &Source) -> Statement {
    let kinesis = source.kinesis();
    let key = match kinesis.existing {
        Some(_) => own_arn("kms", "key/*"),
        None => reference(KEY),
    };
    let service = text_of!["kinesis.", reference("var.region"), ".amazonaws.com"];
    allow("DecryptStream", &["kms:Decrypt"], [key])
        .when("StringEquals", "kms:ViaService", service)
        .when(
            "StringEquals",
            "kms:EncryptionContext:aws:kinesis:arn",
            reference(format!("{}.arn", address(source))),
        )
}

/// Reading its records.
pub fn read(source: &Source) -> Statement {
    allow("ReadStream", &READ, [reference(format!("{}.arn", address(source)))])
}

/// Reading its records into a delivery: <https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html>.
pub fn deliver(source: &Source) -> Statement {
    let read = READ
        .into_iter()
        .filter(|action| *action != "kinesis:DescribeStreamSummary");
    allow(
        "ReadStream",
        &read.collect::<Vec<_>>(),
        [reference(format!("{}.arn", address(source)))],
    )
}

/// Reading the records of several streams.
pub fn read_all(sources: &[&Source]) -> Vec<Statement> {
    let streams = || {
        sources
            .iter()
            .map(|source| reference(format!("{}.arn", address(source))))
    };
    let existing = sources.iter().any(|source| source.kinesis().existing.is_some());
    let own = sources.iter().any(|source| source.kinesis().existing.is_none());
    let keys = [own.then(|| reference(KEY)), existing.then(|| own_arn("kms", "key/*"))];
    let service = text_of!["kinesis.", reference("var.region"), ".amazonaws.com"];
    let decrypt = allow("DecryptStreams", &["kms:Decrypt"], keys.into_iter().flatten());
    vec![
        allow("ReadStreams", &READ, streams()),
        decrypt.when("StringEquals", "kms:ViaService", service).when(
            "StringEquals",
            "kms:EncryptionContext:aws:kinesis:arn",
            Value::List(streams().collect()),
        ),
    ]
}

/// More than any stream has: what a volume beyond that needs is said by the proof of capacity, and only asked about here.
const MOST_SHARDS: u32 = 100_000;

/// Readers that can run at once: one a shard. On-demand streams start with four and double.
pub fn readers(source: &Source) -> u32 {
    let kinesis = source.kinesis();
    let promised = source
        .volume
        .as_ref()
        .map(|volume| volume.most())
        .map_or(0.0, |volume| {
            let bytes = volume.records_per_second * volume.record_bytes as f64 / f64::from(1 << 20);
            bytes.max(volume.records_per_second / 1000.0).ceil()
        });
    kinesis.shards.unwrap_or((promised as u32).clamp(4, MOST_SHARDS) * 2)
}

/// All streams.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    plan.sources
        .iter()
        .filter(|source| source.is_kinesis())
        .map(|source| {
            let kinesis = source.kinesis();
            match &kinesis.existing {
                Some(name) => Block::data("aws_kinesis_stream", &source.name).set("name", name),
                None => own(plan, source, kinesis),
            }
        })
        .collect()
}

fn own(plan: &Plan, source: &Source, kinesis: &Kinesis) -> Block {
    let mode = if kinesis.shards.is_some() {
        "PROVISIONED"
    } else {
        "ON_DEMAND"
    };
    let block = Block::resource("aws_kinesis_stream", &source.name).set("name", named(plan, &source.name, limit::LONG));
    let block = match (&kinesis.partition_key, kinesis.shards) {
        (key, Some(shards)) => doc(block, key.as_deref()).set("shard_count", shards),
        (key, None) => doc(block, key.as_deref()),
    };
    block
        .set("retention_period", kinesis.retention_hours)
        .set("encryption_type", "KMS")
        .set("kms_key_id", reference(super::policy::KEY))
        .set("enforce_consumer_deletion", plan.pipeline.destroyable)
        .block(Block::new("stream_mode_details").set("stream_mode", mode))
        .when(!plan.pipeline.destroyable, super::keep)
}

fn doc(block: Block, key: Option<&str>) -> Block {
    match key {
        Some(key) => block.doc(&format!(
            "Producers pass `{key}` as partition key: order is kept for each."
        )),
        None => block,
    }
}
