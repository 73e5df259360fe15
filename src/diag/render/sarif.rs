//! One SARIF 2.1.0 log (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::{Code, Diagnostic, Fix, Label, Severity, find};
use crate::base::{Sources, Span};

pub(super) fn render(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let codes: Vec<Code> = diagnostics
        .iter()
        .map(|d| d.code)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let log = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "pipec",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "results": diagnostics.iter().map(|d| result(sources, &codes, d)).collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: Code) -> Value {
    let (title, page, severity) =
        find(code).map_or(("", "", Severity::Error), |info| (info.title, info.page, info.severity));
    json!({
        "id": code.to_string(),
        "shortDescription": { "text": title },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": super::word(severity) },
    })
}

fn result(sources: &Sources, codes: &[Code], diagnostic: &Diagnostic) -> Value {
    let mut text = diagnostic.message.clone();
    for more in diagnostic.notes.iter().chain(&diagnostic.help) {
        text.push('\n');
        text.push_str(more);
    }
    let related: Vec<_> = diagnostic
        .labels
        .iter()
        .enumerate()
        .map(|(id, label)| {
            let mut location = location(sources, label);
            location["id"] = json!(id);
            location
        })
        .collect();
    let mut result = json!({
        "ruleId": diagnostic.code.to_string(),
        "ruleIndex": codes.iter().position(|code| *code == diagnostic.code),
        "level": super::word(diagnostic.severity),
        "message": { "text": text },
        "locations": [location(sources, &diagnostic.primary)],
        "relatedLocations": related,
    });
    if !diagnostic.fixes.is_empty() {
        result["fixes"] = diagnostic.fixes.iter().map(|fix| change(sources, fix)).collect();
    }
    result
}

fn location(sources: &Sources, label: &Label) -> Value {
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&sources.get(label.span.file).path) },
        "region": region(sources, label.span),
    }});
    if !label.text.is_empty() {
        location["message"] = json!({ "text": label.text });
    }
    location
}

fn change(sources: &Sources, fix: &Fix) -> Value {
    json!({
        "description": { "text": fix.title },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(&sources.get(fix.span.file).path) },
            "replacements": [{ "deletedRegion": region(sources, fix.span), "insertedContent": { "text": fix.text } }],
        }],
    })
}

/// Lines and columns from 1; a column counts UTF-16 code units, as editors and GitHub do.
fn region(sources: &Sources, span: Span) -> Value {
    let source = sources.get(span.file);
    let place = |byte: u32| {
        let before = source.text.get(..byte as usize).unwrap_or("");
        let line = before.rsplit('\n').next().unwrap_or("");
        (before.matches('\n').count() + 1, line.encode_utf16().count() + 1)
    };
    let ((start_line, start), (end_line, end)) = (place(span.start), place(span.end));
    json!({ "startLine": start_line, "startColumn": start, "endLine": end_line, "endColumn": end })
}

/// A path as a relative URI: everything but letters, digits and `-._~/` is escaped.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
