//! What registers partitions in the catalog for warehouses: Athena computes them, and Redshift Spectrum does not. Knows
//! nothing of who writes a table: each file that comes makes its folder known, and once a day all folders are looked at.

use super::operations::{self, Size};
use super::policy::{KEY, Statement, allow, allow_everywhere, key_use};
use super::{catalog, created, iceberg, lake, lake_formation, orchestration};
use crate::emit::hcl::{Block, call, list, object, reference};
use crate::plan::{Dataset, Format, Plan, names};
use crate::{object_of, text_of};

/// The source of the function.
const SOURCE: &str = include_str!("../../stdlib/ops/partitions.py");
/// Where it finds the tables.
const CONFIGURATION: &str = "ops/partitions.json";
/// The role that starts it by the clock.
const STARTER: &str = "partitions_start";

/// The tables whose partitions a warehouse has to be told of.
fn tables(plan: &Plan) -> Vec<&Dataset> {
    let read = |dataset: &&Dataset| {
        let mut warehouses = plan.warehouses();
        warehouses.any(|(serve, _)| serve.expose.contains(&dataset.id))
    };
    let partitioned = |dataset: &&Dataset| dataset.format != Format::Iceberg && !dataset.partition.is_empty();
    plan.own_tables().filter(partitioned).filter(read).collect()
}

/// The function's label, if there are such tables.
pub fn function_label(plan: &Plan) -> Option<String> {
    (!tables(plan).is_empty()).then(|| operations::label(names::PARTITIONS))
}

/// Its source, as a file of the build.
pub fn files(plan: &Plan) -> Option<(String, String)> {
    function_label(plan).map(|_| (names::operations_source(names::PARTITIONS), SOURCE.to_owned()))
}

/// The function, what it is told, and what starts it.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let all = tables(plan);
    let Some(label) = function_label(plan) else {
        return vec![];
    };
    let environment = object_of! {
        "CONFIGURATION_BUCKET" => reference("aws_s3_bucket.artifacts.bucket"),
        "CONFIGURATION_KEY" => reference("aws_s3_object.partitions.key"),
        "CONFIGURATION_VERSION" => reference("aws_s3_object.partitions.version_id"),
    };
    let size = Size {
        memory_mib: 512,
        timeout_seconds: 900,
        at_once: 2,
    };
    let purpose = "Registers partitions that warehouses read.";
    let mut out = vec![configuration(&all)];
    out.extend(operations::python(
        plan,
        names::PARTITIONS,
        purpose,
        &size,
        environment,
        permissions(&all),
    ));
    let mut zones: Vec<&str> = all.iter().map(|dataset| dataset.id.zone.as_str()).collect();
    zones.sort_unstable();
    zones.dedup();
    let principal = reference(format!("aws_iam_role.{label}_function.arn"));
    out.extend(zones.into_iter().map(|zone| {
        let resource = reference(format!("aws_lakeformation_resource.{}.arn", lake::zone_label(zone)));
        lake_formation::permission(&format!("partitions_{zone}"), &["DATA_LOCATION_ACCESS"])
            .set("principal", principal.clone())
            .block(Block::new("data_location").set("arn", resource))
    }));
    for dataset in all {
        let table = catalog::label(&dataset.id);
        let role = format!("{label}_function");
        out.push(iceberg::grant(
            &format!("partitions_{table}"),
            &role,
            dataset,
            &["ALTER", "DESCRIBE"],
        ));
        out.extend(of_table(plan, dataset, &label));
    }
    out.extend(starter(plan, &label));
    out
}

/// A rule on the files of a table.
fn of_table(plan: &Plan, dataset: &Dataset, function: &str) -> [Block; 3] {
    let label = format!("{}_partitions", catalog::label(&dataset.id));
    let bucket = reference(format!("aws_s3_bucket.{}.bucket", lake::zone_label(&dataset.id.zone)));
    let doc = format!("Files of {}, whose partitions a warehouse reads.", dataset.id);
    let rule = created::rule(plan, &label, &doc, bucket, &names::dataset_prefix(&dataset.id.name));
    // EventBridge puts texts in quotes itself.
    let template = format!("{{\"dataset\":\"{}\",\"key\":<key>}}", dataset.id);
    let transformer = Block::new("input_transformer")
        .set("input_paths", object_of! { "key" => "$.detail.object.key" })
        .set("input_template", template);
    let target = created::target(&label, reference(format!("aws_lambda_function.{function}.arn"))).block(transformer);
    [rule, target, created::permission(&label, function)]
}

fn configuration(all: &[&Dataset]) -> Block {
    let entry = |dataset: &&Dataset| {
        let value = object_of! {
            "bucket" => reference(format!("aws_s3_bucket.{}.bucket", lake::zone_label(&dataset.id.zone))),
            "prefix" => names::dataset_prefix(&dataset.id.name),
            "database" => catalog::database(&dataset.id),
            "table" => catalog::table(&dataset.id),
            "partition" => list(&dataset.partition),
        };
        (dataset.id.to_string(), value)
    };
    Block::resource("aws_s3_object", "partitions")
        .doc("Tables whose partitions warehouses read.")
        .set("bucket", reference("aws_s3_bucket.artifacts.id"))
        .set("key", CONFIGURATION)
        .set("kms_key_id", reference(KEY))
        .set("content_type", "application/json")
        .set("content", call("jsonencode", [object(all.iter().map(entry))]))
}

fn permissions(all: &[&Dataset]) -> Vec<Statement> {
    let mut buckets: Vec<String> = all.iter().map(|dataset| lake::zone_label(&dataset.id.zone)).collect();
    buckets.sort();
    buckets.dedup();
    let buckets = buckets
        .into_iter()
        .map(|bucket| reference(format!("aws_s3_bucket.{bucket}.arn")));
    let configuration = text_of![reference("aws_s3_bucket.artifacts.arn"), format!("/{CONFIGURATION}")];
    vec![
        allow("Find", &["s3:ListBucket"], buckets),
        // Of a version that is named: who reads that need not be let read the newest.
        allow("Configuration", &["s3:GetObjectVersion"], [configuration]),
        key_use("DecryptConfiguration", &["kms:Decrypt"], "s3"),
        allow(
            "Register",
            &[
                "glue:BatchCreatePartition",
                "glue:BatchDeletePartition",
                "glue:GetPartition",
                "glue:GetPartitions",
                "glue:GetTable",
            ],
            iceberg::arns(all),
        ),
        allow_everywhere(
            "LakeFormation",
            &["lakeformation:GetDataAccess"],
            "Lake Formation's grants say what comes of it; IAM knows no resource here.",
        ),
    ]
}

fn starter(plan: &Plan, function: &str) -> Vec<Block> {
    let target = orchestration::Target::function(function, STARTER, Some("{}".into()));
    let purpose = "Starts what registers partitions";
    let mut out = orchestration::starter(plan, STARTER, purpose, &[function.to_owned()]).to_vec();
    out.push(orchestration::entry(
        plan,
        function,
        "cron(20 4 * * ? *)",
        "UTC",
        target,
    ));
    out
}
