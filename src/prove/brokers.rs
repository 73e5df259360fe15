//! Whether what a source promises fits its topic: its partitions, its cluster, the disks of its brokers.

use super::capacity::{hundredths, plural, with_volume};
use crate::check::items::Places;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Brokers, Cluster, Kafka, PARTITION_BYTES, Source, Volume};

/// What MSK Serverless takes of all topics a second, bytes.
/// <https://docs.aws.amazon.com/msk/latest/developerguide/limits.html>
const SERVERLESS_BYTES: f64 = 200_000_000.0;
/// How many times as large disks become as they were, and the largest, GiB.
const GROWTH: f64 = 10.0;
const LARGEST_GIB: f64 = 16_384.0;

/// What of a topic is too little for what its source promises.
pub(super) fn prove(source: &Source, kafka: &Kafka, volume: &Volume, places: &Places) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = too_few_partitions(source, kafka, volume, places).into_iter().collect();
    match &kafka.cluster {
        Cluster::Serverless => found.extend(too_much_for_serverless(source, volume, places)),
        Cluster::Provisioned(brokers) => found.extend(too_small(source, kafka, brokers, volume, places)),
        Cluster::SelfManaged(_) => {}
    }
    found
}

fn bytes(volume: &Volume) -> f64 {
    let volume = volume.most();
    volume.records_per_second * volume.record_bytes as f64
}

fn told(volume: &Volume) -> String {
    format!(
        "{} are {} MB a second",
        volume.most().words(),
        hundredths(bytes(volume) / 1e6)
    )
}

fn too_few_partitions(source: &Source, kafka: &Kafka, volume: &Volume, places: &Places) -> Option<Diagnostic> {
    let needed = (bytes(volume) / PARTITION_BYTES).ceil();
    if needed <= f64::from(kafka.partitions) {
        return None;
    }
    let from = format!("source.{}.from", source.name);
    let span = places
        .get(&format!("{from}.partitions"))
        .or_else(|| places.get(&from))?;
    let message = format!(
        "`{}` brings more than {} can take: {needed} are needed",
        source.name,
        plural(f64::from(kafka.partitions), "partition")
    );
    let diagnostic = Diagnostic::new(Code::CAPACITY, span, message)
        .found(format!(
            "takes {} MB a second",
            f64::from(kafka.partitions) * PARTITION_BYTES / 1e6
        ))
        .note(told(volume))
        .help(format!("write `partitions = {needed}`"));
    Some(with_volume(diagnostic, source, places))
}

fn too_much_for_serverless(source: &Source, volume: &Volume, places: &Places) -> Option<Diagnostic> {
    if bytes(volume) <= SERVERLESS_BYTES {
        return None;
    }
    let from = format!("source.{}.from", source.name);
    let span = places.get(&format!("{from}.cluster")).or_else(|| places.get(&from))?;
    let message = format!("`{}` brings more than a serverless cluster takes", source.name);
    let diagnostic = Diagnostic::new(Code::CAPACITY, span, message)
        .found("takes 200 MB a second")
        .note(told(volume))
        .help("write `cluster = msk { kind = provisioned }`");
    Some(with_volume(diagnostic, source, places))
}

fn too_small(
    source: &Source,
    kafka: &Kafka,
    brokers: &Brokers,
    volume: &Volume,
    places: &Places,
) -> Option<Diagnostic> {
    let needed = kafka.needed_gib(volume)?;
    let most = (f64::from(brokers.storage_gib) * GROWTH).min(LARGEST_GIB);
    if needed <= most {
        return None;
    }
    let from = format!("source.{}.from", source.name);
    let span = places.get(&format!("{from}.storage")).or_else(|| places.get(&from))?;
    let help = match needed <= LARGEST_GIB {
        true => format!("write `storage = {} GiB`", needed.ceil()),
        false => {
            let more = (needed * f64::from(brokers.count) / LARGEST_GIB).ceil();
            format!("write `brokers = {more}` or more, or keep records for a shorter time")
        }
    };
    let message = format!(
        "the topic of `{}` keeps more than the disks of its brokers can hold",
        source.name
    );
    let diagnostic = Diagnostic::new(Code::CAPACITY, span, message)
        .found(format!("each grows to {most} GiB, and {} are needed", needed.ceil()))
        .note(format!(
            "{} copies of what comes in {} hours, on {} brokers: {}",
            brokers.copies(),
            kafka.retention_seconds / 3_600,
            brokers.count,
            told(volume)
        ))
        .help(help);
    Some(with_volume(diagnostic, source, places))
}
