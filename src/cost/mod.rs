//! What a platform costs in a month: a low and a high bound of each thing that is paid for, with its derivation, and the
//! proof that the budget is above what the platform costs at least.
//!
//! It goes over the resources that a build makes, and over what sources promise to bring. The low bound is what no month
//! costs less than in which sources bring what they promise, everything is as old as it may get, and nobody asks anything.
//! The high bound is what no month costs more than as long as promises hold and every cap is used to its end.
//!
//! It must not know text: places only say where to point.

mod bounds;
mod difference;
mod flow;
mod model;
mod shown;
pub mod table;

use std::collections::BTreeMap;

pub use bounds::Bounds;
pub use difference::{Change, difference};
pub use flow::{SUPPOSED_BYTES, SUPPOSED_ENTRIES};
pub use model::PRICED;
pub use shown::{amount, dollars, text};

use crate::check::items::Places;
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::plan::Plan;
use table::Price;

/// What something of a price is multiplied by: `2 shards`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Factor {
    /// How many.
    #[serde(flatten)]
    pub count: Bounds,
    /// Of what.
    pub of: String,
}

/// One thing that is paid for.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The item that wants it: `source clicks`, `pipeline network`.
    pub item: String,
    /// The resource, as Terraform calls it.
    pub resource: String,
    /// What it is the price of, in the table: `kinesis.shard_hour`.
    pub price_of: &'static str,
    /// Its price at the high bound, where it is another thing's: what is read stays in a dearer place.
    pub high_price_of: &'static str,
    /// What the price is multiplied by.
    pub factors: Vec<Factor>,
    /// The price.
    pub price: Price,
    /// US dollars a month.
    pub usd: Bounds,
}

/// What a platform costs in a month.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The region.
    pub region: String,
    /// Everything that is paid for, by item.
    pub lines: Vec<Line>,
}

impl Estimate {
    /// All of it, US dollars.
    pub fn total(&self) -> Bounds {
        self.lines.iter().map(|line| line.usd).sum()
    }

    /// Each item's share, US dollars, in the order of the names.
    pub fn by_item(&self) -> BTreeMap<&str, Bounds> {
        let mut items: BTreeMap<&str, Bounds> = BTreeMap::new();
        for line in &self.lines {
            let sum = items.entry(&line.item).or_default();
            *sum = *sum + line.usd;
        }
        items
    }

    /// The items, the dearest by one bound first.
    fn dearest(&self, bound: impl Fn(Bounds) -> f64) -> Vec<(&str, Bounds)> {
        let mut items: Vec<_> = self.by_item().into_iter().collect();
        items.sort_by(|(_, one), (_, other)| bound(*other).total_cmp(&bound(*one)));
        items
    }

    /// What is bounded by other regions' prices, because the table has none of this one.
    pub fn without_figures(&self) -> Vec<&'static str> {
        let mut unknown: Vec<_> = self
            .lines
            .iter()
            .filter(|line| !line.price.known)
            .map(|line| line.price_of)
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }
}

/// What a platform costs in a month.
pub fn estimate(plan: &Plan) -> Estimate {
    model::Model::new(plan).estimate()
}

/// Says whether the platform costs more than its budget, whatever happens.
pub fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    let Some(budget) = plan.pipeline.budget else {
        return;
    };
    let estimate = estimate(plan);
    let total = estimate.total();
    let path = format!("pipeline.{}.budget", plan.pipeline.name);
    let Some(span) = places.get(&path).filter(|_| total.low > budget) else {
        return;
    };
    let message = format!(
        "`{}` costs {} USD a month at least, and its budget is {} USD",
        plan.pipeline.name,
        dollars(total.low),
        dollars(budget)
    );
    let dearest = estimate.dearest(|usd| usd.low);
    let mut diagnostic = Diagnostic::new(Code::BUDGET, span, message).found("no month costs as little");
    let named: Vec<_> = dearest.iter().take(3).collect();
    for (item, usd) in &named {
        let lines = estimate.lines.iter().filter(|line| line.item == *item);
        let most = lines.max_by(|one, other| one.usd.low.total_cmp(&other.usd.low));
        let why = most.map(|line| format!(", of which {} are {}", dollars(line.usd.low), shown::low(line)));
        diagnostic = diagnostic.note(format!(
            "`{item}`: {} USD{}",
            dollars(usd.low),
            why.unwrap_or_default()
        ));
    }
    let names: Vec<_> = named.iter().map(|(item, _)| format!("`{item}`")).collect();
    diagnostics.push(diagnostic.help(format!(
        "the dearest are {}: write less of them, or `budget = {} USD per month`",
        names.join(", "),
        total.low.ceil()
    )));
}
