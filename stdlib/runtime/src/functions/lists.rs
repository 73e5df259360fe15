//! Functions of lists; items are equal as `is` compares them.

use crate::value::Reject;

/// The most items of a list that is made of two ends.
const MOST: i64 = 10_000;

/// Where a value first stands.
pub fn index_of<T: PartialEq>(list: &[T], value: &T) -> Option<i64> {
    list.iter().position(|item| item == value).map(|at| at as i64)
}

/// The item at a position, from 0.
pub fn item<T>(list: &[T], at: i64) -> Option<&T> {
    list.get(usize::try_from(at).ok()?)
}

/// The items from one position up to, and without, another.
pub fn slice<T: Clone>(list: &[T], from: i64, to: i64) -> Vec<T> {
    let place = |at: i64| usize::try_from(at.max(0)).unwrap_or(usize::MAX).min(list.len());
    list.get(place(from)..place(to)).unwrap_or_default().to_vec()
}

/// Last item first.
pub fn reverse<T: Clone>(list: &[T]) -> Vec<T> {
    list.iter().rev().cloned().collect()
}

/// In order.
pub fn sort<T: Clone + Ord>(list: &[T]) -> Vec<T> {
    let mut sorted = list.to_vec();
    sorted.sort();
    sorted
}

/// By what is given for each; those that give the same stay in their order.
pub fn sort_by<T: Clone, K: Ord>(list: &[T], by: impl Fn(&T) -> Result<K, Reject>) -> Result<Vec<T>, Reject> {
    let mut keyed = Vec::new();
    for item in list {
        keyed.push((by(item)?, item.clone()));
    }
    keyed.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

/// Without those that stood before.
pub fn distinct<T: Clone + PartialEq>(list: &[T]) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for item in list {
        if !kept.contains(item) {
            kept.push(item.clone());
        }
    }
    kept
}

/// The items of both, each once.
pub fn intersect<T: Clone + PartialEq>(left: &[T], right: &[T]) -> Vec<T> {
    let mut kept = distinct(left);
    kept.retain(|item| right.contains(item));
    kept
}

/// The items of the first that the second does not have, each once.
pub fn without<T: Clone + PartialEq>(left: &[T], right: &[T]) -> Vec<T> {
    let mut kept = distinct(left);
    kept.retain(|item| !right.contains(item));
    kept
}

/// Whether both have an item in common.
pub fn overlaps<T: PartialEq>(left: &[T], right: &[T]) -> bool {
    left.iter().any(|item| right.contains(item))
}

/// The sum of whole numbers.
pub fn sum_int(list: impl IntoIterator<Item = i64>) -> Result<i64, Reject> {
    let sum = list.into_iter().try_fold(0_i64, i64::checked_add);
    sum.ok_or(Reject::Overflow)
}

/// The whole numbers from one to another, both in.
pub fn range(from: i64, to: i64) -> Result<Vec<i64>, Reject> {
    match to.checked_sub(from) {
        Some(apart) if apart < MOST => Ok((from..=to).collect()),
        _ if to < from => Ok(Vec::new()),
        _ => Err(Reject::Overflow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_outside_are_left_out() {
        assert_eq!(slice(&[1, 2, 3], -5, 99), [1, 2, 3]);
        assert!(slice(&[1, 2, 3], 2, 1).is_empty());
        assert_eq!(item(&[1], -1), None);
        assert_eq!(range(i64::MIN, i64::MAX), Err(Reject::Overflow));
        assert_eq!(range(i64::MAX, i64::MIN), Ok(vec![]));
        assert_eq!(range(1, 10_000).map(|list| list.len()), Ok(10_000));
        assert_eq!(range(0, 10_000), Err(Reject::Overflow));
        assert_eq!(sum_int([i64::MAX, 1]), Err(Reject::Overflow));
    }
}
