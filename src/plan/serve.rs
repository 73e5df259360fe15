//! How people and tools read: by SQL over the lake, from a warehouse, on dashboards.
//!
//! It must not know AWS: only what an author says of each.

use super::{DatasetId, Plan};

/// How people and tools read.
#[derive(Clone, Debug, PartialEq)]
pub struct Serve {
    /// Its name.
    pub name: String,
    /// What the author said of it.
    pub doc: Option<String>,
    /// By what.
    pub engine: ServeEngine,
    /// What it exposes, `*` resolved.
    pub expose: Vec<DatasetId>,
}

/// How many datasets are named where it is said on what queries are.
const NAMED: usize = 24;

impl Serve {
    /// What it exposes, for a sentence; of very much the first.
    pub fn exposed_text(&self) -> String {
        let named: Vec<_> = self.expose.iter().take(NAMED).map(ToString::to_string).collect();
        match self.expose.len() - named.len() {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }
}

/// What people and tools read by.
#[derive(Clone, Debug, PartialEq)]
pub enum ServeEngine {
    /// Amazon Athena: SQL over the lake.
    Athena(Athena),
    /// Amazon Redshift Serverless: a warehouse that reads the lake in place.
    Redshift(Redshift),
    /// Amazon QuickSight: dashboards.
    QuickSight(QuickSight),
}

/// Settings of Athena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Athena {
    /// The most that one query may scan, bytes (10 MB at least).
    pub scan_limit_bytes: u64,
    /// How long query results stay, days.
    pub result_days: u32,
}

/// Settings of a warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redshift {
    /// The least capacity, in Redshift's units.
    pub min_capacity: u32,
    /// The most.
    pub max_capacity: u32,
    /// The most that it may use in a day, in hours of one unit.
    pub daily_limit: Option<u32>,
}

/// Settings of dashboards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuickSight {
    /// How often what they hold is read again; nothing where the lake is asked each time.
    pub refresh: Option<Refresh>,
    /// Who sees them.
    pub share: Sharers,
    /// Whether they look for trends and outliers by themselves.
    pub insights: bool,
    /// The web pages that may show them.
    pub embed: Vec<String>,
    /// How often a report is mailed to those who see them.
    pub report: Option<Report>,
}

/// Those who see dashboards, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sharers {
    /// Groups.
    pub groups: Vec<String>,
    /// Users.
    pub users: Vec<String>,
}

/// How often what dashboards hold is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Each hour.
    Hourly,
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
}

impl Refresh {
    /// How long what was read stays until it is read again, days.
    pub fn days(self) -> f64 {
        match self {
            Refresh::Hourly => 1.0 / 24.0,
            Refresh::Daily => 1.0,
            Refresh::Weekly => 7.0,
        }
    }
}

/// How often a report is mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
    /// Each month.
    Monthly,
}

impl Plan {
    /// What is read by Athena.
    pub fn athena(&self) -> impl Iterator<Item = (&Serve, &Athena)> {
        self.serves.iter().filter_map(|serve| match &serve.engine {
            ServeEngine::Athena(athena) => Some((serve, athena)),
            ServeEngine::Redshift(_) | ServeEngine::QuickSight(_) => None,
        })
    }

    /// The warehouses.
    pub fn warehouses(&self) -> impl Iterator<Item = (&Serve, &Redshift)> {
        self.serves.iter().filter_map(|serve| match &serve.engine {
            ServeEngine::Redshift(redshift) => Some((serve, redshift)),
            ServeEngine::Athena(_) | ServeEngine::QuickSight(_) => None,
        })
    }

    /// The dashboards.
    pub fn dashboards(&self) -> impl Iterator<Item = (&Serve, &QuickSight)> {
        self.serves.iter().filter_map(|serve| match &serve.engine {
            ServeEngine::QuickSight(quicksight) => Some((serve, quicksight)),
            ServeEngine::Athena(_) | ServeEngine::Redshift(_) => None,
        })
    }
}
