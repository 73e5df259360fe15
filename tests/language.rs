//! The reference and the tutorial are true: every block of `.pipe` in them compiles, every wrong one says what it says it
//! does, and every command runs. No block is left out.
//!
//! A comment before a block says what its page cannot show: `<!-- in: HEAD -->` wraps steps into the block of an item,
//! `<!-- error: P0301 -->` says that a block is wrong, `<!-- file: NAME -->` names a file that a block needs or is.

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

impl Block {
    /// The block as items: steps stand in the item that the page names.
    fn items(&self) -> String {
        match self.notes.get("in") {
            Some(head) => format!("/// An example.\n{head} {{\n{}}}\n", self.text),
            None => self.text.clone(),
        }
    }
}

/// The items of a text, each with its kind and name; there is one pipeline, whatever it is called.
fn items(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut named = true;
    for line in text.lines() {
        let starts = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        if starts && named {
            found.push(Default::default());
            named = false;
        }
        let Some((name, item)) = found.last_mut() else { continue };
        if !named && !line.starts_with('/') {
            let count = if line.starts_with("pipeline ") { 1 } else { 2 };
            *name = line.split_whitespace().take(count).collect::<Vec<_>>().join(" ");
            named = true;
        }
        item.push_str(line);
        item.push('\n');
    }
    found
}

/// `text` with the items of `ground` that it does not declare itself.
fn standing_on(text: &str, ground: &str) -> String {
    let own = items(text);
    let missing = items(ground)
        .into_iter()
        .filter(|(name, _)| own.iter().all(|(other, _)| other != name));
    missing.fold(text.to_owned(), |text, (_, item)| text + &item)
}

/// What checking says, short: code and place a line.
fn said(files: &[(&str, &str)]) -> String {
    let compilation = pipec::compile(&Memory::new(files.iter().copied()), &pipec::Options::default());
    render(Format::Short, &compilation.sources, &compilation.diagnostics, false)
}

#[test]
fn every_block_of_the_reference_is_what_it_says() {
    let folder = docs().join("language");
    let prelude = fs::read_to_string(folder.join("prelude.pipe")).unwrap();
    assert_eq!(said(&[("prelude.pipe", &prelude)]), "");
    let mut untrue = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = path.file_name().unwrap().to_string_lossy().into_owned();
        for block in blocks(&fs::read_to_string(&path).unwrap()) {
            if block.language != "pipe" {
                continue;
            }
            count += 1;
            let text = block.items();
            // What declares a pipeline is whole.
            let whole = items(&text).iter().any(|(name, _)| name == "pipeline");
            let text = if whole { text } else { standing_on(&text, &prelude) };
            let mut files = vec![("page.pipe", text.as_str())];
            files.extend(block.notes.get("file").map(|name| (name.as_str(), "")));
            let said = said(&files);
            let right = match block.notes.get("error") {
                Some(code) => said.lines().count() == 1 && said.contains(code),
                None => said.is_empty(),
            };
            if !right {
                untrue.push(format!("{page}:\n{}{said}", block.text));
            }
        }
    }
    assert!(count > 50, "{count} blocks");
    assert!(
        untrue.is_empty(),
        "{} of {count} blocks:\n\n{}",
        untrue.len(),
        untrue.join("\n")
    );
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
