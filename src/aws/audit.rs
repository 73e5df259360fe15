//! Who did what, and what was changed: CloudTrail of the lake, AWS Config, and buckets that let nobody delete what they
//! wrote. Knows nothing of what is audited.
//!
//! The trail sees reads and writes of the zones' buckets and of no others: events of all buckets are a large bill, and those
//! of its own bucket would never end (P-TRL-1). The recorder and the delivery channel of Config exist once in an account
//! and region (P-CFG-1), so a variable says whether this stack has them, or the account's own stack does.

use super::bucket::{Bucket, Rule};
use super::lake;
use super::naming::{self, limit, named};
use super::policy::{KEY, Statement, allow, deny, kept_by_aws, own, role, trust};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Audit, Lock, Plan};
use crate::text_of;

/// The labels of the buckets, and their names' parts.
const TRAIL: &str = "audit";
const CONFIG: &str = "configuration";
/// The variable that says whether this stack has the account's recorder.
const MANAGE: &str = "manage_config";

fn has(plan: &Plan, kind: fn(&Audit) -> bool) -> bool {
    plan.pipeline.audit.iter().any(kind)
}

fn trail(plan: &Plan) -> bool {
    has(plan, |audit| matches!(audit, Audit::Trail { .. }))
}

fn config(plan: &Plan) -> bool {
    has(plan, |audit| matches!(audit, Audit::Config { .. }))
}

/// Whether the recorder may be the platform's: without an `account`, who deploys says so.
fn own_recorder(plan: &Plan) -> bool {
    config(plan) && plan.account.is_none()
}

fn trail_name(plan: &Plan) -> Value {
    named(plan, "trail", limit::LONG)
}

fn trail_arn(plan: &Plan) -> Value {
    own("cloudtrail", text_of!["trail/", trail_name(plan)])
}

fn bucket_arn(label: &str) -> Value {
    reference(format!("aws_s3_bucket.{label}.arn"))
}

/// What is decided at deployment.
pub fn variables(plan: &Plan) -> Option<Block> {
    let described = "Whether this stack makes the recorder and the delivery channel of AWS Config, which exist once in an account and region. Set it to false where another stack has them.";
    own_recorder(plan).then(|| super::root::variable(MANAGE, described, "bool").set("default", true))
}

/// The buckets that hold it all, each for as long as it is kept: `terraform destroy` takes them only where the platform may
/// be destroyed. The trail's is locked. Config delivers to no bucket with locks
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-config-deliverychannel.html>), so a policy
/// keeps what is in its own; lifecycles are not bound by policies.
pub fn buckets(plan: &Plan) -> Vec<Bucket> {
    let of = |audit: &Audit| match audit {
        Audit::Trail { retain_days } => Some(Bucket {
            lock: Some(Lock {
                days: *retain_days,
                may_be_lifted: plan.pipeline.destroyable,
            }),
            ..bucket(
                plan,
                TRAIL,
                "Who did what; nobody can delete it before its time.",
                *retain_days,
                trail_statements(plan),
            )
        }),
        Audit::Config { retain_days } => own_recorder(plan).then(|| recorded(plan, *retain_days)),
    };
    plan.pipeline.audit.iter().filter_map(of).collect()
}

/// The bucket that Config delivers to.
pub fn recorded(plan: &Plan, retain_days: u32) -> Bucket {
    let mut statements = config_statements();
    if !plan.pipeline.destroyable {
        let objects = text_of![bucket_arn(CONFIG), "/*"];
        statements.push(deny("Kept", &["s3:DeleteObject", "s3:DeleteObjectVersion"], [objects]));
    }
    bucket(plan, CONFIG, "What was changed.", retain_days, statements)
}

fn bucket(plan: &Plan, label: &str, purpose: &str, days: u32, statements: Vec<Statement>) -> Bucket {
    Bucket {
        rules: vec![Rule {
            id: "all".into(),
            prefix: "AWSLogs/".into(),
            days: Some(days),
            tiers: vec![],
        }],
        statements,
        ..Bucket::new(
            plan,
            label,
            naming::bucket(plan, &naming::own_bucket(plan, label)),
            purpose,
        )
    }
}

/// Where a service writes for this account.
fn logs(label: &str) -> Value {
    text_of![bucket_arn(label), "/AWSLogs/", reference("local.account"), "/*"]
}

fn owned(statement: Statement) -> Statement {
    statement.when("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control")
}

fn trail_statements(plan: &Plan) -> Vec<Statement> {
    let of = |statement: Statement| {
        let statement = statement.service("cloudtrail.amazonaws.com".into());
        statement.when("StringEquals", "aws:SourceArn", trail_arn(plan))
    };
    vec![
        of(allow("TrailFindsBucket", &["s3:GetBucketAcl"], [bucket_arn(TRAIL)])),
        of(owned(allow("TrailWrites", &["s3:PutObject"], [logs(TRAIL)]))),
    ]
}

fn config_statements() -> Vec<Statement> {
    let of = |statement: Statement| {
        let statement = statement.service("config.amazonaws.com".into());
        statement.when("StringEquals", "aws:SourceAccount", reference("local.account"))
    };
    let find = ["s3:GetBucketAcl", "s3:ListBucket"];
    vec![
        of(allow("ConfigFindsBucket", &find, [bucket_arn(CONFIG)])),
        of(owned(allow("ConfigWrites", &["s3:PutObject"], [logs(CONFIG)]))),
    ]
}

/// What the platform's key lets these services do (P-KMS-1).
pub fn key_statements(plan: &Plan, because: &str) -> Vec<Statement> {
    let here = || ["*".into()];
    let mut out = vec![];
    if trail(plan) {
        let encrypt = allow("Trail", &["kms:DescribeKey", "kms:GenerateDataKey"], here());
        out.push(
            encrypt
                .service("cloudtrail.amazonaws.com".into())
                .because(because)
                .when("StringEquals", "aws:SourceArn", trail_arn(plan)),
        );
    }
    if own_recorder(plan) {
        out.push(recorder_encrypts(because));
    }
    out
}

/// What a key lets Config do.
pub fn recorder_encrypts(because: &str) -> Statement {
    allow("Config", &["kms:Decrypt", "kms:GenerateDataKey"], ["*".into()])
        .service("config.amazonaws.com".into())
        .because(because)
        .when("StringEquals", "aws:SourceAccount", reference("local.account"))
}

/// The trail, the recorder and its rules.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for audit in &plan.pipeline.audit {
        match audit {
            Audit::Trail { .. } => out.extend(trail_blocks(plan)),
            Audit::Config { retain_days } => {
                if own_recorder(plan) {
                    let count = reference(format!("var.{MANAGE} ? 1 : 0"));
                    out.extend(recorder(plan, "platform", *retain_days, Some(&count)));
                }
                out.extend(rules(plan));
            }
        }
    }
    out
}

fn trail_blocks(plan: &Plan) -> Vec<Block> {
    let group = "trail";
    let log_name = text_of!["/aws/cloudtrail/", trail_name(plan)];
    let mut out = vec![lake::log_group(plan, group, log_name)];
    out.extend(role(
        group,
        named(plan, group, limit::SIXTY_FOUR),
        "Writes the trail to its log group",
        trust("cloudtrail.amazonaws.com", Some(trail_arn(plan))),
        vec![allow(
            "Log",
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            [lake::log_streams(group)],
        )],
    ));
    let field = |name: &str, operator: &str, values: Vec<Value>| {
        Block::new("field_selector")
            .set("field", name)
            .set(operator, Value::List(values))
    };
    let zones = plan.zones.iter().map(|zone| {
        let bucket = format!("aws_s3_bucket.{}.arn", lake::zone_label(&zone.name));
        text_of![reference(bucket), "/"]
    });
    let calls = Block::new("advanced_event_selector")
        .set("name", "Every call")
        .block(field("eventCategory", "equals", vec!["Management".into()]));
    let rows = Block::new("advanced_event_selector")
        .set("name", "Every read and write of the lake")
        .block(field("eventCategory", "equals", vec!["Data".into()]))
        .block(field("resources.type", "equals", vec!["AWS::S3::Object".into()]))
        .block(field("resources.ARN", "starts_with", zones.collect()));
    out.push(
        Block::resource("aws_cloudtrail", group)
            .doc("Who did what: every call, and every read and write of the lake's buckets.")
            .skip(
                "CKV_AWS_252",
                "nobody waits for single files of it; its log group is what is searched",
            )
            .set("name", trail_name(plan))
            .set("s3_bucket_name", reference(format!("aws_s3_bucket.{TRAIL}.id")))
            .set("kms_key_id", reference(KEY))
            .set("enable_log_file_validation", true)
            .set("include_global_service_events", true)
            .set("is_multi_region_trail", true)
            .set("cloud_watch_logs_group_arn", lake::log_streams(group))
            .set(
                "cloud_watch_logs_role_arn",
                reference(format!("aws_iam_role.{group}.arn")),
            )
            .set(
                "depends_on",
                vec![
                    reference(format!("aws_iam_role_policy.{group}")),
                    reference(format!("aws_s3_bucket_policy.{TRAIL}")),
                ],
            )
            .block(calls)
            .block(rows),
    );
    out
}

/// What Config asks of the platform's resources: a label, the managed rule, and what it says.
const RULES: [(&str, &str, &str); 4] = [
    (
        "encrypted_buckets",
        "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED",
        "Buckets are encrypted",
    ),
    (
        "private_buckets",
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
        "Buckets are private",
    ),
    (
        "tls_only_buckets",
        "S3_BUCKET_SSL_REQUESTS_ONLY",
        "Buckets take requests over TLS only",
    ),
    ("encrypted_streams", "KINESIS_STREAM_ENCRYPTED", "Streams are encrypted"),
];

/// The recorder of an account, its role, and where it delivers to; `count` says whether they are made at all.
pub fn recorder(plan: &Plan, once: &str, retain_days: u32, count: Option<&Value>) -> Vec<Block> {
    let label = "config_recorder";
    let name = || named(plan, "config", limit::LONG);
    let of = |kind: &str| {
        let block = Block::resource(kind, once);
        match count {
            Some(count) => block.set("count", count.clone()),
            None => block,
        }
    };
    let recorder = || match count {
        Some(_) => reference(format!("one(aws_config_configuration_recorder.{once}[*].name)")),
        None => reference(format!("aws_config_configuration_recorder.{once}.name")),
    };
    let after = || reference(format!("aws_config_configuration_recorder.{once}"));
    let mut out = role(
        label,
        named(plan, label, limit::SIXTY_FOUR),
        "Records the state of resources",
        trust("config.amazonaws.com", None),
        vec![
            allow("Deliver", &["s3:PutObject"], [logs(CONFIG)]),
            allow(
                "FindBucket",
                &["s3:GetBucketAcl", "s3:ListBucket"],
                [bucket_arn(CONFIG)],
            ),
            allow("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], [reference(KEY)]),
        ],
    )
    .to_vec();
    out.push(
        Block::resource("aws_iam_role_policy_attachment", label)
            .doc("Reading the state of every kind of resource is what AWS keeps this policy for.")
            .set("role", reference(format!("aws_iam_role.{label}.name")))
            .set("policy_arn", kept_by_aws("AWS_ConfigRole")),
    );
    out.push(
        of("aws_config_configuration_recorder")
            .set("name", name())
            .set("role_arn", reference(format!("aws_iam_role.{label}.arn")))
            .block(
                Block::new("recording_group")
                    .set("all_supported", true)
                    .set("include_global_resource_types", true),
            ),
    );
    out.push(
        of("aws_config_delivery_channel")
            .set("name", name())
            .set("s3_bucket_name", reference(format!("aws_s3_bucket.{CONFIG}.id")))
            .set("s3_kms_key_arn", reference(KEY))
            .set(
                "depends_on",
                vec![after(), reference(format!("aws_s3_bucket_policy.{CONFIG}"))],
            ),
    );
    out.push(
        of("aws_config_configuration_recorder_status")
            .set("name", recorder())
            .set("is_enabled", true)
            .set(
                "depends_on",
                vec![reference(format!("aws_config_delivery_channel.{once}"))],
            ),
    );
    out.push(
        of("aws_config_retention_configuration")
            .set("retention_period_in_days", retain_days)
            .set("depends_on", vec![after()]),
    );
    out
}

/// What the platform asks of its resources: Config refuses rules where nothing records (P-CFG-1).
fn rules(plan: &Plan) -> impl Iterator<Item = Block> {
    let streams = plan.sources.iter().any(|source| source.is_kinesis());
    RULES
        .iter()
        .filter(move |(label, ..)| streams || *label != "encrypted_streams")
        .map(|(label, identifier, description)| rule(plan, label, identifier, description))
}

/// A rule about the resources that carry the platform's tag.
fn rule(plan: &Plan, label: &str, identifier: &str, description: &str) -> Block {
    let scope = Block::new("scope")
        .set("tag_key", "platform")
        .set("tag_value", reference("local.prefix"));
    Block::resource("aws_config_config_rule", label)
        .set("name", named(plan, label, limit::LONG))
        .set("description", description)
        .when(own_recorder(plan), |block| {
            let recorder = reference("aws_config_configuration_recorder_status.platform");
            block.set("depends_on", vec![recorder])
        })
        .block(scope)
        .block(
            Block::new("source")
                .set("owner", "AWS")
                .set("source_identifier", identifier),
        )
}
