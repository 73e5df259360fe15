//! The invariants of `ARCHITECTURE.md` that a program can check.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

use std::fs;
use std::path::{Path, PathBuf};

/// The longest that a source file may be, in lines.
const FILE_LINES: usize = 800;
/// The longest that a function may be, in lines.
const FUNCTION_LINES: usize = 100;

/// What a room may not use, because it stands above it.
const LAYERS: &[(&str, &[&str])] = &[
    (
        "src/base",
        &[
            "diag", "syntax", "format", "resolve", "check", "plan", "aws", "emit", "local", "session", "lsp", "cli",
        ],
    ),
    (
        "src/diag",
        &[
            "syntax", "format", "resolve", "check", "plan", "aws", "emit", "local", "session", "lsp", "cli",
        ],
    ),
    (
        "src/syntax",
        &[
            "format", "resolve", "check", "plan", "aws", "emit", "local", "session", "lsp", "cli",
        ],
    ),
    (
        "src/format",
        &[
            "resolve", "check", "plan", "aws", "emit", "local", "session", "lsp", "cli",
        ],
    ),
    (
        "src/resolve",
        &["format", "aws", "emit", "local", "session", "lsp", "cli"],
    ),
    (
        "src/check",
        &["format", "aws", "emit", "local", "session", "lsp", "cli"],
    ),
    ("src/plan", &["format", "aws", "emit", "local", "session", "lsp", "cli"]),
    (
        "src/evidence",
        &[
            "syntax", "format", "resolve", "check", "plan", "prove", "aws", "local", "session", "lsp", "cli",
        ],
    ),
    (
        "src/aws",
        &["syntax", "format", "resolve", "check", "local", "session", "lsp", "cli"],
    ),
    (
        "src/emit",
        &["syntax", "format", "resolve", "check", "local", "session", "lsp", "cli"],
    ),
    (
        "src/cost",
        &["syntax", "format", "resolve", "local", "session", "lsp", "cli"],
    ),
    (
        "src/local",
        &["syntax", "format", "resolve", "check", "aws", "session", "lsp", "cli"],
    ),
    ("src/session", &["lsp", "cli"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the project with one of these endings, relative to the project, with its text.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(next) = folders.pop() {
        let entries: Vec<PathBuf> = fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()).collect();
        for path in entries {
            if path.is_dir() {
                if !path.join("CACHEDIR.TAG").exists() {
                    folders.push(path);
                }
            } else if endings
                .iter()
                .any(|ending| path.extension().is_some_and(|found| found == *ending))
            {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no {endings:?}");
    found.sort();
    found
}

fn rust() -> Vec<(String, String)> {
    ["src", "lsp", "stdlib/runtime/src", "tests"]
        .iter()
        .flat_map(|folder| files(folder, &["rs"]))
        .collect()
}

#[track_caller]
fn none(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn files_and_functions_are_short() {
    let mut long = Vec::new();
    for (path, text) in rust() {
        let lines: Vec<_> = text.lines().collect();
        if lines.len() > FILE_LINES {
            long.push(format!("{path}: {} lines", lines.len()));
        }
        for (start, line) in lines.iter().enumerate() {
            let bare = line.trim_start();
            let indent = line.len() - bare.len();
            let is_function = [
                "fn ",
                "pub fn ",
                "pub(super) fn ",
                "pub(crate) fn ",
                "async fn ",
                "pub async fn ",
            ];
            if !is_function.iter().any(|start| bare.starts_with(start)) || bare.ends_with(';') {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[start..]
                .iter()
                .position(|line| *line == close)
                .map_or(1, |end| end + 1);
            if length > FUNCTION_LINES {
                long.push(format!("{path}:{}: {length} lines", start + 1));
            }
        }
    }
    none("too long", long);
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = rust()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path)
        .collect();
    none("no `//!` on top", silent);
}

#[test]
fn only_syntax_knows_pest() {
    let found = files("src", &["rs"])
        .into_iter()
        .filter(|(path, text)| {
            !path.starts_with("src/syntax") && (text.contains("pest::") || text.contains("use pest"))
        })
        .map(|(path, _)| path)
        .collect();
    none("pest outside src/syntax", found);
}

#[test]
fn only_the_language_server_knows_the_protocol() {
    let words = ["tower_lsp", "ls_types", "tokio"];
    let found = rust().into_iter().filter(|(path, text)| {
        // What is generated waits for several things at once, too.
        let room = path.starts_with("src") && !path.starts_with("src/emit/rust/");
        room && words.iter().any(|word| text.contains(&format!("{word}::")))
    });
    none("the protocol outside lsp/", found.map(|(path, _)| path).collect());
}

#[test]
fn nothing_lower_knows_what_stands_above_it() {
    let mut found = Vec::new();
    for (room, above) in LAYERS {
        for (path, text) in files("src", &["rs"])
            .into_iter()
            .filter(|(path, _)| path.starts_with(&format!("{room}/")))
        {
            for (number, line) in text.lines().enumerate() {
                for layer in *above {
                    if line.contains(&format!("crate::{layer}::")) || line.contains(&format!("use crate::{layer};")) {
                        found.push(format!("{path}:{}: {}", number + 1, line.trim()));
                    }
                }
            }
        }
    }
    none("a room uses what stands above it", found);
}

#[test]
fn nothing_is_left_undone() {
    let marks = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["todo", "!("].concat(),
        ["unimplemented", "!("].concat(),
    ];
    let mut found = Vec::new();
    for (path, text) in rust().into_iter().chain(files("stdlib", &["pipe", "py"])) {
        for (number, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| marks.iter().any(|mark| line.contains(mark)))
        {
            found.push(format!("{path}:{}: {}", number + 1, line.trim()));
        }
    }
    none("left undone", found);
}

#[test]
fn every_code_has_a_page_with_an_example() {
    let poor = pipec::diag::CODES
        .iter()
        .filter(|info| info.page.lines().count() < 5 || !info.page.contains("```pipe"))
        .map(|info| format!("{}: {}", info.code, info.title))
        .collect();
    none("no page worth reading", poor);
    let mut numbers: Vec<_> = pipec::diag::CODES.iter().map(|info| info.code).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), pipec::diag::CODES.len(), "a code is registered twice");
    let pages = files("src/diag/explain", &["md"]).len();
    assert_eq!(pages, numbers.len(), "a page has no code");
}
