//! `transform`: what it reads and writes; its steps are checked by `check::steps`.
//!
//! Transforms are checked each after what it reads, so that columns, labels and what is known of rows flow forward.

mod alone;
mod contract;
mod engine;
mod facts;
mod graph;
mod mode;
mod reads;
mod remembered;
mod target;
mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Items;
use super::source::Datasets;
use super::typing::Typing;
use super::zone::{self, ZoneRules};
use crate::check::program::{Dataset, Delivers, Edges, Item, Mode, Shape, Source, Transform};
use crate::check::settings::Settings;
use crate::check::steps::{Checked, Rows, check_steps, unite};
use crate::plan::{Columns, DatasetId, Input, StepKind, Target};
use crate::syntax::ast::Path;

pub use alone::{Alone, Whole, check_alone};
use facts::Facts;
use graph::Node;
use reads::Reading;
pub(super) use remembered::Against;
use remembered::Seen;
pub use remembered::{Earlier, Remembered};

/// What is known before a transform is checked, and grows with each.
struct Known<'k> {
    typing: &'k Typing,
    sources: BTreeMap<&'k str, &'k Source>,
    sinks: BTreeMap<&'k str, &'k Item>,
    retentions: BTreeMap<&'k str, &'k Item>,
    zones: &'k [ZoneRules],
    datasets: &'k mut Datasets,
    /// What is known of each dataset's rows.
    facts: BTreeMap<DatasetId, Facts>,
    /// The rows of transforms without a target.
    views: BTreeMap<String, View>,
    /// The settings of transforms that say themselves how long their dataset keeps rows.
    retain: BTreeMap<String, Settings>,
}

/// A transform without a target, as its readers see it.
#[derive(Clone, Debug, PartialEq)]
struct View {
    rows: Rows,
    /// The zone of the highest tier that it reads.
    tier: Option<(String, u32)>,
}

/// What the transforms of a project are checked against.
pub(super) struct Before<'k> {
    pub(super) typing: &'k Arc<Typing>,
    pub(super) sources: &'k [Source],
    pub(super) sinks: &'k [Item],
    pub(super) retentions: &'k [Item],
    pub(super) zones: &'k [ZoneRules],
}

impl<'a> Items<'a> {
    /// The transforms, each after what it reads; what they write joins the datasets.
    pub(super) fn transforms(&mut self, before: &Before<'_>, datasets: &mut Datasets) -> Vec<Transform> {
        self.remembered.under(self.ground, before.typing.classes());
        let nodes = self.nodes();
        self.writers(&nodes);
        let order = self.in_order(&nodes);
        let facts = datasets
            .iter()
            .map(|(id, dataset)| (id.clone(), Facts::landed(dataset)))
            .collect();
        let mut known = Known {
            typing: before.typing,
            sources: before
                .sources
                .iter()
                .map(|source| (source.item.name.as_str(), source))
                .collect(),
            sinks: before.sinks.iter().map(|sink| (sink.name.as_str(), sink)).collect(),
            retentions: before
                .retentions
                .iter()
                .map(|item| (item.name.as_str(), item))
                .collect(),
            zones: before.zones,
            datasets,
            facts,
            views: BTreeMap::new(),
            retain: BTreeMap::new(),
        };
        let mut transforms = Vec::new();
        for node in order {
            transforms.extend(self.transform(node, &mut known));
        }
        self.unread(&nodes, &transforms);
        if self.remembered.keeps_whole {
            self.remembered.whole = Some(Whole::of(before, known, &transforms));
        }
        transforms
    }

    fn transform(&mut self, node: &Node<'a>, known: &mut Known<'_>) -> Option<Transform> {
        let item = self.item(&node.entity);
        let rows = self.inputs(node, known);
        let written = node.written();
        self.one_end(node, &item.settings);
        for (path, _) in &written {
            self.target_fits(node, path, known);
        }
        let rows = rows?;
        let checked = self.steps(node, &rows, known);
        self.engine(node, &item.settings, rows.shape, checked.as_ref());
        let checked = checked?;
        let output = checked.steps.last().map_or(&rows.columns, |step| &step.columns).clone();
        let delivers = self.gives(node, &rows, &checked, known);
        let mode = self.mode(node, &rows, &checked, &output, delivers?, known);
        let ends = self.ends(node, &checked);
        let mut transform = Transform {
            item,
            inputs: self.input_names(node),
            shape: rows.shape,
            input_columns: rows.columns.clone(),
            steps: checked.steps.clone(),
            output,
            target: node.transform.target.as_ref().and_then(|_| ends.first().cloned()),
            contract: node.contract().map(|name| name.text.clone()),
            mode: mode.clone()?,
            places: self.places_of(node),
            span: node.entity.item.span,
        };
        self.contract(node, &mut transform.output, &checked, known);
        if node.is_view() {
            let view = self.view(node, &rows, &checked, delivers?, &transform.output, known);
            known.views.insert(transform.item.name.clone(), view);
        }
        for end in &ends {
            self.end(node, &transform, &rows, &checked, end, known);
        }
        for mut released in checked.released {
            released.transform.clone_from(&transform.item.name);
            self.released.push(released);
        }
        Some(transform)
    }

    /// The rows of all inputs together.
    fn inputs(&mut self, node: &Node<'a>, known: &Known<'_>) -> Option<Rows> {
        let mut inputs = node.transform.inputs.iter();
        let mut rows = self.rows(inputs.next()?, known);
        for path in inputs {
            let other = self.rows(path, known);
            let (Some(first), Some(other)) = (&mut rows, other) else {
                rows = None;
                continue;
            };
            match unite(
                first.shape,
                &first.columns,
                other.shape,
                &other.columns,
                &path.text(),
                path.span,
            ) {
                Ok(columns) => first.columns = columns.into(),
                Err(diagnostic) => {
                    self.say(*diagnostic);
                    rows = None;
                    continue;
                }
            }
            first.delivers = facts::together(first.delivers, other.delivers);
            first.unique.clear();
            first
                .hidden
                .retain(|column| other.hidden.iter().any(|hidden| hidden.name == column.name));
        }
        rows
    }

    fn steps(&mut self, node: &Node<'a>, rows: &Rows, known: &Known<'_>) -> Option<Checked> {
        // What is wrong with them is said where the steps ask for them.
        let said = std::mem::take(&mut self.diagnostics);
        let others: Vec<_> = node.others().map(|path| self.rows(path, known)).collect();
        self.diagnostics = said;
        let name = node.entity.name;
        let seen = Seen {
            rows: rows.clone(),
            others,
            targets: node
                .routed()
                .map(|(path, _)| graph::target_of(self.ground.index, path))
                .collect(),
        };
        if let Some(checked) = self.remembered.steps(name, &seen) {
            return Some(checked);
        }
        if let Some((checked, said)) = self.remembered.earlier_steps(self.ground, node, &seen) {
            said.into_iter()
                .for_each(|diagnostic| self.diagnostics.push(diagnostic));
            return Some(checked);
        }
        self.diagnostics.listen();
        let checked = self.check_steps(node, rows, known);
        let said = self.diagnostics.heard();
        if let Some(checked) = &checked {
            self.remembered.keep(name, seen, checked, said);
        }
        checked
    }

    fn check_steps(&mut self, node: &Node<'a>, rows: &Rows, known: &Known<'_>) -> Option<Checked> {
        let mut diagnostics = std::mem::take(&mut self.diagnostics);
        let ctx = known.typing.context(self.ground);
        let mut reading = Reading { items: self, known };
        let checked = check_steps(&ctx, rows, &node.transform.entries, &mut reading, &mut diagnostics);
        self.diagnostics = diagnostics;
        checked
    }

    /// Where the rows end: the target, or the targets of a `route`.
    fn ends(&mut self, node: &Node<'a>, checked: &Checked) -> Vec<Target> {
        if let Some(target) = &node.transform.target {
            return graph::target_of(self.ground.index, &target.dataset)
                .into_iter()
                .collect();
        }
        let Some(StepKind::Route { branches, otherwise }) = checked.steps.last().map(|step| &step.kind) else {
            return Vec::new();
        };
        let mut ends: Vec<Target> = Vec::new();
        for target in branches.iter().map(|(_, target)| target).chain(otherwise) {
            if !ends.contains(target) {
                ends.push(target.clone());
            }
        }
        ends
    }

    fn input_names(&self, node: &Node<'a>) -> Vec<Input> {
        let inputs = node.transform.inputs.iter();
        inputs
            .filter_map(|path| graph::input_of(self.ground.index, path))
            .collect()
    }

    fn places_of(&self, node: &Node<'a>) -> Edges {
        let name = node.entity.span;
        let target = node.transform.target.as_ref();
        let at = target.map_or(name, |target| target.dataset.span);
        Edges {
            inputs: node.transform.inputs.iter().map(|path| path.span).collect(),
            target: at,
            mode: target
                .and_then(|target| target.mode.as_ref())
                .map_or(at, |mode| mode.span),
        }
    }

    fn view(
        &self,
        node: &Node<'a>,
        rows: &Rows,
        checked: &Checked,
        delivers: Delivers,
        output: &Columns,
        known: &Known<'_>,
    ) -> View {
        let hidden = match checked.steps.last() {
            Some(step) => step
                .joined
                .iter()
                .filter(|column| !column.name.contains('.'))
                .cloned()
                .collect(),
            None => rows.hidden.clone(),
        };
        let tiers = node.reads().filter_map(|path| self.tier_of(path, known));
        View {
            rows: Rows {
                input: Input::View(node.entity.name.to_owned()),
                shape: rows.shape,
                delivers,
                columns: output.clone(),
                hidden,
                unique: facts::unique_after(rows, checked),
            },
            tier: tiers.max_by_key(|(_, tier)| *tier),
        }
    }

    /// The zone and tier of what is read; arrivals have none.
    fn tier_of(&self, path: &Path, known: &Known<'_>) -> Option<(String, u32)> {
        match graph::input_of(self.ground.index, path)? {
            Input::Table(id) => zone::find(known.zones, &id.zone).map(|rules| (id.zone.clone(), rules.tier)),
            Input::View(name) => known.views.get(&name)?.tier.clone(),
            Input::Stream(_) => None,
        }
    }

    /// What one end of a transform takes of its rows.
    fn end(
        &mut self,
        node: &Node<'a>,
        transform: &Transform,
        rows: &Rows,
        checked: &Checked,
        end: &Target,
        known: &mut Known<'_>,
    ) {
        let id = match end {
            Target::Dataset(id) => id,
            Target::Sink(name) => return self.sink_takes(node, name, &transform.output, known),
        };
        let Some(rules) = zone::find(known.zones, &id.zone) else {
            return;
        };
        let Some(dataset) = self.dataset(node, transform, id, rules) else {
            return;
        };
        let facts = Facts::written(rows, checked, &transform.mode, &dataset, known);
        self.merge_fits(transform, &dataset, checked, &facts);
        self.outlives(node, transform, &dataset, &facts, known);
        // Of two writers the first counts: the second was told of.
        if !known.datasets.contains_key(id) {
            known.facts.insert(id.clone(), facts);
            known.datasets.insert(id.clone(), dataset);
            if transform.item.settings.get("retain").is_some() {
                known
                    .retain
                    .insert(transform.item.name.clone(), transform.item.settings.clone());
            }
        }
    }
}

/// What a written dataset holds, to those who read it.
fn holds(mode: &Mode) -> Delivers {
    match mode {
        Mode::Append => Delivers::Rows,
        Mode::Overwrite | Mode::Merge(_) | Mode::History(_) => Delivers::Snapshot,
    }
}

/// Names that are used so often that they are compared as one set.
type Names = BTreeSet<String>;

/// Whether rows come once and are never seen again.
fn arrives(shape: Shape) -> bool {
    shape != Shape::Table
}

/// The dataset's name for messages.
fn named(dataset: &Dataset) -> String {
    dataset.id.to_string()
}
