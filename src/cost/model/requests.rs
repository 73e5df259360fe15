//! What is paid for by the request: APIs, messages, starts, transitions.

use super::super::Bounds;
use super::super::flow::Flow;
use super::compute::{ERASURES, PASSES};
use super::{MONTH_DAYS, MONTH_SECONDS, Model, times, up_to};
use crate::aws::sink_of;
use crate::emit::hcl::Block;
use crate::plan::Sink;
use crate::plan::names::ERASE;
use crate::prove::quotas::quota;

/// Mails that alarms make in a month at most.
const MAILS: f64 = 1_000.0;

pub(super) fn api(model: &mut Model<'_>, block: &Block, label: &str) {
    let Some(source) = label.strip_suffix("_api").and_then(|name| model.plan.source(name)) else {
        return;
    };
    let rows = model.flows.source(source).rows * MONTH_SECONDS;
    let item = format!("source {}", source.name);
    // A request may bring many records: of a promised number the fewest requests are not known.
    let requests = vec![times(rows.or_nothing(), "requests")];
    model.line(&item, block, "api_gateway.request", requests);
}

/// Requests that are answered with a link: an object each.
pub(super) fn http_api(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let ends = ["_uploads", "_api"];
    let name = ends.iter().find_map(|end| label.strip_suffix(end)).unwrap_or(label);
    let Some(source) = plan.source(name) else { return };
    let rows = model.flows.source(source).rows * MONTH_SECONDS;
    let item = format!("source {}", source.name);
    model.line(&item, block, "api_gateway.http_request", vec![times(rows, "objects")]);
}

pub(super) fn messages(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let name = ["_iot", "_rule"].iter().find_map(|end| label.strip_suffix(end));
    let Some(source) = plan.source(name.unwrap_or(label)) else {
        return;
    };
    let flow = model.flows.source(source);
    let item = format!("source {}", source.name);
    let size = (flow.row_bytes() / quota("iot.counted_by")).ceil().max(1.0);
    let rows = flow.rows * MONTH_SECONDS;
    model.line(
        &item,
        block,
        "iot.message",
        vec![times(rows, "messages"), times(size, "units")],
    );
    // The rule is asked, and does one thing.
    model.line(
        &item,
        block,
        "iot.rule",
        vec![times(rows, "messages"), times(2.0, "units")],
    );
}

/// What comes to a sink.
pub(super) fn to_sink(model: &mut Model<'_>, sink: &Sink) -> Flow {
    let plan = model.plan;
    let mut all = Flow::default();
    for writer in plan.writers_of(sink) {
        let one = model.flows.transform(writer);
        all = Flow {
            rows: all.rows + one.rows,
            bytes: all.bytes + one.bytes,
        };
    }
    all
}

/// The sink that a resource is made for, what comes to it in a month, and by how many steps a message is counted.
fn messages_of(model: &mut Model<'_>, label: &str) -> Option<(String, Bounds, f64)> {
    let plan = model.plan;
    let brought = ["_queue", "_pipe"]
        .iter()
        .find_map(|end| plan.source(label.strip_suffix(end)?));
    let (item, flow) = match (brought, sink_of(plan, label)) {
        (Some(source), _) => (format!("source {}", source.name), model.flows.source(source)),
        (None, Some(sink)) => (format!("sink {}", sink.name), to_sink(model, sink)),
        (None, None) => return None,
    };
    let steps = (flow.row_bytes() / quota("messages.counted_by")).ceil().max(1.0);
    Some((item, flow.rows * MONTH_SECONDS, steps))
}

pub(super) fn pipe(model: &mut Model<'_>, block: &Block, label: &str) {
    if let Some((item, rows, steps)) = messages_of(model, label) {
        let factors = vec![times(rows, "messages"), times(steps, "units")];
        model.line(&item, block, "pipes.request", factors);
    }
}

pub(super) fn bus(model: &mut Model<'_>, block: &Block, label: &str) {
    if let Some((item, rows, steps)) = messages_of(model, label) {
        model.line(
            &item,
            block,
            "events.event",
            vec![times(rows, "events"), times(steps, "units")],
        );
    }
}

pub(super) fn topic(model: &mut Model<'_>, block: &Block, label: &str) {
    match messages_of(model, label) {
        Some((item, rows, steps)) => {
            model.line(
                &item,
                block,
                "sns.publish",
                vec![times(rows, "messages"), times(steps, "units")],
            );
        }
        None => {
            let item = Model::shared("watching");
            model.line(&item, block, "sns.mail", vec![up_to(MAILS, "mails")]);
        }
    }
}

pub(super) fn queue(model: &mut Model<'_>, block: &Block, label: &str) {
    let fifo = block.get("fifo_queue").is_some();
    let price = if fifo { "sqs.fifo_request" } else { "sqs.request" };
    match messages_of(model, label) {
        // Sent, received, deleted.
        Some((item, rows, steps)) => {
            let factors = vec![times(rows, "messages"), times(steps * 3.0, "requests")];
            model.line(&item, block, price, factors);
        }
        // What failed, or has arrived: no more than 100,000 of it, looked at now and then.
        None => {
            let item = model.item(label);
            model.line(&item, block, price, vec![up_to(100_000.0, "requests")]);
        }
    }
}

pub(super) fn starts(model: &mut Model<'_>, block: &Block, label: &str) {
    let often = model.starts.get(label).copied().unwrap_or(0.0);
    let item = model.item(label);
    model.line(&item, block, "scheduler.start", vec![times(often, "starts")]);
}

/// A run's states; each try of a job, and each look whether it is still going on, is some more.
pub(super) fn transitions(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    if label == ERASE {
        let transitions = vec![up_to(ERASURES, "requests"), times(PASSES * 2.0 + 2.0, "transitions")];
        model.line(&Model::shared("operations"), block, "states.transition", transitions);
        return;
    }
    let Some(schedule) = plan.schedules.iter().find(|schedule| schedule.name == *label) else {
        return;
    };
    let runs = super::compute::runs(&model.starts, schedule);
    let jobs = schedule.waves.iter().flatten().count() as f64;
    let tries = f64::from(schedule.retry.as_ref().map_or(0, |retry| retry.times)) + 1.0;
    let most = 10.0 + 20.0 * jobs * tries;
    let transitions = Bounds::new(2.0 + jobs, most);
    let item = format!("schedule {label}");
    let factors = vec![times(runs, "runs"), times(transitions, "transitions")];
    model.line(&item, block, "states.transition", factors);
}

/// Requests that a run of a source of data makes for each table, and what people ask in a month beside.
const FOR_A_TABLE: f64 = 10.0;
const BY_PEOPLE: f64 = 20_000.0;
/// What a run computes, in DataZone's units; metadata of a table, GiB, with all its versions.
const UNITS: f64 = 0.05;
const TABLE_GIB: f64 = 0.001;

/// What people find datasets in: sources are read every day.
pub(super) fn catalog(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("catalog");
    let tables = model.plan.own_tables().count() as f64;
    let zones = model.plan.zones.len() as f64;
    let days = MONTH_DAYS.ceil();
    let requests = tables * FOR_A_TABLE * days + BY_PEOPLE;
    model.line(&item, block, "datazone.request", vec![up_to(requests, "requests")]);
    model.line(
        &item,
        block,
        "datazone.unit",
        vec![up_to(zones * UNITS * days, "units")],
    );
    model.line(
        &item,
        block,
        "datazone.gib_month",
        vec![up_to(tables * TABLE_GIB, "GiB")],
    );
}

pub(super) fn mails(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("reports");
    let readers: usize = model
        .plan
        .dashboards()
        .map(|(_, dashboards)| dashboards.share.users.len() + dashboards.share.groups.len() * 20)
        .sum();
    let most = readers.max(1) as f64 * MONTH_DAYS.ceil();
    model.line(&item, block, "ses.mail", vec![up_to(most, "mails")]);
}

/// Ten minutes of actions for each change, and ten changes a day.
const SHIPPED_MINUTES: f64 = 100.0;

pub(super) fn pipeline(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("delivery");
    let minutes = vec![up_to(SHIPPED_MINUTES, "minutes a day"), times(MONTH_DAYS, "days")];
    model.line(&item, block, "codepipeline.minute", minutes);
}

pub(super) fn build(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("delivery");
    let minutes = vec![up_to(SHIPPED_MINUTES, "minutes a day"), times(MONTH_DAYS, "days")];
    model.line(&item, block, "codebuild.minute", minutes);
}
