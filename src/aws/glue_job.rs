//! Generated jobs: script and module in the bucket of artifacts, job, role, logs, security configuration.

use std::collections::BTreeSet;

use super::lake::{self, STATE, TEMPORARY};
use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, allow_everywhere, key_use, own, role, trust};
use super::{alarms, catalog, iceberg, kinesis, secrets};
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::plan::{Dataset, DatasetId, Engine, Format, Glue, Input, Plan, Shape, Source, Transform, names};
use crate::text_of;

const CONFIGURATION: &str = "aws_glue_security_configuration.platform";

/// Every transform that is a job.
pub fn jobs(plan: &Plan) -> impl Iterator<Item = (&Transform, &Glue)> {
    plan.transforms.iter().filter_map(|transform| match &transform.engine {
        Engine::Glue(settings) => Some((transform, settings)),
        Engine::Lambda(_) | Engine::Other(_) => None,
    })
}

/// A job's name, as other resources reference it.
pub fn name(transform: &str) -> Value {
    reference(format!("aws_glue_job.{transform}.name"))
}

/// All of them, and the modules that they import, by their names.
pub fn blocks(plan: &Plan, modules: &[&'static str]) -> Vec<Block> {
    let jobs: Vec<_> = jobs(plan).collect();
    if jobs.is_empty() {
        return vec![];
    }
    let mut out = vec![configuration(), artifact("pipec_runtime", names::JOB_RUNTIME)];
    out.extend(modules.iter().map(|name| artifact(name, &format!("glue/{name}.py"))));
    for (transform, settings) in jobs {
        out.extend(job(plan, transform, settings, modules));
    }
    out
}

/// A security configuration cannot be changed, only replaced: its name is made from what is in it.
fn configuration() -> Block {
    let hash = call(
        "substr",
        [call("sha256", [reference(KEY)]), Value::from(0u32), Value::from(8u32)],
    );
    let disabled = Block::new("cloudwatch_encryption").set("cloudwatch_encryption_mode", "DISABLED");
    let encryption = Block::new("encryption_configuration")
        .block(disabled)
        .block(
            Block::new("job_bookmarks_encryption")
                .set("job_bookmarks_encryption_mode", "CSE-KMS")
                .set("kms_key_arn", reference(KEY)),
        )
        .block(
            Block::new("s3_encryption")
                .set("s3_encryption_mode", "SSE-KMS")
                .set("kms_key_arn", reference(KEY)),
        );
    Block::resource("aws_glue_security_configuration", "platform")
        .skip(
            "CKV_AWS_99",
            "the jobs' log groups below are encrypted with the key; Glue would make others, kept forever",
        )
        .set("name", text_of![reference("local.prefix"), "-", hash])
        .block(encryption)
        .block(Block::new("lifecycle").set("create_before_destroy", true))
}

fn artifact(label: &str, path: &str) -> Block {
    let file = || text_of![reference("path.module"), "/../", path];
    Block::resource("aws_s3_object", label)
        .set("bucket", reference("aws_s3_bucket.artifacts.id"))
        .set("key", path)
        .set("source", file())
        .set("source_hash", call("filemd5", [file()]))
        .set("kms_key_id", reference(KEY))
}

fn job(plan: &Plan, transform: &Transform, settings: &Glue, modules: &[&str]) -> Vec<Block> {
    let label = format!("{}_job", transform.name);
    let group = |kind: &str| {
        let name = text_of![log_prefix(plan, transform), format!("/{kind}")];
        lake::log_group(plan, &format!("{label}_{kind}"), name)
    };
    let mut out = vec![
        artifact(&label, &names::job_script(&transform.name)),
        group("output"),
        group("error"),
    ];
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("What the job {} may do", transform.name),
        trust("glue.amazonaws.com", None),
        permissions(plan, transform, &label, modules),
    ));
    out.push(job_block(plan, transform, settings, &label, modules));
    if transform.shape == Shape::Stream {
        out.push(starts(plan, transform));
    }
    out
}

/// The longest that Glue lets a job of a stream run, minutes: then it is started again.
const LONGEST: u32 = 7 * 24 * 60;
/// How often a batch of a stream is written.
const EVERY: &str = "60 seconds";

/// What starts the job of a stream, and starts it again wherever it has ended: a second run beside it is refused.
fn starts(plan: &Plan, transform: &Transform) -> Block {
    Block::resource("aws_glue_trigger", &transform.name)
        .doc("Starts the job, and starts it again within a quarter of an hour wherever it has ended.")
        .set("name", named(plan, &transform.name, limit::LONG))
        .set("type", "SCHEDULED")
        .set("schedule", "cron(0/15 * * * ? *)")
        .set("start_on_creation", true)
        .block(Block::new("actions").set("job_name", name(&transform.name)))
}

/// The sources whose arrivals a job reads, through views as well.
fn arrivals<'a>(plan: &'a Plan, transform: &'a Transform) -> Vec<&'a Source> {
    let read = plan.reads(transform).into_iter().filter_map(|input| match input {
        Input::Stream(name) => plan.source(name),
        Input::Table(_) | Input::View(_) => None,
    });
    read.collect()
}

fn log_prefix(plan: &Plan, transform: &Transform) -> Value {
    text_of!["/aws-glue/jobs/", named(plan, &transform.name, limit::LONG)]
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

fn job_block(plan: &Plan, transform: &Transform, settings: &Glue, label: &str, modules: &[&str]) -> Block {
    let is_stream = transform.shape == Shape::Stream;
    let block = Block::resource("aws_glue_job", &transform.name);
    let block = match &transform.doc {
        Some(doc) => block.doc(doc),
        None => block,
    };
    let told = alarms::told_after(plan, &transform.name);
    block
        .set("name", named(plan, &transform.name, limit::LONG))
        .set("role_arn", reference(format!("aws_iam_role.{label}.arn")))
        .set("glue_version", "5.0")
        .set("worker_type", settings.worker.as_str())
        .set("number_of_workers", settings.max_workers)
        .set("execution_class", "STANDARD")
        .set("timeout", if is_stream { LONGEST } else { settings.timeout_minutes })
        .note(if is_stream {
            "A batch that failed is repeated; the trigger starts the job again when these are used up."
        } else {
            "The state machine retries, with waits; Glue itself does not."
        })
        .set("max_retries", if is_stream { 3u32 } else { 0u32 })
        .set("security_configuration", reference(format!("{CONFIGURATION}.name")))
        .set("default_arguments", arguments(plan, transform, settings, modules))
        .block(
            Block::new("command")
                .set("name", if is_stream { "gluestreaming" } else { "glueetl" })
                .set("python_version", "3")
                .set("script_location", script_url(label)),
        )
        .block(Block::new("execution_property").set("max_concurrent_runs", 1u32))
        .blocks(told.map(|minutes| Block::new("notification_property").set("notify_delay_after", minutes)))
        .set(
            "depends_on",
            vec![
                reference(format!("aws_cloudwatch_log_group.{label}_error")),
                reference(format!("aws_cloudwatch_log_group.{label}_output")),
                reference(format!("aws_iam_role_policy.{label}")),
            ],
        )
}

fn script_url(object: &str) -> Value {
    text_of![
        "s3://",
        reference("aws_s3_bucket.artifacts.bucket"),
        "/",
        reference(format!("aws_s3_object.{object}.key"))
    ]
}

/// The modules that jobs import, separated by commas.
fn extra_files(modules: &[&str]) -> Value {
    let mut out = script_url("pipec_runtime");
    for name in modules {
        out = text_of![out, ",", script_url(name)];
    }
    out
}

fn arguments(plan: &Plan, transform: &Transform, settings: &Glue, modules: &[&str]) -> Value {
    let own = names::dataset_prefix(&transform.name);
    let mut out: Vec<(String, Value)> = vec![
        ("--job-language".into(), "python".into()),
        ("--extra-py-files".into(), extra_files(modules)),
        ("--TempDir".into(), lake::url("artifacts", &format!("{TEMPORARY}{own}"))),
        ("--job-bookmark-option".into(), "job-bookmark-disable".into()),
        ("--enable-auto-scaling".into(), "true".into()),
        ("--conf".into(), conf(plan, transform, settings)),
        ("--enable-metrics".into(), "true".into()),
        ("--enable-observability-metrics".into(), "true".into()),
        ("--enable-continuous-cloudwatch-log".into(), "true".into()),
        ("--custom-logGroup-prefix".into(), log_prefix(plan, transform)),
        ("--enable-spark-ui".into(), "false".into()),
        (
            format!("--{}", names::ARG_STATE),
            lake::url("artifacts", &format!("{STATE}{own}")),
        ),
        (format!("--{}", names::ARG_QUARANTINE), lake::url("quarantine", &own)),
    ];
    for source in arrivals(plan, transform) {
        let arn = reference(format!("{}.arn", kinesis::address(source)));
        out.push((
            format!("--{}", names::source_argument(&source.name)),
            text_of!["kinesis:", arn],
        ));
    }
    if transform.shape == Shape::Stream {
        out.push((format!("--{}", names::ARG_EVERY), EVERY.into()));
    }
    for dataset in inputs(plan, transform).into_iter().chain(outputs(plan, transform)) {
        let argument = format!("--{}", names::dataset_argument(&dataset.id.zone, &dataset.id.name));
        // What it writes it may read as well.
        if out.iter().all(|(known, _)| *known != argument) {
            let place = match dataset.format {
                Format::Iceberg => iceberg::name_for_jobs(dataset),
                _ => lake::dataset_url(dataset),
            };
            out.push((argument, place));
        }
    }
    if tables(plan, transform).next().is_some() {
        out.push(("--datalake-formats".into(), "iceberg".into()));
    }
    if secrets::uses_pseudonym(plan, transform) {
        out.push((format!("--{}", names::PSEUDONYM_SECRET.to_lowercase()), secrets::arn()));
    }
    object(out)
}

/// The tables of Iceberg that a job reads or writes.
fn tables<'a>(plan: &'a Plan, transform: &'a Transform) -> impl Iterator<Item = &'a Dataset> {
    let all = outputs(plan, transform).into_iter().chain(inputs(plan, transform));
    all.filter(|dataset| dataset.format == Format::Iceberg)
}

/// `--conf` can be given once: the others are chained in its value.
fn conf(plan: &Plan, transform: &Transform, settings: &Glue) -> Value {
    let least = settings.min_workers.saturating_sub(1).max(1);
    let first = Value::from(format!("spark.dynamicAllocation.minExecutors={least}"));
    let others = tables(plan, transform).next().map(iceberg::settings);
    let others = others.into_iter().flatten();
    others.fold(first, |all, setting| text_of![all, " --conf ", setting])
}

/// What Lake Formation lets jobs do with tables of Iceberg, which they reach by the catalog.
pub fn grants(plan: &Plan) -> Vec<Block> {
    let mut out = vec![];
    for (transform, _) in jobs(plan) {
        let role = format!("{}_job", transform.name);
        let written = outputs(plan, transform);
        let mut known: Vec<&DatasetId> = vec![];
        for dataset in tables(plan, transform) {
            if known.contains(&&dataset.id) {
                continue;
            }
            known.push(&dataset.id);
            let changes = written.iter().any(|target| target.id == dataset.id);
            let permissions: &[&str] = if changes { &iceberg::CHANGE } else { &iceberg::READ };
            let label = format!("{role}_{}", catalog::label(&dataset.id));
            out.push(iceberg::grant(&label, &role, dataset, permissions));
        }
    }
    out
}

fn permissions(plan: &Plan, transform: &Transform, label: &str, modules: &[&str]) -> Vec<Statement> {
    let own_prefix = names::dataset_prefix(&transform.name);
    let targets = outputs(plan, transform);
    let reads = inputs(plan, transform).into_iter();
    let reads: Vec<_> = reads
        .filter(|dataset| targets.iter().all(|target| target.id != dataset.id))
        .collect();
    let place = |dataset: &Dataset| {
        (
            lake::zone_label(&dataset.id.zone),
            names::dataset_prefix(&dataset.id.name),
        )
    };
    let mut written: Vec<_> = targets.iter().map(|dataset| place(dataset)).collect();
    written.extend([
        ("artifacts".to_string(), format!("{STATE}{own_prefix}")),
        ("artifacts".to_string(), format!("{TEMPORARY}{own_prefix}")),
        ("quarantine".to_string(), own_prefix),
    ]);
    let object = |object: &str| {
        let key = reference(format!("aws_s3_object.{object}.key"));
        text_of![reference("aws_s3_bucket.artifacts.arn"), "/", key]
    };
    let read: Vec<_> = reads.iter().copied().map(place).collect();
    let mut readable: Vec<_> = read
        .iter()
        .flat_map(|(bucket, prefix)| [lake::objects(bucket, prefix), marker(bucket, prefix)])
        .collect();
    readable.extend(
        read.iter()
            .chain(&written)
            .map(|(bucket, prefix)| folder(bucket, prefix)),
    );
    readable.extend([object(label), object("pipec_runtime")]);
    readable.extend(modules.iter().copied().map(object));
    let mut out = vec![
        allow("Read", &["s3:GetObject"], readable),
        allow(
            "Write",
            &[
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:PutObject",
            ],
            written
                .iter()
                .flat_map(|(bucket, prefix)| [lake::objects(bucket, prefix), marker(bucket, prefix)]),
        ),
    ];
    out.push(listing(&read, &written));
    out.push(key_use("Encrypt", &["kms:Decrypt", "kms:GenerateDataKey"], "s3"));
    out.push(allow(
        "Log",
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        ["output", "error"].map(|kind| lake::log_streams(&format!("{label}_{kind}"))),
    ));
    out.push(
        allow_everywhere(
            "Measure",
            &["cloudwatch:PutMetricData"],
            "CloudWatch limits metrics by namespace, not by ARN.",
        )
        .when(
            "StringEquals",
            "cloudwatch:namespace",
            Value::from(vec!["Glue".into(), "glue".into()]),
        ),
    );
    let streams = arrivals(plan, transform);
    if !streams.is_empty() {
        out.extend(kinesis::read_all(&streams));
    }
    out.extend(iceberg::use_of(&of_iceberg(&reads), &of_iceberg(&targets)));
    if secrets::uses_pseudonym(plan, transform) {
        out.extend(secrets::read());
    }
    out
}

fn of_iceberg<'a>(all: &[&'a Dataset]) -> Vec<&'a Dataset> {
    let all = all.iter().copied();
    all.filter(|dataset| dataset.format == Format::Iceberg).collect()
}

/// The empty object that Glue's file system writes beside a folder that it makes: `clicks_$folder$`.
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
fn listing(reads: &[(String, String)], written: &[(String, String)]) -> Statement {
    let buckets: BTreeSet<&String> = reads.iter().chain(written).map(|(bucket, _)| bucket).collect();
    allow(
        "List",
        &["s3:ListBucket"],
        buckets
            .into_iter()
            .map(|bucket| reference(format!("aws_s3_bucket.{bucket}.arn"))),
    )
}

/// What a state machine needs to run jobs and wait for them: it polls.
pub fn run(transforms: &[&str]) -> Statement {
    let jobs = transforms
        .iter()
        .map(|transform| own("glue", text_of!["job/", name(transform)]));
    allow(
        "RunJobs",
        &[
            "glue:BatchStopJobRun",
            "glue:GetJobRun",
            "glue:GetJobRuns",
            "glue:StartJobRun",
        ],
        jobs,
    )
}
