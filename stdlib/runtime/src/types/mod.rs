//! Values that Rust's own types do not hold the way the language means them, and their canonical text.

mod calendar;
pub mod decimal;
mod order;
mod time;
mod uuid;
mod wide;

pub use decimal::Decimal;
pub use order::Ordered;
pub use time::{Date, Timestamp};
pub use uuid::Uuid;
pub(crate) use uuid::hex;

use std::fmt::Write;

/// A value's one text: what is hashed, interpolated, compared in tests, and written where no format says otherwise.
pub trait Canonical {
    /// Appends the text.
    fn write_canonical(&self, out: &mut String);

    /// The text.
    fn canonical(&self) -> String {
        let mut out = String::new();
        self.write_canonical(&mut out);
        out
    }
}

macro_rules! displayed {
    ($($type:ty),*) => {$(
        impl Canonical for $type {
            fn write_canonical(&self, out: &mut String) {
                // Writing to a string cannot fail.
                let _ = write!(out, "{self}");
            }
        }
    )*};
}

displayed!(bool, i64, str, String, Date, Timestamp, Uuid);

impl<const P: u8, const S: u8> Canonical for Decimal<P, S> {
    fn write_canonical(&self, out: &mut String) {
        let _ = write!(out, "{self}");
    }
}
