//! The longest path of a class through a platform: each part of it is found once, from the end.
//!
//! It must not know how stays are told.

use std::collections::{BTreeMap, BTreeSet};

use super::stay::Stay;
use crate::plan::types::{Column, TypeKind};
use crate::plan::{Dataset, DatasetId, FilesOf, From, Input, Plan, Serve, Source, Transform};

/// One stay of a value on its path.
#[derive(Clone, Debug)]
pub(super) struct Hop<'p> {
    pub(super) stay: Stay<'p>,
    /// The column that carries the class there.
    pub(super) column: &'p str,
    /// This stay and the longest way on, days.
    pub(super) days: f64,
    /// The ways on.
    next: Ways,
}

/// Hops that follow, by their places among all.
#[derive(Clone, Debug, Default)]
struct Ways {
    /// That of the longest way.
    best: Option<usize>,
    /// All of them.
    all: Vec<usize>,
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

/// What a transform turns away: its zone says for how long, and where it writes sinks alone nothing does.
pub fn turned_away<'p>(plan: &'p Plan, transform: &'p Transform) -> Option<Stay<'p>> {
    let zones = transform.datasets().into_iter().filter_map(|id| plan.zone(&id.zone));
    match zones.min_by_key(|zone| zone.quarantine_days) {
        Some(zone) => Some(Stay::TurnedAway(transform, zone)),
        None => {
            let sink = plan.sinks_of(transform).into_iter().next()?;
            Some(Stay::NotSent(transform, sink))
        }
    }
}

/// The longest ways of one class.
pub(super) struct Paths<'p, 'r> {
    plan: &'p Plan,
    class: &'p str,
    readers: &'r Readers<'p>,
    hops: Vec<Hop<'p>>,
    /// Where the longest way from a dataset begins; none where the class does not get there.
    datasets: BTreeMap<&'p DatasetId, usize>,
    /// What a transform turns away.
    turned_away: BTreeMap<&'p str, usize>,
    /// What a transform sends outside the lake.
    sent: BTreeMap<&'p str, Vec<usize>>,
}

impl<'p, 'r> Paths<'p, 'r> {
    /// The longest path from a source to where it ends; of several the first.
    pub(super) fn longest(plan: &'p Plan, class: &'p str, readers: &'r Readers<'p>) -> Vec<Hop<'p>> {
        let (paths, starts) = Paths::found(plan, class, readers);
        std::iter::successors(starts.best, |at| paths.hops.get(*at)?.next.best)
            .filter_map(|at| paths.hops.get(at).cloned())
            .collect()
    }

    /// Every stay on every way, in depth, each with how deep it is; where a stay is met again, only it, not what follows,
    /// which the last part of an entry says.
    pub(super) fn all(plan: &'p Plan, class: &'p str, readers: &'r Readers<'p>) -> Vec<(usize, Hop<'p>, bool)> {
        let (paths, starts) = Paths::found(plan, class, readers);
        let mut told = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<_> = starts.all.iter().rev().map(|at| (0, *at)).collect();
        while let Some((depth, at)) = open.pop() {
            let Some(hop) = paths.hops.get(at) else { continue };
            let again = !seen.insert(at) && !hop.next.all.is_empty();
            if !again {
                open.extend(hop.next.all.iter().rev().map(|at| (depth + 1, *at)));
            }
            told.push((depth, hop.clone(), again));
        }
        told
    }

    /// Every stay that a way leads to, each once: how long it is, whether ways begin there, and those that follow by their
    /// places.
    pub(super) fn stays(plan: &'p Plan, class: &'p str, readers: &'r Readers<'p>) -> Vec<(Hop<'p>, bool, Vec<usize>)> {
        let (paths, starts) = Paths::found(plan, class, readers);
        let mut order: Vec<usize> = vec![];
        let mut open: Vec<_> = starts.all.iter().rev().copied().collect();
        let mut seen = BTreeSet::new();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                order.push(at);
                open.extend(paths.hops.get(at).into_iter().flat_map(|hop| hop.next.all.iter().rev()));
            }
        }
        let places: BTreeMap<usize, usize> = order.iter().enumerate().map(|(place, at)| (*at, place)).collect();
        let stay = |at: &usize| {
            let hop = paths.hops.get(*at)?;
            let next = hop.next.all.iter().filter_map(|at| places.get(at).copied());
            Some((hop.clone(), starts.all.contains(at), next.collect()))
        };
        order.iter().filter_map(stay).collect()
    }

    fn found(plan: &'p Plan, class: &'p str, readers: &'r Readers<'p>) -> (Paths<'p, 'r>, Ways) {
        let mut paths = Paths {
            plan,
            class,
            readers,
            hops: Vec::new(),
            datasets: BTreeMap::new(),
            turned_away: BTreeMap::new(),
            sent: BTreeMap::new(),
        };
        // Each transform stands behind what it reads, so what follows a dataset is known before it is looked at.
        for transform in plan.transforms.iter().rev() {
            for id in transform.datasets() {
                paths.dataset(plan.dataset(id));
            }
            paths.quarantine(transform);
            paths.sinks(transform);
        }
        let mut starts = Ways::default();
        for source in &plan.sources {
            for start in paths.source(source) {
                paths.add(&mut starts, Some(start));
            }
        }
        // Where a transform makes values of the class of others, their time begins there.
        let followed: BTreeSet<_> = paths.hops.iter().flat_map(|hop| hop.next.all.iter().copied()).collect();
        let written = paths.turned_away.values().chain(paths.datasets.values());
        let written = written.chain(paths.sent.values().flatten()).copied();
        let begun: Vec<_> = written.filter(|at| !followed.contains(at)).collect();
        for start in begun {
            paths.add(&mut starts, Some(start));
        }
        (paths, starts)
    }

    fn days(&self, at: usize) -> f64 {
        self.hops.get(at).map_or(0.0, |hop| hop.days)
    }

    /// Another way, where there is one: it may be the longest.
    fn add(&self, ways: &mut Ways, other: Option<usize>) {
        let Some(other) = other else { return };
        if ways.best.is_none_or(|best| self.days(other) > self.days(best)) {
            ways.best = Some(other);
        }
        // Several columns may lead to one place.
        if !ways.all.contains(&other) {
            ways.all.push(other);
        }
    }

    /// A stay, and the ways on.
    fn hop(&mut self, stay: Stay<'p>, column: &'p str, next: Ways) -> usize {
        let days = stay.days() + next.best.map_or(0.0, |next| self.days(next));
        self.hops.push(Hop {
            stay,
            column,
            days,
            next,
        });
        self.hops.len() - 1
    }

    /// Where the ways of a source begin.
    fn source(&mut self, source: &'p Source) -> Vec<usize> {
        let Some(column) = self.carrier(source.schema.fields.iter().map(|field| &field.column)) else {
            return Vec::new();
        };
        let landed = source.into.as_ref().and_then(|id| self.plan.datasets.get(id));
        let landed = landed.and_then(|dataset| self.dataset(dataset));
        let mut next = Ways::default();
        self.add(&mut next, landed);
        self.onward(&Input::Stream(source.name.clone()), &mut next);
        match &source.from {
            // What it comes from is not ours; the function that lands it keeps nothing.
            // Nor does a link keep anything: what is sent by it is where it lands.
            From::Files(FilesOf { bucket: Some(_), .. }) | From::Poll(_) | From::Objects => next.all,
            From::Project(foreign) => {
                self.onward(&Input::Table(foreign.id.clone()), &mut next);
                match foreign.used_days.get(self.class) {
                    Some(days) => vec![self.hop(Stay::Project(source, *days), column, next)],
                    None => next.all,
                }
            }
            From::Files(_) => vec![self.hop(Stay::Inbox(source), column, next)],
            From::Queue(_) => vec![self.hop(Stay::Queue(source), column, next)],
            From::Firehose(_) => vec![self.hop(Stay::Delivery(source), column, next)],
            _ => {
                let stream = self.hop(Stay::Stream(source), column, next);
                let mut brought = Ways::default();
                self.add(&mut brought, Some(stream));
                match source.queued {
                    Some(_) => vec![self.hop(Stay::Queue(source), column, brought)],
                    None => vec![stream],
                }
            }
        }
    }

    fn dataset(&mut self, dataset: &'p Dataset) -> Option<usize> {
        let column = self.carrier(dataset.columns.iter())?;
        let zone = self.plan.zone(&dataset.id.zone)?;
        let mut next = Ways::default();
        let backup = zone
            .backup_days
            .map(|days| self.hop(Stay::Backup(zone, days), column, Ways::default()));
        self.add(&mut next, backup);
        // What of its rows is copied by those who ask; a dataset of objects alone has nothing that they hold.
        let asked_for = self.copied(dataset.columns.iter());
        for (serve, athena) in self.plan.athena() {
            let Some(column) = asked_for else { break };
            if serve.expose.contains(&dataset.id) {
                let results = self.hop(Stay::Results(serve, athena), column, Ways::default());
                self.add(&mut next, Some(results));
            }
        }
        let exposes = |serve: &Serve| serve.expose.contains(&dataset.id);
        for (serve, quicksight) in self.plan.dashboards().filter(|(serve, _)| exposes(serve)) {
            // A label's column that is not shown is not held either.
            let shown = self.plan.shown(quicksight, &dataset.id);
            let Some(column) = self.copied(shown.into_iter()) else {
                continue;
            };
            let asked = self.hop(Stay::Asked(serve), column, Ways::default());
            self.add(&mut next, Some(asked));
            if let Some(refresh) = quicksight.refresh {
                let held = self.hop(Stay::Held(serve, refresh), column, Ways::default());
                self.add(&mut next, Some(held));
            }
        }
        for (serve, _) in self.plan.warehouses().filter(|(serve, _)| exposes(serve)) {
            let Some(column) = asked_for else { break };
            let set_back = self.hop(Stay::Warehouse(serve), column, Ways::default());
            self.add(&mut next, Some(set_back));
        }
        self.onward(&Input::Table(dataset.id.clone()), &mut next);
        let hop = self.hop(Stay::Dataset(dataset, zone), column, next);
        self.datasets.insert(&dataset.id, hop);
        Some(hop)
    }

    /// Goes on through every transform that reads `input`: what it turns away, and what it writes.
    fn onward(&self, input: &Input, ways: &mut Ways) {
        for transform in self.readers.get(input).into_iter().flatten() {
            self.add(ways, self.turned_away.get(transform.name.as_str()).copied());
            for sent in self.sent.get(transform.name.as_str()).into_iter().flatten() {
                self.add(ways, Some(*sent));
            }
            for id in transform.datasets() {
                self.add(ways, self.datasets.get(id).copied());
            }
        }
    }

    fn quarantine(&mut self, transform: &'p Transform) {
        let later = transform.steps.iter().flat_map(|step| step.columns.iter());
        let column = self.copied(transform.input_columns.iter().chain(later));
        if let (Some(column), Some(stay)) = (column, turned_away(self.plan, transform)) {
            let hop = self.hop(stay, column, Ways::default());
            self.turned_away.insert(&transform.name, hop);
        }
    }

    fn sinks(&mut self, transform: &'p Transform) {
        let columns = transform
            .steps
            .last()
            .map_or(&transform.input_columns, |step| &step.columns);
        let Some(column) = self.copied(columns.iter()) else {
            return;
        };
        for sink in self.plan.sinks_of(transform) {
            if let Some(days) = sink.to.keeps_days() {
                let hop = self.hop(Stay::Sink(sink, days), column, Ways::default());
                self.sent.entry(&transform.name).or_default().push(hop);
            }
        }
    }

    /// The first column that carries the class and is in copies of rows. An object is not: its row says where it lies, and there
    /// it goes, whoever has the row.
    fn copied(&self, columns: impl Iterator<Item = &'p Column>) -> Option<&'p str> {
        self.carrier(columns.filter(|column| !only_refers(&column.ty.kind)))
    }

    /// The first column that carries the class.
    fn carrier(&self, mut columns: impl Iterator<Item = &'p Column>) -> Option<&'p str> {
        let carries = |column: &&Column| column.labels.contains(self.class);
        columns.find(carries).map(|column| column.name.as_str())
    }
}

/// Whether values only say where objects lie.
fn only_refers(kind: &TypeKind) -> bool {
    match kind {
        TypeKind::Object => true,
        TypeKind::List(item) => only_refers(&item.kind),
        _ => false,
    }
}
