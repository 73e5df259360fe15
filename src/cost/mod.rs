//! What a platform costs in a month: a low and a high bound of each thing that is paid for, with its derivation, and the
//! proof that the budget is above what the platform costs at least.
//!
//! It goes over the resources that a build makes, and over what sources promise to bring. The low bound is what no month
//! costs less than in which sources bring what they promise, everything is as old as it may get, and nobody asks anything.
//! The high bound is what no month costs more than as long as promises hold and every cap is used to its end.
//!
//! It must not know text: places only say where to point.

mod bounds;
mod claim;
mod difference;
mod flow;
mod model;
mod shown;
pub mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use bounds::Bounds;
pub use claim::claim;
pub use difference::{Change, difference};
pub use flow::{SUPPOSED_BYTES, SUPPOSED_ENTRIES};
pub use shown::{amount, derivations, dollars, text};

use crate::aws::{self, Address, Stack};
use crate::base::Span;
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

/// The types of resources that are paid for, as Terraform calls them.
pub fn priced() -> impl Iterator<Item = &'static str> {
    model::PRICED.iter().map(|(kind, _)| *kind)
}

/// What a platform costs in a month.
pub fn estimate(plan: &Plan) -> Estimate {
    estimate_of(plan, &paid(plan))
}

/// The resources of a platform that are paid for, as far as their price is read of them.
fn paid(plan: &Plan) -> Stack {
    aws::paid(plan, priced(), model::READ)
}

/// The same where its resources are made already.
pub fn estimate_of(plan: &Plan, stack: &Stack) -> Estimate {
    let account = aws::account::stack(plan);
    let recorded = account.as_ref().map_or(0, Stack::recorded) + stack.recorded();
    let mut all = model::Model::new(plan, stack, recorded).estimate();
    if let (Some(account), Some(item)) = (account, &plan.account) {
        let mut lines = model::Model::new(plan, &account, recorded).estimate().lines;
        lines
            .iter_mut()
            .for_each(|line| line.item = format!("account {}", item.name));
        all.lines.extend(lines);
    }
    all
}

/// What was found while a budget was proved.
#[derive(Clone, Debug)]
pub struct Proved {
    /// What the platform costs, US dollars a month.
    pub total: Bounds,
    /// Every resource that may be paid for.
    pub resources: Arc<[Address]>,
}

impl Proved {
    /// What a platform costs, and of what.
    pub fn of(plan: &Plan) -> Proved {
        let stack = paid(plan);
        Proved {
            total: estimate_of(plan, &stack).total(),
            resources: stack.addresses().into(),
        }
    }
}

/// The proofs of a platform's environments: many of them cost the same.
#[derive(Debug, Default)]
pub struct Proofs {
    known: Vec<(Plan, Proved)>,
}

impl Proofs {
    /// Says whether the platform costs more than its budget, whatever happens. Returns what was found, where there is one.
    pub fn prove(&mut self, plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) -> Option<Proved> {
        let budget = plan.pipeline.budget?;
        let proved = self.known(plan).unwrap_or_else(|| Proved::of(plan));
        let span = places.get(&format!("pipeline.{}.budget", plan.pipeline.name));
        if let (Some(span), true) = (span, proved.total.low > budget) {
            diagnostics.push(above(&plan.pipeline.name, budget, &estimate(plan), span));
        }
        Some(proved)
    }

    /// Keeps in mind what was found of a plan.
    pub fn remember(&mut self, plan: Plan, proved: Proved) {
        self.known.push((plan, proved));
    }

    fn known(&mut self, plan: &Plan) -> Option<Proved> {
        let same = |known: &mut Plan| {
            // What an environment is called, what it may cost and whether it may be destroyed costs nothing.
            known.environment.clone_from(&plan.environment);
            known.pipeline.budget = plan.pipeline.budget;
            known.pipeline.destroyable = plan.pipeline.destroyable;
            known == plan
        };
        let mut all = self.known.iter_mut();
        all.find_map(|(known, proved)| same(known).then(|| proved.clone()))
    }
}

fn above(name: &str, budget: f64, estimate: &Estimate, span: Span) -> Diagnostic {
    let total = estimate.total();
    let least = dollars(total.low.ceil());
    let message = format!(
        "`{name}` costs {least} USD a month at least, and its budget is {} USD",
        dollars(budget)
    );
    let mut diagnostic = Diagnostic::new(Code::BUDGET, span, message).found("no month costs as little");
    let dearest = estimate.dearest(|usd| usd.low);
    let named: Vec<_> = dearest.iter().take(3).collect();
    for (item, usd) in &named {
        let lines = estimate.lines.iter().filter(|line| line.item == *item);
        let most = lines.max_by(|one, other| one.usd.low.total_cmp(&other.usd.low));
        let why = most.map(|line| format!(", of which {} are {}", dollars(line.usd.low), shown::low(line)));
        diagnostic = diagnostic.note(format!("`{item}`: {} USD{}", dollars(usd.low), why.unwrap_or_default()));
    }
    let names: Vec<_> = named.iter().map(|(item, _)| format!("`{item}`")).collect();
    diagnostic.help(format!(
        "the dearest are {}: write less of them, or `budget = {} USD per month`",
        names.join(", "),
        least.replace(',', "_")
    ))
}
