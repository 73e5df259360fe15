//! The standard library's table of prices, `stdlib/prices/aws.csv`, and its list of what costs nothing.
//!
//! A figure is one of one region, or of all (`*`). Of a region without figures of its own, the cheapest and the dearest that
//! are known bound what things cost there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::bounds::Bounds;

const PRICES: &str = include_str!("../../stdlib/prices/aws.csv");
const FREE: &str = include_str!("../../stdlib/prices/free.csv");

/// A price of one thing in one region.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Figure {
    /// What it is the price of: `kinesis.shard_hour`.
    pub item: String,
    /// The region; `*` for every one.
    pub region: String,
    /// US dollars for `per` units.
    pub usd: f64,
    /// How many units that is the price of.
    pub per: f64,
    /// The unit, in the singular.
    pub unit: String,
    /// The month of which the figure is: `2025-06`.
    pub as_of: String,
    /// The month in which it was last compared with a list of AWS's prices; none where it never was.
    pub compared: Option<String>,
    /// The public page that has it.
    pub source: String,
}

/// A type of resource that costs nothing by itself.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Free {
    /// The type, as Terraform calls it.
    pub resource: String,
    /// Why, or where its cost is counted.
    pub because: String,
    /// The public page that says so.
    pub source: String,
}

/// What something costs somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// US dollars for `per` units.
    pub usd: Bounds,
    /// How many units that is the price of.
    pub per: f64,
    /// The unit, in the singular.
    pub unit: &'static str,
    /// Whether the table has a figure of the region.
    pub known: bool,
}

static FIGURES: LazyLock<Vec<Figure>> = LazyLock::new(|| rows(PRICES));
static BY_ITEM: LazyLock<BTreeMap<&'static str, Vec<&'static Figure>>> = LazyLock::new(|| {
    let mut all: BTreeMap<&str, Vec<&Figure>> = BTreeMap::new();
    for figure in FIGURES.iter() {
        all.entry(&figure.item).or_default().push(figure);
    }
    all
});
static WITHOUT: LazyLock<Vec<Free>> = LazyLock::new(|| rows(FREE));

/// The rows of a table; a test holds that each can be read.
fn rows<R: for<'a> Deserialize<'a>>(text: &str) -> Vec<R> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .flatten()
        .collect()
}

/// Every price.
pub fn figures() -> &'static [Figure] {
    &FIGURES
}

/// The month of the oldest figure.
pub fn as_of() -> &'static str {
    figures()
        .iter()
        .map(|figure| figure.as_of.as_str())
        .min()
        .unwrap_or_default()
}

/// Every type of resource that costs nothing by itself.
pub fn free() -> &'static [Free] {
    &WITHOUT
}

/// What something costs in a region; none where the table does not know it at all.
pub fn price(item: &str, region: &str) -> Option<Price> {
    let all = BY_ITEM.get(item)?;
    let first = all.first()?;
    let own = all
        .iter()
        .find(|figure| figure.region == region || figure.region == "*");
    let usd = match own {
        Some(figure) => Bounds::from(figure.usd),
        None => {
            let every = || all.iter().map(|figure| figure.usd);
            Bounds::new(every().fold(f64::INFINITY, f64::min), every().fold(0.0, f64::max))
        }
    };
    Some(Price {
        usd,
        per: first.per,
        unit: &first.unit,
        known: own.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table whose every row was read.
    fn whole<R: for<'a> Deserialize<'a>>(text: &str) -> Vec<R> {
        let read = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
        let read: Result<Vec<R>, _> = read;
        read.unwrap()
    }

    #[test]
    fn every_figure_has_a_date_and_a_source() {
        let dated = |text: &str| {
            let parts: Vec<&str> = text.split('-').collect();
            matches!(parts[..], [year, month] if year.len() == 4 && (1..=12).contains(&month.parse().unwrap_or(0)))
        };
        let all: Vec<Figure> = whole(PRICES);
        for figure in &all {
            let page = figure.source.strip_prefix("https://aws.amazon.com/");
            assert!(page.is_some_and(|page| page.contains("pricing")), "{figure:?}");
            assert!(
                dated(&figure.as_of) && figure.compared.as_deref().is_none_or(dated),
                "{figure:?}"
            );
            assert!(
                figure.usd > 0.0 && figure.per >= 1.0 && !figure.unit.is_empty(),
                "{figure:?}"
            );
        }
        for (at, one) in all.iter().enumerate() {
            let again = all[..at]
                .iter()
                .find(|other| (&other.item, &other.region) == (&one.item, &one.region));
            assert_eq!(again, None);
        }
        for figures in BY_ITEM.values() {
            assert!(
                figures
                    .iter()
                    .all(|one| one.per == figures[0].per && one.unit == figures[0].unit)
            );
        }
    }

    #[test]
    fn what_costs_nothing_says_why() {
        let all: Vec<Free> = whole(FREE);
        for free in &all {
            assert!(
                free.source.starts_with("https://") && !free.because.is_empty(),
                "{free:?}"
            );
        }
    }

    #[test]
    fn a_region_without_figures_lies_between_those_that_have_some() {
        let known = price("vpc.nat_hour", "eu-west-1").unwrap();
        assert!(known.known && known.usd == Bounds::from(0.048));
        let unknown = price("vpc.nat_hour", "af-south-1").unwrap();
        assert!(!unknown.known && unknown.usd == Bounds::new(0.045, 0.059));
        assert!(price("kms.key_month", "af-south-1").unwrap().known);
        assert_eq!(price("something.else", "eu-west-1"), None);
    }
}
