//! The generated pages of the reference are what the standard library declares: settings, variants, templates, functions.
//!
//! `UPDATE_REFERENCE=1 cargo test --test reference` writes them again.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

mod functions;
mod settings;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use pipec::base::Sources;
use pipec::check::declare::Declarations;
use pipec::resolve::Library;

/// The pages by their path below `docs/language/`.
fn pages() -> BTreeMap<String, String> {
    let mut sources = Sources::default();
    let library = Library::load(&mut sources, pipec::check::functions::FILES);
    let declarations = Declarations::new(&library);
    let mut pages = settings::pages(&library, &declarations, &sources);
    pages.insert("functions.md".to_owned(), functions::page(&library, &sources));
    pages.insert("codes.md".to_owned(), codes());
    pages
}

/// The page of codes.
fn codes() -> String {
    let mut text = "What the compiler says, by code. `pipec explain CODE` shows what each one means, why, and a wrong and a right example.\n\n| code | level | says |\n|---|---|---|\n".to_owned();
    for info in pipec::diag::CODES {
        text += &format!("| `{}` | {:?} | {} |\n", info.code, info.severity, info.title);
    }
    page("Codes", &text)
}

/// A page's title, the note on where it comes from, and what it says.
fn page(title: &str, body: &str) -> String {
    format!(
        "# {title}\n\n<!-- Made from the standard library's declarations: `UPDATE_REFERENCE=1 cargo test --test reference` -->\n\n{}\n",
        body.trim()
    )
}

/// A documentation comment as one paragraph.
fn paragraph(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_generated_pages_are_fresh() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/language");
    let pages = pages();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        let _ = fs::remove_dir_all(folder.join("settings"));
        fs::create_dir_all(folder.join("settings")).unwrap();
        for (name, text) in &pages {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let mut found: Vec<_> = fs::read_dir(folder.join("settings"))
        .unwrap()
        .map(|entry| format!("settings/{}", entry.unwrap().file_name().to_string_lossy()))
        .chain(["functions.md".to_owned(), "codes.md".to_owned()])
        .collect();
    found.sort();
    let expected: Vec<_> = pages.keys().cloned().collect();
    let again = "run `UPDATE_REFERENCE=1 cargo test --test reference`";
    assert_eq!(
        found.iter().collect::<std::collections::BTreeSet<_>>(),
        expected.iter().collect(),
        "{again}"
    );
    let stale: Vec<_> = pages
        .iter()
        .filter(|(name, text)| fs::read_to_string(folder.join(name)).unwrap() != **text)
        .map(|(name, _)| name)
        .collect();
    assert!(stale.is_empty(), "stale: {stale:?}; {again}");
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let pages = pages();
    let anchors = |text: &str| -> Vec<String> {
        let headings = text.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
    };
    for (name, text) in &pages {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, at) = link.split_once('#').unwrap_or((link, ""));
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            let target = match file {
                "" => name.clone(),
                file if folder.is_empty() => file.to_owned(),
                file => format!("{folder}/{file}").replace("settings/../", ""),
            };
            let Some(there) = pages.get(&target) else {
                let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join("docs/language")
                    .join(&target);
                assert!(path.exists(), "{name}: {link}");
                continue;
            };
            assert!(
                at.is_empty() || anchors(there).contains(&at.to_owned()),
                "{name}: {link}"
            );
        }
    }
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
