//! What is proved of each example is written down in `docs/derivations/`, as `pipec explain` says it: lifetimes, erasure,
//! freshness, capacity, cost. `UPDATE_DERIVATIONS=1 cargo test --test derivations` writes what is said now: read it, then
//! keep it.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

use std::fs;
use std::path::Path;
use std::process::Command;

use pipec::base::Disk;
use pipec::plan::Plan;
use pipec::{Options, compile};

/// What a command says of an example.
fn said(root: &Path, name: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_pipec"))
        .arg("explain")
        .args(arguments)
        .current_dir(root.join("examples").join(name))
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The page of an example.
fn page(root: &Path, name: &str, plan: &Plan) -> String {
    let mut text = format!(
        "# What is proved of `{name}`, and how\n\nThe platform is `examples/{name}`. Each part is what the command above it \
         prints in that folder; a build has all of it in `evidence.json` and on its page.\n"
    );
    let mut part = |title: &str, commands: &[Vec<&str>]| {
        text += &format!("\n## {title}\n");
        for arguments in commands {
            let said = said(root, name, arguments);
            text += &format!("\n`pipec explain {}`\n\n```text\n{said}```\n", arguments.join(" "));
        }
    };
    let classes = plan.classes.iter().map(|class| vec!["lifetime", class.name.as_str()]);
    let classes: Vec<_> = classes.collect();
    if !classes.is_empty() {
        part("How long values stay", &classes);
    }
    part("How a person is erased", &[vec!["erasure"]]);
    part("How old data gets", &[vec!["freshness"]]);
    part("Whether it fits", &[vec!["capacity"]]);
    part("What a month costs", &[vec!["cost"]]);
    text
}

#[test]
fn what_is_proved_of_each_example_is_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("docs/derivations");
    let is_update = std::env::var("UPDATE_DERIVATIONS").is_ok();
    let mut names: Vec<String> = fs::read_dir(root.join("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut stale = Vec::new();
    let mut pages = Vec::new();
    for name in names {
        let Some(plan) = compile(&Disk::new(root.join("examples").join(&name)), &Options::default()).plan else {
            continue;
        };
        let text = page(root, &name, &plan);
        let path = folder.join(format!("{name}.md"));
        if is_update {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &text).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            stale.push(name.clone());
        }
        pages.push(format!("{name}.md"));
    }
    assert_eq!(stale, Vec::<String>::new(), "UPDATE_DERIVATIONS=1 writes them anew");
    assert!(pages.len() >= 7, "{pages:?}");
    let there = fs::read_dir(&folder).unwrap();
    let mut there: Vec<String> = there
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    assert_eq!(there, pages, "a page whose example is gone, or the other way round");
}
