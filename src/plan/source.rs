//! Sources: where rows come from, and by which way.
//!
//! It must not know AWS: only what an author says of each.

use std::collections::BTreeMap;

use super::types::TypeKind;
use super::{DatasetId, Delivers, Field, Format, Kafka, Queue, Replication, Schema, Shape, names, refused};
use crate::check::settings::Settings;

/// A source.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// What rows come as.
    pub shape: Shape,
    /// What deliveries are; `Rows` for streams and objects.
    pub delivers: Delivers,
    /// The format of what arrives.
    pub format: Format,
    /// The settings of that format: `csv { delimiter = ";" }`; none where it has none.
    pub format_settings: Option<Settings>,
    /// The rows.
    pub schema: Schema,
    /// What brings them, as `from` says: `kinesis`, `database` …
    pub connector: String,
    /// Where they come from.
    pub from: From,
    /// The requests that bring them to a stream, where it is not producers who write to it.
    pub api: Option<Api>,
    /// The queue of Amazon SQS whose messages are put on a stream.
    pub queued: Option<Queue>,
    /// The topics of AWS IoT Core, as MQTT filters them, whose messages are put on a stream.
    pub topic: Option<String>,
    /// The database that it is a copy of, if it is one.
    pub replication: Option<Replication>,
    /// What it promises to bring.
    pub volume: Option<Volume>,
    /// What it promises to bring where only bytes are promised, bytes a second.
    pub bytes_per_second: Option<f64>,
    /// Event time may be behind arrival by this much, seconds.
    pub late_at_most_seconds: u64,
    /// Where rows land untouched: `ZONE.SOURCE` in [`Plan::datasets`].
    pub into: Option<DatasetId>,
}

/// The longest from a row that a function has handed over to the file that holds it, seconds: a buffer of delivery, and
/// room for batches and tries.
const DELIVERY_SECONDS: u64 = 3600;

impl Source {
    /// How far a row's event time may be behind the moment at which a dataset has it, seconds. To what the author allows
    /// before arrival comes what happens after it: a record is tried again until it is given up, and then delivered.
    pub fn behind_landing_seconds(&self) -> u64 {
        let give_up = match &self.from {
            From::Kinesis(stream) => stream.give_up_seconds(),
            From::Kafka(topic) => topic.give_up_seconds(),
            _ => OTHER_GIVE_UP_SECONDS,
        };
        self.late_at_most_seconds + give_up + DELIVERY_SECONDS
    }

    /// The setting that says what its stream is like.
    pub fn stream_setting(&self) -> &'static str {
        match self.api.is_some() || self.topic.is_some() || self.queued.is_some() {
            true => "via",
            false => "from",
        }
    }

    /// How its files of CSV are written.
    pub fn csv(&self) -> Csv {
        let settings = self.format_settings.as_ref();
        let text = |name: &str, usual: &str| {
            let said = settings.and_then(|csv| csv.text(name));
            said.unwrap_or(usual).to_owned()
        };
        Csv {
            header: settings.and_then(|csv| csv.bool("header")) != Some(false),
            separator: text("separator", ","),
            quote: text("quote", "\""),
            missing: match &self.replication {
                Some(_) => names::DATABASE_NULL.to_owned(),
                None => text("missing", ""),
            },
        }
    }

    /// Whether its records may tell of changes to rows, and not only of rows.
    pub fn tells_of_changes(&self) -> bool {
        self.connector == "database" || self.delivers == Delivers::Changes
    }

    /// Whether `op` is what became of a row: its schema has no field of that name.
    pub fn has_operation(&self) -> bool {
        self.tells_of_changes() && self.schema.fields.iter().all(|field| field.column.name != "op")
    }

    /// The requests that ask for uploads of objects, where these come so.
    pub fn uploads(&self) -> Option<&Api> {
        self.api.as_ref().filter(|_| self.from == From::Objects)
    }

    /// The field that says where an object is, where each record tells of one.
    pub fn object(&self) -> Option<&Field> {
        let mut fields = self.schema.fields.iter();
        fields.find(|field| self.shape == Shape::Objects && field.column.ty.kind == TypeKind::Object)
    }

    /// Whether it comes by a stream of Kinesis.
    pub fn is_kinesis(&self) -> bool {
        matches!(self.from, From::Kinesis(_))
    }

    /// What is gathered of it before it is written, where producers hand it to a delivery stream.
    pub fn gathered(&self) -> Option<Gathered> {
        match self.from {
            From::Firehose(gathered) => Some(gathered),
            _ => None,
        }
    }

    /// Its topic, if it comes by one.
    pub fn kafka(&self) -> Option<&Kafka> {
        match &self.from {
            From::Kafka(topic) => Some(topic),
            _ => None,
        }
    }

    /// Its queue, if a function takes its messages from one.
    pub fn queue(&self) -> Option<&Queue> {
        match &self.from {
            From::Queue(queue) => Some(queue),
            _ => None,
        }
    }

    /// Where the function that reads it lands what arrives: what brings it has no other reader.
    pub fn landed_by_function(&self) -> Option<&DatasetId> {
        match self.from {
            From::Kafka(_) | From::Queue(_) if self.shape == Shape::Stream => self.into.as_ref(),
            _ => None,
        }
    }

    /// Where the function that reads it keeps the objects that messages bring.
    pub fn kept_by_function(&self) -> Option<&DatasetId> {
        match self.from {
            From::Kafka(_) if self.shape == Shape::Objects => self.into.as_ref(),
            _ => None,
        }
    }

    /// Its stream, for the parts of a platform that are made for streams of Kinesis only.
    pub fn kinesis(&self) -> &Kinesis {
        match &self.from {
            From::Kinesis(stream) => stream,
            _ => refused(),
        }
    }
}

/// The age at which what comes by other ways than a stream of our own is given up, seconds: half a day.
const OTHER_GIVE_UP_SECONDS: u64 = 43_200;

/// How much is gathered before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathered {
    /// The most, MiB.
    pub mebibytes: u32,
    /// The longest, seconds.
    pub seconds: u32,
}

/// Requests over HTTPS that are checked and handed on.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// The path that is posted to.
    pub path: String,
    /// Who may send.
    pub auth: ApiAuth,
    /// The most requests a second.
    pub per_second: f64,
    /// The most requests at once, above that.
    pub burst: u32,
    /// The web pages whose scripts may send: `https://app.example.com`.
    pub origins: Vec<String>,
}

/// Who may send requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApiAuth {
    /// Who has a key.
    Key,
    /// Who has an identity of AWS.
    Iam,
    /// Who has a token of an identity provider.
    Jwt {
        /// The address of who signs the tokens.
        issuer: String,
        /// Whom they are for.
        audience: String,
    },
    /// Everyone.
    Public,
}

/// Where a source's rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum From {
    /// An Amazon Kinesis data stream.
    Kinesis(Kinesis),
    /// Amazon Data Firehose, which writes records to where they land.
    Firehose(Gathered),
    /// A topic of Apache Kafka, read by an event source mapping.
    Kafka(Kafka),
    /// A queue of Amazon SQS.
    Queue(Queue),
    /// Requests of Amazon API Gateway, answered by a function.
    Http,
    /// Objects in Amazon S3, of which a queue of Amazon SQS tells.
    Objects,
    /// Files of a bucket of Amazon S3, which are copied as they are.
    Files(FilesOf),
    /// An endpoint that is asked again and again.
    Poll(Poll),
    /// A dataset that another project exports, which is read where it is.
    Project(Foreign),
    /// A way in that no function reads yet, by the name of its connector.
    Other(String),
}

/// A dataset of another project.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreign {
    /// What it is here: `PIPELINE.ZONE.DATASET`.
    pub id: DatasetId,
    /// How much of each class's lifetime its rows may have used up when they are read, days.
    pub used_days: BTreeMap<String, f64>,
}

/// How values stand in CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csv {
    /// Whether the first line names the columns.
    pub header: bool,
    /// What stands between two values.
    pub separator: String,
    /// What stands around a value that holds a separator.
    pub quote: String,
    /// The text that stands for a missing value.
    pub missing: String,
}

/// Files of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilesOf {
    /// The name of an existing bucket; `None` makes one, which senders put files into.
    pub bucket: Option<String>,
    /// What the names of the files start with.
    pub prefix: String,
    /// What a packed file's name ends with, `.gz`; empty for files that are not packed.
    pub suffix: &'static str,
    /// How often they are looked for, seconds; `None` for each as it comes.
    pub every_seconds: Option<u64>,
}

/// An endpoint that is asked again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// What is asked.
    pub url: String,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// How the platform proves who it is.
    pub auth: Option<PollAuth>,
    /// Where in the answer the list of rows is, by names between dots; `None` where the answer is the list.
    pub rows: Option<String>,
    /// The longest wait for an answer, seconds.
    pub timeout_seconds: u64,
    /// How often it is asked, seconds.
    pub every_seconds: u64,
}

/// How an endpoint knows who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollAuth {
    /// A token, by the name of its secret.
    Bearer(String),
    /// `username` and `password`, by the name of the secret that holds both.
    Basic(String),
    /// A key in a header: its name, and the name of the secret.
    Header(String, String),
}

impl PollAuth {
    /// The name of its secret.
    pub fn secret(&self) -> &str {
        match self {
            PollAuth::Bearer(secret) | PollAuth::Basic(secret) | PollAuth::Header(_, secret) => secret,
        }
    }
}

/// An Amazon Kinesis data stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Kinesis {
    /// The name of an existing stream; `None` makes one.
    pub existing: Option<String>,
    /// Shards; `None` is on-demand.
    pub shards: Option<u32>,
    /// How long records stay, hours (24 to 8,760).
    pub retention_hours: u32,
    /// The column whose text is the partition key.
    pub partition_key: Option<String>,
}

impl Kinesis {
    /// The age at which a record that cannot be delivered is given up, seconds: half of what the stream keeps, so that
    /// there is time to look at it before the stream forgets it.
    pub fn give_up_seconds(&self) -> u64 {
        (u64::from(self.retention_hours) * 3600 / 2).clamp(60, 604_800)
    }
}

/// A promised rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// Records a second.
    pub records_per_second: f64,
    /// Mean size of a record, bytes.
    pub record_bytes: u64,
    /// What it brings for a while, above that.
    pub peak: Option<Peak>,
}

/// The most that comes, for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Records a second.
    pub records_per_second: f64,
    /// How long, seconds.
    pub seconds: f64,
}

impl Volume {
    /// What comes in the busiest second, as if it came all the time: what is refused then is refused.
    pub fn most(&self) -> Volume {
        let peak = self.peak.map_or(0.0, |peak| peak.records_per_second);
        Volume {
            records_per_second: self.records_per_second.max(peak),
            peak: None,
            ..self.clone()
        }
    }

    /// The most records of so many seconds, with one peak among them.
    pub fn most_in(&self, seconds: f64) -> f64 {
        let peak = self.peak.unwrap_or(Peak {
            records_per_second: self.records_per_second,
            seconds,
        });
        let high = seconds.min(peak.seconds);
        peak.records_per_second * high + self.records_per_second * (seconds - high)
    }

    /// `20 records of 600 B a second, and 200 for 30 min`
    pub fn words(&self) -> String {
        let mean = format!(
            "{} records of {} B a second",
            self.records_per_second, self.record_bytes
        );
        match self.peak {
            Some(peak) => {
                let (rate, seconds) = (peak.records_per_second, peak.seconds);
                match seconds % 60.0 == 0.0 {
                    true => format!("{mean}, and {rate} for {} min", seconds / 60.0),
                    false => format!("{mean}, and {rate} for {seconds} s"),
                }
            }
            None => mean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_the_most_of_a_second_and_a_part_of_an_hour() {
        let mut volume = Volume {
            records_per_second: 20.0,
            record_bytes: 600,
            peak: None,
        };
        assert_eq!(volume.most(), volume);
        assert_eq!(volume.most_in(3_600.0), 72_000.0);
        assert_eq!(volume.words(), "20 records of 600 B a second");
        volume.peak = Some(Peak {
            records_per_second: 200.0,
            seconds: 1_800.0,
        });
        assert_eq!(volume.most().records_per_second, 200.0);
        assert_eq!(volume.most_in(60.0), 12_000.0);
        assert_eq!(volume.most_in(3_600.0), 396_000.0);
        assert_eq!(volume.words(), "20 records of 600 B a second, and 200 for 30 min");
    }
}
