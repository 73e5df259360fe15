//! What tells a function of objects that were put into the lake: a rule on the bucket's events, and a queue from which the
//! function is started. Knows nothing of who puts them there.
//!
//! Events come at least once and are of a whole bucket (P-S3-7): the rule looks at the source's folder alone, the function
//! writes elsewhere, and rows of one object are alike however often it is told of it.

use super::function::queue_label;
use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, deny, document, key_use};
use super::{created, lake, queue, scripts};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::object_of;
use crate::plan::{DatasetId, From, Plan, Source, StreamFunction, names};

/// The most messages that a batch of a queue has where nothing is waited for
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>); each is an object to be read.
const BATCH: u32 = 10;
/// Lambda starts no queue's function less often at once.
const LEAST_AT_ONCE: u32 = 2;
/// How long an object is read for, as its function's width is reckoned, seconds.
const READ_SECONDS: f64 = 1.0;
/// How long a message stays that was not taken: half of what a dead letter does, seconds.
const RETENTION: u32 = 604_800;

/// The sources that put objects into the lake, each with where.
pub fn sources(plan: &Plan) -> impl Iterator<Item = (&Source, &DatasetId)> {
    let objects = plan.sources.iter().filter(|source| source.from == From::Objects);
    objects.filter_map(|source| Some((source, source.into.as_ref()?)))
}

fn label(source: &Source) -> String {
    format!("{}_objects", source.name)
}

/// How many batches the function reads at once: what a second brings, and as much again; with a script as many as its longest
/// calls ask for, within what its author allows.
pub fn at_once(function: &StreamFunction) -> u32 {
    let rate = function.source.volume.as_ref();
    let rate = rate.map_or(0.0, |volume| volume.most().records_per_second);
    let longest = function.scripts().map(|(_, run)| run.timeout_seconds()).max();
    let batches = match longest {
        Some(seconds) => rate * seconds as f64,
        None => 2.0 * rate * READ_SECONDS / f64::from(BATCH),
    };
    let most = function.scripts().filter_map(|(_, run)| run.most_calls()).min();
    (batches.ceil() as u32)
        .min(most.unwrap_or(1_000))
        .clamp(LEAST_AT_ONCE, 1_000)
}

/// What the role of the function needs besides what its events bring: to keep objects that messages bring, to give a script the
/// files of those that its rows tell of, and to keep what it answers.
pub fn permissions(plan: &Plan, function: &StreamFunction) -> Vec<Statement> {
    let folder = |id: &DatasetId, prefix: &str| lake::objects(&lake::zone_label(&id.zone), prefix);
    let mut kept = vec![];
    let mut read = vec![];
    if let Some(id) = function.source.kept_by_function() {
        let landed = folder(id, &names::dataset_prefix(&id.name));
        read.extend(function.scripts().next().map(|_| landed.clone()));
        kept.push(landed);
    }
    for id in plan
        .objects_of_scripts()
        .filter(|(transform, _)| function.runs(transform))
        .map(|(_, id)| id)
    {
        kept.push(folder(id, &names::objects_prefix(&id.name)));
    }
    let mut out = vec![];
    if !read.is_empty() {
        out.push(allow("ReadKept", &["s3:GetObject", "s3:GetObjectVersion"], read));
    }
    if !kept.is_empty() {
        out.push(allow("KeepObjects", &["s3:PutObject"], kept));
        out.push(key_use("EncryptObjects", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"));
    }
    out
}

/// What the role of the function needs to be told of objects, and to read them.
pub fn read(source: &Source, id: &DatasetId) -> Vec<Statement> {
    let bucket = lake::zone_label(&id.zone);
    let queue = reference(format!("aws_sqs_queue.{}.arn", label(source)));
    vec![
        allow(
            "Told",
            &["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            [queue],
        ),
        key_use("DecryptTold", &["kms:Decrypt"], "sqs"),
        allow(
            "ReadObjects",
            &["s3:GetObject", "s3:GetObjectVersion"],
            [lake::objects(&bucket, &names::dataset_prefix(&id.name))],
        ),
        // Only who may list hears that an object is not there.
        allow(
            "FindObjects",
            &["s3:ListBucket"],
            [reference(format!("aws_s3_bucket.{bucket}.arn"))],
        ),
        key_use("DecryptObjects", &["kms:Decrypt"], "s3"),
    ]
}

/// The rule, the queue, and what starts the function.
pub fn blocks(plan: &Plan, function: &StreamFunction, id: &DatasetId) -> Vec<Block> {
    let source = function.source;
    let label = label(source);
    let arn = || reference(format!("aws_sqs_queue.{label}.arn"));
    let letters = queue_label(&source.name);
    let bucket = reference(format!("aws_s3_bucket.{}.bucket", lake::zone_label(&id.zone)));
    let doc = format!("Each object of {}, once it is in {id}.", source.name);
    let rule = created::rule(plan, &label, &doc, bucket, &names::dataset_prefix(&id.name));
    let target = created::target(&label, arn())
        .set("depends_on", vec![reference(format!("aws_sqs_queue_policy.{label}"))])
        .block(Block::new("dead_letter_config").set("arn", reference(format!("aws_sqs_queue.{letters}.arn"))));
    let redrive = object_of! {
        "deadLetterTargetArn" => reference(format!("aws_sqs_queue.{letters}.arn")),
        "maxReceiveCount" => function.settings.retries + 1,
    };
    let queue = Block::resource("aws_sqs_queue", &label)
        .doc(&format!(
            "Objects of {} that its function was not told of yet.",
            source.name
        ))
        .set("name", named(plan, &label, limit::EIGHTY))
        .set("message_retention_seconds", RETENTION)
        .note("Six times as long as the function may take, which may be throttled meanwhile.")
        .set("visibility_timeout_seconds", 6 * function.settings.timeout_seconds)
        .set("kms_master_key_id", reference(KEY))
        .set("kms_data_key_reuse_period_seconds", 300u32)
        .set("redrive_policy", call("jsonencode", [redrive]));
    let policy = Block::resource("aws_sqs_queue_policy", &label)
        .set("queue_url", reference(format!("aws_sqs_queue.{label}.id")))
        .set(
            "policy",
            document([
                deny("TlsOnly", &["sqs:*"], [arn()]).when("Bool", "aws:SecureTransport", "false"),
                from_rule(arn(), source),
            ]),
        );
    vec![rule, target, queue, policy, mapping(function, &label)]
}

/// The dead letters of the function: what its queue gave up, and what the rule could not tell the queue.
pub fn dead_letters(plan: &Plan, source: &Source) -> Vec<Block> {
    let letters = queue_label(&source.name);
    let arn = reference(format!("aws_sqs_queue.{letters}.arn"));
    let purpose = "Where to find the objects that were given up: their buckets and keys, not their bytes.";
    let from = reference(format!("aws_sqs_queue.{}.arn", label(source)));
    queue::dead_letters_of(plan, &letters, purpose, from, vec![from_rule(arn, source)])
}

fn from_rule(queue: Value, source: &Source) -> Statement {
    let rule = reference(format!("aws_cloudwatch_event_rule.{}.arn", label(source)));
    allow("Events", &["sqs:SendMessage"], [queue])
        .service("events.amazonaws.com".into())
        .when("ArnEquals", "aws:SourceArn", rule)
        .when("StringEquals", "aws:SourceAccount", reference("local.account"))
}

fn mapping(function: &StreamFunction, queue: &str) -> Block {
    let StreamFunction { source, settings, .. } = function;
    Block::resource("aws_lambda_event_source_mapping", &source.name)
        .set("event_source_arn", reference(format!("aws_sqs_queue.{queue}.arn")))
        .set(
            "function_name",
            reference(format!("aws_lambda_function.{}.arn", source.name)),
        )
        .set(
            "batch_size",
            scripts::batch(function).unwrap_or(settings.batch.min(BATCH)),
        )
        .set("function_response_types", list(["ReportBatchItemFailures"]))
        .block(Block::new("scaling_config").set("maximum_concurrency", at_once(function)))
}
