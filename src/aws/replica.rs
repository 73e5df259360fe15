//! Copies of zones in other regions: a bucket with a lifecycle of its own, since deletions by lifecycle are not copied
//! (P-S3-4), a key there, and the role that copies. What was there before the copy began is not copied.

use std::collections::BTreeSet;

use super::bucket::{Bucket, Elsewhere};
use super::naming::{self, limit, named};
use super::policy::{KEY, allow, document, role, trust};
use super::{keys, lake};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Plan, Zone};
use crate::text_of;

fn key_label(region: &str) -> String {
    format!("replica_{}", region.replace('-', "_"))
}

fn key(region: &str) -> String {
    format!("aws_kms_key.{}.arn", key_label(region))
}

fn label(zone: &str) -> String {
    format!("replica_{zone}")
}

fn copied(plan: &Plan) -> impl Iterator<Item = (&Zone, &str)> {
    plan.zones
        .iter()
        .filter_map(|zone| Some((zone, zone.replicate_to.as_deref()?)))
}

/// Keys, buckets, roles and what copies.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let regions: BTreeSet<&str> = copied(plan).map(|(_, region)| region).collect();
    let mut out: Vec<Block> = regions
        .into_iter()
        .flat_map(|region| key_blocks(plan, region))
        .collect();
    for (zone, region) in copied(plan) {
        out.extend(bucket(plan, zone, region).blocks());
        out.extend(copying(plan, zone, region));
    }
    out
}

/// Keys do not leave their region.
fn key_blocks(plan: &Plan, region: &str) -> [Block; 2] {
    let label = key_label(region);
    let key = Block::resource("aws_kms_key", &label)
        .doc("Encrypts the copies in this region.")
        .set("region", region)
        .set("description", text_of!["Copies of data of ", reference("local.prefix")])
        .set("enable_key_rotation", true)
        .set("rotation_period_in_days", keys::rotation_days(plan))
        .set(
            "deletion_window_in_days",
            if plan.pipeline.destroyable { 7u32 } else { 30 },
        )
        .set("policy", document([keys::administration()]))
        .when(!plan.pipeline.destroyable, super::keep);
    let alias = Block::resource("aws_kms_alias", &label)
        .set("region", region)
        .set("name", text_of!["alias/", reference("local.prefix"), "-replica"])
        .set("target_key_id", reference(format!("aws_kms_key.{label}.key_id")));
    [key, alias]
}

/// What purges a zone's rows by age purges their copies; what a job deletes is deleted in the copy by its marker.
fn bucket(plan: &Plan, zone: &Zone, region: &str) -> Bucket {
    Bucket {
        label: label(&zone.name),
        name: naming::bucket(plan, &label(&zone.name)),
        purpose: format!("A copy of zone `{}` in {region}.", zone.name),
        copied: true,
        elsewhere: Some(Elsewhere {
            region: region.to_owned(),
            key: key(region),
        }),
        ..lake::zone_bucket(plan, zone)
    }
}

fn copying(plan: &Plan, zone: &Zone, region: &str) -> Vec<Block> {
    let (own, source, copy) = (label(&zone.name), lake::zone_label(&zone.name), label(&zone.name));
    let bucket = |label: &str| reference(format!("aws_s3_bucket.{label}.arn"));
    let objects = |label: &str| text_of![bucket(label), "/*"];
    let via = |region: Value| text_of!["s3.", region, ".amazonaws.com"];
    let statements = vec![
        allow(
            "Look",
            &["s3:GetReplicationConfiguration", "s3:ListBucket"],
            [bucket(&source)],
        ),
        allow(
            "Read",
            &[
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            [objects(&source)],
        ),
        allow(
            "Copy",
            &["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            [objects(&copy)],
        ),
        allow("Decrypt", &["kms:Decrypt"], [reference(KEY)]).when(
            "StringEquals",
            "kms:ViaService",
            via(reference("var.region")),
        ),
        allow(
            "Encrypt",
            &["kms:Encrypt", "kms:GenerateDataKey"],
            [reference(key(region))],
        )
        .when("StringEquals", "kms:ViaService", via(region.into())),
    ];
    let mut out = role(
        &own,
        named(plan, &own, limit::SIXTY_FOUR),
        &format!("Copies zone {} to {region}", zone.name),
        trust("s3.amazonaws.com", None),
        statements,
    )
    .to_vec();
    let encrypted =
        Block::new("source_selection_criteria").block(Block::new("sse_kms_encrypted_objects").set("status", "Enabled"));
    let destination = Block::new("destination")
        .set("bucket", bucket(&copy))
        .block(Block::new("encryption_configuration").set("replica_kms_key_id", reference(key(region))))
        .block(Block::new("metrics").set("status", "Enabled"));
    let rule = Block::new("rule")
        .set("id", "everything")
        .set("priority", 0u32)
        .set("status", "Enabled")
        .block(Block::new("filter"))
        .block(Block::new("delete_marker_replication").set("status", "Enabled"))
        .block(encrypted)
        .block(destination);
    out.push(
        Block::resource("aws_s3_bucket_replication_configuration", &source)
            .set("bucket", reference(format!("aws_s3_bucket.{source}.id")))
            .set("role", reference(format!("aws_iam_role.{own}.arn")))
            .block(rule)
            .set(
                "depends_on",
                vec![
                    reference(format!("aws_iam_role_policy.{own}")),
                    reference(format!("aws_s3_bucket_versioning.{copy}")),
                    reference(format!("aws_s3_bucket_versioning.{source}")),
                ],
            ),
    );
    out
}
