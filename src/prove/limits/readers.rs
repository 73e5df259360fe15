//! Whether those who read a stream may read it side by side: they share what a shard gives.
//!
//! A function, a delivery stream and each job of a stream ask every shard about once a second.
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>,
//! <https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html>

use std::collections::BTreeMap;

use super::super::capacity::{needed_shards, plural, promise};
use super::super::quotas::quota;
use super::{Bound, By};
use crate::plan::{Engine, From, Input, Plan, Shape, Source, stream_functions};

/// Of each stream whose rows are promised: how often its shards are asked, and how much is read of them.
pub(super) fn bounds(plan: &Plan) -> Vec<Bound> {
    let readers = readers(plan);
    let mut out = vec![];
    for source in plan.sources.iter().filter(|source| source.volume.is_some()) {
        let Some(names) = readers.get(source.name.as_str()) else {
            continue;
        };
        if matches!(source.from, From::Kinesis(_)) {
            out.push(asked(source, names));
            out.extend(read(source, names));
        }
    }
    out
}

/// Who reads each source: its function, what lets it land, and jobs.
fn readers(plan: &Plan) -> BTreeMap<&str, Vec<String>> {
    let mut out: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for function in stream_functions(plan) {
        let who = format!("the function of `{}`", function.source.name);
        out.entry(&function.source.name).or_default().push(who);
    }
    for source in &plan.sources {
        if let Some(into) = &source.into {
            let who = format!("what lets it land in `{into}`");
            out.entry(&source.name).or_default().push(who);
        }
    }
    for transform in &plan.transforms {
        let is_job = transform.shape == Shape::Stream && !matches!(transform.engine, Engine::Lambda(_));
        for input in plan.reads(transform).into_iter().filter(|_| is_job) {
            if let Input::Stream(name) = input
                && let Some(source) = plan.source(name)
            {
                let who = format!("the job of `{}`", transform.name);
                out.entry(&source.name).or_default().push(who);
            }
        }
    }
    out
}

fn bound(source: &Source, names: &[String], what: &str) -> Bound {
    Bound {
        by: By::Source(source.name.clone()),
        what: format!("{what} of `{}`", source.name),
        item: promise(source),
        needed: names.len() as f64,
        allowed: quota("kinesis.shard_reads"),
        unit: "reads of a shard a second",
        derivation: format!("each asks once a second: {}", names.join(", ")),
        help: String::new(),
        sources: vec![source.name.clone()],
    }
}

fn asked(source: &Source, names: &[String]) -> Bound {
    let most = quota("kinesis.shard_reads");
    Bound {
        help: format!(
            "let no more than {most} read `{}`: transforms by `engine = lambda` read it as one, and others may read what has landed",
            source.name
        ),
        ..bound(source, names, "what reads the stream")
    }
}

/// Nothing where the stream grows by itself: it has a shard for half of what one takes, and four may read that. Nor where the
/// stream does not take what comes: that is said already.
fn read(source: &Source, names: &[String]) -> Option<Bound> {
    let promised = source.volume.as_ref()?;
    let volume = promised.most();
    let shards = source
        .kinesis()
        .shards
        .filter(|shards| needed_shards(promised) <= *shards)?;
    let shards = f64::from(shards);
    let bytes = volume.records_per_second * volume.record_bytes as f64;
    let readers = names.len() as f64;
    let needed = readers * bytes;
    let enough = (needed / quota("kinesis.shard_read_bytes")).ceil();
    Some(Bound {
        needed,
        allowed: shards * quota("kinesis.shard_read_bytes"),
        unit: "B a second",
        derivation: format!(
            "{} of {bytes} B a second each, of {} of {} B: {}",
            plural(readers, "reader"),
            plural(shards, "shard"),
            quota("kinesis.shard_read_bytes"),
            names.join(", ")
        ),
        help: format!("write `shards = {enough}`"),
        ..bound(source, names, "what is read of the stream")
    })
}
