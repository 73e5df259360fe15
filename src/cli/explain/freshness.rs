//! `pipec explain freshness [DATASET]`: how old each dataset with an alarm on its age may get, and what adds up to that.

use std::fmt::Write;

use super::Failure;
use crate::plan::Plan;
use crate::prove::freshness::{Aged, sums, time};

/// A line for each part of a dataset's age, or of each dataset's that has an alarm.
pub(super) fn explain(plan: &Plan, named: Option<&str>) -> Result<String, Failure> {
    let all = sums(plan);
    let names: Vec<String> = all.iter().map(|aged| format!("`{}`", aged.dataset)).collect();
    let of = |aged: &&Aged<'_>| named.is_none_or(|named| aged.dataset.to_string() == named);
    let told: String = all.iter().filter(of).map(told).collect();
    match (named, told.is_empty()) {
        (Some(named), true) if names.is_empty() => Err(Failure::Usage(format!(
            "there is no alarm on the age of `{named}`, nor of another dataset"
        ))),
        (Some(named), true) => Err(Failure::Usage(format!(
            "there is no alarm on the age of `{named}`; there is one on {}",
            names.join(", ")
        ))),
        (None, true) => Ok("there is no alarm on the age of a dataset\n".to_owned()),
        _ => Ok(told),
    }
}

fn told(aged: &Aged<'_>) -> String {
    let seconds = aged.parts.iter().map(|part| part.seconds).sum();
    let mut text = format!(
        "{}: {} at most, and its alarm is at {}\n",
        aged.dataset,
        time(seconds),
        time(aged.over_seconds)
    );
    let width = aged.parts.iter().map(|part| part.what.chars().count()).max();
    for part in &aged.parts {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  {:<width$}  {}",
            part.what,
            time(part.seconds),
            width = width.unwrap_or(0)
        );
    }
    text
}
