//! Messages of devices that become records of a stream: a rule of AWS IoT Core, what it may do, and what it could not hand
//! on. Knows nothing of devices: their certificates and policies are their makers'.

use super::naming::{limit, named};
use super::policy::{Statement, allow, document, key_use, own, role, trust};
use super::{kinesis, queue};
use crate::emit::hcl::{Block, Value, reference};
use crate::plan::{Plan, Source};
use crate::text_of;

/// The rules' own version of SQL.
const SQL: &str = "2016-03-23";

fn sources(plan: &Plan) -> impl Iterator<Item = (&Source, &str)> {
    let all = plan.sources.iter();
    all.filter_map(|source| Some((source, source.topic.as_deref()?)))
}

/// What is made for a source is labelled so, by its name.
pub fn label(source: &str) -> String {
    format!("{source}_iot")
}

/// The label of what a rule could not put on its stream.
fn letters(source: &Source) -> String {
    format!("{}_dead_letters", label(&source.name))
}

/// Labels of the queues of all rules.
pub fn dead_letters(plan: &Plan) -> impl Iterator<Item = String> {
    sources(plan).map(|(source, _)| letters(source))
}

/// All rules.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    sources(plan)
        .flat_map(|(source, topic)| one(plan, source, topic))
        .collect()
}

fn one(plan: &Plan, source: &Source, topic: &str) -> Vec<Block> {
    let label = label(&source.name);
    let letters = letters(source);
    let role_arn = || reference(format!("aws_iam_role.{label}.arn"));
    let mut out = queue::dead_letters(
        plan,
        &letters,
        &format!("Messages of {} that could not be put on the stream.", source.name),
    );
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("Puts messages of {} on its stream", source.name),
        trust("iot.amazonaws.com", Some(own("iot", text_of!["rule/", name(source)]))),
        statements(source, &letters),
    ));
    let kinesis = Block::new("kinesis")
        .set("role_arn", role_arn())
        .set("stream_name", reference(format!("{}.name", kinesis::address(source))))
        .set("partition_key", key(source));
    let failed = Block::new("error_action").block(
        Block::new("sqs")
            .set("role_arn", role_arn())
            .set("queue_url", reference(format!("aws_sqs_queue.{letters}.id")))
            .set("use_base64", true),
    );
    out.push(
        Block::resource("aws_iot_topic_rule", &label)
            .doc(&format!("Takes each message of {}, as it came.", source.name))
            .set("name", name(source))
            .set("description", format!("Messages of {}", source.name))
            .set("enabled", true)
            .set("sql", format!("SELECT * FROM '{topic}'"))
            .set("sql_version", SQL)
            .set("depends_on", vec![reference(format!("aws_iam_role_policy.{label}"))])
            .block(kinesis)
            .block(failed),
    );
    out.push(sender(plan, source, topic));
    out
}

/// Names of rules have no hyphens.
fn name(source: &Source) -> Value {
    text_of![reference("local.database_prefix"), "_", source.name.as_str()]
}

/// The text of the key; of messages without one, an id of their own. `${` is the rule's, not Terraform's.
fn key(source: &Source) -> Value {
    match &source.kinesis().partition_key {
        Some(key) => format!("${{{key}}}").into(),
        None => "${newuuid()}".into(),
    }
}

fn statements(source: &Source, letters: &str) -> Vec<Statement> {
    let stream = reference(format!("{}.arn", kinesis::address(source)));
    let mut out = vec![
        allow("Put", &["kinesis:PutRecord"], [stream]),
        key_use("Encrypt", &["kms:GenerateDataKey"], "kinesis"),
    ];
    out.extend(queue::send(letters));
    out
}

/// What a device needs to send, for its certificate.
fn sender(plan: &Plan, source: &Source, topic: &str) -> Block {
    let label = format!("{}_sender", source.name);
    // In policies `*` stands for the levels that MQTT's wildcards do.
    let topics = topic.replace(['+', '#'], "*");
    let statements = [
        allow(
            "Connect",
            &["iot:Connect"],
            [own("iot", "client/${iot:Connection.Thing.ThingName}")],
        ),
        allow("Send", &["iot:Publish"], [own("iot", text_of!["topic/", topics])]),
    ];
    Block::resource("aws_iot_policy", &label)
        .doc(&format!(
            "What a device of {} may do: attach it to the certificates of its things.",
            source.name
        ))
        .set("name", named(plan, &label, limit::LONG))
        .set("policy", document(statements))
}
