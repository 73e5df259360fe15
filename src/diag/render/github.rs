//! GitHub Actions' workflow commands: `::error file=…,line=…,col=…,title=…::message`.

use super::super::Diagnostic;
use crate::base::Sources;

pub(super) fn render(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|diagnostic| line(sources, diagnostic)).collect()
}

fn line(sources: &Sources, diagnostic: &Diagnostic) -> String {
    let source = sources.get(diagnostic.primary.span.file);
    let start = source.line_column(diagnostic.primary.span.start);
    let end = source.line_column(diagnostic.primary.span.end);
    // GitHub takes columns only where both ends are on one line.
    let columns = match end.line == start.line {
        true => format!(",col={},endColumn={}", start.column, end.column),
        false => String::new(),
    };
    let mut message = diagnostic.message.clone();
    for more in diagnostic.notes.iter().chain(&diagnostic.help) {
        message.push('\n');
        message.push_str(more);
    }
    format!(
        "::{} file={},line={},endLine={}{columns},title={}::{}\n",
        super::word(diagnostic.severity),
        property(&source.path),
        start.line,
        end.line,
        diagnostic.code,
        data(&message),
    )
}

/// Escapes a command's text.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
