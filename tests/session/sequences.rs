//! Sequences of edits: after each, all that is known of a project is what a compilation from nothing would find.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use pipec::session::{Session, Work};
use pipec::syntax::tokens::{TokenKind, scan};
use pipec::{Options, compile};

use super::chance::Chance;
use super::{Changing, ask, edited, example, rename, small};

/// How many sequences there are; `SESSION_SEQUENCES` says another number.
const SEQUENCES: usize = 96;
/// One of so many starts at an example; the others start at a small platform, which is checked much faster.
const OF_EXAMPLES: usize = 16;
/// How many edits a sequence has at most.
const LONGEST: usize = 6;

const EXAMPLES: &[&str] = &[
    "clickstream",
    "data-pipeline",
    "image-lake",
    "team",
    "reference-architecture",
    "kitchen",
    "batch-lakehouse",
    "self-service-platform",
];

/// What stands where it may be right as well: most of these edits leave a project that has few mistakes or none.
const WORDS: &[&str] = &[
    "day", "user", "kind", "at", "1", "2", "30", "clicks", "raw", "null", "true", "view",
];

/// Another text that is likely to be right: a word is replaced, a line goes, comes twice, or is moved.
fn plausible(chance: &mut Chance, text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = chance.below(lines.len().max(1));
    let mut other: Vec<&str> = lines.clone();
    match chance.below(6) {
        0 if !lines.is_empty() => {
            other.remove(at);
        }
        1 if !lines.is_empty() => other.insert(at, lines[at]),
        2 => other.insert(at.min(other.len()), "// A remark.\n"),
        3 => other.insert(at.min(other.len()), "\n"),
        _ => {
            let words: Vec<_> = scan(text)
                .into_iter()
                .filter(|token| token.kind == TokenKind::Word)
                .collect();
            let Some(word) = words.get(chance.below(words.len().max(1))) else {
                return text.to_owned();
            };
            let new = match chance.below(2) {
                0 => WORDS[chance.below(WORDS.len())].to_owned(),
                // A word of the same file: a column, an item, a function.
                _ => words[chance.below(words.len())].text(text).to_owned(),
            };
            return format!("{}{new}{}", &text[..word.start], &text[word.end..]);
        }
    }
    other.concat()
}

/// One edit: in an editor, by somebody else, or of which files there are.
fn step(chance: &mut Chance, world: &Changing, session: &mut Session, was: &BTreeMap<String, String>) {
    let mut files = world.0.lock().unwrap();
    let paths: Vec<_> = files.keys().cloned().collect();
    let path = paths[chance.below(paths.len())].clone();
    let text = files[&path].clone();
    let new = match chance.below(8) {
        0 => edited(chance, &text),
        1 | 2 => was.get(&path).cloned().unwrap_or_default(),
        _ => plausible(chance, &text),
    };
    match chance.below(20) {
        0 if paths.len() > 1 => {
            files.remove(&path);
            drop(files);
            session.changed(&path);
            session.close(&path);
        }
        1 => {
            drop(files);
            rename(chance, world, session, &path);
        }
        2 => {
            files.insert(path.clone(), new);
            drop(files);
            session.close(&path);
        }
        3 => {
            files.insert(path.clone(), new);
            drop(files);
            session.all_changed();
            session.close(&path);
        }
        _ => {
            files.insert(path.clone(), new.clone());
            drop(files);
            session.edit(&path, &new);
        }
    }
}

/// All that is known is what a fresh start would know.
#[track_caller]
fn agree(world: &Changing, session: &mut Session, what: &str) {
    let known = session.analysis();
    let fresh = compile(&world.memory(), &Options::default());
    let texts = || format!("{what}: {:#?}", world.0.lock().unwrap());
    assert_eq!(known.diagnostics, fresh.diagnostics, "{}", texts());
    assert_eq!(known.not_yet, fresh.not_yet, "{}", texts());
    assert!(known.plan == fresh.plan, "the plan: {}", texts());
    assert!(
        known.program == fresh.program.or(fresh.doubtful),
        "the program: {}",
        texts()
    );
}

#[test]
fn after_each_edit_all_is_known_that_a_fresh_start_finds() {
    let sequences = std::env::var("SESSION_SEQUENCES").map_or(SEQUENCES, |number| number.parse().unwrap());
    let seed = std::env::var("SESSION_SEED").map_or(8, |seed| seed.parse().unwrap());
    let mut chance = Chance::new(seed);
    for sequence in 0..sequences {
        let files = match sequence % OF_EXAMPLES {
            0 => example(EXAMPLES[(sequence / OF_EXAMPLES) % EXAMPLES.len()]),
            _ => small(),
        };
        let world = Changing(Arc::new(Mutex::new(files.clone())));
        let mut session = Session::new(Arc::new(world.clone()));
        session.analysis();
        let mut under_way: Vec<Work> = Vec::new();
        for edit in 0..=chance.below(LONGEST) {
            step(&mut chance, &world, &mut session, &files);
            let what = format!("seed {seed}, sequence {sequence}, edit {edit}");
            match chance.below(4) {
                // An analysis starts, and ends after the next edits: it is one of an earlier state.
                0 => under_way.extend(session.work()),
                1 => {
                    session.quick();
                    ask(&mut chance, &mut session);
                }
                _ => {}
            }
            if chance.below(2) == 0 {
                let late = under_way
                    .pop()
                    .and_then(|work| work.run(&AtomicBool::new(chance.below(4) == 0)));
                late.map(|late| session.keep(Arc::new(late)));
            }
            agree(&world, &mut session, &what);
        }
        for (path, text) in &files {
            session.edit(path, text);
        }
        let more: Vec<_> = world
            .0
            .lock()
            .unwrap()
            .keys()
            .filter(|path| !files.contains_key(*path))
            .cloned()
            .collect();
        world.0.lock().unwrap().clone_from(&files);
        more.iter().for_each(|path| session.close(path));
        agree(
            &world,
            &mut session,
            &format!("seed {seed}, sequence {sequence}, taken back"),
        );
    }
}
