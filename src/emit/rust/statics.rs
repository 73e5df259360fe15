//! What generated code makes once and keeps: regular expressions, patterns, time zones.

use super::code::{item, quoted};
use super::names::Names;

/// The statics of a file.
#[derive(Clone, Debug, Default)]
pub struct Statics {
    names: Names,
    found: Vec<Static>,
}

#[derive(Clone, Debug)]
struct Static {
    name: String,
    ty: &'static str,
    make: String,
}

impl Statics {
    /// The name of what a constructor makes of a text: `regex::checked` of a pattern.
    pub fn of(&mut self, wanted: &str, ty: &'static str, constructor: &str, text: &str) -> String {
        let make = format!("{constructor}({})", quoted(text));
        if let Some(found) = self.found.iter().find(|found| found.make == make) {
            return found.name.clone();
        }
        let name = self.names.fresh(&wanted.to_ascii_uppercase());
        self.found.push(Static {
            name: name.clone(),
            ty,
            make,
        });
        name
    }

    /// Those whose names are mentioned, as items with a line between each, and what they mention themselves.
    pub fn print(&self, used: &mut std::collections::BTreeSet<String>) -> String {
        let mut out = String::new();
        for found in &self.found {
            if !used.contains(&found.name) {
                continue;
            }
            out.push_str(&item(format!(
                "static {}: LazyLock<{}> = LazyLock::new(|| {});\n",
                found.name, found.ty, found.make
            )));
            let root = |path: &str| path.split("::").next().unwrap_or(path).to_owned();
            used.extend(["LazyLock".to_owned(), root(found.ty), root(&found.make)]);
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out
    }
}
