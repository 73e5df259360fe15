//! What a change of a platform costs: two estimates, item by item.

use std::collections::BTreeMap;

use super::{Bounds, Estimate};

/// What an item cost, and what it costs now.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Change {
    /// The item.
    pub item: String,
    /// US dollars a month, before.
    pub before: Bounds,
    /// US dollars a month, now.
    pub now: Bounds,
}

/// The items that do not cost the same, the largest change first.
pub fn difference(before: &Estimate, now: &Estimate) -> Vec<Change> {
    let mut items: BTreeMap<&str, (Bounds, Bounds)> = BTreeMap::new();
    for (item, usd) in before.by_item() {
        items.entry(item).or_default().0 = usd;
    }
    for (item, usd) in now.by_item() {
        items.entry(item).or_default().1 = usd;
    }
    let mut changes: Vec<_> = items
        .into_iter()
        .filter(|(_, (before, now))| before != now)
        .map(|(item, (before, now))| Change {
            item: item.to_owned(),
            before,
            now,
        })
        .collect();
    let size = |change: &Change| {
        let most = (change.now.high - change.before.high).abs();
        most.max((change.now.low - change.before.low).abs())
    };
    changes.sort_by(|one, other| size(other).total_cmp(&size(one)));
    changes
}
