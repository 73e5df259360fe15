//! The key of `pseudonym`: a secret without a value, which its operator sets, so that no state holds it.

use super::emr;
use super::naming::{limit, named};
use super::policy::{Statement, allow, deny, document, key_use};
use crate::emit::hcl::{Block, Value, list, reference};
use crate::plan::{Plan, Transform};
use crate::text_of;

const LABEL: &str = "pseudonym_key";

/// Whether any transform computes pseudonyms.
pub fn needed(plan: &Plan) -> bool {
    plan.transforms.iter().any(|transform| uses_pseudonym(plan, transform))
}

/// The secret's ARN.
pub fn arn() -> Value {
    reference(format!("aws_secretsmanager_secret.{LABEL}.arn"))
}

/// The secret's name.
pub fn name() -> Value {
    reference(format!("aws_secretsmanager_secret.{LABEL}.name"))
}

/// The applications of EMR Serverless that read it: EMR itself fetches the value, under the secret's own policy.
fn applications(plan: &Plan) -> Vec<Value> {
    emr::jobs(plan)
        .filter(|(transform, _)| uses_pseudonym(plan, transform))
        .map(|(transform, _)| reference(format!("aws_emrserverless_application.{}.arn", transform.name)))
        .collect()
}

/// What lets EMR Serverless decrypt the secret, in the key's policy.
/// <https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/secrets-manager.html>
pub fn key_statement(plan: &Plan, because: &str) -> Option<Statement> {
    if applications(plan).is_empty() {
        return None;
    }
    let statement = allow("SecretsOfJobs", &["kms:Decrypt", "kms:DescribeKey"], ["*".into()])
        .service("emr-serverless.amazonaws.com".into())
        .because(because)
        .when(
            "StringEquals",
            "kms:ViaService",
            text_of!["secretsmanager.", reference("var.region"), ".amazonaws.com"],
        );
    Some(statement)
}

/// What a reader of the secret needs.
pub fn read() -> [Statement; 2] {
    [
        allow("PseudonymKey", &["secretsmanager:GetSecretValue"], [arn()]),
        key_use("DecryptSecret", &["kms:Decrypt"], "secretsmanager"),
    ]
}

/// The secret and its policy.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    if !needed(plan) {
        return vec![];
    }
    let keep = !plan.pipeline.destroyable;
    let secret = Block::resource("aws_secretsmanager_secret", LABEL)
        .doc("The HMAC key of pseudonyms. Its value is set by hand and never changes: another key, other pseudonyms.")
        .skip(
            "CKV2_AWS_57",
            "rotating it would break every join with what was written before",
        )
        .set("name", named(plan, LABEL, limit::LONG))
        .set("description", "Key of pseudonyms; any text of 32 random bytes or more")
        .set("kms_key_id", reference(super::policy::KEY))
        .set("recovery_window_in_days", if keep { 30u32 } else { 7 })
        .when(keep, super::keep);
    let because = "In a secret's policy `*` is this secret alone.";
    let mut statements = vec![
        deny("TlsOnly", &["secretsmanager:*"], ["*".into()])
            .because(because)
            .when("Bool", "aws:SecureTransport", "false"),
    ];
    let applications = applications(plan);
    if !applications.is_empty() {
        let read = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"];
        statements.push(
            allow("Jobs", &read, [arn()])
                .service("emr-serverless.amazonaws.com".into())
                .when("StringEquals", "aws:SourceAccount", reference("local.account"))
                .when("ArnEquals", "aws:SourceArn", list(applications)),
        );
    }
    let policy = Block::resource("aws_secretsmanager_secret_policy", LABEL)
        .set("secret_arn", arn())
        .set("policy", document(statements))
        .set("block_public_policy", true);
    vec![secret, policy]
}

/// Whether what a transform does, or a check of what it reads, computes pseudonyms.
pub fn uses_pseudonym(plan: &Plan, transform: &Transform) -> bool {
    plan.calls(transform, "pseudonym")
}
