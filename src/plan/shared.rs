//! Lists that are shared, not copied: the steps of a transform are the same in the typed program, the plan and every
//! environment of a project, and most steps leave the columns as they are.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::Step;
use super::types::Column;

/// A list that is cheap to clone; who changes it gets a copy, unless nobody else has it.
#[derive(Clone, Debug, Eq)]
pub struct Shared<T>(Arc<Vec<T>>);

/// A list that is shared equals itself: nothing of it has to be looked at.
impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

/// The steps of a transform, in order.
pub type Steps = Shared<Step>;

/// Columns, in order.
pub type Columns = Shared<Column>;

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Shared(Arc::default())
    }
}

impl<T> Deref for Shared<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        Arc::make_mut(&mut self.0)
    }
}

impl<T> From<Vec<T>> for Shared<T> {
    fn from(list: Vec<T>) -> Self {
        Shared(Arc::new(list))
    }
}

impl<T> FromIterator<T> for Shared<T> {
    fn from_iter<I: IntoIterator<Item = T>>(list: I) -> Self {
        Shared::from(list.into_iter().collect::<Vec<_>>())
    }
}

impl<'a, T> IntoIterator for &'a Shared<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T: Clone> IntoIterator for &'a mut Shared<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        Arc::make_mut(&mut self.0).iter_mut()
    }
}
