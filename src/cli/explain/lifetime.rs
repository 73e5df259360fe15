//! `pipec explain lifetime LABEL`: every way that labelled values take, and how long they may stay on each.

use std::fmt::Write;

use super::Failure;
use crate::plan::Plan;
use crate::prove::lifetimes::{self, days};

/// A line for each stay: what follows stands below it, further in, and the sums stand in a column of their own.
pub(super) fn explain(plan: &Plan, label: &str) -> Result<String, Failure> {
    let class = plan.classes.iter().find(|class| class.name == label);
    let (Some(class), Some(stays)) = (class, lifetimes::explain(plan, label)) else {
        let names: Vec<_> = plan.classes.iter().map(|class| format!("@{}", class.name)).collect();
        let message = format!("there is no class `{label}`; there is {}", names.join(", "));
        return Err(Failure::Usage(message));
    };
    let most = stays.iter().map(|stay| stay.days).fold(0.0, f64::max);
    let allowed = match class.retain_at_most_days {
        Some(most) => format!("{} are allowed", days(most)),
        None => "nothing bounds it".to_owned(),
    };
    let mut text = match stays.is_empty() {
        true => format!("@{label}: nothing that is kept carries it\n"),
        false => format!("@{label}: {} at most, and {allowed}\n", days(most)),
    };
    let lines: Vec<_> = stays
        .iter()
        .map(|stay| {
            let again = if stay.again { ", as above" } else { "" };
            let place = format!("{}{}, `{}`{again}", "  ".repeat(stay.depth + 1), stay.text, stay.column);
            (place, days(stay.days))
        })
        .collect();
    let width = lines.iter().map(|(place, _)| place.chars().count()).max().unwrap_or(0);
    for (place, sum) in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{place:<width$}  {sum}");
    }
    Ok(text)
}
