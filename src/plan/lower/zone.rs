//! Zones.

use super::Lowering;
use crate::check::program::Item;
use crate::check::settings::Settings;
use crate::plan::{Format, Zone};

impl Lowering<'_> {
    pub(super) fn zones(&mut self) -> Vec<Zone> {
        let program = self.program;
        program.zones.iter().filter_map(|item| self.zone(item)).collect()
    }

    fn zone(&mut self, item: &Item) -> Option<Zone> {
        let settings = &item.settings;
        Some(Zone {
            name: item.name.clone(),
            doc: item.doc.clone(),
            tier: u8::try_from(settings.int("tier")?).ok()?,
            format: format_of(settings).unwrap_or(Format::Parquet),
            retain_days: settings.days("retain")?,
            versioning: settings.bool("versioning")?,
            backup_days: settings.days("backup"),
            quarantine_days: settings.days("quarantine")?,
            target_file_bytes: settings.bytes("target_file_size")?,
        })
    }
}

/// The format that settings ask for, if files are written in it.
pub(super) fn format_of(settings: &Settings) -> Option<Format> {
    match settings.variant("format")?.0 {
        "json" => Some(Format::Json),
        "parquet" => Some(Format::Parquet),
        _ => None,
    }
}
