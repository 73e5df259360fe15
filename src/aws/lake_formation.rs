//! Who may read what: Lake Formation grants of the visible columns, and the IAM side of reading.
//!
//! Locations are registered without hybrid access: a reader gets data through grants alone. Writers do not go
//! through Lake Formation: functions and jobs write by path with roles of their own, and Firehose, which reads the
//! schema of its table from the catalog, is granted that.

use std::collections::BTreeSet;

use super::athena::{self, Workgroup};
use super::naming::{limit, named};
use super::policy::{Statement, allow, allow_everywhere, document, key_use, own, role, trust};
use super::{catalog, erasure, firehose, iceberg, job, lake, quicksight, readers, redshift, row_filter, table_purge};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::plan::expr::Expr;
use crate::plan::{Access, DatasetId, Format, Grant, Once, Plan};
use crate::text_of;

/// The role by which Lake Formation reads for those whom it lets.
pub const REGISTRATION: &str = "lake_formation";

const OPEN_DEFAULTS: &str = "Lake Formation still grants new databases or tables to IAM_ALLOWED_PRINCIPALS, so column \
    grants would mean nothing. Empty the defaults where the account's data lake settings are managed";
const NOT_AN_ADMIN: &str = "Who deploys is not a Lake Formation administrator, so it cannot grant. Add it where the \
    account's data lake settings are managed";
/// The address that tells what the settings are.
const SETTINGS: &str = "data.aws_lakeformation_data_lake_settings.account";
const DEPLOYER: &str = "data.aws_iam_session_context.deployer.issuer_arn";

/// The settings of an account and region, and what is asked of them; `count` says whether they are written at all.
///
/// They exist once, so stacks share them: administrators are only added, never taken away, and two stacks that both write
/// them write the same.
pub fn settings(count: Option<&Value>) -> [Block; 2] {
    let admins = [
        reference(format!("{SETTINGS}.admins")),
        reference("var.lake_formation_admins"),
        list([reference(DEPLOYER)]),
    ];
    let owned = Block::resource("aws_lakeformation_data_lake_settings", "account")
        .doc("Empties the defaults that open every new database and table to everyone with IAM rights.");
    let owned = match count {
        Some(count) => owned.set("count", count.clone()),
        None => owned,
    };
    [owned.set("admins", call("setunion", admins)), asked()]
}

fn asked() -> Block {
    Block::data("aws_lakeformation_data_lake_settings", "account")
}

/// The settings, where this stack may write them, and the check that grants will mean something.
fn gate(plan: &Plan) -> Vec<Block> {
    let count = reference("var.manage_lake_formation_settings ? 1 : 0");
    let (mut out, unless, instead) = match plan.account {
        Some(_) => (vec![asked()], "", super::account::instead(plan, Once::LakeFormation)),
        None => (
            settings(Some(&count)).to_vec(),
            "var.manage_lake_formation_settings || ",
            ", or set manage_lake_formation_settings = true.".to_owned(),
        ),
    };
    let empty = [
        "create_database_default_permissions",
        "create_table_default_permissions",
    ]
    .map(|name| format!("length({SETTINGS}.{name}) == 0"))
    .join(" && ");
    let precondition = |condition: &str, message: &str| {
        let condition = match unless {
            "" => condition.to_owned(),
            unless => format!("{unless}({condition})"),
        };
        Block::new("precondition")
            .set("condition", reference(condition))
            .set("error_message", format!("{message}{instead}"))
    };
    let check = Block::resource("terraform_data", "lake_formation_is_ready")
        .doc("Databases wait for this: made before the defaults are empty, they would be open to IAM alone.")
        .when(plan.account.is_none(), |block| {
            block.set("input", reference("aws_lakeformation_data_lake_settings.account[*].id"))
        })
        .block(
            Block::new("lifecycle")
                .block(precondition(&empty, OPEN_DEFAULTS))
                .block(precondition(
                    &format!("contains({SETTINGS}.admins, {DEPLOYER})"),
                    NOT_AN_ADMIN,
                )),
        );
    out.push(check);
    out
}

/// Registration, grants and reader policies.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = gate(plan);
    let zones = registered(plan);
    if !zones.is_empty() {
        out.extend(registration(plan, &zones));
    }
    out.extend(firehose_grants(plan));
    out.extend(iceberg::grants(plan));
    out.extend(job::grants(plan));
    out.extend(table_purge::grants(plan));
    out.extend(erasure::grants(plan));
    out.extend(quicksight::grants(plan));
    for access in &plan.accesses {
        out.extend(grants(plan, access));
        out.extend(reader(plan, access));
    }
    out
}

fn read_datasets(plan: &Plan) -> BTreeSet<&DatasetId> {
    let granted = plan
        .accesses
        .iter()
        .flat_map(|access| &access.grants)
        .map(|grant| &grant.dataset);
    plan.serves
        .iter()
        .flat_map(|serve| &serve.expose)
        .chain(granted)
        .collect()
}

/// The zones whose buckets are registered: Lake Formation gives credentials for what is in them.
pub fn registered(plan: &Plan) -> BTreeSet<&str> {
    read_datasets(plan).iter().map(|id| id.zone.as_str()).collect()
}

fn registration(plan: &Plan, zones: &BTreeSet<&str>) -> Vec<Block> {
    let arn = |zone: &str| reference(format!("aws_s3_bucket.{}.arn", lake::zone_label(zone)));
    let statements = vec![
        allow(
            "Read",
            &["s3:GetObject"],
            zones.iter().map(|zone| lake::objects(&lake::zone_label(zone), "")),
        ),
        allow("List", &["s3:ListBucket"], zones.iter().map(|zone| arn(zone))),
        key_use("Decrypt", &["kms:Decrypt"], "s3"),
    ];
    let trusted = trust("lakeformation.amazonaws.com", Some(own("lakeformation", "*")));
    let mut out = role(
        REGISTRATION,
        named(plan, REGISTRATION, limit::SIXTY_FOUR),
        "Reads for those whom Lake Formation lets read",
        trusted,
        statements,
    )
    .to_vec();
    // Making a table at a registered location needs a grant on the location: tables come first.
    let tables: Vec<Value> = plan
        .own_tables()
        .map(|dataset| reference(format!("aws_glue_catalog_table.{}", catalog::label(&dataset.id))))
        .chain([reference(format!("aws_iam_role_policy.{REGISTRATION}"))])
        .collect();
    out.extend(zones.iter().map(|zone| {
        Block::resource("aws_lakeformation_resource", &lake::zone_label(zone))
            .set("arn", arn(zone))
            .set("role_arn", reference(format!("aws_iam_role.{REGISTRATION}.arn")))
            .set("hybrid_access_enabled", false)
            .set("depends_on", tables.clone())
    }));
    out
}

/// Firehose reads the schema that it converts to, and changes tables of Iceberg: without a grant Lake Formation hides both.
fn firehose_grants(plan: &Plan) -> Vec<Block> {
    firehose::deliveries(plan)
        .filter_map(|rows| {
            let label = format!("{}_delivery", rows.label);
            match rows.dataset.format {
                Format::Iceberg => return Some(iceberg::grant(&label, &label, rows.dataset, &iceberg::CHANGE)),
                Format::Parquet => {}
                _ => return None,
            }
            let table = Block::new("table")
                .set("database_name", catalog::database(&rows.dataset.id))
                .set("name", catalog::table(&rows.dataset.id));
            let block = permission(&label, &["DESCRIBE", "SELECT"])
                .set("principal", reference(format!("aws_iam_role.{label}.arn")))
                .block(table);
            Some(block)
        })
        .collect()
}

/// A grant, once grants mean something.
pub fn permission(label: &str, permissions: &[&str]) -> Block {
    Block::resource("aws_lakeformation_permissions", label)
        .set("permissions", list(permissions.iter().copied()))
        .set("depends_on", vec![reference("terraform_data.lake_formation_is_ready")])
}

fn principals(access: &Access) -> Value {
    reference(format!("local.readers_{}", access.name))
}

fn grants(plan: &Plan, access: &Access) -> Vec<Block> {
    let databases: BTreeSet<&str> = access.grants.iter().map(|grant| grant.dataset.zone.as_str()).collect();
    let describe = databases.into_iter().map(|zone| {
        let name = reference(format!("aws_glue_catalog_database.{zone}.name"));
        permission(&format!("{}_{zone}", access.name), &["DESCRIBE"])
            .set("for_each", principals(access))
            .set("principal", reference("each.value"))
            .block(Block::new("database").set("name", name))
    });
    let select = access
        .grants
        .iter()
        .enumerate()
        .filter(|(_, grant)| !grant.columns.is_empty())
        .flat_map(|(place, grant)| match &grant.condition {
            None => vec![columns(access, grant, &grant_label(access, place))],
            Some(condition) => cells(plan, access, grant, condition, place),
        });
    describe.chain(select).collect()
}

/// The label of what is made for one of the grants of an access.
pub fn grant_label(access: &Access, place: usize) -> String {
    let Some(grant) = access.grants.get(place) else {
        return String::new();
    };
    let label = format!("{}_{}", access.name, catalog::label(&grant.dataset));
    if grant.condition.is_none() {
        return label;
    }
    let before = access.grants.iter().take(place);
    let others = before.filter(|other| other.dataset == grant.dataset && other.condition.is_some());
    match others.count() {
        0 => format!("{label}_rows"),
        others => format!("{label}_rows_{}", others + 1),
    }
}

/// Some rows of some columns: a filter of cells, which is granted in the table's place.
fn cells(plan: &Plan, access: &Access, grant: &Grant, condition: &Expr, place: usize) -> Vec<Block> {
    let label = grant_label(access, place);
    let database = || catalog::database(&grant.dataset);
    let table = || catalog::table(&grant.dataset);
    let filter = Block::new("table_data")
        .set("database_name", database())
        .set("table_name", table())
        .set("table_catalog_id", reference("local.account"))
        .set("name", named(plan, &label, limit::LONG))
        .set("column_names", list(&grant.columns))
        .block(Block::new("row_filter").set("filter_expression", row_filter::text(condition)));
    let address = format!("aws_lakeformation_data_cells_filter.{label}");
    let of_filter = Block::new("data_cells_filter")
        .set("database_name", database())
        .set("table_name", table())
        .set("table_catalog_id", reference("local.account"))
        .set("name", reference(format!("{address}.table_data[0].name")));
    vec![
        Block::resource("aws_lakeformation_data_cells_filter", &label)
            .doc(&format!("What {} sees of {}.", access.name, grant.dataset))
            .set("depends_on", vec![reference("terraform_data.lake_formation_is_ready")])
            .block(filter),
        permission(&label, &["SELECT"])
            .set("for_each", principals(access))
            .set("principal", reference("each.value"))
            .block(of_filter),
    ]
}

fn columns(access: &Access, grant: &Grant, label: &str) -> Block {
    let table = Block::new("table_with_columns")
        .set("database_name", catalog::database(&grant.dataset))
        .set("name", catalog::table(&grant.dataset))
        .set("column_names", list(&grant.columns));
    let hidden = if grant.all_columns {
        "every column"
    } else {
        "columns that are labelled or not granted stay hidden"
    };
    permission(label, &["SELECT"])
        .doc(&format!("{} reads {}: {hidden}.", access.name, grant.dataset))
        .set("for_each", principals(access))
        .set("principal", reference("each.value"))
        .block(table)
}

/// The IAM side: without it a grant is of no use.
fn reader(plan: &Plan, access: &Access) -> Vec<Block> {
    let label = format!("{}_reader", access.name);
    let granted: BTreeSet<&DatasetId> = access.grants.iter().map(|grant| &grant.dataset).collect();
    let workgroups = athena::of_readers(plan, access);
    let mut statements = vec![
        allow_everywhere(
            "LakeFormation",
            &["lakeformation:GetDataAccess"],
            "Lake Formation's grants say what comes of it; IAM knows no resource here.",
        ),
        catalog_reads(&granted),
    ];
    if !workgroups.is_empty() {
        statements.extend(queries(&workgroups));
    }
    statements.extend(redshift::reader(plan, &granted));
    let policy = Block::resource("aws_iam_policy", &label)
        .set("name", named(plan, &label, limit::LONG))
        .set(
            "description",
            format!("What readers of {} need beside their grants", access.name),
        )
        .set("policy", document(statements));
    let mut out = vec![policy];
    out.extend(readers::attachments(plan, access, &label));
    out
}

/// The actions that find tables in the catalog.
pub const CATALOG_READS: [&str; 6] = [
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:GetTables",
];

/// What finding tables in the catalog takes.
pub fn catalog_reads(granted: &BTreeSet<&DatasetId>) -> Statement {
    let mut resources = vec![own("glue", "catalog")];
    for id in granted {
        let database = own("glue", text_of!["database/", catalog::database(id)]);
        if !resources.contains(&database) {
            resources.push(database);
        }
    }
    resources.extend(granted.iter().map(|id| {
        own(
            "glue",
            text_of!["table/", catalog::database(id), "/", catalog::table(id)],
        )
    }));
    allow("Catalog", &CATALOG_READS, resources)
}

/// What asking in workgroups takes, and what reading the answers does.
pub fn queries(groups: &[Workgroup<'_>]) -> Vec<Statement> {
    let workgroups = groups
        .iter()
        .map(|group| reference(format!("aws_athena_workgroup.{}.arn", group.label)));
    let results = groups.iter().map(|group| lake::objects("query_results", &group.prefix));
    let bucket = || [reference("aws_s3_bucket.query_results.arn")];
    let prefixes: Vec<Value> = groups.iter().map(|group| format!("{}*", group.prefix).into()).collect();
    vec![
        allow(
            "Query",
            &[
                "athena:BatchGetQueryExecution",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:GetQueryResultsStream",
                "athena:GetWorkGroup",
                "athena:ListQueryExecutions",
                "athena:StartQueryExecution",
                "athena:StopQueryExecution",
            ],
            workgroups,
        ),
        allow(
            "Results",
            &[
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            results,
        ),
        allow("FindResults", &["s3:GetBucketLocation"], bucket()),
        allow("ListResults", &["s3:ListBucket"], bucket()).when("StringLike", "s3:prefix", prefixes),
        key_use("ResultsKey", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
    ]
}
