//! Rules on what S3 tells of objects that were put into a bucket. Knows nothing of who hears it.
//!
//! Events come at least once and are of a whole bucket (P-S3-7): each rule looks at one folder alone.

use super::naming::{limit, named};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::object_of;
use crate::plan::Plan;

/// The longest that an event is tried again for: a day, seconds.
const PATIENCE_SECONDS: u32 = 86_400;
/// How often it is tried again at most: what EventBridge does by itself.
const TRIES: u32 = 185;

/// A rule of this label on the objects of a bucket whose names begin so.
pub fn rule(plan: &Plan, label: &str, doc: &str, bucket: Value, prefix: &str) -> Block {
    let mut detail = vec![("bucket".to_owned(), object_of! { "name" => list([bucket]) })];
    if !prefix.is_empty() {
        let key = object_of! { "prefix" => prefix };
        detail.push(("object".to_owned(), object_of! { "key" => list([key]) }));
    }
    let pattern = object_of! {
        "source" => list(["aws.s3"]),
        "detail-type" => list(["Object Created"]),
        "detail" => object(detail),
    };
    Block::resource("aws_cloudwatch_event_rule", label)
        .doc(doc)
        .set("name", named(plan, label, limit::SIXTY_FOUR))
        .set("event_pattern", call("jsonencode", [pattern]))
}

/// Who hears of what that rule finds, and for how long it is tried.
pub fn target(label: &str, arn: Value) -> Block {
    Block::resource("aws_cloudwatch_event_target", label)
        .set("rule", reference(format!("aws_cloudwatch_event_rule.{label}.name")))
        .set("arn", arn)
        .block(
            Block::new("retry_policy")
                .set("maximum_event_age_in_seconds", PATIENCE_SECONDS)
                .set("maximum_retry_attempts", TRIES),
        )
}

/// What lets that rule start a function.
pub fn permission(label: &str, function: &str) -> Block {
    Block::resource("aws_lambda_permission", label)
        .set(
            "function_name",
            reference(format!("aws_lambda_function.{function}.function_name")),
        )
        .set("action", "lambda:InvokeFunction")
        .set("principal", "events.amazonaws.com")
        .set(
            "source_arn",
            reference(format!("aws_cloudwatch_event_rule.{label}.arn")),
        )
        .set("source_account", reference("local.account"))
}
