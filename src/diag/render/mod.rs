//! Diagnostics as text: one file an output format. Knows nothing of terminals but a width and whether to colour.

mod github;
mod human;
mod json;
mod sarif;
mod short;

use super::{Diagnostic, Severity};
use crate::base::Sources;

/// How diagnostics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, with the source.
    Human,
    /// One line each.
    Short,
    /// One JSON object a line.
    Json,
    /// One SARIF 2.1.0 log.
    Sarif,
    /// GitHub Actions' workflow commands.
    Github,
}

impl Format {
    /// Whether the text is the command's result (standard output) rather than said beside it (standard error).
    pub fn is_result(self) -> bool {
        matches!(self, Format::Json | Format::Sarif | Format::Github)
    }
}

/// All diagnostics in a format; `colour` only matters to people.
pub fn render(format: Format, sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    match format {
        Format::Human => human::render(sources, diagnostics, colour),
        Format::Short => short::render(sources, diagnostics, colour),
        Format::Json => json::render(sources, diagnostics),
        Format::Sarif => sarif::render(sources, diagnostics),
        Format::Github => github::render(sources, diagnostics),
    }
}

/// `error`, `warning`.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
