//! Edits that race with questions: an answer is one of the text that was there when its question was sent, what is said of
//! a version is of that version, and in the end all is said that a server would say that starts then.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;
use super::{HEAD, ROWS};

/// Numbers that look random and are the same each time: SplitMix64.
struct Chance(u64);

impl Chance {
    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// What a version of `rows.pipe` says, and the one word of it that is wrong, if one is.
#[derive(Clone)]
struct Version {
    text: String,
    wrong: Option<String>,
    /// A column of no other version, where it is read.
    column: (String, u32, u32),
}

/// The text of a version, which is like no other's: other lines, another column, another mistake.
fn version(chance: &mut Chance, number: i64) -> Version {
    let column = format!("column_{number}");
    let wrong = (chance.below(3) == 0).then(|| format!("missing_{number}"));
    let read = wrong.as_ref().unwrap_or(&column);
    let steps = format!("derive {column} = 1\n  filter kind == buy and {column} > 0 and {read} > 0");
    let lines = "// Another line.\n".repeat(chance.below(6));
    let text = lines + &ROWS.replace("filter kind == buy", &steps);
    let at = text.find(&format!("and {column}")).expect("it is read") + 4;
    let (line, character) = position(&text, at);
    Version {
        text,
        wrong,
        column: (column, line, character + 2),
    }
}

fn position(text: &str, at: usize) -> (u32, u32) {
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
    (line as u32, (at - start) as u32)
}

/// What stands in a range of a text; nothing where it has no such range.
fn part<'t>(text: &'t str, range: &Value) -> Option<&'t str> {
    let offset = |place: &Value| {
        let line = usize::try_from(place["line"].as_u64()?).ok()?;
        let mut lines = text.split_inclusive('\n').chain(Some(""));
        let before: usize = lines.by_ref().take(line).map(str::len).sum();
        Some(before + usize::try_from(place["character"].as_u64()?).ok()?)
    };
    text.get(offset(&range["start"])?..offset(&range["end"])?)
}

/// What is asked, in turn.
const QUESTIONS: &[&str] = &[
    "references",
    "definition",
    "documentHighlight",
    "rename",
    "hover",
    "documentSymbol",
    "semanticTokens/full",
    "completion",
    "codeAction",
    "inlayHint",
    "foldingRange",
    "codeLens",
    "diagnostic",
];

fn question(client: &mut Client, method: &str, version: &Version) -> i64 {
    let (_, line, character) = version.column;
    let mut params = client.at("rows.pipe", line, character);
    let here = json!({ "line": line, "character": character });
    params["context"] = json!({ "includeDeclaration": true, "diagnostics": [], "triggerKind": 1 });
    params["newName"] = json!("renamed");
    params["range"] = json!({ "start": here, "end": here });
    client.send(&format!("textDocument/{method}"), params)
}

/// Whether an answer is one of this version of the text.
#[track_caller]
fn fits(method: &str, version: &Version, answer: &Value, uri: &str, what: &str) {
    let (result, column) = (&answer["result"], version.column.0.as_str());
    let all = |ranges: Vec<&Value>, least: usize| {
        let found: Vec<_> = ranges.iter().map(|range| part(&version.text, range)).collect();
        let same = found.iter().all(|found| *found == Some(column));
        assert!(
            same && found.len() >= least,
            "{what}: {method} {found:?} of {column}: {answer}"
        );
    };
    let list = || -> Vec<&Value> { result.as_array().into_iter().flatten().collect() };
    match method {
        "references" | "documentHighlight" => all(list().iter().map(|one| &one["range"]).collect(), 2),
        "definition" => all(vec![&result["range"]], 1),
        "rename" => {
            let edits = result["changes"][uri].as_array().expect("a file is changed");
            all(edits.iter().map(|edit| &edit["range"]).collect(), 2);
        }
        "hover" => assert!(answer.get("error").is_none(), "{what}: {answer}"),
        "documentSymbol" => {
            for symbol in list() {
                let name = symbol["name"].as_str().unwrap_or_default();
                let found = part(&version.text, &symbol["selectionRange"]).map(|found| found.trim_matches('"'));
                assert_eq!(found, Some(name), "{what}: {answer}");
            }
        }
        "semanticTokens/full" => {
            let numbers = result["data"].as_array().expect("tokens");
            let lines: Vec<&str> = version.text.lines().collect();
            let (mut line, mut start) = (0, 0);
            for token in numbers.chunks(5) {
                let number = |at: usize| {
                    token[at]
                        .as_u64()
                        .and_then(|number| usize::try_from(number).ok())
                        .unwrap()
                };
                start = number(1) + if number(0) == 0 { start } else { 0 };
                line += number(0);
                let inside = lines.get(line).is_some_and(|text| start + number(2) <= text.len());
                assert!(inside, "{what}: a token at {line}:{start} of {}", version.text);
            }
        }
        // Of a version that is right there may be what was wrong before, until typing rests: `agree` looks at the end.
        "diagnostic" => {
            let found = result["items"].as_array().into_iter().flatten();
            let found: Vec<_> = found.map(|said| part(&version.text, &said["range"])).collect();
            let wanted: Vec<_> = version.wrong.iter().map(|wrong| Some(wrong.as_str())).collect();
            assert_eq!(found, wanted, "{what}: {answer}");
        }
        _ => {
            assert!(answer.get("error").is_none(), "{what}: {method}: {answer}");
            let last = version.text.matches('\n').count() as u64;
            let line = |one: &Value| one["range"]["end"]["line"].as_u64().or(one["endLine"].as_u64());
            let beyond = list().into_iter().filter_map(line).find(|line| *line > last);
            assert_eq!(beyond, None, "{what}: {method}: {answer}");
        }
    }
}

/// What is on disk beside the file that is typed in: it comes, goes and is called otherwise while questions are open.
const READER: &str = "transform reader : processed.clicks -> processed.readers { filter column_7 > 0 }\n";

fn outside(client: &mut Client, chance: &mut Chance, others: &mut BTreeSet<String>) {
    let path = format!("other_{}.pipe", chance.below(3));
    let (from, kind) = match (others.pop_first(), chance.below(3)) {
        (None, _) => (None, 1),
        (Some(old), 0) => (Some((old, false)), 3),
        (Some(old), 1) => (Some((old, true)), 3),
        (Some(old), _) => {
            fs::write(client.folder.join(&old), READER.replace("> 0", "> 1")).unwrap();
            others.insert(old.clone());
            let change = json!([{ "uri": client.uri(&old), "type": 2 }]);
            client.notify("workspace/didChangeWatchedFiles", json!({ "changes": change }));
            return;
        }
    };
    let mut changes = Vec::new();
    if let Some((old, renamed)) = &from {
        match renamed {
            true => fs::rename(client.folder.join(old), client.folder.join(&path)).unwrap(),
            false => fs::remove_file(client.folder.join(old)).unwrap(),
        }
        changes.push(json!({ "uri": client.uri(old), "type": kind }));
    } else {
        fs::write(client.folder.join(&path), READER).unwrap();
    }
    if from.as_ref().is_none_or(|(_, renamed)| *renamed) {
        changes.push(json!({ "uri": client.uri(&path), "type": 1 }));
        others.insert(path);
    }
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
}

/// What was said of each file last: the places and words of what is wrong, of files of which something is.
type Standing = BTreeMap<String, Vec<String>>;

fn keep(standing: &mut Standing, told: &[Value]) {
    for message in told {
        let params = &message["params"];
        let said = params["diagnostics"].as_array().unwrap();
        let said: Vec<_> = said
            .iter()
            .map(|one| format!("{} {}", one["range"], one["message"]))
            .collect();
        let path = params["uri"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        standing.insert(path, said);
    }
    standing.retain(|_, said| !said.is_empty());
}

/// Whether what is said of each version of the file that is typed in is wrong in it.
fn of_its_version(told: &[Value], uri: &str, versions: &BTreeMap<i64, Version>, what: &str) {
    for message in told.iter().filter(|message| message["params"]["uri"] == json!(uri)) {
        let params = &message["params"];
        let Some(version) = params["version"].as_i64().and_then(|version| versions.get(&version)) else {
            continue;
        };
        let found = params["diagnostics"].as_array().unwrap().iter();
        let found: Vec<_> = found.map(|said| part(&version.text, &said["range"])).collect();
        let wanted: Vec<_> = version.wrong.iter().map(|wrong| Some(wrong.as_str())).collect();
        assert_eq!(found, wanted, "{what}: {params}\n{}", version.text);
    }
}

/// A project of this much more text; `seed` says what happens, in so many moves.
fn race(seed: u64, more: &str, moves: usize) {
    let files = [("head.pipe", HEAD), ("rows.pipe", ROWS), ("more.pipe", more)];
    let capabilities = json!({
        "general": { "positionEncodings": ["utf-8"] },
        "workspace": { "didChangeWatchedFiles": { "dynamicRegistration": true } }
    });
    let silence = Duration::from_millis(if more.is_empty() { 300 } else { 2_000 });
    let mut client = Client::start_as(&files, capabilities.clone());
    let mut chance = Chance(seed);
    let uri = client.uri("rows.pipe");
    let (mut versions, mut others, mut standing) = (BTreeMap::new(), BTreeSet::new(), Standing::new());
    client.open("rows.pipe");
    let mut now = version(&mut chance, 2);
    client.change("rows.pipe", &now.text);
    versions.insert(client.version("rows.pipe"), now.clone());
    client.quiet(silence);
    let mut asked = Vec::new();
    for number in 0..moves {
        match chance.below(12) {
            0..5 => {
                let number = client.version("rows.pipe") + 1;
                now = version(&mut chance, number);
                client.change("rows.pipe", &now.text);
                versions.insert(number, now.clone());
            }
            5..9 => {
                let method = QUESTIONS[chance.below(QUESTIONS.len())];
                let id = question(&mut client, method, &now);
                let is_taken_back = chance.below(4) == 0;
                if is_taken_back {
                    client.notify("$/cancelRequest", json!({ "id": id }));
                }
                asked.push((
                    id,
                    method,
                    now.clone(),
                    is_taken_back,
                    format!("seed {seed}, move {number}"),
                ));
            }
            9 => outside(&mut client, &mut chance, &mut others),
            10 => close(&mut client, &mut chance, &now.text, &mut versions, &now),
            _ => client.quiet(Duration::from_millis(chance.below(60) as u64)),
        }
    }
    for (id, method, version, is_taken_back, what) in asked {
        let answer = client.answer(id);
        let is_cancelled = answer["error"]["code"] == json!(-32800);
        assert!(is_taken_back || !is_cancelled, "{what}: {answer}");
        if !is_cancelled {
            fits(method, &version, &answer, &uri, &what);
        }
    }
    // A server that starts now, on the same files, with the same text open.
    let read = |path: &str| fs::read_to_string(client.folder.join(path)).unwrap();
    let others: Vec<_> = others.iter().map(|path| (path.as_str(), read(path))).collect();
    let others = others.iter().map(|(path, text)| (*path, text.as_str()));
    let files: Vec<_> = files.into_iter().chain(others).collect();
    let mut fresh = Client::start_as(&files, capabilities);
    fresh.open_with("rows.pipe", &now.text);
    let (mut wanted, end) = (Standing::new(), Instant::now() + Duration::from_secs(60));
    loop {
        client.quiet(silence);
        fresh.quiet(silence);
        let told = client.told("textDocument/publishDiagnostics");
        of_its_version(&told, &uri, &versions, &format!("seed {seed}"));
        keep(&mut standing, &told);
        keep(&mut wanted, &fresh.told("textDocument/publishDiagnostics"));
        if standing == wanted {
            break;
        }
        assert!(
            Instant::now() < end,
            "seed {seed}: {standing:#?}, not {wanted:#?}\n{}",
            now.text
        );
    }
    assert_eq!(client.told("window/logMessage"), Vec::<Value>::new(), "seed {seed}");
    assert_eq!(client.end(), Some(0));
}

/// The file is closed without being saved, and opened again at once; what is on disk counts for a moment, where it is
/// still there.
fn close(client: &mut Client, chance: &mut Chance, text: &str, versions: &mut BTreeMap<i64, Version>, now: &Version) {
    let (uri, file) = (client.uri("rows.pipe"), client.folder.join("rows.pipe"));
    let is_gone = chance.below(2) == 0;
    if is_gone {
        fs::remove_file(&file).unwrap();
        client.notify(
            "workspace/didChangeWatchedFiles",
            json!({ "changes": [{ "uri": uri, "type": 3 }] }),
        );
    }
    client.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    let hover = client.send("textDocument/hover", client.at("rows.pipe", 0, 0));
    if chance.below(2) == 0 {
        client.quiet(Duration::from_millis(50));
    }
    client.reopen("rows.pipe", text);
    versions.insert(client.version("rows.pipe"), now.clone());
    assert!(
        client.answer(hover).get("error").is_some(),
        "a file that is closed is none to ask about"
    );
    if is_gone {
        fs::write(&file, ROWS).unwrap();
        client.notify(
            "workspace/didChangeWatchedFiles",
            json!({ "changes": [{ "uri": uri, "type": 1 }] }),
        );
    }
}

#[test]
fn answers_are_of_the_text_that_was_asked_about() {
    for seed in 0..6 {
        race(seed, "", 60);
    }
}

#[test]
fn answers_about_a_large_project_are_of_the_text_that_was_asked_about() {
    let more: String = (0..900)
        .map(|number| format!("transform more_{number} : clicks -> processed.more_{number} {{\n  derive day = date(at)\n  drop user\n}}\n\n"))
        .collect();
    race(11, &more, 80);
}
