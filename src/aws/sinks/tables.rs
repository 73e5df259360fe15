//! Sinks that keep rows under a key, or in order: tables of DynamoDB and streams of Kinesis.

use super::messages::described;
use super::{any_key, label, sid};
use crate::aws::keep;
use crate::aws::metric::{Metric, metric};
use crate::aws::naming::{limit, named};
use crate::aws::policy::{KEY, Statement, allow, key_use};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Kinesis, Plan, Sink, To};

/// The attribute that says when an item is of no use any more; generated functions write it.
const UNTIL: &str = "_until";

fn address(kind: &str, sink: &Sink, existing: bool, attribute: &str) -> Value {
    let data = if existing { "data." } else { "" };
    reference(format!("{data}{kind}.{}.{attribute}", label(sink)))
}

/// The name of a stream.
pub fn stream_name(sink: &Sink, stream: &Kinesis) -> Value {
    address("aws_kinesis_stream", sink, stream.existing.is_some(), "name")
}

/// A stream.
pub fn stream(plan: &Plan, sink: &Sink, stream: &Kinesis) -> Vec<Block> {
    let own_label = label(sink);
    if let Some(name) = &stream.existing {
        return vec![Block::data("aws_kinesis_stream", &own_label).set("name", name)];
    }
    let mode = if stream.shards.is_some() {
        "PROVISIONED"
    } else {
        "ON_DEMAND"
    };
    let block = described(Block::resource("aws_kinesis_stream", &own_label), sink)
        .set("name", named(plan, &own_label, limit::LONG));
    let block = match stream.shards {
        Some(shards) => block.set("shard_count", shards),
        None => block,
    };
    vec![
        block
            .set("retention_period", stream.retention_hours)
            .set("encryption_type", "KMS")
            .set("kms_key_id", reference(KEY))
            .set("enforce_consumer_deletion", plan.pipeline.destroyable)
            .block(Block::new("stream_mode_details").set("stream_mode", mode))
            .when(!plan.pipeline.destroyable, keep),
    ]
}

/// Putting records on a stream.
pub fn put_records(sink: &Sink, stream: &Kinesis) -> Vec<Statement> {
    let existing = stream.existing.is_some();
    let arn = address("aws_kinesis_stream", sink, existing, "arn");
    let encrypt = ["kms:GenerateDataKey"];
    vec![
        allow(&sid("PutRecords", sink), &["kinesis:PutRecords"], [arn.clone()]),
        match existing {
            true => any_key(
                &sid("EncryptFor", sink),
                &encrypt,
                "kinesis",
                Some(("kms:EncryptionContext:aws:kinesis:arn", arn)),
            ),
            false => key_use(&sid("EncryptFor", sink), &encrypt, "kinesis"),
        },
    ]
}

/// What a stream measures.
pub fn stream_metrics(sink: &Sink, stream: &Kinesis) -> Vec<(String, String, Metric, f64)> {
    let full = metric(
        "AWS/Kinesis",
        "WriteProvisionedThroughputExceeded",
        vec![("StreamName", stream_name(sink, stream))],
    );
    let text = format!("The stream of {} takes no more", sink.name);
    vec![(format!("{}_full", label(sink)), text, full, 0.0)]
}

/// The name of a table.
pub fn table_name(sink: &Sink, existing: bool) -> Value {
    address("aws_dynamodb_table", sink, existing, "name")
}

/// A table, with what its writers give it as its key.
pub fn items(plan: &Plan, sink: &Sink) -> Vec<Block> {
    let To::Items {
        key,
        ttl_days,
        existing,
        ..
    } = &sink.to
    else {
        return vec![];
    };
    let own_label = label(sink);
    if let Some(name) = existing {
        return vec![Block::data("aws_dynamodb_table", &own_label).set("name", name)];
    }
    let columns = plan.writers_of(sink).next().map(|writer| plan.rows_of(writer));
    let columns = columns.unwrap_or_default();
    let mut block = described(Block::resource("aws_dynamodb_table", &own_label), sink)
        .set("name", named(plan, &own_label, limit::LONG))
        .set("billing_mode", "PAY_PER_REQUEST")
        .set("deletion_protection_enabled", !plan.pipeline.destroyable);
    for (column, role) in key.iter().zip(["hash_key", "range_key"]) {
        block = block.set(role, column.as_str());
    }
    for column in key.iter().take(2) {
        let found = columns.iter().find(|other| other.name == *column);
        block = block.block(
            Block::new("attribute")
                .set("name", column.as_str())
                .set("type", found.map_or("S", attribute_type)),
        );
    }
    let until = Block::new("ttl").set("attribute_name", UNTIL).set("enabled", true);
    vec![
        block
            .when(ttl_days.is_some(), |block| block.block(until))
            .block(Block::new("point_in_time_recovery").set("enabled", true))
            .block(
                Block::new("server_side_encryption")
                    .set("enabled", true)
                    .set("kms_key_arn", reference(KEY)),
            )
            .when(!plan.pipeline.destroyable, keep),
    ]
}

/// Keys are texts or exact numbers.
fn attribute_type(column: &Column) -> &'static str {
    match column.ty.kind {
        TypeKind::Int | TypeKind::Decimal { .. } | TypeKind::Duration => "N",
        _ => "S",
    }
}

/// Putting items into a table.
pub fn put_items(sink: &Sink, existing: bool) -> Vec<Statement> {
    let arn = address("aws_dynamodb_table", sink, existing, "arn");
    let name = table_name(sink, true);
    vec![
        allow(&sid("PutItems", sink), &["dynamodb:BatchWriteItem"], [arn]),
        match existing {
            true => any_key(
                &sid("EncryptFor", sink),
                &["kms:Decrypt"],
                "dynamodb",
                Some(("kms:EncryptionContext:aws:dynamodb:tableName", name)),
            ),
            false => key_use(&sid("EncryptFor", sink), &["kms:Decrypt"], "dynamodb"),
        },
    ]
}

/// What a table measures.
pub fn item_metrics(sink: &Sink, existing: bool) -> Vec<(String, String, Metric, f64)> {
    let throttled = metric(
        "AWS/DynamoDB",
        "WriteThrottleEvents",
        vec![("TableName", table_name(sink, existing))],
    );
    let text = format!("The table of {} takes no more", sink.name);
    vec![(format!("{}_full", label(sink)), text, throttled, 0.0)]
}
