//! What AWS resources an item becomes.

use crate::aws::{self, Address};

use super::Context;
use crate::session::Analysis;

/// How many of them are named.
const NAMED: usize = 8;

impl Analysis {
    /// The resources that the plan becomes, type and label, once they are found.
    fn resources(&self) -> &[Address] {
        match self.is_shared {
            true => self.resources.get().map_or(&[], Vec::as_slice),
            false => self.find_resources(),
        }
    }

    /// Finds the resources that the plan becomes, which takes as long as checking a good part of the platform: it is done
    /// once.
    pub fn find_resources(&self) -> &[Address] {
        let paid = self.paid.as_deref();
        let find = || {
            self.plan
                .as_ref()
                .map_or_else(Vec::new, |plan| aws::resources(plan, paid))
        };
        self.resources.get_or_init(find)
    }
}

impl Context<'_> {
    /// The resources that carry the name of an item, by type; nothing where the project cannot be built yet.
    pub fn made_of(&self, kind: &str, name: &str) -> Vec<String> {
        if !matches!(
            kind,
            "source" | "transform" | "zone" | "schedule" | "monitor" | "serve" | "sink"
        ) {
            return Vec::new();
        }
        let Some(analysis) = self.analysis else {
            return Vec::new();
        };
        let own = analysis.resources().iter().filter(|[_, label]| is_of(label, name));
        let mut found: Vec<_> = own.map(|[ty, label]| format!("`{ty}.{label}`")).collect();
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
