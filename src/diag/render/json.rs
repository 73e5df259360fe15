//! One JSON object a line: bytes from 0, lines and columns from 1, columns in characters. Its schema is
//! `tests/schemas/diagnostics-1.json`.

use serde_json::{Value, json};

use super::super::{Diagnostic, Label};
use crate::base::Sources;

/// Raised when a key changes its meaning or goes; keys may be added without.
const VERSION: u32 = 1;

pub(super) fn render(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .iter()
        .map(|diagnostic| object(sources, diagnostic).to_string() + "\n")
        .collect()
}

fn object(sources: &Sources, diagnostic: &Diagnostic) -> Value {
    let mut object = json!({
        "version": VERSION,
        "code": diagnostic.code.to_string(),
        "severity": super::word(diagnostic.severity),
        "message": diagnostic.message,
    });
    if let (Some(object), Value::Object(place)) = (object.as_object_mut(), place(sources, &diagnostic.primary)) {
        object.extend(place);
    }
    object["labels"] = diagnostic.labels.iter().map(|label| place(sources, label)).collect();
    object["notes"] = json!(diagnostic.notes);
    object["help"] = json!(diagnostic.help);
    object["fixes"] = diagnostic
        .fixes
        .iter()
        .map(|fix| {
            let mut at = place(
                sources,
                &Label {
                    span: fix.span,
                    text: String::new(),
                },
            );
            at["title"] = json!(fix.title);
            at["safe"] = json!(fix.safe);
            at["text"] = json!(fix.text);
            at
        })
        .collect();
    object
}

fn place(sources: &Sources, label: &Label) -> Value {
    let source = sources.get(label.span.file);
    let (start, end) = (source.line_column(label.span.start), source.line_column(label.span.end));
    json!({
        "file": source.path,
        "start": label.span.start,
        "end": label.span.end,
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "text": label.text,
    })
}
