//! What reads what: the transforms in an order in which each stands behind what it reads, and circles.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::items::Items;
use crate::diag::{Code, Diagnostic};
use crate::plan::{DatasetId, Input, Target};
use crate::resolve::{Entity, Index};
use crate::syntax::ast::{self, EntryKind, ItemKind, Name, Path, StepKind};

/// A transform and where it stands among the others.
pub(super) struct Node<'a> {
    pub(super) entity: Entity<'a>,
    pub(super) transform: &'a ast::Transform,
}

impl<'a> Node<'a> {
    /// The steps, in order.
    pub(super) fn steps(&self) -> impl Iterator<Item = &'a ast::Step> + use<'a> {
        self.transform.entries.iter().filter_map(|entry| match &entry.kind {
            EntryKind::Step(step) => Some(step),
            _ => None,
        })
    }

    /// Everything that it reads: its inputs, and the other sides of joins and unions.
    pub(super) fn reads(&self) -> impl Iterator<Item = &'a Path> + use<'a> {
        self.transform.inputs.iter().chain(self.others())
    }

    /// The other sides of joins and unions.
    pub(super) fn others(&self) -> impl Iterator<Item = &'a Path> + use<'a> {
        self.steps().filter_map(|step| match &step.kind {
            StepKind::Join { other, .. } | StepKind::Union(other) => Some(other),
            _ => None,
        })
    }

    /// Everything that it writes, each with the word that stands for it; none for a view.
    pub(super) fn written(&self) -> Vec<(&'a Path, &'a Name)> {
        let target = self
            .transform
            .target
            .iter()
            .map(|target| (&target.dataset, &self.transform.name));
        target.chain(self.routed()).collect()
    }

    /// Where the branches of a `route` end, each with the word that stands for it.
    pub(super) fn routed(&self) -> impl Iterator<Item = (&'a Path, &'a Name)> + use<'a> {
        let routes = self.steps().filter_map(|step| match &step.kind {
            StepKind::Route { branches, otherwise } => Some((step, branches, otherwise)),
            _ => None,
        });
        routes.flat_map(|(step, branches, otherwise)| {
            let paths = branches.iter().map(|(_, path)| path).chain(otherwise);
            paths.map(move |path| (path, &step.word))
        })
    }

    /// Whether any of its steps is a provided program.
    pub(super) fn runs_a_program(&self) -> bool {
        self.steps().any(|step| matches!(step.kind, StepKind::Run { .. }))
    }

    /// Whether it writes nothing, and others read it by its name.
    pub(super) fn is_view(&self) -> bool {
        self.transform.target.is_none() && !self.steps().any(|step| matches!(step.kind, StepKind::Route { .. }))
    }

    /// The schema that its result must have.
    pub(super) fn contract(&self) -> Option<&'a Name> {
        self.transform.target.as_ref()?.contract.as_ref()
    }
}

/// `zone.dataset`
pub(super) fn dataset_id(path: &Path) -> Option<DatasetId> {
    match (path.parts.as_slice(), path.star) {
        ([zone, name], false) => Some(DatasetId {
            zone: zone.text.clone(),
            name: name.text.clone(),
        }),
        _ => None,
    }
}

/// What a path that can be read stands for.
pub(super) fn input_of(index: &Index<'_>, path: &Path) -> Option<Input> {
    match (path.parts.as_slice(), path.star) {
        ([name], false) if index.get("source", &name.text).is_some() => Some(Input::Stream(name.text.clone())),
        ([name], false) if index.get("transform", &name.text).is_some() => Some(Input::View(name.text.clone())),
        _ => dataset_id(path).map(Input::Table),
    }
}

/// What a path that can be written stands for.
pub(super) fn target_of(index: &Index<'_>, path: &Path) -> Option<Target> {
    match (path.parts.as_slice(), path.star) {
        ([name], false) if index.get("sink", &name.text).is_some() => Some(Target::Sink(name.text.clone())),
        _ => dataset_id(path).map(Target::Dataset),
    }
}

impl<'a> Items<'a> {
    /// Every transform, in source order.
    pub(super) fn nodes(&self) -> Vec<Node<'a>> {
        let node = |entity: Entity<'a>| match &entity.item.kind {
            ItemKind::Transform(transform) => Some(Node { entity, transform }),
            _ => None,
        };
        self.entities("transform").into_iter().filter_map(node).collect()
    }

    /// One dataset has one writer.
    pub(super) fn writers(&mut self, nodes: &[Node<'a>]) {
        let mut first: BTreeMap<DatasetId, (&str, &Path)> = BTreeMap::new();
        for node in nodes {
            for (path, _) in node.written() {
                let Some(id) = dataset_id(path) else { continue };
                let Some((name, other)) = first.get(&id) else {
                    first.insert(id, (node.entity.name, path));
                    continue;
                };
                if *name == node.entity.name {
                    // Several branches of one `route` may end in one dataset.
                    continue;
                }
                let message = format!("`{id}` is written by `{name}` too");
                let diagnostic = Diagnostic::new(Code::WRITTEN_TWICE, path.span, message)
                    .found("the second writer")
                    .label(other.span, "the first")
                    .help("give one of them another dataset");
                self.say(diagnostic);
            }
        }
    }

    /// The transforms, each after what it reads; without those that go round in a circle and what is behind them.
    pub(super) fn in_order<'n>(&mut self, nodes: &'n [Node<'a>]) -> Vec<&'n Node<'a>> {
        let before = self.edges(nodes);
        let mut behind: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (at, reads) in before.iter().enumerate() {
            for read in reads {
                if let Some(readers) = behind.get_mut(*read) {
                    readers.push(at);
                }
            }
        }
        let mut waits: Vec<usize> = before.iter().map(BTreeSet::len).collect();
        let free = waits.iter().enumerate().filter(|(_, count)| **count == 0);
        let mut ready: BTreeSet<usize> = free.map(|(at, _)| at).collect();
        let mut order = Vec::new();
        while let Some(at) = ready.pop_first() {
            order.extend(nodes.get(at));
            for reader in behind.get(at).into_iter().flatten() {
                if let Some(count) = waits.get_mut(*reader) {
                    *count -= 1;
                    if *count == 0 {
                        ready.insert(*reader);
                    }
                }
            }
        }
        if order.len() < nodes.len() {
            let stuck = waits.iter().enumerate().filter(|(_, count)| **count > 0);
            let stuck: BTreeSet<usize> = stuck.map(|(at, _)| at).collect();
            self.circles(nodes, &before, &stuck);
        }
        order
    }

    /// For each transform those that it reads.
    fn edges(&self, nodes: &[Node<'a>]) -> Vec<BTreeSet<usize>> {
        let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
        let mut by_dataset: BTreeMap<DatasetId, usize> = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            by_name.entry(node.entity.name).or_insert(at);
            for (path, _) in node.written() {
                if let Some(id) = dataset_id(path) {
                    by_dataset.entry(id).or_insert(at);
                }
            }
        }
        let writer = |path: &Path| match input_of(self.ground.index, path)? {
            Input::View(name) => by_name.get(name.as_str()).copied(),
            Input::Table(id) => by_dataset.get(&id).copied(),
            Input::Stream(_) => None,
        };
        nodes
            .iter()
            .map(|node| node.reads().filter_map(writer).collect())
            .collect()
    }

    /// Each of these waits for another of them: going back from any one ends in a circle.
    fn circles(&mut self, nodes: &[Node<'a>], before: &[BTreeSet<usize>], stuck: &BTreeSet<usize>) {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        for start in stuck {
            let mut path: Vec<usize> = Vec::new();
            let mut at = *start;
            while seen.insert(at) {
                path.push(at);
                let next = before.get(at).into_iter().flatten().find(|read| stuck.contains(read));
                let Some(next) = next else { break };
                at = *next;
            }
            if let Some(begin) = path.iter().position(|on| *on == at) {
                let circle: Vec<_> = path.iter().skip(begin).rev().filter_map(|on| nodes.get(*on)).collect();
                self.circle(&circle);
            }
        }
    }

    /// A circle, in the direction in which rows flow.
    fn circle(&mut self, circle: &[&Node<'a>]) {
        let Some(first) = circle.iter().min_by_key(|node| node.entity.span.start) else {
            return;
        };
        let begin = circle
            .iter()
            .position(|node| node.entity.name == first.entity.name)
            .unwrap_or(0);
        let mut names: Vec<_> = circle
            .iter()
            .cycle()
            .skip(begin)
            .take(circle.len())
            .map(|n| n.entity.name)
            .collect();
        names.push(first.entity.name);
        let message = format!("transform `{}` waits for itself", first.entity.name);
        let mut diagnostic = Diagnostic::new(Code::DATAFLOW_CYCLE, first.entity.span, message)
            .found("part of a circle")
            .note(format!("the circle: {}", names.join(" → ")))
            .help("let one of them read something else");
        for node in circle.iter().filter(|node| node.entity.name != first.entity.name) {
            diagnostic = diagnostic.label(node.entity.span, "also part of it");
        }
        self.say(diagnostic);
    }
}
