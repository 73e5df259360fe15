//! The crates of the generated workspace that are the same in every build, as they stand in this project's sources.

macro_rules! sources {
    ($root:literal : $($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!($root, $path)))),*]
    };
}

/// What every function does around its own transform.
const FUNCTION: &[(&str, &str)] = sources!("function/":
    "aws.rs", "batch.rs", "deliver.rs", "event/firehose.rs", "event/http.rs", "event/kafka.rs", "event/kafka_objects.rs",
    "event/kinesis.rs", "event/mod.rs", "event/objects.rs", "event/sqs.rs", "files.rs", "lib.rs", "logic.rs", "lookup.rs",
    "memory.rs", "metrics.rs", "objects.rs", "program.rs", "reject.rs", "sinks/events.rs",
    "sinks/index.rs", "sinks/items.rs", "sinks/mod.rs", "sinks/queue.rs", "sinks/request.rs", "sinks/row.rs",
    "sinks/stream.rs", "sinks/table.rs", "sinks/tls.rs", "sinks/topic.rs", "store.rs", "tables.rs",
);

/// What the embedded engine and the functions share.
const RUNTIME: &[(&str, &str)] = sources!("../../../stdlib/runtime/src/":
    "changes.rs", "decode.rs", "dynamic/aggregate.rs", "dynamic/lists.rs", "dynamic/mod.rs", "dynamic/scalar.rs", "dynamic/time.rs",
    "dynamic/window.rs", "encode.rs", "functions/arithmetic.rs", "functions/convert.rs", "functions/digest.rs",
    "functions/format.rs", "functions/geo.rs", "functions/hash.rs", "functions/json.rs", "functions/like.rs",
    "functions/lists.rs", "functions/maps.rs", "functions/mod.rs", "functions/numbers.rs", "functions/regex.rs",
    "functions/regex_java.rs",
    "functions/text.rs", "functions/time.rs", "functions/url.rs", "functions/zones.rs", "json.rs", "lib.rs",
    "media.rs", "plain.rs", "reject.rs", "types/calendar.rs", "types/decimal.rs", "types/mod.rs", "types/order.rs", "types/time.rs",
    "types/uuid.rs", "types/wide.rs", "value.rs",
);

const FUNCTION_MANIFEST: &str = include_str!("templates/function.toml");
const RUNTIME_MANIFEST: &str = include_str!("../../../stdlib/runtime/Cargo.toml");
const RUSTFMT: &str = include_str!("../../../rustfmt.toml");

/// What the runtime has by itself: all of it here, nothing that a function does not ask for there.
const ALL_FEATURES: &str = "default = [\"dynamic\"]";
const NO_FEATURES: &str = "default = []";

/// All of them, by path below `crates/`.
pub fn files() -> Vec<(String, String)> {
    let mut files = vec![
        ("function/Cargo.toml".to_owned(), FUNCTION_MANIFEST.to_owned()),
        ("function/rustfmt.toml".to_owned(), super::RUSTFMT.to_owned()),
        (
            "runtime/Cargo.toml".to_owned(),
            without_tests(RUNTIME_MANIFEST, "\n[dev-dependencies]").replace(ALL_FEATURES, NO_FEATURES),
        ),
        ("runtime/rustfmt.toml".to_owned(), RUSTFMT.to_owned()),
    ];
    for (name, sources) in [("function", FUNCTION), ("runtime", RUNTIME)] {
        let texts = sources
            .iter()
            .map(|(path, text)| (format!("{name}/src/{path}"), without_tests(text, "\n#[cfg(test)]\n")));
        files.extend(texts);
    }
    files
}

/// A file up to its tests, which stand at its end and need crates that the function does not.
fn without_tests(text: &str, start: &str) -> String {
    text.split(start).next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    #[allow(clippy::disallowed_methods, reason = "a test of files on disk")]
    fn on_disk(folder: &Path, below: &str, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            match entry.file_type().unwrap().is_dir() {
                true => on_disk(&entry.path(), &format!("{name}/"), found),
                false => drop(found.insert(name)),
            }
        }
    }

    #[test]
    fn no_source_is_left_behind() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, sources) in [
            ("src/emit/rust/function", super::FUNCTION),
            ("stdlib/runtime/src", super::RUNTIME),
        ] {
            let mut found = BTreeSet::new();
            on_disk(&root.join(folder), "", &mut found);
            let named: BTreeSet<String> = sources.iter().map(|(path, _)| path.to_string()).collect();
            assert_eq!(named, found, "{folder}");
        }
    }

    #[test]
    fn tests_stay_here() {
        for (path, text) in super::files() {
            assert!(
                !text.contains("cfg(test)") && !text.contains("dev-dependencies"),
                "{path}"
            );
        }
    }

    #[test]
    fn a_function_asks_for_what_it_uses() {
        let files = super::files();
        let manifest = files.iter().find(|(path, _)| path == "runtime/Cargo.toml");
        assert!(manifest.is_some_and(|(_, text)| text.contains(super::NO_FEATURES)));
    }
}
