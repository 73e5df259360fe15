//! Broken platforms, and exactly what is said of them.
//!
//! `tests/diagnostics/*.txt` hold cases: a title after `##`, edits of a platform, and the lines to expect. An edit is
//! lines after `-` (found once in the text) and lines after `+` that replace them; `+` alone is added at the end.
//! `base: NAME` at the top of a file names what is broken: `tests/diagnostics/NAME.pipe`, or an example; without it, it is
//! clickstream. `beside: NAME` puts the files of an example beside it, as `../NAME/…`. Edits after a line `@ PATH` are of
//! that file instead, until the case ends; a file that is not there begins empty.
//! `UPDATE_DIAGNOSTICS=1 cargo test --test diagnostics` writes what is said now into the files: read it, then keep it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use pipec::base::{Memory, World};
use pipec::diag::{CODES, Diagnostic, Fix};
use pipec::{Compilation, Options, compile};

struct Case {
    title: String,
    edits: Vec<Edit>,
    expected: Vec<String>,
}

/// Lines of a file, and what replaces them.
struct Edit {
    file: String,
    old: String,
    new: String,
}

struct Table {
    path: PathBuf,
    base: String,
    beside: Option<String>,
    cases: Vec<Case>,
}

#[test]
fn every_broken_platform_is_told_what_is_wrong() {
    let update = update();
    let (mut wrong, mut count) = (String::new(), 0);
    for table in &mut tables() {
        let original = files(table);
        for case in &mut table.cases {
            count += 1;
            // What this version cannot do yet is of no interest but where it is what is looked at.
            let of_version = table.path.to_string_lossy().ends_with("not_yet.txt");
            let said = lines(&compile_files(&edited(&original, case)), of_version);
            if update {
                case.expected = said;
            } else if said != case.expected {
                let _ = writeln!(
                    wrong,
                    "{}: {}\n  expected:\n    {}\n  said:\n    {}",
                    table.path.display(),
                    case.title,
                    case.expected.join("\n    "),
                    said.join("\n    ")
                );
            }
        }
        if update {
            write(table);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 45, "only {count} cases");
}

/// Every edit that a case proposes, applied alone, makes what proposed it go, and breaks no syntax.
#[test]
fn every_fix_mends_what_it_is_for() {
    let (mut wrong, mut count) = (String::new(), 0);
    for table in &tables() {
        let original = files(table);
        for case in &table.cases {
            let broken = edited(&original, case);
            let compilation = compile_files(&broken);
            for diagnostic in &compilation.diagnostics {
                for fix in &diagnostic.fixes {
                    count += 1;
                    if let Some(left) = after_fix(&broken, &compilation, diagnostic, fix) {
                        let path = table.path.display();
                        let _ = writeln!(wrong, "{path}: {}: {}: {left}", case.title, fix.title);
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count >= 40, "only {count} edits");
}

/// What is wrong with an edit: what it is for is still said, or it cannot be read.
fn after_fix(
    broken: &BTreeMap<String, String>,
    compilation: &Compilation,
    diagnostic: &Diagnostic,
    fix: &Fix,
) -> Option<String> {
    let source = compilation.sources.get(fix.span.file);
    let mut files = broken.clone();
    let text = files.get_mut(source.path.as_str())?;
    text.replace_range(fix.span.start as usize..fix.span.end as usize, &fix.text);
    let after = compile_files(&files);
    let place = |compilation: &Compilation, diagnostic: &Diagnostic| {
        let source = compilation.sources.get(diagnostic.primary.span.file);
        (source.path.clone(), source.line_column(diagnostic.primary.span.start))
    };
    let before: Vec<_> = compilation.diagnostics.iter().map(|d| (d.code, &d.message)).collect();
    let still = after.diagnostics.iter().find(|d| {
        let same = d.code == diagnostic.code && d.message == diagnostic.message;
        // Of a line, one thing that cannot be read is said: behind it, another may have been there all along.
        let behind = diagnostic.code.0 / 100 == 1 && place(&after, d).1.line == place(compilation, diagnostic).1.line;
        let fresh = d.code.0 / 100 == 1 && !before.contains(&(d.code, &d.message)) && !behind;
        same && place(&after, d) == place(compilation, diagnostic) || fresh
    });
    still.map(|d| format!("{} {}", d.code, d.message))
}

#[test]
fn every_code_is_fired() {
    let mut fired: BTreeSet<String> = BTreeSet::new();
    for table in tables() {
        let expected = table.cases.iter().flat_map(|case| &case.expected);
        fired.extend(expected.filter_map(|line| line.split(' ').next()).map(str::to_owned));
    }
    // Files that cannot be read have no text to edit.
    fired.extend(
        lines(&compile(&Unreadable, &Options::default()), true)
            .iter()
            .map(|line| line[..5].to_owned()),
    );
    let silent: Vec<_> = CODES
        .iter()
        .filter(|info| !fired.contains(&info.code.to_string()))
        .collect();
    let silent: Vec<_> = silent
        .iter()
        .map(|info| format!("{} {}", info.code, info.title))
        .collect();
    assert_eq!(silent, Vec::<String>::new(), "no case fires them");
}

#[test]
fn every_code_has_a_page_with_a_wrong_and_a_right_example() {
    for info in CODES {
        let first = info.page.lines().next().unwrap_or("");
        assert!(first.starts_with("# "), "{}: no title", info.code);
        let examples = info.page.matches("```pipe\n").count();
        assert!(examples >= 2, "{}: {examples} examples on its page", info.code);
    }
}

#[test]
fn the_examples_have_no_mistakes() {
    for name in ["clickstream", "starter"] {
        let compilation = compile_text(&example(name));
        assert_eq!(lines(&compilation, false), Vec::<String>::new(), "{name}");
        assert!(compilation.plan.is_some(), "{name}");
    }
}

/// Between one end of this platform and the other there are more paths than anybody could list; each is as long.
#[test]
fn paths_that_part_and_meet_again_are_followed_once() {
    let (stays, diamonds) = (81, 40);
    let mut text = CHAIN.to_owned();
    for at in 0..diamonds {
        let behind = at + 1;
        for (writes, reads) in [
            (format!("l_{at}"), format!("processed.d_{at}")),
            (format!("r_{at}"), format!("processed.d_{at}")),
            (format!("d_{behind}"), format!("processed.l_{at}, processed.r_{at}")),
        ] {
            let _ = writeln!(
                text,
                "transform {writes} : {reads} -> processed.{writes} {{ filter rank > {at} }}"
            );
        }
    }
    // The stream keeps a row one day, and each dataset twenty and three.
    let days = 1 + stays * 23;
    let compilation = compile_text(&text);
    let found: Vec<_> = compilation.diagnostics.iter().map(|d| d.message.as_str()).collect();
    let message = format!("`who` may stay {days} days, but @pii allows at most 365 days");
    assert_eq!(found, [message]);
    let notes = &compilation.diagnostics[0].notes;
    let path = notes.iter().find(|note| note.starts_with("path: ")).unwrap();
    assert!(path.starts_with("path: rows (kinesis, 1 day) → processed.d_0 (20 days + 3) → processed.l_0 "));
    assert!(path.contains(" → processed.d_39 (20 days + 3) → processed.l_39 (20 days + 3) → processed.d_40 "));
    assert_eq!(path.matches(" → ").count(), stays);
}

const CHAIN: &str = r#"
pipeline chain {
  cloud  = aws { region = "eu-west-1" }
  owner  = "you@example.com"
  budget = 100_000 USD per month
}
class pii { retain_at_most = 365 days }
schema Row {
  id   : uuid      @key
  who  : string    @pii
  rank : int
  at   : timestamp @event_time
}
source rows : stream of Row {
  from   = kinesis { stream = own, capacity = on_demand, retention = 24 hours }
  volume = 20 per second of 200 B
  into   = raw
}
zone raw       like std.zones.raw       { retain = 1 days }
zone processed like std.zones.processed { format = parquet, partition = [day], retain = 20 days }
transform d_0 : rows -> processed.d_0 { derive day = date(at) }
"#;

#[test]
fn a_file_that_is_no_text_is_said() {
    assert_eq!(
        lines(&compile(&Unreadable, &Options::default()), true),
        [
            "P0003 broken.pipe 1:1 `broken.pipe` is not UTF-8: byte 3 is no text",
            "P0003 gone.pipe 1:1 `gone.pipe` cannot be read: entity not found",
        ]
    );
}

struct Unreadable;

impl World for Unreadable {
    fn pipe_files(&self) -> io::Result<Vec<String>> {
        Ok(vec!["broken.pipe".to_owned(), "gone.pipe".to_owned()])
    }

    fn pipe_files_below(&self, _: &str) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn files_below(&self, _: &str) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn identity(&self, folder: &str) -> io::Result<String> {
        Ok(folder.to_owned())
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match path {
            "broken.pipe" => Ok(b"//\xff\n".to_vec()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn exists(&self, _: &str) -> bool {
        false
    }

    fn list(&self, _: &str) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[allow(clippy::disallowed_methods, reason = "a test may ask what its author wants")]
fn update() -> bool {
    std::env::var("UPDATE_DIAGNOSTICS").is_ok()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[allow(clippy::disallowed_methods, reason = "tests read the project's own files")]
fn example(name: &str) -> String {
    std::fs::read_to_string(root().join(format!("examples/{name}/{name}.pipe"))).unwrap()
}

/// The files of an example, by path; where there is one alone, it is `main.pipe`.
#[allow(clippy::disallowed_methods, reason = "tests read the project's own files")]
fn example_files(name: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(root().join("examples").join(name)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let pipe = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "pipe") && !path.ends_with("tests.pipe"));
    let named = pipe.map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    });
    let files: BTreeMap<_, _> = named.collect();
    match files.len() {
        1 => files.into_values().map(|text| (MAIN.to_owned(), text)).collect(),
        _ => files,
    }
}

/// The files that the cases of a table break, by path; the platform itself is `main.pipe`.
#[allow(clippy::disallowed_methods, reason = "tests read the project's own files")]
fn files(table: &Table) -> BTreeMap<String, String> {
    let own = root().join(format!("tests/diagnostics/{}.pipe", table.base));
    let mut files = match std::fs::read_to_string(own) {
        Ok(text) => BTreeMap::from([(MAIN.to_owned(), text)]),
        Err(_) => example_files(&table.base),
    };
    if let Some(beside) = &table.beside {
        for entry in std::fs::read_dir(root().join("examples").join(beside)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "pipe") {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                files.insert(format!("../{beside}/{name}"), std::fs::read_to_string(path).unwrap());
            }
        }
    }
    files
}

/// The file that edits are of where nothing else is said.
const MAIN: &str = "main.pipe";

fn compile_files(files: &BTreeMap<String, String>) -> Compilation {
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    compile(&Memory::new(files), &Options::default())
}

fn compile_text(text: &str) -> Compilation {
    compile(&Memory::new([(MAIN, text)]), &Options::default())
}

fn lines(compilation: &Compilation, with_not_yet: bool) -> Vec<String> {
    let line = |diagnostic: &pipec::diag::Diagnostic| {
        let source = compilation.sources.get(diagnostic.primary.span.file);
        let place = source.line_column(diagnostic.primary.span.start);
        let file = match source.path.as_str() {
            "main.pipe" => String::new(),
            path => format!("{path} "),
        };
        let mut line = format!(
            "{} {file}{}:{} {}",
            diagnostic.code, place.line, place.column, diagnostic.message
        );
        for help in &diagnostic.help {
            let _ = write!(line, " | {help}");
        }
        line
    };
    compilation
        .diagnostics
        .iter()
        .chain(
            compilation
                .not_yet
                .iter()
                .filter(|said| with_not_yet || said.code.to_string() != "P0690"),
        )
        .map(line)
        .collect()
}

fn edited(original: &BTreeMap<String, String>, case: &Case) -> BTreeMap<String, String> {
    let mut files = original.clone();
    for Edit { file, old, new } in &case.edits {
        let text = files.entry(file.clone()).or_default();
        if old.is_empty() {
            text.push_str(new);
            text.push('\n');
            continue;
        }
        let times = text.matches(old.as_str()).count();
        assert_eq!(times, 1, "{}: `{old}` is not there once", case.title);
        *text = text.replace(old.as_str(), new);
    }
    files
}

#[allow(clippy::disallowed_methods, reason = "tests read the project's own files")]
fn tables() -> Vec<Table> {
    let folder = root().join("tests/diagnostics");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        table(path, &text)
    };
    paths.into_iter().map(read).collect()
}

fn table(path: PathBuf, text: &str) -> Table {
    let mut table = Table {
        path,
        base: "clickstream".to_owned(),
        beside: None,
        cases: Vec::new(),
    };
    let mut last = ' ';
    let mut file = MAIN.to_owned();
    for line in text.lines() {
        if let Some(base) = line.strip_prefix("base: ") {
            table.base = base.to_owned();
        } else if let Some(beside) = line.strip_prefix("beside: ") {
            table.beside = Some(beside.to_owned());
        } else if let Some(path) = line.strip_prefix("@ ") {
            file = path.to_owned();
        } else if let Some(title) = line.strip_prefix("## ") {
            MAIN.clone_into(&mut file);
            table.cases.push(Case {
                title: title.to_owned(),
                edits: Vec::new(),
                expected: Vec::new(),
            });
        } else if let Some(case) = table.cases.last_mut() {
            last = case_line(case, &file, line, last);
            continue;
        }
        last = ' ';
    }
    table
}

/// Reads one line of a case; the mark of the line before says whether it goes on.
fn case_line(case: &mut Case, file: &str, line: &str, last: char) -> char {
    let (mark, rest) = match (line.get(..1), line.get(1..)) {
        (Some(mark @ ("-" | "+")), Some(rest)) => (mark, rest.strip_prefix(' ').unwrap_or(rest)),
        _ => {
            if !line.is_empty() {
                case.expected.push(line.to_owned());
            }
            return ' ';
        }
    };
    if mark == "-" && last != '-' || mark == "+" && last == ' ' {
        case.edits.push(Edit {
            file: file.to_owned(),
            old: String::new(),
            new: String::new(),
        });
    }
    let Some(Edit { old, new, .. }) = case.edits.last_mut() else {
        return ' ';
    };
    let (side, goes_on) = if mark == "-" {
        (old, last == '-')
    } else {
        (new, last == '+')
    };
    if goes_on {
        side.push('\n');
    }
    side.push_str(rest);
    if mark == "-" { '-' } else { '+' }
}

#[allow(clippy::disallowed_methods, reason = "it was asked for")]
fn write(table: &Table) {
    let mut text = String::new();
    if table.base != "clickstream" {
        let _ = writeln!(text, "base: {}", table.base);
    }
    if let Some(beside) = &table.beside {
        let _ = writeln!(text, "beside: {beside}");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for case in &table.cases {
        let _ = writeln!(text, "## {}", case.title);
        let mut current = MAIN;
        for Edit { file, old, new } in &case.edits {
            if file != current {
                let _ = writeln!(text, "@ {file}");
                current = file;
            }
            let marked = |mark: &str, side: &str| {
                side.lines()
                    .map(|line| format!("{mark} {line}").trim_end().to_owned() + "\n")
                    .collect::<String>()
            };
            text.push_str(&marked("-", old));
            text.push_str(&marked("+", new));
            if new.is_empty() {
                text.push_str("+\n");
            }
        }
        for line in &case.expected {
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
    }
    std::fs::write(&table.path, text.trim_end().to_owned() + "\n").unwrap();
}
