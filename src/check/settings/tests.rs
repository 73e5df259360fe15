//! The standard library against the checker: what it declares must itself be right.

use std::collections::BTreeSet;
use std::path::Path;

use super::Checker;
use crate::base::Sources;
use crate::check::declare::Declarations;
use crate::check::functions;
use crate::diag::Diagnostics;
use crate::resolve::{Index, LIBRARY, Library};
use crate::syntax::ast::{Expr, Item};

/// Items that the examples of the standard library name.
const NAMED: &str = "
zone raw { }
zone curated { }
monitor operations { }
param alert_email : string
class pseudonymous { }
env dev { }
env prod { }
source clicks : stream of Click { }
transform clean : clicks -> raw.clicks
transform daily_pages : raw.clicks -> curated.daily_pages
";

fn said(diagnostics: &Diagnostics, sources: &Sources) -> Vec<String> {
    let line = |d: &crate::diag::Diagnostic| {
        let source = sources.get(d.primary.span.file);
        let place = source.line_column(d.primary.span.start);
        format!("{}:{}:{} {}", source.path, place.line, place.column, d.message)
    };
    diagnostics.iter().map(line).collect()
}

#[test]
fn the_library_is_read_without_a_word() {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let library = Library::load_into(&mut sources, functions::FILES, &mut diagnostics);
    assert_eq!(said(&diagnostics, &sources), Vec::<String>::new());
    assert!(library.items().count() > 40);
}

#[test]
fn every_default_and_example_is_one() {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let library = Library::load(&mut sources, functions::FILES);
    let declarations = Declarations::new(&library);
    let file = sources.add("named.pipe", NAMED);
    let items: Vec<Item> = crate::syntax::parse(file, NAMED, &mut diagnostics).items;
    let index = Index::new(items.iter(), &mut diagnostics);
    let checker = Checker {
        declarations: &declarations,
        index: &index,
        sources: &sources,
    };
    let mut missing = Vec::new();
    for (place, declared) in declarations.all() {
        for setting in &declared.settings {
            let values: [&Option<Expr>; 2] = [&setting.declare.default, &setting.declare.example];
            for value in values.into_iter().flatten() {
                checker.setting(setting, value, &mut diagnostics);
            }
            if setting.doc.is_none() || setting.declare.example.is_none() {
                missing.push(format!("{place} {} {}", declared.name, setting.name()));
            }
        }
        if declared.doc.is_none() {
            missing.push(format!("{place} {}", declared.name));
        }
    }
    assert_eq!(said(&diagnostics, &sources), Vec::<String>::new());
    assert_eq!(missing, Vec::<String>::new(), "without documentation or example");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a test reads the project's own folder")]
fn every_file_of_the_library_is_part_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib");
    let mut found = BTreeSet::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "pipe") {
                let relative = path.strip_prefix(&root).unwrap();
                found.insert(relative.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    let embedded = LIBRARY
        .iter()
        .chain(functions::FILES)
        .map(|(path, _)| (*path).to_owned());
    assert_eq!(found, embedded.collect::<BTreeSet<_>>());
}
