//! What is done with what may be missing. Three-valued logic: a missing operand makes the answer missing, unless the
//! other one decides.

/// `and`
pub fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// `or`
pub fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// What there is, or once nothing where there is nothing: the rows of an outer join, or of `explode outer`.
pub fn or_none<T>(found: &[T]) -> impl Iterator<Item = Option<&T>> {
    let none = found.is_empty().then_some(None);
    found.iter().map(Some).chain(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_may_decide() {
        assert_eq!(and(None, Some(false)), Some(false));
        assert_eq!(and(None, Some(true)), None);
        assert_eq!(or(Some(true), None), Some(true));
        assert_eq!(or(Some(false), None), None);
    }

    #[test]
    fn what_finds_nothing_is_kept() {
        assert_eq!(or_none::<i64>(&[]).collect::<Vec<_>>(), [None]);
        assert_eq!(or_none(&[1, 2]).collect::<Vec<_>>(), [Some(&1), Some(&2)]);
    }
}
