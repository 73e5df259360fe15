//! `zone`: the tiers of the lake.

use super::Items;
use crate::base::Spanned;
use crate::check::program::Item;

/// A zone, with what its datasets are held to.
#[derive(Clone, Debug)]
pub(super) struct ZoneRules {
    /// The zone.
    pub(super) item: Item,
    /// 1 raw, 2 processed, 3 curated.
    pub(super) tier: u32,
    /// Whether sources write it, and transforms do not.
    pub(super) sources_only: bool,
    /// `nothing`, `datasets` or `columns`.
    pub(super) document: String,
    /// The format of its datasets.
    pub(super) format: String,
    /// The columns that partition its datasets.
    pub(super) partition: Vec<Spanned<String>>,
}

impl Items<'_> {
    /// The zones whose settings are right, in order.
    pub(super) fn zones(&mut self) -> Vec<ZoneRules> {
        let mut zones = Vec::new();
        for entity in self.entities("zone") {
            let item = self.item(&entity);
            zones.extend(rules(item));
        }
        zones
    }
}

/// The zone of this name.
pub(super) fn find<'z>(zones: &'z [ZoneRules], name: &str) -> Option<&'z ZoneRules> {
    zones.iter().find(|rules| rules.item.name == name)
}

fn rules(item: Item) -> Option<ZoneRules> {
    let settings = &item.settings;
    Some(ZoneRules {
        tier: settings.int("tier")?,
        sources_only: settings.text("written_by")? == "sources",
        document: settings.text("document")?.to_owned(),
        format: settings.variant("format")?.0.to_owned(),
        partition: settings.names("partition"),
        item,
    })
}
