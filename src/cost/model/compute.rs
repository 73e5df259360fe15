//! Functions, jobs and containers.

use std::collections::BTreeMap;

use super::super::Bounds;
use super::{GIB, MONTH_DAYS, MONTH_HOURS, MONTH_SECONDS, Model, number, times, up_to};
use crate::emit::hcl::{Block, Value};
use crate::plan::names::{ERASE, PURGE_TABLES};
use crate::plan::{Engine, Plan, Schedule, Shape, Starts, Transform};

/// The least that a run of a job is billed, hours: a minute.
const LEAST_HOURS: f64 = 1.0 / 60.0;
/// The least that a call of a function is billed, seconds.
const LEAST_SECONDS: f64 = 0.001;
/// Of calls, how many X-Ray follows: one a second, and one in twenty of the others.
const TRACED: f64 = 0.05;
/// How long a file takes to be taken over, seconds.
const LANDING_SECONDS: f64 = 2.0;
/// How large the files are taken to be at least that senders leave, bytes.
pub(super) const LEAST_FILE: f64 = 1_048_576.0;

/// How often a schedule starts in a month.
pub(super) fn runs(starts: &BTreeMap<String, f64>, schedule: &Schedule) -> Bounds {
    let most = starts.get(&schedule.name).copied().unwrap_or(0.0);
    match schedule.starts {
        Starts::Clock { .. } => most.into(),
        // Nothing promises that anything lands.
        Starts::Arrival { .. } => Bounds::up_to(most),
    }
}

/// How often each transform is run in a month, by all schedules.
pub(super) fn all_runs<'p>(plan: &'p Plan, starts: &BTreeMap<String, f64>) -> BTreeMap<&'p str, Bounds> {
    let mut all: BTreeMap<&str, Bounds> = BTreeMap::new();
    for schedule in &plan.schedules {
        for name in schedule.waves.iter().flatten() {
            let sum = all.entry(name).or_default();
            *sum = *sum + runs(starts, schedule);
        }
    }
    all
}

pub(super) fn function(model: &mut Model<'_>, block: &Block, label: &str) {
    let memory = number(block, "memory_size").unwrap_or(128.0) / 1_024.0;
    let timeout = number(block, "timeout").unwrap_or(3.0);
    let at_once = number(block, "reserved_concurrent_executions").unwrap_or(1_000.0);
    let arm = match block.get("architectures") {
        Some(Value::List(all)) => all.contains(&"arm64".into()),
        _ => false,
    };
    let (item, calls, seconds) = match model.functions.get(label) {
        Some(function) => {
            let rows = model.flows.source(function.source).rows * MONTH_SECONDS;
            let batches = rows * (1.0 / f64::from(function.settings.batch.max(1)));
            // A batch that is not full goes when its time is over, shard by shard.
            let readers = (at_once - 1.0).max(1.0);
            let early = readers * MONTH_SECONDS / f64::from(function.settings.wait_seconds.max(1));
            let calls = Bounds::new(batches.low, batches.high + early);
            let most = (readers * MONTH_SECONDS / calls.high.max(1.0)).min(timeout);
            (format!("source {label}"), calls, Bounds::new(LEAST_SECONDS, most))
        }
        None => {
            let (calls, seconds) = own_calls(model, label, timeout);
            (Model::shared("operations"), calls, seconds)
        }
    };
    model.line(&item, block, "lambda.request", vec![times(calls, "calls")]);
    let price = if arm {
        "lambda.gb_second.arm64"
    } else {
        "lambda.gb_second.x86_64"
    };
    let factors = vec![times(calls, "calls"), times(seconds, "s"), times(memory, "GB")];
    model.line(&item, block, price, factors);
    let traced = MONTH_SECONDS.min(calls.high) + TRACED * calls.high;
    model.line(
        &item,
        block,
        "xray.trace",
        vec![up_to(traced.min(calls.high), "traces")],
    );
}

/// How often the platform's own function is called in a month, and how long it takes: by the clock, or once a file.
fn own_calls(model: &Model<'_>, label: &str, timeout: f64) -> (Bounds, Bounds) {
    if label.ends_with("_landing") {
        let clock = model.starts.iter().filter(|(entry, _)| entry.ends_with("_landing"));
        let by_clock: f64 = clock.map(|(_, often)| often).sum();
        let files =
            model.plan.sources.iter().filter(
                |source| matches!(&source.from, crate::plan::From::Files(files) if files.every_seconds.is_none()),
            );
        let bytes: f64 = files.map(|source| model.flows.source(source).bytes.high).sum();
        let calls = Bounds::new(by_clock, by_clock + bytes * MONTH_SECONDS / LEAST_FILE);
        return (calls, Bounds::new(LEAST_SECONDS, LANDING_SECONDS));
    }
    match model.starts.get(label) {
        Some(often) => ((*often).into(), Bounds::new(LEAST_SECONDS, timeout)),
        // Somebody asks for it: as often as ten times an hour.
        None => (
            Bounds::up_to(10.0 * MONTH_HOURS),
            Bounds::new(LEAST_SECONDS, timeout.min(10.0)),
        ),
    }
}

/// Processing units of a worker (<https://docs.aws.amazon.com/glue/latest/dg/worker-types.html>).
fn units(worker: &str) -> f64 {
    match worker {
        "G.2X" => 2.0,
        "G.4X" => 4.0,
        "G.8X" => 8.0,
        _ => 1.0,
    }
}

/// Runs, and how long each takes. One that reads a stream never ends; the others do not overlap.
fn hours_of(model: &Model<'_>, transform: &Transform) -> (Bounds, Bounds) {
    if transform.shape == Shape::Stream {
        return (1.0.into(), MONTH_HOURS.into());
    }
    let runs = model.runs.get(transform.name.as_str()).copied().unwrap_or_default();
    let halves = if transform.program().is_some() { 2.0 } else { 1.0 };
    let timeout = f64::from(transform.engine.job_minutes().unwrap_or(0)) / 60.0 * halves;
    let most = timeout.min(MONTH_HOURS / runs.high.max(1.0));
    (runs, Bounds::new(LEAST_HOURS * halves, most.max(LEAST_HOURS)))
}

pub(super) fn glue(model: &mut Model<'_>, block: &Block, label: &str) {
    let Some(transform) = model.transforms.get(label).copied() else {
        purge(model, block, label);
        return;
    };
    let Engine::Glue(glue) = &transform.engine else { return };
    let (runs, hours) = hours_of(model, transform);
    let workers = Bounds::new(f64::from(glue.min_workers), f64::from(glue.max_workers));
    let factors = vec![
        times(runs, "runs"),
        times(hours, "h"),
        times(workers, "workers"),
        times(units(&glue.worker), "DPU"),
    ];
    model.line(&format!("transform {label}"), block, "glue.dpu_hour", factors);
}

/// How many persons ask in a month to be taken out of datasets, and how often a request goes over all of them.
pub(super) const ERASURES: f64 = 2.0;
pub(super) const PASSES: f64 = 2.0;

/// The platform's own jobs: what takes old rows out of tables once a day, and persons out of datasets as they ask.
fn purge(model: &mut Model<'_>, block: &Block, label: &str) {
    let runs = match label {
        PURGE_TABLES => (MONTH_HOURS / 24.0).into(),
        ERASE => Bounds::up_to(ERASURES * PASSES),
        _ => return,
    };
    let workers = number(block, "number_of_workers").unwrap_or(2.0);
    let most = number(block, "timeout").unwrap_or(60.0) / 60.0;
    let factors = vec![
        times(runs, "runs"),
        times(Bounds::new(LEAST_HOURS, most), "h"),
        times(workers, "workers"),
        times(1.0, "DPU"),
    ];
    model.line(&Model::shared("operations"), block, "glue.dpu_hour", factors);
}

pub(super) fn emr(model: &mut Model<'_>, block: &Block, label: &str) {
    let Some(transform) = model.transforms.get(label).copied() else {
        return;
    };
    let Engine::Emr(emr) = &transform.engine else { return };
    let (runs, hours) = hours_of(model, transform);
    let worker = emr.worker();
    let item = format!("transform {label}");
    // A driver and one executor, at the least.
    let cores = Bounds::new(f64::from(2 * worker.cores), f64::from(emr.max_vcpu));
    let memory = Bounds::new(f64::from(2 * worker.memory_gib), f64::from(emr.max_memory_gib));
    let factors = vec![times(runs, "runs"), times(hours, "h"), times(cores, "vCPU")];
    model.line(&item, block, "emr.vcpu_hour", factors);
    let factors = vec![times(runs, "runs"), times(hours, "h"), times(memory, "GiB")];
    model.line(&item, block, "emr.memory_gib_hour", factors);
}

/// Containers of AWS Batch, between the halves of a job.
pub(super) fn containers(model: &mut Model<'_>, block: &Block, label: &str) {
    let transform = label
        .strip_suffix("_program")
        .and_then(|name| model.transforms.get(name).copied());
    let Some((transform, run)) = transform.and_then(|transform| Some((transform, transform.program()?))) else {
        return;
    };
    let Engine::Glue(glue) = &transform.engine else { return };
    let runs = model.runs.get(transform.name.as_str()).copied().unwrap_or_default();
    // Fargate bills a minute at least. Runs do not overlap, so the parts of one have the month at most.
    let rounds = f64::from(run.rounds(glue).max(1));
    let longest = run.timeout_seconds() as f64 / 3_600.0;
    let hours = Bounds::new(
        LEAST_HOURS,
        longest.min(MONTH_HOURS / runs.high.max(1.0) / rounds).max(LEAST_HOURS),
    );
    let memory = run.settings.bytes("memory").unwrap_or(2 << 30) as f64 / GIB;
    let spot = run.settings.bool("spot") == Some(true);
    let (vcpu_price, memory_price) = match spot {
        true => ("fargate.spot_vcpu_hour", "fargate.spot_memory_gib_hour"),
        false => ("fargate.vcpu_hour", "fargate.memory_gib_hour"),
    };
    let item = format!("transform {}", transform.name);
    let parts = Bounds::new(1.0, f64::from(run.parts()));
    let all = |count: f64, of: &str| {
        vec![
            times(runs, "runs"),
            times(parts, "containers"),
            times(hours, "h"),
            times(count, of),
        ]
    };
    model.line(&item, block, vcpu_price, all(run.vcpu(), "vCPU"));
    model.line(&item, block, memory_price, all(memory, "GiB"));
}

/// What AWS Glue does to a table of Iceberg: a minute each day at most, of two units.
pub(super) fn optimizer(model: &mut Model<'_>, block: &Block, label: &str) {
    let of = model.plan.datasets.values().find(|dataset| {
        let start = format!("{}_{}_", dataset.id.zone, dataset.id.name);
        label.starts_with(&start)
    });
    let Some(dataset) = of else { return };
    let item = format!("dataset {}", dataset.id);
    let gib = model.flows.dataset(dataset).bytes.high * MONTH_SECONDS / GIB;
    // Two units take a GiB in a minute; every run is billed a minute.
    let minutes = MONTH_DAYS * 24.0 + 3.0 * gib;
    let factors = vec![up_to(minutes / 60.0, "h"), times(2.0, "DPU")];
    model.line(&item, block, "glue.dpu_hour", factors);
}
