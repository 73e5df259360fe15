//! Sinks that hand rows on: buses, topics, queues.

use super::super::queue::queue_policy;
use super::{any_key, label, sid};
use crate::aws::metric::{Metric, metric};
use crate::aws::naming::{limit, named};
use crate::aws::policy::{KEY, Statement, allow, deny, document, key_use, own};
use crate::aws::{queue as queues, root};
use crate::emit::hcl::{Block, Value, call, reference};
use crate::plan::{Plan, QUEUE_DAYS, Sink, To};
use crate::{object_of, text_of};

/// The bus that every account has.
const DEFAULT: &str = "default";
const EXISTING: &str = "existing_event_buses";
/// How often a message of a platform's own queue may be given back before it goes to the dead letters.
const TRIES: u32 = 5;
const SEND: [&str; 2] = ["kms:Decrypt", "kms:GenerateDataKey"];

fn made_buses(plan: &Plan) -> impl Iterator<Item = (&Sink, &str)> {
    plan.sinks.iter().filter_map(|sink| match &sink.to {
        To::Bus { name, .. } if name != DEFAULT => Some((sink, name.as_str())),
        _ => None,
    })
}

/// What is decided at deployment.
pub fn variable(plan: &Plan) -> Option<Block> {
    made_buses(plan).next()?;
    let what = "Names of event buses that are there already; the others are made.";
    Some(root::variable(EXISTING, what, "list(string)").set("default", Value::List(vec![])))
}

/// The label of the dead letters of a sink, if it has any.
pub fn dead_letters(sink: &Sink) -> Option<String> {
    match &sink.to {
        To::Bus { name, .. } if name != DEFAULT => Some(format!("{}_dead_letters", label(sink))),
        To::Queue { existing: None, .. } => Some(format!("{}_dead_letters", label(sink))),
        _ => None,
    }
}

fn bus_arn(name: &str) -> Value {
    own("events", text_of!["event-bus/", name])
}

/// A bus, unless it is there. Its events wait in it under the platform's key; what cannot be decrypted any more is a
/// dead letter.
pub fn bus(plan: &Plan, sink: &Sink, name: &str) -> Vec<Block> {
    let Some(letters) = dead_letters(sink) else {
        return vec![];
    };
    let sent = allow(
        "Bus",
        &["sqs:SendMessage"],
        [reference(format!("aws_sqs_queue.{letters}.arn"))],
    )
    .service("events.amazonaws.com".into())
    .when("ArnEquals", "aws:SourceArn", bus_arn(name))
    .when("StringEquals", "aws:SourceAccount", reference("local.account"));
    let purpose = format!("Events of {} that its bus could not hand on.", sink.name);
    let mut out = queues::dead_letters_from(plan, &letters, &purpose, vec![sent]);
    let there = format!("contains(var.{EXISTING}, \"{name}\") ? 0 : 1");
    out.push(
        described(Block::resource("aws_cloudwatch_event_bus", &label(sink)), sink)
            .note("Others write rules for it by its name, which is the author's.")
            .set("count", reference(there))
            .set("name", name)
            .set("kms_key_identifier", reference(KEY))
            .block(Block::new("dead_letter_config").set("arn", reference(format!("aws_sqs_queue.{letters}.arn")))),
    );
    out
}

/// What a sink's author said of it, above its resource.
pub fn described(block: Block, sink: &Sink) -> Block {
    match &sink.doc {
        Some(doc) => block.doc(doc),
        None => block.doc(&format!("The sink {}.", sink.name)),
    }
}

/// Putting events on a bus; they say that they are this platform's.
pub fn put_events(sink: &Sink, name: &str) -> Vec<Statement> {
    vec![allow(&sid("PutEvents", sink), &["events:PutEvents"], [bus_arn(name)])]
}

/// What lets EventBridge use the platform's key for what is on a bus (P-KMS-1).
pub fn key_statements(plan: &Plan, because: &str) -> Vec<Statement> {
    let buses: Vec<Value> = made_buses(plan).map(|(_, name)| bus_arn(name)).collect();
    if buses.is_empty() {
        return vec![];
    }
    vec![
        allow(
            "Buses",
            &["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"],
            ["*".into()],
        )
        .service("events.amazonaws.com".into())
        .because(because)
        .when("StringEquals", "aws:SourceAccount", reference("local.account"))
        .when("ArnLike", "aws:SourceArn", Value::List(buses)),
    ]
}

/// The ARN of what a sink has, made or found.
pub fn arn(kind: &str, sink: &Sink, existing: bool) -> Value {
    let data = if existing { "data." } else { "" };
    reference(format!("{data}{kind}.{}.arn", label(sink)))
}

/// A topic.
pub fn topic(plan: &Plan, sink: &Sink, existing: Option<&str>) -> Vec<Block> {
    let own_label = label(sink);
    if let Some(name) = existing {
        return vec![Block::data("aws_sns_topic", &own_label).set("name", name)];
    }
    let topic = || arn("aws_sns_topic", sink, false);
    let tls = deny("TlsOnly", &["sns:Publish"], [topic()]).when("Bool", "aws:SecureTransport", "false");
    let subscribe = allow("Subscribers", &["sns:Subscribe"], [topic()]).account().when(
        "StringEquals",
        "aws:PrincipalAccount",
        reference("local.account"),
    );
    vec![
        described(Block::resource("aws_sns_topic", &own_label), sink)
            .set("name", named(plan, &own_label, limit::LONG))
            .set("kms_master_key_id", reference(KEY)),
        Block::resource("aws_sns_topic_policy", &own_label)
            .set("arn", topic())
            .set("policy", document([tls, subscribe])),
    ]
}

/// Publishing to a topic.
pub fn publish(sink: &Sink, existing: bool) -> Vec<Statement> {
    let topic = arn("aws_sns_topic", sink, existing);
    vec![
        allow(&sid("Publish", sink), &["sns:Publish"], [topic.clone()]),
        match existing {
            true => any_key(
                &sid("EncryptFor", sink),
                &SEND,
                "sns",
                Some(("kms:EncryptionContext:aws:sns:topicArn", topic)),
            ),
            false => key_use(&sid("EncryptFor", sink), &SEND, "sns"),
        },
    ]
}

/// The address of a queue.
pub fn queue_url(sink: &Sink, existing: bool) -> Value {
    match existing {
        true => reference(format!("data.aws_sqs_queue.{}.url", label(sink))),
        false => reference(format!("aws_sqs_queue.{}.id", label(sink))),
    }
}

/// A queue, with a second one for what those who take messages give back again and again.
pub fn queue(plan: &Plan, sink: &Sink, existing: Option<&str>, fifo: bool) -> Vec<Block> {
    let own_label = label(sink);
    if let Some(name) = existing {
        return vec![Block::data("aws_sqs_queue", &own_label).set("name", name)];
    }
    let letters = format!("{own_label}_dead_letters");
    let redrive = object_of! {
        "deadLetterTargetArn" => reference(format!("aws_sqs_queue.{letters}.arn")),
        "maxReceiveCount" => TRIES,
    };
    let from = object_of! {
        "redrivePermission" => "byQueue",
        "sourceQueueArns" => Value::List(vec![arn("aws_sqs_queue", sink, false)]),
    };
    let queue = described(Block::resource("aws_sqs_queue", &own_label), sink);
    let purpose = format!("Messages of {} that were given back {TRIES} times.", sink.name);
    let dead = Block::resource("aws_sqs_queue", &letters).doc(&purpose);
    let common = |block: Block, name: &str| {
        let room = if fifo {
            limit::EIGHTY - FIFO.len()
        } else {
            limit::EIGHTY
        };
        let name = named(plan, name, room);
        let block = match fifo {
            true => block.set("name", text_of![name, FIFO]).set("fifo_queue", true),
            false => block.set("name", name),
        };
        block
            .set("message_retention_seconds", (QUEUE_DAYS * 86_400.0) as u32)
            .set("kms_master_key_id", reference(KEY))
            .set("kms_data_key_reuse_period_seconds", 300u32)
    };
    let queue = common(queue, &own_label).when(fifo, |block| {
        block
            .set("deduplication_scope", "messageGroup")
            .set("fifo_throughput_limit", "perMessageGroupId")
    });
    vec![
        queue.set("redrive_policy", call("jsonencode", [redrive])),
        queue_policy(&own_label, []),
        common(dead, &letters),
        queue_policy(&letters, []),
        Block::resource("aws_sqs_queue_redrive_allow_policy", &letters)
            .set("queue_url", reference(format!("aws_sqs_queue.{letters}.id")))
            .set("redrive_allow_policy", call("jsonencode", [from])),
    ]
}

/// What the names of queues in order end with.
const FIFO: &str = ".fifo";

/// Sending to a queue.
pub fn send(sink: &Sink, existing: bool) -> Vec<Statement> {
    vec![
        allow(
            &sid("Send", sink),
            &["sqs:SendMessage"],
            [arn("aws_sqs_queue", sink, existing)],
        ),
        match existing {
            true => any_key(
                &sid("EncryptFor", sink),
                &SEND,
                "sqs",
                Some(("kms:EncryptionContext:aws:sqs:arn", arn("aws_sqs_queue", sink, true))),
            ),
            false => key_use(&sid("EncryptFor", sink), &SEND, "sqs"),
        },
    ]
}

/// What a topic measures.
pub fn topic_metrics(sink: &Sink, existing: bool) -> Vec<(String, String, Metric, f64)> {
    let data = if existing { "data." } else { "" };
    let name = reference(format!("{data}aws_sns_topic.{}.name", label(sink)));
    let failed = metric("AWS/SNS", "NumberOfNotificationsFailed", vec![("TopicName", name)]);
    let text = format!("Subscribers of {} did not get their messages", sink.name);
    vec![(format!("{}_failed", label(sink)), text, failed, 0.0)]
}

/// What a queue of the platform's own measures: messages that nobody takes are lost in the end.
pub fn queue_metrics(sink: &Sink, existing: bool) -> Vec<(String, String, Metric, f64)> {
    if existing {
        return vec![];
    }
    let name = reference(format!("aws_sqs_queue.{}.name", label(sink)));
    let age = metric("AWS/SQS", "ApproximateAgeOfOldestMessage", vec![("QueueName", name)]).with("Maximum", 300);
    let text = format!("Nobody takes the messages of {}", sink.name);
    vec![(format!("{}_age", label(sink)), text, age, QUEUE_DAYS * 86_400.0 / 2.0)]
}
