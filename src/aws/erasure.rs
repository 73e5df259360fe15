//! What takes persons out of datasets: a job, the state machine that runs it twice, and what deletes rewritten files when they
//! are due. Knows nothing of what is done with which dataset: the job does.

use super::job::Place;
use super::lake::{self, STATE, TEMPORARY};
use super::naming::{limit, named};
use super::operations::{self, Size};
use super::policy::{Statement, allow, key_use, role, trust};
use super::{catalog, glue_job, iceberg, job, orchestration, secrets};
use crate::emit::hcl::{Block, Value, object, reference};
use crate::emit::{pyspark, states};
use crate::object_of;
use crate::plan::names::{self, ERASE};
use crate::plan::{Dataset, Format, Plan};
use crate::prove::erasure::{How, Names, erasure, request_days, subjects};
use crate::text_of;

/// The folder of requests, of what leads to rows, of reports, and of ages, in the bucket of artifacts.
const FOLDER: &str = "erasure/";
/// How long a report stays, days: three years, after which no claim of the year of the request is left in most places.
const REPORT_DAYS: u32 = 1095;
/// The most workers of a pass.
const WORKERS: u32 = 5;
/// The source of the function that deletes rewritten files.
const SOURCE: &str = include_str!("../../stdlib/ops/purge_rewritten.py");
/// The role that starts it by the clock.
const STARTER: &str = "purge_rewritten_start";

/// Whether any column names persons.
pub fn asked(plan: &Plan) -> bool {
    !subjects(plan).is_empty()
}

/// The label of the job's role, script and logs.
fn label() -> String {
    format!("{ERASE}_job")
}

/// What a pass changes: the datasets, each once, and whether it looks for pseudonyms.
fn changed(plan: &Plan) -> (Vec<&Dataset>, bool) {
    let mut out: Vec<&Dataset> = vec![];
    let mut pseudonyms = false;
    for subject in subjects(plan) {
        let found = erasure(plan, subject);
        pseudonyms |= found
            .steps
            .iter()
            .any(|step| matches!(step.how, How::Named(_, Names::Pseudonym)));
        for dataset in found.changed() {
            if let Some(dataset) = plan.datasets.get(&dataset.id)
                && !out.iter().any(|known| known.id == dataset.id)
            {
                out.push(dataset);
            }
        }
    }
    out.sort_by(|left, right| left.id.cmp(&right.id));
    (out, pseudonyms)
}

/// The folders in the bucket of artifacts, by what is in them, and for how long.
pub fn folders(plan: &Plan) -> Vec<(&'static str, String, Option<u32>)> {
    let days = request_days(plan);
    let all = [
        ("erasure-requests", "requests", Some(days)),
        ("erasure-work", "work", Some(days)),
        ("erasure-reports", "reports", Some(REPORT_DAYS)),
        // Each is deleted with the file that it is about.
        ("erasure-ages", "ages", None),
    ];
    all.map(|(id, folder, days)| (id, format!("{FOLDER}{folder}/"), days))
        .to_vec()
}

/// The job, the state machine, and what deletes rewritten files.
pub fn blocks(plan: &Plan, modules: &[&str]) -> Vec<Block> {
    if !asked(plan) {
        return vec![];
    }
    let (datasets, pseudonyms) = changed(plan);
    let mut out = job_blocks(plan, &datasets, pseudonyms, modules);
    let variables = vec![
        (states::PARTITION.to_string(), reference("local.partition")),
        (states::job_variable(ERASE), glue_job::name(ERASE)),
    ];
    let doc = "Takes a person out of datasets: started with the name of a request.";
    let statements = vec![glue_job::run(&[ERASE.to_owned()])];
    out.extend(orchestration::machine_of(
        plan,
        (ERASE, Some(doc)),
        variables,
        statements,
    ));
    out.extend(purge(plan, &datasets));
    out
}

fn job_blocks(plan: &Plan, datasets: &[&Dataset], pseudonyms: bool, modules: &[&str]) -> Vec<Block> {
    let label = label();
    let own = names::dataset_prefix(ERASE);
    let mut out = vec![job::artifact(&label, &names::job_script(ERASE))];
    out.extend(glue_job::logs(plan, ERASE));
    let mut written: Vec<_> = datasets.iter().map(|dataset| Place::of(dataset)).collect();
    written.extend([STATE, TEMPORARY].map(|folder| Place::folder("artifacts", format!("{folder}{own}"))));
    written.push(Place::folder("artifacts", FOLDER.to_owned()));
    let jobs = pyspark::held_up(plan, datasets.iter().copied()).into_iter();
    written.extend(jobs.map(|job| Place::folder("artifacts", format!("{STATE}{}", names::dataset_prefix(&job)))));
    written.push(Place::folder("quarantine", own.clone()));
    let mut statements = job::files(&label, &[], &written, modules);
    let tables: Vec<&Dataset> = datasets.iter().copied().filter(is_table).collect();
    statements.extend(iceberg::use_of(&[], &tables));
    if pseudonyms {
        statements.extend(secrets::read());
    }
    statements.extend(glue_job::tell(&label));
    out.extend(role(
        &label,
        named(plan, &label, limit::SIXTY_FOUR),
        "What takes persons out of datasets may do",
        trust("glue.amazonaws.com", None),
        statements,
    ));
    let conf = tables.first().map(|table| iceberg::settings(table)).unwrap_or_default();
    let mut arguments = glue_job::usual_arguments(plan, ERASE, conf, modules);
    arguments.extend((!tables.is_empty()).then(|| ("--datalake-formats".into(), "iceberg".into())));
    arguments.extend([
        (format!("--{}", names::ARG_ERASURE), lake::url("artifacts", FOLDER)),
        (format!("--{}", names::ARG_STATES), lake::url("artifacts", STATE)),
        (
            format!("--{}", names::ARG_STATE),
            lake::url("artifacts", &format!("{STATE}{own}")),
        ),
        (format!("--{}", names::ARG_QUARANTINE), lake::url("quarantine", &own)),
    ]);
    arguments.extend(datasets.iter().map(|dataset| {
        let argument = names::dataset_argument(&dataset.id.zone, &dataset.id.name);
        let place = match is_table(dataset) {
            true => iceberg::name_for_jobs(dataset),
            false => lake::dataset_url(dataset),
        };
        (format!("--{argument}"), place)
    }));
    if pseudonyms {
        arguments.push((format!("--{}", names::PSEUDONYM_SECRET.to_lowercase()), secrets::arn()));
    }
    out.push(
        glue_job::base(plan, ERASE, "glueetl")
            .doc("Takes persons out of datasets, as requests say whom.")
            .set("worker_type", "G.1X")
            .set("number_of_workers", WORKERS)
            .set("timeout", states::PASS_MINUTES)
            .set("max_retries", 0u32)
            .set("default_arguments", object(arguments)),
    );
    out
}

fn is_table(dataset: &&Dataset) -> bool {
    dataset.format == Format::Iceberg
}

/// The grants by which the job changes tables.
pub fn grants(plan: &Plan) -> Vec<Block> {
    if !asked(plan) {
        return vec![];
    }
    let (datasets, _) = changed(plan);
    let grant = |dataset: &Dataset| {
        let label = format!("{}_{}", label(), catalog::label(&dataset.id));
        iceberg::grant(&label, &self::label(), dataset, &iceberg::CHANGE)
    };
    datasets.into_iter().filter(is_table).map(grant).collect()
}

/// What an erasure rests on: types and labels.
pub fn carried_out_by() -> Vec<(&'static str, String)> {
    let function = operations::label(names::PURGE_REWRITTEN);
    vec![
        ("aws_glue_job", ERASE.to_owned()),
        ("aws_lambda_function", function.clone()),
        ("aws_s3_object", label()),
        ("aws_scheduler_schedule", function),
        ("aws_sfn_state_machine", ERASE.to_owned()),
    ]
}

/// The label of the function that deletes rewritten files, if there may be any.
pub fn function_label(plan: &Plan) -> Option<String> {
    if !asked(plan) {
        return None;
    }
    let (datasets, _) = changed(plan);
    let any = datasets.into_iter().any(|dataset| plan.purged_by_age(dataset));
    any.then(|| operations::label(names::PURGE_REWRITTEN))
}

/// Its source, as a file of the build.
pub fn files(plan: &Plan) -> Option<(String, String)> {
    function_label(plan).map(|_| (names::operations_source(names::PURGE_REWRITTEN), SOURCE.to_owned()))
}

fn purge(plan: &Plan, datasets: &[&Dataset]) -> Vec<Block> {
    let aged: Vec<&Dataset> = datasets.iter().copied().filter(|one| plan.purged_by_age(one)).collect();
    if aged.is_empty() {
        return vec![];
    }
    let ages = format!("{FOLDER}ages/");
    let environment = object_of! {
        "BUCKET" => reference("aws_s3_bucket.artifacts.bucket"),
        "PREFIX" => ages.as_str(),
    };
    let size = Size {
        memory_mib: 512,
        timeout_seconds: 900,
        at_once: 1,
    };
    let mut out = operations::python(
        plan,
        names::PURGE_REWRITTEN,
        "Deletes rewritten files when what they were before would have left.",
        &size,
        environment,
        purge_permissions(&aged, &ages),
    );
    let label = operations::label(names::PURGE_REWRITTEN);
    let target = orchestration::Target::function(&label, STARTER, Some("{}".into()));
    let entry = orchestration::entry(plan, &label, "cron(40 0 * * ? *)", "UTC", target);
    out.extend(orchestration::starter(
        plan,
        STARTER,
        "Starts what deletes rewritten files",
        &[label],
    ));
    out.push(entry);
    out
}

fn purge_permissions(aged: &[&Dataset], ages: &str) -> Vec<Statement> {
    let bucket = |dataset: &&Dataset| lake::zone_label(&dataset.id.zone);
    let mut buckets: Vec<String> = aged.iter().map(bucket).collect();
    buckets.sort();
    buckets.dedup();
    let arns = buckets
        .into_iter()
        .map(|bucket| reference(format!("aws_s3_bucket.{bucket}.arn")));
    let objects = aged
        .iter()
        .map(|dataset| lake::objects(&bucket(dataset), &names::dataset_prefix(&dataset.id.name)));
    let mut all: Vec<Value> = objects.collect();
    all.push(text_of![reference("aws_s3_bucket.artifacts.arn"), format!("/{ages}*")]);
    vec![
        // Who may list hears that a file is not there.
        allow("Find", &["s3:ListBucket"], arns),
        allow("Ages", &["s3:ListBucket"], [reference("aws_s3_bucket.artifacts.arn")]).when(
            "StringEquals",
            "s3:prefix",
            ages,
        ),
        allow("Purge", &["s3:DeleteObject", "s3:GetObject"], all),
        key_use("Decrypt", &["kms:Decrypt"], "s3"),
    ]
}
