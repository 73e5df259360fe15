//! Result types of decimal arithmetic: Spark's, on every engine.

/// Digits that a decimal has at most.
pub const MAX_DIGITS: u8 = 38;
/// Digits behind the point that are kept when there are too many.
const KEPT_SCALE: u16 = 6;

/// `+` and `-`.
pub fn sum((p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> (u8, u8) {
    let scale = s1.max(s2);
    let whole = (p1 - s1.min(p1)).max(p2 - s2.min(p2));
    bounded(u16::from(scale) + u16::from(whole) + 1, u16::from(scale))
}

/// `*`.
pub fn product((p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> (u8, u8) {
    bounded(u16::from(p1) + u16::from(p2) + 1, u16::from(s1) + u16::from(s2))
}

/// `/`: the scale is at least 6, and wide enough for every digit of the divisor.
pub fn quotient((p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> (u8, u8) {
    let scale = KEPT_SCALE.max(u16::from(s1) + u16::from(p2) + 1);
    let whole = u16::from(p1 - s1.min(p1)) + u16::from(s2);
    bounded(whole + scale, scale)
}

/// `%`: never more than either side.
pub fn remainder((p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> (u8, u8) {
    let scale = s1.max(s2);
    let whole = (p1 - s1.min(p1)).min(p2 - s2.min(p2));
    bounded(u16::from(whole) + u16::from(scale), u16::from(scale))
}

/// The decimal that holds both without loss; `None` where that takes more than 38 digits.
pub fn widest((p1, s1): (u8, u8), (p2, s2): (u8, u8)) -> Option<(u8, u8)> {
    let scale = s1.max(s2);
    let whole = (p1 - s1.min(p1)).max(p2 - s2.min(p2));
    let precision = whole + scale;
    (precision <= MAX_DIGITS).then_some((precision, scale))
}

/// Above 38 digits the scale gives way, to 6 at least: `decimal(38, 10) * decimal(38, 10)` is `decimal(38, 6)`.
pub fn bounded(precision: u16, scale: u16) -> (u8, u8) {
    let most = u16::from(MAX_DIGITS);
    if precision <= most {
        return (precision as u8, scale as u8);
    }
    let whole = precision - scale;
    let kept = most.saturating_sub(whole).max(scale.min(KEPT_SCALE));
    (MAX_DIGITS, kept as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_products_are_as_wide_as_sparks() {
        assert_eq!(sum((12, 2), (12, 2)), (13, 2));
        assert_eq!(sum((12, 2), (20, 0)), (23, 2));
        assert_eq!(sum((38, 10), (38, 2)), (38, 6));
        assert_eq!(product((12, 2), (3, 1)), (16, 3));
        assert_eq!(product((38, 10), (38, 10)), (38, 6));
        assert_eq!(product((20, 0), (20, 0)), (38, 0));
    }

    #[test]
    fn quotients_and_remainders_are_as_wide_as_sparks() {
        assert_eq!(quotient((12, 2), (12, 2)), (27, 15));
        assert_eq!(quotient((10, 0), (3, 0)), (16, 6));
        assert_eq!(quotient((38, 10), (38, 10)), (38, 6));
        assert_eq!(remainder((12, 2), (20, 0)), (12, 2));
        assert_eq!(remainder((5, 0), (12, 4)), (9, 4));
    }

    #[test]
    fn what_holds_both_may_be_too_wide() {
        assert_eq!(widest((12, 2), (20, 0)), Some((22, 2)));
        assert_eq!(widest((38, 0), (3, 2)), None);
    }
}
