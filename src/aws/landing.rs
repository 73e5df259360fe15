//! What lands files of buckets and answers of endpoints: one function for all of them, what starts it, the buckets that
//! senders put files into. Knows nothing of rows.
//!
//! Files are copied within S3, so the function holds none of them. A bucket that is there is not told what to do with its
//! events, which it has one list of: its owner lets it send them to EventBridge (P-S3-3). An event may come twice
//! (P-S3-7): the same event gives the same name, and nothing is written into the folder that is watched.

use std::collections::BTreeSet;

use super::bucket::{Bucket, Rule};
use super::naming::{self, limit, named};
use super::operations::{self, FAILED};
use super::policy::{self, KEY, Statement, allow, document, key_use, own};
use super::{created, function, lake, orchestration, queue};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::plan::{Dataset, Delivers, FilesOf, From, Plan, Poll, PollAuth, Source, names};
use crate::{object_of, text_of};

/// The source of the function.
const SOURCE: &str = include_str!("../../stdlib/ops/landing.py");
/// Where it finds what it lands.
const CONFIGURATION: &str = "ops/landing.json";
/// The role that starts it by the clock.
const STARTER: &str = "landing_start";

/// A source that the function lands, and where.
struct Landed<'p> {
    source: &'p Source,
    dataset: &'p Dataset,
}

fn landed(plan: &Plan) -> Vec<Landed<'_>> {
    let all = plan.sources.iter();
    all.filter(|source| matches!(source.from, From::Files(_) | From::Poll(_)))
        .filter_map(|source| {
            let dataset = plan.dataset(source.into.as_ref()?);
            Some(Landed { source, dataset })
        })
        .collect()
}

/// The function's label, if there is anything to land.
pub fn function_label(plan: &Plan) -> Option<String> {
    (!landed(plan).is_empty()).then(|| operations::label(names::LANDING))
}

/// Its source, as a file of the build.
pub fn files(plan: &Plan) -> Option<(String, String)> {
    function_label(plan).map(|_| (names::operations_source(names::LANDING), SOURCE.to_owned()))
}

/// Buckets of the platform's own that senders put files into.
pub fn inboxes(plan: &Plan) -> Vec<Bucket> {
    let of = |source: &Source| match &source.from {
        From::Files(FilesOf { bucket: None, .. }) => Some(Bucket {
            rules: vec![Rule {
                id: "not-landed".into(),
                prefix: String::new(),
                days: Some(names::INBOX_DAYS),
                tiers: vec![],
            }],
            ..Bucket::new(
                plan,
                &inbox_label(&source.name),
                naming::bucket(plan, &format!("in-{}", source.name)),
                format!(
                    "Where senders put the files of {}; what has landed is taken out.",
                    source.name
                ),
            )
        }),
        _ => None,
    };
    plan.sources.iter().filter_map(of).collect()
}

/// The label of a source's inbox.
pub fn inbox_label(source: &str) -> String {
    format!("inbox_{source}")
}

/// The function, what starts it, and what senders need.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let all = landed(plan);
    let Some(label) = function_label(plan) else {
        return vec![];
    };
    let group = format!("{label}_function");
    let log_name = text_of!["/aws/lambda/", named(plan, &label, limit::SIXTY_FOUR)];
    let mut out: Vec<Block> = secrets(&all)
        .into_iter()
        .map(|(label, name)| Block::data("aws_secretsmanager_secret", &label).set("name", name))
        .collect();
    out.push(lake::log_group(plan, &group, log_name));
    out.extend(function::function_role(plan, &label, permissions(&all, &group)));
    out.push(configuration(&all));
    out.push(lambda(plan, &label));
    out.extend(all.iter().flat_map(|one| starts(plan, one, &label)));
    if all.iter().any(|one| every_seconds(one.source).is_some()) {
        out.extend(starter(plan, &label));
    }
    let senders = all.iter().filter(|one| one.source.replication.is_none());
    out.extend(senders.filter_map(|one| sender(plan, one.source)));
    out
}

/// Names that senders need.
pub fn outputs(plan: &Plan) -> Option<Block> {
    let buckets = plan.sources.iter().filter_map(|source| match &source.from {
        From::Files(FilesOf { bucket: None, .. }) => {
            let name = reference(format!("aws_s3_bucket.{}.bucket", inbox_label(&source.name)));
            Some((source.name.clone(), name))
        }
        _ => None,
    });
    let buckets: Vec<_> = buckets.collect();
    let described = "Names of the buckets that senders put files into.";
    (!buckets.is_empty()).then(|| super::root::output("inboxes", described, object(buckets)))
}

fn every_seconds(source: &Source) -> Option<u64> {
    match &source.from {
        From::Files(files) => files.every_seconds,
        From::Poll(poll) => Some(poll.every_seconds),
        _ => None,
    }
}

/// The secrets of endpoints: a label for each, and its name.
fn secrets(all: &[Landed<'_>]) -> Vec<(String, String)> {
    let of = |one: &Landed<'_>| match &one.source.from {
        From::Poll(Poll { auth: Some(auth), .. }) => Some((secret_label(one.source), auth.secret().to_owned())),
        _ => None,
    };
    all.iter().filter_map(of).collect()
}

fn secret_label(source: &Source) -> String {
    format!("{}_login", source.name)
}

fn secret_arn(source: &Source) -> Value {
    reference(format!("data.aws_secretsmanager_secret.{}.arn", secret_label(source)))
}

/// The ARN of the bucket that files come from.
fn bucket_arn(source: &Source, files: &FilesOf) -> Value {
    match &files.bucket {
        Some(name) => text_of!["arn:", reference("local.partition"), ":s3:::", name.as_str()],
        None => reference(format!("aws_s3_bucket.{}.arn", inbox_label(&source.name))),
    }
}

fn permissions(all: &[Landed<'_>], group: &str) -> Vec<Statement> {
    let file_sources = || {
        all.iter().filter_map(|one| match &one.source.from {
            From::Files(files) => Some((one, files)),
            _ => None,
        })
    };
    let objects =
        |source: &Source, files: &FilesOf| text_of![bucket_arn(source, files), "/", files.prefix.as_str(), "*"];
    let configuration = text_of![reference("aws_s3_bucket.artifacts.arn"), format!("/{CONFIGURATION}")];
    let zone = |one: &Landed<'_>| lake::zone_label(&one.dataset.id.zone);
    let folder = |one: &Landed<'_>| lake::objects(&zone(one), &names::dataset_prefix(&one.dataset.id.name));
    let mut readable: Vec<Value> = file_sources().map(|(one, files)| objects(one.source, files)).collect();
    readable.push(configuration);
    let mut writable: Vec<Value> = all.iter().map(folder).collect();
    // Which files a snapshot is made of stands beside them, and which rows have landed, in a state: both may not be there yet.
    let snapshots = || all.iter().filter(|one| one.source.delivers == Delivers::Snapshot);
    readable.extend(snapshots().map(folder));
    let mut asked: BTreeSet<String> = snapshots().map(zone).collect();
    // Of those that are told of one by one, nothing has to be known.
    let looked_at = |source: &Source| every_seconds(source).is_some() && source.delivers != Delivers::Snapshot;
    if file_sources().any(|(one, _)| looked_at(one.source)) {
        let remembered = lake::objects("artifacts", &state());
        readable.push(remembered.clone());
        writable.push(remembered);
        asked.insert("artifacts".to_owned());
    }
    let buckets = file_sources().map(|(one, files)| bucket_arn(one.source, files));
    let asked = asked
        .into_iter()
        .map(|bucket| reference(format!("aws_s3_bucket.{bucket}.arn")));
    let copied: Vec<Value> = file_sources().map(|(one, _)| folder(one)).collect();
    let mut out = vec![
        allow("Read", &["s3:GetObject"], readable),
        // Only who may list hears that an object is not there.
        allow("Find", &["s3:ListBucket"], buckets.chain(asked)),
        allow("Land", &["s3:PutObject"], writable),
        key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
    ];
    if !copied.is_empty() {
        // Large files are copied in parts.
        out.push(allow("GiveUp", &["s3:AbortMultipartUpload"], copied));
    }
    let mine: Vec<Value> = file_sources()
        .filter(|(_, files)| files.bucket.is_none())
        .map(|(one, files)| objects(one.source, files))
        .collect();
    if !mine.is_empty() {
        out.push(allow("TakeOut", &["s3:DeleteObject"], mine));
    }
    let others: Vec<Value> = file_sources()
        .filter(|(_, files)| files.bucket.is_some())
        .flat_map(|(one, files)| {
            let arn = bucket_arn(one.source, files);
            [arn.clone(), text_of![arn, "/*"]]
        })
        .collect();
    out.extend(decrypt_others(
        "DecryptFiles",
        "s3",
        "kms:EncryptionContext:aws:s3:arn",
        others,
    ));
    let logins: Vec<Value> = all
        .iter()
        .filter(|one| matches!(&one.source.from, From::Poll(poll) if poll.auth.is_some()))
        .map(|one| secret_arn(one.source))
        .collect();
    if !logins.is_empty() {
        out.push(allow("Logins", &["secretsmanager:GetSecretValue"], logins.clone()));
    }
    let context = "kms:EncryptionContext:SecretARN";
    out.extend(decrypt_others("DecryptLogins", "secretsmanager", context, logins));
    out.extend(queue::send(FAILED));
    out.extend(function::common(group));
    out
}

/// Decryption of what others encrypted, with any key of the account: what limits it is the thing itself.
fn decrypt_others(sid: &str, service: &str, context: &str, things: Vec<Value>) -> Option<Statement> {
    let through = text_of![format!("{service}."), reference("var.region"), ".amazonaws.com"];
    (!things.is_empty()).then(|| {
        allow(sid, &["kms:Decrypt"], [own("kms", "key/*")])
            .when("StringEquals", "kms:ViaService", through)
            .when("StringLike", context, Value::List(things))
    })
}

/// Where the function keeps which files have landed.
fn state() -> String {
    format!("{}landing/", lake::STATE)
}

fn configuration(all: &[Landed<'_>]) -> Block {
    let sources = all.iter().map(|one| (one.source.name.clone(), entry(one)));
    let content = object([("sources".to_owned(), object(sources))]);
    Block::resource("aws_s3_object", "landing")
        .doc("What lands, from where and to where; secrets by their names alone.")
        .set("bucket", reference("aws_s3_bucket.artifacts.id"))
        .set("key", CONFIGURATION)
        .set("kms_key_id", reference(KEY))
        .set("content_type", "application/json")
        .set("content", call("jsonencode", [content]))
}

fn entry(one: &Landed<'_>) -> Value {
    let Landed { source, dataset } = one;
    let zone = lake::zone_label(&dataset.id.zone);
    let mut out: Vec<(String, Value)> = vec![
        ("to_bucket".into(), reference(format!("aws_s3_bucket.{zone}.bucket"))),
        ("to_prefix".into(), names::dataset_prefix(&dataset.id.name).into()),
        ("day_column".into(), names::ARRIVAL_DAY.into()),
        ("key".into(), reference(KEY)),
        ("state".into(), state().into()),
        (
            "delivers".into(),
            match source.delivers {
                Delivers::Snapshot => "snapshot",
                Delivers::Rows | Delivers::Changes => "rows",
            }
            .into(),
        ),
    ];
    match &source.from {
        From::Files(files) => {
            let bucket = match &files.bucket {
                Some(name) => Value::from(name),
                None => reference(format!("aws_s3_bucket.{}.bucket", inbox_label(&source.name))),
            };
            out.extend([
                ("kind".into(), "s3".into()),
                ("bucket".into(), bucket),
                ("prefix".into(), Value::from(&files.prefix)),
                ("own".into(), files.bucket.is_none().into()),
                ("suffix".into(), files.suffix.into()),
            ]);
        }
        From::Poll(poll) => out.extend(asked(source, poll)),
        _ => crate::plan::refused(),
    }
    object(out)
}

fn asked(source: &Source, poll: &Poll) -> Vec<(String, Value)> {
    let headers = poll
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), Value::from(value)));
    let auth = match &poll.auth {
        None => Value::Null,
        Some(PollAuth::Bearer(_)) => object_of! { "kind" => "bearer", "secret" => secret_arn(source) },
        Some(PollAuth::Basic(_)) => object_of! { "kind" => "basic", "secret" => secret_arn(source) },
        Some(PollAuth::Header(name, _)) => {
            object_of! { "kind" => "header", "name" => name, "secret" => secret_arn(source) }
        }
    };
    vec![
        ("kind".into(), "http".into()),
        ("url".into(), Value::from(&poll.url)),
        ("method".into(), poll.method.into()),
        ("headers".into(), object(headers)),
        ("auth".into(), auth),
        ("rows".into(), poll.rows.as_ref().map_or(Value::Null, Value::from)),
        ("timeout".into(), poll.timeout_seconds.into()),
        ("suffix".into(), "".into()),
    ]
}

fn lambda(plan: &Plan, label: &str) -> Block {
    let purpose = "Lands files of buckets and answers of endpoints.";
    let environment = object_of! {
        "CONFIGURATION_BUCKET" => reference("aws_s3_bucket.artifacts.bucket"),
        "CONFIGURATION_KEY" => reference("aws_s3_object.landing.key"),
    };
    function::base(plan, label, &names::operations_archive(names::LANDING))
        .doc(purpose)
        .set("description", purpose)
        .set("runtime", "python3.13")
        .set("handler", format!("{}.handler", names::LANDING))
        .set("architectures", list(["arm64"]))
        .set("memory_size", 1024u32)
        .set("timeout", 900u32)
        .set("reserved_concurrent_executions", 10u32)
        .block(Block::new("environment").set("variables", environment))
        .block(Block::new("dead_letter_config").set("target_arn", reference(format!("aws_sqs_queue.{FAILED}.arn"))))
}

/// What starts the function for a source: the clock, or each file.
fn starts(plan: &Plan, one: &Landed<'_>, function: &str) -> Vec<Block> {
    let source = one.source;
    let label = format!("{}_landing", source.name);
    match (every_seconds(source), &source.from) {
        (Some(seconds), _) => {
            let target = orchestration::Target {
                arn: reference(format!("aws_lambda_function.{function}.arn")),
                role: STARTER.into(),
                input: Some(format!(
                    "{{\"source\":\"{}\",\"at\":\"<aws.scheduler.scheduled-time>\"}}",
                    source.name
                )),
                retries: 3,
                patience_seconds: orchestration::PATIENCE_SECONDS,
            };
            let rate = match seconds / 60 {
                1 => "rate(1 minute)".to_owned(),
                minutes => format!("rate({minutes} minutes)"),
            };
            vec![orchestration::entry(plan, &label, &rate, "UTC", target)]
        }
        (None, From::Files(files)) => by_event(plan, source, files, &label, function),
        _ => crate::plan::refused(),
    }
}

fn by_event(plan: &Plan, source: &Source, files: &FilesOf, label: &str, function: &str) -> Vec<Block> {
    let bucket = match &files.bucket {
        Some(name) => Value::from(name),
        None => reference(format!("aws_s3_bucket.{}.bucket", inbox_label(&source.name))),
    };
    let doc = format!("Each file of {}, as it comes.", source.name);
    let rule = created::rule(plan, label, &doc, bucket, &files.prefix).when(files.bucket.is_some(), |rule| {
        rule.note("The bucket's owner lets it send its events to EventBridge.")
    });
    let paths = object_of! {
        "at" => "$.time",
        "etag" => "$.detail.object.etag",
        "key" => "$.detail.object.key",
    };
    // EventBridge puts texts in quotes itself.
    let template = format!(
        "{{\"source\":\"{}\",\"key\":<key>,\"etag\":<etag>,\"at\":<at>}}",
        source.name
    );
    let arn = reference(format!("aws_lambda_function.{function}.arn"));
    let transformer = Block::new("input_transformer")
        .set("input_paths", paths)
        .set("input_template", template);
    let target = created::target(label, arn).block(transformer);
    vec![rule, target, created::permission(label, function)]
}

fn starter(plan: &Plan, function: &str) -> [Block; 2] {
    orchestration::starter(
        plan,
        STARTER,
        "Starts what lands files and answers",
        &[function.to_owned()],
    )
}

/// What those who put files into a bucket of the platform's own need.
fn sender(plan: &Plan, source: &Source) -> Option<Block> {
    let From::Files(files @ FilesOf { bucket: None, .. }) = &source.from else {
        return None;
    };
    let label = format!("{}_sender", source.name);
    let objects = text_of![bucket_arn(source, files), "/", files.prefix.as_str(), "*"];
    let statements = [
        allow("Send", &["s3:AbortMultipartUpload", "s3:PutObject"], [objects]),
        policy::key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
    ];
    Some(
        Block::resource("aws_iam_policy", &label)
            .set("name", named(plan, &label, limit::LONG))
            .set("description", format!("What senders of {} need", source.name))
            .set("policy", document(statements)),
    )
}
