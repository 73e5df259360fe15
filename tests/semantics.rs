//! The rules of the language that hold on every engine, one file a rule in `tests/semantics/`: as tables on the embedded engine
//! and, where they look at each row alone, as streams. The end-to-end tests run the same files as functions and as jobs.

#![allow(clippy::disallowed_methods, reason = "a test reads the rules")]

use std::fs;
use std::path::Path;

use pipec::base::Memory;
use pipec::local::test::run_tests;
use pipec::plan::lower::{Scope, lower};

/// Name and text of each file that is wanted.
fn rules(wanted: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/semantics");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|ending| ending == "pipe") && wanted(&name) {
            found.push((name, fs::read_to_string(path).unwrap()));
        }
    }
    found.sort();
    found
}

/// All tests of these files hold; how many there are.
fn hold(rules: &[(String, String)]) -> usize {
    let world = Memory::new(rules.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let compilation = pipec::compile(&world, &Default::default());
    let said: Vec<_> = compilation
        .diagnostics
        .iter()
        .map(|said| said.message.as_str())
        .collect();
    let program = compilation.program.unwrap_or_else(|| panic!("{said:#?}"));
    let lowered = lower(&program, Scope::Embedded);
    assert!(lowered.not_yet.is_empty(), "{:#?}", lowered.not_yet);
    let results = run_tests(&lowered.plan.unwrap(), Path::new(""), None);
    for result in &results {
        assert!(result.passed(), "{}: {:#?}", result.title, result.verdict);
    }
    results.len()
}

#[test]
fn every_rule_holds_for_tables_on_the_embedded_engine() {
    let all = rules(|_| true);
    // All but the platform that they stand in.
    assert_eq!(hold(&all), all.len() - 1);
}

#[test]
fn rules_of_single_rows_hold_for_streams_on_the_embedded_engine() {
    let mut all = rules(|name| name.starts_with("rows_") || name == "platform.pipe");
    for (_, text) in all.iter_mut().filter(|(name, _)| name != "platform.pipe") {
        *text = text
            .replace("processed.base", "rows")
            .replace("-> curated.", "-> processed.");
    }
    assert_eq!(hold(&all), all.len() - 1);
}

#[test]
fn every_rule_says_what_it_is() {
    for (name, text) in rules(|name| name != "platform.pipe") {
        assert!(name.starts_with("rows_") || name.starts_with("tables_"), "{name}");
        assert!(text.starts_with("// ") && text.contains("\ntest \""), "{name}");
    }
}
