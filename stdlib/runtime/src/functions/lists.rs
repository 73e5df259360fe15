//! Functions of lists; items are equal as `is` compares them.

use crate::types::{Date, Decimal, Ordered};
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

/// In order, missing items last.
pub fn sort<T: Clone + Ordered>(list: &[T]) -> Vec<T> {
    let mut sorted = list.to_vec();
    sorted.sort_by(Ordered::order);
    sorted
}

/// By what is given for each; those that give the same stay in their order.
pub fn sort_by<T: Clone, K: Ordered>(list: &[T], by: impl Fn(&T) -> K) -> Vec<T> {
    sorted(list.iter().map(|item| (by(item), item.clone())).collect())
}

/// [`sort_by`] by what may turn the row away.
pub fn try_sort_by<T: Clone, K: Ordered, E>(list: &[T], by: impl Fn(&T) -> Result<K, E>) -> Result<Vec<T>, E> {
    let keyed = list.iter().map(|item| Ok((by(item)?, item.clone())));
    keyed.collect::<Result<_, E>>().map(sorted)
}

fn sorted<T, K: Ordered>(mut keyed: Vec<(K, T)>) -> Vec<T> {
    keyed.sort_by(|left, right| left.0.order(&right.0));
    keyed.into_iter().map(|(_, item)| item).collect()
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

/// How many items.
pub fn len<T>(list: &[T]) -> i64 {
    list.len() as i64
}

/// The items that are there.
pub fn present<T: Clone>(list: &[Option<T>]) -> Vec<T> {
    list.iter().flatten().cloned().collect()
}

/// The items of both, one after the other.
pub fn concat<T: Clone>(left: &[T], right: &[T]) -> Vec<T> {
    [left, right].concat()
}

/// The items, and one behind them.
pub fn append<T: Clone>(list: &[T], item: T) -> Vec<T> {
    let mut longer = list.to_vec();
    longer.push(item);
    longer
}

/// The items of all, one after the other.
pub fn flatten<T: Clone>(lists: &[Vec<T>]) -> Vec<T> {
    lists.concat()
}

/// The smallest item.
pub fn min<T: Clone + Ordered>(list: &[T]) -> Option<T> {
    list.iter().min_by(|left, right| left.order(right)).cloned()
}

/// The largest item.
pub fn max<T: Clone + Ordered>(list: &[T]) -> Option<T> {
    list.iter().max_by(|left, right| left.order(right)).cloned()
}

/// The sum of whole numbers.
pub fn sum_int(list: impl IntoIterator<Item = i64>) -> Result<i64, Reject> {
    let sum = list.into_iter().try_fold(0_i64, i64::checked_add);
    sum.ok_or(Reject::Overflow)
}

/// The sum of floats.
pub fn sum_float(list: &[f64]) -> Result<f64, Reject> {
    super::arithmetic::finite(list.iter().sum()).ok_or(Reject::Overflow)
}

/// The sum of decimals, with room for more digits.
pub fn sum_decimal<const P: u8, const S: u8, const P2: u8>(list: &[Decimal<P, S>]) -> Result<Decimal<P2, S>, Reject> {
    let sum = list
        .iter()
        .try_fold(Decimal::<P2, S>(0), |sum, item| sum.plus::<P, S, P2, S>(*item));
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

/// The days from one to another, both in.
pub fn days(from: Date, to: Date) -> Result<Vec<Date>, Reject> {
    range(i64::from(from.0), i64::from(to.0)).map(|days| days.into_iter().map(|day| Date(day as i32)).collect())
}

/// What is given for each.
pub fn map<T, U>(list: &[T], each: impl Fn(&T) -> U) -> Vec<U> {
    list.iter().map(each).collect()
}

/// [`map`] by what may turn the row away.
pub fn try_map<T, U, E>(list: &[T], each: impl Fn(&T) -> Result<U, E>) -> Result<Vec<U>, E> {
    list.iter().map(each).collect()
}

/// The items that are to be kept.
pub fn filter<T: Clone>(list: &[T], keep: impl Fn(&T) -> bool) -> Vec<T> {
    list.iter().filter(|item| keep(item)).cloned().collect()
}

/// [`filter`] by what may turn the row away.
pub fn try_filter<T: Clone, E>(list: &[T], keep: impl Fn(&T) -> Result<bool, E>) -> Result<Vec<T>, E> {
    let mut kept = Vec::new();
    for item in list {
        if keep(item)? {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

/// The first item that is wanted.
pub fn find<T>(list: &[T], wanted: impl Fn(&T) -> bool) -> Option<&T> {
    list.iter().find(|item| wanted(item))
}

/// [`find`] by what may turn the row away; all items are asked.
pub fn try_find<T, E>(list: &[T], wanted: impl Fn(&T) -> Result<bool, E>) -> Result<Option<&T>, E> {
    let mut found = None;
    for item in list {
        if wanted(item)? && found.is_none() {
            found = Some(item);
        }
    }
    Ok(found)
}

/// Whether a condition holds for an item.
pub fn any<T>(list: &[T], holds: impl Fn(&T) -> bool) -> bool {
    list.iter().any(holds)
}

/// [`any`] by what may turn the row away; all items are asked.
pub fn try_any<T, E>(list: &[T], holds: impl Fn(&T) -> Result<bool, E>) -> Result<bool, E> {
    try_count(list, holds).map(|count| count > 0)
}

/// Whether a condition holds for every item.
pub fn all<T>(list: &[T], holds: impl Fn(&T) -> bool) -> bool {
    list.iter().all(holds)
}

/// [`all`] by what may turn the row away; all items are asked.
pub fn try_all<T, E>(list: &[T], holds: impl Fn(&T) -> Result<bool, E>) -> Result<bool, E> {
    try_count(list, holds).map(|count| count == len(list))
}

/// For how many items a condition holds.
pub fn count<T>(list: &[T], counted: impl Fn(&T) -> bool) -> i64 {
    list.iter().filter(|item| counted(item)).count() as i64
}

/// [`count`] by what may turn the row away.
pub fn try_count<T, E>(list: &[T], counted: impl Fn(&T) -> Result<bool, E>) -> Result<i64, E> {
    let mut count = 0;
    for item in list {
        count += i64::from(counted(item)?);
    }
    Ok(count)
}

/// Whether an item is the one, as `in` asks: missing where a missing item might be.
pub fn is_among<T>(list: &[Option<T>], is: impl Fn(&T) -> bool) -> Option<bool> {
    let found = list.iter().flatten().any(is);
    (found || list.iter().all(Option::is_some)).then_some(found)
}

/// All items in one value.
pub fn reduce<T, U>(list: &[T], start: U, step: impl Fn(U, &T) -> U) -> U {
    list.iter().fold(start, step)
}

/// [`reduce`] by what may turn the row away.
pub fn try_reduce<T, U, E>(list: &[T], start: U, step: impl Fn(U, &T) -> Result<U, E>) -> Result<U, E> {
    list.iter().try_fold(start, step)
}

/// What is made of the items of two lists in pairs, as many as the shorter one has.
pub fn zip<T, U, V>(left: &[T], right: &[U], make: impl Fn(&T, &U) -> V) -> Vec<V> {
    left.iter().zip(right).map(|(left, right)| make(left, right)).collect()
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
        assert_eq!(sum_float(&[f64::MAX, f64::MAX]), Err(Reject::Overflow));
        assert_eq!(
            sum_decimal::<2, 1, 2>(&[Decimal(99), Decimal(1)]),
            Err(Reject::Overflow)
        );
        assert_eq!(days(Date(1), Date(2)), Ok(vec![Date(1), Date(2)]));
    }

    #[test]
    fn missing_items_are_last_and_all_items_are_asked() {
        assert_eq!(sort(&[None, Some(2_i64), Some(1)]), [Some(1), Some(2), None]);
        assert_eq!(sort_by(&["bb", "a"], |text| text.len() as i64), ["a", "bb"]);
        assert_eq!(
            (min(&[3_i64, 1]), max(&[3_i64, 1]), max::<i64>(&[])),
            (Some(1), Some(3), None)
        );
        let upset = |item: &i64| if *item > 2 { Err("upset") } else { Ok(true) };
        assert_eq!(try_any(&[1, 3], upset), Err("upset"));
        assert_eq!(try_find(&[1, 3], upset), Err("upset"));
        assert_eq!((try_all(&[1, 2], upset), try_count(&[1, 2], upset)), (Ok(true), Ok(2)));
        assert_eq!(present(&[None, Some(1)]), [1]);
        assert_eq!(is_among(&[None, Some(1)], |item| *item == 1), Some(true));
        assert_eq!(is_among(&[None, Some(1)], |item| *item == 2), None);
        assert_eq!(is_among(&[Some(1)], |item| *item == 2), Some(false));
    }
}
