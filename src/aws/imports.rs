//! What is read of other projects: where it is, a link to each table in the own catalog, and who may read it.
//!
//! The other project's parameters tell where its datasets are; one that is missing stops the plan, before anything is
//! changed. Knows nothing of how the other project lets accounts in.

use std::collections::{BTreeMap, BTreeSet};

use super::policy::{Statement, allow};
use super::{catalog, exports, iceberg, naming, root};
use crate::emit::hcl::{Block, Value, list, object, reference};
use crate::plan::{Dataset, DatasetId, Format, From, Plan, Writer, names};
use crate::{object_of, text_of};

/// The variable that says which deployment of another project is read.
const PROJECTS: &str = "used_projects";

/// The label of the database with the links to a project's tables.
pub fn links(pipeline: &str) -> String {
    format!("{pipeline}-links")
}

/// The datasets of other projects, each once.
fn imports(plan: &Plan) -> impl Iterator<Item = &Dataset> {
    let all = plan.datasets.values();
    all.filter(|dataset| matches!(dataset.writer, Writer::Import(_)))
}

/// The zones of other projects, by project.
fn projects(plan: &Plan) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut out: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (pipeline, zone) in imports(plan).filter_map(|dataset| dataset.id.project()) {
        out.entry(pipeline).or_default().insert(zone);
    }
    out
}

/// The variable that says which deployments are read.
pub fn variables(plan: &Plan) -> Vec<Block> {
    let known: Vec<String> = projects(plan).keys().map(|name| format!("\"{name}\"")).collect();
    if known.is_empty() {
        return vec![];
    }
    let described = "Of each project that is read, by its pipeline's name: the account and the environment that it is \
                     deployed to, where they are not this one's.";
    let kind = "map(object({ account = optional(string), environment = optional(string) }))";
    let only = format!("length(setsubtract(keys(var.{PROJECTS}), [{}])) == 0", known.join(", "));
    let check = Block::new("validation").set("condition", reference(only)).set(
        "error_message",
        "Each key must be the name of a pipeline that this platform reads.",
    );
    let variable = root::variable(PROJECTS, described, kind).set("default", Value::Object(vec![]));
    vec![variable.block(check)]
}

/// The account and the prefix of names of each project.
pub fn locals(plan: &Plan) -> Vec<(String, Value)> {
    let all = projects(plan).into_keys().map(|pipeline| {
        let said = |name: &str, own: &str| format!("try(coalesce(var.{PROJECTS}[\"{pipeline}\"].{name}), {own})");
        let environment = said("environment", "var.environment");
        let facts = object_of! {
            "account" => reference(said("account", "local.account")),
            "prefix" => text_of![naming::project(pipeline), "-", reference(environment)],
        };
        (pipeline.to_owned(), facts)
    });
    let all: Vec<_> = all.collect();
    match all.is_empty() {
        true => vec![],
        false => vec![("projects".into(), object(all))],
    }
}

fn account(pipeline: &str) -> Value {
    reference(format!("local.projects.{pipeline}.account"))
}

/// An ARN in a project's account.
fn there(service: &str, pipeline: &str, rest: Value) -> Value {
    text_of![
        "arn:",
        reference("local.partition"),
        format!(":{service}:"),
        reference("var.region"),
        ":",
        account(pipeline),
        ":",
        rest
    ]
}

/// The ARN of the key that a dataset's files are encrypted with.
fn key(id: &DatasetId) -> Option<Value> {
    let (pipeline, _) = id.project()?;
    Some(there("kms", pipeline, text_of!["key/", fact(id, exports::KEY_ID)]))
}

/// What a project tells of a zone.
fn fact(id: &DatasetId, name: &str) -> Value {
    let zone = id.zone.replace('.', "-");
    reference(format!("data.aws_ssm_parameter.{zone}_{name}.insecure_value"))
}

/// The bucket's ARN.
fn bucket(id: &DatasetId) -> Value {
    text_of![
        "arn:",
        reference("local.partition"),
        ":s3:::",
        fact(id, exports::BUCKET)
    ]
}

/// `s3://BUCKET/PREFIX`
pub fn url(id: &DatasetId, prefix: &str) -> Value {
    text_of!["s3://", fact(id, exports::BUCKET), format!("/{prefix}")]
}

/// What is asked of the other projects, links and grants.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (pipeline, zones) in projects(plan) {
        for zone in zones {
            let facts = [exports::BUCKET, exports::DATABASE, exports::KEY_ID];
            out.extend(facts.map(|name| asked(pipeline, zone, name, name)));
        }
        out.push(database(plan, pipeline));
    }
    for dataset in imports(plan) {
        if let Some((pipeline, zone)) = dataset.id.project() {
            let name = &dataset.id.name;
            out.push(asked(
                pipeline,
                zone,
                &format!("dataset_{name}"),
                &format!("datasets/{name}"),
            ));
            out.push(link(plan, &dataset.id, pipeline));
        }
    }
    out
}

/// A parameter of another project, by its ARN, which is its name in every account.
fn asked(pipeline: &str, zone: &str, label: &str, name: &str) -> Block {
    let prefix = reference(format!("local.projects.{pipeline}.prefix"));
    let path = text_of!["parameter", exports::folder(prefix, zone), format!("/{name}")];
    Block::data("aws_ssm_parameter", &format!("{pipeline}-{zone}_{label}")).set("name", there("ssm", pipeline, path))
}

fn database(plan: &Plan, pipeline: &str) -> Block {
    let described = format!("What {} reads of {pipeline}: links to its tables.", plan.pipeline.name);
    Block::resource("aws_glue_catalog_database", &links(pipeline))
        // No zone's name begins with this.
        .set(
            "name",
            text_of![reference("local.database_prefix"), format!("__{pipeline}")],
        )
        .set("description", described)
        .set("depends_on", vec![reference("terraform_data.lake_formation_is_ready")])
}

fn link(plan: &Plan, id: &DatasetId, pipeline: &str) -> Block {
    let sources = plan.sources.iter();
    let doc = sources
        .filter(|source| matches!(&source.from, From::Project(foreign) if foreign.id == *id))
        .find_map(|source| source.doc.as_deref());
    let name = match id.project() {
        Some((_, zone)) => format!("{zone}_{}", id.name),
        None => id.name.clone(),
    };
    let block = Block::resource("aws_glue_catalog_table", &catalog::label(id))
        .set("name", name)
        .set("database_name", catalog::database(id));
    let block = match doc {
        Some(doc) => block.set("description", catalog::comment(doc)),
        None => block,
    };
    block.block(
        Block::new("target_table")
            .set("catalog_id", account(pipeline))
            .set("database_name", fact(id, exports::DATABASE))
            .set("name", exported(id)),
    )
}

/// The table's name where it is.
fn exported(id: &DatasetId) -> Value {
    fact(id, &format!("dataset_{}", id.name))
}

/// What a job needs to read these where they are: the files, the key that they are encrypted with, and the tables.
pub fn read(all: &[&Dataset]) -> Vec<Statement> {
    if all.is_empty() {
        return vec![];
    }
    let prefix = |dataset: &Dataset| names::dataset_prefix(&dataset.id.name);
    let files = all.iter().flat_map(|dataset| {
        let folder = prefix(dataset);
        let name = folder.trim_end_matches('/').to_owned();
        // The client of a table format knows objects and no folders.
        let folders = [name.clone(), format!("{name}_$folder$")].into_iter();
        let folders = folders.filter(|_| dataset.format != Format::Iceberg);
        [folder.clone() + "*"]
            .into_iter()
            .chain(folders)
            .map(|path| text_of![bucket(&dataset.id), format!("/{path}")])
            .collect::<Vec<_>>()
    });
    let once = |values: Vec<Value>| {
        let mut out: Vec<Value> = vec![];
        for value in values {
            if !out.contains(&value) {
                out.push(value);
            }
        }
        out
    };
    let buckets = once(all.iter().map(|dataset| bucket(&dataset.id)).collect());
    let keys = once(all.iter().filter_map(|dataset| key(&dataset.id)).collect());
    vec![
        allow("ReadOthers", &["s3:GetObject"], files),
        allow("ListOthers", &["s3:ListBucket"], buckets),
        allow("OpenOthers", &["kms:Decrypt"], keys).when(
            "StringEquals",
            "kms:ViaService",
            text_of!["s3.", reference("var.region"), ".amazonaws.com"],
        ),
    ]
}

/// The tables behind links, as policies name them: whoever reads a link reads what it points at.
pub fn arns(id: &DatasetId) -> Vec<Value> {
    let Some((pipeline, _)) = id.project() else {
        return vec![];
    };
    let arn = |rest: Value| there("glue", pipeline, rest);
    vec![
        arn("catalog".into()),
        arn(text_of!["database/", fact(id, exports::DATABASE)]),
        arn(text_of!["table/", fact(id, exports::DATABASE), "/", exported(id)]),
    ]
}

/// What Lake Formation lets a role do: see the link, and read what it points at.
pub fn grants(label: &str, role: &str, dataset: &Dataset) -> Vec<Block> {
    let Some((pipeline, _)) = dataset.id.project() else {
        return vec![];
    };
    let target = Block::new("table")
        .set("catalog_id", account(pipeline))
        .set("database_name", fact(&dataset.id, exports::DATABASE))
        .set("name", exported(&dataset.id));
    let read = Block::resource("aws_lakeformation_permissions", &format!("{label}_there"))
        .set("permissions", list(iceberg::READ))
        .set("principal", reference(format!("aws_iam_role.{role}.arn")))
        .set("depends_on", vec![reference("terraform_data.lake_formation_is_ready")])
        .block(target);
    vec![iceberg::grant(label, role, dataset, &["DESCRIBE"]), read]
}
