//! Diagnostics as the protocol has them.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use tower_lsp::ls_types::{
    Diagnostic as Said, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, NumberOrString, Uri,
};

use super::files;
use super::text::{self, Encoding};
use crate::base::{FileId, Sources, Span};
use crate::diag::{Code, Diagnostic, Severity};

/// Codes of what is there for nothing: editors grey it out.
const IDLE: [Code; 2] = [Code::IDLE_ALLOW, Code::UNREAD_VIEW];

/// Diagnostics by file.
pub(super) fn by_file(
    root: &Path,
    sources: &Sources,
    diagnostics: &[Diagnostic],
    encoding: Encoding,
) -> BTreeMap<FileId, Vec<Said>> {
    let mut found: BTreeMap<FileId, Vec<Said>> = BTreeMap::new();
    for diagnostic in diagnostics {
        let said = said(root, sources, diagnostic, encoding);
        found.entry(diagnostic.primary.span.file).or_default().push(said);
    }
    found
}

fn said(root: &Path, sources: &Sources, diagnostic: &Diagnostic, encoding: Encoding) -> Said {
    let span = diagnostic.primary.span;
    let related = |label: &crate::diag::Label| {
        Some(DiagnosticRelatedInformation {
            location: location(root, sources, label.span, encoding)?,
            message: label.text.clone(),
        })
    };
    let related: Vec<_> = diagnostic.labels.iter().filter_map(related).collect();
    let mut message = diagnostic.message.clone();
    if !diagnostic.primary.text.is_empty() {
        message += &format!("\n{}", diagnostic.primary.text);
    }
    for note in &diagnostic.notes {
        message += &format!("\nnote: {note}");
    }
    for help in &diagnostic.help {
        message += &format!("\nhelp: {help}");
    }
    Said {
        range: range(sources, span, encoding),
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        code: Some(NumberOrString::String(diagnostic.code.to_string())),
        source: Some("pipec".to_owned()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: IDLE
            .contains(&diagnostic.code)
            .then(|| vec![DiagnosticTag::UNNECESSARY]),
        data: Some(json!({ "title": diagnostic.code.info().title })),
        ..Said::default()
    }
}

/// The range of a span.
pub(super) fn range(sources: &Sources, span: Span, encoding: Encoding) -> tower_lsp::ls_types::Range {
    let text = &sources.get(span.file).text;
    text::range(text, span.start as usize, span.end as usize, encoding)
}

/// The place of a span.
pub(super) fn location(root: &Path, sources: &Sources, span: Span, encoding: Encoding) -> Option<Location> {
    let uri: Uri = files::address(root, sources, span.file)?;
    Some(Location {
        uri,
        range: range(sources, span, encoding),
    })
}
