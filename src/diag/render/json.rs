//! One JSON object a line; lines and columns from 1, columns in characters.

use serde_json::{Value, json};

use super::super::{Diagnostic, Label};
use crate::base::Sources;

pub(super) fn render(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .iter()
        .map(|diagnostic| object(sources, diagnostic).to_string() + "\n")
        .collect()
}

fn object(sources: &Sources, diagnostic: &Diagnostic) -> Value {
    let mut object = json!({
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
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "text": label.text,
    })
}
