//! The platform's one KMS key: who may use it, and under what condition.
//!
//! One key and not one a concern: its policy is the single place where services are let in, and a role's own policy
//! says through which service it may use the key.

use super::policy::{Statement, allow, document, own};
use super::{alarms, monitoring};
use crate::emit::hcl::{Block, list, reference};
use crate::plan::Plan;
use crate::text_of;

/// What the account's administrators may do with the key, where their own policies say so. The list leaves nothing
/// out that keeps the key manageable: a key that nobody may change cannot be repaired.
const ADMINISTER: [&str; 30] = [
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
];

/// The key, its alias and its policy.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let key = Block::resource("aws_kms_key", "platform")
        .doc("Encrypts everything that this platform stores, queues and logs.")
        .set("description", text_of!["All data of ", reference("local.prefix")]);
    let key = rotated(plan, key)
        .set("policy", document(statements(plan)))
        .when(!plan.pipeline.destroyable, super::keep);
    let alias = Block::resource("aws_kms_alias", "platform")
        .set("name", text_of!["alias/", reference("local.prefix")])
        .set("target_key_id", reference("aws_kms_key.platform.key_id"));
    vec![key, alias]
}

/// A key that turns, and that can be brought back for a while.
pub fn rotated(plan: &Plan, key: Block) -> Block {
    key.set("enable_key_rotation", true)
        .set("rotation_period_in_days", rotation_days(plan))
        .set(
            "deletion_window_in_days",
            if plan.pipeline.destroyable { 7u32 } else { 30 },
        )
}

/// Days between rotations; KMS takes no less than 90 and no more than 2,560.
pub fn rotation_days(plan: &Plan) -> u32 {
    plan.pipeline.key_rotation_days.clamp(90, 2560)
}

/// Why the resource of a statement is `*`.
pub const BECAUSE: &str = "In a key's policy `*` is this key alone.";

/// What the account's own policies may let do with a key.
pub fn administration() -> Statement {
    allow("AccountPolicies", &ADMINISTER, ["*".into()])
        .account()
        .because(BECAUSE)
}

fn statements(plan: &Plan) -> Vec<Statement> {
    let here = || ["*".into()];
    let because = BECAUSE;
    let mut out = vec![
        administration(),
        allow(
            "LogGroups",
            &[
                "kms:Decrypt",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            here(),
        )
        .service(text_of!["logs.", reference("var.region"), ".amazonaws.com"])
        .because(because)
        .when(
            "StringLike",
            "kms:EncryptionContext:aws:logs:arn",
            own("logs", "log-group:*"),
        ),
        allow("LogDelivery", &["kms:Decrypt"], here())
            .service("delivery.logs.amazonaws.com".into())
            .because(because)
            .when("StringEquals", "kms:EncryptionContext:SourceArn", own("logs", "*")),
    ];
    if !plan.monitors.is_empty() {
        let by_event = plan.monitors.iter().any(|monitor| alarms::by_event(plan, monitor));
        out.push(
            allow("Alarms", &["kms:Decrypt", "kms:GenerateDataKey"], here())
                .service(list(monitoring::senders(plan, by_event)))
                .because(because)
                .when("StringEquals", "aws:SourceAccount", reference("local.account")),
        );
    }
    if super::arrival::awaited(plan) || super::objects::sources(plan).next().is_some() {
        out.push(
            allow("Arrivals", &["kms:Decrypt", "kms:GenerateDataKey"], here())
                .service("events.amazonaws.com".into())
                .because(because)
                .when("StringEquals", "aws:SourceAccount", reference("local.account"))
                .when("ArnLike", "aws:SourceArn", own("events", "rule/*")),
        );
    }
    out.extend(super::secrets::key_statement(plan, because));
    out.extend(super::sinks::key_statements(plan, because));
    out.extend(super::audit::key_statements(plan, because));
    out.extend(super::exports::key_statement(plan, because));
    out
}
