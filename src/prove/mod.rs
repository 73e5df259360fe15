//! Phase 5: proofs over the whole platform, from the plan alone; places only say where to point.

pub mod access;
mod brokers;
pub mod capacity;
pub mod erasure;
pub mod freshness;
pub mod lifetimes;
pub mod limits;
pub mod quotas;

use crate::check::items::Places;
use crate::diag::Diagnostics;
use crate::plan::Plan;

/// Everything that is proved of a plan; what does not hold is said.
pub fn prove(plan: &Plan, places: &Places, diagnostics: &mut Diagnostics) {
    lifetimes::prove(plan, places, diagnostics);
    capacity::prove(plan, places, diagnostics);
    limits::prove(plan, places, diagnostics);
    access::prove(plan, places, diagnostics);
    erasure::prove(plan, places, diagnostics);
    freshness::prove(plan, places, diagnostics);
}
