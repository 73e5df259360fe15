//! Queues whose messages are a source's records: those of the platform's own with their dead letters, and how messages come
//! from a queue to a function, or to a stream that others read too. Knows nothing of what becomes of them.
//!
//! Facts: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>,
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html>.

use super::metric::{Metric, metric};
use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, document, key_use, own, role, trust};
use super::queue::queue_policy;
use super::{kinesis, lake, root};
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::plan::{Plan, Queue, Source, StreamFunction, stream_functions};
use crate::{object_of, text_of};

/// The longest that SQS keeps a message: 14 days, seconds.
const LONGEST: u32 = 1_209_600;
/// The most messages of a batch of a queue in order; of others without a wait for more.
const SMALL_BATCH: u32 = 10;
/// A message is hidden for this many times as long as a batch may take: so long one batch may wait behind others.
const PATIENCE: u32 = 6;
/// How long a message is hidden while a pipe hands it on, seconds.
const HIDDEN: u32 = 120;
/// What the names of queues in order end with.
const FIFO: &str = ".fifo";
/// What Lambda and pipes do with a queue.
const TAKE: [&str; 3] = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"];

/// The sources whose messages wait in a queue, whoever takes them from there.
fn sources(plan: &Plan) -> impl Iterator<Item = (&Source, &Queue)> {
    plan.sources
        .iter()
        .filter_map(|source| Some((source, source.queue().or(source.queued.as_ref())?)))
}

/// What a queue is called in Terraform: sources and their functions' dead letters have labels of their own.
fn address(source: &Source, queue: &Queue) -> String {
    let data = if queue.existing.is_some() { "data." } else { "" };
    format!("{data}aws_sqs_queue.{}_queue", source.name)
}

fn arn(source: &Source, queue: &Queue) -> Value {
    reference(format!("{}.arn", address(source, queue)))
}

/// The label of what was tried too often.
fn letters(source: &Source) -> String {
    format!("{}_queue_dead_letters", source.name)
}

/// Labels of the dead letters of the platform's own queues.
pub fn dead_letters(plan: &Plan) -> impl Iterator<Item = String> {
    let own = sources(plan).filter(|(_, queue)| queue.existing.is_none());
    own.map(|(source, _)| letters(source))
}

/// All queues, and the pipes behind them.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (source, queue) in sources(plan) {
        match &queue.existing {
            Some(name) => out.push(Block::data("aws_sqs_queue", &format!("{}_queue", source.name)).set("name", name)),
            None => out.extend(made(plan, source, queue)),
        }
        if source.queued.is_some() {
            out.extend(pipe(plan, source, queue));
        }
    }
    out
}

/// How long a message is hidden from others while it is worked on, seconds.
fn hidden(plan: &Plan, source: &Source) -> u32 {
    let functions = stream_functions(plan);
    let function = functions.iter().find(|function| function.source.name == source.name);
    match function {
        Some(function) if source.queued.is_none() => {
            function.settings.timeout_seconds * PATIENCE + function.settings.wait_seconds
        }
        _ => HIDDEN,
    }
}

fn made(plan: &Plan, source: &Source, queue: &Queue) -> Vec<Block> {
    let (label, letters) = (format!("{}_queue", source.name), letters(source));
    let room = limit::EIGHTY - if queue.fifo { FIFO.len() } else { 0 };
    let common = |block: Block, label: &str, kept: u32| {
        let name = named(plan, label, room);
        let block = match queue.fifo {
            true => block.set("name", text_of![name, FIFO]).set("fifo_queue", true),
            false => block.set("name", name),
        };
        block
            .set("message_retention_seconds", kept)
            .set("kms_master_key_id", reference(KEY))
            .set("kms_data_key_reuse_period_seconds", 300u32)
    };
    let redrive = object_of! {
        "deadLetterTargetArn" => reference(format!("aws_sqs_queue.{letters}.arn")),
        "maxReceiveCount" => queue.tries,
    };
    let from = object_of! {
        "redrivePermission" => "byQueue",
        "sourceQueueArns" => Value::List(vec![arn(source, queue)]),
    };
    let doc = source.doc.clone().unwrap_or_else(|| format!("Brings {}.", source.name));
    let kept = u32::try_from(queue.retention_seconds).unwrap_or(LONGEST);
    let purpose = format!("Messages of {} that were tried {} times.", source.name, queue.tries);
    vec![
        common(Block::resource("aws_sqs_queue", &label).doc(&doc), &label, kept)
            .when(queue.fifo, |block| {
                block
                    .set("deduplication_scope", "messageGroup")
                    .set("fifo_throughput_limit", "perMessageGroupId")
            })
            .set("visibility_timeout_seconds", hidden(plan, source).min(43_200))
            .set("redrive_policy", call("jsonencode", [redrive]))
            .when(!plan.pipeline.destroyable, super::keep),
        queue_policy(&label, []),
        common(
            Block::resource("aws_sqs_queue", &letters).doc(&purpose),
            &letters,
            LONGEST,
        ),
        queue_policy(&letters, []),
        Block::resource("aws_sqs_queue_redrive_allow_policy", &letters)
            .set("queue_url", reference(format!("aws_sqs_queue.{letters}.id")))
            .set("redrive_allow_policy", call("jsonencode", [from])),
        sender(plan, source, queue),
    ]
}

/// What senders need.
fn sender(plan: &Plan, source: &Source, queue: &Queue) -> Block {
    let label = format!("{}_sender", source.name);
    let statements = vec![
        allow("Send", &["sqs:SendMessage"], [arn(source, queue)]),
        key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "sqs"),
    ];
    Block::resource("aws_iam_policy", &label)
        .set("name", named(plan, &label, limit::LONG))
        .set("description", format!("What senders of {} need", source.name))
        .set("policy", document(statements))
}

/// Addresses that senders need.
pub fn outputs(plan: &Plan) -> Option<Block> {
    let own = sources(plan).filter(|(_, queue)| queue.existing.is_none());
    let urls: Vec<_> = own
        .map(|(source, queue)| (source.name.clone(), reference(format!("{}.id", address(source, queue)))))
        .collect();
    let described = "Addresses of the queues that senders put messages into.";
    (!urls.is_empty()).then(|| root::output("queues", described, object(urls)))
}

/// Taking messages from a queue. One that is there may have any key of the account: what limits it is the queue.
pub fn take(source: &Source, queue: &Queue) -> Vec<Statement> {
    let through = text_of!["sqs.", reference("var.region"), ".amazonaws.com"];
    vec![
        allow("TakeMessages", &TAKE, [arn(source, queue)]),
        match queue.existing {
            None => key_use("DecryptMessages", &["kms:Decrypt"], "sqs"),
            Some(_) => allow("DecryptMessages", &["kms:Decrypt"], [own("kms", "key/*")])
                .when("StringEquals", "kms:ViaService", through)
                .when("StringEquals", "kms:EncryptionContext:aws:sqs:arn", arn(source, queue)),
        },
    ]
}

/// How many batches of a queue are worked on at once: one for each hundred messages a second.
pub fn readers(source: &Source, _: &Queue) -> u32 {
    let rate = source
        .volume
        .as_ref()
        .map_or(0.0, |volume| volume.most().records_per_second);
    ((rate / 100.0).ceil() as u32).clamp(5, 100)
}

/// How batches come to a function. A message that is reported comes again once it is not hidden any more.
pub fn mapping(function: &StreamFunction, queue: &Queue, block: Block) -> Block {
    let StreamFunction { source, settings, .. } = function;
    let waits = !queue.fifo && settings.wait_seconds > 0;
    let batch = match waits {
        true => settings.batch,
        false => settings.batch.min(SMALL_BATCH),
    };
    block
        .set("event_source_arn", arn(source, queue))
        .set("batch_size", batch)
        .when(waits, |block| {
            block.set("maximum_batching_window_in_seconds", settings.wait_seconds)
        })
        .block(Block::new("scaling_config").set("maximum_concurrency", readers(source, queue)))
}

/// Messages that become records of a stream, as they came: what cannot be put there stays in the queue.
fn pipe(plan: &Plan, source: &Source, queue: &Queue) -> Vec<Block> {
    let label = format!("{}_pipe", source.name);
    let log_name = text_of!["/aws/vendedlogs/pipes/", named(plan, &label, limit::SIXTY_FOUR)];
    let stream = || reference(format!("{}.arn", kinesis::address(source)));
    let mut statements = take(source, queue);
    statements.push(allow("Put", &["kinesis:PutRecord", "kinesis:PutRecords"], [stream()]));
    statements.push(match source.kinesis().existing {
        None => key_use("Encrypt", &["kms:GenerateDataKey"], "kinesis"),
        Some(_) => allow("Encrypt", &["kms:GenerateDataKey"], [own("kms", "key/*")])
            .when(
                "StringEquals",
                "kms:ViaService",
                text_of!["kinesis.", reference("var.region"), ".amazonaws.com"],
            )
            .when("StringEquals", "kms:EncryptionContext:aws:kinesis:arn", stream()),
    });
    let mut out = vec![lake::log_group(plan, &label, log_name)];
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("Puts messages of {} on its stream", source.name),
        trust(
            "pipes.amazonaws.com",
            Some(own("pipes", text_of!["pipe/", named(plan, &label, limit::SIXTY_FOUR)])),
        ),
        statements,
    ));
    // Only a queue in order has an order to keep: that of its groups.
    let key = match queue.fifo {
        true => "$.attributes.MessageGroupId",
        false => "$.messageId",
    };
    out.push(
        Block::resource("aws_pipes_pipe", &label)
            .doc(&format!("Takes each message of {}, as it came.", source.name))
            .set("name", named(plan, &label, limit::SIXTY_FOUR))
            .set("role_arn", reference(format!("aws_iam_role.{label}.arn")))
            .set("source", arn(source, queue))
            .set("target", stream())
            .set("depends_on", vec![reference(format!("aws_iam_role_policy.{label}"))])
            .block(
                Block::new("source_parameters")
                    .block(Block::new("sqs_queue_parameters").set("batch_size", SMALL_BATCH)),
            )
            .block(
                Block::new("target_parameters")
                    .set("input_template", "<$.body>")
                    .block(Block::new("kinesis_stream_parameters").set("partition_key", key)),
            )
            .block(Block::new("log_configuration").set("level", "ERROR").block(
                Block::new("cloudwatch_logs_log_destination").set(
                    "log_group_arn",
                    reference(format!("aws_cloudwatch_log_group.{label}.arn")),
                ),
            )),
    );
    out
}

/// A metric of a source's queue.
pub fn of_queue(source: &Source, queue: &Queue, name: &'static str) -> Metric {
    let name_of = reference(format!("{}.name", address(source, queue)));
    metric("AWS/SQS", name, vec![("QueueName", name_of)])
}

/// What each queue measures: a label, what an alarm says, what it watches, and over which threshold.
pub fn watched(plan: &Plan) -> Vec<(String, String, Metric, f64)> {
    let of = |(source, queue): (&Source, &Queue)| {
        let age = of_queue(source, queue, "ApproximateAgeOfOldestMessage").with("Maximum", 300);
        let half = match queue.existing {
            None => queue.retention_seconds as f64 / 2.0,
            Some(_) => f64::from(LONGEST) / 14.0,
        };
        let text = format!("Nobody takes the messages of {}", source.name);
        (format!("{}_queue_age", source.name), text, age, half)
    };
    sources(plan).map(of).collect()
}
