//! Steps and tests that were checked for one environment, kept for the next: most environments change nothing that they
//! see. Steps are kept for the next state of the texts too: most edits change nothing that they see either.
//!
//! It must not know what steps and tests are, only what they were checked against.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alone::Whole;
use super::graph::Node;
use crate::base::{Sources, Span};
use crate::check::items::Ground;
use crate::check::items::typing::Typing;
use crate::check::labels::Classes;
use crate::check::program::{Dataset, Released, Source, Transform};
use crate::check::steps::{Checked, Rows};
use crate::diag::Diagnostic;
use crate::plan::{Columns, DatasetId, Field, Input, Shared, Steps, Target, Test};
use crate::syntax::ast::{Item, ItemKind};

/// What types and expressions are checked against, the steps of a project's transforms that are right, and where its
/// text lets go of labels.
#[derive(Default)]
pub struct Remembered {
    pub(in crate::check::items) typing: Option<Arc<Typing>>,
    pub(in crate::check::items) released: Option<Vec<Released>>,
    classes: Classes,
    transforms: BTreeMap<String, Arc<Kept>>,
    /// What was kept of the texts before the last edits.
    earlier: Option<Arc<Earlier>>,
    tests: Option<(Against, Shared<Test>)>,
    /// Whether what single items can be checked against is wanted, and what it is.
    pub(super) keeps_whole: bool,
    pub(super) whole: Option<Whole>,
}

/// What tests are checked against: what the transforms read and give, and the columns of all that is read.
#[derive(Debug, PartialEq)]
pub(in crate::check::items) struct Against {
    transforms: Vec<(String, Vec<Input>, Columns, Steps, Columns)>,
    datasets: Vec<(DatasetId, Columns)>,
    sources: Vec<(String, Vec<Field>)>,
}

impl Against {
    /// All of a project.
    pub(in crate::check::items) fn of<'p>(
        sources: &[Source],
        transforms: &[Transform],
        datasets: impl Iterator<Item = &'p Dataset>,
    ) -> Self {
        let source = |source: &Source| (source.item.name.clone(), source.schema.fields.clone());
        let transform = |transform: &Transform| {
            let Transform {
                item,
                inputs,
                input_columns,
                steps,
                output,
                ..
            } = transform;
            let (columns, steps, output) = (input_columns.clone(), steps.clone(), output.clone());
            (item.name.clone(), inputs.clone(), columns, steps, output)
        };
        Against {
            transforms: transforms.iter().map(transform).collect(),
            datasets: datasets
                .map(|dataset| (dataset.id.clone(), dataset.columns.clone()))
                .collect(),
            sources: sources.iter().map(source).collect(),
        }
    }
}

/// The steps of one transform, and what they were checked against.
#[derive(Debug)]
struct Kept {
    seen: Seen,
    checked: Checked,
    /// All that was said of them.
    said: Vec<Diagnostic>,
}

/// What the steps of a transform see of the project around it.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    /// The rows that it reads.
    pub(super) rows: Rows,
    /// Those of the other sides of its joins and unions.
    pub(super) others: Vec<Option<Rows>>,
    /// Where the branches of a `route` end.
    pub(super) targets: Vec<Option<Target>>,
}

/// The steps that were right in an earlier state of the texts.
pub struct Earlier {
    sources: Sources,
    /// Everything that declares types, functions and params.
    declares: Vec<Span>,
    classes: Classes,
    /// Each with the place of its item.
    transforms: BTreeMap<String, (Span, Arc<Kept>)>,
}

impl std::fmt::Debug for Earlier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Earlier({} transforms)", self.transforms.len())
    }
}

impl Earlier {
    /// Whether types, functions and params are what they were, at the same places, under the same classes.
    fn declares_the_same(&self, ground: Ground<'_>, classes: &Classes) -> bool {
        let paths = |sources: &Sources| -> Vec<String> { sources.iter().map(|(_, one)| one.path.clone()).collect() };
        let now = declares(ground);
        self.classes == *classes
            && paths(&self.sources) == paths(ground.sources)
            && self.declares.len() == now.len()
            && self
                .declares
                .iter()
                .zip(&now)
                .all(|(old, new)| self.is_same(ground, *old, *new))
    }

    /// Whether the same stands at the same place.
    fn is_same(&self, ground: Ground<'_>, old: Span, new: Span) -> bool {
        old == new && self.sources.text(old) == ground.sources.text(new)
    }
}

/// The places of everything that declares types, functions and params.
fn declares(ground: Ground<'_>) -> Vec<Span> {
    let declares = |item: &&Item| {
        matches!(
            item.kind,
            ItemKind::Function(_)
                | ItemKind::Param { .. }
                | ItemKind::Enum { .. }
                | ItemKind::TypeAlias { .. }
                | ItemKind::Schema { .. }
        )
    };
    // What is said above a function is part of what it is.
    let whole = |item: &Item| item.doc.as_ref().map_or(item.span, |doc| doc.span.to(item.span));
    ground.project.items().filter(declares).map(whole).collect()
}

impl Remembered {
    /// Nothing yet but what was right in an earlier state of the texts; whether it is to keep what single items can be
    /// checked against.
    pub fn after(earlier: Option<Arc<Earlier>>, keeps_whole: bool) -> Self {
        Remembered {
            keeps_whole,
            earlier,
            ..Remembered::default()
        }
    }

    /// What single items can be checked against, as the last environment has it, and the steps that are right, for the next
    /// state of the texts.
    pub fn take(&mut self, ground: Ground<'_>) -> Option<(Whole, Arc<Earlier>)> {
        let whole = self.whole.take()?;
        Some((whole, Arc::new(self.take_earlier(ground))))
    }

    fn take_earlier(&mut self, ground: Ground<'_>) -> Earlier {
        let transforms = std::mem::take(&mut self.transforms);
        let transforms = transforms.into_iter().filter_map(|(name, kept)| {
            let entity = ground.index.get("transform", &name)?;
            Some((name, (entity.item.span, kept)))
        });
        Earlier {
            sources: ground.sources.clone(),
            declares: declares(ground),
            classes: std::mem::take(&mut self.classes),
            transforms: transforms.collect(),
        }
    }

    /// Forgets what was checked under other classes, or with other types.
    pub(super) fn under(&mut self, ground: Ground<'_>, classes: &Classes) {
        if self.classes != *classes {
            self.classes = classes.clone();
            self.transforms.clear();
            self.tests = None;
        }
        self.earlier = self
            .earlier
            .take()
            .filter(|earlier| earlier.declares_the_same(ground, classes));
    }

    /// The steps of a transform, if they would be checked again against the same. All that was said of them was said.
    pub(super) fn steps(&self, transform: &str, seen: &Seen) -> Option<Checked> {
        let kept = self.transforms.get(transform)?;
        (kept.seen == *seen).then(|| kept.checked.clone())
    }

    /// The steps of a transform that is as it was, if they would be checked again against the same; what was said of them
    /// is to be said again.
    pub(super) fn earlier_steps(
        &mut self,
        ground: Ground<'_>,
        node: &Node<'_>,
        seen: &Seen,
    ) -> Option<(Checked, Vec<Diagnostic>)> {
        let name = node.entity.name;
        let earlier = self.earlier.as_ref()?;
        let (span, kept) = earlier.transforms.get(name)?;
        // What a program gives and what it is set to, the rest of the project says.
        let same = earlier.is_same(ground, *span, node.entity.item.span) && !node.runs_a_program();
        // Of another side that cannot be read, the steps say why, and by the whole project.
        if !same || kept.seen != *seen || seen.others.contains(&None) {
            return None;
        }
        let kept = Arc::clone(kept);
        let found = (kept.checked.clone(), kept.said.clone());
        self.transforms.insert(name.to_owned(), kept);
        Some(found)
    }

    /// Keeps the steps of a transform, with what was said of them.
    pub(super) fn keep(&mut self, transform: &str, seen: Seen, checked: &Checked, said: Vec<Diagnostic>) {
        let checked = checked.clone();
        let kept = Kept { seen, checked, said };
        self.transforms.insert(transform.to_owned(), Arc::new(kept));
    }

    /// The tests, if they would be checked again against the same. All that was said of them was said.
    pub(in crate::check::items) fn tests(&self, against: &Against) -> Option<Shared<Test>> {
        let (known, tests) = self.tests.as_ref()?;
        (known == against).then(|| tests.clone())
    }

    /// Keeps the tests.
    pub(in crate::check::items) fn keep_tests(&mut self, against: Against, tests: &Shared<Test>) {
        self.tests = Some((against, tests.clone()));
    }
}
