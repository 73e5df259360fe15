//! `serve`: how people and tools read.

use std::collections::{BTreeMap, BTreeSet};

use super::{Items, unknown_dataset};
use crate::base::{Span, Spanned};
use crate::check::program::{Dataset, Serve};
use crate::check::settings::Value;
use crate::plan::DatasetId;

impl Items<'_> {
    pub(super) fn serves(&mut self, datasets: &BTreeMap<DatasetId, Dataset>) -> Vec<Serve> {
        let mut serves = Vec::new();
        for entity in self.entities("serve") {
            let item = self.item(&entity);
            let expose = self.datasets_of(item.settings.list("expose"), datasets);
            serves.push(Serve { item, expose });
        }
        serves
    }

    /// What a list of `zone.dataset` and `zone.*` stands for, each once.
    pub(super) fn datasets_of(
        &mut self,
        list: &[Spanned<Value>],
        datasets: &BTreeMap<DatasetId, Dataset>,
    ) -> Vec<DatasetId> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for item in list {
            let Value::Dataset { zone, name } = &item.value else {
                continue;
            };
            for id in self.matching(zone, name.as_deref(), item.span, datasets) {
                if seen.insert(id.clone()) {
                    found.push(id);
                }
            }
        }
        found
    }

    /// The datasets that `zone.name` or `zone.*` stands for.
    pub(super) fn matching(
        &mut self,
        zone: &str,
        name: Option<&str>,
        span: Span,
        datasets: &BTreeMap<DatasetId, Dataset>,
    ) -> Vec<DatasetId> {
        let Some(name) = name else {
            return datasets.keys().filter(|id| id.zone == zone).cloned().collect();
        };
        let id = DatasetId {
            zone: zone.to_owned(),
            name: name.to_owned(),
        };
        if datasets.contains_key(&id) {
            return vec![id];
        }
        // The dataset of a source or transform that has mistakes is not there, and they were told.
        if !self.written(&id) {
            self.say(unknown_dataset(span, &id, datasets));
        }
        Vec::new()
    }
}
