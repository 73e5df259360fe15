//! Datasets: what they are called, what they hold, how long, and in which form.

use super::types::{Column, TypeKind};
use super::{Columns, Delivers, WriteMode};

/// `zone.dataset`
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DatasetId {
    /// The zone.
    pub zone: String,
    /// The dataset.
    pub name: String,
}

impl DatasetId {
    /// A dataset that another project exports, which is `PIPELINE.ZONE.DATASET` here: no zone of a project's own has a point
    /// in its name.
    pub fn of_project(pipeline: &str, exported: &DatasetId) -> DatasetId {
        DatasetId {
            zone: format!("{pipeline}.{}", exported.zone),
            name: exported.name.clone(),
        }
    }

    /// The project that exports it, and its zone there; nothing of a project's own.
    pub fn project(&self) -> Option<(&str, &str)> {
        self.zone.split_once('.')
    }
}

impl std::fmt::Display for DatasetId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.zone, self.name)
    }
}

/// File formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Format {
    Json,
    Csv,
    Xml,
    Parquet,
    Avro,
    Orc,
    Iceberg,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 7] = [
        Format::Json,
        Format::Csv,
        Format::Xml,
        Format::Parquet,
        Format::Avro,
        Format::Orc,
        Format::Iceberg,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Xml => "xml",
            Format::Parquet => "parquet",
            Format::Avro => "avro",
            Format::Orc => "orc",
            Format::Iceberg => "iceberg",
        }
    }

    /// The format of this name.
    pub fn of_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A dataset of the lake.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Its zone and name.
    pub id: DatasetId,
    /// What the author said of it (the transform's or source's documentation).
    pub doc: Option<String>,
    /// Its columns, in order, partition columns included (what a source lands has [`names::ARRIVAL_DAY`] last).
    pub columns: Columns,
    /// Names of the columns that partition it.
    pub partition: Vec<String>,
    /// Its format.
    pub format: Format,
    /// What it holds.
    pub delivers: Delivers,
    /// How long rows stay, days.
    pub retain_days: u32,
    /// Where its files move to as they age, the youngest first.
    pub tiers: Vec<Tier>,
    /// How long what was there before can be read, days: of tables of Iceberg.
    pub history_days: u32,
    /// Who writes it.
    pub writer: Writer,
}

/// A cheaper place, and from which age on files are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// The age, days.
    pub after_days: u32,
    /// The place.
    pub class: StorageClass,
}

/// Where files rest that are read less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum StorageClass {
    Intelligent,
    Infrequent,
    Archive,
    DeepArchive,
}

/// Who writes a dataset.
#[derive(Clone, Debug, PartialEq)]
pub enum Writer {
    /// A source lands here.
    Source(String),
    /// A transform.
    Transform(String),
    /// Another project.
    Import(String),
}

impl Dataset {
    /// The column by which a job that changes rows knows how old each is: the day that partitions it, the time of its event,
    /// the time from which a version held, or a day or time of the key. Without any, nobody can tell.
    pub fn aged_by(&self, mode: &WriteMode) -> Option<&Column> {
        let timed = |column: &&Column| matches!(column.ty.kind, TypeKind::Date | TypeKind::Timestamp);
        let partition = |column: &&Column| column.ty.kind == TypeKind::Date && self.partition.contains(&column.name);
        let all = || self.columns.iter();
        let of_mode = || match mode {
            WriteMode::Merge(keys) => all().filter(timed).find(|column| keys.contains(&column.name)),
            WriteMode::History(_) => all().find(|column| column.name == VALID_FROM),
            WriteMode::Append | WriteMode::Overwrite => None,
        };
        let event = || all().find(|column| column.event_time);
        all().find(partition).or_else(event).or_else(of_mode)
    }
}

/// Since when a version of `history` held.
const VALID_FROM: &str = "valid_from";
