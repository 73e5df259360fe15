//! The key of `pseudonym`: a secret without a value, which its operator sets, so that no state holds it.

use super::naming::{limit, named};
use super::policy::{Statement, allow, deny, document, key_use};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::expr::{Expr, ExprKind};
use crate::plan::{Input, Plan, StepKind, Transform};

const LABEL: &str = "pseudonym_key";

/// Whether any transform computes pseudonyms.
pub fn needed(plan: &Plan) -> bool {
    plan.transforms.iter().any(|transform| uses_pseudonym(plan, transform))
}

/// The secret's ARN.
pub fn arn() -> Value {
    reference(format!("aws_secretsmanager_secret.{LABEL}.arn"))
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
    let policy = deny("TlsOnly", &["secretsmanager:*"], ["*".into()])
        .because("In a secret's policy `*` is this secret alone.")
        .when("Bool", "aws:SecureTransport", "false");
    let policy = Block::resource("aws_secretsmanager_secret_policy", LABEL)
        .set("secret_arn", arn())
        .set("policy", document([policy]))
        .set("block_public_policy", true);
    vec![secret, policy]
}

/// Whether a transform, or a check of the source that it reads, computes pseudonyms.
pub fn uses_pseudonym(plan: &Plan, transform: &Transform) -> bool {
    let in_checks = match &transform.input {
        Input::Table(_) => false,
        Input::Stream(name) => plan.source(name).is_some_and(|source| {
            source
                .schema
                .fields
                .iter()
                .filter_map(|field| field.check.as_ref())
                .any(calls)
        }),
        _ => crate::plan::refused(),
    };
    in_checks || transform.steps.iter().any(|step| step_calls(&step.kind))
}

fn step_calls(step: &StepKind) -> bool {
    match step {
        StepKind::Filter(condition) | StepKind::Expect { condition, .. } => calls(condition),
        StepKind::Derive(columns) | StepKind::Select(columns) => columns.iter().any(|(_, expr)| calls(expr)),
        StepKind::Group { keys, aggregates, .. } => {
            keys.iter().any(|(_, expr)| calls(expr))
                || aggregates
                    .iter()
                    .any(|(_, aggregate)| aggregate.arguments.first().is_some_and(calls))
        }
        StepKind::Drop(_) | StepKind::Rename(_) | StepKind::Dedupe { .. } => false,
        _ => crate::plan::refused(),
    }
}

fn calls(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::Column(_) | ExprKind::Reject(_) => false,
        ExprKind::Call { function, arguments } => function == "pseudonym" || arguments.iter().any(calls),
        ExprKind::Not(value) | ExprKind::Negate(value) | ExprKind::Cast(value) => calls(value),
        ExprKind::IsNull { value, .. } | ExprKind::In { value, .. } => calls(value),
        ExprKind::Logic { left, right, .. }
        | ExprKind::Compare { left, right, .. }
        | ExprKind::Arithmetic { left, right, .. } => calls(left) || calls(right),
        ExprKind::If {
            condition,
            then,
            otherwise,
        } => calls(condition) || calls(then) || calls(otherwise),
        ExprKind::Coalesce { value, default } => calls(value) || calls(default),
        _ => crate::plan::refused(),
    }
}
