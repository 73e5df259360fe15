//! The documentation is true: every whole `.pipe` platform in it compiles, every `pipec` command shown runs, and of the
//! examples of a code's page the wrong one fires that code and the right one does not. What the page of coverage names is
//! there, and its sums are right.

#![allow(clippy::disallowed_methods, reason = "tests look at folders")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use pipec::diag::render::{Format, render};

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
            if path.ends_with("docs/language") || path.ends_with("docs/tutorial.md") {
                // `tests/language.rs` reads these.
            } else if path.is_dir() && !path.join("manifest.json").exists() {
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
fn the_mistakes_in_the_readme_are_what_is_said() {
    let text = &pages()[0].1;
    let platform = blocks(text, "pipe").concat();
    let mistakes = [("  drop   owner\n", ""), ("retain = 30 days", "retain = 90 days")];
    for (right, wrong) in mistakes {
        assert!(platform.contains(right), "{right}");
        let broken = platform.replace(right, wrong);
        let world = pipec::base::Memory::new([("readings.pipe", broken.as_str())]);
        let compilation = pipec::compile(&world, &pipec::Options::default());
        let said = render(Format::Short, &compilation.sources, &compilation.diagnostics, false);
        assert!(text.contains(&said), "{said}");
    }
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

#[test]
fn the_examples_of_a_page_are_wrong_and_right() {
    let prelude = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics/prelude.pipe"));
    let prelude = items(&prelude.unwrap());
    let mut untrue = Vec::new();
    for info in pipec::diag::CODES {
        let code = info.code.to_string();
        let mut examples = blocks(info.page, "pipe").into_iter();
        let wrong = said(&code, &examples.next().unwrap_or_default(), &prelude);
        // A page is text: it cannot show a file that is none.
        if code != "P0003" && (wrong.is_empty() || wrong.iter().any(|said| *said != code)) {
            untrue.push(format!("{code}: the wrong example says {wrong:?}"));
        }
        for example in examples {
            let said = said(&code, &example, &prelude);
            // An example leaves out what it is not about; it is still one that this version reads and can do.
            let other = |said: &&String| **said == code || said.starts_with("P01") || *said == "P0690";
            if let Some(other) = said.iter().find(other) {
                untrue.push(format!("{code}: the right example says {other}"));
            }
        }
    }
    assert_eq!(untrue, Vec::<String>::new());
}

/// The codes that an example fires, with the prelude's items in place of what it does not declare.
/// What stands behind a line `// ../FOLDER/FILE.pipe` is that file, of a project beside.
fn said(code: &str, example: &str, prelude: &[(String, String)]) -> Vec<String> {
    let mut parts = example.split("\n// ../");
    let example = parts.next().unwrap_or_default();
    let beside: Vec<_> = parts.filter_map(|part| part.split_once('\n')).collect();
    let own = items(example);
    let mut text = example.to_owned();
    // What the prelude makes of rows that the example changes is not what the example is about.
    let has = |kind: &str| own.iter().any(|(name, _)| name.starts_with(kind));
    let idle = |name: &str| match name {
        "transform daily_pages" => {
            (has("transform") || has("schema") || has("source")) && !example.contains("daily_pages")
        }
        "transform clean" => (has("schema") || has("source")) && !example.contains("processed.clicks"),
        _ => false,
    };
    // A project without a pipeline is what this one code is about.
    for (name, item) in prelude.iter().filter(|_| code != "P0001") {
        if own.iter().all(|(other, _)| other != name) && !idle(name) {
            text.push_str(item);
        }
    }
    let beside: Vec<_> = beside
        .into_iter()
        .map(|(path, text)| (format!("../{path}"), text))
        .collect();
    let files = beside.iter().map(|(path, text)| (path.as_str(), *text));
    let world = pipec::base::Memory::new(files.chain([("page.pipe", text.as_str())]));
    let compilation = pipec::compile(&world, &pipec::Options::default());
    let said = compilation.diagnostics.iter().chain(&compilation.not_yet);
    let mut codes: Vec<_> = said.map(|d| d.code.to_string()).collect();
    // What a page shows may be a step that no engine carries yet; only the page of that code is about it.
    codes.retain(|found| found != "P0690" || code == "P0690");
    codes
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
            let words = line
                .split_whitespace()
                .take(if line.starts_with("pipeline ") { 1 } else { 2 });
            *name = words.collect::<Vec<_>>().join(" ");
            named = true;
        }
        item.push_str(line);
        item.push('\n');
    }
    found
}

/// How far a requirement is met, as the last cell of its row begins.
const STATUSES: [&str; 3] = ["covered", "partly: ", "open"];

fn coverage() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/coverage.md")).unwrap()
}

/// The rows of requirements, each as its cells: the first is `S1.1`.
fn requirements(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().filter(|line| {
        let id = line.strip_prefix("| S").and_then(|rest| rest.split(' ').next());
        id.is_some_and(|id| id.contains('.'))
    });
    rows.map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// How many rows of a document, or of `all`, have a status.
fn count(rows: &[Vec<&str>], document: &str, status: &str) -> usize {
    let of = |row: &&Vec<&str>| document == "all" || row[0].split('.').next() == Some(document);
    rows.iter().filter(of).filter(|row| row[5].starts_with(status)).count()
}

/// The text of the Rust files below a folder.
fn rust_below(folder: &str) -> String {
    let mut text = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

#[test]
fn what_the_coverage_names_is_there() {
    let text = coverage();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let written = rust_below("src/aws") + &rust_below("src/emit");
    let mut untrue = Vec::new();
    for word in text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)) {
        let never_written = word.starts_with("aws_") && !written.contains(&format!("\"{word}\""));
        let is_path = ["tests/", "src/", "examples/"]
            .iter()
            .any(|folder| word.starts_with(folder));
        if never_written || (is_path && !root.join(word).exists()) {
            untrue.push(word);
        }
    }
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let is_code = word.len() == 5 && word.starts_with("P0");
        if is_code && pipec::diag::CODES.iter().all(|info| info.code.to_string() != word) {
            untrue.push(word);
        }
    }
    assert_eq!(untrue, Vec::<&str>::new());
}

#[test]
fn the_coverage_has_every_requirement_once_and_adds_up() {
    let text = coverage();
    let rows = requirements(&text);
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        assert_eq!(row.len(), 6, "{row:?}");
        let (document, number) = row[0].split_once('.').unwrap();
        let last = last.entry(document).or_default();
        *last += 1;
        assert_eq!(number, last.to_string(), "{document}");
        assert!(STATUSES.iter().any(|status| row[5].starts_with(status)), "{row:?}");
    }
    let all = [("S1", 19), ("S2", 30), ("S3", 33), ("S4", 24), ("S5", 69)];
    assert_eq!(last, BTreeMap::from(all));
    for (document, _) in all.into_iter().chain([("all", 0)]) {
        let [covered, partly, open] = STATUSES.map(|status| count(&rows, document, status));
        let sum = covered + partly + open;
        let line = format!("| {document} | {covered} | {partly} | {open} | {sum} |");
        assert!(text.lines().any(|said| said == line), "{line}");
    }
}
