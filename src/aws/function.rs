//! Generated functions on streams, topics and queues, one a source: the function, its role and logs, its dead letters.

use std::collections::BTreeSet;

use super::naming::{limit, named};
use super::policy::{Statement, allow, allow_everywhere, key_use, role, trust};
use super::{firehose, lake, mapping, memory, objects, queue, root, scripts, secrets, sinks};
use crate::emit::hcl::{Block, Value, call, list, object, reference};
use crate::plan::{
    Dataset, DatasetId, From, Input, Join, Plan, Source, StepKind, StreamFunction, Target, Transform, names,
    stream_functions,
};
use crate::text_of;

/// The label of a function's dead letters.
pub fn queue_label(function: &str) -> String {
    format!("{function}_dead_letters")
}

/// All of them, and what they remember.
pub fn blocks(plan: &Plan) -> Vec<Block> {
    let functions = stream_functions(plan);
    let memory = functions.iter().any(remembers).then(|| memory::block(plan));
    let blocks = functions.iter().flat_map(|function| blocks_of(plan, function));
    blocks.chain(memory).collect()
}

/// The labels of the delivery streams that a function puts rows into.
fn deliveries(function: &StreamFunction) -> Vec<String> {
    let of = |transform: &&Transform| {
        let datasets = transform.deliveries().into_iter();
        let rows = datasets.filter_map(|(target, label)| match target {
            Target::Dataset(_) => Some(label),
            Target::Sink(_) => None,
        });
        rows.chain([firehose::quarantine_label(&transform.name)])
            .collect::<Vec<_>>()
    };
    let landing = function.source.landed_by_function();
    let landing = landing.map(|_| firehose::landing_label(&function.source.name));
    function.transforms.iter().flat_map(of).chain(landing).collect()
}

fn steps<'f>(function: &'f StreamFunction) -> impl Iterator<Item = &'f StepKind> {
    function
        .ways
        .iter()
        .flat_map(|way| &way.steps)
        .map(|one| &one.step.kind)
}

/// Whether a function remembers what passed.
fn remembers(function: &StreamFunction) -> bool {
    steps(function).any(|step| matches!(step, StepKind::Dedupe { .. }))
}

/// The tables that a function looks rows up in.
fn looked_up<'p>(plan: &'p Plan, function: &StreamFunction) -> Vec<&'p Dataset> {
    let tables: BTreeSet<_> = steps(function)
        .filter_map(|step| match step {
            StepKind::Join(Join {
                other: Input::Table(id),
                ..
            }) => Some(id),
            _ => None,
        })
        .collect();
    tables.into_iter().map(|id| plan.dataset(id)).collect()
}

/// Reading the files of tables.
fn read_tables(tables: &[&Dataset]) -> Vec<Statement> {
    let bucket = |dataset: &&Dataset| lake::zone_label(&dataset.id.zone);
    let objects = tables
        .iter()
        .map(|dataset| lake::objects(&bucket(dataset), &names::dataset_prefix(&dataset.id.name)));
    let buckets: BTreeSet<_> = tables.iter().map(bucket).collect();
    vec![
        allow("ReadTables", &["s3:GetObject"], objects),
        // Only who may list hears that an object is not there.
        allow(
            "FindTables",
            &["s3:ListBucket"],
            buckets
                .into_iter()
                .map(|bucket| reference(format!("aws_s3_bucket.{bucket}.arn"))),
        ),
        key_use("DecryptTables", &["kms:Decrypt"], "s3"),
    ]
}

fn uses_pseudonym(plan: &Plan, function: &StreamFunction) -> bool {
    let mut transforms = function.transforms.iter();
    transforms.any(|transform| secrets::uses_pseudonym(plan, transform))
}

fn blocks_of(plan: &Plan, function: &StreamFunction) -> Vec<Block> {
    let source = function.source;
    let label = &source.name;
    let queue = queue_label(label);
    let told = objects_of(source);
    let mut out = match (told, source.queue()) {
        (Some(_), _) => objects::dead_letters(plan, source),
        // What a queue gives up goes to its own dead letters.
        (None, Some(_)) => vec![],
        (None, None) => queue::dead_letters(
            plan,
            &queue,
            "Where to find the batches that were given up: their places in the stream, not the rows.",
        ),
    };
    out.push(lake::log_group(
        plan,
        &format!("{label}_function"),
        log_name(plan, label),
    ));
    let mut statements = match told {
        Some(id) => objects::read(source, id),
        None => mapping::permissions(plan, source),
    };
    if told.is_none() && source.queue().is_none() {
        statements.extend(queue::send(&queue));
    }
    statements.push(firehose::deliver(&deliveries(function)));
    statements.extend(common(&format!("{label}_function")));
    statements.extend(sinks::permissions(plan, function));
    if uses_pseudonym(plan, function) {
        statements.extend(secrets::read());
    }
    if remembers(function) {
        statements.extend(memory::use_of());
    }
    statements.extend(objects::permissions(plan, function));
    let tables = looked_up(plan, function);
    if !tables.is_empty() {
        statements.extend(read_tables(&tables));
    }
    out.extend(function_role(plan, label, statements));
    out.push(lambda(plan, function));
    match told {
        Some(id) => out.extend(objects::blocks(plan, function, id)),
        None => out.push(mapping::block(plan, function)),
    }
    out
}

/// Where the objects lie that a source tells of one by one.
fn objects_of(source: &Source) -> Option<&DatasetId> {
    source.into.as_ref().filter(|_| source.from == From::Objects)
}

fn log_name(plan: &Plan, label: &str) -> Value {
    text_of!["/aws/lambda/", named(plan, label, limit::SIXTY_FOUR)]
}

/// What every function needs: its log group and traces.
pub fn common(log_group: &str) -> [Statement; 2] {
    [
        allow(
            "Log",
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            [lake::log_streams(log_group)],
        ),
        allow_everywhere(
            "Trace",
            &["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "X-Ray has no resources to limit these to.",
        ),
    ]
}

/// The role of a function by label.
pub fn function_role(plan: &Plan, label: &str, statements: Vec<Statement>) -> [Block; 2] {
    role(
        &format!("{label}_function"),
        named(plan, &format!("{label}_function"), limit::SIXTY_FOUR),
        &format!("What the function {label} may do"),
        trust("lambda.amazonaws.com", None),
        statements,
    )
}

/// The ARN of a function's role.
pub fn role_arn(label: &str) -> Value {
    reference(format!("aws_iam_role.{label}_function.arn"))
}

/// What every function has in common; the caller adds what it runs and on which settings.
pub fn base(plan: &Plan, label: &str, archive: &str) -> Block {
    let file = || text_of![reference("path.module"), "/../", archive];
    let group = format!("aws_cloudwatch_log_group.{label}_function");
    Block::resource("aws_lambda_function", label)
        .skip(
            "CKV_AWS_117",
            "whatever it calls it calls over TLS; a network would add endpoints, not safety",
        )
        .skip(
            "CKV_AWS_272",
            "archives are built and hashed by the one who deploys; no signer is declared",
        )
        .set("function_name", named(plan, label, limit::SIXTY_FOUR))
        .set("role", role_arn(label))
        .set("filename", file())
        .set("source_code_hash", call("filebase64sha256", [file()]))
        .set("kms_key_arn", reference(super::policy::KEY))
        .set(
            "depends_on",
            vec![reference(format!("aws_iam_role_policy.{label}_function"))],
        )
        .block(Block::new("tracing_config").set("mode", "Active"))
        .block(
            Block::new("logging_config")
                .set("log_format", "JSON")
                .set("log_group", reference(format!("{group}.name")))
                .set("application_log_level", "INFO")
                .set("system_log_level", "WARN"),
        )
}

fn lambda(plan: &Plan, function: &StreamFunction) -> Block {
    let label = &function.source.name;
    let settings = &function.settings;
    let delivery = |label: &str| reference(format!("aws_kinesis_firehose_delivery_stream.{label}.name"));
    let mut environment = Vec::new();
    if function.source.landed_by_function().is_some() {
        let landing = delivery(&firehose::landing_label(label));
        environment.push((names::LANDING_STREAM.into(), landing));
    }
    if let Some(id) = function.source.kept_by_function() {
        environment.push((names::OBJECTS.into(), lake::dataset_url(plan.dataset(id))));
    }
    environment.extend(scripts::environment(plan, function));
    for transform in &function.transforms {
        let name = &transform.name;
        for (target, label) in transform.deliveries() {
            if let Target::Dataset(_) = target {
                environment.push((names::delivery_variable(&label), delivery(&label)));
            }
        }
        environment.extend(sinks::environment(plan, transform));
        let quarantine = delivery(&firehose::quarantine_label(name));
        environment.push((names::quarantine_variable(name), quarantine));
    }
    if uses_pseudonym(plan, function) {
        environment.push((names::PSEUDONYM_SECRET.into(), secrets::arn()));
    }
    for transform in &function.transforms {
        for param in plan.params_of(transform) {
            let variable = names::param_variable(&param.name);
            if environment.iter().all(|(known, _)| *known != variable) {
                environment.push((variable, root::param_value(param)));
            }
        }
    }
    if remembers(function) {
        environment.push((names::SEEN_TABLE.into(), memory::table()));
    }
    for dataset in looked_up(plan, function) {
        environment.push((names::table_variable(&dataset.id), lake::dataset_url(dataset)));
    }
    let at_once = match objects_of(function.source) {
        Some(_) => objects::at_once(function),
        None => mapping::readers(function.source) + 1,
    };
    let block = base(plan, label, &names::function_archive(label))
        .skip(
            "CKV_AWS_116",
            "what was given up goes to dead letters of the event source mapping, or of the queue",
        )
        .set("runtime", scripts::runtime(function))
        .set("handler", "bootstrap")
        .set("architectures", list([&settings.architecture]))
        .set("memory_size", settings.memory_mib)
        .set("timeout", settings.timeout_seconds)
        .set("reserved_concurrent_executions", at_once)
        .block(Block::new("environment").set("variables", object(environment)))
        .blocks(scripts::storage(function));
    let names: Vec<&str> = function.transforms.iter().map(|one| one.name.as_str()).collect();
    block.doc(&format!("Reads {label} for {}.", names.join(", ")))
}
