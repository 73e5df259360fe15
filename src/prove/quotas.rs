//! What AWS allows, and the steps by which it counts: the standard library's dated table, `stdlib/quotas/aws.csv`.
//!
//! It must not know plans.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

const TABLE: &str = include_str!("../../stdlib/quotas/aws.csv");

/// A figure of the table.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Quota {
    /// What it is: `kinesis.shard_records`.
    pub quota: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// The month of which it is: `2025-06`.
    pub as_of: String,
    /// The public page that has it.
    pub source: String,
}

static ALL: LazyLock<Vec<Quota>> = LazyLock::new(|| {
    csv::Reader::from_reader(TABLE.as_bytes())
        .deserialize()
        .flatten()
        .collect()
});
static BY_NAME: LazyLock<BTreeMap<&'static str, f64>> =
    LazyLock::new(|| ALL.iter().map(|quota| (quota.quota.as_str(), quota.value)).collect());

/// Every figure.
pub fn all() -> &'static [Quota] {
    &ALL
}

/// A figure of the table.
///
/// # Panics
/// If the table has none of this name; a test holds every name that is asked for against it.
pub fn quota(name: &str) -> f64 {
    match BY_NAME.get(name) {
        Some(value) => *value,
        None => panic!("{name} is not in the table of quotas"),
    }
}

/// A figure of the table that is a whole number.
pub fn whole(name: &str) -> u32 {
    quota(name) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_date_a_unit_and_a_source() {
        let read: Result<Vec<Quota>, _> = csv::Reader::from_reader(TABLE.as_bytes()).into_deserialize().collect();
        for (at, quota) in read.unwrap().iter().enumerate() {
            let month = quota
                .as_of
                .split_once('-')
                .map(|(year, month)| (year.len(), month.len()));
            assert_eq!(month, Some((4, 2)), "{quota:?}");
            assert!(
                quota.source.contains("aws.amazon.com/") && quota.source.starts_with("https://"),
                "{quota:?}"
            );
            assert!(quota.value > 0.0 && !quota.unit.is_empty(), "{quota:?}");
            assert!(ALL[..at].iter().all(|other| other.quota != quota.quota), "{quota:?}");
        }
    }
}
