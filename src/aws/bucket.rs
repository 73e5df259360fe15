//! A bucket with everything that makes it private, encrypted and really purging. Knows nothing of datasets.

use super::policy::{Statement, deny, document};
use crate::emit::hcl::{Block, Value, list, reference};
use crate::plan::{Lock, Plan, StorageClass, Tier};
use crate::text_of;

/// What a bucket is to be.
pub struct Bucket {
    /// Its label in Terraform.
    pub label: String,
    /// Its name.
    pub name: Value,
    /// What it holds, for the comment above it.
    pub purpose: String,
    /// Whether it may be destroyed with what is in it.
    pub destroyable: bool,
    /// Whether `terraform destroy` refuses it.
    pub keep: bool,
    /// Whether old versions are kept (a day).
    pub versioned: bool,
    /// Whether it takes the access logs of the others, which S3 writes with its own key only.
    pub takes_logs: bool,
    /// How long what is in it cannot be deleted.
    pub lock: Option<Lock>,
    /// Whether another bucket has a copy of all of it, or is what it is a copy of.
    pub copied: bool,
    /// Where it is, if not in the platform's region.
    pub elsewhere: Option<Elsewhere>,
    /// The web pages whose scripts may put objects into it.
    pub origins: Vec<String>,
    /// Its lifecycle.
    pub rules: Vec<Rule>,
    /// Statements of its policy beside the usual ones.
    pub statements: Vec<Statement>,
}

fn transition(tier: &Tier) -> Block {
    let class = match tier.class {
        StorageClass::Intelligent => "INTELLIGENT_TIERING",
        StorageClass::Infrequent => "STANDARD_IA",
        StorageClass::Archive => "GLACIER_IR",
        StorageClass::DeepArchive => "DEEP_ARCHIVE",
    };
    Block::new("transition")
        .set("days", tier.after_days)
        .set("storage_class", class)
}

/// A region that is not the platform's.
pub struct Elsewhere {
    /// The region.
    pub region: String,
    /// The address of the key's ARN there.
    pub key: String,
}

/// A lifecycle rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub prefix: String,
    /// How long objects stay; `None` where a job purges by a column, or nothing is ever purged.
    pub days: Option<u32>,
    /// Where they rest as they age.
    pub tiers: Vec<Tier>,
}

impl Bucket {
    /// A bucket with nothing special about it yet: versioned, and kept by Terraform unless the platform may be destroyed.
    pub fn new(plan: &Plan, label: &str, name: Value, purpose: impl Into<String>) -> Bucket {
        Bucket {
            label: label.into(),
            name,
            purpose: purpose.into(),
            destroyable: plan.pipeline.destroyable,
            keep: !plan.pipeline.destroyable,
            versioned: true,
            takes_logs: false,
            lock: None,
            copied: false,
            elsewhere: None,
            origins: vec![],
            rules: vec![],
            statements: vec![],
        }
    }

    /// Its Terraform.
    pub fn blocks(&self) -> Vec<Block> {
        let mut out = vec![
            self.bucket(),
            self.part("aws_s3_bucket_ownership_controls")
                .block(Block::new("rule").set("object_ownership", "BucketOwnerEnforced")),
            [
                "block_public_acls",
                "block_public_policy",
                "ignore_public_acls",
                "restrict_public_buckets",
            ]
            .into_iter()
            .fold(self.part("aws_s3_bucket_public_access_block"), |block, name| {
                block.set(name, true)
            }),
            self.encryption(),
            self.part("aws_s3_bucket_versioning").block(
                Block::new("versioning_configuration")
                    .set("status", if self.versioned { "Enabled" } else { "Disabled" }),
            ),
            self.lifecycle(),
            self.policy(),
        ];
        out.extend(self.lock.map(|lock| self.locked(lock)));
        out.extend((!self.origins.is_empty()).then(|| self.cors()));
        if let Some(elsewhere) = &self.elsewhere {
            let there = |block: Block| block.set("region", elsewhere.region.as_str());
            return out.into_iter().map(there).collect();
        }
        if !self.takes_logs {
            out.push(
                self.part("aws_s3_bucket_logging")
                    .set("target_bucket", reference("aws_s3_bucket.access_logs.id"))
                    .set("target_prefix", format!("{}/", self.label)),
            );
            out.push(self.part("aws_s3_bucket_notification").set("eventbridge", true));
        }
        out
    }

    /// Scripts of these pages may put objects by links that they were given: who may, the links say.
    fn cors(&self) -> Block {
        let rule = Block::new("cors_rule")
            .set("allowed_methods", list(["PUT"]))
            .set("allowed_origins", list(&self.origins))
            .set("allowed_headers", list(["content-type", "if-none-match", "x-amz-*"]))
            .set("max_age_seconds", 3_600u32);
        self.part("aws_s3_bucket_cors_configuration").block(rule)
    }

    fn key(&self) -> &str {
        self.elsewhere
            .as_ref()
            .map_or(super::policy::KEY, |elsewhere| &elsewhere.key)
    }

    fn arn(&self) -> String {
        format!("aws_s3_bucket.{}.arn", self.label)
    }

    fn part(&self, kind: &str) -> Block {
        Block::resource(kind, &self.label).set("bucket", reference(format!("aws_s3_bucket.{}.id", self.label)))
    }

    fn bucket(&self) -> Block {
        Block::resource("aws_s3_bucket", &self.label)
            .doc(&self.purpose)
            .when(!self.copied, |block| {
                block.skip(
                    "CKV_AWS_144",
                    "a replica would be one more copy with a lifetime of its own; none is declared",
                )
            })
            .when(self.elsewhere.is_some(), |block| {
                block
                    .skip(
                        "CKV_AWS_18",
                        "it is written by replication alone, and a log has to be in its region",
                    )
                    .skip("CKV2_AWS_62", "nothing reacts to a copy")
            })
            .when(self.takes_logs, |block| {
                block
                    .skip(
                        "CKV_AWS_18",
                        "it takes the access logs, and logging itself would never end",
                    )
                    .skip("CKV_AWS_145", "S3 writes access logs with its own key only")
                    .skip("CKV2_AWS_62", "nothing reacts to an access log")
            })
            .when(!self.versioned, |block| {
                block.skip(
                    "CKV_AWS_21",
                    "`versioning = false`: what is deleted is gone a day sooner",
                )
            })
            .set("bucket", self.name.clone())
            .set("force_destroy", self.destroyable)
            .when(self.lock.is_some(), |block| block.set("object_lock_enabled", true))
            .when(self.keep, super::keep)
    }

    fn locked(&self, lock: Lock) -> Block {
        let mode = if lock.may_be_lifted { "GOVERNANCE" } else { "COMPLIANCE" };
        let retention = Block::new("default_retention").set("mode", mode).set("days", lock.days);
        self.part("aws_s3_bucket_object_lock_configuration")
            .block(Block::new("rule").block(retention))
            .set(
                "depends_on",
                vec![reference(format!("aws_s3_bucket_versioning.{}", self.label))],
            )
    }

    fn encryption(&self) -> Block {
        let with = Block::new("apply_server_side_encryption_by_default");
        let with = if self.takes_logs {
            with.set("sse_algorithm", "AES256")
        } else {
            with.set("sse_algorithm", "aws:kms")
                .set("kms_master_key_id", reference(self.key()))
        };
        let rule = Block::new("rule").when(!self.takes_logs, |rule| rule.set("bucket_key_enabled", true));
        self.part("aws_s3_bucket_server_side_encryption_configuration")
            .block(rule.block(with))
    }

    /// The one lifecycle of the bucket. On a versioned bucket an expired object is only hidden: its version goes a
    /// day later by the same rule, and the marker that hid it by a rule of its own, which S3 does not let a rule
    /// with days do.
    fn lifecycle(&self) -> Block {
        let rules = self.rules.iter().map(|rule| {
            Block::new("rule")
                .set("id", rule.id.as_str())
                .set("status", "Enabled")
                .block(Block::new("filter").set("prefix", rule.prefix.as_str()))
                .blocks(rule.days.map(|days| Block::new("expiration").set("days", days)))
                .blocks(rule.tiers.iter().map(transition))
                .when(self.versioned, |block| {
                    block.block(Block::new("noncurrent_version_expiration").set("noncurrent_days", 1u32))
                })
        });
        let uploads = Block::new("rule")
            .set("id", "unfinished-uploads")
            .set("status", "Enabled")
            .block(Block::new("filter"))
            .block(Block::new("abort_incomplete_multipart_upload").set("days_after_initiation", 1u32));
        let markers = Block::new("rule")
            .set("id", "delete-markers")
            .set("status", "Enabled")
            .block(Block::new("filter"))
            .block(Block::new("expiration").set("expired_object_delete_marker", true));
        self.part("aws_s3_bucket_lifecycle_configuration")
            .blocks(rules)
            .block(uploads)
            .blocks(self.versioned.then_some(markers))
            .set(
                "depends_on",
                vec![reference(format!("aws_s3_bucket_versioning.{}", self.label))],
            )
    }

    fn policy(&self) -> Block {
        let everything = || [reference(self.arn()), text_of![reference(self.arn()), "/*"]];
        let objects = || [text_of![reference(self.arn()), "/*"]];
        let mut statements = vec![
            deny("TlsOnly", &["s3:*"], everything()).when("Bool", "aws:SecureTransport", "false"),
            deny("Tls12", &["s3:*"], everything()).when("NumericLessThan", "s3:TlsVersion", "1.2"),
        ];
        if !self.takes_logs {
            let header = "s3:x-amz-server-side-encryption";
            let key = "s3:x-amz-server-side-encryption-aws-kms-key-id";
            statements.push(
                deny("NotEncryptedByKms", &["s3:PutObject"], objects())
                    .when("Null", header, "false")
                    .when("StringNotEquals", header, "aws:kms"),
            );
            statements.push(
                deny("AnotherKey", &["s3:PutObject"], objects())
                    .when("Null", key, "false")
                    .when("ArnNotEquals", key, reference(self.key())),
            );
        }
        statements.extend(self.statements.iter().cloned());
        self.part("aws_s3_bucket_policy")
            .set("policy", document(statements))
            .set(
                "depends_on",
                vec![reference(format!("aws_s3_bucket_public_access_block.{}", self.label))],
            )
    }
}
