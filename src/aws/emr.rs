//! Generated jobs on Amazon EMR Serverless: an application a job, its role, its logs, and what Spark is started with. What it
//! shares with other engines is `job`.
//!
//! Facts: <https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/jobs-spark.html>.

use super::naming::{limit, named};
use super::policy::{Statement, allow, allow_everywhere, own, role, trust};
use super::{iceberg, job, lake, secrets};
use crate::emit::hcl::{Block, Value, call, list, reference};
use crate::emit::states;
use crate::plan::{Emr, Engine, Plan, Transform, names};
use crate::text_of;

/// The release, with Spark 3.5.4, as AWS Glue 5.0 has it: jobs are tested with that.
const RELEASE: &str = "emr-7.8.0";
/// Where a release has its own Iceberg.
const ICEBERG: &str = "/usr/share/aws/iceberg/lib/iceberg-spark3-runtime.jar";
/// The rule by which Step Functions hears that a run has ended (P-SFN-1).
/// <https://docs.aws.amazon.com/step-functions/latest/dg/emr-serverless-iam.html>
const MANAGED_RULE: &str = "rule/StepFunctionsGetEventsForEMRServerlessJobRule";

/// Every transform that runs there.
pub fn jobs(plan: &Plan) -> impl Iterator<Item = (&Transform, &Emr)> {
    plan.transforms.iter().filter_map(|transform| match &transform.engine {
        Engine::Emr(settings) => Some((transform, settings)),
        Engine::Lambda(_) | Engine::Glue(_) | Engine::Other(_) => None,
    })
}

/// An application's id.
pub fn id(transform: &str) -> Value {
    reference(format!("aws_emrserverless_application.{transform}.id"))
}

/// An application, the role of its runs, and their logs.
pub fn blocks(plan: &Plan, transform: &Transform, settings: &Emr, modules: &[&str]) -> Vec<Block> {
    let label = job::label(transform);
    let group = format!("{label}_output");
    let name = text_of!["/aws/emr-serverless/", named(plan, &transform.name, limit::SIXTY_FOUR)];
    let mut out = vec![lake::log_group(plan, &group, name)];
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        &format!("What the job {} may do", transform.name),
        trust(
            "emr-serverless.amazonaws.com",
            Some(own("emr-serverless", "/applications/*")),
        ),
        permissions(plan, transform, &group, modules),
    ));
    out.push(application(plan, transform, settings, &group));
    out
}

/// One run at a time: a second one waits. It starts with the first run, and stops when none came for a while.
fn application(plan: &Plan, transform: &Transform, settings: &Emr, group: &str) -> Block {
    let block = Block::resource("aws_emrserverless_application", &transform.name);
    let block = match &transform.doc {
        Some(doc) => block.doc(doc),
        None => block,
    };
    let log_types = |name: &str| {
        Block::new("log_types")
            .set("name", name)
            .set("values", list(["STDERR", "STDOUT"]))
    };
    let logs = Block::new("cloudwatch_logging_configuration")
        .set("enabled", true)
        .set(
            "log_group_name",
            reference(format!("aws_cloudwatch_log_group.{group}.name")),
        )
        .block(log_types("SPARK_DRIVER"))
        .block(log_types("SPARK_EXECUTOR"));
    let kept = Block::new("managed_persistence_monitoring_configuration")
        .note("It would keep what Spark tells of its queries, outside of all lifetimes.")
        .set("enabled", false);
    block
        .set("name", named(plan, &transform.name, limit::SIXTY_FOUR))
        .set("release_label", RELEASE)
        .set("type", "spark")
        .set("architecture", settings.architecture.to_uppercase())
        .block(Block::new("auto_start_configuration").set("enabled", true))
        .block(
            Block::new("auto_stop_configuration")
                .set("enabled", true)
                .set("idle_timeout_minutes", settings.idle_minutes),
        )
        .block(
            Block::new("maximum_capacity")
                .set("cpu", format!("{} vCPU", settings.max_vcpu))
                .set("memory", format!("{} GB", settings.max_memory_gib)),
        )
        .block(Block::new("monitoring_configuration").block(logs).block(kept))
        .block(
            Block::new("scheduler_configuration")
                .set("max_concurrent_runs", 1u32)
                .set("queue_timeout_minutes", states::QUEUE_MINUTES),
        )
}

fn permissions(plan: &Plan, transform: &Transform, group: &str, modules: &[&str]) -> Vec<Statement> {
    let mut out = job::permissions(plan, transform, modules, &[]);
    out.push(allow(
        "Log",
        &[
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ],
        [lake::log_streams(group)],
    ));
    out.push(allow_everywhere(
        "FindLog",
        &["logs:DescribeLogGroups"],
        "It lists groups, and knows no single one.",
    ));
    out
}

/// What a state machine fills in to start a job's runs.
pub fn variables(plan: &Plan, transform: &Transform, settings: &Emr, modules: &[&str]) -> Vec<(String, Value)> {
    let label = job::label(transform);
    let of = |what: &str| states::emr_variable(&transform.name, what);
    let mut out = vec![
        (of(states::APPLICATION), id(&transform.name)),
        (of(states::ROLE), reference(format!("aws_iam_role.{label}.arn"))),
        (of(states::SCRIPT), job::script_url(&label)),
        (of(states::SUBMIT), submit(plan, transform, settings, modules)),
    ];
    let asked = job::arguments(plan, transform).into_iter();
    out.extend(asked.map(|(name, value)| (of(&name), value)));
    // Nothing in a value ends the text that it is put into.
    let params = job::params(plan, transform);
    out.extend(params.map(|(name, value)| (of(&name), text_of!["base64:", call("base64encode", [value])])));
    out
}

/// What Spark is started with: workers that fit what the author allows, the modules, and the catalog where it is asked for.
fn submit(plan: &Plan, transform: &Transform, settings: &Emr, modules: &[&str]) -> Value {
    let worker = settings.worker();
    let mut conf: Vec<Value> = vec![
        format!("spark.driver.cores={}", worker.cores).into(),
        format!("spark.driver.memory={}g", worker.heap_gib()).into(),
        format!("spark.executor.cores={}", worker.cores).into(),
        format!("spark.executor.memory={}g", worker.heap_gib()).into(),
        format!("spark.dynamicAllocation.maxExecutors={}", settings.most_executors()).into(),
    ];
    if let Some(dataset) = job::tables(plan, transform).next() {
        conf.push(format!("spark.jars={ICEBERG}").into());
        conf.extend(iceberg::settings(dataset));
    }
    if secrets::uses_pseudonym(plan, transform) {
        conf.push(text_of![
            format!("{}=EMR.secret@", names::PSEUDONYM_CONF),
            secrets::name()
        ]);
    }
    let first = text_of!["--py-files ", job::extra_files(modules)];
    conf.into_iter()
        .fold(first, |all, setting| text_of![all, " --conf ", setting])
}

/// What a state machine needs to run jobs and to hear of their end.
pub fn run(transforms: &[String]) -> Vec<Statement> {
    let application = |name: &String| reference(format!("aws_emrserverless_application.{name}.arn"));
    let roles = transforms
        .iter()
        .map(|name| reference(format!("aws_iam_role.{name}_job.arn")));
    vec![
        allow(
            "RunApplications",
            &["emr-serverless:StartJobRun"],
            transforms.iter().map(application),
        ),
        allow(
            "FollowRuns",
            &["emr-serverless:CancelJobRun", "emr-serverless:GetJobRun"],
            transforms.iter().map(|name| text_of![application(name), "/jobruns/*"]),
        ),
        allow("PassRoles", &["iam:PassRole"], roles).when(
            "StringEquals",
            "iam:PassedToService",
            "emr-serverless.amazonaws.com",
        ),
        allow(
            "HearOfRuns",
            &["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            [own("events", MANAGED_RULE)],
        ),
    ]
}
