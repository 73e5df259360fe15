//! `pipec explain capacity [SOURCE]`: what services take, how much of it is needed, and how that comes about.

use std::fmt::Write;

use super::Failure;
use crate::plan::Plan;
use crate::prove::{capacity, limits};

/// A line for each bound that a source's promise is held to, or that all are.
pub(super) fn explain(plan: &Plan, named: Option<&str>) -> Result<String, Failure> {
    if let Some(named) = named.filter(|named| plan.source(named).is_none()) {
        let names: Vec<_> = plan.sources.iter().map(|source| format!("`{}`", source.name)).collect();
        let message = format!("there is no source `{named}`; there is {}", names.join(", "));
        return Err(Failure::Usage(message));
    }
    let of = |name: &str| named.is_none_or(|named| named == name);
    let mut text = String::new();
    for source in plan.sources.iter().filter(|source| of(&source.name)) {
        let Some(volume) = source.volume.as_ref().filter(|_| source.is_kinesis()) else {
            continue;
        };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "shards of `{}`: {} at most, and {}\n  {}",
            source.name,
            capacity::needed_shards(volume),
            capacity::there(source),
            volume.words()
        );
    }
    let bounds = limits::bounds(plan);
    for bound in bounds
        .iter()
        .filter(|bound| bound.sources.is_empty() && named.is_none() || bound.sources.iter().any(|source| of(source)))
    {
        let (what, needed, allowed, unit) = (&bound.what, bound.needed, bound.allowed, bound.unit);
        let _ = writeln!(
            text,
            "{what}: {needed} {unit} at most, of {allowed}\n  {}",
            bound.derivation
        );
    }
    if text.is_empty() {
        text.push_str("nothing is bounded: no source promises how many records come in a second, as `volume = 500 per second of 1 KiB` does\n");
    }
    Ok(text)
}
