//! How much of each label's lifetime is left where another project takes a dataset over.
//!
//! A value may be taken at the last moment before its dataset lets it go, so all stays up to there count.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::program::{Dataset, DatasetWriter, Item, Program};
use crate::check::settings::{DAY, Settings, Value};
use crate::plan::{DatasetId, Input};

/// Days that S3 takes to sweep, and a day of old versions.
const SWEEP: f64 = 2.0;
const VERSIONS: f64 = 1.0;

/// For each class that bounds its lifetime and that a column of the dataset carries: the days that are left of it, none
/// or fewer where nothing is.
pub fn days_left(program: &Program, dataset: &Dataset) -> BTreeMap<String, f64> {
    let mut left = BTreeMap::new();
    for class in &program.classes {
        if let Some(most) = class.retain_at_most_days.filter(|_| carries(dataset, &class.name)) {
            let paths = Paths {
                program,
                label: &class.name,
            };
            left.insert(class.name.clone(), most - paths.at(&dataset.id, &mut BTreeSet::new()));
        }
    }
    left
}

fn carries(dataset: &Dataset, label: &str) -> bool {
    dataset.columns.iter().any(|column| column.labels.contains(label))
}

struct Paths<'p> {
    program: &'p Program,
    label: &'p str,
}

impl Paths<'_> {
    /// The longest that a value has been anywhere when this dataset lets it go, days.
    fn at(&self, id: &DatasetId, seen: &mut BTreeSet<String>) -> f64 {
        let Some(dataset) = self
            .program
            .datasets
            .get(id)
            .filter(|dataset| carries(dataset, self.label))
        else {
            return 0.0;
        };
        let before = match &dataset.writer {
            DatasetWriter::Source(name) => self.stream(name),
            DatasetWriter::Transform(name) => self.transform(name, seen),
            DatasetWriter::Import(_) => 0.0,
        };
        before + self.stay(dataset)
    }

    /// The longest before a transform writes.
    fn transform(&self, name: &str, seen: &mut BTreeSet<String>) -> f64 {
        // What reads itself, through a dataset that it merges into, is no longer path.
        let Some(transform) = self.program.transforms.iter().find(|t| t.item.name == name) else {
            return 0.0;
        };
        if !seen.insert(name.to_owned()) {
            return 0.0;
        }
        let longest = super::inputs(transform)
            .into_iter()
            .map(|input| match input {
                Input::Stream(source) => self.stream(source).max(self.imported(source)),
                Input::Table(id) => self.at(id, seen),
                Input::View(view) => self.transform(view, seen),
            })
            .fold(0.0, f64::max);
        seen.remove(name);
        longest
    }

    /// How long a source's stream keeps rows.
    fn stream(&self, name: &str) -> f64 {
        let Some(source) = self.program.sources.iter().find(|source| source.item.name == name) else {
            return 0.0;
        };
        let settings = &source.item.settings;
        let kept = |place: &str| {
            let (_, variant) = settings.variant(place)?;
            days(variant, "retention")
        };
        ["from", "via"].into_iter().filter_map(kept).fold(0.0, f64::max)
    }

    /// What a source that another project exports has used of its lifetime already.
    fn imported(&self, name: &str) -> f64 {
        let class = self.program.classes.iter().find(|class| class.name == self.label);
        let most = class.and_then(|class| class.retain_at_most_days);
        let source = self.program.sources.iter().find(|source| source.item.name == name);
        let (Some(most), Some(source)) = (most, source) else {
            return 0.0;
        };
        let datasets = self.program.imports.iter().flat_map(|import| {
            let path = |dataset: &Dataset| format!("{}.{}", import.pipeline, dataset.id);
            import
                .datasets
                .iter()
                .filter(move |(dataset, _)| path(dataset) == source.schema.name)
        });
        let left = datasets
            .filter_map(|(_, left)| left.get(self.label))
            .fold(most, |a, b| a.min(*b));
        most - left
    }

    /// How long the rows of a dataset stay, days.
    fn stay(&self, dataset: &Dataset) -> f64 {
        let named =
            |items: &[Item], name: &str| items.iter().find(|item| item.name == name).map(|i| i.settings.clone());
        let zone = named(&self.program.zones, &dataset.id.zone).unwrap_or_default();
        let own = match &dataset.writer {
            DatasetWriter::Transform(name) => {
                let transform = self.program.transforms.iter().find(|t| t.item.name == *name);
                transform.and_then(|transform| self.retained(&transform.item.settings))
            }
            _ => None,
        };
        let retained = own.or_else(|| self.retained(&zone)).unwrap_or(0.0);
        let copies = zone.get("replicate_to").is_some() || zone.get("backup").is_some();
        let versions = zone.bool("versioning").unwrap_or(false) || copies;
        retained + SWEEP + if versions { VERSIONS } else { 0.0 }
    }

    /// What `retain` says: days, or the purge of a retention.
    fn retained(&self, settings: &Settings) -> Option<f64> {
        match &settings.get("retain")?.value {
            Value::Ref(name) => {
                let retention = self.program.retentions.iter().find(|item| item.name == *name)?;
                days(&retention.settings, "purge")
            }
            _ => days(settings, "retain"),
        }
    }
}

fn days(settings: &Settings, name: &str) -> Option<f64> {
    settings.milliseconds(name).map(|ms| ms as f64 / DAY as f64)
}
