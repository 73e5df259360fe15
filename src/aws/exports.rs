//! What other projects may read: where it is, told in parameters, and the ways in for accounts beside this one.
//!
//! In this account a project's own roles say what they read, and Lake Formation's grants let them: the parameters only tell
//! where. Other accounts are let in by name, `export_to`, as far as the exported datasets go: by the bucket's policy, by the
//! key's, by Lake Formation, which tells the other account's catalog, and by a share of the parameters. Knows nothing of who
//! reads.

use std::collections::BTreeSet;

use super::naming::{limit, named};
use super::policy::{Statement, allow};
use super::{catalog, iceberg, lake, root};
use crate::emit::hcl::{Block, Value, list, reference};
use crate::plan::{DatasetId, Plan, Zone, names};
use crate::text_of;

/// The accounts beside this one that may read.
const ACCOUNTS: &str = "export_to";
/// What is told of a zone, in parameters of these names.
pub const BUCKET: &str = "bucket";
pub const DATABASE: &str = "database";
pub const KEY_ID: &str = "key";

/// The folder of the parameters that tell of a zone: `/PREFIX/exports/ZONE`.
pub fn folder(prefix: impl Into<Value>, zone: &str) -> Value {
    text_of!["/", prefix.into(), format!("/exports/{zone}")]
}

fn zones(plan: &Plan) -> BTreeSet<&str> {
    plan.pipeline.exports.iter().map(|id| id.zone.as_str()).collect()
}

fn is_needed(plan: &Plan) -> bool {
    !plan.pipeline.exports.is_empty()
}

/// The variable that names the accounts.
pub fn variables(plan: &Plan) -> Vec<Block> {
    if !is_needed(plan) {
        return vec![];
    }
    let described = "Numbers of the accounts beside this one whose projects may read what this platform exports.";
    let condition = format!("alltrue([for account in var.{ACCOUNTS} : can(regex(\"^[0-9]{{12}}$\", account))])");
    let check = Block::new("validation")
        .set("condition", reference(condition))
        .set("error_message", "Each account must be a number of twelve digits.");
    let variable = root::variable(ACCOUNTS, described, "set(string)").set("default", Value::List(vec![]));
    vec![variable.block(check)]
}

/// The accounts, this one among them, as a policy names them: a policy names one at least.
pub fn locals(plan: &Plan) -> Vec<(String, Value)> {
    let roots = format!(
        "[for account in setunion([local.account], var.{ACCOUNTS}) : \"arn:${{local.partition}}:iam::${{account}}:root\"]"
    );
    match is_needed(plan) {
        true => vec![("export_to".into(), reference(roots))],
        false => vec![],
    }
}

/// Parameters, grants and shares.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    if !is_needed(plan) {
        return vec![];
    }
    let mut out: Vec<Block> = zones(plan).into_iter().flat_map(parameters).collect();
    out.extend(plan.pipeline.exports.iter().map(told));
    out.extend(plan.pipeline.exports.iter().map(grant));
    out.extend(share(plan));
    out
}

/// What every reader of a zone needs to know.
fn parameters(zone: &str) -> Vec<Block> {
    let facts = [
        (
            BUCKET,
            reference(format!("aws_s3_bucket.{}.bucket", lake::zone_label(zone))),
        ),
        (DATABASE, reference(format!("aws_glue_catalog_database.{zone}.name"))),
        (KEY_ID, reference("aws_kms_key.platform.key_id")),
    ];
    let one = |(name, value): (&str, Value)| {
        let place = text_of![folder(reference("local.prefix"), zone), format!("/{name}")];
        parameter(&format!("export_{zone}_{name}"), place).set("insecure_value", value)
    };
    facts.map(one).to_vec()
}

/// That a dataset is exported: who reads one that is not finds no parameter, before anything is changed.
fn told(id: &DatasetId) -> Block {
    let place = text_of![
        folder(reference("local.prefix"), &id.zone),
        format!("/datasets/{}", id.name)
    ];
    parameter(&format!("export_{}_dataset_{}", id.zone, id.name), place).set("insecure_value", catalog::table(id))
}

fn parameter(label: &str, name: Value) -> Block {
    Block::resource("aws_ssm_parameter", label)
        .skip(
            "CKV2_AWS_34",
            "it holds a name that is no secret, and other accounts could not read it",
        )
        .set("name", name)
        .set("type", "String")
        .note("Only advanced parameters can be shared with other accounts.")
        .set(
            "tier",
            reference(format!("length(var.{ACCOUNTS}) > 0 ? \"Advanced\" : \"Standard\"")),
        )
}

/// Lake Formation tells other accounts' catalogs of a table, and lets their administrators grant it on.
fn grant(id: &DatasetId) -> Block {
    let table = Block::new("table")
        .set("database_name", catalog::database(id))
        .set("name", catalog::table(id));
    Block::resource(
        "aws_lakeformation_permissions",
        &format!("export_{}", catalog::label(id)),
    )
    .set(
        "for_each",
        reference(format!("setsubtract(var.{ACCOUNTS}, [local.account])")),
    )
    .set("principal", reference("each.value"))
    .set("permissions", list(iceberg::READ))
    .set("permissions_with_grant_option", list(iceberg::READ))
    .set("depends_on", vec![reference("terraform_data.lake_formation_is_ready")])
    .block(table)
}

/// The parameters, for other accounts.
fn share(plan: &Plan) -> Vec<Block> {
    let some = || reference(format!("length(var.{ACCOUNTS}) > 0 ? 1 : 0"));
    let share = Block::resource("aws_ram_resource_share", "exports")
        .doc("Accounts outside of the organization take the invitation once.")
        .set("count", some())
        .set("name", named(plan, "exports", limit::LONG))
        .set("allow_external_principals", true);
    let of = || reference("aws_ram_resource_share.exports[0].arn");
    let accounts = Block::resource("aws_ram_principal_association", "exports")
        .set(
            "for_each",
            reference(format!("setsubtract(var.{ACCOUNTS}, [local.account])")),
        )
        .set("principal", reference("each.value"))
        .set("resource_share_arn", of());
    let labels = zones(plan)
        .into_iter()
        .flat_map(|zone| [BUCKET, DATABASE, KEY_ID].map(|name| format!("export_{zone}_{name}")));
    let exports = plan.pipeline.exports.iter();
    let labels = labels.chain(exports.map(|id| format!("export_{}_dataset_{}", id.zone, id.name)));
    let parameters = labels.map(|label| {
        Block::resource("aws_ram_resource_association", &label)
            .set("count", some())
            .set("resource_arn", reference(format!("aws_ssm_parameter.{label}.arn")))
            .set("resource_share_arn", of())
    });
    [share, accounts].into_iter().chain(parameters).collect()
}

/// What a zone's bucket lets the accounts do: read the files of exported datasets.
pub fn bucket_statements(plan: &Plan, zone: &Zone) -> Vec<Statement> {
    let label = lake::zone_label(&zone.name);
    let exported = plan.pipeline.exports.iter().filter(|id| id.zone == zone.name);
    let prefixes: Vec<String> = exported.map(|id| names::dataset_prefix(&id.name)).collect();
    if prefixes.is_empty() {
        return vec![];
    }
    let objects = prefixes.iter().map(|prefix| lake::objects(&label, prefix));
    let bucket = [reference(format!("aws_s3_bucket.{label}.arn"))];
    let roots = || reference("local.export_to");
    vec![
        allow("Exports", &["s3:GetObject"], objects).accounts(roots()),
        allow("ListExports", &["s3:ListBucket"], bucket).accounts(roots()),
    ]
}

/// What the key lets the accounts do: open what is in the buckets of exported datasets.
pub fn key_statement(plan: &Plan, because: &str) -> Option<Statement> {
    let buckets = zones(plan).into_iter().map(|zone| {
        // With a key of the bucket, what is opened is the bucket's; without, an object's.
        text_of![reference(format!("aws_s3_bucket.{}.arn", lake::zone_label(zone))), "*"]
    });
    let buckets: Vec<Value> = buckets.collect();
    is_needed(plan).then(|| {
        allow("Exports", &["kms:Decrypt"], ["*".into()])
            .accounts(reference("local.export_to"))
            .because(because)
            .when("StringLike", "kms:EncryptionContext:aws:s3:arn", Value::List(buckets))
            .when(
                "StringEquals",
                "kms:ViaService",
                text_of!["s3.", reference("var.region"), ".amazonaws.com"],
            )
    })
}
