//! Streams, and what delivers them to buckets.

use super::super::Bounds;
use super::super::flow::Flow;
use super::requests::to_sink;
use super::{GIB, MONTH_HOURS, MONTH_SECONDS, Model, hours, number, text, times, up_to};
use crate::aws::sink_of;
use crate::emit::hcl::Block;
use crate::plan::{Input, Kinesis, To, names};
use crate::prove::quotas::quota;

/// The most partitions that one buffer's rows are taken to be of.
const PARTITIONS: f64 = 10.0;

/// Records of a flow in a month.
fn records(flow: Flow) -> Bounds {
    flow.rows * MONTH_SECONDS
}

/// The GiB of a month, records rounded up.
fn rounded(flow: Flow, step: f64) -> Bounds {
    let size = (flow.row_bytes() / step).ceil().max(1.0) * step;
    records(flow) * (size / GIB)
}

pub(super) fn kinesis(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let item = model.item(label);
    let sink = sink_of(plan, label);
    let (flow, stream): (Flow, Option<&Kinesis>) = match (plan.source(label), sink) {
        (Some(source), _) => (model.flows.source(source), Some(source.kinesis())),
        (None, Some(sink)) => {
            let stream = match &sink.to {
                To::Stream(stream) => Some(stream),
                _ => None,
            };
            (to_sink(model, sink), stream)
        }
        (None, None) => return,
    };
    let retention = stream.map_or(24, |stream| stream.retention_hours);
    let beyond = f64::from(retention.min(168)) - 24.0;
    let gib = flow.bytes * (MONTH_SECONDS / GIB);
    match number(block, "shard_count") {
        Some(shards) => {
            let shards = || times(shards, "shards");
            model.line(&item, block, "kinesis.shard_hour", vec![shards(), hours()]);
            let units = (flow.row_bytes() / quota("kinesis.counted_by")).ceil().max(1.0);
            let factors = vec![times(records(flow), "records"), times(units, "units")];
            model.line(&item, block, "kinesis.put_unit", factors);
            if beyond > 0.0 {
                model.line(&item, block, "kinesis.extended_shard_hour", vec![shards(), hours()]);
            }
        }
        None => {
            model.line(
                &item,
                block,
                "kinesis.on_demand_hour",
                vec![times(1.0, "stream"), hours()],
            );
            let kib = (flow.row_bytes() / 1_024.0).ceil().max(1.0) * 1_024.0;
            let came = times(records(flow) * (kib / GIB), "GiB in");
            model.line(&item, block, "kinesis.on_demand_in_gib", vec![came]);
            let readers = readers(model, label);
            let factors = vec![times(gib, "GiB"), times(readers, "readers")];
            model.line(&item, block, "kinesis.on_demand_out_gib", factors);
            if beyond > 0.0 {
                let kept = times(flow.bytes * (beyond * 3_600.0 / GIB), "GiB kept");
                model.line(&item, block, "kinesis.on_demand_extended_gib_month", vec![kept]);
            }
        }
    }
    if retention > 168 {
        let seconds = f64::from(retention - 168) * 3_600.0;
        let kept = times(flow.bytes * (seconds / GIB), "GiB kept");
        model.line(&item, block, "kinesis.long_gib_month", vec![kept]);
    }
}

/// Who reads a stream: its delivery, its function, and each job.
fn readers(model: &Model<'_>, source: &str) -> f64 {
    let plan = model.plan;
    let lands = plan.source(source).is_some_and(|source| source.into.is_some());
    let reads = |transform: &&crate::plan::Transform| {
        transform.engine.is_job() && matches!(&transform.input, Input::Stream(name) if name == source)
    };
    let jobs = plan.transforms.iter().filter(reads).count() as f64;
    let one = |holds: bool| f64::from(u8::from(holds));
    one(lands) + one(model.functions.contains_key(source)) + jobs
}

pub(super) fn delivery(model: &mut Model<'_>, block: &Block, label: &str) {
    let plan = model.plan;
    let item = model.item(label);
    // A row that is turned away is not delivered where it was to go: it is counted there.
    let turned_away = label.strip_suffix("_quarantine");
    if turned_away.is_some_and(|name| model.transforms.contains_key(name)) {
        return;
    }
    let landed = label.strip_suffix("_landing").and_then(|name| plan.source(name));
    let flow = match (landed, model.deliveries.get(label).copied()) {
        (Some(source), _) => model.flows.source(source),
        (None, Some(transform)) => model.flows.transform(transform),
        (None, None) => return,
    };
    if block.children("iceberg_configuration").next().is_some() {
        // What goes to tables of Iceberg is counted as it is.
        let gib = flow.bytes * (MONTH_SECONDS / GIB);
        model.line(&item, block, "firehose.iceberg_gib", vec![times(gib, "GiB")]);
        return;
    }
    // MSK's records are not rounded up; no bundle delivers them yet.
    let gib = || times(rounded(flow, quota("firehose.counted_by")), "GiB");
    model.line(&item, block, "firehose.in_gib", vec![gib()]);
    let Some(destination) = block.children("extended_s3_configuration").next() else {
        return;
    };
    if destination
        .children("data_format_conversion_configuration")
        .next()
        .is_some()
    {
        model.line(&item, block, "firehose.converted_gib", vec![gib()]);
    }
    if destination
        .children("dynamic_partitioning_configuration")
        .next()
        .is_some()
    {
        let delivered = flow.bytes * (MONTH_SECONDS / GIB);
        let delivered = Bounds::new(delivered.low * super::storage::PACKED, delivered.high);
        model.line(
            &item,
            block,
            "firehose.partitioned_gib",
            vec![times(delivered, "GiB written")],
        );
        let flushes = MONTH_SECONDS / f64::from(names::DELIVERY_BUFFER_SECONDS);
        let objects = vec![up_to(flushes, "buffers"), times(PARTITIONS, "partitions")];
        model.line(&item, block, "firehose.partitioned_object", objects);
        // Of what is processed, hours of one processor.
        let share = (flow.rows.high / 1_000.0).ceil().max(1.0);
        model.line(&item, block, "firehose.jq_hour", vec![up_to(share * MONTH_HOURS, "h")]);
    }
}

pub(super) fn serverless_cluster(model: &mut Model<'_>, block: &Block, label: &str) {
    let item = model.item(label);
    model.line(
        &item,
        block,
        "msk.serverless_hour",
        vec![times(1.0, "cluster"), hours()],
    );
    let mut gib = Bounds::default();
    for source in model.plan.sources.iter().filter(|source| source.connector == "kafka") {
        gib = gib + model.flows.source(source).bytes * (MONTH_SECONDS / GIB);
    }
    // A topic has 1 partition at least, and by its own setting 1,000 at most.
    let partitions = vec![times(Bounds::new(1.0, 1_000.0), "partitions"), hours()];
    model.line(&item, block, "msk.serverless_partition_hour", partitions);
    model.line(&item, block, "msk.serverless_in_gib", vec![times(gib, "GiB in")]);
    model.line(&item, block, "msk.serverless_out_gib", vec![times(gib, "GiB out")]);
}

pub(super) fn brokers(model: &mut Model<'_>, block: &Block, label: &str) {
    let item = model.item(label);
    let count = number(block, "number_of_broker_nodes").unwrap_or(2.0);
    let nodes = block.children("broker_node_group_info").next();
    let instance = nodes.and_then(|nodes| text(nodes, "instance_type")).unwrap_or_default();
    let price = match instance.as_str() {
        "kafka.t3.small" => ("msk.broker_hour.kafka.t3.small", 1.0),
        "kafka.m7g.large" => ("msk.broker_hour.kafka.m7g.large", 1.0),
        // Larger ones cost as much as they are larger.
        other => {
            let base = match other.starts_with("kafka.m7g") {
                true => "msk.broker_hour.kafka.m7g.large",
                false => "msk.broker_hour.kafka.m5.large",
            };
            (base, larger(other))
        }
    };
    let factors = vec![times(count, "brokers"), hours(), times(price.1, "times a large one")];
    model.line(&item, block, price.0, factors);
    let disk = nodes
        .and_then(|nodes| nodes.children("storage_info").next())
        .and_then(|info| info.children("ebs_storage_info").next())
        .and_then(|disk| number(disk, "volume_size"))
        .unwrap_or(100.0);
    model.line(
        &item,
        block,
        "msk.gib_month",
        vec![times(count, "disks"), times(disk, "GiB")],
    );
}

/// How many times as large as `large` a broker is.
fn larger(instance: &str) -> f64 {
    let size = instance.rsplit('.').next().unwrap_or_default();
    match size.strip_suffix("xlarge") {
        Some("") => 2.0,
        Some(times) => times.parse::<f64>().unwrap_or(1.0) * 2.0,
        None => 1.0,
    }
}
