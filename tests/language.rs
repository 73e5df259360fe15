//! The tutorial is true: every block of `.pipe` in it compiles, and every command runs. No block is left out.
//!
//! A comment before a block says what its page cannot show: `<!-- file: NAME -->` names the file that a block is.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pipec::base::Memory;
use pipec::diag::render::{Format, render};

/// A fenced block of a page, with the comments right before it.
struct Block {
    language: String,
    text: String,
    notes: BTreeMap<String, String>,
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut notes = BTreeMap::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(note) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) {
            if let Some((name, value)) = note.split_once(": ") {
                notes.insert(name.to_owned(), value.to_owned());
            }
        } else if let Some(language) = line.strip_prefix("```") {
            let text = lines.by_ref().take_while(|line| !line.starts_with("```"));
            found.push(Block {
                language: language.to_owned(),
                text: text.map(|line| format!("{line}\n")).collect(),
                notes: std::mem::take(&mut notes),
            });
        } else if !line.is_empty() {
            notes.clear();
        }
    }
    found
}

/// What checking says, short: code and place a line.
fn said(files: &[(&str, &str)]) -> String {
    let compilation = pipec::compile(&Memory::new(files.iter().copied()), &pipec::Options::default());
    render(Format::Short, &compilation.sources, &compilation.diagnostics, false)
}

#[test]
fn the_tutorial_works_from_its_first_line_to_its_last() {
    let page = fs::read_to_string(docs().join("tutorial.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_pipec")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let file = folder.path().join("shop.pipe");
    let mut project = String::new();
    let mut commands = 0;
    for block in blocks(&page) {
        match block.language.as_str() {
            "pipe" => {
                project += &block.text;
                project.push('\n');
                fs::write(&file, &project).unwrap();
                assert_eq!(said(&[("shop.pipe", &project)]), "", "{}", block.text);
            }
            "sh" => {
                let mut shell = Command::new("sh");
                let shell = shell
                    .arg("-ec")
                    .arg(&block.text)
                    .current_dir(folder.path())
                    .env("PATH", &path);
                let output = shell.output().unwrap();
                let wrong = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{}\n{wrong}", block.text);
                commands += block.text.lines().count();
            }
            other => {
                let name = block
                    .notes
                    .get("file")
                    .unwrap_or_else(|| panic!("a block of {other} without a name"));
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, &block.text).unwrap();
            }
        }
    }
    assert!(commands >= 6, "{commands} commands");
    let clean = fs::read_to_string(folder.path().join("shop.pipe")).unwrap();
    for place in [
        "run/curated/daily_pages",
        "run/quarantine/clean",
        "build/terraform",
        "build/README.md",
    ] {
        assert!(folder.path().join(place).exists(), "{place}");
    }
    let careless = clean.replacen("  drop   user_id\n", "", 1);
    assert!(
        said(&[("shop.pipe", &careless)]).contains("P0412"),
        "what the tutorial invites to try"
    );
}
