//! What keeps a value for a while: a stream, a dataset, a quarantine, a backup, results of queries.
//!
//! It must not know paths: only how long each stay is, which setting decides that, and how it is said.

use crate::plan::names::{INBOX_DAYS, QUARANTINE_DAYS};
use crate::plan::{Athena, Dataset, Format, From, Refresh, Serve, Sink, Source, To, Transform, Writer, Zone};

/// Days that S3 takes to sweep, and a day of old versions.
const SWEEP: f64 = 2.0;
const VERSIONS: f64 = 1.0;
/// Days that dead letters stay.
const DEAD_LETTERS: f64 = 14.0;
/// The longest that Firehose keeps what it is handed and cannot write, days.
/// <https://docs.aws.amazon.com/firehose/latest/dev/retry.html>
const DELIVERY: f64 = 1.0;

/// What keeps a value.
#[derive(Clone, Copy, Debug)]
pub enum Stay<'p> {
    /// A source's stream, or its topic.
    Stream(&'p Source),
    /// A queue of Amazon SQS, with its dead letters.
    Queue(&'p Source),
    /// The delivery stream that producers hand a source's rows to.
    Delivery(&'p Source),
    /// A bucket of the platform's own that senders put a source's files into.
    Inbox(&'p Source),
    /// The project that a source reads, up to the last moment at which a row can be read there, days.
    Project(&'p Source, f64),
    /// A dataset, in its zone.
    Dataset(&'p Dataset, &'p Zone),
    /// Backups of a zone's datasets, that many days.
    Backup(&'p Zone, u32),
    /// What queries of people answered.
    Results(&'p Serve, &'p Athena),
    /// What a dashboard holds of a dataset until it is read again.
    Held(&'p Serve, Refresh),
    /// What dashboards asked.
    Asked(&'p Serve),
    /// What a warehouse could be set back to: what it held a day ago.
    Warehouse(&'p Serve),
    /// What a transform turned away; the zone says for how long.
    TurnedAway(&'p Transform, &'p Zone),
    /// What a transform turned away that writes sinks alone, this one among them.
    NotSent(&'p Transform, &'p Sink),
    /// What a sink was given, that many days.
    Sink(&'p Sink, f64),
}

/// A stay as it is told.
#[derive(Debug)]
pub(super) struct Said {
    /// Where: `raw.clicks`.
    pub(super) name: String,
    /// As it stands in the path: `raw.clicks (30 days + 3)`.
    pub(super) text: String,
    /// What is said at its place.
    pub(super) found: String,
    /// The setting that decides.
    pub(super) setting: Setting,
}

/// A setting that a stay's length is.
#[derive(Debug)]
pub(super) struct Setting {
    /// Where to point: `zone.raw.retain`.
    pub(super) path: String,
    /// Its name: `retain`.
    pub(super) name: &'static str,
    /// Its owner, for the help: "zone `raw`".
    pub(super) owner: String,
    /// Its value, days.
    pub(super) days: f64,
}

impl Setting {
    /// Whether its value is a time that an author writes.
    pub(super) fn takes_days(&self) -> bool {
        !matches!(self.name, "engine" | "queue" | "refresh" | "from" | "to" | "via")
    }
}

impl Stay<'_> {
    /// All of it, days.
    pub fn days(self) -> f64 {
        self.kept() + self.swept().unwrap_or(0.0)
    }

    /// How long what is deleted by hand stays all the same, days: as an old version, until it is swept.
    pub fn lag(self) -> f64 {
        let before = match self {
            Stay::Dataset(dataset, _) => history(dataset),
            _ => 0.0,
        };
        before + self.swept().unwrap_or(0.0)
    }

    /// How long it is kept, before S3 sweeps it, days.
    fn kept(self) -> f64 {
        match self {
            Stay::Stream(source) => in_stream(source),
            Stay::Queue(source) => in_queue(source),
            Stay::Delivery(_) => DELIVERY,
            Stay::Inbox(_) => f64::from(INBOX_DAYS),
            Stay::Dataset(dataset, _) => f64::from(dataset.retain_days) + history(dataset),
            Stay::Backup(_, days) => f64::from(days),
            Stay::Results(_, athena) => f64::from(athena.result_days),
            Stay::Held(_, refresh) => refresh.days(),
            Stay::Asked(_) | Stay::Warehouse(_) => 1.0,
            Stay::TurnedAway(_, zone) => f64::from(zone.quarantine_days),
            Stay::NotSent(..) => f64::from(QUARANTINE_DAYS),
            Stay::Sink(_, days) | Stay::Project(_, days) => days,
        }
    }

    /// What S3 adds to that, days; nothing where it is not in S3.
    fn swept(self) -> Option<f64> {
        match self {
            Stay::Stream(_)
            | Stay::Project(..)
            | Stay::Queue(_)
            | Stay::Delivery(_)
            | Stay::Backup(..)
            | Stay::Sink(..)
            | Stay::Held(..)
            | Stay::Warehouse(_) => None,
            Stay::Inbox(_)
            | Stay::Dataset(..)
            | Stay::Results(..)
            | Stay::Asked(_)
            | Stay::TurnedAway(..)
            | Stay::NotSent(..) => Some(SWEEP + if self.has_versions() { VERSIONS } else { 0.0 }),
        }
    }

    fn has_versions(self) -> bool {
        match self {
            Stay::Dataset(_, zone) => zone.keeps_versions(),
            Stay::Inbox(_) | Stay::Results(..) | Stay::Asked(_) | Stay::TurnedAway(..) | Stay::NotSent(..) => true,
            Stay::Stream(_)
            | Stay::Project(..)
            | Stay::Queue(_)
            | Stay::Delivery(_)
            | Stay::Backup(..)
            | Stay::Sink(..)
            | Stay::Held(..)
            | Stay::Warehouse(_) => false,
        }
    }

    /// It in words: `raw.clicks (30 days + 3)`.
    pub fn words(self) -> String {
        self.told().text
    }

    /// What is said of it.
    pub(super) fn told(self) -> Said {
        let (name, kept) = (self.name(), days(self.kept()));
        let (text, found) = match (self, self.swept()) {
            (Stay::Stream(source), _) if source.kafka().is_some() => (
                format!("{name} (kafka, {kept})"),
                format!("the topic of `{name}` keeps it {kept}"),
            ),
            (Stay::Queue(source), _) => (
                format!("{name} ({kept})"),
                format!("the queue of `{}` and its dead letters keep it {kept}", source.name),
            ),
            (Stay::Delivery(_), _) => (
                format!("{name} (firehose, {kept})"),
                format!("Firehose tries for {kept} to write `{name}` where it lands"),
            ),
            (Stay::Stream(_), _) => (
                format!("{name} (kinesis, {kept})"),
                format!("the stream of `{name}` keeps it {kept}"),
            ),
            (Stay::Project(source, _), _) => (
                format!("{} ({kept})", source.schema.name),
                format!("rows of `{}` may be {kept} old when they are read", source.schema.name),
            ),
            (Stay::Backup(zone, _), _) => (
                format!("{name} ({kept})"),
                format!("a backup of `{}` from its last day keeps it {kept} more", zone.name),
            ),
            (Stay::Held(serve, _), _) => (
                format!("{name} ({kept})"),
                format!("`{}` holds it until it reads it again, {kept}", serve.name),
            ),
            (Stay::Warehouse(serve), _) => (
                format!("{name} ({kept})"),
                format!("`{}` can be set back by {kept}", serve.name),
            ),
            (Stay::Sink(..), _) => (format!("{name} ({kept})"), format!("`{name}` keeps it {kept}")),
            (_, swept) => {
                let extra = swept.unwrap_or(0.0);
                let old = match self.has_versions() {
                    true => ", one of them as an old version",
                    false => "",
                };
                (
                    format!("{name} ({kept} + {extra})"),
                    format!("`{name}` keeps it {kept}, and up to {extra} more until S3 sweeps it{old}"),
                )
            }
        };
        Said {
            name,
            text,
            found,
            setting: self.setting(),
        }
    }

    /// What it is called: `raw.clicks`.
    pub fn name(self) -> String {
        match self {
            Stay::Stream(source) | Stay::Project(source, _) | Stay::Delivery(source) => source.name.clone(),
            Stay::Queue(source) => format!("queue of {}", source.name),
            Stay::Inbox(source) => format!("files of {}", source.name),
            Stay::Dataset(dataset, _) => dataset.id.to_string(),
            Stay::Backup(zone, _) => format!("backups of {}", zone.name),
            Stay::Results(serve, _) => format!("results of {}", serve.name),
            Stay::Held(serve, _) => format!("what {} holds", serve.name),
            Stay::Asked(serve) => format!("results of {}", serve.name),
            Stay::Warehouse(serve) => format!("recovery points of {}", serve.name),
            Stay::TurnedAway(transform, _) | Stay::NotSent(transform, _) => format!("quarantine of {}", transform.name),
            Stay::Sink(sink, _) => sink.name.clone(),
        }
    }

    fn setting(self) -> Setting {
        let (kind, owner, path, name) = match self {
            Stay::Stream(source) => {
                let path = format!("{}.retention", source.stream_setting());
                ("source", &source.name, path, "retention")
            }
            Stay::Inbox(source) => ("source", &source.name, "from".to_owned(), "retention"),
            Stay::Delivery(source) => ("source", &source.name, "via".to_owned(), "via"),
            Stay::Project(source, _) => ("source", &source.name, "from".to_owned(), "from"),
            Stay::Queue(source) => ("source", &source.name, "from".to_owned(), "queue"),
            Stay::Dataset(dataset, zone) => match &dataset.writer {
                Writer::Transform(writer) if dataset.retain_days != zone.retain_days => {
                    ("transform", writer, "retain".to_owned(), "retain")
                }
                _ => ("zone", &zone.name, "retain".to_owned(), "retain"),
            },
            Stay::Backup(zone, _) => ("zone", &zone.name, "backup".to_owned(), "backup"),
            Stay::Results(serve, _) => ("serve", &serve.name, "engine".to_owned(), "results"),
            Stay::Held(serve, _) => ("serve", &serve.name, "engine".to_owned(), "refresh"),
            Stay::Asked(serve) | Stay::Warehouse(serve) => ("serve", &serve.name, "engine".to_owned(), "engine"),
            Stay::TurnedAway(_, zone) => ("zone", &zone.name, "quarantine".to_owned(), "quarantine"),
            Stay::NotSent(_, sink) => ("sink", &sink.name, "to".to_owned(), "to"),
            Stay::Sink(sink, _) => {
                let name = match sink.to {
                    To::Items { .. } => "ttl",
                    To::Stream(_) => "retention",
                    To::Redshift(_) => "to",
                    _ => "retain",
                };
                ("sink", &sink.name, "to".to_owned(), name)
            }
        };
        Setting {
            path: format!("{kind}.{owner}.{path}"),
            name,
            owner: format!("{kind} `{owner}`"),
            days: match self {
                // What was there before is not the setting's.
                Stay::Dataset(dataset, _) => f64::from(dataset.retain_days),
                _ => self.kept(),
            },
        }
    }
}

/// How long a stream or a topic keeps records, days.
fn in_stream(source: &Source) -> f64 {
    match &source.from {
        From::Kafka(topic) => topic.retention_seconds as f64 / 86_400.0,
        _ => f64::from(source.kinesis().retention_hours) / 24.0,
    }
}

/// The longest that a queue keeps a message with its dead letters, which stay 14 days: without order from the time at which
/// it was sent, and with order from the time at which it became one. A queue that is there keeps no message for longer.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html>
fn in_queue(source: &Source) -> f64 {
    let queue = source.queue().or(source.queued.as_ref());
    let before = queue.filter(|queue| queue.fifo && queue.existing.is_none());
    DEAD_LETTERS + before.map_or(0.0, |queue| queue.retention_seconds as f64 / 86_400.0)
}

/// What was there before in an Iceberg table can be read, and is taken out by a daily run.
fn history(dataset: &Dataset) -> f64 {
    match dataset.format {
        Format::Iceberg => f64::from(dataset.history_days) + 1.0,
        _ => 0.0,
    }
}

/// A number of days, in words.
pub fn days(count: f64) -> String {
    if count.is_infinite() {
        return "for ever".to_owned();
    }
    let count = (count * 100.0).round() / 100.0;
    if count == 1.0 {
        "1 day".to_owned()
    } else {
        format!("{count} days")
    }
}
