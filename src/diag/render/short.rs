//! One line each, `lake.pipe:3:7: error[P0301]: …`, by codespan-reporting.

use codespan_reporting::diagnostic::{Diagnostic as Report, Label};
use codespan_reporting::files::SimpleFiles;
use codespan_reporting::term::{self, Config, DisplayStyle};

use super::super::{Diagnostic, Severity};
use crate::base::Sources;

pub(super) fn render(sources: &Sources, diagnostics: &[Diagnostic], _colour: bool) -> String {
    let mut files = SimpleFiles::new();
    for (_, source) in sources.iter() {
        files.add(source.path.as_str(), &*source.text);
    }
    let config = Config {
        display_style: DisplayStyle::Short,
        ..Config::default()
    };
    let mut text = String::new();
    for diagnostic in diagnostics {
        let report = match diagnostic.severity {
            Severity::Error => Report::error(),
            Severity::Warning => Report::warning(),
        };
        let span = diagnostic.primary.span;
        let report = report
            .with_code(diagnostic.code.to_string())
            .with_message(&diagnostic.message)
            .with_labels(vec![Label::primary(
                span.file.0 as usize,
                span.start as usize..span.end as usize,
            )]);
        // Every file that a span names is in `files`, so this only fails if writing to a String does.
        let _ = term::emit_to_string(&mut text, &config, &files, &report);
    }
    text
}
