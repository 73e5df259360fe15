//! Taking documents with a key out of their indexes when they have stayed their time: what OpenSearch Serverless does by
//! itself for events alone. A function, a start a day for each index, and what tells whether it came to its end.

use super::{label, search};
use crate::aws::metric::{Metric, metric, place};
use crate::aws::operations::{self, OVERDUE, Size};
use crate::aws::policy::Statement;
use crate::aws::{function, orchestration};
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::object_of;
use crate::plan::{Files, PURGE_SECONDS, Plan, Sink, names};

const SOURCE: &str = include_str!("../../../stdlib/ops/purge_search.py");
const STARTER: &str = "search_purges_start";
/// When it runs, each day.
const DAILY: &str = "cron(45 2 * * ? *)";

/// The function's source, where there is something to take out.
pub fn files(plan: &Plan) -> Files {
    let mut out = Files::new();
    if plan.purged_indexes().next().is_some() {
        out.insert(names::operations_source(names::PURGE_SEARCH), SOURCE.to_owned());
    }
    out
}

/// The function's label, where there is one.
pub fn function_label(plan: &Plan) -> Option<String> {
    plan.purged_indexes().next()?;
    Some(operations::label(names::PURGE_SEARCH))
}

/// The ARN of the function's role, for an index that it takes documents out of.
pub fn role_of(plan: &Plan, sink: &Sink) -> Option<Value> {
    let mut purged = plan.purged_indexes();
    purged.any(|(other, _)| other.name == sink.name).then(|| {
        let label = operations::label(names::PURGE_SEARCH);
        function::role_arn(&label)
    })
}

/// The function, and what starts it.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let all: Vec<_> = plan.purged_indexes().collect();
    if all.is_empty() {
        return vec![];
    }
    let indexes = all.iter().map(|(sink, days)| {
        let one = object_of! {
            "endpoint" => search::endpoint(sink),
            "index" => search::index_name(sink),
            "keep_seconds" => days * 86_400,
            "overdue_seconds" => days * 86_400 + PURGE_SECONDS,
        };
        (sink.name.clone(), one)
    });
    let environment = object_of! {
        "INDEXES" => call("jsonencode", [object(indexes)]),
        "PLATFORM" => reference("local.prefix"),
    };
    let size = Size {
        memory_mib: 512,
        timeout_seconds: 900,
        at_once: all.len() as u32,
    };
    let statements: Vec<Statement> = all.iter().flat_map(|(sink, _)| search::index(sink)).collect();
    let mut out = operations::python(
        plan,
        names::PURGE_SEARCH,
        "Takes documents out of indexes when they have stayed their time.",
        &size,
        environment,
        statements,
    );
    let function = operations::label(names::PURGE_SEARCH);
    for (sink, _) in &all {
        let input = format!("{{\"sink\":\"{}\"}}", sink.name);
        let target = orchestration::Target::function(&function, STARTER, Some(input));
        let entry = format!("{}_purge", label(sink));
        out.push(orchestration::entry(plan, &entry, DAILY, "UTC", target));
    }
    let purpose = "Starts what takes documents out of indexes";
    out.extend(orchestration::starter(plan, STARTER, purpose, &[function]));
    out
}

/// What says that documents stay too long, or that nobody looked: the label of its alarm, the text, and the metric.
pub fn overdue(plan: &Plan) -> Vec<(String, String, Metric)> {
    let one = |(sink, _): (&Sink, u32)| {
        let text = format!(
            "Documents of {} that should be gone are still there, or nobody looked",
            sink.name
        );
        let overdue = metric(names::METRIC_NAMESPACE, OVERDUE, place(&sink.name));
        (
            format!("{}_overdue", label(sink)),
            text,
            overdue.with("Maximum", 86_400),
        )
    };
    plan.purged_indexes().map(one).collect()
}
