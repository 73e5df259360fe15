//! What answers questions, and what keeps rows outside of the lake: Athena, Redshift, QuickSight, OpenSearch, DynamoDB, DMS.

use super::super::Bounds;
use super::requests::to_sink;
use super::{GIB, MONTH_DAYS, MONTH_SECONDS, Model, hours, text, times, up_to};
use crate::aws::sink_of;
use crate::emit::hcl::Block;
use crate::plan::{StepKind, To};
use crate::prove::quotas::quota;

/// Queries in a month that read as much as one query may.
pub const FULL_QUERIES: f64 = 100.0;
/// Readers of a group.
const READERS: f64 = 20.0;
/// How long what is not said to end is taken to stay, days: five years.
const FOR_EVER: f64 = 1_825.0;
/// An item of what functions remember, bytes.
const REMEMBERED: f64 = 40.0;

pub(super) fn athena(model: &mut Model<'_>, block: &Block, label: &str) {
    let mut settings = block.children("configuration");
    let Some(most) = settings.find_map(|settings| super::number(settings, "bytes_scanned_cutoff_per_query")) else {
        return;
    };
    // Readers of one serve may have a workgroup each.
    let of = |name: &str| {
        label
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let item = match model.plan.serves.iter().find(|serve| of(&serve.name)) {
        Some(serve) => format!("serve {}", serve.name),
        None => model.item(label),
    };
    let factors = vec![up_to(FULL_QUERIES, "queries"), times(most / GIB / 1_024.0, "TiB")];
    model.line(&item, block, "athena.scanned_tib", factors);
}

/// Nothing where nobody asks; at most what its limit lets it, or all of its capacity all the time.
pub(super) fn warehouse(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let serve = plan.warehouses().find(|(serve, _)| serve.name == *label);
    let (item, capacity, limit) = match serve {
        Some((serve, redshift)) => (
            format!("serve {}", serve.name),
            redshift.max_capacity,
            redshift.daily_limit,
        ),
        None => {
            let most = super::number(block, "max_capacity").unwrap_or(8.0);
            (model.item(label), most as u32, None)
        }
    };
    let factors = match limit {
        Some(limit) => vec![up_to(f64::from(limit), "RPU-hours a day"), times(MONTH_DAYS, "days")],
        None => vec![up_to(f64::from(capacity), "RPU"), hours()],
    };
    model.line(&item, block, "redshift.rpu_hour", factors);
}

/// What a sink writes there; what is read in the lake is not kept.
pub(super) fn warehouse_rows(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let sink = sink_of(plan, label);
    let Some(sink) = sink else { return };
    let bytes = to_sink(model, sink).bytes.high * 86_400.0 * FOR_EVER;
    model.line(
        &format!("sink {}", sink.name),
        block,
        "redshift.gib_month",
        vec![up_to(bytes / GIB, "GiB")],
    );
}

/// What dashboards hold of a dataset.
pub(super) fn dashboard_rows(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    if text(block, "import_mode").as_deref() != Some("SPICE") {
        return;
    }
    let exposed = plan.dashboards().find_map(|(serve, _)| {
        let found = serve
            .expose
            .iter()
            .find(|id| label == format!("{}_{}_{}", serve.name, id.zone, id.name));
        Some((serve, found?))
    });
    let Some((serve, id)) = exposed else { return };
    let dataset = plan.dataset(id);
    let bytes = model.flows.dataset(dataset).bytes.high * 86_400.0 * f64::from(dataset.retain_days);
    let gib = up_to((bytes / GIB).min(quota("quicksight.dataset")), "GiB");
    model.line(
        &format!("serve {}", serve.name),
        block,
        "quicksight.spice_gib_month",
        vec![gib],
    );
}

/// Who sees dashboards.
pub(super) fn readers(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let Some((serve, dashboards)) = plan.dashboards().find(|(serve, _)| serve.name == *label) else {
        return;
    };
    let share = &dashboards.share;
    let most = share.users.len() as f64 + share.groups.len() as f64 * READERS;
    let item = format!("serve {}", serve.name);
    model.line(&item, block, "quicksight.reader_month", vec![up_to(most, "readers")]);
}

/// Replications run all the time, with a second of each in another zone.
pub(super) fn replication(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let Some((source, replication)) = plan
        .source(label)
        .and_then(|source| Some((source, source.replication.as_ref()?)))
    else {
        return;
    };
    let (least, most) = replication.capacity;
    let capacity = Bounds::new(f64::from(least), f64::from(most));
    let factors = vec![times(capacity, "DCU"), times(2.0, "zones"), hours()];
    model.line(&format!("source {}", source.name), block, "dms.dcu_hour", factors);
}

/// Indexing and searching each, and what rests.
pub(super) fn search(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let Some(sink) = sink_of(plan, label) else {
        return;
    };
    let To::Index {
        capacity: (least, most),
        retain_days,
        ..
    } = &sink.to
    else {
        return;
    };
    let item = format!("sink {}", sink.name);
    let units = Bounds::new(f64::from(*least), f64::from(*most));
    let factors = vec![times(units, "OCU"), times(2.0, "of indexing and searching"), hours()];
    model.line(&item, block, "opensearch.ocu_hour", factors);
    let days = retain_days.map_or(FOR_EVER, f64::from);
    let bytes = to_sink(model, sink).bytes * (86_400.0 * days / GIB);
    model.line(&item, block, "opensearch.gib_month", vec![times(bytes, "GiB")]);
}

/// Rows by their keys, or what functions remember.
pub(super) fn items(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let Some(sink) = sink_of(plan, label) else {
        remembered(model, block);
        return;
    };
    let item = format!("sink {}", sink.name);
    let flow = to_sink(model, sink);
    let kib = (flow.row_bytes() / 1_024.0).ceil().max(1.0);
    let rows = times(flow.rows * MONTH_SECONDS, "rows");
    model.line(&item, block, "dynamodb.write", vec![rows, times(kib, "KiB")]);
    let To::Items { ttl_days, .. } = &sink.to else { return };
    let days = ttl_days.map_or(FOR_EVER, f64::from);
    // Of rows with one key the newest is kept: of how many, nothing says.
    let gib = flow.bytes.high * 86_400.0 * days / GIB;
    model.line(&item, block, "dynamodb.gib_month", vec![up_to(gib, "GiB")]);
    model.line(&item, block, "dynamodb.recovery_gib_month", vec![up_to(gib, "GiB")]);
}

/// Keys that passed, packed batch by batch; each batch looks at those before it.
fn remembered(model: &mut Model<'_>, block: &Block) {
    let functions: Vec<_> = model.functions.values().cloned().collect();
    for function in functions {
        let mut steps = function.ways.iter().flat_map(|way| &way.steps);
        let remembers = steps.any(|one| matches!(one.step.kind, StepKind::Dedupe { .. }));
        if !remembers {
            continue;
        }
        let rows = model.flows.source(function.source).rows * MONTH_SECONDS;
        let kib = rows * (REMEMBERED / 1_024.0);
        let batches = rows.high / f64::from(function.settings.batch.max(1));
        let item = format!("source {}", function.source.name);
        let writes = Bounds::new(kib.low, kib.high + batches);
        model.line(&item, block, "dynamodb.write", vec![times(writes, "KiB")]);
        // What others wrote since: as much as is written, read once by each shard.
        let reads = up_to(writes.high / 4.0 * 10.0 + MONTH_SECONDS, "reads");
        model.line(&item, block, "dynamodb.read", vec![reads]);
    }
}
