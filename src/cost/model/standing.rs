//! What is paid for because it is there: keys, alarms, endpoints, logs, audit.

use super::super::Bounds;
use super::{GIB, MONTH_SECONDS, Model, hours, length, text, times, up_to};
use crate::emit::hcl::Block;

/// What a log group is given in a month at most, GiB.
const LOGGED_GIB: f64 = 1.0;
/// What the flows of a network are, GiB a month at most.
const FLOWS_GIB: f64 = 10.0;
/// With keys of buckets, S3 asks KMS once for as many requests.
const REQUESTS_A_KEY: f64 = 100.0;
/// How often a resource's state is recorded in a month at most: once, and once more for a change.
const RECORDED: f64 = 2.0;

pub(super) fn key(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("keys");
    // A key and its first two rotations are paid for each.
    let versions = times(Bounds::new(1.0, 3.0), "versions of the key");
    model.line(&item, block, "kms.key_month", vec![versions]);
    let (writes, reads) = model.objects;
    let most = (writes.high + reads.high) / REQUESTS_A_KEY + streams(model) * MONTH_SECONDS / 300.0;
    model.line(&item, block, "kms.request", vec![up_to(most, "requests")]);
}

/// Streams and deliveries, each of which asks for a data key every five minutes.
fn streams(model: &Model<'_>) -> f64 {
    let plan = model.plan;
    let sources = plan.sources.iter().filter(|source| source.is_kinesis()).count();
    (sources + plan.transforms.len()) as f64
}

pub(super) fn secret(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("keys");
    model.line(&item, block, "secrets.secret_month", vec![times(1.0, "secret")]);
    // A function asks when it starts: each is started anew a few times an hour.
    model.line(&item, block, "secrets.request", vec![up_to(10_000.0, "requests")]);
}

pub(super) fn alarm(model: &mut Model<'_>, block: &Block, _: &str) {
    let queries = block
        .children("metric_query")
        .filter(|query| query.children("metric").next().is_some());
    let metrics = queries.count().max(1) as f64;
    let item = Model::shared("watching");
    model.line(&item, block, "cloudwatch.alarm_month", vec![times(metrics, "metrics")]);
    // One that no service sends is the platform's own.
    let namespaces = |block: &Block| {
        text(block, "namespace").or_else(|| {
            let mut queries = block
                .children("metric_query")
                .flat_map(|query| query.children("metric"));
            queries.find_map(|metric| text(metric, "namespace"))
        })
    };
    let own = namespaces(block).is_none_or(|name| !name.starts_with("AWS/"));
    if own {
        let factors = vec![times(Bounds::up_to(metrics), "metrics")];
        model.line(&item, block, "cloudwatch.metric_month", factors);
    }
}

pub(super) fn dashboard(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("watching");
    model.line(
        &item,
        block,
        "cloudwatch.dashboard_month",
        vec![times(1.0, "dashboard")],
    );
}

pub(super) fn log_group(model: &mut Model<'_>, block: &Block, label: &str) {
    let item = Model::shared("logs");
    let most = if label == "network_flows" {
        FLOWS_GIB
    } else {
        LOGGED_GIB
    };
    model.line(&item, block, "cloudwatch.log_in_gib", vec![up_to(most, "GiB")]);
    let months = (f64::from(model.plan.pipeline.log_days) / super::MONTH_DAYS).max(1.0);
    let kept = vec![up_to(most, "GiB"), times(months, "months")];
    model.line(&item, block, "cloudwatch.log_gib_month", kept);
}

/// A zone of an interface is paid for by the hour; gateways cost nothing.
pub(super) fn endpoint(model: &mut Model<'_>, block: &Block, _: &str) {
    if text(block, "vpc_endpoint_type").as_deref() == Some("Gateway") {
        return;
    }
    let item = Model::shared("network");
    let zones = times(length(block, "subnet_ids"), "zones");
    model.line(&item, block, "vpc.endpoint_hour", vec![zones, hours()]);
    model.line(&item, block, "vpc.endpoint_gib", vec![up_to(passed(model), "GiB")]);
}

/// What passes an endpoint at most, GiB a month: everything that sources bring, twice.
fn passed(model: &Model<'_>) -> f64 {
    let plan = model.plan;
    let bytes = plan.sources.iter().map(|source| model.flows.source(source).bytes.high);
    let streams = plan.sources.iter().filter(|source| source.is_kinesis()).count();
    match streams {
        0 => 10.0,
        _ => bytes.sum::<f64>() * 2.0 * MONTH_SECONDS / GIB,
    }
}

pub(super) fn nat(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("network");
    model.line(&item, block, "vpc.nat_hour", vec![times(1.0, "gateway"), hours()]);
    // What calls hosts outside: images, packages, endpoints that are polled.
    model.line(&item, block, "vpc.nat_gib", vec![up_to(100.0, "GiB")]);
}

pub(super) fn address(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("network");
    model.line(&item, block, "vpc.address_hour", vec![times(1.0, "address"), hours()]);
}

/// Reads and writes of the lake; the calls of the first trail are free.
pub(super) fn trail(model: &mut Model<'_>, block: &Block, _: &str) {
    let (writes, reads) = model.objects;
    let item = Model::shared("audit");
    model.line(
        &item,
        block,
        "cloudtrail.data_event",
        vec![times(writes + reads, "events")],
    );
}

pub(super) fn recorder(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("audit");
    let most = model.resources * RECORDED;
    model.line(&item, block, "config.recorded_item", vec![up_to(most, "items")]);
}

pub(super) fn rule(model: &mut Model<'_>, block: &Block, _: &str) {
    let item = Model::shared("audit");
    let most = model.resources * RECORDED;
    model.line(&item, block, "config.evaluation", vec![up_to(most, "evaluations")]);
}

pub(super) fn repository(model: &mut Model<'_>, block: &Block, label: &str) {
    let item = model.item(label);
    // An image, and the ten before it that the repository keeps.
    model.line(&item, block, "ecr.gib_month", vec![up_to(10.0, "GiB")]);
}
