//! How many of what, as one log line in CloudWatch's embedded metric format. Never a row's content.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::batch::Output;
use crate::names;
use crate::reject::{Kind, Reject};

/// What came in with one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Records.
    pub records: u64,
    /// Fields that the schema does not know.
    pub unknown_fields: u64,
}

/// What a transform did with one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records of which no row came, and that were not turned away.
    pub filtered: u64,
    /// Rows turned away, by reason.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Rows turned away, by kind of reason.
    pub rejected: [u64; 6],
    /// Rows that an expectation found wanting, by its name.
    pub unexpected: BTreeMap<&'static str, u64>,
}

/// Metrics of the kinds of reasons, in the order of [`Kind`].
const KINDS: [(Kind, &str); 6] = [
    (Kind::Decode, "RejectedDecode"),
    (Kind::Check, "RejectedCheck"),
    (Kind::Late, "RejectedLate"),
    (Kind::Rule, "RejectedRule"),
    (Kind::Overflow, "RejectedOverflow"),
    (Kind::Size, "RejectedSize"),
];

impl Counts {
    /// Counts a row that is turned away.
    pub fn reject(&mut self, reject: Reject) {
        *self.reasons.entry(reject.reason).or_default() += 1;
        self.rejected[reject.kind as usize] += 1;
    }

    /// Counts a row that an expectation finds wanting.
    pub fn unexpected(&mut self, name: &'static str) {
        *self.unexpected.entry(name).or_default() += 1;
    }
}

/// The line of a transform's part in a batch: of its rows, so many were delivered, and so many records go back.
pub fn line(received: &Received, output: &Output, delivered: usize, undelivered: usize) -> Value {
    let counts = &output.counts;
    let rejected: u64 = counts.rejected.iter().sum();
    let mut metrics: Vec<(String, u64)> = vec![
        (names::ROWS_IN.into(), received.records),
        (names::ROWS_OUT.into(), delivered as u64),
        (names::ROWS_REJECTED.into(), rejected),
        (names::ROWS_UNDELIVERED.into(), undelivered as u64),
        ("RowsFiltered".into(), counts.filtered),
        ("UnknownFields".into(), received.unknown_fields),
    ];
    for (kind, name) in KINDS {
        metrics.push((name.into(), counts.rejected[kind as usize]));
    }
    for (name, count) in &counts.unexpected {
        metrics.push((format!("Unexpected_{name}"), *count));
    }
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let declared: Vec<Value> = metrics.iter().map(|(name, _)| json!({"Name": name, "Unit": "Count"})).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": millis,
            "CloudWatchMetrics": [{
                "Namespace": names::NAMESPACE,
                "Dimensions": [[names::DIMENSION, names::TRANSFORM]],
                "Metrics": declared,
            }],
        },
        (names::TRANSFORM): output.transform.name,
        "level": "INFO",
        "reasons": counts.reasons,
    });
    for (name, count) in metrics {
        line[name] = count.into();
    }
    line
}
