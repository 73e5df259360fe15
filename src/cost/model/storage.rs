//! What rests in buckets, from what comes in and how long it stays.

use super::super::Bounds;
use super::super::flow::Flows;
use super::compute::LEAST_FILE;
use super::{GIB, MONTH_DAYS, MONTH_SECONDS, Model, times, up_to};
use crate::emit::hcl::Block;
use crate::plan::{Dataset, Plan, StorageClass, WriteMode, Writer};

/// How small rows get at best once they are packed, of their size as JSON.
pub(super) const PACKED: f64 = 0.05;
/// Days that S3 may take until it has deleted what is past its end: one that it rounds up to, one for the run.
const SWEEP_DAYS: f64 = 2.0;
/// How large files are at best, bytes.
const LARGE_FILE: f64 = 134_217_728.0;
/// How often an object is read in a month at most, by jobs and by people.
const READS: f64 = 10.0;
const DAY: f64 = 86_400.0;

/// Bytes a second that a dataset grows by, as they rest.
fn growth<'p>(plan: &'p Plan, flows: &mut Flows<'p>, dataset: &'p Dataset) -> Bounds {
    let bytes = flows.dataset(dataset).bytes;
    if plan.copied(dataset).is_some() {
        return bytes;
    }
    let low = match &dataset.writer {
        // Of rows that replace others, none may be new.
        Writer::Transform(name) => match plan.transform(name).map(|transform| &transform.mode) {
            Some(WriteMode::Append | WriteMode::Overwrite) | None => bytes.low * PACKED,
            Some(WriteMode::Merge(_) | WriteMode::History(_)) => 0.0,
        },
        Writer::Source(_) | Writer::Import(_) => bytes.low * PACKED,
    };
    Bounds::new(low, bytes.high)
}

/// Writes of a dataset's files in a month: as large as they should be, or as small as they may get.
fn writes<'p>(plan: &'p Plan, flows: &mut Flows<'p>, dataset: &'p Dataset) -> Bounds {
    let bytes = growth(plan, flows, dataset) * MONTH_SECONDS;
    Bounds::new(bytes.low / LARGE_FILE, bytes.high / LEAST_FILE + MONTH_DAYS * 96.0)
}

fn own(dataset: &Dataset) -> bool {
    !matches!(dataset.writer, Writer::Import(_))
}

/// Writes and reads of objects of the lake in a month.
pub(super) fn requests<'p>(plan: &'p Plan, flows: &mut Flows<'p>) -> (Bounds, Bounds) {
    let all = plan.datasets.values().filter(|dataset| own(dataset));
    let writes: Bounds = all.map(|dataset| writes(plan, flows, dataset)).sum();
    (writes, Bounds::up_to(writes.high * READS))
}

pub(super) fn bucket(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    if let Some(zone) = label.strip_prefix("zone_") {
        for dataset in plan.datasets.values().filter(|one| one.id.zone == zone && own(one)) {
            self::dataset(model, block, dataset);
        }
        return;
    }
    if let Some(source) = label.strip_prefix("inbox_").and_then(|name| plan.source(name)) {
        // What has landed is taken out: a day of it at most waits.
        let item = format!("source {}", source.name);
        let gib = model.flows.source(source).bytes.high * DAY / GIB;
        model.line(&item, block, "s3.standard_gib_month", vec![up_to(gib, "GiB")]);
        return;
    }
    // Logs, results, scripts, and what was turned away.
    let most = match label {
        "artifacts" => 1.0,
        "quarantine" => turned_away(model),
        _ => 10.0,
    };
    model.line(
        &Model::shared("buckets"),
        block,
        "s3.standard_gib_month",
        vec![up_to(most, "GiB")],
    );
}

/// All rows of functions could be turned away: they are not where they were to go then, so a tenth of them is counted here.
fn turned_away(model: &mut Model<'_>) -> f64 {
    let plan = model.plan;
    let bytes: f64 = plan
        .sources
        .iter()
        .map(|source| model.flows.source(source).bytes.high)
        .sum();
    let days = plan.zones.iter().map(|zone| zone.quarantine_days).max().unwrap_or(14);
    bytes * 0.1 * DAY * f64::from(days) / GIB
}

/// A place, and the ages of what is in it, days.
struct Stay {
    class: Option<StorageClass>,
    from: f64,
    to: f64,
}

fn stays(dataset: &Dataset) -> Vec<Stay> {
    let end = f64::from(dataset.retain_days);
    let starts = [(None, 0.0)].into_iter();
    let tiers = dataset.tiers.iter();
    let starts: Vec<_> = starts
        .chain(tiers.map(|tier| (Some(tier.class), f64::from(tier.after_days))))
        .collect();
    let ends = starts.iter().skip(1).map(|(_, from)| *from).chain([end]);
    let all = starts.iter().zip(ends).map(|((class, from), to)| Stay {
        class: *class,
        from: *from,
        to,
    });
    // What S3 watches it moves by itself: after 30 days, and after 90.
    all.flat_map(|stay| match stay.class {
        Some(StorageClass::Intelligent) => {
            let cut = |from: f64, to: f64| Stay {
                class: Some(StorageClass::Intelligent),
                from: stay.from.max(stay.from + from),
                to: stay.to.min(stay.from + to),
            };
            vec![cut(0.0, 30.0), cut(30.0, 90.0), cut(90.0, f64::INFINITY)]
        }
        _ => vec![stay],
    })
    .filter(|stay| stay.to > stay.from)
    .collect()
}

/// What a place costs: if nothing is read there, and if everything is.
fn prices(stay: &Stay, start: f64) -> (&'static str, &'static str) {
    const STANDARD: &str = "s3.standard_gib_month";
    match stay.class {
        None => (STANDARD, STANDARD),
        Some(StorageClass::Intelligent) => match stay.from - start {
            ..30.0 => (STANDARD, STANDARD),
            ..90.0 => ("s3.infrequent_gib_month", STANDARD),
            _ => ("s3.intelligent_archive_gib_month", STANDARD),
        },
        Some(StorageClass::Infrequent) => ("s3.infrequent_gib_month", "s3.infrequent_gib_month"),
        Some(StorageClass::Archive) => ("s3.archive_gib_month", "s3.archive_gib_month"),
        Some(StorageClass::DeepArchive) => ("s3.deep_archive_gib_month", "s3.deep_archive_gib_month"),
    }
}

fn dataset<'p>(model: &mut Model<'p>, block: &Block, dataset: &'p Dataset) {
    let plan = model.plan;
    let item = format!("dataset {}", dataset.id);
    let growth = growth(plan, &mut model.flows, dataset);
    let zone = plan.zone(&dataset.id.zone);
    let versions = f64::from(u8::from(zone.is_some_and(|zone| zone.keeps_versions())));
    let stays = stays(dataset);
    let start = |class: Option<StorageClass>| {
        let tier = dataset.tiers.iter().find(|tier| Some(tier.class) == class);
        tier.map_or(0.0, |tier| f64::from(tier.after_days))
    };
    let last = stays.len().saturating_sub(1);
    for (at, stay) in stays.iter().enumerate() {
        let days = stay.to - stay.from;
        let days = match at == last {
            true => Bounds::new(days, days + SWEEP_DAYS + versions),
            false => days.into(),
        };
        let factors = vec![times(growth * (DAY / GIB), "GiB a day"), times(days, "days")];
        model.line_between(&item, block, prices(stay, start(stay.class)), factors);
        if at > 0 && stay.from == start(stay.class) && stay.class != Some(StorageClass::Intelligent) {
            let moved = writes(plan, &mut model.flows, dataset).high;
            model.line(&item, block, "s3.transition", vec![up_to(moved, "objects moved")]);
        }
        if stay.class == Some(StorageClass::Intelligent) {
            let watched = growth * (DAY * days.high);
            let watched = Bounds::new(watched.low / LARGE_FILE, watched.high / LEAST_FILE);
            model.line(&item, block, "s3.watched_object_month", vec![times(watched, "objects")]);
        }
    }
    let writes = writes(plan, &mut model.flows, dataset);
    model.line(&item, block, "s3.put", vec![times(writes, "writes")]);
    model.line(&item, block, "s3.get", vec![up_to(writes.high * READS, "reads")]);
}

/// A zone's bytes a second, and all that it holds.
fn zone_bytes(model: &mut Model<'_>, zone: &str) -> (Bounds, Bounds) {
    let plan = model.plan;
    let (mut rate, mut held) = (Bounds::default(), Bounds::default());
    for dataset in plan.datasets.values().filter(|one| one.id.zone == zone && own(one)) {
        let one = growth(plan, &mut model.flows, dataset);
        rate = rate + one;
        held = held + one * (DAY * f64::from(dataset.retain_days));
    }
    (rate, held)
}

/// A copy of a zone in another region; prices are those of the platform's own.
pub(super) fn copies(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let Some(zone) = label.strip_prefix("zone_").and_then(|name| plan.zone(name)) else {
        return;
    };
    let (rate, held) = zone_bytes(model, &zone.name);
    let item = format!("zone {}", zone.name);
    let sent = times(rate * (MONTH_SECONDS / GIB), "GiB sent");
    model.line(&item, block, "s3.replicated_gib", vec![sent]);
    model.line(
        &item,
        block,
        "s3.standard_gib_month",
        vec![times(held * (1.0 / GIB), "GiB copied")],
    );
}

/// Backups: all that a zone holds, and each day's change for as long as backups stay.
pub(super) fn backup(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let zone = label.strip_suffix("_backup").and_then(|name| plan.zone(name));
    let Some((zone, days)) = zone.and_then(|zone| Some((zone, zone.backup_days?))) else {
        return;
    };
    let (rate, held) = zone_bytes(model, &zone.name);
    let changes = rate * (DAY * f64::from(days));
    let kept = Bounds::new(held.low, held.high + changes.high) * (1.0 / GIB);
    let item = format!("zone {}", zone.name);
    model.line(&item, block, "backup.gib_month", vec![times(kept, "GiB")]);
}
