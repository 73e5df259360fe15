//! The documentation is true: every whole `.pipe` platform in it compiles, and every `pipec` command shown runs.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// The fenced blocks of a language in a Markdown file.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(&format!("```{language}\n")) {
        let body = &rest[start + language.len() + 4..];
        let end = body.find("\n```").map_or(body.len(), |end| end + 1);
        found.push(body[..end].to_owned());
        rest = &body[end..];
    }
    found
}

fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![(
        "README.md".to_owned(),
        fs::read_to_string(root.join("README.md")).unwrap(),
    )];
    let mut folders = vec![root.join("docs"), root.join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.join("manifest.json").exists() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    pages
}

#[test]
fn every_platform_in_the_documentation_compiles() {
    let mut count = 0;
    for (page, text) in pages() {
        for block in blocks(&text, "pipe") {
            let world = pipec::base::Memory::new([("page.pipe", block.as_str())]);
            let compilation = pipec::compile(&world, &pipec::Options::default());
            let said: Vec<_> = compilation
                .diagnostics
                .iter()
                .map(|d| format!("{}: {}", d.code, d.message))
                .collect();
            assert!(said.is_empty(), "{page}: {said:#?}\n{block}");
            count += 1;
        }
    }
    assert!(count > 0, "no page shows a platform");
}

#[test]
fn every_command_in_the_readme_runs() {
    let text = &pages()[0].1;
    let folder = tempfile::tempdir().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_pipec")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let script: String = blocks(text, "sh").concat();
    let commands: Vec<_> = script
        .lines()
        .filter(|line| line.starts_with("pipec ") || line.starts_with("cd "))
        .collect();
    assert!(commands.len() >= 4, "the README shows too few commands: {commands:?}");
    // What needs a compiler, Spark or an account is run by the end-to-end tests.
    let here: Vec<_> = commands
        .iter()
        .filter(|line| !line.contains("package") && !line.contains("--engine"))
        .copied()
        .collect();
    let output = Command::new("sh")
        .arg("-ec")
        .arg(here.join("\n"))
        .current_dir(folder.path())
        .env("PATH", path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        here.join("\n"),
        String::from_utf8_lossy(&output.stderr)
    );
}
