//! Where a command's words go: results to standard output, everything else to standard error.

use std::io::{IsTerminal, Write};

use super::{Colour, Global};
use crate::base::Sources;
use crate::diag::render::{Format, render};
use crate::diag::{Diagnostic, Severity};

/// How this run talks.
#[derive(Debug)]
pub(super) struct Output {
    format: Format,
    colour: bool,
    quiet: bool,
    verbose: bool,
}

impl Output {
    pub(super) fn new(global: &Global) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let default = if terminal { Format::Human } else { Format::Short };
        let colour = match global.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && std::env::var_os("NO_COLOR").is_none(),
        };
        let format = global
            .format
            .and_then(super::FormatArgument::of_diagnostics)
            .unwrap_or(default);
        Output {
            format,
            colour,
            quiet: global.quiet,
            verbose: global.verbose,
        }
    }

    /// Whether only what is wrong is said.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether results are for programs.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes diagnostics, and for people a closing count.
    pub(super) fn diagnostics(&self, sources: &Sources, diagnostics: &[Diagnostic]) {
        let shown: Vec<_> = diagnostics
            .iter()
            .filter(|d| !self.quiet || d.severity == Severity::Error)
            .cloned()
            .collect();
        let text = render(self.format, sources, &shown, self.colour);
        if self.format.is_result() {
            self.result(&text);
            return;
        }
        say(&text);
        let count = |severity| diagnostics.iter().filter(|d| d.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        if !shown.is_empty() {
            say(&format!(
                "{}, {}\n",
                plural(errors, "error"),
                plural(warnings, "warning")
            ));
        }
    }

    /// Writes a command's result to standard output.
    pub(super) fn result(&self, text: &str) {
        // A reader that closes the pipe early (`| head`) has seen what it wanted.
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    /// Says what was done.
    pub(super) fn done(&self, text: &str) {
        if !self.quiet {
            say(&format!("{text}\n"));
        }
    }

    /// Says more of what is done, if asked to.
    pub(super) fn detail(&self, text: &str) {
        if self.verbose {
            say(&format!("{text}\n"));
        }
    }

    /// Says what was asked for beside the result, also where only what is wrong is said.
    pub(super) fn note(&self, text: &str) {
        say(text);
    }

    /// Says what is wrong with the command line or the surroundings.
    pub(super) fn error(&self, text: &str) {
        say(&format!(
            "{} {text}\n",
            if self.colour {
                "\u{1b}[1;31merror:\u{1b}[0m"
            } else {
                "error:"
            }
        ));
    }
}

fn say(text: &str) {
    // Nowhere is left to complain if standard error is closed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// `1 error`, `2 errors`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
