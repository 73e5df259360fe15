//! What is read by hand has the tree that the grammar gives, whatever is written: on every text of the project, and on
//! texts with a token missing, doubled, moved or replaced.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

use std::fs;
use std::path::Path;

use pipec::base::Sources;
use pipec::diag::{Diagnostic, Diagnostics};
use pipec::syntax::{ast, parse, parse_by_grammar, tokens};

/// Every `.pipe` text of the project.
fn texts() -> Vec<String> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("examples"), root.join("stdlib"), root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pipe") {
                found.push(fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(found.len() > 20);
    found
}

type Read = (ast::File, Vec<Diagnostic>);

fn read(text: &str, by: fn(pipec::base::FileId, &str, &mut Diagnostics) -> ast::File) -> Read {
    let file = Sources::default().add("page.pipe", text);
    let mut said = Diagnostics::default();
    (by(file, text, &mut said), said.sorted())
}

#[track_caller]
fn agree(text: &str) {
    let (short, long) = (read(text, parse), read(text, parse_by_grammar));
    if short != long {
        panic!("read in two ways:\n{text}\n{:#?}\n\n{:#?}", short, long);
    }
}

#[test]
fn every_text_of_the_project_is_read_in_one_way() {
    texts().iter().for_each(|text| agree(text));
}

/// A text cut where items start.
fn items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    for line in text.lines() {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            items.push(String::new());
        }
        if let Some(item) = items.last_mut() {
            *item += line;
            item.push('\n');
        }
    }
    items
}

#[test]
fn what_is_broken_is_read_in_one_way() {
    const WORDS: [&str; 30] = [
        ",", ";", "=", "==", ":", "}", "{", "(", ")", "not", "in", "and", "..", ".", "?", "??", "=>", "->", "1", "x",
        "by", "as", "for", "of", "to", "\"t\"", "@a", "-", "*", "\n",
    ];
    // All of them are some hundred thousand; some hundreds of them, spread over all, find a difference as well.
    const EVERY: usize = 1_999;
    let (mut number, mut tried) = (0, 0);
    for item in texts().iter().flat_map(|text| items(text)) {
        let found = tokens::scan(&item);
        for (at, token) in found.iter().enumerate() {
            let (before, written, after) = (&item[..token.start], token.text(&item), &item[token.end..]);
            let mut broken = vec![
                format!("{before}{after}"),
                format!("{before}{written} {written}{after}"),
            ];
            if let Some(next) = found.get(at + 1) {
                let (between, second) = (&item[token.end..next.start], next.text(&item));
                broken.push(format!("{before}{second}{between}{written}{}", &item[next.end..]));
                broken.push(format!("{before}{written}\n  {}", &item[next.start..]));
                broken.push(format!("{before}{written}{}", &item[next.start..]));
            }
            broken.extend(WORDS.map(|word| format!("{before}{word}{after}")));
            broken.extend(WORDS.map(|word| format!("{before}{written} {word} {after}")));
            for text in broken {
                number += 1;
                if number % EVERY == 0 {
                    tried += 1;
                    agree(&text);
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
}
