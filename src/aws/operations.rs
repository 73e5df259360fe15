//! The platform's own functions: the freshness probe and the purge verifier, when they run, and what they look at.

use super::naming::{limit, named};
use super::policy::{Statement, allow, key_use};
use super::{function, iceberg, lake, orchestration, queue};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Dataset, Format, Plan, Zone, names};
use crate::{object_of, text_of};

/// Their sources, by name.
const SOURCES: [(&str, &str); 2] = [
    ("freshness_probe", include_str!("../../stdlib/ops/freshness_probe.py")),
    ("purge_verifier", include_str!("../../stdlib/ops/purge_verifier.py")),
];

/// Dimension of their metrics: the platform, by its prefix.
pub const PLATFORM: &str = "Platform";
/// Dimension of their metrics: the dataset, or another place that purges.
pub const DATASET: &str = "Dataset";
/// Metric of the probe: how old the newest object is.
pub const AGE: &str = "AgeSeconds";
/// Metric of the verifier: what should be gone and is not.
pub const OVERDUE: &str = "OverdueObjects";
/// The label of the queue of their failures.
pub const FAILED: &str = "failed_operations";

const CONFIGURATION: &str = "ops/configuration.json";
const ROLE: &str = "operations_start";

/// Their sources, as files of the build.
pub fn files() -> impl Iterator<Item = (String, String)> {
    SOURCES
        .iter()
        .map(|(name, source)| (names::operations_source(name), source.to_string()))
}

/// How long after its retention S3 may still hold something: the rounding to midnight, the run itself, and a day for
/// the version behind the delete marker.
pub fn sweep_days(zone: &Zone) -> u32 {
    if zone.keeps_versions() { 3 } else { 2 }
}

/// The label of an operations function: no transform is called so by chance.
pub fn label(name: &str) -> String {
    format!("ops_{name}")
}

/// Functions, roles, logs and schedules.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = queue::dead_letters(plan, FAILED, "Runs of the platform's own functions that failed.");
    out.push(configuration(plan));
    for (name, purpose, action, every) in [
        (
            "freshness_probe",
            "Measures how old the newest object of each dataset is.",
            "s3:ListBucket",
            "rate(15 minutes)",
        ),
        (
            "purge_verifier",
            "Counts what should have been purged and is still there.",
            "s3:ListBucketVersions",
            "cron(30 4 * * ? *)",
        ),
    ] {
        out.extend(one(plan, name, purpose, action));
        let target = orchestration::Target::function(&label(name), ROLE, None);
        out.push(orchestration::entry(plan, &label(name), every, "UTC", target));
    }
    out.extend(starter(plan));
    out
}

fn starter(plan: &Plan) -> [Block; 2] {
    orchestration::starter(
        plan,
        ROLE,
        "Starts the platform's own functions",
        &names::OPERATIONS.map(label),
    )
}

fn one(plan: &Plan, name: &str, purpose: &str, list_action: &str) -> Vec<Block> {
    let buckets: Vec<Value> = lake::buckets(plan)
        .iter()
        .filter(|bucket| !bucket.takes_logs)
        .map(|bucket| reference(format!("aws_s3_bucket.{}.arn", bucket.label)))
        .collect();
    let statements = vec![
        allow("List", &[list_action], buckets),
        allow("Configuration", &["s3:GetObject"], [configuration_arn()]),
        key_use("DecryptConfiguration", &["kms:Decrypt"], "s3"),
    ];
    let environment = object_of! {
        "CONFIGURATION_BUCKET" => reference("aws_s3_bucket.artifacts.bucket"),
        "CONFIGURATION_KEY" => reference("aws_s3_object.operations.key"),
        "PLATFORM" => reference("local.prefix"),
    };
    let size = Size {
        memory_mib: 512,
        timeout_seconds: 900,
        at_once: 1,
    };
    python(plan, name, purpose, &size, environment, statements)
}

/// What a function in Python may use.
pub struct Size {
    /// Memory, MiB.
    pub memory_mib: u32,
    /// Timeout, seconds.
    pub timeout_seconds: u32,
    /// How many of it run at once.
    pub at_once: u32,
}

/// A function in Python of the platform's own: its role may do what the statements say and what every function does.
pub fn python(
    plan: &Plan,
    name: &str,
    purpose: &str,
    size: &Size,
    environment: Value,
    statements: Vec<Statement>,
) -> Vec<Block> {
    python_of(plan, (name, name), purpose, size, environment, statements)
}

/// The same, for a function that shares its source with others: its own name, and its source's.
pub fn python_of(
    plan: &Plan,
    (name, source): (&str, &str),
    purpose: &str,
    size: &Size,
    environment: Value,
    mut statements: Vec<Statement>,
) -> Vec<Block> {
    let label = label(name);
    let group = format!("{label}_function");
    let log_name = text_of!["/aws/lambda/", named(plan, &label, limit::SIXTY_FOUR)];
    statements.extend(queue::send(FAILED));
    statements.extend(function::common(&group));
    let lambda = function::base(plan, &label, &names::operations_archive(source))
        .doc(purpose)
        .set("description", purpose)
        .set("runtime", "python3.13")
        .set("handler", format!("{source}.handler"))
        .set("architectures", list(["arm64"]))
        .set("memory_size", size.memory_mib)
        .set("timeout", size.timeout_seconds)
        .set("reserved_concurrent_executions", size.at_once)
        .block(Block::new("environment").set("variables", environment))
        .block(Block::new("dead_letter_config").set("target_arn", reference(format!("aws_sqs_queue.{FAILED}.arn"))));
    let mut out = vec![lake::log_group(plan, &group, log_name)];
    out.extend(function::function_role(plan, &label, statements));
    out.push(lambda);
    out
}

fn configuration_arn() -> Value {
    text_of![
        reference("aws_s3_bucket.artifacts.arn"),
        "/",
        reference("aws_s3_object.operations.key")
    ]
}

/// Every folder with a lifetime: what the verifier counts in. Datasets come first, and are what the probe measures.
fn configuration(plan: &Plan) -> Block {
    let mut places: Vec<Value> = vec![];
    for dataset in plan.own_datasets() {
        let aged = plan.purged_by_age(dataset);
        let sweep = plan.zone(&dataset.id.zone).map_or(3, sweep_days);
        // A table's files bear the days of rows that were taken out since.
        let by_day = !aged && dataset.format != Format::Iceberg;
        let column = day_column(dataset).filter(|_| by_day).map_or(Value::Null, Value::from);
        places.push(object_of! {
            "name" => dataset.id.to_string(),
            "kind" => "dataset",
            "bucket" => bucket_name(&lake::zone_label(&dataset.id.zone)),
            "prefix" => names::dataset_prefix(&dataset.id.name),
            "days" => dataset.retain_days + sweep + iceberg::history_days(dataset),
            "day_column" => column,
        });
    }
    for bucket in lake::buckets(plan).iter().filter(|bucket| !bucket.takes_logs) {
        let zone = bucket.label.starts_with("zone_");
        for rule in bucket
            .rules
            .iter()
            .filter(|rule| !zone || rule.prefix == lake::ERRORS || rule.prefix.starts_with(names::OBJECTS_FOLDER))
        {
            let Some(days) = rule.days else { continue };
            places.push(object_of! {
                "name" => format!("{}/{}", bucket.label, rule.prefix.trim_end_matches('/')),
                "kind" => "copy",
                "bucket" => bucket_name(&bucket.label),
                "prefix" => rule.prefix.as_str(),
                "days" => days + 3,
                "day_column" => Value::Null,
            });
        }
    }
    Block::resource("aws_s3_object", "operations")
        .doc("What the platform's own functions look at: each folder, and after how many days a row in it is overdue.")
        .set("bucket", reference("aws_s3_bucket.artifacts.id"))
        .set("key", CONFIGURATION)
        .set("kms_key_id", reference(super::policy::KEY))
        .set("content_type", "application/json")
        .set(
            "content",
            call("jsonencode", [object([("places".to_string(), Value::List(places))])]),
        )
}

/// The partition that is a day: what rows that are rewritten are purged by.
fn day_column(dataset: &Dataset) -> Option<&str> {
    let is_day = |column: &&Column| column.ty.kind == TypeKind::Date && dataset.partition.contains(&column.name);
    dataset.columns.iter().find(is_day).map(|column| column.name.as_str())
}

fn bucket_name(label: &str) -> Value {
    reference(format!("aws_s3_bucket.{label}.bucket"))
}
