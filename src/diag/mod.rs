//! One value for everything the compiler has to say about a project, and how it is said.

mod codes;
mod echoes;
mod fixes;
mod levels;
pub mod render;

pub use codes::{CODES, Code, CodeInfo, find};
pub use echoes::without_echoes;
pub use fixes::{Fixed, apply_fixes};
pub use levels::{Level, Levels, at_levels, warning};

use std::collections::BTreeSet;

use crate::base::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The project does not compile.
    Error,
    /// It compiles, and the author should look.
    Warning,
}

/// A place and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there; may be empty.
    pub text: String,
}

/// A replacement of text that would mend the mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does: "write `retain = 30 days`".
    pub title: String,
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
    /// Whether it is surely what was meant; what help asks about, "did you mean …?", is a guess.
    pub safe: bool,
}

/// One thing to say about the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its code in the registry.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The first line: stands alone in a CI log; lower case, no full stop, the author's words in backticks.
    pub message: String,
    /// Where it is, and what was found there.
    pub primary: Label,
    /// Related places.
    pub labels: Vec<Label>,
    /// Facts that explain, a line each.
    pub notes: Vec<String>,
    /// What to write instead, a line each.
    pub help: Vec<String>,
    /// Edits that would mend it.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A diagnostic of the code's own level at a place.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: code.info().severity,
            message: message.into(),
            primary: Label {
                span,
                text: String::new(),
            },
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Says what was found at the primary place.
    pub fn found(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds a related place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a fact that explains.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds what to write instead.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds an edit that would mend it. Behind help that asks, "did you mean …?", it is a guess, else it is safe.
    pub fn fix(mut self, title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        let safe = !self.help.last().is_some_and(|help| help.ends_with('?'));
        self.fixes.push(Fix {
            title: title.into(),
            span,
            text: text.into(),
            safe,
        });
        self
    }
}

/// Everything said so far in a compilation.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// What was said where.
    said: BTreeSet<(Code, Span)>,
    /// Where brackets and texts are never closed.
    unclosed: Vec<Span>,
    /// Everything that is being said, also again, while somebody listens.
    heard: Option<Vec<Diagnostic>>,
}

impl Diagnostics {
    /// Adds one; the same code at the same place is said once. Of an expression whose bracket is never closed, that is
    /// said and nothing else: where it ends is a guess.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if let Some(heard) = &mut self.heard {
            heard.push(diagnostic.clone());
        }
        let span = diagnostic.primary.span;
        let guessed = |open: &Span| open.file == span.file && span.start <= open.start && open.end <= span.end;
        let typed = diagnostic.code.0 / 100 == 3;
        if typed && self.unclosed.iter().any(guessed) || !self.said.insert((diagnostic.code, span)) {
            return;
        }
        if diagnostic.code == Code::UNCLOSED {
            self.unclosed.push(span);
        }
        self.list.push(diagnostic);
    }

    /// From here on, everything that is said is remembered by itself, also what was said before.
    pub fn listen(&mut self) {
        self.heard = Some(Vec::new());
    }

    /// What was said since [`listen`](Self::listen).
    pub fn heard(&mut self) -> Vec<Diagnostic> {
        self.heard.take().unwrap_or_default()
    }

    /// How many were said.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Whether anything said is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// All of them, by file, then place.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.list
            .sort_by_key(|d| (d.primary.span.file, d.primary.span.start, d.code));
        self.list
    }

    /// All of them, as said.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }
}
