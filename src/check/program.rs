//! The typed program: what a project says once names, settings, types and labels are settled, the whole language.
//!
//! Phase 4 lowers it to a [`Plan`](crate::plan::Plan), and says which parts no engine or bundle carries yet.

use std::collections::{BTreeMap, BTreeSet};

use super::settings::Settings;
use crate::base::{Span, Spanned};
use crate::plan::expr::Expr;
use crate::plan::{Class, Columns, DatasetId, Input, Param, Schema, Shared, Steps, Target, Test};
pub use crate::plan::{Delivers, Function, Shape};

/// A whole platform, typed. Lists are in source order unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// The environment whose settings are applied.
    pub environment: Option<String>,
    /// Names of all declared environments.
    pub environments: Vec<String>,
    /// The pipeline.
    pub pipeline: Item,
    /// Values known only at deployment.
    pub params: Vec<Param>,
    /// Data classes.
    pub classes: Vec<Class>,
    /// A project's own functions, each after those that it calls.
    pub functions: Vec<Function>,
    /// Sources.
    pub sources: Vec<Source>,
    /// Zones.
    pub zones: Vec<Item>,
    /// The settings of each engine of transforms where nothing of it is written.
    pub engines: BTreeMap<String, Settings>,
    /// Retentions.
    pub retentions: Vec<Item>,
    /// Every dataset, by zone and name.
    pub datasets: BTreeMap<DatasetId, Dataset>,
    /// Transforms, each after what it reads.
    pub transforms: Vec<Transform>,
    /// Sinks, with the columns that arrive there.
    pub sinks: Vec<Item>,
    /// How people read.
    pub serves: Vec<Serve>,
    /// Who may see what.
    pub accesses: Vec<Access>,
    /// When transforms run.
    pub schedules: Vec<Schedule>,
    /// Alarms.
    pub monitors: Vec<Monitor>,
    /// CI/CD pipelines.
    pub deliveries: Vec<Item>,
    /// What exists once in the account.
    pub account: Option<Item>,
    /// Attributes of generated resources that are set otherwise.
    pub overrides: Vec<Override>,
    /// Tests.
    pub tests: Shared<Test>,
    /// Where labels were let go, for the governance report.
    pub released: Vec<Released>,
    /// What other projects export to this one.
    pub imports: Vec<Import>,
}

/// An item that is its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// Its checked settings, `like` and the environment applied, defaults filled in.
    pub settings: Settings,
    /// Where its name stands.
    pub span: Span,
}

/// `override RESOURCE.NAME { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// What is set, and where.
    pub item: Item,
    /// The type of the resource, as Terraform calls it.
    pub resource: Spanned<String>,
    /// Its name.
    pub label: Spanned<String>,
    /// Where the names of its attributes stand.
    pub keys: BTreeMap<String, Span>,
}

/// A source.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name, settings and place.
    pub item: Item,
    /// What rows come as.
    pub shape: Shape,
    /// What deliveries are; `Rows` for streams and objects.
    pub delivers: Delivers,
    /// The rows.
    pub schema: Schema,
    /// Where they land: `ZONE.SOURCE` in [`Program::datasets`].
    pub into: Option<DatasetId>,
}

/// A dataset of the lake.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Its zone and name.
    pub id: DatasetId,
    /// What the author said of it.
    pub doc: Option<String>,
    /// Its columns, in order, partition columns included.
    pub columns: Columns,
    /// Names of the columns that partition it.
    pub partition: Vec<String>,
    /// Its format: `parquet`, `iceberg` …
    pub format: String,
    /// What it holds.
    pub delivers: Delivers,
    /// The source or transform that writes it; another project's pipeline for imports.
    pub writer: DatasetWriter,
}

/// Who writes a dataset.
#[derive(Clone, Debug, PartialEq)]
pub enum DatasetWriter {
    /// A source lands here.
    Source(String),
    /// A transform.
    Transform(String),
    /// Another project.
    Import(String),
}

/// A transform.
#[derive(Clone, Debug, PartialEq)]
pub struct Transform {
    /// Its name, settings and place.
    pub item: Item,
    /// What it reads; several are a union.
    pub inputs: Vec<Input>,
    /// What rows come as.
    pub shape: Shape,
    /// The columns that it reads, as they come.
    pub input_columns: Columns,
    /// What it does, in order.
    pub steps: Steps,
    /// The columns after the last step.
    pub output: Columns,
    /// What it writes; `None` for a view. What a `route` writes is in its step.
    pub target: Option<Target>,
    /// The schema that its result must have.
    pub contract: Option<String>,
    /// How it writes.
    pub mode: Mode,
    /// Where its parts stand.
    pub places: Edges,
    /// All of it.
    pub span: Span,
}

/// Where the parts of a transform's first line stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Edges {
    /// What it reads, each.
    pub inputs: Vec<Span>,
    /// What it writes; its name where it writes nothing.
    pub target: Span,
    /// How it writes; its target where that is not said.
    pub mode: Span,
}

/// How a transform writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// New rows are added.
    Append,
    /// The partitions that the run computed are replaced.
    Overwrite,
    /// Of rows with one key the newest wins.
    Merge(Vec<String>),
    /// Slowly changing dimension, type 2.
    History(Vec<String>),
}

/// How people and tools read.
#[derive(Clone, Debug, PartialEq)]
pub struct Serve {
    /// Its name, settings and place.
    pub item: Item,
    /// What it exposes, `*` resolved.
    pub expose: Vec<DatasetId>,
}

/// Who may see what.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Its name, settings and place.
    pub item: Item,
    /// What its principals may read.
    pub grants: Vec<Grant>,
    /// The classes that it clears, with all below them.
    pub clears: BTreeSet<String>,
}

/// What one clause lets its principals read of one dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The dataset.
    pub dataset: DatasetId,
    /// The columns that may be seen, in the dataset's order: labelled ones that are not cleared are not among them.
    pub columns: Vec<String>,
    /// The rows that may be seen; `None` for all.
    pub condition: Option<Expr>,
}

/// When transforms run.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its name, settings and place.
    pub item: Item,
    /// What it runs, `*` resolved, each after what it reads.
    pub run: Vec<String>,
}

/// Alarms and who is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    /// Its name, settings and place.
    pub item: Item,
    /// Alarms: the kind, and its settings.
    pub alarms: Vec<(String, Settings)>,
}

/// A label that a value no longer carries although it was computed from what does.
#[derive(Clone, Debug, PartialEq)]
pub struct Released {
    /// The transform.
    pub transform: String,
    /// The label.
    pub label: String,
    /// Why: `declassify`'s reason, or what a program returns.
    pub because: String,
    /// Where.
    pub span: Span,
}

/// What another project exports to this one.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// Its pipeline's name.
    pub pipeline: String,
    /// The region that it is in.
    pub region: String,
    /// Its exported datasets: columns with types and labels, and how many days of each label's lifetime are left.
    pub datasets: Vec<(Dataset, BTreeMap<String, f64>)>,
}
