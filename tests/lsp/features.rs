//! What an editor offers beside the text: what can be done about a place, how what is typed is laid out, where things lead,
//! several projects at once, settings, and that long work is told.

use std::fs;

use serde_json::{Value, json};

use super::client::Client;
use super::{HEAD, ROWS, place, shop};

/// A text as it is after some edits of one answer.
fn edited(text: &str, edits: &Value) -> String {
    let offset = |place: &Value| {
        let number = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
        let lines = text.split_inclusive('\n');
        lines.take(number("line")).map(str::len).sum::<usize>() + number("character")
    };
    let mut all: Vec<_> = edits.as_array().unwrap().iter().collect();
    all.sort_by_key(|edit| std::cmp::Reverse(offset(&edit["range"]["start"])));
    let mut text = text.to_owned();
    for edit in all {
        let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
        text.replace_range(range, edit["newText"].as_str().unwrap());
    }
    text
}

/// Does what is offered at a mark under this title, and gives the text that comes of it.
#[track_caller]
fn done(client: &mut Client, text: &str, mark: &str, title: &str) -> String {
    client.change("rows.pipe", text);
    client.settled("rows.pipe");
    let (line, character) = place(text, mark);
    let here = json!({ "line": line, "character": character });
    let mut params = client.at("rows.pipe", line, character);
    params["range"] = json!({ "start": here, "end": here });
    params["context"] = json!({ "diagnostics": [] });
    let actions = client.request("textDocument/codeAction", params);
    let all = actions.as_array().unwrap();
    let titles: Vec<_> = all.iter().map(|action| action["title"].as_str().unwrap()).collect();
    let action = all
        .iter()
        .find(|action| action["title"].as_str().unwrap().contains(title));
    let action = action.unwrap_or_else(|| panic!("no `{title}` in {titles:?}"));
    let uri = client.uri("rows.pipe");
    let text = edited(text, &action["edit"]["changes"][&uri]);
    client.change("rows.pipe", &text);
    text
}

#[test]
fn what_is_offered_leaves_a_project_without_a_mistake() {
    let mut client = shop();
    let bare = ROWS.replace("{ from = kinesis { stream = own }, into = raw }", "{ into = raw }");
    let text = done(&mut client, &bare, "source cl$0icks", "settings that are missing");
    assert!(text.contains("from = kinesis"), "{text}");
    assert_eq!(client.settled("rows.pipe"), [""; 0], "{text}");

    let untested = ROWS.split("test \"only").next().unwrap();
    let text = done(&mut client, untested, "transform cl$0ean", "add a test of `clean`");
    assert!(text.contains("for clean {\n  given clicks = [ {"), "{text}");
    assert_eq!(client.settled("rows.pipe"), [""; 0], "{text}");

    let text = done(&mut client, ROWS, "dr$0op   user", "take the steps up to here out");
    assert!(text.contains("transform clean_rows : clicks {"), "{text}");
    assert!(
        text.contains("transform clean : clean_rows -> processed.clicks"),
        "{text}"
    );
    assert_eq!(client.settled("rows.pipe"), [""; 0], "{text}");

    let unread = format!("{ROWS}\ntransform spare : clicks {{\n  filter kind == view\n}}\n");
    let text = done(&mut client, &unread, "transform sp$0are", "with a reason");
    assert!(text.contains(": reason\ntransform spare"), "{text}");
    assert_eq!(client.settled("rows.pipe"), [""; 0], "{text}");

    let text = done(
        &mut client,
        &ROWS.replace("drop   user", "drop   usr"),
        "u$0sr",
        "write `user`",
    );
    assert_eq!(text, ROWS);
    assert_eq!(client.settled("rows.pipe"), [""; 0]);
}

#[test]
fn what_is_typed_is_laid_out_and_places_lead_somewhere() {
    let mut client = shop();
    fs::create_dir(client.folder.join("samples")).unwrap();
    fs::write(client.folder.join("samples/bought.jsonl"), "").unwrap();
    let text = ROWS
        .replace("  filter kind == buy\n", "    filter   kind==buy\n")
        .replace(
            "given clicks = [ { kind: buy }, { kind: view } ]",
            "given clicks from \"samples/bought.jsonl\"",
        )
        .replace("expect [ { kind: buy } ]", "expect [ ]");
    client.change("rows.pipe", &text);
    client.settled("rows.pipe");
    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let (line, _) = place(&text, "$0filter   kind==buy");
    let mut typed = client.at("rows.pipe", line + 1, 0);
    typed["ch"] = json!("\n");
    typed["options"] = options.clone();
    let edits = client.request("textDocument/onTypeFormatting", typed);
    assert!(edited(&text, &edits).contains("\n  filter kind == buy\n"), "{edits}");
    let mut part = client.at("rows.pipe", 0, 0);
    part["options"] = options;
    part["range"] = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 3, "character": 0 } });
    let edits = client.request("textDocument/rangeFormatting", part);
    let laid_out = edited(&text, &edits);
    assert!(
        laid_out.contains("  id   : uuid      @key\n") && laid_out.contains("filter   kind==buy"),
        "{edits}"
    );

    let document = json!({ "textDocument": { "uri": client.uri("rows.pipe") } });
    let links = client.request("textDocument/documentLink", document.clone());
    assert_eq!(links[0]["target"], json!(client.uri("samples/bought.jsonl")), "{links}");
    let (line, character) = place(&text, "filter   ki$0nd");
    let at = client.at("rows.pipe", line, character);
    let of_type = client.request("textDocument/typeDefinition", at.clone());
    assert_eq!(of_type["uri"], json!(client.uri("head.pipe")), "{of_type}");
    let marked = client.request("textDocument/documentHighlight", at);
    assert!(marked.as_array().unwrap().len() >= 2, "{marked}");
    let mut chosen = document.clone();
    chosen["positions"] = json!([{ "line": line, "character": character }]);
    let selection = client.request("textDocument/selectionRange", chosen);
    assert!(selection[0]["parent"]["parent"].is_object(), "{selection}");
    let mut shown = document;
    shown["range"] = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let hints = client.request("textDocument/inlayHint", shown.clone());
    assert!(hints.to_string().contains("string"), "{hints}");
    client.notify(
        "workspace/didChangeConfiguration",
        json!({ "settings": { "pipec": { "inlayHints": false } } }),
    );
    assert_eq!(client.request("textDocument/inlayHint", shown), Value::Null);

    for (kind, language, holds) in [
        ("diagram", "svg", "<svg"),
        ("terraform", "terraform", "aws_kinesis_firehose_delivery_stream"),
        ("rust", "rust", "fn "),
    ] {
        let mut asked = client.at("rows.pipe", line, character);
        asked["kind"] = json!(kind);
        let preview = client.request("pipec/preview", asked);
        assert_eq!(preview["language"], language);
        assert!(preview["text"].as_str().unwrap().contains(holds), "{kind}: {preview}");
    }
}

#[test]
fn several_projects_are_worked_on_at_once_and_one_that_goes_is_forgotten() {
    let broken = ROWS.replace("filter kind == buy", "filter knd == buy");
    let files = [
        ("one/head.pipe", HEAD),
        ("one/rows.pipe", broken.as_str()),
        ("two/head.pipe", HEAD),
        ("two/rows.pipe", ROWS),
    ];
    let mut client = Client::start(&files);
    let folder = |client: &Client, name: &str| json!({ "uri": client.uri(name), "name": name });
    let (one, two) = (folder(&client, "one"), folder(&client, "two"));
    let changed = |added: &[&Value], removed: &[&Value]| json!({ "event": { "added": added, "removed": removed } });
    client.notify("workspace/didChangeWorkspaceFolders", changed(&[&one, &two], &[]));
    // Nothing of it is open: what is wrong is said all the same.
    let wrong = client.says_of("one/rows.pipe");
    assert!(!wrong.is_empty());
    client.open("two/rows.pipe");
    assert_eq!(client.settled("two/rows.pipe"), [""; 0]);
    let found = client.request("workspace/symbol", json!({ "query": "clean" }));
    assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
    client.notify("workspace/didChangeWorkspaceFolders", changed(&[], &[&one]));
    assert_eq!(client.says_of("one/rows.pipe"), [""; 0], "a folder that is closed");
    let found = client.request("workspace/symbol", json!({ "query": "clean" }));
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
}

#[test]
fn long_work_is_told_to_who_can_show_it() {
    let more: String = (0..900)
        .map(|number| format!("transform more_{number} : clicks -> processed.more_{number} {{\n  derive day = date(at)\n  drop user\n}}\n\n"))
        .collect();
    let files = [("head.pipe", HEAD), ("rows.pipe", ROWS), ("more.pipe", more.as_str())];
    for shows in [true, false] {
        let capabilities = json!({ "window": { "workDoneProgress": shows } });
        let mut client = Client::start_as(&files, capabilities);
        client.open("rows.pipe");
        client.settled("rows.pipe");
        // The end comes behind what was found.
        client.request("workspace/symbol", json!({ "query": "clean" }));
        let made = client.told("window/workDoneProgress/create");
        let told = client.told("$/progress");
        let kinds: Vec<_> = told
            .iter()
            .map(|one| one["params"]["value"]["kind"].as_str().unwrap())
            .collect();
        assert_eq!(!made.is_empty(), shows);
        assert_eq!(kinds.first().copied(), shows.then_some("begin"), "{told:?}");
    }
}
