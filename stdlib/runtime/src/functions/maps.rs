//! Functions of maps, whose keys are texts, in order.

use std::collections::BTreeMap;

/// The map of keys and their values; of equal keys the last one counts. Lists of different lengths give none.
pub fn map_of<T: Clone>(keys: &[String], values: &[T]) -> Option<BTreeMap<String, T>> {
    let entries = || keys.iter().cloned().zip(values.iter().cloned());
    (keys.len() == values.len()).then(|| entries().collect())
}

/// How many keys.
pub fn len<T>(map: &BTreeMap<String, T>) -> i64 {
    map.len() as i64
}

/// The keys, in order.
pub fn keys<T>(map: &BTreeMap<String, T>) -> Vec<String> {
    map.keys().cloned().collect()
}

/// The values, in the order of their keys.
pub fn values<T: Clone>(map: &BTreeMap<String, T>) -> Vec<T> {
    map.values().cloned().collect()
}

/// The entries of both; where both have a key, that of the second counts.
pub fn merge<T: Clone>(left: &BTreeMap<String, T>, right: &BTreeMap<String, T>) -> BTreeMap<String, T> {
    let mut merged = left.clone();
    merged.extend(right.iter().map(|(key, value)| (key.clone(), value.clone())));
    merged
}

/// What is made of each entry, in the order of the keys.
pub fn entries<T, U>(map: &BTreeMap<String, T>, make: impl Fn(&str, &T) -> U) -> Vec<U> {
    map.iter().map(|(key, value)| make(key, value)).collect()
}

/// The keys with what is given for their values.
pub fn map_values<T, U>(map: &BTreeMap<String, T>, each: impl Fn(&T) -> U) -> BTreeMap<String, U> {
    map.iter().map(|(key, value)| (key.clone(), each(value))).collect()
}

/// [`map_values`] by what may turn the row away.
pub fn try_map_values<T, U, E>(
    map: &BTreeMap<String, T>,
    each: impl Fn(&T) -> Result<U, E>,
) -> Result<BTreeMap<String, U>, E> {
    map.iter().map(|(key, value)| Ok((key.clone(), each(value)?))).collect()
}

/// The entries that are to be kept.
pub fn filter<T: Clone>(map: &BTreeMap<String, T>, keep: impl Fn(&str, &T) -> bool) -> BTreeMap<String, T> {
    let kept = map.iter().filter(|(key, value)| keep(key, value));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// [`filter`] by what may turn the row away.
pub fn try_filter<T: Clone, E>(
    map: &BTreeMap<String, T>,
    keep: impl Fn(&str, &T) -> Result<bool, E>,
) -> Result<BTreeMap<String, T>, E> {
    let mut kept = BTreeMap::new();
    for (key, value) in map {
        if keep(key, value)? {
            kept.insert(key.clone(), value.clone());
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_keys_the_last_one_counts() {
        let keys = ["b", "a", "b"].map(str::to_owned);
        let map = map_of(&keys, &[1, 2, 3]).unwrap();
        assert_eq!(
            (super::keys(&map), values(&map)),
            (vec!["a".into(), "b".into()], vec![2, 3])
        );
        assert_eq!(map_of(&keys, &[1]), None);
        let other = map_of(&["a".into()], &[9]).unwrap();
        assert_eq!(merge(&map, &other)["a"], 9);
        assert_eq!(filter(&map, |key, value| key == "a" && *value > 5).len(), 0);
        assert_eq!(
            try_map_values(&map, |value| if *value > 2 { Err(()) } else { Ok(*value) }),
            Err(())
        );
        assert_eq!(entries(&map, |key, value| format!("{key}{value}")), ["a2", "b3"]);
    }
}
