//! Every construct of the language is shown by an example: what the tree can hold, read from its own source, against
//! what the trees of `examples/` hold. `examples/kitchen` is where what no other example uses belongs.

#![allow(clippy::disallowed_methods, reason = "tests read the project's own files")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pipec::base::FileId;
use pipec::diag::Diagnostics;
use pipec::syntax::{ast, parse};

/// The tree's own source, whose types say what can be written.
const TREE: &str = include_str!("../src/syntax/ast.rs");

/// Parts of the tree that no author writes: what cannot be read, and what only the standard library declares.
const NOT_WRITTEN: &[&str] = &[
    "Bad",
    "BadItem",
    "Declare",
    "SettingType",
    "TypeExprKind::Function",
    "Function.entries",
];

/// Words that stand in a place of the tree, all of which some example shows.
const WORDS: &[(&str, &[&str])] = &[
    (
        "Block.keyword",
        &[
            "pipeline",
            "env",
            "class",
            "source",
            "zone",
            "retention",
            "sink",
            "serve",
            "access",
            "schedule",
            "monitor",
            "delivery",
            "account",
            "override",
        ],
    ),
    ("SourceType.shape", &["stream", "table", "objects"]),
    ("Target.mode", &["append", "overwrite", "merge", "history"]),
    ("Keep.which", &["first", "last"]),
    ("Join.kind", &["left", "inner", "full", "semi", "anti"]),
    ("Expect.otherwise", &["quarantine", "drop", "warn", "fail"]),
    ("Run.what", &["script", "container"]),
    (
        "Quantity.unit",
        &[
            "ms", "s", "min", "hour", "hours", "day", "days", "week", "weeks", "year", "years", "B", "KiB", "MiB",
            "GiB", "TiB", "USD", "percent", "times",
        ],
    ),
    ("Rate.per", &["second", "minute", "hour", "day", "month", "min"]),
];

/// What stands in the text and not in the tree.
const TEXTS: &[(&str, &str)] = &[
    ("a text over several lines", "\"\"\""),
    ("an escape", "\\\""),
    ("digits in groups", "_000"),
    ("`like` of an item", " like std."),
    ("a comment", "\n// "),
    ("clauses on one line", "; "),
];

/// A value as the tree prints itself.
#[derive(Debug)]
enum Value {
    Node(String, Vec<(String, Value)>),
    List(Vec<Value>),
    Text(String),
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn eat(&mut self, mark: &str) -> bool {
        self.rest = self.rest.trim_start_matches([' ', ',']);
        let found = self.rest.strip_prefix(mark);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn word(&mut self) -> String {
        self.rest = self.rest.trim_start_matches([' ', ',']);
        let end = self
            .rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn all(&mut self, close: &str) -> Vec<Value> {
        let mut values = Vec::new();
        while !self.eat(close) {
            values.push(self.value());
        }
        values
    }

    fn value(&mut self) -> Value {
        if self.eat("\"") {
            let mut escaped = false;
            let end = self.rest.find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let (text, rest) = self.rest.split_at(end.expect("a closed text"));
            self.rest = &rest[1..];
            return Value::Text(text.to_owned());
        }
        if self.eat("[") {
            return Value::List(self.all("]"));
        }
        if self.eat("(") {
            return Value::List(self.all(")"));
        }
        let name = self.word();
        assert!(!name.is_empty(), "no value at {:.60}", self.rest);
        if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let fields = self.all(")").into_iter().map(|value| (String::new(), value));
            return Value::Node(name, fields.collect());
        }
        let mut fields = Vec::new();
        if let Some(rest) = self.rest.strip_prefix(" {") {
            self.rest = rest;
            while !self.eat("}") {
                let field = self.word();
                assert!(self.eat(":"), "a field at {:.60}", self.rest);
                fields.push((field, self.value()));
            }
        }
        Value::Node(name, fields)
    }
}

/// Lists what a value uses: `Variant`, `Node.field` where a part that may be missing is there, `Node.field=word`.
fn uses(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Node(name, fields) => {
            found.insert(name.clone());
            for (field, inside) in fields {
                let there = match inside {
                    Value::Node(node, _) => node == "Some" || node == "true",
                    Value::List(values) => !values.is_empty(),
                    Value::Text(_) => false,
                };
                if there {
                    found.insert(format!("{name}.{field}"));
                }
                if let Some(word) = word_of(inside) {
                    found.insert(format!("{name}.{field}={word}"));
                }
                uses(inside, found);
            }
        }
        Value::List(values) => values.iter().for_each(|value| uses(value, found)),
        Value::Text(_) => {}
    }
}

/// The word of a name, and of a name that may be missing.
fn word_of(value: &Value) -> Option<&str> {
    match value {
        Value::Node(node, fields) if node == "Some" => fields.first().and_then(|(_, inside)| word_of(inside)),
        Value::Node(node, fields) if node == "Name" => match fields.first() {
            Some((_, Value::Text(text))) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// What the tree can hold: variants, and parts that may be missing.
fn constructs() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let (mut outer, mut variant, mut is_enum): (String, String, bool) = Default::default();
    for line in TREE.lines() {
        let code = line.trim();
        if let Some(rest) = code
            .strip_prefix("pub enum ")
            .or_else(|| code.strip_prefix("pub struct "))
        {
            outer = rest.split([' ', '{']).next().unwrap_or("").to_owned();
            is_enum = code.starts_with("pub enum");
            variant.clear();
        } else if code.starts_with("impl ") || line == "}" {
            outer.clear();
        }
        if outer.is_empty() || code.starts_with("//") || code.starts_with('#') || code.starts_with("pub enum") {
            continue;
        }
        let deep = line.starts_with("        ");
        if is_enum && !deep && code.starts_with(|c: char| c.is_ascii_uppercase()) {
            variant = code
                .split(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap_or("")
                .to_owned();
            all.insert(format!("{outer}::{variant}"));
            let inside = code.split_once('{').map_or("", |(_, inside)| inside);
            inside.split(", ").for_each(|field| part(&variant, field, &mut all));
        } else if is_enum && deep {
            part(&variant, code, &mut all);
        } else if !is_enum {
            part(&outer, code.trim_start_matches("pub "), &mut all);
        }
    }
    all
}

/// A field that may be missing, empty or false.
fn part(node: &str, field: &str, all: &mut BTreeSet<String>) {
    if let Some((name, ty)) = field.trim().trim_end_matches([',', '}', ' ']).split_once(": ")
        && (ty.starts_with("Option<") || ty.starts_with("Vec<") || ty == "bool")
    {
        all.insert(format!("{node}.{name}"));
    }
}

fn is_written(construct: &str) -> bool {
    let skipped = |skip: &&str| {
        construct == *skip || construct.ends_with(&format!("::{skip}")) || construct.starts_with(&format!("{skip}."))
    };
    !NOT_WRITTEN.iter().any(skipped) && !construct.starts_with("File.") && !construct.starts_with("Comment.")
}

fn examples(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            examples(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "pipe") {
            files.push(path);
        }
    }
}

/// What the examples use, and all of their text.
fn used() -> (BTreeSet<String>, String) {
    let (mut found, mut text, mut files) = (BTreeSet::new(), String::new(), Vec::new());
    examples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), &mut files);
    for path in files {
        let source = std::fs::read_to_string(&path).expect("a text");
        let mut diagnostics = Diagnostics::default();
        let file: ast::File = parse(FileId(0), &source, &mut diagnostics);
        assert!(!diagnostics.has_errors(), "{}", path.display());
        let printed = format!("{file:?}");
        uses(&Reader { rest: &printed }.value(), &mut found);
        text.push_str(&source);
    }
    (found, text)
}

#[test]
fn every_construct_is_shown() {
    let all = constructs();
    assert!(all.len() > 150, "{all:#?}");
    let (found, text) = used();
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for construct in all.iter().filter(|construct| is_written(construct)) {
        let plain = construct
            .split_once("::")
            .map_or(construct.as_str(), |(_, variant)| variant);
        if !found.contains(plain) {
            missing.insert(construct.clone());
        }
    }
    for (place, words) in WORDS {
        let lacking = words.iter().map(|word| format!("{place}={word}"));
        missing.extend(lacking.filter(|word| !found.contains(word)));
    }
    for (what, mark) in TEXTS {
        if !text.contains(mark) {
            missing.insert((*what).to_owned());
        }
    }
    let missing: Vec<_> = missing.into_iter().collect();
    println!("no example shows:\n  {}", missing.join("\n  "));
    let kitchen = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kitchen");
    assert!(missing.is_empty() || !kitchen.exists(), "no example shows {missing:#?}");
}
