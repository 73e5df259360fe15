//! Sinks that are tables of Redshift Serverless: the warehouse, its tables, and who may do what to them.
//!
//! The administrator makes tables and users; a job signs in as its role, and has no more than its table. The warehouse reads
//! what jobs give it in a role of its own, which reads nothing else. A statement runs once, again when it changes, and is
//! never undone (P-RSS-1): each may run over what is there, but the one that makes a user, whose name never changes.
//!
//! Facts: <https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-security-other-services.html> (who takes the role),
//! <https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html>.

use super::label;
use crate::aws::metric::{Metric, metric};
use crate::aws::naming::{limit, named};
use crate::aws::policy::{Statement, allow, key_use, role, trust};
use crate::aws::redshift::{House, workgroup_name};
use crate::aws::{job, lake};
use crate::emit::hcl::{Block, Value, list, reference};
use crate::plan::{Plan, Sink, To, Transform, Warehouse, names};
use crate::text_of;

/// The schema that every database has.
const PUBLIC: &str = "public";

fn load_label(sink: &Sink) -> String {
    format!("{}_load", label(sink))
}

/// The name of a workgroup.
pub fn workgroup(sink: &Sink) -> Value {
    workgroup_name(&label(sink))
}

/// The role in which a warehouse reads what it is given.
pub fn load_role(sink: &Sink) -> Value {
    reference(format!("aws_iam_role.{}.arn", load_label(sink)))
}

fn of(plan: &Plan) -> impl Iterator<Item = (&Sink, &Warehouse)> {
    plan.sinks.iter().filter_map(|sink| match &sink.to {
        To::Redshift(warehouse) => Some((sink, warehouse)),
        _ => None,
    })
}

/// Whether there are any.
pub fn any(plan: &Plan) -> bool {
    of(plan).next().is_some()
}

/// A warehouse: who reads what it is given, where it stands, and what it has.
pub fn blocks(plan: &Plan, sink: &Sink, warehouse: &Warehouse) -> Vec<Block> {
    let Some(network) = &plan.pipeline.network else {
        return vec![];
    };
    let load = load_label(sink);
    let services = ["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"];
    let mut out = role(
        &load,
        named(plan, &load, limit::SIXTY_FOUR),
        &format!("Reads what jobs give the warehouse {}", sink.name),
        trust(services[0], None).service(list(services)),
        reading(plan, sink),
    )
    .to_vec();
    let house = House {
        label: label(sink),
        doc: match &sink.doc {
            Some(doc) => doc.clone(),
            None => format!("The sink {}.", sink.name),
        },
        database: names::WAREHOUSE_DATABASE,
        capacity: warehouse.capacity,
        roles: vec![load_role(sink)],
        kept: !plan.pipeline.destroyable,
    };
    out.extend(house.blocks(plan, network));
    out.extend(statements(plan, sink, warehouse, &house));
    out
}

fn reading(plan: &Plan, sink: &Sink) -> Vec<Statement> {
    let prefixes = || {
        plan.writers_of(sink)
            .map(|writer| names::sink_prefix(&writer.name, &sink.name))
    };
    let listed = prefixes().map(|prefix| format!("{prefix}*").into()).collect();
    vec![
        allow(
            "Read",
            &["s3:GetObject"],
            prefixes().map(|prefix| lake::objects("artifacts", &prefix)),
        ),
        allow("List", &["s3:ListBucket"], [reference("aws_s3_bucket.artifacts.arn")]).when(
            "StringLike",
            "s3:prefix",
            Value::List(listed),
        ),
        key_use("Decrypt", &["kms:Decrypt"], "s3"),
    ]
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// What makes its tables and its users. Each waits for the one before.
fn statements(plan: &Plan, sink: &Sink, warehouse: &Warehouse, house: &House) -> Vec<Block> {
    let own = label(sink);
    let (schema, table) = (quoted(&warehouse.schema), quoted(&warehouse.table));
    let loads = format!("{schema}.{}", quoted(names::WAREHOUSE_LOADS));
    let columns = plan.writers_of(sink).next().map(|writer| plan.rows_of(writer));
    let columns: Vec<String> = columns
        .into_iter()
        .flatten()
        .map(|column| format!("{} {}", quoted(&column.name), column.ty.kind.in_redshift()))
        .collect();
    let mut all: Vec<(String, Value, Option<&str>)> = vec![(
        format!("{own}_no_tables"),
        format!("REVOKE CREATE ON SCHEMA {PUBLIC} FROM PUBLIC").into(),
        None,
    )];
    if warehouse.schema != PUBLIC {
        let made = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
        all.push((format!("{own}_schema"), made.into(), None));
    }
    let made = format!("CREATE TABLE IF NOT EXISTS {schema}.{table} ({})", columns.join(", "));
    all.push((
        format!("{own}_table"),
        made.into(),
        Some("A column that comes later is added by the job that writes it."),
    ));
    let made = format!("CREATE TABLE IF NOT EXISTS {loads} (\"transform\" VARCHAR(256), \"run\" VARCHAR(64))");
    all.push((
        format!("{own}_loads"),
        made.into(),
        Some("The last run of each transform whose rows a table of this schema has."),
    ));
    for writer in plan.writers_of(sink) {
        let user = || {
            let role = reference(format!("aws_iam_role.{}.name", job::label(writer)));
            text_of!["\"IAMR:", role, "\""]
        };
        let step = |what: &str| format!("{own}_{}_{what}", writer.name);
        let grant = |what: String| text_of![format!("GRANT {what} TO "), user()];
        all.extend([
            (
                step("user"),
                text_of!["CREATE USER ", user(), " PASSWORD DISABLE"],
                Some("Whom the job's role signs in as."),
            ),
            (step("usage"), grant(format!("USAGE ON SCHEMA {schema}")), None),
            (
                step("rows"),
                grant(format!(
                    "SELECT, INSERT, UPDATE, DELETE, ALTER ON TABLE {schema}.{table}"
                )),
                None,
            ),
            (
                step("runs"),
                grant(format!("SELECT, INSERT, DELETE ON TABLE {loads}")),
                None,
            ),
        ]);
    }
    let mut out: Vec<Block> = vec![];
    for (label, sql, doc) in all {
        let block = house.statement(&label, sql);
        let block = match doc {
            Some(doc) => block.doc(doc),
            None => block,
        };
        let before = out.last().map(|last| reference(last.address()));
        out.push(match before {
            Some(before) => block.set("depends_on", vec![before]),
            None => block,
        });
    }
    out
}

/// What a job needs to write its warehouses.
pub fn writing(plan: &Plan, transform: &Transform) -> Vec<Statement> {
    let sinks = plan.sinks_of(transform).into_iter();
    let labels: Vec<String> = sinks
        .filter(|sink| matches!(sink.to, To::Redshift(_)))
        .map(label)
        .collect();
    match labels.is_empty() {
        true => vec![],
        false => crate::aws::redshift::writer(&labels),
    }
}

/// What warehouses call from their subnets: they read what they are given.
pub fn calls(plan: &Plan) -> Vec<(&'static str, Vec<&'static str>, Vec<Value>)> {
    if !any(plan) {
        return vec![];
    }
    let files = vec![
        reference("aws_s3_bucket.artifacts.arn"),
        lake::objects("artifacts", names::SINK_FOLDER),
    ];
    vec![("s3", vec!["s3:GetObject", "s3:ListBucket"], files)]
}

/// What a warehouse measures: all of its capacity in use.
pub fn metrics(sink: &Sink, warehouse: &Warehouse) -> Vec<(String, String, Metric, f64)> {
    let used = metric(
        "AWS/Redshift-Serverless",
        "ComputeCapacity",
        vec![("Workgroup", workgroup(sink))],
    );
    let text = format!("{} uses all of its capacity for an hour", sink.name);
    let most = f64::from(warehouse.capacity.1) - 1.0;
    vec![(
        format!("{}_capacity", label(sink)),
        text,
        used.with("Minimum", 3_600),
        most,
    )]
}

/// Where clients connect, by the sinks' names.
pub fn hosts(plan: &Plan) -> Vec<(String, Value)> {
    let host = |sink: &Sink| {
        let own = label(sink);
        (
            own.clone(),
            reference(format!("aws_redshiftserverless_workgroup.{own}.endpoint[0].address")),
        )
    };
    of(plan).map(|(sink, _)| host(sink)).collect()
}
