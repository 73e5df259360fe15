//! `pipec explain cost [ITEM]`: what a platform costs in a month, and how that comes about; with `--against`, what is
//! different from another version of it.

use std::fmt::Write;
use std::path::Path;

use super::Failure;
use crate::cli::ProjectArgument;
use crate::cli::output::Output;
use crate::cli::project::{self, Project};
use crate::cost::{self, Estimate, amount, dollars};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// An item: `clicks`, `source.clicks`, `network` [default: all]
    item: Option<String>,
    /// The project's folder
    #[arg(long, value_name = "PATH")]
    project: Option<std::path::PathBuf>,
    /// Apply an environment's settings
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// What another version of the project costs, and what is different
    #[arg(long, value_name = "PATH")]
    against: Option<std::path::PathBuf>,
    /// As JSON: each line with its factors and its price
    #[arg(long)]
    json: bool,
}

/// The text of the answer.
pub(super) fn explain(out: &Output, arguments: &Arguments) -> Result<String, Failure> {
    let path = arguments.project.clone();
    let found = project::find(&ProjectArgument { path })?;
    let environment = arguments.env.as_deref();
    let plan = project::plan_or_say(out, found, environment)?;
    let now = cost::estimate(&plan);
    if let Some(other) = &arguments.against {
        let before = cost::estimate(&project::plan_or_say(out, other_project(other)?, environment)?);
        return Ok(difference(&before, &now, arguments.json));
    }
    let item = arguments.item.as_deref();
    if let Some(item) = item.filter(|item| !now.has(item)) {
        let names: Vec<_> = now.by_item().keys().map(|name| format!("`{name}`")).collect();
        let message = format!("nothing is paid for by `{item}`; there is {}", names.join(", "));
        return Err(Failure::Usage(message));
    }
    let budget = plan.pipeline.budget;
    Ok(match arguments.json {
        true => json(&now.json(budget, item)),
        false => cost::text(&now, budget, item),
    })
}

fn other_project(path: &Path) -> Result<Project, Failure> {
    project::find(&ProjectArgument {
        path: Some(path.to_path_buf()),
    })
}

fn json(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn difference(before: &Estimate, now: &Estimate, as_json: bool) -> String {
    let changes = cost::difference(before, now);
    if as_json {
        return json(&serde_json::json!({ "before": before.total(), "now": now.total(), "items": changes }));
    }
    let mut text = match changes.is_empty() {
        true => format!("no difference: {} a month\n", amount(now.total())),
        false => format!(
            "{} a month, and it was {}\n",
            amount(now.total()),
            amount(before.total())
        ),
    };
    for change in changes {
        let by = |low: f64| match low >= 0.0 {
            true => format!("+{}", dollars(low)),
            false => format!("-{}", dollars(-low)),
        };
        let (least, most) = (change.now.low - change.before.low, change.now.high - change.before.high);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}: {} at least, {} at most: {}, and it was {}",
            change.item,
            by(least),
            by(most),
            amount(change.now),
            amount(change.before)
        );
    }
    text
}
