//! Phase 4: the typed program as a target-neutral plan. Engines, AWS and documents are made from this alone.

mod account;
mod brokers;
mod catalog;
mod dataset;
mod engine;
pub mod evaluate;
pub mod expr;
#[cfg(test)]
pub mod fixture;
pub mod lineage;
pub mod lower;
mod monitor;
pub mod names;
mod overrides;
mod param;
mod replication;
mod serve;
mod shared;
mod shown;
mod sink;
mod source;
mod step;
mod streams;
mod test;
pub mod trino;
pub mod types;
mod walk;

pub use account::{Account, Care, Once};
pub use brokers::{
    Auth, Brokers, Cluster, Kafka, OwnCluster, PARTITION_BYTES, Queue, largest_message, usual_storage_gib,
};
pub use catalog::{Catalog, OpenMetadata};
pub use dataset::{Dataset, DatasetId, Format, StorageClass, Tier, Writer};
pub use engine::{Emr, Engine, Glue, Lambda};
pub use monitor::{Alarm, Channel, Monitor};
pub use overrides::{Constant, Overridden, Override};
pub use param::Param;
pub use replication::{Capture, Database, Replication};
pub use serve::{Athena, QuickSight, Redshift, Refresh, Report, Serve, ServeEngine, Sharers};
pub use shared::{Columns, Shared, Steps};
pub use shown::{RowRule, Sharer, rules};
pub use sink::{PURGE_SECONDS, Postgres, QUEUE_DAYS, Sink, To, Warehouse};
pub use source::{Api, ApiAuth, Csv, FilesOf, Foreign, From, Gathered, Kinesis, Peak, Poll, PollAuth, Source, Volume};
pub use step::{EventWindow, Image, Join, JoinKind, Otherwise, Run, RunKind, Script, Step, StepKind};
pub use streams::{StreamFunction, Way, WayStep, stream_functions, target_variable};

use std::collections::BTreeMap;

use crate::base::Span;
pub use test::{Given, Test};

use expr::{Expr, Literal};
use types::{Column, Type};

/// Generated text files by path relative to the build folder, with `/`.
pub type Files = BTreeMap<String, String>;

/// A whole platform. Lists are in source order unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// The environment that was asked for with `--env`; its settings are already applied.
    pub environment: Option<String>,
    /// Names of all declared environments.
    pub environments: Vec<String>,
    /// Values known only at deployment.
    pub params: Vec<Param>,
    /// Data classes.
    pub classes: Vec<Class>,
    /// Sources.
    pub sources: Vec<Source>,
    /// Zones.
    pub zones: Vec<Zone>,
    /// Every dataset, by zone and name.
    pub datasets: BTreeMap<DatasetId, Dataset>,
    /// A project's own functions, each after those that it calls.
    pub functions: Vec<Function>,
    /// Transforms without a target, each after what it reads.
    pub views: Vec<View>,
    /// Transforms with one, each after what it reads.
    pub transforms: Vec<Transform>,
    /// Destinations outside the lake.
    pub sinks: Vec<Sink>,
    /// How people read.
    pub serves: Vec<Serve>,
    /// Who may see what.
    pub accesses: Vec<Access>,
    /// When transforms run.
    pub schedules: Vec<Schedule>,
    /// Alarms.
    pub monitors: Vec<Monitor>,
    /// CI/CD pipelines.
    pub deliveries: Vec<Delivery>,
    /// What exists once in the account, where a stack of its own looks after it or another stack does.
    pub account: Option<Account>,
    /// Attributes of generated resources that are set otherwise.
    pub overrides: Vec<Override>,
    /// Tests.
    pub tests: Shared<Test>,
    /// The images that containers are made of, by the folder with their Dockerfile or their address.
    pub images: BTreeMap<String, Image>,
    /// The scripts that transforms give rows to, by their paths in the project.
    pub scripts: BTreeMap<String, Script>,
}

/// The pipeline item.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    /// Its name, `snake_case`.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// AWS region.
    pub region: String,
    /// Who answers for it.
    pub owner: String,
    /// The most it may cost, US dollars a month.
    pub budget: Option<f64>,
    /// Whether `terraform destroy` may delete data.
    pub destroyable: bool,
    /// How long log groups keep what is logged, days (one of CloudWatch's allowed numbers).
    pub log_days: u32,
    /// Days between rotations of the KMS key.
    pub key_rotation_days: u32,
    /// What is written down of what is done, each kind once.
    pub audit: Vec<Audit>,
    /// The network that functions and jobs are in.
    pub network: Option<Network>,
    /// The datasets that other projects may read.
    pub exports: Vec<DatasetId>,
    /// The only regions that data may be in; without any, every region.
    pub regions: Vec<String>,
    /// The catalogs, beside Glue's, that it is told to: each kind once.
    pub catalogs: Vec<Catalog>,
}

impl Pipeline {
    /// The domain of Amazon DataZone, if there is one.
    pub fn datazone(&self) -> Option<&str> {
        self.catalogs.iter().find_map(|catalog| match catalog {
            Catalog::DataZone { domain } => Some(domain.as_str()),
            Catalog::OpenMetadata(_) => None,
        })
    }

    /// The server of OpenMetadata, if there is one.
    pub fn open_metadata(&self) -> Option<&OpenMetadata> {
        self.catalogs.iter().find_map(|catalog| match catalog {
            Catalog::OpenMetadata(server) => Some(server),
            Catalog::DataZone { .. } => None,
        })
    }
}

/// `network = private { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// How many availability zones it spans.
    pub zones: u32,
    /// Its addresses: `10.64.0.0/16`, of a length from 16 to 24.
    pub cidr: String,
    /// Whether hosts outside of AWS are reached.
    pub nat: bool,
    /// Ids of the networks that it is connected with, in the same account and region.
    pub peers: Vec<String>,
}

/// What is written down of what is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audit {
    /// Every call, and every read and write of the lake.
    Trail {
        /// How long it is kept, days.
        retain_days: u32,
    },
    /// The state of every resource.
    Config {
        /// How long it is kept, days.
        retain_days: u32,
    },
}

impl Audit {
    /// How long it is kept, days.
    pub fn retain_days(&self) -> u32 {
        match self {
            Audit::Trail { retain_days } | Audit::Config { retain_days } => *retain_days,
        }
    }
}

/// A setting's text: written in the source, or known at deployment.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// As written.
    Literal(String),
    /// A param's value.
    Param(String),
}

/// A data class.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// The longest that a value may stay anywhere, days.
    pub retain_at_most_days: Option<f64>,
    /// Which functions lower it, and to which class.
    pub lowered_by: Vec<(String, Option<String>)>,
    /// The class right above it (`below`).
    pub below: Option<String>,
    /// The smallest group whose aggregates let it go; `None` where every aggregate does.
    pub crowd: Option<u64>,
}

/// A project's own function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// Parameters, their types and defaults; the body reads them as columns.
    pub params: Vec<(String, Type, Option<Literal>)>,
    /// What it answers.
    pub returns: Type,
    /// How.
    pub body: Expr,
    /// Where its name stands.
    pub span: Span,
}

/// What rows come as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Rows as they arrive.
    Stream,
    /// All rows of a dataset.
    Table,
    /// Objects, one by one, with the row that describes each.
    Objects,
}

/// What the deliveries of a table source are, and so what its landed dataset holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivers {
    /// Each replaces the one before.
    Snapshot,
    /// Each adds rows.
    Rows,
    /// Inserts, updates and deletes, in order.
    Changes,
}

/// A row type with what is checked on the way in.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// A field of a row type.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its column.
    pub column: Column,
    /// What stands in where the value is absent or null.
    pub default: Option<Literal>,
    /// What must hold; not asked of a missing value. A row that fails it is turned away with reason `check FIELD: TEXT`.
    pub check: Option<Expr>,
    /// The fields of the struct that it is, or that its list's items or its map's values are, where one of them has a default
    /// or a check; each reads the others as columns. A row whose struct fails a check is turned away with reason
    /// `check FIELD.INNER: TEXT`.
    pub inner: Vec<Field>,
    /// What an `object` may be.
    pub object: Option<ObjectRules>,
}

/// `object { types = ["image/png"], max = 10 MiB }`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectRules {
    /// The media types that it may have; empty for any.
    pub types: Vec<String>,
    /// The most bytes that it may have; `None` for as many as the way in takes.
    pub max_bytes: Option<u64>,
}

/// A zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// 1 raw, 2 processed, 3 curated.
    pub tier: u8,
    /// Default format of its datasets.
    pub format: Format,
    /// How long rows stay, days.
    pub retain_days: u32,
    /// Whether its bucket keeps old versions (then they stay one day more).
    pub versioning: bool,
    /// How long backups stay, days.
    pub backup_days: Option<u32>,
    /// The region that has a copy of everything.
    pub replicate_to: Option<String>,
    /// For how long nobody can delete or change its rows.
    pub lock: Option<Lock>,
    /// How long rows turned away on the way into it stay, days.
    pub quarantine_days: u32,
    /// Size that files should have, bytes.
    pub target_file_bytes: u64,
}

impl Plan {
    /// The datasets of the platform's own lake, by zone and name.
    pub fn own_datasets(&self) -> impl Iterator<Item = &Dataset> {
        let all = self.datasets.values();
        all.filter(|dataset| !matches!(dataset.writer, Writer::Import(_)))
    }

    /// Whether a dataset's rows leave by the age of its objects: what is rewritten does not, because an old day's object
    /// may be young; its job removes days by the time column instead.
    pub fn purged_by_age(&self, dataset: &Dataset) -> bool {
        match &dataset.writer {
            // A table knows its files by name: none may go behind its back.
            _ if dataset.format == Format::Iceberg => false,
            Writer::Source(_) | Writer::Import(_) => true,
            Writer::Transform(name) => self
                .transform(name)
                .is_none_or(|transform| transform.mode == WriteMode::Append),
        }
    }

    /// The tables of Iceberg that no job writes, each with its writer: a function's rows are brought to them.
    pub fn brought_tables(&self) -> impl Iterator<Item = (&Dataset, &Transform)> {
        let tables = self.own_datasets().filter(|dataset| dataset.format == Format::Iceberg);
        tables
            .filter_map(|dataset| match &dataset.writer {
                Writer::Transform(name) => Some((dataset, self.transform(name)?)),
                Writer::Source(_) | Writer::Import(_) => None,
            })
            .filter(|(_, transform)| !transform.engine.is_job())
    }
}

impl Zone {
    /// Whether what is overwritten or deleted stays for a day: because it is asked for, or because copies and locks need it.
    pub fn keeps_versions(&self) -> bool {
        self.versioning || self.backup_days.is_some() || self.replicate_to.is_some() || self.lock.is_some()
    }
}

/// A time in which an object cannot be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// How long, days.
    pub days: u32,
    /// Whether who has the right to may delete it all the same.
    pub may_be_lifted: bool,
}

/// A transform without a target: rows that others read by its name.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// What rows come as.
    pub shape: Shape,
    /// What it reads.
    pub input: Input,
    /// The columns that it reads, as they come.
    pub input_columns: Columns,
    /// What it does, in order.
    pub steps: Steps,
    /// The columns after the last step.
    pub columns: Columns,
    /// Whether Athena's SQL carries it, so that a query may name it.
    pub in_sql: bool,
    /// What it promises to bring.
    pub volume: Option<Volume>,
    /// Where it is declared.
    pub span: Span,
}

/// What a transform reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// The arrivals of a source: a stream, or objects one by one.
    Stream(String),
    /// The rows of a dataset.
    Table(DatasetId),
    /// The rows of a transform without a target, by its name.
    View(String),
}

/// As an author writes it.
impl std::fmt::Display for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Input::Stream(name) | Input::View(name) => f.write_str(name),
            Input::Table(id) => id.fmt(f),
        }
    }
}

/// Where rows go.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A dataset.
    Dataset(DatasetId),
    /// A sink, by its name.
    Sink(String),
}

/// As an author writes it.
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Target::Dataset(id) => id.fmt(f),
            Target::Sink(name) => f.write_str(name),
        }
    }
}

/// A transform.
#[derive(Clone, Debug, PartialEq)]
pub struct Transform {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// What rows come as.
    pub shape: Shape,
    /// What it reads; further inputs are `Union` steps in front.
    pub input: Input,
    /// The columns that it reads, as they come.
    pub input_columns: Columns,
    /// What it does, in order.
    pub steps: Steps,
    /// What it writes; `None` where its last step is a `route`, which says it.
    pub target: Option<Target>,
    /// The schema that its rows must have.
    pub contract: Option<String>,
    /// How it writes.
    pub mode: WriteMode,
    /// What a scheduled run reads.
    pub reads: Reads,
    /// Where it runs.
    pub engine: Engine,
    /// Why there: a sentence each, for `pipec explain plan`.
    pub why: Vec<String>,
    /// What it promises to write.
    pub volume: Option<Volume>,
    /// Where it is declared.
    pub span: Span,
}

/// How a transform writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteMode {
    /// New rows are added.
    Append,
    /// The partitions that the run computed are replaced.
    Overwrite,
    /// Of rows with one key the newest wins.
    Merge(Vec<String>),
    /// Slowly changing dimension, type 2, by these keys: a row's versions stand side by side.
    History(Vec<String>),
}

impl Transform {
    /// Everything that it writes: its target, or those of its `route`.
    pub fn targets(&self) -> Vec<&Target> {
        let routed = match self.steps.last().map(|step| &step.kind) {
            Some(StepKind::Route { branches, otherwise }) => {
                let branches = branches.iter().map(|(_, target)| target);
                branches.chain(otherwise).collect()
            }
            _ => Vec::new(),
        };
        self.target.iter().chain(routed).collect()
    }

    /// The datasets that it writes, each once, in the order in which they are written down.
    pub fn datasets(&self) -> Vec<&DatasetId> {
        let mut found = Vec::new();
        for target in self.targets() {
            if let Target::Dataset(id) = target
                && !found.contains(&id)
            {
                found.push(id);
            }
        }
        found
    }

    /// The container that it lets run, if it does.
    pub fn program(&self) -> Option<&Run> {
        self.steps.iter().find_map(|step| match &step.kind {
            StepKind::Run(run) if run.kind == RunKind::Container => Some(run),
            _ => None,
        })
    }

    /// The script that it gives rows to, if it does.
    pub fn script(&self) -> Option<&Run> {
        self.steps.iter().find_map(Step::script)
    }

    /// The one dataset that it writes, for the parts of a platform that carry no other target yet.
    pub fn dataset(&self) -> &DatasetId {
        match &self.target {
            Some(Target::Dataset(id)) => id,
            Some(Target::Sink(_)) | None => refused(),
        }
    }
}

/// What a scheduled run reads of its input.
#[derive(Clone, Debug, PartialEq)]
pub enum Reads {
    /// New arrivals, as they come; of a table that only adds rows, those since the last good run.
    Arrivals,
    /// All of it, every time.
    All,
    /// The input partitions that may have changed since the last good run: those of `column` (a date, the same in
    /// input and output) from the day of that run less `late_seconds`; before the first good run, all whose rows
    /// are all still there (input retention).
    Days {
        /// The date column.
        column: String,
        /// How far rows may be behind the moment at which the input has them, seconds.
        late_seconds: u64,
        /// How long the input keeps rows, days.
        input_retain_days: u32,
        /// What else is read, whole (the other sides of joins): where one of them has changed since the last good run, days
        /// that did not change may have other rows too, and all that is still there is read.
        others: Vec<Input>,
    },
}

/// Who may see what.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// Its name.
    pub name: String,
    /// ARNs of the roles.
    pub roles: Vec<String>,
    /// Names of IAM users.
    pub users: Vec<String>,
    /// Names of groups of IAM Identity Center.
    pub groups: Vec<String>,
    /// What they may read.
    pub grants: Vec<Grant>,
}

impl Access {
    /// Everyone that it names, as they are written down: ARNs of roles, names of users and groups.
    pub fn principals(&self) -> impl Iterator<Item = &String> {
        self.roles.iter().chain(&self.users).chain(&self.groups)
    }
}

/// What may be read of one dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The dataset.
    pub dataset: DatasetId,
    /// The columns that may be seen, in the dataset's order: labelled ones that are not cleared are not among them.
    pub columns: Vec<String>,
    /// Whether that is every column of the dataset.
    pub all_columns: bool,
    /// The rows that may be seen; `None` for all.
    pub condition: Option<Expr>,
}

/// When transforms run.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// What starts a run.
    pub starts: Starts,
    /// Transforms in waves: those of one wave do not read each other.
    pub waves: Vec<Vec<String>>,
    /// Retries of a failed job.
    pub retry: Option<Retry>,
    /// How far back a run makes up for runs that were missed, days; without it, as far back as there are rows.
    pub catch_up_days: Option<u32>,
    /// The monitor that is told of a failure.
    pub on_failure: Option<String>,
}

/// What starts a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Starts {
    /// The clock.
    Clock {
        /// When, as EventBridge Scheduler says it: `cron(…)` with six fields, or `rate(…)`.
        expression: String,
        /// IANA time zone.
        zone: String,
    },
    /// That something has landed since the last start.
    Arrival {
        /// Where.
        of: DatasetId,
        /// The shortest time from one start to the next, minutes: what comes in between waits and runs together.
        every_minutes: u32,
    },
}

impl std::fmt::Display for Starts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Starts::Clock { expression, zone } => write!(f, "{expression} in {zone}"),
            Starts::Arrival { of, every_minutes } => {
                write!(f, "on arrival of {of}, every {every_minutes} min at most")
            }
        }
    }
}

/// Retries.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// How often.
    pub times: u32,
    /// Wait before the first, seconds.
    pub first_seconds: u32,
    /// How the wait grows.
    pub factor: f64,
}

impl Retry {
    /// No wait between two tries is longer, seconds: an hour, or just above the first.
    pub fn longest_wait_seconds(&self) -> u32 {
        3_600.max(self.first_seconds + 1)
    }
}

/// A system that runs CI/CD pipelines, and what it is told beside the environments.
#[derive(Clone, Debug, PartialEq)]
pub enum Ci {
    /// GitLab CI/CD.
    Gitlab,
    /// GitHub Actions.
    GithubActions {
        /// The label of the machines that it runs on.
        runner: String,
    },
    /// Bitbucket Pipelines.
    Bitbucket {
        /// The label of the machines that it runs on; without it, Bitbucket's own.
        runner: Option<String>,
    },
    /// Jenkins.
    Jenkins {
        /// The label of the agents that it runs on.
        agent: String,
    },
    /// AWS CodePipeline.
    CodePipeline {
        /// The repository, as OWNER/NAME.
        repository: String,
        /// The branch that is shipped.
        branch: String,
        /// The ARN of the connection to the repository's host; without it, one is made.
        connection: Option<String>,
    },
}

/// A CI/CD pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its name.
    pub name: String,
    /// What runs it.
    pub ci: Ci,
    /// In the order of promotion.
    pub environments: Vec<String>,
    /// Those that a person approves.
    pub approve: Vec<String>,
}

/// Phase 4 refuses what no engine and no bundle carries yet ([`supports`]), so that nothing behind it meets any.
///
/// # Panics
/// Always: that it is called is a mistake in the compiler.
pub fn refused() -> ! {
    panic!("what the plan refuses got behind it")
}

impl Plan {
    /// A dataset that the plan names; every id in a plan is one of its datasets.
    pub fn dataset(&self, id: &DatasetId) -> &Dataset {
        &self.datasets[id]
    }

    /// Whether a dataset is a table: where objects land, there is none.
    pub fn is_table(&self, dataset: &Dataset) -> bool {
        match &dataset.writer {
            Writer::Source(name) => self.source(name).is_none_or(|source| source.shape != Shape::Objects),
            Writer::Transform(_) | Writer::Import(_) => true,
        }
    }

    /// The tables of the platform's own lake.
    pub fn own_tables(&self) -> impl Iterator<Item = &Dataset> {
        self.own_datasets().filter(|dataset| self.is_table(dataset))
    }

    /// Whether any transform lets a container run.
    pub fn has_containers(&self) -> bool {
        self.transforms.iter().any(|transform| transform.program().is_some())
    }

    /// The format of a dataset's files: those that a source copies stay what they were.
    pub fn file_format(&self, dataset: &Dataset) -> Format {
        self.copied(dataset).map_or(dataset.format, |source| source.format)
    }

    /// The source whose files a dataset has as they came.
    pub fn copied(&self, dataset: &Dataset) -> Option<&Source> {
        let Writer::Source(name) = &dataset.writer else {
            return None;
        };
        self.source(name).filter(|source| matches!(source.from, From::Files(_)))
    }

    /// The zone of this name; every zone in a plan's ids is one of its zones.
    pub fn zone(&self, name: &str) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.name == name)
    }

    /// The source of this name.
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The view of this name.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.views.iter().find(|view| view.name == name)
    }

    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The transform of this name.
    pub fn transform(&self, name: &str) -> Option<&Transform> {
        self.transforms.iter().find(|transform| transform.name == name)
    }
}
