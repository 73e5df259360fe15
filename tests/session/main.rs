//! A session after any edits says what a compilation from nothing says.

#![allow(clippy::disallowed_methods, reason = "tests read the examples")]

mod chance;
mod sequences;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use chance::Chance;
use pipec::base::{Memory, World};
use pipec::diag::Diagnostic;
use pipec::session::Session;
use pipec::session::ide::Place;
use pipec::{Options, compile};

/// How many edits there are in all, and after how many a project starts anew.
const EDITS: usize = 10_000;
const RUN: usize = 125;
/// After how many edits what is said is compared with a compilation from nothing, and trees with those parsed anew.
/// `SESSION_EVERY=1` compares what is said after each edit, which takes minutes.
const EVERY: usize = 199;
const TREES: usize = 11;
/// One of so many projects is an example; the others are small, and checked much faster.
const OF_EXAMPLES: usize = 20;

/// A world that can be changed while it is looked at.
#[derive(Clone)]
struct Changing(Arc<Mutex<BTreeMap<String, String>>>);

impl Changing {
    fn memory(&self) -> Memory {
        let files = self.0.lock().unwrap();
        Memory::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    }
}

impl World for Changing {
    fn pipe_files(&self) -> io::Result<Vec<String>> {
        self.memory().pipe_files()
    }
    fn pipe_files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        self.memory().pipe_files_below(folder)
    }
    fn identity(&self, folder: &str) -> io::Result<String> {
        self.memory().identity(folder)
    }
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.memory().read(path)
    }
    fn exists(&self, path: &str) -> bool {
        self.memory().exists(path)
    }
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.memory().list(folder)
    }
    fn files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        self.memory().files_below(folder)
    }
}

/// The `.pipe` files of an example.
fn example(name: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "pipe") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            files.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    files
}

/// A platform of two files that is checked fast, with a warning in a transform.
fn small() -> BTreeMap<String, String> {
    let head = "pipeline p { cloud = aws { region = \"eu-west-1\" }, owner = \"a@example.com\" }\n\
        class pii { retain_at_most = 60 days, lowered_by = [pseudonym to low] }\nclass low { }\n\
        enum Kind { view, buy }\nzone raw like std.zones.raw { retain = 30 days }\n\
        zone processed like std.zones.processed { format = parquet, partition = [day], retain = 20 days }\n";
    let rows = "schema Click {\n  id : uuid @key\n  user : string @pii\n  at : timestamp @event_time\n  kind : Kind\n}\n\
        source clicks : stream of Click { from = kinesis { stream = own }, into = raw }\n\n\
        /// Clean.\ntransform clean : clicks -> processed.clicks {\n  derive day = date(at)\n         buyer = pseudonym(user)\n\
        \x20 drop user\n}\n\n// A view.\ntransform views : processed.clicks {\n  filter kind == view\n}\n\n\
        transform days : views -> processed.days {\n  filter day is not null\n\
        \x20 group by day { clicks = count() }\n}\n\n\
        test \"t\" for clean {\n  given clicks = [ { kind: buy } ]\n  expect [ { kind: buy } ]\n}\n";
    BTreeMap::from([("a.pipe".into(), head.to_owned()), ("b.pipe".into(), rows.to_owned())])
}

const PIECES: &[&str] = &[
    "",
    " ",
    "\n",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "=",
    ",",
    ".",
    ":",
    "\"",
    "@",
    "ä",
    "𝄞",
    "derive x = 1\n",
    "drop day",
    "filter",
    "transform",
    "view",
    "day",
    "processed",
    "null",
    "2",
    "// allow P0319: why\n",
    "zone",
    "\n}\n",
    "/// doc\n",
    "kind",
    "  ",
];

/// Another text, by one edit somewhere.
fn edited(chance: &mut Chance, text: &str) -> String {
    let boundary = |at: usize| {
        (0..=at.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap()
    };
    let start = boundary(chance.below(text.len() + 1));
    let length = if chance.below(3) == 0 {
        chance.below(40)
    } else {
        chance.below(4)
    };
    let end = boundary(start + length).max(start);
    let piece = match chance.below(4) {
        0 => {
            let from = boundary(chance.below(text.len() + 1));
            let to = boundary(from + chance.below(30)).max(from);
            text[from..to].to_owned()
        }
        _ => PIECES[chance.below(PIECES.len())].to_owned(),
    };
    format!("{}{piece}{}", &text[..start], &text[end..])
}

/// A file is called otherwise from now on. Where there was such a file, an editor lets go of what it held of it.
fn rename(chance: &mut Chance, world: &Changing, session: &mut Session, path: &str) {
    let other = format!("r{}.pipe", chance.below(9));
    let mut files = world.0.lock().unwrap();
    let text = files.remove(path).unwrap();
    files.insert(other.clone(), text);
    drop(files);
    session.close(path);
    session.close(&other);
}

/// One edit of a project: of a file, or of which files there are.
fn step(chance: &mut Chance, world: &Changing, session: &mut Session) {
    let mut files = world.0.lock().unwrap();
    let paths: Vec<_> = files.keys().cloned().collect();
    let path = paths[chance.below(paths.len())].clone();
    match chance.below(24) {
        0 if paths.len() > 1 => {
            files.remove(&path);
            drop(files);
            session.close(&path);
        }
        1 => {
            drop(files);
            rename(chance, world, session, &path);
        }
        2 => {
            // Saved by another editor.
            let text = edited(chance, &files[&path]);
            files.insert(path.clone(), text);
            drop(files);
            session.close(&path);
        }
        _ => {
            let text = edited(chance, &files[&path]);
            files.insert(path.clone(), text.clone());
            drop(files);
            session.edit(&path, &text);
        }
    }
}

fn fresh(world: &Changing) -> Vec<Diagnostic> {
    compile(&world.memory(), &Options::default()).diagnostics
}

#[track_caller]
fn agree(world: &Changing, session: &mut Session, what: &str) {
    let (kept, fresh) = (session.analysis().diagnostics.clone(), fresh(world));
    assert_eq!(kept, fresh, "{what}: {:#?}", world.0.lock().unwrap());
}

/// Asks everything at a place; nothing may panic.
fn ask(chance: &mut Chance, session: &mut Session) {
    session.ask(|context| {
        let Some(file) = context.project.files.first() else {
            return;
        };
        let text = &context.sources.get(file.id).text;
        let offset = chance.below(text.len() + 1) as u32;
        let place = Place { file: file.id, offset };
        context.hover(place);
        context.definition(place);
        context.type_definition(place);
        context.complete(place);
        context.references(place);
    });
}

#[test]
fn any_edits_end_where_a_fresh_start_does() {
    let names = [
        "clickstream",
        "starter",
        "kitchen",
        "data-pipeline",
        "team",
        "image-lake",
    ];
    let examples: Vec<_> = names.map(example).into_iter().chain([small()]).collect();
    let every = std::env::var("SESSION_EVERY").map_or(EVERY, |every| every.parse().unwrap());
    let mut chance = Chance::new(20_260_101);
    for run in 0..EDITS / RUN {
        let files = match run % OF_EXAMPLES {
            0 => &examples[(run / OF_EXAMPLES) % names.len()],
            _ => &examples[names.len()],
        };
        let world = Changing(Arc::new(Mutex::new(files.clone())));
        let mut session = Session::new(Arc::new(world.clone()));
        for edit in 0..RUN {
            let number = run * RUN + edit;
            step(&mut chance, &world, &mut session);
            if number.is_multiple_of(TREES) {
                same_trees(&world, &mut session, number);
            }
            if number.is_multiple_of(47) {
                ask(&mut chance, &mut session);
            }
            if number.is_multiple_of(every) {
                agree(&world, &mut session, &format!("edit {number}"));
            }
        }
    }
}

/// The trees are those of the texts as they are now.
#[track_caller]
fn same_trees(world: &Changing, session: &mut Session, number: usize) {
    let parsed = session.parsed();
    let files = world.0.lock().unwrap();
    assert_eq!(parsed.project.files.len(), files.len(), "edit {number}");
    for (tree, (path, text)) in parsed.project.files.iter().zip(files.iter()) {
        let source = parsed.sources.get(tree.id);
        assert_eq!(
            (&source.path, source.text.as_str()),
            (path, text.as_str()),
            "edit {number}"
        );
        let anew = pipec::syntax::parse(tree.id, text, &mut pipec::diag::Diagnostics::default());
        assert!(**tree == anew, "edit {number}: {path}");
    }
}

/// The bytes of every word and number in the bodies of a file's transforms.
fn words(text: &str) -> Vec<(usize, usize)> {
    let tree = pipec::syntax::parse(pipec::base::FileId(0), text, &mut pipec::diag::Diagnostics::default());
    let transforms = tree.items.iter().filter_map(|item| match &item.kind {
        pipec::syntax::ast::ItemKind::Transform(transform) => Some(&transform.entries),
        _ => None,
    });
    let places = transforms
        .flatten()
        .map(|entry| (entry.span.start as usize, entry.span.end as usize));
    let mut found = Vec::new();
    for (start, end) in places {
        for token in pipec::syntax::tokens::scan(&text[start..end]) {
            if token.kind == pipec::syntax::tokens::TokenKind::Word {
                found.push((start + token.start, start + token.end));
            }
        }
    }
    found
}

#[test]
fn what_is_said_at_once_is_what_is_said_in_the_end() {
    let mut chance = Chance::new(7);
    let (mut all, mut at_once, mut other) = (0, 0, Vec::new());
    for name in ["clickstream", "kitchen", "data-pipeline", "reference-architecture"] {
        let files = example(name);
        let world = Changing(Arc::new(Mutex::new(files.clone())));
        let mut session = Session::new(Arc::new(world));
        for (path, text) in &files {
            let places = words(text);
            for _ in 0..places.len().min(12) {
                session.edit(path, text);
                session.analysis();
                let (start, end) = places[chance.below(places.len())];
                let piece = ["x", "null", "", "1 + 2", "\"a\"", "(", "kind"][chance.below(7)];
                let edited = format!("{}{piece}{}", &text[..start], &text[end..]);
                session.edit(path, &edited);
                all += 1;
                let Some(quick) = session.quick() else { continue };
                at_once += 1;
                let whole = session.analysis();
                let here = whole
                    .diagnostics
                    .iter()
                    .filter(|said| said.primary.span.file == quick.file);
                let here: Vec<_> = here.cloned().collect();
                if here != quick.said {
                    other.push((
                        name,
                        path.clone(),
                        edited[start.saturating_sub(30)..].chars().take(60).collect::<String>(),
                    ));
                }
            }
        }
    }
    println!(
        "{all} edits, {at_once} of them answered at once, {} of those otherwise in the end: {other:#?}",
        other.len()
    );
    assert!(at_once * 10 >= all * 9, "{at_once} of {all}");
    assert!(other.len() * 20 <= at_once, "{} of {at_once}: {other:#?}", other.len());
}
