//! What a platform costs, as a claim of its evidence.
//!
//! It must not know how costs come about, nor what else is claimed.

use std::collections::BTreeSet;

use super::table;
use super::{Bounds, Estimate, amount, dollars};
use crate::evidence::{About, Assumption, Claim, Evidence, Paid};
use crate::plan::Plan;

/// The claim's id.
const ID: &str = "cost";

/// Adds to the evidence of a platform what it costs, where anything is paid for. It rests on all that is paid for, and on
/// what takes objects out of buckets.
pub fn claim(evidence: &mut Evidence, plan: &Plan, estimate: &Estimate) {
    if estimate.lines.is_empty() {
        return;
    }
    let is_there = |address: &String| evidence.resources.contains_key(address);
    let paid: BTreeSet<&str> = estimate.lines.iter().map(|line| line.resource.as_str()).collect();
    let emptied = paid.iter().filter_map(|address| {
        let bucket = address.strip_prefix("aws_s3_bucket.")?;
        Some(format!("aws_s3_bucket_lifecycle_configuration.{bucket}"))
    });
    let rests_on: BTreeSet<String> = emptied.chain(paid.iter().map(|&address| address.to_owned())).collect();
    let rests_on: Vec<String> = rests_on.into_iter().filter(is_there).collect();
    let alarm = Some("aws_budgets_budget.platform".to_owned()).filter(is_there);
    let (total, budget) = (cents(estimate.total()), plan.pipeline.budget);
    let allowed = match budget {
        Some(budget) => format!(", and its budget is {} USD", dollars(budget)),
        None => String::new(),
    };
    let items = estimate.dearest(|usd| usd.high).into_iter().map(|(item, usd)| {
        let Bounds { low, high } = cents(usd);
        let item = item.to_owned();
        Paid { item, low, high }
    });
    evidence.claims.push(Claim {
        id: ID.to_owned(),
        says: format!("the platform costs {} a month{allowed}", amount(total)),
        about: About::Cost {
            low: total.low,
            high: total.high,
            budget,
            items: items.collect(),
        },
        rests_on,
    });
    evidence.assumptions.push(Assumption {
        says: format!(
            "sources bring what they promise and no more, and AWS asks what it did in {}",
            table::as_of()
        ),
        needed_by: vec![ID.to_owned()],
        alarms: alarm.into_iter().collect(),
    });
}

/// Rounded to what a bill is rounded to.
fn cents(usd: Bounds) -> Bounds {
    usd.map(|usd| (usd * 100.0).round() / 100.0)
}
