//! `pipec diff OLD NEW`: what a change of a platform means, for its data, how long it stays, who sees it, what it costs and
//! which resources it becomes.

mod facts;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::output::Output;
use super::{Failure, Outcome, ProjectArgument, project};
use facts::{Facts, sections};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A project as it was: its folder, or a `.pipe` file in it
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The project as it is now
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// Apply an environment's settings to both
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
}

/// How much of a value is shown.
const SHOWN: usize = 100;

/// An item that is not as it was.
#[derive(Debug, PartialEq, Serialize)]
struct Change {
    item: String,
    change: Kind,
    facts: Vec<Changed>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Added,
    Removed,
    Changed,
}

impl Kind {
    fn mark(self) -> char {
        match self {
            Kind::Added => '+',
            Kind::Removed => '-',
            Kind::Changed => '~',
        }
    }
}

/// Something that is said of an item, before and now.
#[derive(Debug, PartialEq, Serialize)]
struct Changed {
    fact: String,
    old: Option<String>,
    new: Option<String>,
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let plan = |path: &Path| {
        let path = Some(path.to_path_buf());
        let found = project::find(&ProjectArgument { path })?;
        project::plan_or_say(out, found, arguments.env.as_deref())
    };
    let (old, new) = (plan(&arguments.old)?, plan(&arguments.new)?);
    let changes: Vec<_> = sections(&old)
        .into_iter()
        .zip(sections(&new))
        .map(|((name, old), (_, new))| (name, between(&old, &new)))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    if out.is_json() {
        let changes: serde_json::Map<_, _> = changes
            .into_iter()
            .map(|(name, changes)| (name.to_owned(), serde_json::json!(changes)))
            .collect();
        let text = serde_json::to_string_pretty(&changes).map_err(|error| Failure::Surroundings(error.to_string()))?;
        out.result(&(text + "\n"));
        return Ok(());
    }
    out.result(&text(&changes));
    Ok(())
}

/// The items of which something else is said now.
fn between(old: &BTreeMap<String, Facts>, new: &BTreeMap<String, Facts>) -> Vec<Change> {
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let none = Facts::new();
    let change = |item: &String| {
        let change = match (old.get(item), new.get(item)) {
            (None, _) => Kind::Added,
            (_, None) => Kind::Removed,
            _ => Kind::Changed,
        };
        let facts = changed(old.get(item).unwrap_or(&none), new.get(item).unwrap_or(&none));
        let item = item.clone();
        (change != Kind::Changed || !facts.is_empty()).then_some(Change { item, change, facts })
    };
    names.into_iter().filter_map(change).collect()
}

fn changed(old: &Facts, new: &Facts) -> Vec<Changed> {
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let other: Vec<_> = names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .collect();
    let alone = other.len() == 1;
    other
        .into_iter()
        // It is for what nothing else shows.
        .filter(|name| alone || *name != facts::DIGEST)
        .map(|name| Changed {
            fact: name.clone(),
            old: old.get(name).cloned(),
            new: new.get(name).cloned(),
        })
        .collect()
}

fn text(changes: &[(&str, Vec<Change>)]) -> String {
    if changes.is_empty() {
        return "no difference\n".to_owned();
    }
    let mut text = String::new();
    for (name, changes) in changes {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}");
        for Change { item, change, facts } in changes {
            let _ = writeln!(text, "  {} {item}", change.mark());
            // Of a resource that is new or gone, its address says enough.
            let shown = *name != facts::RESOURCES || *change == Kind::Changed;
            facts
                .iter()
                .filter(|_| shown)
                .for_each(|fact| text.push_str(&line(fact)));
        }
    }
    text
}

fn line(Changed { fact, old, new }: &Changed) -> String {
    let of = |value: &str| match value {
        "" => String::new(),
        value => format!(": {}", short(value)),
    };
    match (old, new) {
        (Some(old), Some(new)) => format!("      ~ {fact}: {} -> {}\n", short(old), short(new)),
        (Some(old), None) => format!("      - {fact}{}\n", of(old)),
        (None, Some(new)) => format!("      + {fact}{}\n", of(new)),
        (None, None) => String::new(),
    }
}

fn short(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(all: &[(&str, &[(&str, &str)])]) -> BTreeMap<String, Facts> {
        let facts = |facts: &[(&str, &str)]| {
            let pairs = facts
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            pairs.collect()
        };
        all.iter().map(|(item, all)| ((*item).to_owned(), facts(all))).collect()
    }

    #[test]
    fn what_is_new_gone_and_other_is_told_apart() {
        let old = facts(&[
            ("a", &[("x", "1"), ("y", "2")]),
            ("b", &[("x", "1")]),
            ("c", &[("x", "1")]),
        ]);
        let new = facts(&[("a", &[("x", "2"), ("z", "")]), ("b", &[("x", "1")]), ("d", &[])]);
        let found = [("data", between(&old, &new))];
        let wanted = "data\n  ~ a\n      ~ x: 1 -> 2\n      - y: 2\n      + z\n  - c\n      - x: 1\n  + d\n";
        assert_eq!(text(&found), wanted);
        assert_eq!(text(&[]), "no difference\n");
        assert_eq!(short(&"ä".repeat(101)).chars().count(), 101);
    }
}
