//! Amounts of which only a least and a most are known.
//!
//! It must not know prices or plans.

use std::ops::{Add, Mul};

/// The least and the most of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Bounds {
    /// The least.
    pub low: f64,
    /// The most.
    pub high: f64,
}

impl Bounds {
    /// From `low` to `high`.
    pub fn new(low: f64, high: f64) -> Bounds {
        Bounds { low, high }
    }

    /// From nothing on.
    pub fn up_to(high: f64) -> Bounds {
        Bounds { low: 0.0, high }
    }

    /// The same with nothing as the least.
    pub fn or_nothing(self) -> Bounds {
        Bounds::up_to(self.high)
    }

    /// Neither bound above a number.
    pub fn at_most(self, most: f64) -> Bounds {
        Bounds::new(self.low.min(most), self.high.min(most))
    }

    /// Each bound, changed.
    pub fn map(self, how: impl Fn(f64) -> f64) -> Bounds {
        Bounds::new(how(self.low), how(self.high))
    }

    /// Whether there is nothing of it in any case.
    pub fn is_nothing(self) -> bool {
        self.high == 0.0
    }
}

impl From<f64> for Bounds {
    fn from(exact: f64) -> Bounds {
        Bounds::new(exact, exact)
    }
}

impl From<u32> for Bounds {
    fn from(exact: u32) -> Bounds {
        Bounds::from(f64::from(exact))
    }
}

impl Add for Bounds {
    type Output = Bounds;
    fn add(self, other: Bounds) -> Bounds {
        Bounds::new(self.low + other.low, self.high + other.high)
    }
}

impl Mul for Bounds {
    type Output = Bounds;
    fn mul(self, other: Bounds) -> Bounds {
        Bounds::new(self.low * other.low, self.high * other.high)
    }
}

impl Mul<f64> for Bounds {
    type Output = Bounds;
    fn mul(self, by: f64) -> Bounds {
        Bounds::new(self.low * by, self.high * by)
    }
}

impl std::iter::Sum for Bounds {
    fn sum<I: Iterator<Item = Bounds>>(all: I) -> Bounds {
        all.fold(Bounds::default(), Add::add)
    }
}
