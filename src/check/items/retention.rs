//! `retention`: stages in the order of time, archives that something can read, locks of what is only added to.

use std::collections::BTreeMap;

use super::Items;
use super::zone::ZoneRules;
use crate::base::Span;
use crate::check::program::{Access, Dataset, DatasetWriter, Item, Mode, Serve, Transform};
use crate::check::settings::{DAY, Settings, Value};
use crate::diag::{Code, Diagnostic};
use crate::plan::{DatasetId, Input, StepKind};

/// What rests under retentions, and what reads it.
pub(super) struct Rests<'r> {
    pub(super) retentions: &'r [Item],
    pub(super) zones: &'r [ZoneRules],
    pub(super) datasets: &'r BTreeMap<DatasetId, Dataset>,
    pub(super) transforms: &'r [Transform],
    pub(super) serves: &'r [Serve],
    pub(super) accesses: &'r [Access],
}

impl Items<'_> {
    /// Says what of the retentions cannot be.
    pub(super) fn retentions(&mut self, rests: &Rests<'_>) {
        for item in rests.retentions {
            self.stages(item);
            for (id, dataset) in rests.datasets {
                let Some((used, span)) = rests.of(dataset) else {
                    continue;
                };
                if used != item.name {
                    continue;
                }
                if let (Some(deep), Some(reader)) = (item.settings.span("deep_archive"), rests.reader(id)) {
                    let message = format!("`{id}` goes to `deep_archive`, where nothing reads it, but {reader} does");
                    let diagnostic = Diagnostic::new(Code::UNREADABLE_ARCHIVE, deep, message)
                        .found("opened within hours, on request")
                        .label(span, format!("`{id}` rests by it"))
                        .help("write `archive` instead: queries still read it");
                    self.say(diagnostic);
                }
                if let (Some(lock), Some(change)) = (item.settings.span("lock"), rests.change(dataset)) {
                    let message = format!("`{id}` is locked, but {change}");
                    let diagnostic = Diagnostic::new(Code::LOCKED, lock, message)
                        .found("nobody can change what is locked")
                        .label(span, format!("`{id}` rests by it"))
                        .help("lock only what rows are added to, such as a zone like `std.zones.raw`");
                    self.say(diagnostic);
                }
            }
        }
    }

    /// Each stage comes after the one before.
    fn stages(&mut self, item: &Item) {
        let settings = &item.settings;
        let mut before: Option<(&str, u64, Span)> = None;
        for name in ["infrequent", "archive", "deep_archive", "purge"] {
            let (Some(age), Some(span)) = (settings.milliseconds(name), settings.span(name)) else {
                continue;
            };
            // S3 keeps objects in `infrequent` for 30 days before it moves them on.
            if let Some((earlier, at, place)) = before {
                let least = at + if earlier == "infrequent" { 30 * DAY } else { 1 };
                if age < least {
                    let message = format!(
                        "`{name}` of retention `{}` comes too early after `{earlier}`",
                        item.name
                    );
                    let diagnostic = Diagnostic::new(Code::RETENTION_ORDER, span, message)
                        .found(format!("{} days", age / DAY))
                        .label(place, format!("{} days", at / DAY))
                        .help(format!(
                            "write `{name} = {} days` or more, or leave one of them out",
                            least.div_ceil(DAY)
                        ));
                    self.say(diagnostic);
                    return;
                }
            }
            before = Some((name, age, span));
        }
        let lock = settings.milliseconds("lock").zip(settings.span("lock"));
        if let (Some((lock, span)), Some(purge)) = (lock, settings.milliseconds("purge"))
            && lock > purge
        {
            let message = format!("retention `{}` purges rows while they are locked", item.name);
            let diagnostic = Diagnostic::new(Code::LOCKED, span, message)
                .found("longer than rows stay")
                .help(format!("write `lock = {} days` or less", purge / DAY));
            self.say(diagnostic);
        }
    }
}

impl Rests<'_> {
    /// The retention of a dataset, and where it is written.
    fn of(&self, dataset: &Dataset) -> Option<(&str, Span)> {
        let named = |settings: &'_ Settings| match settings.get("retain").map(|setting| (&setting.value, setting.span))
        {
            Some((Value::Ref(name), span)) => Some((name.clone(), span)),
            _ => None,
        };
        let own = self
            .writer(dataset)
            .filter(|transform| transform.item.settings.get("retain").is_some());
        let (name, span) = match own {
            Some(transform) => named(&transform.item.settings)?,
            None => named(&super::zone::find(self.zones, &dataset.id.zone)?.item.settings)?,
        };
        let known = self.retentions.iter().find(|item| item.name == name)?;
        Some((known.name.as_str(), span))
    }

    fn writer(&self, dataset: &Dataset) -> Option<&Transform> {
        match &dataset.writer {
            DatasetWriter::Transform(name) => self.transforms.iter().find(|transform| transform.item.name == *name),
            _ => None,
        }
    }

    /// Who reads a dataset, if anybody.
    fn reader(&self, id: &DatasetId) -> Option<String> {
        let table = |input: &Input| matches!(input, Input::Table(read) if read == id);
        let reads = |transform: &&Transform| {
            let steps = transform.steps.iter().any(|step| match &step.kind {
                StepKind::Join(join) => table(&join.other),
                StepKind::Union { other, .. } => table(other),
                _ => false,
            });
            steps || transform.inputs.iter().any(table)
        };
        let transform = self.transforms.iter().find(reads);
        let serve = self.serves.iter().find(|serve| serve.expose.contains(id));
        let access = self
            .accesses
            .iter()
            .find(|access| access.grants.iter().any(|grant| grant.dataset == *id));
        transform
            .map(|transform| format!("transform `{}`", transform.item.name))
            .or(serve.map(|serve| format!("serve `{}`", serve.item.name)))
            .or(access.map(|access| format!("access `{}`", access.item.name)))
    }

    /// How rows of a dataset are changed, if they are.
    fn change(&self, dataset: &Dataset) -> Option<String> {
        let writer = self.writer(dataset)?;
        let name = &writer.item.name;
        match &writer.mode {
            Mode::Append if dataset.format != "iceberg" => None,
            Mode::Append => Some("iceberg puts files together and removes old ones".to_owned()),
            Mode::Overwrite => Some(format!("transform `{name}` overwrites it")),
            Mode::Merge(_) => Some(format!("transform `{name}` merges into it")),
            Mode::History(_) => Some(format!("transform `{name}` closes rows of it")),
        }
    }
}
