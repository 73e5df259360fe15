//! Sinks: destinations outside the lake.
//!
//! It must not know AWS: only what an author says of each.

use super::types::{Column, TypeKind};
use super::{Input, Kinesis, Plan, Target, Transform, names};

/// A destination outside the lake.
#[derive(Clone, Debug, PartialEq)]
pub struct Sink {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// Where rows go.
    pub to: To,
}

/// Where the rows of a sink go.
#[derive(Clone, Debug, PartialEq)]
pub enum To {
    /// A bus of EventBridge.
    Bus {
        /// Its name.
        name: String,
        /// What events are called; without it, by the transform.
        detail_type: Option<String>,
    },
    /// A topic of SNS.
    Topic {
        /// The name of an existing one; `None` makes one.
        existing: Option<String>,
    },
    /// A queue of SQS.
    Queue {
        /// The name of an existing one; `None` makes one.
        existing: Option<String>,
        /// Whether messages come in order, once.
        fifo: bool,
        /// The columns that the messages of a group have in common.
        key: Vec<String>,
    },
    /// A stream of Kinesis.
    Stream(Kinesis),
    /// An index of OpenSearch Serverless.
    Index {
        /// Its name.
        index: String,
        /// The columns that tell one document from another.
        key: Vec<String>,
        /// How long documents stay, days; `None` for ever.
        retain_days: Option<u32>,
        /// The least and the most capacity, in OpenSearch's units.
        capacity: (u32, u32),
    },
    /// A table of DynamoDB.
    Items {
        /// The columns of its key.
        key: Vec<String>,
        /// How long an item stays after it was last written, days; `None` for ever.
        ttl_days: Option<u32>,
        /// The name of an existing one; `None` makes one.
        existing: Option<String>,
    },
    /// A table of PostgreSQL.
    Postgres(Postgres),
    /// A table of Redshift Serverless.
    Redshift(Warehouse),
}

/// A table of a PostgreSQL database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// Where it listens.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The table, with its schema before a dot.
    pub table: String,
    /// The columns that tell one row from another.
    pub key: Vec<String>,
    /// The name of the secret that holds `username` and `password`.
    pub credentials: String,
    /// The name of the secret that is the certificate of the authority that signed the server's.
    pub authority: Option<String>,
}

/// A table of Redshift Serverless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warehouse {
    /// The table.
    pub table: String,
    /// The schema that it is in.
    pub schema: String,
    /// The columns that tell one row from another.
    pub key: Vec<String>,
    /// The least and the most capacity, in Redshift's units.
    pub capacity: (u32, u32),
}

impl Sink {
    /// The arguments of a job that writes it.
    pub fn arguments(&self) -> Vec<String> {
        let place = names::sink_argument(&self.name);
        match &self.to {
            To::Redshift(_) => vec![
                place,
                names::workgroup_argument(&self.name),
                names::load_role_argument(&self.name),
            ],
            _ => vec![place, names::told_argument(&self.name)],
        }
    }
}

impl To {
    /// The columns that tell one of its rows from another; none where each is one of its own.
    pub fn key(&self) -> &[String] {
        match self {
            To::Index { key, .. } | To::Items { key, .. } => key,
            To::Postgres(postgres) => &postgres.key,
            To::Redshift(warehouse) => &warehouse.key,
            // Messages of a group come one after another, and none takes another's place.
            To::Bus { .. } | To::Topic { .. } | To::Queue { .. } | To::Stream(_) => &[],
        }
    }

    /// How long it keeps what it was given, days: without an end, for ever. `None` for what is not kept here: what others
    /// are told is theirs.
    pub fn keeps_days(&self) -> Option<f64> {
        /// Deletion of items that are past their end takes DynamoDB a few days, and its backups go back 35.
        const ITEMS: f64 = 2.0 + 35.0;
        let until = |days: Option<u32>, more: f64| Some(days.map_or(f64::INFINITY, |days| f64::from(days) + more));
        match self {
            To::Stream(stream) if stream.existing.is_none() => Some(f64::from(stream.retention_hours) / 24.0),
            To::Queue { existing: None, .. } => Some(QUEUE_DAYS),
            To::Index { key, retain_days, .. } => until(*retain_days, index_lag(key, *retain_days)),
            To::Items {
                ttl_days,
                existing: None,
                ..
            } => until(*ttl_days, ITEMS),
            To::Redshift(_) => Some(f64::INFINITY),
            _ => None,
        }
    }
}

impl TypeKind {
    /// What a value is in a table of Redshift: whatever holds others is a `SUPER`, and texts are as long as they can be.
    /// <https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html>
    pub fn in_redshift(&self) -> String {
        match self {
            TypeKind::Bool => "BOOLEAN".to_owned(),
            TypeKind::Int | TypeKind::Duration => "BIGINT".to_owned(),
            TypeKind::Float => "DOUBLE PRECISION".to_owned(),
            TypeKind::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
            TypeKind::Bytes => "VARBYTE(1024000)".to_owned(),
            TypeKind::Date => "DATE".to_owned(),
            TypeKind::Timestamp => "TIMESTAMP".to_owned(),
            TypeKind::Uuid => "VARCHAR(36)".to_owned(),
            TypeKind::List(_) | TypeKind::Map(_) | TypeKind::Struct(_) | TypeKind::Object => "SUPER".to_owned(),
            TypeKind::Text | TypeKind::Json | TypeKind::Enum { .. } => "VARCHAR(65535)".to_owned(),
            TypeKind::Null | TypeKind::Never | TypeKind::Error => "BOOLEAN".to_owned(),
        }
    }
}

/// The longest that SQS keeps a message, days.
pub const QUEUE_DAYS: f64 = 14.0;

/// How long after its time a document with a key may stay, seconds: it is taken out by a daily run, whose start is tried for
/// an hour, and which itself is tried three times, a quarter of an hour each, with waits of one and two minutes.
pub const PURGE_SECONDS: u32 = 86_400 + 3_600 + 3 * 900 + 60 + 120;

/// How much longer than it should a document may stay, days: what has no key is ended by the collection, within two days
/// or a tenth of its time (<https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-lifecycle.html>).
fn index_lag(key: &[String], retain_days: Option<u32>) -> f64 {
    match key.is_empty() {
        true => (f64::from(retain_days.unwrap_or(0)) / 10.0).max(2.0),
        false => f64::from(PURGE_SECONDS) / 86_400.0,
    }
}

impl Plan {
    /// The sink of this name.
    pub fn sink(&self, name: &str) -> Option<&Sink> {
        self.sinks.iter().find(|sink| sink.name == name)
    }

    /// The sinks that a transform writes, each once.
    pub fn sinks_of(&self, transform: &Transform) -> Vec<&Sink> {
        let mut found: Vec<&Sink> = Vec::new();
        for target in transform.targets() {
            if let Target::Sink(name) = target
                && let Some(sink) = self.sink(name)
                && !found.contains(&sink)
            {
                found.push(sink);
            }
        }
        found
    }

    /// The columns of a transform's rows.
    pub fn rows_of(&self, transform: &Transform) -> Vec<Column> {
        let columns = match (transform.steps.last(), &transform.input) {
            (Some(step), _) => &step.columns,
            (None, Input::View(name)) => self.view(name).map_or(&transform.input_columns, |view| &view.columns),
            (None, _) => &transform.input_columns,
        };
        // What the language adds to arrivals is not written.
        let own = |column: &&Column| !column.name.starts_with('_');
        columns.iter().filter(own).cloned().collect()
    }

    /// The indexes whose documents are taken out when they have stayed their time, each with that, days.
    pub fn purged_indexes(&self) -> impl Iterator<Item = (&Sink, u32)> {
        self.sinks.iter().filter_map(|sink| match &sink.to {
            To::Index {
                key,
                retain_days: Some(days),
                ..
            } if !key.is_empty() => Some((sink, *days)),
            _ => None,
        })
    }

    /// The transforms that write a sink.
    pub fn writers_of(&self, sink: &Sink) -> impl Iterator<Item = &Transform> {
        let writes = |transform: &&Transform| self.sinks_of(transform).iter().any(|other| other.name == sink.name);
        self.transforms.iter().filter(writes)
    }
}
