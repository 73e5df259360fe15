//! Sinks that are searched: collections of OpenSearch Serverless.
//!
//! Documents with a key are in a collection for searching, where a row replaces the one before; those without are in one of
//! events in time, which ends them by itself; those with a key, `purge` takes out
//! (<https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-lifecycle.html>).

use super::messages::described;
use super::{label, purge, sid};
use crate::aws::metric::{Metric, metric};
use crate::aws::naming::short;
use crate::aws::network::SEARCH_ENDPOINT;
use crate::aws::policy::{KEY, Statement, allow};
use crate::aws::{function, job};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::plan::{Plan, Sink, To, stream_functions};
use crate::{object_of, text_of};

/// The longest name of a collection or of one of its policies.
const NAME: usize = 32;

/// Where documents are sent to.
pub fn endpoint(sink: &Sink) -> Value {
    reference(format!(
        "aws_opensearchserverless_collection.{}.collection_endpoint",
        label(sink)
    ))
}

/// The name of an index.
pub fn index_name(sink: &Sink) -> &str {
    match &sink.to {
        To::Index { index, .. } => index,
        _ => "",
    }
}

/// A collection: who may write it, from where, under which key, how much it may cost, and for how long it keeps documents.
pub fn collection(plan: &Plan, sink: &Sink) -> Vec<Block> {
    let To::Index {
        index,
        key,
        retain_days,
        capacity: (least, most),
    } = &sink.to
    else {
        return vec![];
    };
    let own_label = label(sink);
    let name = || short(plan, &sink.name, NAME);
    let resource = || text_of!["collection/", name()];
    let rule = |kind: &str, resource: Value| {
        object_of! { "ResourceType" => kind, "Resource" => Value::List(vec![resource]) }
    };
    let encryption = object_of! {
        "Rules" => Value::List(vec![rule("collection", resource())]),
        "KmsARN" => reference(KEY),
        "AWSOwnedKey" => false,
    };
    let limits = object_of! {
        "min_indexing_capacity_in_ocu" => *least,
        "max_indexing_capacity_in_ocu" => *most,
        "min_search_capacity_in_ocu" => *least,
        "max_search_capacity_in_ocu" => *most,
    };
    let standby = if plan.pipeline.destroyable {
        "DISABLED"
    } else {
        "ENABLED"
    };
    let policy = |kind: &str, label: &str, what: &str, policy: Value| {
        Block::resource(&format!("aws_opensearchserverless_{kind}_policy"), label)
            .set("name", name())
            .set("type", what)
            .set("policy", call("jsonencode", [policy]))
    };
    let collection = described(Block::resource("aws_opensearchserverless_collection", &own_label), sink)
        .set("name", name())
        .set("type", if key.is_empty() { "TIMESERIES" } else { "SEARCH" })
        .set(
            "collection_group_name",
            reference(format!("aws_opensearchserverless_collection_group.{own_label}.name")),
        )
        .set("standby_replicas", standby)
        .set(
            "depends_on",
            vec![reference(format!(
                "aws_opensearchserverless_security_policy.{own_label}_encryption"
            ))],
        )
        .when(!plan.pipeline.destroyable, crate::aws::keep);
    let mut out = vec![
        policy("security", &format!("{own_label}_encryption"), "encryption", encryption),
        policy(
            "security",
            &format!("{own_label}_network"),
            "network",
            network(plan, resource()),
        ),
        policy("access", &own_label, "data", writers(plan, sink, index, &name)),
        Block::resource("aws_opensearchserverless_collection_group", &own_label)
            .doc("What it may use at least and at most, of indexing and of searching each.")
            .set("name", name())
            .set("standby_replicas", standby)
            .set("capacity_limits", Value::List(vec![limits])),
        collection,
    ];
    if let (Some(days), true) = (retain_days, key.is_empty()) {
        let kept = object_of! {
            "ResourceType" => "index",
            "Resource" => Value::List(vec![text_of!["index/", name(), format!("/{index}")]]),
            "MinIndexRetention" => format!("{days}d"),
        };
        let kept = object_of! { "Rules" => Value::List(vec![kept]) };
        out.push(policy("lifecycle", &own_label, "retention", kept));
    }
    out
}

/// From the network alone, where there is one.
fn network(plan: &Plan, resource: Value) -> Value {
    let rules = Value::List(vec![
        object_of! { "ResourceType" => "collection", "Resource" => Value::List(vec![resource]) },
    ]);
    let rules = match &plan.pipeline.network {
        Some(_) => object_of! {
            "Rules" => rules,
            "AllowFromPublic" => false,
            "SourceVPCEs" => Value::List(vec![reference(format!("{SEARCH_ENDPOINT}.id"))]),
        },
        None => object_of! { "Rules" => rules, "AllowFromPublic" => true },
    };
    Value::List(vec![rules])
}

/// What the roles of the functions and jobs may do that write it, and that of the one that takes documents out.
fn writers(plan: &Plan, sink: &Sink, index: &str, name: &dyn Fn() -> Value) -> Value {
    let functions = stream_functions(plan);
    let mine = functions.iter().filter(|function| {
        let mut transforms = function.transforms.iter();
        transforms.any(|transform| plan.sinks_of(transform).iter().any(|other| other.name == sink.name))
    });
    let jobs = plan.writers_of(sink).filter(|writer| writer.engine.is_job());
    let jobs = jobs.map(|writer| reference(format!("aws_iam_role.{}.arn", job::label(writer))));
    let roles = mine
        .map(|one| function::role_arn(&one.source.name))
        .chain(jobs)
        .collect();
    let permissions = [
        "aoss:CreateIndex",
        "aoss:DescribeIndex",
        "aoss:UpdateIndex",
        "aoss:WriteDocument",
    ];
    let may = |permissions: &[&str], roles: Vec<Value>| {
        let rules = Value::List(vec![object_of! {
            "ResourceType" => "index",
            "Resource" => Value::List(vec![text_of!["index/", name(), format!("/{index}")]]),
            "Permission" => list(permissions.iter().copied()),
        }]);
        object_of! { "Rules" => rules, "Principal" => Value::List(roles) }
    };
    let mut rules = vec![may(&permissions, roles)];
    let purges = ["aoss:ReadDocument", "aoss:WriteDocument"];
    rules.extend(purge::role_of(plan, sink).map(|role| may(&purges, vec![role])));
    Value::List(rules)
}

/// Sending documents: which ones, the collection's own policy says.
pub fn index(sink: &Sink) -> Vec<Statement> {
    let arn = reference(format!("aws_opensearchserverless_collection.{}.arn", label(sink)));
    vec![allow(&sid("Index", sink), &["aoss:APIAccessAll"], [arn])]
}

/// What a collection measures.
pub fn metrics(sink: &Sink) -> Vec<(String, String, Metric, f64)> {
    let address = format!("aws_opensearchserverless_collection.{}", label(sink));
    let dimensions = vec![
        ("ClientId", reference("local.account")),
        ("CollectionId", reference(format!("{address}.id"))),
        ("CollectionName", reference(format!("{address}.name"))),
    ];
    let failed = metric("AWS/AOSS", "IngestionDocumentErrors", dimensions);
    let text = format!("Documents of {} are not indexed", sink.name);
    vec![(format!("{}_failed", label(sink)), text, failed, 0.0)]
}
