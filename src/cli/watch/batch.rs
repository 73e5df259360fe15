//! Saves that belong together: an editor writes a file in several moves, a tool writes many files.
//!
//! It must not know files or clocks: it is told when what came.

use std::time::{Duration, Instant};

/// How long nothing must come before what came is looked at.
const QUIET: Duration = Duration::from_millis(100);
/// How long it may keep coming.
const LONGEST: Duration = Duration::from_millis(500);

/// What came since it was looked at last.
#[derive(Debug, Default)]
pub(super) struct Batch {
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Batch {
    /// Something came.
    pub(super) fn add(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// When to look at it; nothing where nothing came.
    pub(super) fn due(&self) -> Option<Instant> {
        let (first, last) = (self.first?, self.last?);
        Some((last + QUIET).min(first + LONGEST))
    }

    /// It is looked at.
    pub(super) fn clear(&mut self) {
        *self = Batch::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_coming_waits_for_half_a_second_at_most() {
        let (mut batch, start) = (Batch::default(), Instant::now());
        assert_eq!(batch.due(), None);
        for step in 0..20 {
            batch.add(start + Duration::from_millis(50 * step));
        }
        assert_eq!(batch.due(), Some(start + LONGEST));
        batch.clear();
        batch.add(start);
        assert_eq!(batch.due(), Some(start + QUIET));
    }
}
