//! Steps and tests that were checked for one environment, kept for the next: most environments change nothing that they
//! see.
//!
//! It must not know what steps and tests are, only what they were checked against.

use std::collections::BTreeMap;

use super::alone::Whole;
use crate::check::items::typing::Typing;
use crate::check::labels::Classes;
use crate::check::program::{Dataset, Released, Source, Transform};
use crate::check::steps::{Checked, Rows};
use crate::plan::{Columns, DatasetId, Field, Input, Shared, Steps, Test};

/// What types and expressions are checked against, the steps of a project's transforms that are right, and where its
/// text lets go of labels.
#[derive(Default)]
pub struct Remembered {
    pub(in crate::check::items) typing: Option<Typing>,
    pub(in crate::check::items) released: Option<Vec<Released>>,
    classes: Classes,
    transforms: BTreeMap<String, Kept>,
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

/// The steps of one transform, and the rows that they were checked against.
#[derive(Debug)]
struct Kept {
    rows: Rows,
    others: Vec<Option<Rows>>,
    checked: Checked,
}

impl Remembered {
    /// Nothing yet; whether it is to keep what single items can be checked against.
    pub fn keeping_whole(keeps_whole: bool) -> Self {
        Remembered {
            keeps_whole,
            ..Remembered::default()
        }
    }

    /// What single items can be checked against, as the last environment has it.
    pub fn take_whole(&mut self) -> Option<Whole> {
        self.whole.take()
    }

    /// Forgets what was checked under other classes.
    pub(super) fn under(&mut self, classes: &Classes) {
        if self.classes != *classes {
            self.classes = classes.clone();
            self.transforms.clear();
            self.tests = None;
        }
    }

    /// The steps of a transform, if they would be checked again against the same rows: its own, and those of the
    /// other sides of its joins and unions. All that was said of them was said.
    pub(super) fn steps(&self, transform: &str, rows: &Rows, others: &[Option<Rows>]) -> Option<Checked> {
        let kept = self.transforms.get(transform)?;
        (kept.rows == *rows && kept.others == *others).then(|| kept.checked.clone())
    }

    /// Keeps the steps of a transform.
    pub(super) fn keep(&mut self, transform: &str, rows: &Rows, others: Vec<Option<Rows>>, checked: &Checked) {
        let kept = Kept {
            rows: rows.clone(),
            others,
            checked: checked.clone(),
        };
        self.transforms.insert(transform.to_owned(), kept);
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
