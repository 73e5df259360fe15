//! The steps of a transform as one value that is shared, not copied: the typed program, the plan and every environment
//! of a project have the same ones, and they are most of what a program is.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Step;

/// Steps, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps(Arc<Vec<Step>>);

impl Deref for Steps {
    type Target = Vec<Step>;

    fn deref(&self) -> &Vec<Step> {
        &self.0
    }
}

/// Who changes them gets their own.
impl DerefMut for Steps {
    fn deref_mut(&mut self) -> &mut Vec<Step> {
        Arc::make_mut(&mut self.0)
    }
}

impl From<Vec<Step>> for Steps {
    fn from(steps: Vec<Step>) -> Self {
        Steps(Arc::new(steps))
    }
}

impl FromIterator<Step> for Steps {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Steps::from(steps.into_iter().collect::<Vec<_>>())
    }
}

impl<'a> IntoIterator for &'a Steps {
    type Item = &'a Step;
    type IntoIter = std::slice::Iter<'a, Step>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a mut Steps {
    type Item = &'a mut Step;
    type IntoIter = std::slice::IterMut<'a, Step>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::make_mut(&mut self.0).iter_mut()
    }
}
