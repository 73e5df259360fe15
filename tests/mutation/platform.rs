//! The acceptance platforms, as they are written.

use std::collections::BTreeSet;
use std::path::Path;

use pipec::base::Memory;
use pipec::diag::{Diagnostic, Severity};
use pipec::{Compilation, Options, compile};

use super::place::{Role, places};

/// A platform: its files, and those of the platform that it uses.
pub struct Platform {
    /// The name of its folder.
    pub name: &'static str,
    /// Its own files: path and text.
    pub files: Vec<(String, String)>,
    /// Files of the platform that it uses, as it names them.
    used: Vec<(String, String)>,
    /// The errors in it as it is written, a line each.
    pub own: Vec<String>,
}

/// Folders of `examples/`, and the one that it uses.
const NAMES: [(&str, Option<&str>); 7] = [
    ("clickstream", None),
    ("data-pipeline", None),
    ("image-lake", None),
    ("batch-lakehouse", None),
    ("self-service-platform", None),
    ("team", Some("self-service-platform")),
    ("reference-architecture", None),
];

/// Every acceptance platform.
pub fn platforms() -> Vec<Platform> {
    let platform = |(name, uses): (&'static str, Option<&str>)| {
        let mut platform = Platform {
            name,
            files: files(name, ""),
            used: uses.map_or_else(Vec::new, |uses| files(uses, &format!("../{uses}/"))),
            own: Vec::new(),
        };
        let compilation = platform.compile_with(usize::MAX, "");
        let own = platform
            .errors(&compilation)
            .map(|error| line(&compilation, error))
            .collect();
        platform.own = own;
        platform
    };
    NAMES.into_iter().map(platform).collect()
}

fn files(name: &str, prefix: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "pipe"));
    paths.sort();
    let file = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (format!("{prefix}{}", path.file_name().unwrap().to_string_lossy()), text)
    };
    paths.into_iter().map(file).collect()
}

impl Platform {
    /// What is said of it with another text in place of one of its files.
    pub fn compile_with(&self, file: usize, text: &str) -> Compilation {
        let own = self.files.iter().enumerate().map(|(at, (path, own))| {
            let text = if at == file { text } else { own.as_str() };
            (path.as_str(), text)
        });
        let used = self.used.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        compile(&Memory::new(own.chain(used)), &Options::default())
    }

    /// The errors among what is said, without those that are there as it is written.
    pub fn errors<'c>(&self, compilation: &'c Compilation) -> impl Iterator<Item = &'c Diagnostic> {
        let fresh = |error: &&Diagnostic| {
            let said = format!(" {} {}", error.code, error.message);
            error.severity == Severity::Error && !self.own.iter().any(|own| own.contains(&said))
        };
        compilation.diagnostics.iter().filter(fresh)
    }

    /// Every word of it; `class NAME` for each class, `pseudonym NAME` for each column that holds one.
    pub fn words(&self) -> BTreeSet<String> {
        let mut words = BTreeSet::new();
        for (_, text) in &self.files {
            let places = places(text);
            words.extend(places.iter().map(|place| place.text.clone()));
            for three in places.windows(3) {
                let [first, second, third] = three else { continue };
                if first.role == Role::ItemWord && first.text == "class" {
                    words.insert(format!("class {}", second.text));
                }
                if first.role == Role::NewName && third.text == "pseudonym" {
                    words.insert(format!("pseudonym {}", first.text));
                }
            }
        }
        words
    }
}

/// A diagnostic on one line: where, which, what, and the help.
pub fn line(compilation: &Compilation, diagnostic: &Diagnostic) -> String {
    let source = compilation.sources.get(diagnostic.primary.span.file);
    let place = source.line_column(diagnostic.primary.span.start);
    let help: String = diagnostic.help.iter().map(|help| format!(" | {help}")).collect();
    format!(
        "{}:{}:{} {} {}{help}",
        source.path, place.line, place.column, diagnostic.code, diagnostic.message
    )
}
