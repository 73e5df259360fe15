//! For people: one line that says it, the source with all places (drawn by miette), facts and what to write instead.

use std::fmt;

use miette::{
    Diagnostic as Report, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

use super::super::{Diagnostic, Label, Severity};
use crate::base::{FileId, Source, Sources, Span};

pub(super) fn render(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let theme = match colour {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false);
    let paint = Paint { colour };
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&head(diagnostic, paint));
        for part in parts(sources, diagnostic) {
            text.push_str(&part.drawn(&handler));
        }
        for (word, lines) in [("help", &diagnostic.help), ("note", &diagnostic.notes)] {
            for line in lines {
                // A path that is drawn over several lines stays under its word.
                let line = line.replace('\n', "\n         ");
                text.push_str(&format!("  {} {line}\n", paint.bold(&format!("{word}:"))));
            }
        }
        text.push('\n');
    }
    text
}

fn head(diagnostic: &Diagnostic, paint: Paint) -> String {
    let word = format!("{}[{}]", super::word(diagnostic.severity), diagnostic.code);
    let word = match diagnostic.severity {
        Severity::Error => paint.with("1;31", &word),
        Severity::Warning => paint.with("1;33", &word),
    };
    format!("{word}{}\n", paint.bold(&format!(": {}", diagnostic.message)))
}

#[derive(Clone, Copy)]
struct Paint {
    colour: bool,
}

impl Paint {
    fn with(self, style: &str, text: &str) -> String {
        match self.colour {
            true => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }
}

/// The places of a diagnostic in one file, as miette draws them.
#[derive(Debug)]
struct Part<'a> {
    source: Named<'a>,
    severity: Severity,
    labels: Vec<LabeledSpan>,
}

/// The file of the primary place first, then the others in the order of their labels.
fn parts<'a>(sources: &'a Sources, diagnostic: &'a Diagnostic) -> Vec<Part<'a>> {
    let mut files: Vec<FileId> = vec![diagnostic.primary.span.file];
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    let part = |(at, file): (usize, FileId)| {
        let primary = (at == 0).then(|| labelled(&diagnostic.primary, true));
        let here = diagnostic.labels.iter().filter(|label| label.span.file == file);
        Part {
            source: Named(sources.get(file)),
            severity: diagnostic.severity,
            labels: primary
                .into_iter()
                .chain(here.map(|label| labelled(label, false)))
                .collect(),
        }
    };
    files.into_iter().enumerate().map(part).collect()
}

fn labelled(label: &Label, primary: bool) -> LabeledSpan {
    let Span { start, end, .. } = label.span;
    let text = (!label.text.is_empty()).then(|| label.text.clone());
    let range = (start as usize, end.saturating_sub(start) as usize);
    match primary {
        true => LabeledSpan::new_primary_with_span(text, range),
        false => LabeledSpan::new_with_span(text, range),
    }
}

impl Part<'_> {
    /// The source with its places; the lines above it, which say what was said already, are left out.
    fn drawn(&self, handler: &GraphicalReportHandler) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail; without the picture, what is said still is better than nothing.
        if handler.render_report(&mut text, self).is_err() {
            return String::new();
        }
        let picture = text.lines().skip_while(|line| !line.contains("╭─"));
        picture.map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Part<'_> {}

impl Report for Part<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// A file whose columns count characters, as those of every other format do; miette's own count bytes.
#[derive(Debug)]
struct Named<'a>(&'a Source);

impl SourceCode for Named<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.0.text.read_span(span, before, after)?;
        let start = u32::try_from(found.span().offset()).unwrap_or(u32::MAX);
        let contents = MietteSpanContents::new_named(
            self.0.path.clone(),
            found.data(),
            *found.span(),
            found.line(),
            self.0.line_column(start).column - 1,
            found.line_count(),
        );
        Ok(Box::new(contents))
    }
}
