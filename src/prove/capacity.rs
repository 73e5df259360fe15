//! Whether what a source promises fits the stream or the topic that takes it.

use super::quotas::quota;
use crate::check::items::Places;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::{From, Plan, Source, Volume};

pub(super) fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    for source in &plan.sources {
        let Some(volume) = &source.volume else {
            continue;
        };
        let found = match &source.from {
            From::Kinesis(kinesis) => match kinesis.shards {
                Some(shards) => too_few_shards(source, volume, shards, places).into_iter().collect(),
                None => too_much_on_demand(source, volume, places).into_iter().collect(),
            },
            From::Kafka(topic) => super::brokers::prove(source, topic, volume, places),
            _ => Vec::new(),
        };
        found.into_iter().for_each(|diagnostic| diagnostics.push(diagnostic));
    }
}

/// The shards of a stream that what its source promises needs, by the bytes and the records of a second.
pub fn needed_shards(volume: &Volume) -> u32 {
    by_shards(volume).2 as u32
}

/// How many shards a stream has, in words.
pub fn there(source: &Source) -> String {
    match source.kinesis().shards {
        Some(shards) => format!("{shards} are there"),
        None => "the stream grows by itself".to_owned(),
    }
}

/// Shards by bytes, by records, and as many as both need.
fn by_shards(volume: &Volume) -> (f64, f64, f64) {
    let volume = volume.most();
    let bytes = volume.records_per_second * volume.record_bytes as f64;
    let by_bytes = (bytes / quota("kinesis.shard_bytes")).ceil();
    let by_records = (volume.records_per_second / quota("kinesis.shard_records")).ceil();
    (by_bytes, by_records, by_bytes.max(by_records).max(1.0))
}

fn too_few_shards(source: &Source, promised: &Volume, shards: u32, places: &Places) -> Option<Diagnostic> {
    let volume = &promised.most();
    let bytes = volume.records_per_second * volume.record_bytes as f64;
    let (by_bytes, by_records, needed) = by_shards(volume);
    if needed <= f64::from(shards) {
        return None;
    }
    let path = format!("source.{}.{}.capacity.shards", source.name, source.stream_setting());
    let message = format!(
        "`{}` brings more than {} can take: {needed} are needed",
        source.name,
        plural(f64::from(shards), "shard")
    );
    let diagnostic = Diagnostic::new(Code::CAPACITY, places.get(&path)?, message)
        .found(format!(
            "takes {} MiB and {} records a second",
            shards,
            u64::from(shards) * 1_000
        ))
        .note(format!(
            "{} records of {} B a second are {} MiB a second: {} by bytes, {} by records",
            volume.records_per_second,
            volume.record_bytes,
            hundredths(bytes / quota("kinesis.shard_bytes")),
            plural(by_bytes, "shard"),
            plural(by_records, "shard"),
        ))
        .help(match too_sudden(source, promised, places) {
            Some(_) => format!("write `shards = {needed}`"),
            None => format!("write `shards = {needed}`, or `capacity = on_demand`"),
        });
    Some(with_volume(diagnostic, source, places))
}

fn too_much_on_demand(source: &Source, promised: &Volume, places: &Places) -> Option<Diagnostic> {
    let volume = &promised.most();
    let bytes = volume.records_per_second * volume.record_bytes as f64;
    if bytes <= quota("kinesis.on_demand_bytes") && volume.records_per_second <= quota("kinesis.on_demand_records") {
        return too_sudden(source, promised, places);
    }
    let needed = (bytes / quota("kinesis.shard_bytes"))
        .ceil()
        .max((volume.records_per_second / quota("kinesis.shard_records")).ceil());
    let message = format!("`{}` brings more than an on-demand stream takes", source.name);
    let span = places.get(&format!("source.{}.{}.capacity", source.name, source.stream_setting()))?;
    let diagnostic = Diagnostic::new(Code::CAPACITY, span, message)
        .found("takes 200 MiB and 200,000 records a second")
        .note(format!(
            "{} records of {} B a second are {} MiB a second",
            volume.records_per_second,
            volume.record_bytes,
            hundredths(bytes / quota("kinesis.shard_bytes"))
        ))
        .help(format!("write `capacity = provisioned {{ shards = {needed} }}`"));
    Some(with_volume(diagnostic, source, places))
}

/// A stream that grows by itself takes twice of what it has taken; what comes all at once is refused meanwhile.
fn too_sudden(source: &Source, promised: &Volume, places: &Places) -> Option<Diagnostic> {
    let volume = promised.most();
    let usual = promised.records_per_second;
    let bytes = volume.records_per_second * volume.record_bytes as f64;
    let twice_bytes = 2.0 * usual * volume.record_bytes as f64;
    let most_bytes = quota("kinesis.on_demand_start_bytes").max(twice_bytes);
    let most_records = quota("kinesis.on_demand_start_records").max(2.0 * usual);
    promised.peak?;
    if bytes <= most_bytes && volume.records_per_second <= most_records {
        return None;
    }
    let (_, _, needed) = by_shards(promised);
    let span = places.get(&format!("source.{}.peak", source.name))?;
    let message = format!(
        "the peak of `{}` comes faster than an on-demand stream grows",
        source.name
    );
    let diagnostic = Diagnostic::new(Code::CAPACITY, span, message)
        .found(format!(
            "takes {} MiB and {most_records} records a second at once",
            hundredths(most_bytes / quota("kinesis.shard_bytes"))
        ))
        .note(format!(
            "it takes twice of what it has taken before, and {usual} records a second are usual; the peak is {} MiB a second",
            hundredths(bytes / quota("kinesis.shard_bytes"))
        ))
        .help(format!("write `capacity = provisioned {{ shards = {needed} }}`"));
    Some(diagnostic)
}

/// Where a promise stands: its peak, if it has one, decides what fits.
pub(super) fn promise(source: &Source) -> String {
    let setting = match source.volume.as_ref().and_then(|volume| volume.peak) {
        Some(_) => "peak",
        None => "volume",
    };
    format!("source.{}.{setting}", source.name)
}

pub(super) fn with_volume(diagnostic: Diagnostic, source: &Source, places: &Places) -> Diagnostic {
    match places.get(&promise(source)) {
        Some(span) => diagnostic.label(span, "what it promises to bring"),
        None => diagnostic,
    }
}

pub(super) fn plural(count: f64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1.0 { "" } else { "s" })
}

pub(super) fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
