//! How much of each label's lifetime is left where another project takes a dataset over.
//!
//! A value may be taken at the last moment before its dataset lets it go, so all stays up to there count.

use std::collections::BTreeMap;

use crate::check::program::{Dataset, DatasetWriter, Item, Program};
use crate::check::settings::{DAY, Settings, Value};
use crate::plan::{DatasetId, Input};

/// Days that S3 takes to sweep, and a day of old versions.
const SWEEP: f64 = 2.0;
const VERSIONS: f64 = 1.0;

/// Of each dataset: for each class that bounds its lifetime and that a column of it carries, the days that are left of
/// it, none or fewer where nothing is.
pub fn days_left(program: &Program) -> BTreeMap<&DatasetId, BTreeMap<String, f64>> {
    let mut left: BTreeMap<_, BTreeMap<_, _>> = program.datasets.keys().map(|id| (id, BTreeMap::new())).collect();
    for class in &program.classes {
        let Some(most) = class.retain_at_most_days else {
            continue;
        };
        let paths = Paths::of(program, &class.name);
        for (id, left) in &mut left {
            if let Some(days) = paths.at(id) {
                left.insert(class.name.clone(), most - days);
            }
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
    /// The longest that a value has been anywhere when a transform reads it, days.
    read: BTreeMap<&'p str, f64>,
}

impl<'p> Paths<'p> {
    /// The paths of one class. Each transform stands behind what it reads, so that each is looked at once.
    fn of(program: &'p Program, label: &'p str) -> Self {
        let mut paths = Paths {
            program,
            label,
            read: BTreeMap::new(),
        };
        for transform in &program.transforms {
            let inputs = super::inputs(transform).into_iter();
            let longest = inputs.map(|input| paths.input(input)).fold(0.0, f64::max);
            paths.read.insert(&transform.item.name, longest);
        }
        paths
    }

    /// The longest that a value has been anywhere when it is read, days.
    fn input(&self, input: &Input) -> f64 {
        match input {
            Input::Stream(source) => self.stream(source).max(self.imported(source)),
            Input::Table(id) => self.at(id).unwrap_or(0.0),
            Input::View(view) => self.transform(view),
        }
    }

    fn transform(&self, name: &str) -> f64 {
        self.read.get(name).copied().unwrap_or(0.0)
    }

    /// The longest that a value has been anywhere when this dataset lets it go, days; none where the class does not get
    /// there.
    fn at(&self, id: &DatasetId) -> Option<f64> {
        let dataset = self.program.datasets.get(id)?;
        if !carries(dataset, self.label) {
            return None;
        }
        let before = match &dataset.writer {
            DatasetWriter::Source(name) => self.stream(name),
            DatasetWriter::Transform(name) => self.transform(name),
            DatasetWriter::Import(_) => 0.0,
        };
        Some(before + self.stay(dataset))
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
        let retention = zone
            .text("retain")
            .and_then(|name| named(&self.program.retentions, name));
        let locked = retention.is_some_and(|settings| settings.days("lock").is_some());
        let versions = zone.bool("versioning").unwrap_or(false) || copies || locked;
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
