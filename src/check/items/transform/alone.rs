//! Single transforms and tests of a project whose rest was checked before: what is said of them while they are typed.
//!
//! What is said is what the check of the whole would say of them, as long as the rest gives what it gave. It must not know
//! how that came to be known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::facts::Facts;
use super::graph::{Node, dataset_id};
use super::{Before, Known, View};
use crate::check::items::source::Datasets;
use crate::check::items::test::Readable;
use crate::check::items::typing::Typing;
use crate::check::items::zone::ZoneRules;
use crate::check::items::{Ground, Items, Places};
use crate::check::program::{Item, Source, Transform};
use crate::check::settings::{Checker, Settings};
use crate::diag::{Diagnostic, Diagnostics};
use crate::plan::DatasetId;
use crate::resolve::Entity;
use crate::syntax::ast::{self, ItemKind};

/// What was found of a whole project.
#[derive(Clone)]
pub struct Whole {
    typing: Arc<Typing>,
    sources: Vec<Source>,
    sinks: Vec<Item>,
    retentions: Vec<Item>,
    zones: Vec<ZoneRules>,
    datasets: Datasets,
    facts: BTreeMap<DatasetId, Facts>,
    views: BTreeMap<String, View>,
    retain: BTreeMap<String, Settings>,
    transforms: Vec<Transform>,
}

impl std::fmt::Debug for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Whole({} transforms)", self.transforms.len())
    }
}

/// What was found of single items.
#[derive(Debug)]
pub struct Alone {
    /// What is to be said of them.
    pub said: Vec<Diagnostic>,
    /// The transforms that are right.
    pub transforms: Vec<Transform>,
    /// Whether what others read of them is another than before.
    pub changed: bool,
}

impl Whole {
    /// What a check of all transforms left.
    pub(super) fn of(before: &Before<'_>, known: Known<'_>, transforms: &[Transform]) -> Self {
        Whole {
            typing: Arc::clone(before.typing),
            sources: before.sources.to_vec(),
            sinks: before.sinks.to_vec(),
            retentions: before.retentions.to_vec(),
            zones: before.zones.to_vec(),
            datasets: known.datasets.clone(),
            facts: known.facts,
            views: known.views,
            retain: known.retain,
            transforms: transforms.to_vec(),
        }
    }

    /// The datasets without those that these transforms write.
    fn without(&self, nodes: &[Node<'_>]) -> Datasets {
        let mut datasets = self.datasets.clone();
        for node in nodes {
            for (path, _) in node.written() {
                if let Some(id) = dataset_id(path) {
                    datasets.remove(&id);
                }
            }
        }
        datasets
    }
}

/// Checks transforms and tests alone; other items are passed over. `items` are in the order in which they were checked
/// before.
pub fn check_alone<'a>(ground: Ground<'a>, whole: &Whole, items: &[&'a ast::Item], said: Diagnostics) -> Alone {
    let mut checker = Items {
        ground,
        checker: Checker {
            declarations: ground.declarations,
            index: ground.index,
            sources: ground.sources,
        },
        overlays: Vec::new(),
        places: Places::default(),
        lowerings: Vec::new(),
        released: Vec::new(),
        remembered: super::Remembered::default(),
        diagnostics: said,
    };
    let entity = |item: &&'a ast::Item| match &item.kind {
        ItemKind::Transform(transform) => {
            let entity = ground.index.get("transform", &transform.name.text)?;
            std::ptr::eq(entity.item, *item).then_some(Node {
                entity: *entity,
                transform,
            })
        }
        _ => None,
    };
    let nodes: Vec<_> = items.iter().filter_map(entity).collect();
    let order = checker.in_order(&nodes);
    let mut datasets = whole.without(&nodes);
    let mut known = whole.known(&mut datasets, &order);
    let mut transforms = Vec::new();
    for node in order {
        transforms.extend(checker.transform(node, &mut known));
    }
    let changed = whole.differs(&known, &nodes);
    checker.tests_alone(whole, items, &transforms, &datasets);
    Alone {
        said: checker.diagnostics.iter().cloned().collect(),
        transforms,
        changed,
    }
}

impl Whole {
    /// What is known before these transforms are checked.
    fn known<'k>(&'k self, datasets: &'k mut Datasets, nodes: &[&Node<'_>]) -> Known<'k> {
        let gone: Vec<_> = nodes.iter().map(|node| node.entity.name.to_owned()).collect();
        let mut views = self.views.clone();
        let mut retain = self.retain.clone();
        for name in &gone {
            views.remove(name);
            retain.remove(name);
        }
        let facts = self.facts.iter().filter(|(id, _)| datasets.contains_key(*id));
        Known {
            typing: &self.typing,
            sources: self
                .sources
                .iter()
                .map(|source| (source.item.name.as_str(), source))
                .collect(),
            sinks: self.sinks.iter().map(|sink| (sink.name.as_str(), sink)).collect(),
            retentions: self.retentions.iter().map(|item| (item.name.as_str(), item)).collect(),
            zones: &self.zones,
            facts: facts.map(|(id, facts)| (id.clone(), facts.clone())).collect(),
            views,
            retain,
            datasets,
        }
    }

    /// Whether anything that others read is another than it was: datasets, views, and what is known of their rows.
    fn differs(&self, known: &Known<'_>, nodes: &[Node<'_>]) -> bool {
        let view = |node: &Node<'_>| {
            let name = node.entity.name;
            self.views.get(name) != known.views.get(name)
        };
        let written = nodes
            .iter()
            .flat_map(Node::written)
            .filter_map(|(path, _)| dataset_id(path));
        let dataset = |id: DatasetId| {
            self.datasets.get(&id) != known.datasets.get(&id) || self.facts.get(&id) != known.facts.get(&id)
        };
        let target = |node: &Node<'_>| {
            let before = self
                .transforms
                .iter()
                .find(|transform| transform.item.name == node.entity.name);
            let ends = node.transform.target.as_ref().map(|target| target.dataset.text());
            before.is_some_and(|before| match &before.target {
                Some(crate::plan::Target::Dataset(id)) => ends.as_ref() != Some(&id.to_string()),
                Some(crate::plan::Target::Sink(name)) => ends.as_ref() != Some(name),
                None => ends.is_some(),
            })
        };
        nodes.iter().any(view) || written.into_iter().any(dataset) || nodes.iter().any(target)
    }
}

impl<'a> Items<'a> {
    fn tests_alone(&mut self, whole: &Whole, items: &[&'a ast::Item], anew: &[Transform], datasets: &Datasets) {
        let tests: Vec<_> = items
            .iter()
            .filter_map(|item| match &item.kind {
                ItemKind::Test(test) => Some((test, item.span)),
                _ => None,
            })
            .collect();
        if tests.is_empty() {
            return;
        }
        // Of all others a test sees those that it names, and views.
        let named = |name: &str| tests.iter().any(|(test, _)| test.transform.text == name);
        let seen = |transform: &&Transform| {
            let name = transform.item.name.as_str();
            named(name) || whole.views.contains_key(name)
        };
        let here = |name: &str| {
            let entity: Option<&Entity<'_>> = self.ground.index.get("transform", name);
            entity.is_some_and(|entity| items.iter().any(|item| std::ptr::eq(entity.item, *item)))
        };
        let others = whole
            .transforms
            .iter()
            .filter(seen)
            .filter(|transform| !here(&transform.item.name));
        let mut transforms: Vec<Transform> = others.cloned().collect();
        transforms.extend(anew.iter().cloned());
        let by_name: BTreeMap<_, _> = transforms.iter().map(|t| (t.item.name.as_str(), t)).collect();
        let all = Readable {
            sources: &whole.sources,
            transforms: &transforms,
            datasets,
        };
        for (test, span) in tests {
            if let Some(transform) = self.under_test(test, &by_name) {
                // What it found is for who runs it.
                let _ = self.test(&whole.typing, test, span, transform, all);
            }
        }
    }
}
