//! The modules that jobs import: the runtime, and those with what Spark has no single function for, where it is used.

use std::collections::BTreeSet;

use crate::plan::Files;

/// The module that every job imports.
const RUNTIME: &str = "pipec_runtime";

/// What a job calls a module, its name, its text, and the modules that it imports itself.
type Module = (&'static str, &'static str, &'static str, &'static [&'static str]);

macro_rules! module {
    ($called:literal, $name:literal, $needs:expr) => {
        (
            $called,
            $name,
            include_str!(concat!("../../../stdlib/runtime_py/", $name, ".py")),
            $needs,
        )
    };
}

const MODULES: [Module; 20] = [
    module!("aggregates", "pipec_aggregates", &[]),
    module!("changes", "pipec_changes", &[]),
    module!("pipec_counts", "pipec_counts", &[]),
    module!(
        "erasure",
        "pipec_erasure",
        &[
            "pipec_changes",
            "pipec_counts",
            "pipec_json",
            "pipec_lake",
            "pipec_landed",
            "pipec_marks",
            "pipec_numbers",
            "pipec_params",
            "pipec_records",
            "pipec_runtime",
            "pipec_senders",
            "pipec_sinks",
            "pipec_text",
            "pipec_time"
        ]
    ),
    module!("jsons", "pipec_json", &["pipec_numbers", "pipec_text"]),
    module!("pipec_kafka", "pipec_kafka", &[]),
    module!("lists", "pipec_lists", &["pipec_numbers", "pipec_text"]),
    module!("lake", "pipec_lake", &[]),
    module!(
        "landed",
        "pipec_landed",
        &[
            "pipec_json",
            "pipec_lake",
            "pipec_records",
            "pipec_numbers",
            "pipec_text",
            "pipec_time"
        ]
    ),
    module!("marks", "pipec_marks", &[]),
    module!("numbers", "pipec_numbers", &["pipec_text"]),
    module!("params", "pipec_params", &[]),
    module!(
        "programs",
        "pipec_program",
        &[
            "pipec_json",
            "pipec_numbers",
            "pipec_records",
            "pipec_text",
            "pipec_time"
        ]
    ),
    module!(
        "records",
        "pipec_records",
        &["pipec_json", "pipec_numbers", "pipec_text", "pipec_time"]
    ),
    module!(
        "runtime",
        "pipec_runtime",
        &[
            "pipec_changes",
            "pipec_counts",
            "pipec_lake",
            "pipec_marks",
            "pipec_params",
            "pipec_senders",
            "pipec_sinks"
        ]
    ),
    module!("senders", "pipec_senders", &[]),
    module!(
        "sinks",
        "pipec_sinks",
        &["pipec_changes", "pipec_lake", "pipec_senders"]
    ),
    module!("streams", "pipec_stream", &["pipec_aggregates", "pipec_kafka"]),
    module!("texts", "pipec_text", &[]),
    module!("times", "pipec_time", &["pipec_text"]),
];

/// The modules that a job's code mentions: name, and what it is called there.
pub fn mentioned(code: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let starts = starts(code);
    MODULES
        .iter()
        .filter(move |(called, ..)| starts.contains(called))
        .map(|(called, name, ..)| (*name, *called))
}

/// The words with which dotted names start.
fn starts(code: &str) -> BTreeSet<&str> {
    let dots = code.match_indices('.').filter_map(|(at, _)| code.get(..at));
    let words = dots.filter_map(|text| {
        let before = text.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        text.strip_prefix(before).filter(|_| !before.ends_with('.'))
    });
    words.collect()
}

/// The names of the modules that jobs need, those included that modules import.
pub fn needed<'c>(jobs: impl IntoIterator<Item = &'c str>) -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for code in jobs {
        for (name, _) in mentioned(code) {
            names.push(name);
            let module = MODULES.iter().find(|module| module.1 == name);
            names.extend(module.map_or(&[][..], |module| module.3));
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The names of all modules beside the runtime.
pub fn beside() -> impl Iterator<Item = &'static str> {
    MODULES.iter().map(|module| module.1).filter(|name| *name != RUNTIME)
}

/// A module's path in a build.
pub fn path(name: &str) -> String {
    format!("glue/{name}.py")
}

/// The files of these modules.
pub fn files(names: &[&str]) -> Files {
    let of = |module: &&Module| names.contains(&module.1);
    let files = MODULES.iter().filter(of);
    files
        .map(|(_, name, text, _)| (path(name), (*text).to_owned()))
        .collect()
}
