//! `zone`: the tiers of the lake.

use super::{Program, doc_of};
use crate::base::Spanned;
use crate::check::settings::Settings;
use crate::plan::{Format, Zone};

/// A zone, with what its datasets are held to.
#[derive(Clone, Debug)]
pub(super) struct ZoneRules {
    /// What the plan says of it.
    pub(super) zone: Zone,
    /// Whether sources write it, and transforms do not.
    pub(super) sources_only: bool,
    /// `nothing`, `datasets` or `columns`.
    pub(super) document: String,
    /// The columns that partition its datasets.
    pub(super) partition: Vec<Spanned<String>>,
}

impl Program<'_> {
    /// The zones whose settings are right, in order.
    pub(super) fn zones(&mut self) -> Vec<ZoneRules> {
        let mut zones = Vec::new();
        for entity in self.entities("zone") {
            let settings = self.settings(&entity);
            zones.extend(rules(entity.name, doc_of(entity.item), &settings));
        }
        zones
    }
}

/// The zone of this name.
pub(super) fn find<'z>(zones: &'z [ZoneRules], name: &str) -> Option<&'z ZoneRules> {
    zones.iter().find(|rules| rules.zone.name == name)
}

fn rules(name: &str, doc: Option<String>, settings: &Settings) -> Option<ZoneRules> {
    let zone = Zone {
        name: name.to_owned(),
        doc,
        tier: u8::try_from(settings.int("tier")?).ok()?,
        format: format_of(settings)?,
        retain_days: settings.days("retain")?,
        versioning: settings.bool("versioning")?,
        backup_days: settings.days("backup"),
        quarantine_days: settings.days("quarantine")?,
        target_file_bytes: settings.bytes("target_file_size")?,
    };
    Some(ZoneRules {
        zone,
        sources_only: settings.text("written_by")? == "sources",
        document: settings.text("document")?.to_owned(),
        partition: settings.names("partition"),
    })
}

/// The format that settings ask for.
pub(super) fn format_of(settings: &Settings) -> Option<Format> {
    match settings.variant("format")?.0 {
        "json" => Some(Format::Json),
        "parquet" => Some(Format::Parquet),
        _ => None,
    }
}
