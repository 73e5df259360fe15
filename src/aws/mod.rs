//! Phase 6: a plan as AWS resources, a file a bundle, and the helpers' files beside them.
//!
//! Resources are values ([`crate::emit::hcl::Block`]); text is made of them in one place. Knows nothing of the
//! language: everything comes from the plan. How known pitfalls are answered stands in `docs/aws/pitfalls.md`.

pub mod account;
mod alarms;
mod api;
mod arrival;
mod athena;
mod audit;
mod backup;
mod bucket;
mod calls;
mod catalog;
mod channels;
mod cost;
mod created;
mod dashboards;
mod datazone;
pub mod delivery;
mod dms;
mod dms_prerequisites;
mod emr;
mod erasure;
mod evidence;
mod exports;
mod firehose;
mod function;
mod glue_job;
mod iceberg;
mod imports;
mod iot;
mod job;
mod kafka;
mod keys;
mod kinesis;
mod lake;
mod lake_formation;
mod landing;
mod mapping;
mod memory;
mod metric;
mod monitoring;
mod naming;
mod network;
mod objects;
mod open_metadata;
mod operations;
mod orchestration;
mod overrides;
mod partitions;
mod policy;
mod program;
mod queue;
mod quicksight;
mod readers;
mod readme;
mod redshift;
mod replica;
mod root;
mod row_filter;
mod schema;
mod scripts;
mod secrets;
mod sinks;
mod sqs;
mod stack;
mod table_purge;
#[cfg(test)]
mod tests;
mod uploads;
mod views;

pub use overrides::Proofs as OverrideProofs;
pub use scripts::files as script_files;
pub use sinks::of_label as sink_of;
pub use stack::{Address, Stack};

use crate::emit::hcl::Block;
use crate::emit::{dashboard, openmetadata, states};
use crate::evidence::Evidence;
use crate::plan::{Files, Plan, names};

/// All resources of a platform whose jobs import these modules.
pub fn stack(plan: &Plan, modules: &[&'static str]) -> Stack {
    let mut out = made(plan, modules);
    overrides::apply(&mut out, plan);
    out
}

/// The same, before anything is overridden.
fn made(plan: &Plan, modules: &[&'static str]) -> Stack {
    let mut out = Stack::default();
    add_all(&mut out, plan, modules);
    out
}

/// The type and label of each resource of a platform, without those that jobs import; of those that may be paid for, what
/// is known already.
pub fn resources(plan: &Plan, paid: Option<&[Address]>) -> Vec<Address> {
    let mut out = Stack::keeping(to_call(plan));
    if paid.is_none() {
        add_paid(&mut out, plan, &[]);
    }
    add_free(&mut out, plan);
    [paid.unwrap_or_default(), out.addresses()].concat()
}

fn add_all(out: &mut Stack, plan: &Plan, modules: &[&'static str]) {
    add_paid(out, plan, modules);
    add_free(out, plan);
}

/// Adds what is never paid for.
fn add_free(out: &mut Stack, plan: &Plan) {
    root::add(out, plan);
    out.file(
        "catalog",
        "Databases and tables, as Athena sees them.",
        catalog::blocks(plan),
    );
    out.file("views", "Views, as Athena sees them.", views::blocks(plan));
    out.file("lake_formation", "Who may read what.", lake_formation::blocks(plan));
    out.file("cost", "The budget, and days that cost too much.", cost::blocks(plan));
}

/// Adds the resources that may be paid for: the others tell what is where, and who may read it, and are not recorded.
fn add_paid(out: &mut Stack, plan: &Plan, modules: &[&'static str]) {
    out.file(
        "keys",
        "The key of everything that this platform stores.",
        keys::blocks(plan),
    );
    out.file(
        "buckets",
        "Where data rests, for how long, and who may not touch it.",
        lake::blocks(plan),
    );
    out.file("exports", "What other projects may read.", exports::blocks(plan));
    out.file("imports", "What is read of other projects.", imports::blocks(plan));
    out.file(
        "tables",
        "What looks after tables whose rows change.",
        iceberg::blocks(plan),
    );
    out.file("streams", "Streams that bring rows.", kinesis::blocks(plan));
    out.file(
        "kafka",
        "Topics that bring rows, and their clusters.",
        kafka::blocks(plan),
    );
    out.file("queues", "Queues that bring rows.", sqs::blocks(plan));
    out.file("api", "Requests that bring rows to streams.", api::blocks(plan));
    out.file(
        "uploads",
        "Requests for uploads of objects, and who is told of them.",
        uploads::blocks(plan),
    );
    out.file(
        "iot",
        "Messages of devices that bring rows to streams.",
        iot::blocks(plan),
    );
    out.file("firehose", "Delivery of rows to buckets.", firehose::blocks(plan));
    out.file(
        "landing",
        "Files and answers of endpoints on their way to the lake.",
        landing::blocks(plan),
    );
    out.file(
        "replication_of_databases",
        "Databases whose rows and changes are brought.",
        dms::blocks(plan),
    );
    out.file("functions", "Functions on streams.", function::blocks(plan));
    out.file("sinks", "Destinations outside the lake.", sinks::blocks(plan));
    out.file("jobs", "Jobs on tables and streams.", job::blocks(plan, modules));
    out.file(
        "containers",
        "Containers that jobs give rows to.",
        program::blocks(plan),
    );
    out.file(
        "orchestration",
        "When jobs run, and what happens when they fail.",
        orchestration::blocks(plan, modules),
    );
    out.file("erasure", "What erases persons.", erasure::blocks(plan, modules));
    out.file("athena", "How people query.", athena::blocks(plan));
    out.file(
        "warehouses",
        "Warehouses that read the lake in place.",
        redshift::blocks(plan),
    );
    out.file(
        "partitions",
        "What registers partitions that warehouses read.",
        partitions::blocks(plan),
    );
    out.file("dashboards", "Dashboards and what they show.", quicksight::blocks(plan));
    out.file("dashboards", "", dashboards::blocks(plan));
    out.file(
        "operations",
        "Functions that watch the platform.",
        operations::blocks(plan),
    );
    out.file(
        "monitoring",
        "Alarms, who is told, and the dashboard.",
        monitoring::blocks(plan),
    );
    out.file("datazone", "Where people find what there is.", datazone::blocks(plan));
    out.file(
        "open_metadata",
        "What tells OpenMetadata what there is.",
        open_metadata::blocks(plan),
    );
    out.file("secrets", "Secrets, without their values.", secrets::blocks(plan));
    out.file("backup", "Backups.", backup::blocks(plan));
    out.file("audit", "Who did what, and what was changed.", audit::blocks(plan));
    out.file("replication", "Copies in other regions.", replica::blocks(plan));
    network::add(out, plan);
    out.end_of_recorded();
}

/// The types of resources that say what is called from inside of a network, where there is one.
fn to_call(plan: &Plan) -> impl Iterator<Item = &'static str> {
    plan.pipeline.network.iter().flat_map(|_| calls::READS)
}

/// The resources of these types, of those that may be paid for, and of them what has one of these names: a thousand jobs
/// have a lot to say that costs nothing.
pub fn paid(plan: &Plan, types: impl IntoIterator<Item = &'static str>, names: &'static [&'static str]) -> Stack {
    let mut out = Stack::keeping(types.into_iter().chain(to_call(plan))).reading(names, to_call(plan));
    // What jobs import is a handful of small objects.
    add_paid(&mut out, plan, &[]);
    overrides::apply(&mut out, plan);
    out
}

/// The Terraform of a platform whose resources and whose evidence these are, its state machines, its operations functions,
/// and the build's README.
pub fn terraform(plan: &Plan, stack: &Stack, evidence: &Evidence) -> Files {
    let mut out = stack.print("terraform");
    if let Some(stack) = account::stack(plan) {
        out.extend(account::files(plan, &stack));
        let path = format!("{}/{}", account::FOLDER, crate::evidence::FILE);
        out.insert(path, evidence::of_account(plan, &stack).text());
    }
    out.insert(crate::evidence::FILE.into(), evidence.text());
    out.extend(operations::files());
    out.extend(landing::files(plan));
    out.extend(sinks::files(plan));
    out.extend(uploads::files(plan));
    out.extend(partitions::files(plan));
    out.extend(erasure::files(plan));
    out.extend(program::files(plan));
    out.extend(scripts::files(plan));
    out.extend(dashboard::files(plan));
    out.extend(dashboards::files(plan));
    out.extend(channels::files(plan));
    out.extend(open_metadata::files(plan));
    out.extend(openmetadata::files(plan));
    out.extend(dms::files(plan));
    out.extend(kafka::files(plan));
    out.extend(kafka::topic_files(plan));
    for schedule in &plan.schedules {
        out.insert(names::state_machine(&schedule.name), states::definition(plan, schedule));
    }
    if erasure::asked(plan) {
        out.insert(names::state_machine(names::ERASE), states::erasure(plan));
    }
    out.insert("terraform/terraform.tfvars.example".into(), root::example(plan));
    out.insert("terraform/backend.tf.example".into(), root::backend(plan));
    out.extend(delivery::files(plan));
    out.insert("README.md".into(), readme::text(plan));
    out
}

/// What a plan's overrides set, and which claims were given up for it.
pub fn overridden(plan: &Plan) -> Vec<crate::evidence::Overridden> {
    match plan.overrides.is_empty() {
        true => vec![],
        false => claims(plan).overridden,
    }
}

/// What a build of a plan claims, but of what it costs.
pub fn claims(plan: &Plan) -> Evidence {
    evidence(plan, &stack(plan, &[]))
}

/// The same where its resources are made already.
pub fn evidence(plan: &Plan, stack: &Stack) -> Evidence {
    evidence::of(plan, stack)
}

/// Terraform refuses to destroy it.
fn keep(block: Block) -> Block {
    block.block(Block::new("lifecycle").set("prevent_destroy", true))
}
