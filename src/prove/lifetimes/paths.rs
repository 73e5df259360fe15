//! The longest path of a class through a platform: each part of it is found once, from the end.
//!
//! It must not know how stays are told.

use std::collections::BTreeMap;

use super::stay::Stay;
use crate::plan::types::Column;
use crate::plan::{Dataset, DatasetId, FilesOf, From, Input, Plan, Serve, Source, Transform};

/// One stay of a value on its path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop<'p> {
    pub(super) stay: Stay<'p>,
    /// The column that carries the class there.
    pub(super) column: &'p str,
    /// This stay and all that follow, days.
    days: f64,
    /// The hop that follows, by its place among all.
    next: Option<usize>,
}

/// Which transforms read what, in order.
pub(super) type Readers<'p> = BTreeMap<&'p Input, Vec<&'p Transform>>;

/// The readers of everything that is read, through views too.
pub(super) fn readers(plan: &Plan) -> Readers<'_> {
    let mut readers = Readers::new();
    for transform in &plan.transforms {
        for input in plan.reads(transform) {
            readers.entry(input).or_default().push(transform);
        }
    }
    readers
}

/// The longest ways of one class.
pub(super) struct Paths<'p> {
    plan: &'p Plan,
    class: &'p str,
    readers: &'p Readers<'p>,
    hops: Vec<Hop<'p>>,
    /// Where the longest way from a dataset begins; none where the class does not get there.
    datasets: BTreeMap<&'p DatasetId, usize>,
    /// What a transform turns away.
    turned_away: BTreeMap<&'p str, usize>,
}

impl<'p> Paths<'p> {
    /// The longest path from a source to where it ends; of several the first.
    pub(super) fn longest(plan: &'p Plan, class: &'p str, readers: &'p Readers<'p>) -> Vec<Hop<'p>> {
        let mut paths = Paths {
            plan,
            class,
            readers,
            hops: Vec::new(),
            datasets: BTreeMap::new(),
            turned_away: BTreeMap::new(),
        };
        // Each transform stands behind what it reads, so what follows a dataset is known before it is looked at.
        for transform in plan.transforms.iter().rev() {
            for id in transform.datasets() {
                paths.dataset(plan.dataset(id));
            }
            paths.quarantine(transform);
        }
        let mut best = None;
        for source in &plan.sources {
            let start = paths.source(source);
            paths.better(&mut best, start);
        }
        std::iter::successors(best, |at| paths.hops.get(*at)?.next)
            .filter_map(|at| paths.hops.get(at).copied())
            .collect()
    }

    fn days(&self, at: usize) -> f64 {
        self.hops.get(at).map_or(0.0, |hop| hop.days)
    }

    /// Takes another way where it is longer.
    fn better(&self, best: &mut Option<usize>, other: Option<usize>) {
        if let Some(other) = other
            && best.is_none_or(|best| self.days(other) > self.days(best))
        {
            *best = Some(other);
        }
    }

    /// A stay, and the longest way on.
    fn hop(&mut self, stay: Stay<'p>, column: &'p str, next: Option<usize>) -> usize {
        let days = stay.days() + next.map_or(0.0, |next| self.days(next));
        self.hops.push(Hop {
            stay,
            column,
            days,
            next,
        });
        self.hops.len() - 1
    }

    fn source(&mut self, source: &'p Source) -> Option<usize> {
        let column = self.carrier(source.schema.fields.iter().map(|field| &field.column))?;
        let landed = source.into.as_ref().and_then(|id| self.plan.datasets.get(id));
        let mut next = landed.and_then(|dataset| self.dataset(dataset));
        self.onward(&Input::Stream(source.name.clone()), &mut next);
        match &source.from {
            // What it comes from is not ours; the function that lands it keeps nothing.
            From::Files(FilesOf { bucket: Some(_), .. }) | From::Poll(_) => next,
            From::Files(_) => Some(self.hop(Stay::Inbox(source), column, next)),
            _ => Some(self.hop(Stay::Stream(source), column, next)),
        }
    }

    fn dataset(&mut self, dataset: &'p Dataset) -> Option<usize> {
        let column = self.carrier(dataset.columns.iter())?;
        let zone = self.plan.zone(&dataset.id.zone)?;
        let mut next = zone
            .backup_days
            .map(|days| self.hop(Stay::Backup(zone, days), column, None));
        for (serve, athena) in self.plan.athena() {
            if serve.expose.contains(&dataset.id) {
                let results = self.hop(Stay::Results(serve, athena), column, None);
                self.better(&mut next, Some(results));
            }
        }
        let exposes = |serve: &Serve| serve.expose.contains(&dataset.id);
        for (serve, quicksight) in self.plan.dashboards().filter(|(serve, _)| exposes(serve)) {
            // A label's column that is not shown is not held either.
            let shown = self.plan.shown(quicksight, &dataset.id);
            let Some(column) = self.carrier(shown.into_iter()) else {
                continue;
            };
            let asked = self.hop(Stay::Asked(serve), column, None);
            self.better(&mut next, Some(asked));
            if let Some(refresh) = quicksight.refresh {
                let held = self.hop(Stay::Held(serve, refresh), column, None);
                self.better(&mut next, Some(held));
            }
        }
        for (serve, _) in self.plan.warehouses().filter(|(serve, _)| exposes(serve)) {
            let set_back = self.hop(Stay::Warehouse(serve), column, None);
            self.better(&mut next, Some(set_back));
        }
        self.onward(&Input::Table(dataset.id.clone()), &mut next);
        let hop = self.hop(Stay::Dataset(dataset, zone), column, next);
        self.datasets.insert(&dataset.id, hop);
        Some(hop)
    }

    /// Goes on through every transform that reads `input`: what it turns away, and what it writes.
    fn onward(&self, input: &Input, best: &mut Option<usize>) {
        for transform in self.readers.get(input).into_iter().flatten() {
            self.better(best, self.turned_away.get(transform.name.as_str()).copied());
            for id in transform.datasets() {
                self.better(best, self.datasets.get(id).copied());
            }
        }
    }

    fn quarantine(&mut self, transform: &'p Transform) {
        let zones = transform
            .datasets()
            .into_iter()
            .filter_map(|id| self.plan.zone(&id.zone));
        let later = transform.steps.iter().flat_map(|step| step.columns.iter());
        let column = self.carrier(transform.input_columns.iter().chain(later));
        if let (Some(column), Some(zone)) = (column, zones.min_by_key(|zone| zone.quarantine_days)) {
            let hop = self.hop(Stay::TurnedAway(transform, zone), column, None);
            self.turned_away.insert(&transform.name, hop);
        }
    }

    /// The first column that carries the class.
    fn carrier(&self, mut columns: impl Iterator<Item = &'p Column>) -> Option<&'p str> {
        let carries = |column: &&Column| column.labels.contains(self.class);
        columns.find(carries).map(|column| column.name.as_str())
    }
}
