//! The order of `sort`, `min` and `max` on Rust's own types: missing values last, floats in one total order.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Date, Decimal, Timestamp, Uuid};
use crate::Json;
use crate::value::{Value, float_order};

/// A type that the language puts in order.
pub trait Ordered {
    /// How it stands to another.
    fn order(&self, other: &Self) -> Ordering;
}

macro_rules! as_rust_orders {
    ($($type:ty),*) => {$(
        impl Ordered for $type {
            fn order(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
        }
    )*};
}

as_rust_orders!(bool, u8, i64, str, String, Date, Timestamp, Uuid, Value);

impl Ordered for f64 {
    fn order(&self, other: &Self) -> Ordering {
        float_order(*self, *other)
    }
}

impl<const P: u8, const S: u8> Ordered for Decimal<P, S> {
    fn order(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }
}

/// By their canonical texts.
impl Ordered for Json {
    fn order(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

/// Entry by entry, in the order of the keys.
impl<T: Ordered> Ordered for BTreeMap<String, T> {
    fn order(&self, other: &Self) -> Ordering {
        let entries = self.iter().zip(other);
        let mut orders = entries.map(|(left, right)| left.0.cmp(right.0).then_with(|| left.1.order(right.1)));
        orders
            .find(|order| order.is_ne())
            .unwrap_or_else(|| self.len().cmp(&other.len()))
    }
}

impl<T: Ordered + ?Sized> Ordered for &T {
    fn order(&self, other: &Self) -> Ordering {
        (**self).order(*other)
    }
}

impl<T: Ordered> Ordered for Option<T> {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Some(left), Some(right)) => left.order(right),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}

impl<T: Ordered> Ordered for Vec<T> {
    fn order(&self, other: &Self) -> Ordering {
        let items = self.iter().zip(other).map(|(left, right)| left.order(right));
        items
            .into_iter()
            .find(|order| order.is_ne())
            .unwrap_or_else(|| self.len().cmp(&other.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_last() {
        let mut list = [None, Some(2.5), Some(-0.0), Some(f64::NAN), Some(0.0)];
        list.sort_by(Ordered::order);
        assert_eq!(list[0], Some(-0.0));
        assert!(list[3].is_some_and(f64::is_nan) && list[4].is_none());
        assert!(vec![1_i64, 2].order(&vec![1, 2, 3]).is_lt());
    }
}
