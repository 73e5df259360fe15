//! Steps that were checked for one environment, kept for the next: most environments change nothing that steps see.
//!
//! It must not know what steps are, only what they were checked against.

use std::collections::BTreeMap;

use crate::check::labels::Classes;
use crate::check::program::Released;
use crate::check::steps::{Checked, Rows};

/// The steps of a project's transforms that are right, and where its text lets go of labels.
#[derive(Debug, Default)]
pub struct Remembered {
    pub(in crate::check::items) released: Option<Vec<Released>>,
    classes: Classes,
    transforms: BTreeMap<String, Kept>,
}

/// The steps of one transform, and the rows that they were checked against.
#[derive(Debug)]
struct Kept {
    rows: Rows,
    others: Vec<Option<Rows>>,
    checked: Checked,
}

impl Remembered {
    /// Forgets what was checked under other classes.
    pub(super) fn under(&mut self, classes: &Classes) {
        if self.classes != *classes {
            self.classes = classes.clone();
            self.transforms.clear();
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
}
