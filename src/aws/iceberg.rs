//! Tables of Iceberg: how the catalog makes them, what keeps them small and purges what they no longer show, and what jobs
//! need to change them. Knows nothing of steps.
//!
//! Terraform makes a table once. After that its columns are changed by the job that writes it, and its metadata by every
//! run: what Terraform would put back, it would break.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::naming::{limit, named};
use super::policy::{Statement, allow, allow_everywhere, key_use, own, role, trust};
use super::{catalog, imports, lake, lake_formation};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::object_of;
use crate::plan::types::{Type, TypeKind, object_fields};
use crate::plan::{Dataset, Format, Plan, names};
use crate::text_of;

/// What jobs call the catalog; a table's name for them starts with it.
const CATALOG: &str = "glue_catalog";
/// The role of what looks after tables.
const CARE: &str = "table_care";
/// The log groups that Glue has for that: one each in an account, whoever's table it is.
const LOGS: [&str; 3] = ["compaction", "orphan-file-deletion", "retention"];
/// How long a file that no snapshot knows may still belong to a run that goes on, days.
const ORPHAN_DAYS: u32 = 3;
/// How many old descriptions of a table are kept.
const OLD_METADATA: u32 = 20;

/// The tables of a platform.
pub fn tables(plan: &Plan) -> impl Iterator<Item = &Dataset> {
    plan.own_datasets().filter(|dataset| dataset.format == Format::Iceberg)
}

/// How long after its retention a row may still be in a file: what was there before can be read for a while, and goes by a
/// run a day.
pub fn history_days(dataset: &Dataset) -> u32 {
    match dataset.format {
        Format::Iceberg => dataset.history_days + ORPHAN_DAYS + 1,
        _ => 0,
    }
}

/// The table in the catalog, but for its name and what is said of it.
pub fn table(plan: &Plan, dataset: &Dataset, block: Block) -> Block {
    let size = plan.zone(&dataset.id.zone).map_or(0, |zone| zone.target_file_bytes);
    let properties = object_of! {
        "write.metadata.delete-after-commit.enabled" => "true",
        "write.metadata.previous-versions-max" => OLD_METADATA.to_string(),
        "write.target-file-size-bytes" => size.to_string(),
    };
    let mut ids = Ids(dataset.columns.len());
    let fields: Vec<_> = dataset
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let field = Block::new("fields")
                .set("id", Value::Number((at + 1).to_string()))
                .set("name", column.name.as_str())
                .set("required", false)
                .set("type", call("jsonencode", [value(&type_of(&column.ty, &mut ids))]));
            match &column.doc {
                Some(doc) => field.set("doc", catalog::comment(doc)),
                None => field,
            }
        })
        .collect();
    let input = Block::new("iceberg_table_input")
        .set("location", lake::dataset_url(dataset))
        .set("properties", properties)
        .block(Block::new("schema").set("type", "struct").blocks(fields))
        .blocks(partition(dataset));
    let input = Block::new("iceberg_input")
        .set("metadata_operation", "CREATE")
        .set("version", "2")
        .block(input);
    let evolves = [
        "open_table_format_input",
        "parameters",
        "partition_keys",
        "storage_descriptor",
    ];
    block.block(Block::new("open_table_format_input").block(input)).block(
        Block::new("lifecycle")
            .note("The job that writes the table changes its columns, and each run its metadata.")
            .set("ignore_changes", Value::List(evolves.map(reference).to_vec()))
            .when(!plan.pipeline.destroyable, |block| block.set("prevent_destroy", true)),
    )
}

fn partition(dataset: &Dataset) -> Option<Block> {
    let fields: Vec<_> = dataset
        .partition
        .iter()
        .filter_map(|name| {
            let at = dataset.columns.iter().position(|column| column.name == *name)?;
            let field = Block::new("fields")
                .set("name", name.as_str())
                .set("source_id", Value::Number((at + 1).to_string()))
                .set("transform", "identity");
            Some(field)
        })
        .collect();
    (!fields.is_empty()).then(|| Block::new("partition_spec").blocks(fields))
}

/// Numbers of fields inside of columns: they come after those of the columns.
struct Ids(usize);

impl Ids {
    fn next(&mut self) -> usize {
        self.0 += 1;
        self.0
    }
}

/// A type as Iceberg describes it; jobs write instants with a zone, which is UTC.
fn type_of(ty: &Type, ids: &mut Ids) -> Json {
    match &ty.kind {
        TypeKind::Bool => "boolean".into(),
        TypeKind::Int | TypeKind::Duration => "long".into(),
        TypeKind::Float => "double".into(),
        TypeKind::Decimal { precision, scale } => format!("decimal({precision}, {scale})").into(),
        TypeKind::Bytes => "binary".into(),
        TypeKind::Date => "date".into(),
        TypeKind::Timestamp => "timestamptz".into(),
        TypeKind::List(item) => {
            let id = ids.next();
            json!({"type": "list", "element-id": id, "element": type_of(item, ids), "element-required": false})
        }
        TypeKind::Map(held) => {
            let (key, id) = (ids.next(), ids.next());
            json!({
                "type": "map", "key-id": key, "key": "string", "value-id": id, "value": type_of(held, ids),
                "value-required": false,
            })
        }
        TypeKind::Object => type_of(&TypeKind::Struct(object_fields()).required(), ids),
        TypeKind::Struct(fields) => {
            let numbers: Vec<_> = fields.iter().map(|_| ids.next()).collect();
            let fields = fields.iter().zip(numbers).map(
                |(field, id)| json!({"id": id, "name": field.name, "required": false, "type": type_of(&field.ty, ids)}),
            );
            let fields: Vec<Json> = fields.collect();
            json!({"type": "struct", "fields": fields})
        }
        _ => "string".into(),
    }
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => Value::Number(number.to_string()),
        Json::String(text) => text.into(),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(entries) => Value::Object(entries.iter().map(|(key, held)| (key.clone(), value(held))).collect()),
    }
}

/// What looks after the tables: small files are put together, what was there before goes, and what nobody knows of goes.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let all: Vec<_> = tables(plan).collect();
    if all.is_empty() {
        return vec![];
    }
    let mut out = role(
        CARE,
        named(plan, CARE, limit::SIXTY_FOUR),
        "What Glue may do to look after tables of Iceberg",
        trust("glue.amazonaws.com", None),
        care_permissions(plan, &all),
    )
    .to_vec();
    for dataset in all {
        out.extend(care(dataset));
    }
    out
}

fn care(dataset: &Dataset) -> [Block; 3] {
    let label = catalog::label(&dataset.id);
    let compaction =
        Block::new("compaction_configuration").block(Block::new("iceberg_configuration").set("strategy", "binpack"));
    let retention = Block::new("retention_configuration").block(
        Block::new("iceberg_configuration")
            .set("snapshot_retention_period_in_days", dataset.history_days)
            .set("number_of_snapshots_to_retain", 1u32)
            .set("clean_expired_files", true),
    );
    let orphans = Block::new("orphan_file_deletion_configuration").block(
        Block::new("iceberg_configuration")
            .set("location", lake::dataset_url(dataset))
            .set("orphan_file_retention_period_in_days", ORPHAN_DAYS),
    );
    let kinds = [
        ("compaction", compaction),
        ("retention", retention),
        ("orphan_file_deletion", orphans),
    ];
    kinds.map(|(kind, settings)| {
        Block::resource("aws_glue_catalog_table_optimizer", &format!("{label}_{kind}"))
            .set("catalog_id", reference("local.account"))
            .set("database_name", catalog::database(&dataset.id))
            .set("table_name", catalog::table(&dataset.id))
            .set("type", kind)
            .set(
                "depends_on",
                vec![
                    reference(format!("aws_iam_role_policy.{CARE}")),
                    reference(format!("aws_lakeformation_permissions.{CARE}_{label}")),
                ],
            )
            .block(
                Block::new("configuration")
                    .set("role_arn", reference(format!("aws_iam_role.{CARE}.arn")))
                    .set("enabled", true)
                    .block(settings),
            )
    })
}

fn care_permissions(plan: &Plan, all: &[&Dataset]) -> Vec<Statement> {
    let bucket = |dataset: &&Dataset| lake::zone_label(&dataset.id.zone);
    let objects = all
        .iter()
        .map(|dataset| lake::objects(&bucket(dataset), &names::dataset_prefix(&dataset.id.name)));
    let buckets: BTreeSet<_> = all.iter().map(bucket).collect();
    let buckets = buckets
        .into_iter()
        .map(|bucket| reference(format!("aws_s3_bucket.{bucket}.arn")));
    let logs = LOGS.map(|kind| own("logs", format!("log-group:/aws-glue/iceberg-{kind}/logs:*")));
    let mut out = vec![
        allow("Files", &["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], objects),
        allow("List", &["s3:ListBucket"], buckets),
        key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
        allow("Tables", &["glue:GetTable", "glue:UpdateTable"], arns(all)),
        allow(
            "Log",
            &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            logs,
        ),
    ];
    let registered = lake_formation::registered(plan);
    if all.iter().any(|dataset| registered.contains(dataset.id.zone.as_str())) {
        out.push(allow_everywhere(
            "LakeFormation",
            &["lakeformation:GetDataAccess"],
            "Lake Formation's grants say what comes of it; IAM knows no resource here.",
        ));
    }
    out
}

/// The catalog, and the databases and tables of these.
pub fn arns(all: &[&Dataset]) -> Vec<Value> {
    let mut out = vec![own("glue", "catalog")];
    for dataset in all {
        let database = catalog::database(&dataset.id);
        let of_database = own("glue", text_of!["database/", database.clone()]);
        if !out.contains(&of_database) {
            out.push(of_database);
        }
        out.push(own(
            "glue",
            text_of!["table/", database, "/", catalog::table(&dataset.id)],
        ));
        for there in imports::arns(&dataset.id) {
            if !out.contains(&there) {
                out.push(there);
            }
        }
    }
    out
}

/// Who, beside readers, Lake Formation lets change or read a table: what looks after it, and the jobs.
pub fn grant(label: &str, role: &str, dataset: &Dataset, permissions: &[&str]) -> Block {
    let table = Block::new("table")
        .set("database_name", catalog::database(&dataset.id))
        .set("name", catalog::table(&dataset.id));
    Block::resource("aws_lakeformation_permissions", label)
        .set("permissions", list(permissions.iter().copied()))
        .set("principal", reference(format!("aws_iam_role.{role}.arn")))
        .set("depends_on", vec![reference("terraform_data.lake_formation_is_ready")])
        .block(table)
}

/// What changing rows takes.
pub const CHANGE: [&str; 5] = ["ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT"];
/// What reading rows takes.
pub const READ: [&str; 2] = ["DESCRIBE", "SELECT"];

/// Lake Formation's grants to what looks after the tables.
pub fn grants(plan: &Plan) -> Vec<Block> {
    tables(plan)
        .map(|dataset| {
            grant(
                &format!("{CARE}_{}", catalog::label(&dataset.id)),
                CARE,
                dataset,
                &CHANGE,
            )
        })
        .collect()
}

/// A table as a job names it.
pub fn name_for_jobs(dataset: &Dataset) -> Value {
    text_of![
        format!("{CATALOG}."),
        catalog::database(&dataset.id),
        ".",
        catalog::table(&dataset.id)
    ]
}

/// What Spark has to be told, each a value of `--conf`. No table is ever made in the warehouse: each has its place.
pub fn settings(dataset: &Dataset) -> Vec<Value> {
    let own = |name: &str, value: &str| Value::from(format!("spark.sql.catalog.{CATALOG}{name}={value}"));
    vec![
        "spark.sql.extensions=org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions".into(),
        own("", "org.apache.iceberg.spark.SparkCatalog"),
        own(".catalog-impl", "org.apache.iceberg.aws.glue.GlueCatalog"),
        own(".io-impl", "org.apache.iceberg.aws.s3.S3FileIO"),
        own(".cache-enabled", "false"),
        text_of![
            format!("spark.sql.catalog.{CATALOG}.warehouse="),
            match dataset.id.project() {
                Some(_) => imports::url(&dataset.id, ""),
                None => lake::url(&lake::zone_label(&dataset.id.zone), ""),
            }
        ],
    ]
}

/// What a job needs of the catalog, to read some and change others.
pub fn use_of(read: &[&Dataset], written: &[&Dataset]) -> Vec<Statement> {
    let all: Vec<_> = read.iter().chain(written).copied().collect();
    let mut out = vec![];
    if !all.is_empty() {
        out.push(allow("Tables", &["glue:GetDatabase", "glue:GetTable"], arns(&all)));
    }
    if !written.is_empty() {
        out.push(allow("ChangeTables", &["glue:UpdateTable"], arns(written)));
    }
    out
}
