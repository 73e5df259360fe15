//! The generated pages of the reference are what the standard library declares: settings, variants, templates, functions.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

mod functions;
mod settings;

use std::collections::BTreeMap;
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
    pages
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
