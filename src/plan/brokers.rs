//! Where messages wait that no stream of Kinesis brings: topics of Apache Kafka, and queues of Amazon SQS.
//!
//! It must not know AWS: only what an author says of each.

use super::source::Volume;
use super::{Shape, Source};

/// A topic of Apache Kafka.
#[derive(Clone, Debug, PartialEq)]
pub struct Kafka {
    /// Its name.
    pub topic: String,
    /// How long records stay in it, seconds.
    pub retention_seconds: u64,
    /// How many partitions it has.
    pub partitions: u32,
    /// The cluster that the platform reads.
    pub cluster: Cluster,
    /// The cluster whose records are copied into that one, until it is given up.
    pub moved_from: Option<OwnCluster>,
}

/// A cluster of Apache Kafka.
#[derive(Clone, Debug, PartialEq)]
pub enum Cluster {
    /// Amazon MSK Serverless.
    Serverless,
    /// Amazon MSK with brokers.
    Provisioned(Brokers),
    /// One's own, wherever it runs.
    SelfManaged(OwnCluster),
}

/// The brokers of Amazon MSK.
#[derive(Clone, Debug, PartialEq)]
pub struct Brokers {
    /// How many.
    pub count: u32,
    /// What each is: `kafka.m7g.large`.
    pub instance: String,
    /// The disk of each at first, GiB.
    pub storage_gib: u32,
    /// How senders prove who they are, beside identities of AWS.
    pub auth: Auth,
}

/// A cluster of one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnCluster {
    /// Where its brokers listen, each as `HOST:PORT`.
    pub brokers: Vec<String>,
    /// How the platform proves who it is.
    pub auth: Auth,
    /// The name of the secret with the certificate of who signed the brokers'.
    pub authority: Option<String>,
}

/// How clients of a cluster prove who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// By an identity of AWS.
    Iam,
    /// By `username` and `password` in the secret of this name.
    Scram(String),
    /// By `certificate` and `privateKey` in the secret of this name.
    Mtls(String),
}

impl Auth {
    /// The name of its secret.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Auth::Iam => None,
            Auth::Scram(secret) | Auth::Mtls(secret) => Some(secret),
        }
    }
}

impl OwnCluster {
    /// The ports that its brokers listen on, each once.
    pub fn ports(&self) -> Vec<u32> {
        let ports = self
            .brokers
            .iter()
            .filter_map(|broker| broker.rsplit_once(':')?.1.parse().ok());
        let mut ports: Vec<u32> = ports.collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }
}

/// The most of a partition that one reader takes a second, bytes: what an event poller of Lambda reads, and what a
/// partition of MSK Serverless takes.
/// <https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html>,
/// <https://docs.aws.amazon.com/msk/latest/developerguide/limits.html>
pub const PARTITION_BYTES: f64 = 5_000_000.0;
/// The largest message of rows, bytes: what Firehose lands of it in one piece.
const LARGEST_ROW: u32 = 1_000_000;
/// The largest message that is an object, bytes: of a batch's 6 MiB, which Lambda hands over in Base64, it leaves a tenth to
/// what stands beside it.
const LARGEST_OBJECT: u32 = 4 << 20;
/// Copies of each record in a cluster with brokers, where there are as many.
const COPIES: u32 = 3;
const GIB: f64 = 1_073_741_824.0;

/// The largest message of a source's topic, bytes.
pub fn largest_message(source: &Source) -> u32 {
    match source.shape {
        Shape::Objects => LARGEST_OBJECT,
        Shape::Stream | Shape::Table => LARGEST_ROW,
    }
}

/// The disks of a broker, GiB.
const STORAGE_GIB: (u32, u32) = (100, 16_384);

impl Brokers {
    /// How many brokers hold each record.
    pub fn copies(&self) -> u32 {
        self.count.min(COPIES)
    }
}

impl Kafka {
    /// The age at which a record that cannot be delivered is given up, seconds: half of what the topic keeps.
    pub fn give_up_seconds(&self) -> u64 {
        (self.retention_seconds / 2).clamp(60, 604_800)
    }

    /// How much of a promise a broker's disk has to hold, GiB, as the topic keeps it; `None` without brokers of ours.
    pub fn needed_gib(&self, volume: &Volume) -> Option<f64> {
        let Cluster::Provisioned(brokers) = &self.cluster else {
            return None;
        };
        Some(held_gib(volume, self.retention_seconds) * f64::from(brokers.copies()) / f64::from(brokers.count.max(1)))
    }
}

/// What a topic holds of a promise, GiB.
fn held_gib(volume: &Volume, seconds: u64) -> f64 {
    volume.most_in(seconds as f64) * volume.record_bytes as f64 / GIB
}

/// The disk of a broker where none is asked for, GiB: what is promised, half as much again, and room for the cluster's own.
pub fn usual_storage_gib(volume: Option<&Volume>, seconds: u64, count: u32) -> u32 {
    let copies = f64::from(count.min(COPIES)) / f64::from(count.max(1));
    let held = volume.map_or(0.0, |volume| held_gib(volume, seconds) * copies * 1.5);
    ((held / 10.0).ceil() as u32 * 10).clamp(STORAGE_GIB.0, STORAGE_GIB.1)
}

/// A queue of Amazon SQS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The name of an existing queue; `None` makes one.
    pub existing: Option<String>,
    /// Whether messages come in order, once.
    pub fifo: bool,
    /// How long messages stay in it, seconds.
    pub retention_seconds: u64,
    /// How often a message is tried before it goes to the dead letters.
    pub tries: u32,
}
