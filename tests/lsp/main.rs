//! The language server, over the binary's standard input and output, as an editor sees it.

#![allow(clippy::disallowed_methods, reason = "tests write projects")]

mod client;

use client::Client;
use serde_json::{Value, json};

const CLICKSTREAM: &str = include_str!("../../examples/clickstream/clickstream.pipe");

fn clickstream() -> Client {
    let mut client = Client::start(&[("clickstream.pipe", CLICKSTREAM)]);
    client.open("clickstream.pipe");
    client
}

/// The line, from 0, and the byte in it, of the first place with this text, where `$0` marks the cursor.
fn place(text: &str, marked: &str) -> (u32, u32) {
    let (before, after) = marked.split_once("$0").expect("a mark");
    let at = text.find(&format!("{before}{after}")).expect("such a place") + before.len();
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    (line as u32, (at - start) as u32)
}

fn labels(found: &Value) -> Vec<&str> {
    found
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["label"].as_str().unwrap())
        .collect()
}

#[test]
fn an_editor_sees_what_is_wrong_and_that_it_is_mended() {
    let mut client = clickstream();
    assert_eq!(client.settled("clickstream.pipe"), [""; 0]);
    let broken = CLICKSTREAM.replace("sum(amount)", "sum(amunt)");
    client.change("clickstream.pipe", &broken);
    let (line, character) = place(&broken, "sum($0amunt)");
    assert_eq!(
        client.settled("clickstream.pipe"),
        [format!("P0302 {line}:{character}")]
    );
    let (range, mended) = ((line, character), "amount");
    let range = json!({ "start": { "line": range.0, "character": range.1 }, "end": { "line": range.0, "character": range.1 + 5 } });
    client.change_by("clickstream.pipe", json!([{ "range": range, "text": mended }]));
    assert_eq!(client.settled("clickstream.pipe"), [""; 0]);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn hover_definition_completion_and_layout() {
    let mut client = clickstream();
    let (line, character) = place(CLICKSTREAM, "sum(am$0ount)");
    let hover = client.request("textDocument/hover", client.at("clickstream.pipe", line, character));
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.contains("amount : decimal(12, 2)"), "{text}");
    let (line, character) = place(CLICKSTREAM, "transform daily_pages : processed.cl$0icks");
    let found = client.request(
        "textDocument/definition",
        client.at("clickstream.pipe", line, character),
    );
    let (line, character) = place(CLICKSTREAM, "processed.$0clicks {\n  engine");
    assert_eq!(found["range"]["start"], json!({ "line": line, "character": character }));
    let (line, character) = place(CLICKSTREAM, "dedupe by $0click_id");
    let found = client.request(
        "textDocument/completion",
        client.at("clickstream.pipe", line, character),
    );
    assert_eq!(
        labels(&found),
        ["amount", "at", "buyer", "click_id", "day", "kind", "page"]
    );
    client.change(
        "clickstream.pipe",
        &CLICKSTREAM.replace("drop   user_id", "drop user_id"),
    );
    let params = json!({ "textDocument": { "uri": client.uri("clickstream.pipe") }, "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = client.request("textDocument/formatting", params);
    let (line, _) = place(CLICKSTREAM, "$0drop   user_id");
    let range = json!({ "start": { "line": line, "character": 0 }, "end": { "line": line + 1, "character": 0 } });
    assert_eq!(edits, json!([{ "range": range, "newText": "  drop   user_id\n" }]));
}
