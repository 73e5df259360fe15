//! What AWS resources an item becomes.

use crate::aws;

use super::Context;

/// How many of them are named.
const NAMED: usize = 8;

impl Context<'_> {
    /// The resources that carry the name of an item, by type; nothing where the project cannot be built yet.
    pub fn made_of(&self, kind: &str, name: &str) -> Vec<String> {
        if !matches!(
            kind,
            "source" | "transform" | "zone" | "schedule" | "monitor" | "serve" | "sink"
        ) {
            return Vec::new();
        }
        let Some(plan) = self.analysis.and_then(|analysis| analysis.plan.as_ref()) else {
            return Vec::new();
        };
        let stack = aws::stack(plan, &[]);
        let mut found = Vec::new();
        for block in stack.blocks().filter(|block| block.kind == "resource") {
            if let [ty, label] = block.labels.as_slice()
                && is_of(label, name)
            {
                found.push(format!("`{ty}.{label}`"));
            }
        }
        let more = found.len().saturating_sub(NAMED);
        found.truncate(NAMED);
        if more > 0 {
            found.push(format!("{more} more"));
        }
        found
    }
}

/// Whether a label is a name, or starts with it: `clean`, `clean_errors`.
fn is_of(label: &str, name: &str) -> bool {
    let rest = label.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        || label.strip_suffix(name).is_some_and(|rest| rest.ends_with('_'))
}
