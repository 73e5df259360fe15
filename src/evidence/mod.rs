//! What a build claims of the platform that it describes, and on what each claim rests: `evidence.json`.
//!
//! [`verify`] holds a Terraform plan against it. That needs no source and no compiler's phase: whoever has the file and
//! the plan can do it. It must not know how claims are found.

mod verify;
mod written;

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use verify::{Difference, NotAPlan, Verdict, verify};
pub use written::{Written, value};

/// The name of the file in a build.
pub const FILE: &str = "evidence.json";

/// The evidence of a build.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Evidence {
    /// The compiler's version.
    pub compiler: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The environment that was built, where one was asked for.
    pub environment: Option<String>,
    /// What is claimed.
    pub claims: Vec<Claim>,
    /// What an author set otherwise than the compiler would, and what is not claimed for it.
    #[serde(default)]
    pub overridden: Vec<Overridden>,
    /// What is taken for granted by that.
    pub assumptions: Vec<Assumption>,
    /// Names that resources share, by what they stand for.
    pub locals: BTreeMap<String, Json>,
    /// Who the resources are made as.
    pub provider: Json,
    /// What was written of each resource, and of each thing that is asked of the account, by its address.
    pub resources: BTreeMap<String, Written>,
}

/// A resource of which attributes are as an author overrides them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overridden {
    /// The resource.
    pub address: String,
    /// The attributes and the nested blocks, by name.
    pub attributes: Vec<String>,
    /// Why, in the author's words.
    pub because: Option<String>,
    /// The claims that rested on these, by id.
    pub given_up: Vec<String>,
}

/// Something that holds of the platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// `lifetime.pii`: stays the same as long as what it is about does.
    pub id: String,
    /// It, in words.
    pub says: String,
    /// What it is about, with its figures.
    #[serde(flatten)]
    pub about: About,
    /// The addresses of the resources that make it true.
    pub rests_on: Vec<String>,
}

/// What a claim is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum About {
    /// How long values of a class may stay.
    Lifetime {
        /// The class.
        class: String,
        /// The longest, days; none where something keeps them for ever.
        days: Option<f64>,
        /// What the class allows, days; none where it has no bound.
        allowed_days: Option<f64>,
        /// Everything that keeps such values, and where they go from there.
        stays: Vec<Stay>,
    },
    /// How long the rows of a dataset stay, or those that a transform turned away.
    Retention {
        /// The dataset, or the transform.
        of: String,
        /// The longest, days; none where for ever.
        days: Option<f64>,
    },
    /// How old a dataset may get before it is written again.
    Freshness {
        /// The dataset.
        dataset: String,
        /// The longest, seconds.
        seconds: u64,
        /// When its alarm rings, seconds.
        allowed_seconds: u64,
        /// What adds up.
        parts: Vec<Part>,
    },
    /// That a stream takes what its source brings.
    Capacity {
        /// The source.
        source: String,
        /// Shards that are needed for the bytes and the records of a second.
        needed_shards: u32,
        /// Shards that there are; none where the stream grows by itself.
        shards: Option<u32>,
    },
    /// That a service takes what comes to it.
    Bound {
        /// How much is needed, at most.
        needed: f64,
        /// How much there is.
        allowed: f64,
        /// Of what.
        unit: String,
        /// How the need comes about.
        derivation: String,
    },
    /// That a bucket can be read by nobody outside, and by nobody without TLS.
    Private,
    /// That what is kept is encrypted with a key of the platform's.
    Encryption,
    /// Which actions a role may take, whatever the resources.
    Permissions {
        /// The label of the role.
        role: String,
        /// The actions, in order.
        actions: Vec<String>,
    },
    /// Which columns of which rows readers see.
    Reading {
        /// The readers, by their `access` item.
        access: String,
        /// The dataset.
        dataset: String,
        /// The columns, in the dataset's order.
        columns: Vec<String>,
        /// Which rows, as Lake Formation is told; none where all of them.
        rows: Option<String>,
    },
    /// What somebody sees by a way beside queries, and no more than its grants show.
    Way {
        /// Who: a role, a user, or the groups of an `access`.
        principal: String,
        /// By what.
        by: String,
        /// What.
        parts: Vec<Seen>,
    },
    /// How whom a column names is erased.
    Erasure {
        /// The column of a source.
        subject: String,
        /// When the last copy is gone, days; none where never.
        days: Option<f64>,
        /// The places, in the order in which they are dealt with.
        steps: Vec<Gone>,
    },
    /// That a setting which exists once in an account is as the account's stack writes it.
    Account {
        /// The setting of `account`.
        part: String,
    },
    /// What the platform costs in a month, US dollars.
    Cost {
        /// At least.
        low: f64,
        /// At most, as long as its assumptions hold.
        high: f64,
        /// What it may cost; none where nobody said.
        budget: Option<f64>,
        /// The items that are paid for, the dearest first.
        items: Vec<Paid>,
    },
    /// In which regions data may be, and is.
    Residency {
        /// Where it may be.
        allowed: Vec<String>,
        /// Where the platform is, and where its copies are.
        regions: Vec<String>,
    },
    /// That a service is reached from inside of the network.
    Network {
        /// The service, as its endpoint is called: `kinesis-firehose`.
        service: String,
        /// What is called of it, in order.
        actions: Vec<String>,
    },
}

/// What an item of the platform costs in a month, US dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paid {
    /// The item: `source clicks`.
    pub item: String,
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// A place that a person's rows leave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gone {
    /// The place.
    pub place: String,
    /// How, in words.
    pub how: String,
    /// After which time, days; none where never.
    pub days: Option<f64>,
}

/// What is seen of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The dataset.
    pub dataset: String,
    /// The columns.
    pub columns: Vec<String>,
    /// Which rows, as an author writes it; none where all of them.
    pub rows: Option<String>,
}

/// Something that keeps values for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stay {
    /// Where, and how long, in words.
    pub place: String,
    /// A column that carries the class there.
    pub column: String,
    /// How long, days; none where for ever.
    pub days: Option<f64>,
    /// Whether values of the class get there from outside, or are made there.
    pub first: bool,
    /// Where they go on to, by their places in the list.
    pub next: Vec<usize>,
    /// The addresses of what makes them leave.
    pub rests_on: Vec<String>,
}

/// Something that takes time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The most of it, seconds.
    pub seconds: u64,
    /// What it is.
    pub what: String,
}

/// Something that no compiler can know, and a claim needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// It, in words.
    pub says: String,
    /// The claims that need it, by id.
    pub needed_by: Vec<String>,
    /// The addresses of the alarms that ring when it does not hold.
    pub alarms: Vec<String>,
}

impl Evidence {
    /// The file: a line for each claim, assumption and resource, so that a difference of two builds reads well.
    pub fn text(&self) -> String {
        let mut out = String::from("{\n");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\"compiler\": {},", json(&self.compiler));
        let _ = writeln!(out, "\"pipeline\": {},", json(&self.pipeline));
        let _ = writeln!(out, "\"environment\": {},", json(&self.environment));
        lines(&mut out, "claims", ["[", "],"], self.claims.iter().map(json));
        lines(&mut out, "overridden", ["[", "],"], self.overridden.iter().map(json));
        lines(&mut out, "assumptions", ["[", "],"], self.assumptions.iter().map(json));
        lines(&mut out, "locals", ["{", "},"], entries(&self.locals));
        let _ = writeln!(out, "\"provider\": {},", json(&self.provider));
        lines(&mut out, "resources", ["{", "}"], entries(&self.resources));
        out.push_str("}\n");
        out
    }
}

fn entries(all: &BTreeMap<String, impl Serialize>) -> impl Iterator<Item = String> {
    all.iter().map(|(name, of)| format!("{}: {}", json(name), json(of)))
}

/// `"NAME": [`, an entry a line, `],`
fn lines(out: &mut String, name: &str, [open, close]: [&str; 2], entries: impl Iterator<Item = String>) {
    // Writing to a String cannot fail.
    let _ = write!(out, "\"{name}\": {open}");
    let mut before = "\n";
    for entry in entries {
        out.extend([before, &entry]);
        before = ",\n";
    }
    out.push_str(if before == "\n" { "" } else { "\n" });
    let _ = writeln!(out, "{close}");
}

/// Values of this file have texts as keys and no numbers that JSON lacks, so that writing one cannot fail.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
