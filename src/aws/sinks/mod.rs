//! Destinations outside the lake: what is made for each, what those who write it may do, and what they are told of it.
//! A file a family of services. Knows nothing of how rows become requests.

mod database;
mod messages;
mod purge;
mod search;
mod tables;
mod warehouse;

pub use database::ports;
pub use purge::{files, function_label as purger, overdue};
pub use warehouse::{any as any_warehouse, calls, hosts};

use super::lake;
use super::policy::{Statement, allow, own};
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::plan::{Plan, Sink, StreamFunction, Target, To, Transform, names};
use crate::text_of;

/// The label of what is made for a sink: sources and transforms may be called the same.
pub fn label(sink: &Sink) -> String {
    format!("{}{END}", sink.name)
}

/// What labels of sinks have behind their names.
const END: &str = "_sink";

/// The sink that something of this label is made for.
pub fn of_label<'p>(plan: &'p Plan, label: &str) -> Option<&'p Sink> {
    plan.sink(label.strip_suffix(END)?)
}

/// All that is made for sinks.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for sink in &plan.sinks {
        out.extend(match &sink.to {
            To::Bus { name, .. } => messages::bus(plan, sink, name),
            To::Topic { existing } => messages::topic(plan, sink, existing.as_deref()),
            To::Queue { existing, fifo, .. } => messages::queue(plan, sink, existing.as_deref(), *fifo),
            To::Stream(stream) => tables::stream(plan, sink, stream),
            To::Items { .. } => tables::items(plan, sink),
            To::Index { .. } => search::collection(plan, sink),
            To::Postgres(_) => database::secrets(sink),
            To::Redshift(own) => warehouse::blocks(plan, sink, own),
        });
    }
    out.extend(purge::blocks(plan));
    out
}

/// What is decided at deployment.
pub fn variables(plan: &Plan) -> Option<Block> {
    messages::variable(plan)
}

/// The sinks that a function writes, each once.
fn of_function<'p>(plan: &'p Plan, function: &StreamFunction<'p>) -> Vec<&'p Sink> {
    let mut found: Vec<&Sink> = vec![];
    for sink in function
        .transforms
        .iter()
        .flat_map(|transform| plan.sinks_of(transform))
    {
        if !found.contains(&sink) {
            found.push(sink);
        }
    }
    found
}

/// What a function needs to write its sinks.
pub fn permissions(plan: &Plan, function: &StreamFunction<'_>) -> Vec<Statement> {
    of_function(plan, function).into_iter().flat_map(writing).collect()
}

fn writing(sink: &Sink) -> Vec<Statement> {
    match &sink.to {
        To::Bus { name, .. } => messages::put_events(sink, name),
        To::Topic { existing } => messages::publish(sink, existing.is_some()),
        To::Queue { existing, .. } => messages::send(sink, existing.is_some()),
        To::Stream(stream) => tables::put_records(sink, stream),
        To::Items { existing, .. } => tables::put_items(sink, existing.is_some()),
        To::Index { .. } => search::index(sink),
        To::Postgres(postgres) => database::login(sink, postgres),
        To::Redshift(_) => crate::plan::refused(),
    }
}

/// What a function is told of the sinks of a transform: by variable, as JSON.
pub fn environment(plan: &Plan, transform: &Transform) -> Vec<(String, Value)> {
    let mut out = vec![];
    for (target, label) in transform.deliveries() {
        if let Target::Sink(name) = target
            && let Some(sink) = plan.sink(name)
        {
            let told = object(destination(plan, transform, sink));
            out.push((names::sink_variable(&label), call("jsonencode", [told])));
        }
    }
    out
}

fn destination(plan: &Plan, transform: &Transform, sink: &Sink) -> Vec<(String, Value)> {
    let texts = |all: &[String]| Value::List(all.iter().map(Value::from).collect());
    let of = |kind: &str, more: Vec<(&str, Value)>| {
        let more = more.into_iter().map(|(name, value)| (name.to_owned(), value));
        std::iter::once(("kind".to_owned(), Value::from(kind)))
            .chain(more)
            .collect()
    };
    match &sink.to {
        To::Bus { name, detail_type } => of(
            "events",
            vec![
                ("bus", name.into()),
                ("source", Value::from(&plan.pipeline.name)),
                ("detail_type", detail_type.as_ref().unwrap_or(&transform.name).into()),
            ],
        ),
        To::Topic { existing } => of(
            "topic",
            vec![("arn", messages::arn("aws_sns_topic", sink, existing.is_some()))],
        ),
        To::Queue { existing, fifo, key } => of(
            "queue",
            vec![
                ("url", messages::queue_url(sink, existing.is_some())),
                ("fifo", (*fifo).into()),
                ("key", texts(key)),
            ],
        ),
        To::Stream(stream) => {
            let mut more = vec![("name", tables::stream_name(sink, stream))];
            more.extend(stream.partition_key.as_ref().map(|key| ("key", Value::from(key))));
            of("stream", more)
        }
        To::Items {
            key,
            ttl_days,
            existing,
            ..
        } => {
            let mut more = vec![
                ("table", tables::table_name(sink, existing.is_some())),
                ("key", texts(key)),
            ];
            more.extend(ttl_days.map(|days| ("keep_seconds", Value::from(days * 86_400))));
            of("items", more)
        }
        To::Index { index, key, .. } => of(
            "index",
            vec![
                ("endpoint", search::endpoint(sink)),
                ("index", index.into()),
                ("key", texts(key)),
            ],
        ),
        To::Postgres(postgres) => {
            let columns: Vec<String> = plan
                .rows_of(transform)
                .into_iter()
                .map(|column| column.name.clone())
                .collect();
            let mut more = vec![
                ("host", Value::from(&postgres.host)),
                ("port", u32::from(postgres.port).into()),
                ("database", Value::from(&postgres.database)),
                ("table", Value::from(&postgres.table)),
                ("columns", texts(&columns)),
                ("key", texts(&postgres.key)),
                ("credentials", database::credentials(sink)),
            ];
            more.extend(
                postgres
                    .authority
                    .as_ref()
                    .map(|_| ("authority", database::authority(sink))),
            );
            of("table", more)
        }
        To::Redshift(_) => crate::plan::refused(),
    }
}

/// What a job is told of its sinks: the name of each argument and its value.
pub fn arguments(plan: &Plan, transform: &Transform) -> Vec<(String, Value)> {
    let mut out = vec![];
    for sink in plan.sinks_of(transform) {
        let place = lake::url("artifacts", &names::sink_prefix(&transform.name, &sink.name));
        out.push((names::sink_argument(&sink.name), place));
        if let To::Redshift(_) = sink.to {
            out.push((names::workgroup_argument(&sink.name), warehouse::workgroup(sink)));
            out.push((names::load_role_argument(&sink.name), warehouse::load_role(sink)));
        } else {
            let told = call("jsonencode", [object(destination(plan, transform, sink))]);
            out.push((names::told_argument(&sink.name), call("base64encode", [told])));
        }
    }
    out
}

/// What a job needs to write its sinks, beside the folders that it puts their rows into.
pub fn permissions_of_job(plan: &Plan, transform: &Transform) -> Vec<Statement> {
    let sinks = plan.sinks_of(transform).into_iter();
    let others = sinks.filter(|sink| !matches!(sink.to, To::Redshift(_)));
    let mut out: Vec<Statement> = others.flat_map(writing).collect();
    out.extend(warehouse::writing(plan, transform));
    out
}

/// What each sink measures of itself: what an alarm says, and what it watches.
pub fn watched(plan: &Plan) -> Vec<(String, String, super::metric::Metric, f64)> {
    plan.sinks.iter().flat_map(watched_of).collect()
}

fn watched_of(sink: &Sink) -> Vec<(String, String, super::metric::Metric, f64)> {
    match &sink.to {
        To::Topic { existing } => messages::topic_metrics(sink, existing.is_some()),
        To::Queue { existing, .. } => messages::queue_metrics(sink, existing.is_some()),
        To::Stream(stream) => tables::stream_metrics(sink, stream),
        To::Items { existing, .. } => tables::item_metrics(sink, existing.is_some()),
        To::Index { .. } => search::metrics(sink),
        To::Redshift(own) => warehouse::metrics(sink, own),
        To::Bus { .. } | To::Postgres(_) => vec![],
    }
}

/// Labels of the queues of dead letters that sinks have.
pub fn dead_letters(plan: &Plan) -> Vec<String> {
    plan.sinks.iter().filter_map(messages::dead_letters).collect()
}

/// What the platform's key lets services do for sinks.
pub fn key_statements(plan: &Plan, because: &str) -> Vec<Statement> {
    messages::key_statements(plan, because)
}

/// Use of whatever key of this account something that is there is encrypted with: what limits it is the thing itself.
fn any_key(sid: &str, actions: &[&str], service: &str, context: Option<(&str, Value)>) -> Statement {
    let through = text_of![format!("{service}."), reference("var.region"), ".amazonaws.com"];
    let statement = allow(sid, actions, [own("kms", "key/*")]).when("StringEquals", "kms:ViaService", through);
    match context {
        Some((key, thing)) => statement.when("StringEquals", key, thing),
        None => statement,
    }
}

/// A sid of a sink's statement: letters and digits.
fn sid(verb: &str, sink: &Sink) -> String {
    let words = sink.name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    let name: String = words.collect();
    format!("{verb}{name}")
}
