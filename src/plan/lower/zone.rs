//! Zones.

use super::{FOREVER_DAYS, Lowering};
use crate::check::program::Item;
use crate::check::settings::Settings;
use crate::plan::{Format, Lock, StorageClass, Tier, Zone};

impl Lowering<'_> {
    pub(super) fn zones(&mut self) -> Vec<Zone> {
        let program = self.program;
        program.zones.iter().filter_map(|item| self.zone(item)).collect()
    }

    /// How long settings let rows stay, days: a number, or the end of a retention.
    pub(super) fn retain(&self, settings: &Settings) -> Option<u32> {
        let retention = || {
            let name = settings.text("retain")?;
            let mut all = self.program.retentions.iter();
            all.find(|retention| retention.name == name)?.settings.days("purge")
        };
        settings.days("retain").or_else(retention)
    }

    /// The settings of a zone.
    pub(super) fn zone_settings(&self, zone: &str) -> Option<&Settings> {
        let mut zones = self.program.zones.iter();
        zones.find(|item| item.name == zone).map(|item| &item.settings)
    }

    /// Where files move to as they age, by the retention that settings name.
    pub(super) fn tiers(&self, settings: Option<&Settings>) -> Vec<Tier> {
        let named = settings.and_then(|settings| settings.text("retain"));
        let mut all = self.program.retentions.iter();
        let Some(retention) = all.find(|retention| Some(retention.name.as_str()) == named) else {
            return Vec::new();
        };
        let stages = [
            ("intelligent", StorageClass::Intelligent),
            ("infrequent", StorageClass::Infrequent),
            ("archive", StorageClass::Archive),
            ("deep_archive", StorageClass::DeepArchive),
        ];
        let tier = |(name, class)| {
            let after_days = retention.settings.days(name)?;
            Some(Tier { after_days, class })
        };
        let mut tiers: Vec<_> = stages.into_iter().filter_map(tier).collect();
        tiers.sort_by_key(|tier| tier.after_days);
        tiers
    }

    /// The lock of the retention that settings name.
    fn lock(&self, settings: &Settings) -> Option<Lock> {
        let name = settings.text("retain")?;
        let mut all = self.program.retentions.iter();
        let retention = &all.find(|retention| retention.name == name)?.settings;
        Some(Lock {
            days: retention.days("lock")?,
            may_be_lifted: retention.text("lock_mode") == Some("governance"),
        })
    }

    fn zone(&mut self, item: &Item) -> Option<Zone> {
        let settings = &item.settings;
        let retain = self.retain(settings);
        if retain.is_none() {
            self.refuse(item.span, "keeping rows of a zone by something else than days", None);
        }
        Some(Zone {
            name: item.name.clone(),
            doc: item.doc.clone(),
            tier: u8::try_from(settings.int("tier")?).ok()?,
            format: format_of(settings).unwrap_or(Format::Parquet),
            retain_days: retain.unwrap_or(FOREVER_DAYS),
            versioning: settings.bool("versioning")?,
            backup_days: settings.days("backup"),
            replicate_to: settings.text("replicate_to").map(str::to_owned),
            lock: self.lock(settings),
            quarantine_days: settings.days("quarantine")?,
            target_file_bytes: settings.bytes("target_file_size")?,
        })
    }
}

/// The format that settings ask for.
pub(super) fn format_of(settings: &Settings) -> Option<Format> {
    Format::of_name(settings.variant("format")?.0)
}
