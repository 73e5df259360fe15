//! Trees of every `.pipe` file of the project, what the queries say of them, and that edits give the tree that the whole
//! text gives.

#![allow(clippy::disallowed_methods, reason = "a test reads files")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tree_sitter::{InputEdit, Language, Node, Parser, Point, Query, QueryCursor, StreamingIterator, Tree};

fn language() -> Language {
    tree_sitter_pipe::LANGUAGE.into()
}

fn parser() -> Parser {
    let mut parser = Parser::new();
    parser.set_language(&language()).unwrap();
    parser
}

fn parse(text: &str) -> Tree {
    parser().parse(text, None).unwrap()
}

/// Every `.pipe` file of the project, with its text.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let mut folders: Vec<PathBuf> = ["examples", "stdlib", "docs", "tests"]
        .map(|name| root.join(name))
        .to_vec();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.join("CACHEDIR.TAG").exists() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pipe") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    files.sort();
    assert!(files.len() > 100, "{} files", files.len());
    files
}

fn walk<'t>(node: Node<'t>, visit: &mut dyn FnMut(Node<'t>)) {
    visit(node);
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        walk(child, visit);
    }
}

/// What a query captures of a text: the name of the capture, the text of the node.
fn captures(query: &str, text: &str) -> Vec<(String, String)> {
    let query = Query::new(&language(), query).unwrap();
    let tree = parse(text);
    let mut cursor = QueryCursor::new();
    let mut found = cursor.captures(&query, tree.root_node(), text.as_bytes());
    let mut out = Vec::new();
    while let Some((matched, index)) = found.next() {
        let capture = matched.captures()[*index];
        let name = query.capture_names()[capture.index as usize];
        out.push((name.to_owned(), text[capture.node.byte_range()].to_owned()));
    }
    out
}

#[test]
fn every_file_of_the_project_is_read() {
    let mut wrong = Vec::new();
    for (path, text) in files() {
        walk(parse(&text).root_node(), &mut |node| {
            if node.is_error() || node.is_missing() {
                let place = node.start_position();
                wrong.push(format!("{}:{}:{}", path.display(), place.row + 1, place.column + 1));
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_word_and_mark_has_one_colour() {
    let query = Query::new(&language(), tree_sitter_pipe::HIGHLIGHTS).unwrap();
    let mut wrong = Vec::new();
    for (path, text) in files() {
        let tree = parse(&text);
        let mut colours: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut cursor = QueryCursor::new();
        let mut found = cursor.captures(&query, tree.root_node(), text.as_bytes());
        while let Some((matched, index)) = found.next() {
            let range = matched.captures()[*index].node.byte_range();
            *colours.entry((range.start, range.end)).or_default() += 1;
        }
        walk(tree.root_node(), &mut |node| {
            let range = node.byte_range();
            let count = colours.get(&(range.start, range.end)).copied().unwrap_or(0);
            let place = node.start_position();
            let plain = node.is_named() || node.child_count() > 0 || range.is_empty();
            if count > 1 || count == 0 && !plain {
                let (row, column) = (place.row + 1, place.column + 1);
                let text = &text[range];
                wrong.push(format!(
                    "{}:{row}:{column} `{text}` has {count} colours",
                    path.display()
                ));
            }
        });
    }
    wrong.truncate(20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn blocks_fold_and_indent() {
    let text = "transform a : b {\n  derive c = [\n    1\n    2\n  ]\n}\n";
    let folds: Vec<String> = captures(tree_sitter_pipe::FOLDS, text)
        .into_iter()
        .map(|(name, text)| format!("{name} {}", text.lines().count()))
        .collect();
    assert_eq!(folds, ["fold 6", "fold 4"]);
    let indents = captures(tree_sitter_pipe::INDENTS, text);
    for name in ["indent", "indent.begin", "outdent", "indent.end", "indent.branch"] {
        let count = indents.iter().filter(|(found, _)| found == name).count();
        assert_eq!(count, 2, "{name}");
    }
}

#[test]
fn documentation_is_markdown_and_what_matches_is_a_regular_expression() {
    let text = "/// A *view*.\ntransform a : b {\n  filter c matches \"^[a-z]+\" and d == \"e\"\n}\n";
    let query = Query::new(&language(), tree_sitter_pipe::INJECTIONS).unwrap();
    let tree = parse(text);
    let mut cursor = QueryCursor::new();
    let mut found = cursor.matches(&query, tree.root_node(), text.as_bytes());
    let mut injected = Vec::new();
    while let Some(matched) = found.next() {
        let language = query.property_settings(matched.pattern_index)[0].value.clone().unwrap();
        let node = matched.captures()[0].node;
        injected.push(format!("{language}: {}", &text[node.byte_range()]));
    }
    assert_eq!(injected, ["markdown: /// A *view*.", "regex: ^[a-z]+"]);
}

#[test]
fn names_are_made_and_used() {
    let text = "fn f(x: int) -> int = x\ntransform a : b {\n  derive c = map(d, e => e + 1)\n}\n";
    let found = captures(tree_sitter_pipe::LOCALS, text);
    let all = |wanted: &str| -> Vec<&str> {
        let chosen = found.iter().filter(|(name, _)| name == wanted);
        chosen.map(|(_, text)| text.as_str()).collect()
    };
    assert_eq!(all("local.definition.parameter"), ["x", "e"]);
    assert_eq!(all("local.definition.var"), ["c"]);
    assert_eq!(all("local.reference"), ["x", "map", "d", "e"]);
    let outline = captures(tree_sitter_pipe::TAGS, text);
    let names: Vec<_> = outline.iter().filter(|(name, _)| name == "name").collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

#[test]
fn operators_bind_as_they_do_in_the_compiler() {
    let shape = |expression: &str| {
        let text = format!("fn f() -> int = {expression}\n");
        let tree = parse(&text);
        assert!(
            !tree.root_node().has_error(),
            "{expression}: {}",
            tree.root_node().to_sexp()
        );
        let value = tree.root_node().child(0).unwrap().child_by_field_name("value").unwrap();
        grouped(value, &text)
    };
    for (written, meant) in [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a or b and not c == d", "(a or (b and (not (c == d))))"),
        ("a ?? b or c", "(a ?? (b or c))"),
        ("a in 1..3", "(a in (1 .. 3))"),
        ("a between 1 and 3 and b", "((a between 1 and 3) and b)"),
        ("-a * b", "((- a) * b)"),
        ("if a then b else c + d", "(if a then b else (c + d))"),
        ("a not like \"x\"", "(a not like \"x\")"),
        ("5 min + 1 hour", "(5 min + 1 hour)"),
    ] {
        assert_eq!(shape(written), meant);
    }
}

/// An expression with brackets around everything that has operators.
fn grouped(node: Node<'_>, text: &str) -> String {
    let mut cursor = node.walk();
    let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
    if children.len() < 2 || matches!(node.kind(), "text" | "measure" | "amount") {
        return text[node.byte_range()].to_owned();
    }
    let parts: Vec<String> = children.into_iter().map(|child| grouped(child, text)).collect();
    format!("({})", parts.join(" "))
}

#[test]
fn a_mistake_leaves_the_items_around_it_alone() {
    let before = "transform a : b {\n  filter c > 1\n}\n\n";
    let after = "\ntransform e : f -> g.h {\n  take 1\n}\n";
    for broken in [
        "transform x : y {\n  filter \n  take 1\n}\n",
        "transform x : y {\n  derive q = \n}\n",
        "transform x : y {\n  filter c ==\n",
        "transform x : y {\n  select a, (b\n}\n",
        "source x : \n",
        "transform \n",
        "schema X { a : int, b }\n",
        "zone x { retain = \"never closed }\n",
    ] {
        let text = format!("{before}{broken}{after}");
        let tree = parse(&text);
        assert!(tree.root_node().has_error(), "{broken}");
        let mut names = Vec::new();
        walk(tree.root_node(), &mut |node| {
            if node.kind() == "transform_item"
                && let Some(name) = node.child_by_field_name("name")
            {
                names.push(&text[name.byte_range()]);
            }
        });
        for name in ["a", "e"] {
            assert!(
                names.contains(&name),
                "{name} is lost behind {broken}: {}",
                tree.root_node().to_sexp()
            );
        }
    }
}

#[test]
fn edits_give_the_tree_that_the_whole_text_gives() {
    let files = files();
    let mut random = Random(0x5eed);
    let mut parser = parser();
    let pieces = [
        "", "\n", " ", "{", "}", "\"", "take 1\n", "x = 1\n", ",", "// c\n", "/// d\n", " and ", "5 min", "é",
    ];
    for round in 0..60 {
        let (path, original) = &files[random.below(files.len())];
        let mut text = original.clone();
        let mut tree = parser.parse(&text, None).unwrap();
        for _ in 0..20 {
            let start = boundary(&text, random.below(text.len() + 1));
            let end = boundary(&text, (start + random.below(12)).min(text.len()));
            let piece = pieces[random.below(pieces.len())];
            let mut edited = text.clone();
            edited.replace_range(start..end, piece);
            let new_end = start + piece.len();
            tree.edit(&InputEdit {
                start_byte: start,
                old_end_byte: end,
                new_end_byte: new_end,
                start_position: point(&text, start),
                old_end_position: point(&text, end),
                new_end_position: point(&edited, new_end),
            });
            text = edited;
            tree = parser.parse(&text, Some(&tree)).unwrap();
            // Where there is no mistake there is one tree; with mistakes, how they are got around may differ.
            let whole = parser.parse(&text, None).unwrap();
            let both = tree.root_node().has_error() && whole.root_node().has_error();
            assert!(
                both || tree.root_node().to_sexp() == whole.root_node().to_sexp(),
                "round {round}, {}: {text}",
                path.display()
            );
        }
    }
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn point(text: &str, at: usize) -> Point {
    let before = &text[..at];
    let line = before.rfind('\n').map_or(0, |found| found + 1);
    Point::new(before.matches('\n').count(), at - line)
}

/// Numbers that are the same at each run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

#[test]
fn zed_can_ask_its_queries() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../zed/languages/pipe");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "scm") {
            let query = Query::new(&language(), &std::fs::read_to_string(&path).unwrap());
            assert!(query.is_ok(), "{}: {:?}", path.display(), query.err());
            count += 1;
        }
    }
    assert_eq!(count, 5);
    let outline = include_str!("../../zed/languages/pipe/outline.scm");
    let found = captures(
        outline,
        "/// Said.\nzone raw like std.zones.raw { }\ntest \"t\" for a { }\n",
    );
    let names: Vec<_> = found
        .iter()
        .filter(|(name, _)| name != "item")
        .map(|(_, text)| text.as_str())
        .collect();
    assert_eq!(names, ["zone", "raw", "test", "\"t\""]);
}
