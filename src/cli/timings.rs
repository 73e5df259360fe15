//! How long each phase of a compilation took, for `pipec check --timings`.
//!
//! It must not know what phases do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::Phase;
use crate::base::Sources;

/// The time spent in each phase so far.
#[derive(Debug)]
pub(super) struct Timings {
    last: Instant,
    spent: BTreeMap<Phase, Duration>,
}

impl Timings {
    /// The clock runs from here.
    pub(super) fn start() -> Self {
        Timings {
            last: Instant::now(),
            spent: BTreeMap::new(),
        }
    }

    /// What passed since the last call was spent in `phase`.
    pub(super) fn ended(&mut self, phase: Phase) {
        let now = Instant::now();
        *self.spent.entry(phase).or_default() += now - self.last;
        self.last = now;
    }

    /// A line a phase; the one of parsing has its speed too.
    pub(super) fn text(&self, sources: &Sources) -> String {
        let mut text = String::new();
        for (phase, spent) in &self.spent {
            let name = format!("{phase:?}").to_lowercase();
            let seconds = spent.as_secs_f64();
            text += &format!("{name:8} {:9.2} ms", seconds * 1_000.0);
            if *phase == Phase::Parse && seconds > 0.0 {
                let own = sources.iter().filter(|(_, source)| !source.path.starts_with("std/"));
                let bytes = own.map(|(_, source)| source.text.len()).sum::<usize>() as f64;
                text += &format!("  {:.2} MB, {:.1} MB/s", bytes / 1e6, bytes / seconds / 1e6);
            }
            text.push('\n');
        }
        text
    }
}
