//! Backups of zones that ask for them: a vault, a daily plan, a selection and a role a zone.

use super::lake;
use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, allow_everywhere, arn, key_use, role, trust};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Plan, Zone};
use crate::text_of;

/// All of them.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    plan.zones
        .iter()
        .filter_map(|zone| Some((zone, zone.backup_days?)))
        .flat_map(|(zone, days)| zone_backup(plan, zone, days))
        .collect()
}

fn zone_backup(plan: &Plan, zone: &Zone, days: u32) -> Vec<Block> {
    let label = format!("{}_backup", zone.name);
    let bucket = format!("aws_s3_bucket.{}", lake::zone_label(&zone.name));
    let vault = Block::resource("aws_backup_vault", &label)
        .set("name", named(plan, &label, limit::BACKUP))
        .set("kms_key_arn", reference(KEY))
        .set("force_destroy", plan.pipeline.destroyable);
    let schedule = Block::resource("aws_backup_plan", &label)
        .doc(&format!(
            "Zone `{}` daily; a backup is a copy of its rows for {days} days more.",
            zone.name
        ))
        .set("name", named(plan, &label, limit::BACKUP))
        .block(
            Block::new("rule")
                .set("rule_name", "daily")
                .set("target_vault_name", reference(format!("aws_backup_vault.{label}.name")))
                .set("schedule", "cron(0 3 * * ? *)")
                .set("start_window", 60u32)
                .set("completion_window", 720u32)
                .block(Block::new("lifecycle").set("delete_after", days)),
        );
    let selection = Block::resource("aws_backup_selection", &label)
        .set("name", named(plan, &label, limit::BACKUP))
        .set("plan_id", reference(format!("aws_backup_plan.{label}.id")))
        .set("iam_role_arn", reference(format!("aws_iam_role.{label}.arn")))
        .set("resources", vec![reference(format!("{bucket}.arn"))])
        .set(
            "depends_on",
            vec![
                reference(format!("aws_iam_role_policy.{label}")),
                reference(format!("aws_s3_bucket_versioning.{}", lake::zone_label(&zone.name))),
            ],
        );
    let mut out = vec![vault];
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("What backups of zone {} may do", zone.name),
        trust("backup.amazonaws.com", None),
        permissions(&format!("{bucket}.arn")),
    ));
    out.extend([schedule, selection]);
    out
}

/// What AWS Backup needs to copy a bucket, and nothing that restores: a restore is given a role of its own then.
fn permissions(bucket: &str) -> Vec<Statement> {
    let managed: Value = arn("events", "var.region", "rule/AwsBackupManagedRule*");
    vec![
        allow(
            "Bucket",
            &[
                "s3:GetBucketAcl",
                "s3:GetBucketLocation",
                "s3:GetBucketNotification",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetInventoryConfiguration",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:PutBucketNotification",
                "s3:PutInventoryConfiguration",
            ],
            [reference(bucket)],
        ),
        allow(
            "Objects",
            &[
                "s3:GetObject",
                "s3:GetObjectAcl",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
            ],
            [text_of![reference(bucket), "/*"]],
        ),
        key_use("Decrypt", &["kms:Decrypt", "kms:DescribeKey"], "s3"),
        allow(
            "WatchObjects",
            &[
                "events:DeleteRule",
                "events:DescribeRule",
                "events:DisableRule",
                "events:EnableRule",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
            ],
            [managed],
        ),
        allow_everywhere(
            "Look",
            &["cloudwatch:GetMetricData", "events:ListRules", "s3:ListAllMyBuckets"],
            "These have no resources to limit them to.",
        ),
    ]
}
