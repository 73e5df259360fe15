//! What programs and people read: every output format, on texts that are hard to print.

#![allow(clippy::disallowed_methods, reason = "tests read the project's own files")]

use std::path::Path;

use pipec::base::{Memory, Sources, Span};
use pipec::diag::render::{Format, render};
use pipec::diag::{CODES, Code, Diagnostic, Severity};
use pipec::{Compilation, Options, compile};
use serde_json::Value;

/// A text with all that is hard: wide characters, a character outside of the basic plane, tabs, a place over two lines.
const HARD: &str = "zone raw { note = \"日本\u{1d54f}\" }\n\tzone wide like {\n\t\tretain = 3 GiB\n\t}\n";

fn place(file: pipec::base::FileId, text: &str, part: &str) -> Span {
    let start = text.find(part).unwrap();
    Span::new(file, start, start + part.len())
}

fn hard() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let file = sources.add("a b/zönes,1:2%.pipe", HARD);
    let other = sources.add("other.pipe", "class pii { }\n");
    let at = |part| place(file, HARD, part);
    let mut warning = Diagnostic::new(
        Code::FLOAT_KEY,
        at("zone wide like {\n\t\tretain = 3 GiB\n\t}"),
        "two lines",
    )
    .found("from here to there");
    warning.severity = Severity::Warning;
    let sources_and = vec![
        Diagnostic::new(
            Code::DIMENSION,
            at("3 GiB"),
            "`retain` takes a duration, but this is 50 % of a size: `3 GiB`",
        )
        .found("a size")
        .label(at("retain"), "of this setting")
        .label(at("zone wide"), "of this zone")
        .label(place(other, "class pii { }\n", "pii"), "asked for by this class")
        .note("a note")
        .help("write `3 days`")
        .fix("write `3 days`", at("3 GiB"), "3 days"),
        Diagnostic::new(Code::SYNTAX, at("\u{1d54f}").after(), "behind what is wide").found("here"),
        warning,
    ];
    (sources, sources_and)
}

fn compiled(folder: &str, edit: (&str, &str)) -> Compilation {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{folder}/{folder}.pipe"));
    let text = std::fs::read_to_string(path).unwrap().replace(edit.0, edit.1);
    compile(&Memory::new([("main.pipe", text.as_str())]), &Options::default())
}

fn validate(schema: &str, document: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(schema);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("schema.json", schema).unwrap();
    let index = compiler.compile("schema.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(document, index) {
        panic!("{error:#}\n{document:#}");
    }
}

fn sarif(sources: &Sources, diagnostics: &[Diagnostic]) -> Value {
    let log = serde_json::from_str(&render(Format::Sarif, sources, diagnostics, false)).unwrap();
    validate("sarif-2.1.0.json", &log);
    log
}

#[test]
fn sarif_is_valid_and_counts_columns_as_it_says() {
    let (sources, diagnostics) = hard();
    let log = sarif(&sources, &diagnostics);
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let physical = |value: &Value| value["physicalLocation"].clone();
    let first = &run["results"][0];
    assert_eq!(first["level"], "error");
    let place = physical(&first["locations"][0]);
    assert_eq!(place["artifactLocation"]["uri"], "a%20b/z%C3%B6nes%2C1%3A2%25.pipe");
    let region = serde_json::json!({ "startLine": 3, "startColumn": 12, "endLine": 3, "endColumn": 17 });
    assert_eq!(place["region"], region);
    assert_eq!(first["relatedLocations"].as_array().unwrap().len(), 3);
    assert_eq!(
        physical(&first["relatedLocations"][2])["artifactLocation"]["uri"],
        "other.pipe"
    );
    let replacement = &first["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["deletedRegion"], region);
    assert_eq!(replacement["insertedContent"]["text"], "3 days");
    // Two wide characters are one unit each, the third is two: the column behind them is 19 + 4 + 1.
    let behind = &physical(&run["results"][1]["locations"][0])["region"];
    assert_eq!((&behind["startColumn"], &behind["endColumn"]), (&24.into(), &24.into()));
    let third = &run["results"][2];
    assert_eq!(
        (&third["level"], &third["ruleId"]),
        (&"warning".into(), &"P0319".into())
    );
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = &rules[third["ruleIndex"].as_u64().unwrap() as usize];
    assert_eq!(rule["id"], third["ruleId"]);
    assert_eq!(rule["defaultConfiguration"]["level"], "warning");
    assert!(rule["help"]["markdown"].as_str().unwrap().contains("```pipe"));
}

#[test]
fn sarif_of_nothing_and_of_every_code_is_valid() {
    let (sources, _) = hard();
    assert_eq!(sarif(&sources, &[])["runs"][0]["results"], serde_json::json!([]));
    let (file, _) = sources.iter().next().unwrap();
    let all: Vec<_> = CODES
        .iter()
        .map(|info| Diagnostic::new(info.code, Span::new(file, 0, 4), info.title))
        .collect();
    let log = sarif(&sources, &all);
    assert_eq!(
        log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().len(),
        CODES.len()
    );
}

#[test]
fn json_is_as_its_schema_says() {
    let broken = compiled("clickstream", ("  drop   user_id", "  dorp   user_id"));
    let (sources, mut diagnostics) = (broken.sources, broken.diagnostics);
    let lines = render(Format::Json, &sources, &diagnostics, false);
    assert_eq!(lines.lines().count(), 1);
    for line in lines.lines() {
        validate("diagnostics-1.json", &serde_json::from_str(line).unwrap());
    }
    let (sources, hard) = hard();
    diagnostics = hard;
    let lines: Vec<Value> = render(Format::Json, &sources, &diagnostics, false)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.iter().for_each(|line| validate("diagnostics-1.json", line));
    let bytes = |value: &Value| value["start"].as_u64().unwrap() as usize..value["end"].as_u64().unwrap() as usize;
    assert_eq!(&HARD[bytes(&lines[0])], "3 GiB");
    assert_eq!((&lines[0]["line"], &lines[0]["column"]), (&3.into(), &12.into()));
    assert_eq!(&HARD[bytes(&lines[0]["fixes"][0])], "3 GiB");
    assert_eq!(lines[0]["fixes"][0]["safe"], true);
    assert_eq!((&lines[1]["column"], &lines[2]["end_line"]), (&23.into(), &4.into()));
}

#[test]
fn github_reads_a_line_each_with_nothing_that_ends_it() {
    let (sources, diagnostics) = hard();
    let text = render(Format::Github, &sources, &diagnostics, false);
    let expected = [
        "::error file=a b/zönes%2C1%3A2%25.pipe,line=3,endLine=3,col=12,endColumn=17,title=P0504::`retain` takes a duration, but this is 50 %25 of a size: `3 GiB`%0Aa note%0Awrite `3 days`",
        "::error file=a b/zönes%2C1%3A2%25.pipe,line=1,endLine=1,col=23,endColumn=23,title=P0101::behind what is wide",
        "::warning file=a b/zönes%2C1%3A2%25.pipe,line=2,endLine=4,title=P0319::two lines",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn short_is_one_line_each() {
    let (sources, diagnostics) = hard();
    let text = render(Format::Short, &sources, &diagnostics, false);
    let expected = [
        "a b/zönes,1:2%.pipe:3:12: error[P0504]: `retain` takes a duration, but this is 50 % of a size: `3 GiB`",
        "a b/zönes,1:2%.pipe:1:23: error[P0101]: behind what is wide",
        "a b/zönes,1:2%.pipe:2:2: warning[P0319]: two lines",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn people_see_the_source_and_colour_only_where_it_is_asked_for() {
    let (sources, diagnostics) = hard();
    let plain = render(Format::Human, &sources, &diagnostics, false);
    insta::assert_snapshot!("human", plain);
    assert!(!plain.contains('\u{1b}'));
    assert!(render(Format::Human, &sources, &diagnostics, true).contains('\u{1b}'));
}
