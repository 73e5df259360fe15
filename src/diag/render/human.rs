//! For people: miette's graphical report, with the source and all places.

use std::fmt;

use miette::{Diagnostic as Report, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::super::{Diagnostic, Severity};
use crate::base::{Sources, Span};

/// Width of the page: wide enough for a path and a sum, narrow enough for a split editor.
const WIDTH: usize = 110;

pub(super) fn render(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(false);
    let mut text = String::new();
    for diagnostic in diagnostics {
        let page = Page::new(sources, diagnostic);
        // Writing to a String cannot fail; should miette refuse a report, its one line still is better than nothing.
        if handler.render_report(&mut text, &page).is_err() {
            text.push_str(&super::short::render(sources, std::slice::from_ref(diagnostic), false));
        }
        text.push('\n');
    }
    text
}

/// A diagnostic as miette sees one. Places in other files than the primary one become pages of their own.
#[derive(Debug)]
struct Page<'a> {
    diagnostic: &'a Diagnostic,
    source: NamedSource<String>,
    others: Vec<Other>,
    help: Option<String>,
}

#[derive(Debug)]
struct Other {
    text: String,
    source: NamedSource<String>,
    span: Span,
}

impl<'a> Page<'a> {
    fn new(sources: &Sources, diagnostic: &'a Diagnostic) -> Self {
        let named = |span: Span| {
            let source = sources.get(span.file);
            NamedSource::new(&source.path, source.text.to_string())
        };
        let home = diagnostic.primary.span.file;
        let others = diagnostic
            .labels
            .iter()
            .filter(|label| label.span.file != home)
            .map(|label| Other {
                text: label.text.clone(),
                source: named(label.span),
                span: label.span,
            })
            .collect();
        let notes = diagnostic.notes.iter().map(|note| format!("note: {note}"));
        let help: Vec<_> = diagnostic.help.iter().cloned().chain(notes).collect();
        Page {
            diagnostic,
            source: named(diagnostic.primary.span),
            others,
            help: (!help.is_empty()).then(|| help.join("\n")),
        }
    }
}

fn labelled(text: &str, span: Span, primary: bool) -> LabeledSpan {
    let text = (!text.is_empty()).then(|| text.to_owned());
    let range = (span.start as usize, (span.end - span.start) as usize);
    if primary {
        LabeledSpan::new_primary_with_span(text, range)
    } else {
        LabeledSpan::new_with_span(text, range)
    }
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Page<'_> {}

impl Report for Page<'_> {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let primary = &self.diagnostic.primary;
        let here = self
            .diagnostic
            .labels
            .iter()
            .filter(move |label| label.span.file == primary.span.file);
        let first = std::iter::once(labelled(&primary.text, primary.span, true));
        Some(Box::new(
            first.chain(here.map(|label| labelled(&label.text, label.span, false))),
        ))
    }

    fn related<'b>(&'b self) -> Option<Box<dyn Iterator<Item = &'b dyn Report> + 'b>> {
        (!self.others.is_empty())
            .then(|| Box::new(self.others.iter().map(|other| other as &dyn Report)) as Box<dyn Iterator<Item = _>>)
    }
}

impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Other {}

impl Report for Other {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(labelled("", self.span, false))))
    }
}
