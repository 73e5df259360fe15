//! Generated jobs on AWS Glue: job, role, logs, security configuration. What it shares with other engines is `job`.

use super::lake::{self, TEMPORARY};
use super::naming::{limit, named};
use super::policy::{KEY, Statement, allow, allow_everywhere, own, role, trust};
use super::{alarms, erasure, iceberg, job, kafka, secrets};
use crate::emit::hcl::{Block, Value, call, object, reference};
use crate::plan::{Engine, Glue, Plan, Shape, Transform, names};
use crate::prove::quotas;
use crate::text_of;

const CONFIGURATION: &str = "aws_glue_security_configuration.platform";

/// A job's name, as other resources reference it.
pub fn name(transform: &str) -> Value {
    reference(format!("aws_glue_job.{transform}.name"))
}

/// A security configuration cannot be changed, only replaced: its name is made from what is in it.
pub fn configuration(plan: &Plan) -> Option<Block> {
    let mut jobs = job::jobs(plan);
    let any = jobs.any(|transform| matches!(transform.engine, Engine::Glue(_)))
        || plan.brought_tables().next().is_some()
        || erasure::asked(plan);
    any.then(security)
}

fn security() -> Block {
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

/// A job, its role and its logs.
pub fn blocks(plan: &Plan, transform: &Transform, settings: &Glue, modules: &[&str]) -> Vec<Block> {
    let label = job::label(transform);
    let mut out = logs(plan, &transform.name).to_vec();
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("What the job {} may do", transform.name),
        trust("glue.amazonaws.com", None),
        permissions(plan, transform, &label, modules),
    ));
    out.push(job_block(plan, transform, settings, modules));
    if transform.shape == Shape::Stream {
        out.push(starts(plan, transform));
    }
    out
}

/// The groups of a job's logs.
pub fn logs(plan: &Plan, name: &str) -> [Block; 2] {
    LOGS.map(|kind| {
        let path = text_of![log_prefix(plan, name), format!("/{kind}")];
        lake::log_group(plan, &format!("{name}_job_{kind}"), path)
    })
}

/// What Glue writes of a job.
const LOGS: [&str; 2] = ["output", "error"];

/// How often a batch of a stream is written.
const EVERY: &str = "60 seconds";

/// What starts the job of a stream, and starts it again wherever it has ended: a second run beside it is refused.
fn starts(plan: &Plan, transform: &Transform) -> Block {
    let trigger = Block::resource("aws_glue_trigger", &transform.name)
        .doc("Starts the job, and starts it again within a quarter of an hour wherever it has ended.")
        .set("name", named(plan, &transform.name, limit::LONG))
        .set("type", "SCHEDULED")
        .set("schedule", "cron(0/15 * * * ? *)")
        .set("start_on_creation", true)
        .block(Block::new("actions").set("job_name", name(&transform.name)));
    let topics = kafka::jobs::awaited(plan, transform);
    topics.into_iter().fold(trigger, Block::also_after)
}

fn log_prefix(plan: &Plan, name: &str) -> Value {
    text_of!["/aws-glue/jobs/", named(plan, name, limit::LONG)]
}

/// What every job has in common; the caller adds what it runs on and what it is asked for.
pub fn base(plan: &Plan, name: &str, kind: &str) -> Block {
    let label = format!("{name}_job");
    Block::resource("aws_glue_job", name)
        .set("name", named(plan, name, limit::LONG))
        .set("role_arn", reference(format!("aws_iam_role.{label}.arn")))
        .set("glue_version", "5.0")
        .set("execution_class", "STANDARD")
        .set("security_configuration", reference(format!("{CONFIGURATION}.name")))
        .block(
            Block::new("command")
                .set("name", kind)
                .set("python_version", "3")
                .set("script_location", job::script_url(&label)),
        )
        .block(Block::new("execution_property").set("max_concurrent_runs", 1u32))
        .set(
            "depends_on",
            vec![
                reference(format!("aws_cloudwatch_log_group.{label}_error")),
                reference(format!("aws_cloudwatch_log_group.{label}_output")),
                reference(format!("aws_iam_role_policy.{label}")),
            ],
        )
}

fn job_block(plan: &Plan, transform: &Transform, settings: &Glue, modules: &[&str]) -> Block {
    let is_stream = transform.shape == Shape::Stream;
    let block = base(
        plan,
        &transform.name,
        if is_stream { "gluestreaming" } else { "glueetl" },
    );
    let block = match &transform.doc {
        Some(doc) => block.doc(doc),
        None => block,
    };
    let told = alarms::told_after(plan, &transform.name);
    block
        .set("worker_type", settings.worker.as_str())
        .set("number_of_workers", settings.max_workers)
        .set(
            "timeout",
            if is_stream {
                quotas::whole("glue.longest_run")
            } else {
                settings.timeout_minutes
            },
        )
        .note(if is_stream {
            "A batch that failed is repeated; the trigger starts the job again when these are used up."
        } else {
            "The state machine retries, with waits; Glue itself does not."
        })
        .set("max_retries", if is_stream { 3u32 } else { 0u32 })
        .set("default_arguments", arguments(plan, transform, settings, modules))
        .blocks(told.map(|minutes| Block::new("notification_property").set("notify_delay_after", minutes)))
}

/// What every job is asked, but for what it reads and writes; `conf` is what Spark is told, each a value of `--conf`, which
/// can be given once: the others are chained in its value.
pub fn usual_arguments(plan: &Plan, name: &str, conf: Vec<Value>, modules: &[&str]) -> Vec<(String, Value)> {
    let own = names::dataset_prefix(name);
    let mut out: Vec<(String, Value)> = vec![
        ("--job-language".into(), "python".into()),
        ("--extra-py-files".into(), job::extra_files(modules)),
        ("--TempDir".into(), lake::url("artifacts", &format!("{TEMPORARY}{own}"))),
        ("--job-bookmark-option".into(), "job-bookmark-disable".into()),
        ("--enable-auto-scaling".into(), "true".into()),
    ];
    let chained = conf
        .into_iter()
        .reduce(|all, setting| text_of![all, " --conf ", setting]);
    out.extend(chained.map(|conf| ("--conf".to_owned(), conf)));
    out.extend([
        ("--enable-metrics".into(), "true".into()),
        ("--enable-observability-metrics".into(), "true".into()),
        ("--enable-continuous-cloudwatch-log".into(), "true".into()),
        ("--custom-logGroup-prefix".into(), log_prefix(plan, name)),
        ("--enable-spark-ui".into(), "false".into()),
    ]);
    out
}

fn arguments(plan: &Plan, transform: &Transform, settings: &Glue, modules: &[&str]) -> Value {
    let least = settings.min_workers.saturating_sub(1).max(1);
    let mut conf = vec![Value::from(format!("spark.dynamicAllocation.minExecutors={least}"))];
    let of_tables = job::tables(plan, transform).next().map(iceberg::settings);
    conf.extend(of_tables.into_iter().flatten());
    let mut out = usual_arguments(plan, &transform.name, conf, modules);
    let asked = job::arguments(plan, transform).into_iter();
    out.extend(asked.map(|(name, value)| (format!("--{name}"), value)));
    if transform.shape == Shape::Stream {
        out.push((format!("--{}", names::ARG_EVERY), EVERY.into()));
    }
    if job::tables(plan, transform).next().is_some() {
        out.push(("--datalake-formats".into(), "iceberg".into()));
    }
    out.extend(job::params(plan, transform).map(|(name, value)| (format!("--{name}"), value)));
    if secrets::uses_pseudonym(plan, transform) {
        out.push((format!("--{}", names::PSEUDONYM_SECRET.to_lowercase()), secrets::arn()));
    }
    object(out)
}

fn permissions(plan: &Plan, transform: &Transform, label: &str, modules: &[&str]) -> Vec<Statement> {
    let mut out = job::permissions(plan, transform, modules, &[TEMPORARY]);
    out.extend(tell(label));
    out
}

/// What a job needs to write its logs and to say how it goes.
pub fn tell(label: &str) -> [Statement; 2] {
    let logs = allow(
        "Log",
        &["logs:CreateLogStream", "logs:PutLogEvents"],
        LOGS.map(|kind| lake::log_streams(&format!("{label}_{kind}"))),
    );
    let measure = allow_everywhere(
        "Measure",
        &["cloudwatch:PutMetricData"],
        "CloudWatch limits metrics by namespace, not by ARN.",
    );
    let namespaces = Value::from(vec!["Glue".into(), "glue".into()]);
    [logs, measure.when("StringEquals", "cloudwatch:namespace", namespaces)]
}

/// What a state machine needs to run jobs and wait for them: it polls.
pub fn run(transforms: &[String]) -> Statement {
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
