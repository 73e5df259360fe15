//! What the colour query says of files: `cargo run -p tree-sitter-pipe --example captures -- FILE…`.
//!
//! A JSON object a line, `{"file", "line", "column", "text", "capture"}`, counted from 0, columns in UTF-16; a part of a
//! tree that could not be read has the capture `error`. The tests of the TextMate grammar hold it against these.

#![allow(clippy::disallowed_methods, reason = "it reads the files that it is given")]

use std::io::Write;
use std::process::ExitCode;

use tree_sitter::{Node, Parser, Query, QueryCursor, StreamingIterator};

fn main() -> ExitCode {
    let language = tree_sitter_pipe::LANGUAGE.into();
    let mut parser = Parser::new();
    let query = Query::new(&language, tree_sitter_pipe::HIGHLIGHTS);
    let (Ok(()), Ok(query)) = (parser.set_language(&language), query) else {
        eprintln!("the language or its query cannot be loaded");
        return ExitCode::FAILURE;
    };
    for file in std::env::args().skip(1) {
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::FAILURE;
            }
        };
        let Some(tree) = parser.parse(&text, None) else {
            return ExitCode::FAILURE;
        };
        if tree.root_node().has_error() {
            tell(&file, &text, tree.root_node(), "error");
        }
        let mut cursor = QueryCursor::new();
        let mut captures = cursor.captures(&query, tree.root_node(), text.as_bytes());
        while let Some((found, index)) = captures.next() {
            let capture = found.captures()[*index];
            tell(
                &file,
                &text,
                capture.node,
                query.capture_names()[capture.index as usize],
            );
        }
    }
    ExitCode::SUCCESS
}

fn tell(file: &str, text: &str, node: Node<'_>, capture: &str) {
    let place = node.start_position();
    let line = text.lines().nth(place.row).unwrap_or("");
    let column = line
        .get(..place.column)
        .map_or(0, |before| before.encode_utf16().count());
    let written = text.get(node.byte_range()).unwrap_or("").lines().next().unwrap_or("");
    let told = serde_json::json!({
        "file": file, "line": place.row, "column": column, "text": written, "capture": capture,
    });
    // Who reads this may have gone: then nobody is to be told.
    let _ = writeln!(std::io::stdout(), "{told}");
}
