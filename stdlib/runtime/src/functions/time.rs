//! Functions of dates and instants.

use crate::types::{Date, Timestamp};

/// The UTC day of an instant.
pub fn date(at: Timestamp) -> Date {
    at.date()
}
