//! Zones.

use super::{FOREVER_DAYS, Lowering};
use crate::check::program::Item;
use crate::check::settings::Settings;
use crate::plan::{Format, Zone};

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
            quarantine_days: settings.days("quarantine")?,
            target_file_bytes: settings.bytes("target_file_size")?,
        })
    }
}

/// The format that settings ask for.
pub(super) fn format_of(settings: &Settings) -> Option<Format> {
    Format::of_name(settings.variant("format")?.0)
}
