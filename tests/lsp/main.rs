//! The language server, over the binary's standard input and output, as an editor sees it.

#![allow(clippy::disallowed_methods, reason = "tests write projects")]

mod client;
mod features;
mod race;

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

/// Another platform of two files, with something of everything.
const HEAD: &str = "\
pipeline shop { cloud = aws { region = \"eu-west-1\" }, owner = \"a@example.com\" }
class pii { retain_at_most = 60 days, lowered_by = [pseudonym to low] }
class low { }
/// What a visitor did.
enum Kind { view, buy }
zone raw       like std.zones.raw       { retain = 30 days }
zone processed like std.zones.processed { format = parquet, partition = [day], retain = 20 days }
";
const ROWS: &str = "\
/// A visit.
schema Click {
  id   : uuid @key
  user : string @pii
  at   : timestamp @event_time
  kind : Kind
}
source clicks : stream of Click { from = kinesis { stream = own }, into = raw }

/// Without names.
transform clean : clicks -> processed.clicks {
  derive day   = date(at)
         buyer = pseudonym(user)
  drop   user
  filter kind == buy
}

test \"only purchases\" for clean {
  given clicks = [ { kind: buy }, { kind: view } ]
  expect [ { kind: buy } ]
}
";

fn shop() -> Client {
    let mut client = Client::start(&[("head.pipe", HEAD), ("rows.pipe", ROWS)]);
    client.open("head.pipe");
    client.open("rows.pipe");
    client
}

/// What can be written at the mark of a changed text, best first.
fn completed(client: &mut Client, from: &str, to: &str) -> Vec<String> {
    let text = ROWS.replace(from, &to.replace("$0", ""));
    assert_ne!(text, ROWS, "{from}");
    client.change("rows.pipe", &text);
    let (line, character) = place(&text, to);
    let found = client.request("textDocument/completion", client.at("rows.pipe", line, character));
    labels(&found).into_iter().map(str::to_owned).collect()
}

#[test]
fn completion_knows_where_it_is_also_in_half_typed_code() {
    let mut client = shop();
    let cases: &[(&str, &str, &[&str], &[&str])] = &[
        // The columns at this step, not those of another.
        ("filter kind == buy", "filter $0", &["buyer", "day", "kind"], &["user"]),
        ("drop   user", "drop   $0", &["user", "buyer"], &[]),
        ("pseudonym(user)", "pseudonym($0", &["user", "at"], &["drop"]),
        ("kind == buy", "kind == $0", &["buy", "view"], &[]),
        ("  filter kind == buy\n", "  fil$0\n", &["filter"], &["region"]),
        // Settings of this connector, variants, units, what a setting names.
        (
            "kinesis { stream = own }",
            "kinesis { $0 }",
            &["stream", "capacity", "retention"],
            &["region"],
        ),
        (
            "from = kinesis { stream = own }",
            "from = $0",
            &["kinesis", "kafka"],
            &["provisioned"],
        ),
        ("stream = own }", "retention = 24 $0 }", &["hours", "days"], &["GiB"]),
        ("into = raw", "into = $0", &["raw", "processed"], &["clicks"]),
        // Types, labels, datasets, items, tests.
        ("at   : timestamp", "at   : $0", &["timestamp", "Kind"], &["filter"]),
        ("user : string @pii", "user : string @$0", &["pii", "key"], &["string"]),
        ("clicks -> processed.clicks", "$0 -> processed.clicks", &["clicks"], &[]),
        ("-> processed.clicks", "-> $0", &["processed", "raw"], &[]),
        (
            "test \"only purchases\" for clean",
            "test \"only purchases\" for $0",
            &["clean"],
            &["clicks"],
        ),
        (
            "given clicks = [ { kind: buy }",
            "given clicks = [ { $0 }",
            &["user", "kind"],
            &["buyer"],
        ),
        ("schema Click", "$0 Click", &["schema", "transform"], &["filter"]),
    ];
    for (from, to, with, without) in cases {
        let found = completed(&mut client, from, to);
        for label in *with {
            assert!(
                found.iter().any(|known| known == label),
                "{to}: no `{label}` in {found:?}"
            );
        }
        for label in *without {
            assert!(
                !found.iter().any(|known| known == label),
                "{to}: `{label}` in {found:?}"
            );
        }
    }
}

#[test]
fn a_column_is_renamed_wherever_it_goes() {
    let mut client = shop();
    client.settled("rows.pipe");
    let (line, character) = place(ROWS, "k$0ind : Kind");
    let mut params = client.at("rows.pipe", line, character);
    params["newName"] = json!("what");
    let edit = client.request("textDocument/rename", params);
    let edits = edit["changes"][client.uri("rows.pipe")].as_array().unwrap();
    assert_eq!(edits.len(), 5, "{edits:#?}");
    // A variant too, in the other file as well.
    let (line, character) = place(ROWS, "{ kind: b$0uy }, {");
    let mut params = client.at("rows.pipe", line, character);
    params["newName"] = json!("bought");
    let edit = client.request("textDocument/rename", params);
    assert_eq!(edit["changes"][client.uri("rows.pipe")].as_array().unwrap().len(), 3);
    assert_eq!(edit["changes"][client.uri("head.pipe")].as_array().unwrap().len(), 1);
    // What is no name, or taken, is refused with a reason.
    let (line, character) = place(ROWS, "transform cl$0ean");
    let mut params = client.at("rows.pipe", line, character);
    params["newName"] = json!("not a name");
    let answer = client.ask("textDocument/rename", params);
    assert!(
        answer["error"]["message"].as_str().unwrap().contains("no name"),
        "{answer}"
    );
}

#[test]
fn shapes_and_ways_of_a_file() {
    let mut client = shop();
    client.settled("rows.pipe");
    let document = json!({ "textDocument": { "uri": client.uri("rows.pipe") } });
    let names = |found: &Value| -> Vec<String> {
        found
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let symbols = client.request("textDocument/documentSymbol", document.clone());
    assert_eq!(names(&symbols), ["Click", "clicks", "clean", "only purchases"]);
    assert_eq!(names(&symbols[2]["children"]), ["derive", "drop", "filter"]);
    let all = client.request("workspace/symbol", json!({ "query": "clk" }));
    assert_eq!(names(&all), ["Click", "clicks"]);
    let folds = client.request("textDocument/foldingRange", document.clone());
    assert_eq!(folds.as_array().unwrap().len(), 3, "{folds}");
    let tokens = client.request("textDocument/semanticTokens/full", document.clone());
    assert_eq!(tokens["data"].as_array().unwrap().len() % 5, 0);
    assert!(tokens["data"].as_array().unwrap().len() > 300);
    let lenses = client.request("textDocument/codeLens", document);
    let titles: Vec<_> = lenses
        .as_array()
        .unwrap()
        .iter()
        .map(|lens| lens["command"]["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["0 readers", "rows", "resources", "run test"]);
    let (line, character) = place(ROWS, "transform cl$0ean");
    let stations = client.request(
        "textDocument/prepareCallHierarchy",
        client.at("rows.pipe", line, character),
    );
    let calls = client.request("callHierarchy/incomingCalls", json!({ "item": stations[0] }));
    assert_eq!(calls[0]["from"]["name"], "clicks");
    let (line, character) = place(ROWS, "date($0at)");
    let help = client.request("textDocument/signatureHelp", client.at("rows.pipe", line, character));
    assert!(
        help["signatures"][0]["label"].as_str().unwrap().starts_with("date("),
        "{help}"
    );
    let arguments = json!([client.uri("rows.pipe"), "only purchases"]);
    let ran = client.request(
        "workspace/executeCommand",
        json!({ "command": "pipec.test", "arguments": arguments }),
    );
    assert_eq!(ran, "pass: only purchases");
    let row = |id: u32, kind: &str| {
        let id = format!("00000000-0000-0000-0000-{id:012}");
        json!({ "id": id, "user": "u", "at": "2026-01-01T00:00:00Z", "kind": kind }).to_string() + "\n"
    };
    std::fs::create_dir(client.folder.join("samples")).unwrap();
    let rows = [row(1, "view"), row(2, "buy"), row(3, "view")].concat();
    std::fs::write(client.folder.join("samples/clicks.jsonl"), rows).unwrap();
    let mut command = |name: &str| {
        let arguments = json!([client.uri("rows.pipe"), "clean"]);
        client.ask(
            "workspace/executeCommand",
            json!({ "command": name, "arguments": arguments }),
        )
    };
    let rows = command("pipec.rows");
    assert_eq!(rows["result"], "clean -> processed.clicks: 3 rows in, 1 out", "{rows}");
    let resources = command("pipec.resources");
    let resources = resources["result"].as_str().unwrap();
    assert!(
        resources.contains("`aws_kinesis_firehose_delivery_stream.clean`"),
        "{resources}"
    );
    assert!(command("pipec.nothing").get("error").is_some());
}

#[test]
fn colours_are_told_by_what_changed() {
    let mut client = shop();
    client.settled("rows.pipe");
    let document = json!({ "uri": client.uri("rows.pipe") });
    let first = client.request("textDocument/semanticTokens/full", json!({ "textDocument": document }));
    client.change(
        "rows.pipe",
        &ROWS.replace("filter kind == buy", "filter kind == buy and at is not null"),
    );
    let params = json!({ "textDocument": document, "previousResultId": first["resultId"] });
    let delta = client.request("textDocument/semanticTokens/full/delta", params.clone());
    let now = client.request("textDocument/semanticTokens/full", json!({ "textDocument": document }));
    let numbers = |tokens: &Value| -> Vec<u64> {
        let data = tokens["data"].as_array().unwrap();
        data.iter().map(|number| number.as_u64().unwrap()).collect()
    };
    let mut patched = numbers(&first);
    let edits = delta["edits"].as_array().unwrap();
    assert_eq!(edits.len(), 1, "{delta}");
    let at = |name: &str| usize::try_from(edits[0][name].as_u64().unwrap()).unwrap();
    let (start, gone) = (at("start"), at("deleteCount"));
    assert!(gone < 50 && numbers(&edits[0]).len() < 100, "{delta}");
    patched.splice(start..start + gone, numbers(&edits[0]));
    assert_eq!(patched, numbers(&now));
    // An answer that is not the last one any more is told whole.
    let whole = client.request("textDocument/semanticTokens/full/delta", params);
    assert_eq!(numbers(&whole), numbers(&now));
    let range = json!({ "start": { "line": 2, "character": 0 }, "end": { "line": 4, "character": 0 } });
    let part = client.request(
        "textDocument/semanticTokens/range",
        json!({ "textDocument": document, "range": range }),
    );
    let part = numbers(&part);
    assert!(
        !part.is_empty() && part.len() < patched.len() / 2 && part[0] >= 2,
        "{part:?}"
    );
}

#[test]
fn all_files_can_be_asked_about_at_once() {
    let mut client = shop();
    let text = ROWS.replace("filter kind == buy", "filter knd == buy");
    client.change("rows.pipe", &text);
    let asked = |client: &mut Client, before: Value| {
        let report = client.request("workspace/diagnostic", json!({ "previousResultIds": before }));
        report["items"].as_array().unwrap().clone()
    };
    let items = asked(&mut client, json!([]));
    let (head, rows) = (client.uri("head.pipe"), client.uri("rows.pipe"));
    let of = |items: &[Value], uri: &str| items.iter().find(|item| item["uri"] == uri).unwrap().clone();
    assert_eq!(of(&items, &head)["items"], json!([]));
    assert!(
        of(&items, &rows)["items"][0]["message"]
            .as_str()
            .unwrap()
            .contains("`knd`")
    );
    let known: Vec<_> = items
        .iter()
        .map(|item| json!({ "uri": item["uri"], "value": item["resultId"] }))
        .collect();
    let again = asked(&mut client, json!(known));
    assert!(again.iter().all(|item| item["kind"] == "unchanged"), "{again:?}");
    client.change("rows.pipe", ROWS);
    let mended = asked(&mut client, json!(known));
    assert_eq!(of(&mended, &rows)["items"], json!([]));
    assert_eq!(of(&mended, &head)["kind"], "unchanged");
    // What was told of files before is taken back: nothing is shown twice.
    let report = client.request("textDocument/diagnostic", json!({ "textDocument": { "uri": rows } }));
    assert_eq!(report["items"], json!([]));
}

#[test]
fn what_is_typed_in_a_large_project_is_said_to_who_asks() {
    let more: String = (0..900)
        .map(|number| format!("transform more_{number} : clicks -> processed.more_{number} {{\n  derive day = date(at)\n  drop user\n}}\n\n"))
        .collect();
    let files = [("head.pipe", HEAD), ("rows.pipe", ROWS), ("more.pipe", more.as_str())];
    let capabilities = json!({ "textDocument": { "diagnostic": {} }, "general": { "positionEncodings": ["utf-8"] } });
    let mut client = Client::start_as(&files, capabilities);
    client.open("rows.pipe");
    let document = json!({ "textDocument": { "uri": client.uri("rows.pipe") } });
    assert_eq!(
        client.request("textDocument/diagnostic", document.clone())["items"],
        json!([])
    );
    client.change("rows.pipe", &ROWS.replace("filter kind == buy", "filter knd == buy"));
    let report = client.request("textDocument/diagnostic", document.clone());
    assert!(
        report["items"][0]["message"].as_str().unwrap().contains("`knd`"),
        "{report}"
    );
    client.change("rows.pipe", ROWS);
    assert_eq!(client.request("textDocument/diagnostic", document)["items"], json!([]));
}

#[test]
fn what_is_wrong_can_be_mended_and_silenced() {
    let mut client = shop();
    let text = ROWS.replace("filter kind == buy", "filter knd == buy");
    client.change("rows.pipe", &text);
    let (line, character) = place(&text, "filter $0knd");
    let range =
        json!({ "start": { "line": line, "character": character }, "end": { "line": line, "character": character } });
    let params =
        json!({ "textDocument": { "uri": client.uri("rows.pipe") }, "range": range, "context": { "diagnostics": [] } });
    let actions = client.request("textDocument/codeAction", params);
    let mend = actions
        .as_array()
        .unwrap()
        .iter()
        .find(|action| action["title"] == "write `kind`")
        .unwrap();
    let edits = &mend["edit"]["changes"][client.uri("rows.pipe")];
    assert_eq!(edits[0]["newText"], "kind");
    // A broken text is asked about as well, and whatever is asked, the server goes on.
    client.change("rows.pipe", &text.replace("drop   user\n", "drop {[( \"\n"));
    for method in ["hover", "completion", "definition", "signatureHelp", "prepareRename"] {
        client.ask(
            &format!("textDocument/{method}"),
            client.at("rows.pipe", line, character),
        );
    }
    client.change("rows.pipe", ROWS);
    assert_eq!(client.settled("rows.pipe"), [""; 0]);
}

#[test]
fn edits_are_never_overtaken_and_what_goes_is_taken_back() {
    let mut client = shop();
    let mut asked = Vec::new();
    for number in 0..40 {
        let text = ROWS.replace(
            "filter kind == buy",
            &format!("derive c{number} = 1\n  filter c{number}"),
        );
        client.change("rows.pipe", &text);
        let (line, character) = place(&text, &format!("filter c$0{number}"));
        let mut params = client.at("rows.pipe", line, character);
        params["context"] = json!({ "includeDeclaration": true });
        asked.push((client.send("textDocument/references", params), number));
    }
    for (id, number) in asked {
        let answer = client.answer(id);
        assert_eq!(answer["result"].as_array().map(Vec::len), Some(2), "{number}: {answer}");
    }
    client.settled("rows.pipe");
    client.notify(
        "textDocument/didClose",
        json!({ "textDocument": { "uri": client.uri("rows.pipe") } }),
    );
    let hover = client.ask("textDocument/hover", client.at("rows.pipe", 0, 0));
    assert!(
        hover.get("error").is_some(),
        "a file that is closed is none to ask about"
    );
    let (line, character) = place(HEAD, "enum K$0ind");
    let hover = client.request("textDocument/hover", client.at("head.pipe", line, character));
    assert!(
        hover["contents"]["value"]
            .as_str()
            .unwrap()
            .contains("What a visitor did."),
        "{hover}"
    );
}
