//! Queues of dead letters: encrypted, TLS only, kept as long as SQS keeps anything.

use super::naming::{limit, named};
use super::policy::{Statement, allow, deny, document, key_use};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::object_of;
use crate::plan::Plan;
use crate::prove::quotas;

/// A queue of dead letters. Nothing redrives into it by itself.
pub fn dead_letters(plan: &Plan, label: &str, purpose: &str) -> Vec<Block> {
    dead_letters_from(plan, label, purpose, vec![])
}

/// A queue of dead letters to which services send too.
pub fn dead_letters_from(plan: &Plan, label: &str, purpose: &str, senders: Vec<Statement>) -> Vec<Block> {
    let nobody = object_of! { "redrivePermission" => "denyAll" };
    queue(plan, label, purpose, nobody, senders)
}

/// A queue of what another one gave up, to which services send too.
pub fn dead_letters_of(plan: &Plan, label: &str, purpose: &str, of: Value, senders: Vec<Statement>) -> Vec<Block> {
    let one = object_of! { "redrivePermission" => "byQueue", "sourceQueueArns" => list([of]) };
    queue(plan, label, purpose, one, senders)
}

fn queue(plan: &Plan, label: &str, purpose: &str, redrive: Value, senders: Vec<Statement>) -> Vec<Block> {
    let url = || reference(format!("aws_sqs_queue.{label}.id"));
    let queue = Block::resource("aws_sqs_queue", label)
        .doc(purpose)
        .set("name", named(plan, label, limit::EIGHTY))
        .set("message_retention_seconds", quotas::whole("sqs.longest_retention"))
        .set("kms_master_key_id", reference(super::policy::KEY))
        .set("kms_data_key_reuse_period_seconds", 300u32);
    vec![
        queue,
        queue_policy(label, senders),
        Block::resource("aws_sqs_queue_redrive_allow_policy", label)
            .set("queue_url", url())
            .set("redrive_allow_policy", call("jsonencode", [redrive])),
    ]
}

/// The policy of a queue: nothing without TLS, and what these statements allow.
pub fn queue_policy(label: &str, senders: impl IntoIterator<Item = Statement>) -> Block {
    let arn = reference(format!("aws_sqs_queue.{label}.arn"));
    let tls = deny("TlsOnly", &["sqs:*"], [arn]).when("Bool", "aws:SecureTransport", "false");
    Block::resource("aws_sqs_queue_policy", label)
        .set("queue_url", reference(format!("aws_sqs_queue.{label}.id")))
        .set("policy", document([tls].into_iter().chain(senders)))
}

/// What a role needs to send to a queue.
pub fn send(label: &str) -> [Statement; 2] {
    [
        allow(
            "DeadLetters",
            &["sqs:SendMessage"],
            [reference(format!("aws_sqs_queue.{label}.arn"))],
        ),
        key_use("EncryptDeadLetters", &["kms:Decrypt", "kms:GenerateDataKey"], "sqs"),
    ]
}
