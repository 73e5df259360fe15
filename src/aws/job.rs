//! What generated jobs have in common, wherever Spark runs: files in the bucket of artifacts, places of datasets, rights.
//! Knows nothing of Glue or EMR.

use std::collections::BTreeSet;

use super::lake::{self, STATE};
use super::policy::{KEY, Statement, allow, key_use};
use super::{catalog, emr, erasure, glue_job, iceberg, imports, kafka, kinesis, root, secrets, sinks, table_purge};
use crate::emit::hcl::{Block, Value, call, reference};
use crate::plan::{Dataset, DatasetId, Engine, Format, Input, Plan, Source, Transform, names};
use crate::text_of;

/// Every transform that is a job.
pub fn jobs(plan: &Plan) -> impl Iterator<Item = &Transform> {
    plan.transforms.iter().filter(|transform| transform.engine.is_job())
}

/// All of them, and the modules that they import, by their names.
pub fn blocks<'p>(plan: &'p Plan, modules: &'p [&'static str]) -> impl Iterator<Item = Block> + 'p {
    let any = jobs(plan).next().is_some() || plan.brought_tables().next().is_some() || erasure::asked(plan);
    let shared = any.then_some(()).into_iter().flat_map(move |()| {
        let runtime = artifact("pipec_runtime", names::JOB_RUNTIME);
        let modules = modules.iter().map(|name| artifact(name, &format!("glue/{name}.py")));
        let all: Vec<_> = [runtime].into_iter().chain(modules).collect();
        all.into_iter().chain(glue_job::configuration(plan))
    });
    let each = jobs(plan).flat_map(move |transform| {
        let script = artifact(&label(transform), &names::job_script(&transform.name));
        let job: Vec<Block> = match &transform.engine {
            Engine::Glue(settings) => glue_job::blocks(plan, transform, settings, modules),
            Engine::Emr(settings) => emr::blocks(plan, transform, settings, modules),
            Engine::Lambda(_) | Engine::Other(_) => vec![],
        };
        [script].into_iter().chain(job)
    });
    shared.chain(each).chain(table_purge::blocks(plan, modules))
}

/// The label of what a job has: its script, its role, its logs.
pub fn label(transform: &Transform) -> String {
    format!("{}_job", transform.name)
}

/// A file of a build in the bucket of artifacts.
pub fn artifact(label: &str, path: &str) -> Block {
    let file = || text_of![reference("path.module"), "/../", path];
    Block::resource("aws_s3_object", label)
        .set("bucket", reference("aws_s3_bucket.artifacts.id"))
        .set("key", path)
        .set("source", file())
        .set("source_hash", call("filemd5", [file()]))
        .set("kms_key_id", reference(KEY))
}

/// Where a file of the bucket of artifacts is.
pub fn script_url(object: &str) -> Value {
    text_of![
        "s3://",
        reference("aws_s3_bucket.artifacts.bucket"),
        "/",
        reference(format!("aws_s3_object.{object}.key"))
    ]
}

/// The modules that jobs import, separated by commas.
pub fn extra_files(modules: &[&str]) -> Value {
    let mut out = script_url("pipec_runtime");
    for name in modules {
        out = text_of![out, ",", script_url(name)];
    }
    out
}

/// The sources whose arrivals a job reads, through views as well.
pub fn arrivals<'a>(plan: &'a Plan, transform: &'a Transform) -> Vec<&'a Source> {
    let read = plan.reads(transform).into_iter().filter_map(|input| match input {
        Input::Stream(name) => plan.source(name),
        Input::Table(_) | Input::View(_) => None,
    });
    read.collect()
}

/// The datasets that a job reads, through views as well.
fn inputs<'a>(plan: &'a Plan, transform: &'a Transform) -> Vec<&'a Dataset> {
    let read = plan.reads(transform).into_iter().filter_map(|input| match input {
        Input::Table(id) => Some(plan.dataset(id)),
        Input::Stream(_) | Input::View(_) => None,
    });
    read.collect()
}

/// The datasets that it writes.
fn outputs<'a>(plan: &'a Plan, transform: &Transform) -> Vec<&'a Dataset> {
    transform.datasets().into_iter().map(|id| plan.dataset(id)).collect()
}

/// The tables of Iceberg that a job reads or writes.
pub fn tables<'a>(plan: &'a Plan, transform: &'a Transform) -> impl Iterator<Item = &'a Dataset> {
    let all = outputs(plan, transform).into_iter().chain(inputs(plan, transform));
    all.filter(|dataset| dataset.format == Format::Iceberg)
}

/// What Lake Formation lets jobs do with tables of Iceberg, which they reach by the catalog.
pub fn grants(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for transform in jobs(plan) {
        let role = label(transform);
        let written = outputs(plan, transform);
        let mut known: Vec<&DatasetId> = vec![];
        for dataset in tables(plan, transform) {
            if known.contains(&&dataset.id) {
                continue;
            }
            known.push(&dataset.id);
            let label = format!("{role}_{}", catalog::label(&dataset.id));
            if dataset.id.project().is_some() {
                out.extend(imports::grants(&label, &role, dataset));
                continue;
            }
            let changes = written.iter().any(|target| target.id == dataset.id);
            let permissions: &[&str] = if changes { &iceberg::CHANGE } else { &iceberg::READ };
            out.push(iceberg::grant(&label, &role, dataset, permissions));
        }
    }
    out
}

/// What a job asks for, beside what its engine does: the name of each argument and its value.
pub fn arguments(plan: &Plan, transform: &Transform) -> Vec<(String, Value)> {
    let own = names::dataset_prefix(&transform.name);
    let mut out: Vec<(String, Value)> = vec![
        (
            names::ARG_STATE.into(),
            lake::url("artifacts", &format!("{STATE}{own}")),
        ),
        (names::ARG_QUARANTINE.into(), lake::url("quarantine", &own)),
    ];
    for source in arrivals(plan, transform) {
        let place = match source.kafka() {
            Some(topic) => kafka::jobs::place(plan, transform, source, topic),
            None => text_of!["kinesis:", reference(format!("{}.arn", kinesis::address(source)))],
        };
        out.push((names::source_argument(&source.name), place));
    }
    for dataset in inputs(plan, transform).into_iter().chain(outputs(plan, transform)) {
        let argument = names::dataset_argument(&dataset.id.zone, &dataset.id.name);
        // What it writes it may read as well.
        if out.iter().all(|(known, _)| *known != argument) {
            let place = match dataset.format {
                Format::Iceberg => iceberg::name_for_jobs(dataset),
                _ => lake::dataset_url(dataset),
            };
            out.push((argument, place));
        }
    }
    out.extend(sinks::arguments(plan, transform));
    out
}

/// The params that a job asks for: the name of each argument and its value, as JSON.
pub fn params<'a>(plan: &'a Plan, transform: &Transform) -> impl Iterator<Item = (String, Value)> + use<'a> {
    let params = plan.params_of(transform).into_iter();
    params.map(|param| (names::param_argument(&param.name), root::param_value(param)))
}

/// What every job may do: read and write its datasets, and keep what it knows; `more` are folders of its own that its engine
/// needs in the bucket of artifacts.
pub fn permissions(plan: &Plan, transform: &Transform, modules: &[&str], more: &[&str]) -> Vec<Statement> {
    let label = &label(transform);
    let own_prefix = names::dataset_prefix(&transform.name);
    let targets = outputs(plan, transform);
    let reads = inputs(plan, transform).into_iter();
    let reads: Vec<_> = reads
        .filter(|dataset| targets.iter().all(|target| target.id != dataset.id))
        .collect();
    let artifacts = |folder: String| Place::folder("artifacts", folder);
    let mut written: Vec<_> = targets.iter().map(|dataset| Place::of(dataset)).collect();
    written.push(artifacts(format!("{STATE}{own_prefix}")));
    written.extend(more.iter().map(|folder| artifacts(format!("{folder}{own_prefix}"))));
    let sinks = plan.sinks_of(transform).into_iter();
    written.extend(sinks.map(|sink| artifacts(names::sink_prefix(&transform.name, &sink.name))));
    written.push(Place::folder("quarantine", own_prefix));
    let (elsewhere, here): (Vec<_>, Vec<_>) = reads.iter().partition(|dataset| dataset.id.project().is_some());
    let read: Vec<_> = here.into_iter().map(Place::of).collect();
    let mut out = files(label, &read, &written, modules);
    out.extend(imports::read(&elsewhere));
    let streams = arrivals(plan, transform).into_iter();
    let streams: Vec<&Source> = streams.filter(|source| source.kafka().is_none()).collect();
    if !streams.is_empty() {
        out.extend(kinesis::read_all(&streams));
    }
    out.extend(kafka::jobs::permissions(plan, transform));
    out.extend(iceberg::use_of(&of_iceberg(&reads), &of_iceberg(&targets)));
    if secrets::uses_pseudonym(plan, transform) {
        out.extend(secrets::read());
    }
    out.extend(sinks::permissions_of_job(plan, transform));
    out
}

/// A folder of a bucket, as a job reaches it.
#[derive(Debug)]
pub struct Place {
    bucket: String,
    prefix: String,
    /// Whether its files are reached by the client of a table format, which knows objects and no folders.
    is_table: bool,
}

impl Place {
    /// A folder of files.
    pub fn folder(bucket: &str, prefix: String) -> Place {
        let bucket = bucket.to_owned();
        Place {
            bucket,
            prefix,
            is_table: false,
        }
    }

    /// Where a dataset is.
    pub fn of(dataset: &Dataset) -> Place {
        let folder = Place::folder(
            &lake::zone_label(&dataset.id.zone),
            names::dataset_prefix(&dataset.id.name),
        );
        Place {
            is_table: dataset.format == Format::Iceberg,
            ..folder
        }
    }

    fn objects(&self) -> Vec<Value> {
        let objects = lake::objects(&self.bucket, &self.prefix);
        let marker = (!self.is_table).then(|| marker(&self.bucket, &self.prefix));
        [objects].into_iter().chain(marker).collect()
    }
}

/// What a job may do with files: its script and modules, some that it reads, and others that it changes.
pub fn files(label: &str, read: &[Place], written: &[Place], modules: &[&str]) -> Vec<Statement> {
    let object = |object: &str| {
        let key = reference(format!("aws_s3_object.{object}.key"));
        text_of![reference("aws_s3_bucket.artifacts.arn"), "/", key]
    };
    let mut readable: Vec<_> = read.iter().flat_map(Place::objects).collect();
    let folders = read.iter().chain(written).filter(|place| !place.is_table);
    readable.extend(folders.map(|place| folder(&place.bucket, &place.prefix)));
    readable.extend([object(label), object("pipec_runtime")]);
    readable.extend(modules.iter().copied().map(object));
    vec![
        allow("Read", &["s3:GetObject"], readable),
        allow(
            "Write",
            &[
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:PutObject",
            ],
            written.iter().flat_map(Place::objects),
        ),
        listing(read, written),
        key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"),
    ]
}

fn of_iceberg<'a>(all: &[&'a Dataset]) -> Vec<&'a Dataset> {
    let all = all.iter().copied();
    all.filter(|dataset| dataset.format == Format::Iceberg).collect()
}

/// The empty object that the file systems of Glue and EMR write beside a folder that it makes: `clicks_$folder$`.
fn marker(bucket: &str, prefix: &str) -> Value {
    let folder = prefix.trim_end_matches('/');
    text_of![
        reference(format!("aws_s3_bucket.{bucket}.arn")),
        format!("/{folder}_$folder$")
    ]
}

/// A folder's own name as an object. File systems ask for it before they list what is below, and only who may read it
/// hears that there is none.
fn folder(bucket: &str, prefix: &str) -> Value {
    let folder = prefix.trim_end_matches('/');
    text_of![reference(format!("aws_s3_bucket.{bucket}.arn")), format!("/{folder}")]
}

/// Which buckets may be listed. A condition on the prefix would turn every question for an object that is not there,
/// which has no prefix, from `404` into `403`, and the job asks such questions all the time.
fn listing(reads: &[Place], written: &[Place]) -> Statement {
    let buckets: BTreeSet<&String> = reads.iter().chain(written).map(|place| &place.bucket).collect();
    allow(
        "List",
        &["s3:ListBucket"],
        buckets
            .into_iter()
            .map(|bucket| reference(format!("aws_s3_bucket.{bucket}.arn"))),
    )
}
