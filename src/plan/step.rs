//! Steps: what a transform does with its rows, in order.

use super::expr::{Aggregate, Expr, Literal};
use super::types::Column;
use super::{Columns, Input, Target};
use crate::base::{Excerpt, Span};

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// The columns after it, in order.
    pub columns: Columns,
    /// The columns of other sides of joins that can still be read after it, as `ALIAS.column`; they go no further.
    pub joined: Columns,
    /// Its first line as the author wrote it, for comments.
    pub text: Excerpt,
    /// Where it stands.
    pub span: Span,
}

impl Step {
    /// The script that it runs, if it does.
    pub fn script(&self) -> Option<&Run> {
        match &self.kind {
            StepKind::Run(run) if run.kind == RunKind::Script => Some(run),
            _ => None,
        }
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// Keeps rows where it is true.
    Filter(Expr),
    /// Adds or replaces columns, in order; later ones see earlier ones. A replaced column keeps its place, a new one goes last.
    Derive(Vec<(Column, Expr)>),
    /// Exactly these columns; each sees the columns before the step.
    Select(Vec<(Column, Expr)>),
    /// Without these columns.
    Drop(Vec<String>),
    /// Old and new names.
    Rename(Vec<(String, String)>),
    /// One row a key (missing keys are one value).
    Dedupe {
        /// The key.
        keys: Vec<String>,
        /// Whether the first or the last by `by` stays; ties are broken by the other columns in order, missing last.
        keep_first: bool,
        /// The column that orders; `None` on streams, where the first that arrived stays.
        by: Option<String>,
        /// On streams: a row is a duplicate if the same key arrived less than this before, seconds.
        within_seconds: Option<u64>,
    },
    /// One row a group (missing keys are one value). Columns after it: keys, then aggregates.
    Group {
        /// Keys: each sees the columns before the step.
        keys: Vec<(Column, Expr)>,
        /// Windows of event time; `window_start` and `window_end` then take the place of that key.
        window: Option<EventWindow>,
        /// Aggregates.
        aggregates: Vec<(Column, Aggregate)>,
    },
    /// A row for each entry of a list; `outer` keeps rows without any, with a missing entry.
    Explode {
        /// Whether rows without entries stay.
        outer: bool,
        /// The list.
        list: Expr,
        /// The column of the entry.
        column: Column,
    },
    /// Rows of two sides that belong together.
    Join(Join),
    /// The rows of another input as well, by column name; both have the same columns.
    Union {
        /// The other input.
        other: Input,
        /// Its columns, as they come.
        columns: Columns,
    },
    /// Columns computed over the rows of each key in an order.
    Window {
        /// The keys.
        keys: Vec<String>,
        /// The order, each with whether it is descending; ties are broken by the other columns in order.
        order: Vec<(Expr, bool)>,
        /// The rows around each row that count, from and to, `None` without bound; without it all up to the row itself.
        rows: Option<(Option<i64>, Option<i64>)>,
        /// What is computed.
        columns: Vec<(Column, Aggregate)>,
    },
    /// Ids of sessions: rows of one key, none further than the gap behind the one before.
    Session {
        /// The keys.
        keys: Vec<String>,
        /// The event time.
        time: String,
        /// The gap, seconds.
        gap_seconds: u64,
        /// The column of the id.
        column: Column,
    },
    /// A column for each of some values of one column, with an aggregate of the rows that have it.
    Pivot {
        /// What has the values that become columns.
        on: Expr,
        /// The values, the columns that they become, and what each of them holds.
        values: Vec<(Literal, Column, Aggregate)>,
        /// The columns that stay: one row each.
        keys: Vec<String>,
    },
    /// A row for each of several columns.
    Unpivot {
        /// The columns that become rows.
        columns: Vec<String>,
        /// The column that holds their names.
        name: Column,
        /// The column that holds their values.
        value: Column,
    },
    /// In this order; ties are broken by the other columns in order.
    Sort(Vec<(Expr, bool)>),
    /// The first rows, behind a `sort`.
    Take(u64),
    /// Each row goes to the first branch whose condition holds; the last of a transform's steps.
    Route {
        /// Conditions and where their rows go.
        branches: Vec<(Expr, Target)>,
        /// Where others go; without it they go nowhere.
        otherwise: Option<Target>,
    },
    /// A provided program; it returns rows of the step's columns.
    Run(Run),
    /// Counts rows where the condition is not true, and does with them as said. Reason: `expect NAME: TEXT`.
    Expect {
        /// Its name.
        name: String,
        /// What should hold; missing is not holding.
        condition: Expr,
        /// What is done with the others.
        otherwise: Otherwise,
    },
}

/// Windows of event time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventWindow {
    /// The column of event time.
    pub time: String,
    /// From the start of one window to that of the next, seconds.
    pub every_seconds: u64,
    /// How long a window is, seconds; longer than `every_seconds` where windows overlap.
    pub over_seconds: u64,
    /// How long after its end a row may arrive, seconds.
    pub late_seconds: u64,
}

/// A `join`.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which rows stay.
    pub kind: JoinKind,
    /// The other side.
    pub other: Input,
    /// What the other side is called in expressions.
    pub alias: String,
    /// The other side's columns, without the alias.
    pub columns: Columns,
    /// When rows belong together.
    pub on: Expr,
    /// The columns of `on` that must be equal, left and right, for hash joins; the rest of `on` still holds.
    pub equal: Vec<(Expr, Expr)>,
    /// On streams: how far apart the event times of both may be, seconds.
    pub within_seconds: Option<u64>,
}

/// Which rows of a join stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Pairs.
    Inner,
    /// Pairs, and left rows without one.
    Left,
    /// Pairs, and rows of either side without one.
    Full,
    /// Left rows that have a pair, once.
    Semi,
    /// Left rows without a pair.
    Anti,
}

/// A provided program.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// A script or a container.
    pub kind: RunKind,
    /// The script's path below the project; containers say `build` or `image` in their settings.
    pub path: Option<String>,
    /// Its settings.
    pub settings: crate::check::settings::Settings,
    /// Labels that its rows no longer carry, for the governance report.
    pub lets_go: std::collections::BTreeSet<String>,
}

/// The processors that all containers of a transform use at once where nothing says it.
const MOST_VCPU: u32 = 256;

impl Run {
    /// Attempts of a container that ended by no fault of its own.
    pub const ATTEMPTS: u32 = 3;

    /// The processors of one container.
    pub fn vcpu(&self) -> f64 {
        self.settings.number("vcpu").unwrap_or(1.0)
    }

    /// The longest that one container, or one call of a script, may take, seconds.
    pub fn timeout_seconds(&self) -> u64 {
        self.settings.seconds("timeout").unwrap_or(3_600)
    }

    /// The memory of a script, MiB.
    pub fn script_mib(&self) -> u32 {
        let bytes = self.settings.bytes("memory").unwrap_or(512 << 20);
        u32::try_from(bytes >> 20).unwrap_or(u32::MAX)
    }

    /// The most calls of a script at once, where its author says so.
    pub fn most_calls(&self) -> Option<u32> {
        self.settings.int("concurrency")
    }

    /// The processors that all of its containers use at once at most: enough for one, whatever is said.
    pub fn most_vcpu(&self, engine: &super::Glue) -> u32 {
        let by_count = self
            .settings
            .int("concurrency")
            .map(|most| f64::from(most) * self.vcpu());
        let most = engine.program_vcpu.map_or(f64::from(MOST_VCPU), f64::from);
        most.min(by_count.unwrap_or(most)).max(self.vcpu()).ceil() as u32
    }

    /// The longest that all of its containers may take, seconds: as many rounds as they need, every attempt to its end, and
    /// an hour of waiting for capacity.
    pub fn longest_seconds(&self, engine: &super::Glue) -> u32 {
        let most = self.timeout_seconds() as f64 * f64::from(self.rounds(engine) * Run::ATTEMPTS) + 3_600.0;
        most.min(30.0 * 86_400.0) as u32
    }

    /// How often one container follows another before all of its parts are done.
    pub fn rounds(&self, engine: &super::Glue) -> u32 {
        let at_once = (f64::from(self.most_vcpu(engine)) / self.vcpu()).floor().max(1.0);
        (f64::from(self.parts()) / at_once).ceil() as u32
    }

    /// How many of it run side by side, each with its part of the rows.
    pub fn parts(&self) -> u32 {
        self.settings.int("array").unwrap_or(1)
    }

    /// What its settings put into its environment, by name; secrets are not among it.
    pub fn environment(&self) -> Vec<(String, String)> {
        use crate::check::settings::Value;
        let Some(Value::Map(entries)) = self.settings.get("env").map(|setting| &setting.value) else {
            return Vec::new();
        };
        let texts = entries.iter().filter_map(|(name, named)| match &named.value.value {
            Value::Text(text) => Some((name.clone(), text.clone())),
            _ => None,
        });
        texts.collect()
    }

    /// What its settings put into its environment of secrets: the variable, and the secret's name.
    pub fn secrets(&self) -> Vec<(String, String)> {
        use crate::check::settings::Value;
        let Some(Value::Map(entries)) = self.settings.get("env").map(|setting| &setting.value) else {
            return Vec::new();
        };
        let secrets = entries.iter().filter_map(|(name, named)| match &named.value.value {
            Value::Secret(secret) => Some((name.clone(), secret.clone())),
            _ => None,
        });
        secrets.collect()
    }
}

/// A script of the project, with the modules beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The texts, by the names of their files: the script, and other files of Python in its folder.
    pub files: std::collections::BTreeMap<String, String>,
    /// The packages that it uses, as pip reads them.
    pub requirements: Option<String>,
}

/// What a container is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The files of its folder, by their paths in the project, each with the hash of its bytes; none where it has an address.
    pub files: std::collections::BTreeMap<String, String>,
}

/// The kinds of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// A script, run as it is.
    Script,
    /// A container image.
    Container,
}

/// What is done with a row that an `expect` finds wanting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// Turned away, with the reason.
    Quarantine,
    /// Left out, counted.
    Drop,
    /// Kept, counted.
    Warn,
    /// The run fails (tables only).
    Fail,
}
