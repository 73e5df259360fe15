//! What tells a schedule that something has landed: a rule on the bucket's events, and a queue that holds them until the
//! schedule looks. Knows nothing of what runs then.
//!
//! Events come at least once and are of a whole bucket (P-S3-7): the rule looks at the dataset's folder alone, and a
//! message twice is an arrival once. The queue is taken empty as a whole, so nothing counts what is in it.

use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, deny, document, key_use};
use super::{created, lake, orchestration};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{DatasetId, Plan, Schedule, Starts, names};
use crate::prove::quotas;

/// Whether any schedule waits for arrivals.
pub fn awaited(plan: &Plan) -> bool {
    let all = &mut plan.schedules.iter();
    all.any(|schedule| matches!(schedule.starts, Starts::Arrival { .. }))
}

/// The queue of a schedule's arrivals.
fn label(schedule: &Schedule) -> String {
    format!("{}_arrivals", schedule.name)
}

/// The URL of the queue, for the state machine.
pub fn url(schedule: &Schedule) -> Value {
    reference(format!("aws_sqs_queue.{}.id", label(schedule)))
}

/// The rule and the queue of a schedule that waits for what lands in a dataset.
pub fn blocks(plan: &Plan, schedule: &Schedule, of: &DatasetId) -> Vec<Block> {
    let label = label(schedule);
    let arn = || reference(format!("aws_sqs_queue.{label}.arn"));
    let rule_arn = reference(format!("aws_cloudwatch_event_rule.{label}.arn"));
    let bucket = reference(format!("aws_s3_bucket.{}.bucket", lake::zone_label(&of.zone)));
    let doc = format!("What lands in {of}: schedule {} waits for it.", schedule.name);
    let rule = created::rule(plan, &label, &doc, bucket, &names::dataset_prefix(&of.name));
    let target = created::target(&label, arn())
        .note("That something has landed is all that the schedule asks.")
        .set("input", "\"landed\"")
        .set("depends_on", vec![reference(format!("aws_sqs_queue_policy.{label}"))])
        .block(
            Block::new("dead_letter_config")
                .set("arn", reference(format!("aws_sqs_queue.{}.arn", orchestration::MISSED))),
        );
    let queue = Block::resource("aws_sqs_queue", &label)
        .doc(&format!(
            "What has landed in {of} since schedule {} looked.",
            schedule.name
        ))
        .set("name", named(plan, &label, limit::EIGHTY))
        .set("message_retention_seconds", quotas::whole("sqs.longest_retention"))
        .set("kms_master_key_id", reference(KEY))
        .set("kms_data_key_reuse_period_seconds", 300u32);
    let policy = Block::resource("aws_sqs_queue_policy", &label)
        .set("queue_url", url(schedule))
        .set(
            "policy",
            document([
                deny("TlsOnly", &["sqs:*"], [arn()]).when("Bool", "aws:SecureTransport", "false"),
                from_rule(arn(), rule_arn),
            ]),
        );
    vec![rule, target, queue, policy]
}

/// What lets a rule send to a queue.
fn from_rule(queue: Value, rule: Value) -> Statement {
    allow("Events", &["sqs:SendMessage"], [queue])
        .service("events.amazonaws.com".into())
        .when("ArnEquals", "aws:SourceArn", rule)
        .when("StringEquals", "aws:SourceAccount", reference("local.account"))
}

/// What lets the rules put what they could not deliver among the missed starts.
pub fn missed(plan: &Plan) -> Vec<Statement> {
    let waiting = plan.schedules.iter().filter_map(|schedule| match schedule.starts {
        Starts::Arrival { .. } => Some(reference(format!("aws_cloudwatch_event_rule.{}.arn", label(schedule)))),
        Starts::Clock { .. } => None,
    });
    let rules: Vec<Value> = waiting.collect();
    let queue = reference(format!("aws_sqs_queue.{}.arn", orchestration::MISSED));
    match rules.is_empty() {
        true => vec![],
        false => vec![from_rule(queue, Value::List(rules))],
    }
}

/// What the state machine of such a schedule needs: to see whether it runs already, and to take what has landed.
pub fn permissions(schedule: &Schedule, machine: Value) -> Vec<Statement> {
    let queue = reference(format!("aws_sqs_queue.{}.arn", label(schedule)));
    vec![
        allow("Runs", &["states:ListExecutions"], [machine]),
        allow("Arrivals", &["sqs:PurgeQueue", "sqs:ReceiveMessage"], [queue]),
        key_use("DecryptArrivals", &["kms:Decrypt"], "sqs"),
    ]
}
