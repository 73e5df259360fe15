//! How bad warnings are in one project: by code for all of it, and in place by a comment with a reason.
//!
//! `// allow P0319: the vendor only has floats` silences that warning on its own line, or on the next line with text if
//! it stands alone. Errors are never silenced. Knows comments as places, and nothing of the grammar.

use std::collections::BTreeMap;

use super::{Code, Diagnostic, Severity, find};
use crate::base::{Sources, Span, suggest};

/// What a project makes of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// It is not said.
    Off,
    /// It is said.
    Warn,
    /// It is an error.
    Error,
}

/// The levels that a project sets.
pub type Levels = BTreeMap<Code, Level>;

/// A comment that silences.
struct Allow {
    span: Span,
    /// The line, from 1, whose warnings it silences.
    line: usize,
    codes: Vec<(Code, Span)>,
    used: Vec<Code>,
}

/// The code of a warning by its name, `P0319`; else what to say of the name.
///
/// # Errors
/// What to say where no code has this name, or where it is an error's.
pub fn warning(name: &str, span: Span, wrong: Code) -> Result<Code, Box<Diagnostic>> {
    let number = name.strip_prefix('P').filter(|digits| digits.len() == 4);
    let number = number.and_then(|digits| digits.parse().ok()).map(Code);
    match number.and_then(find) {
        Some(info) if info.severity == Severity::Warning => Ok(info.code),
        Some(info) => Err(Box::new(
            Diagnostic::new(
                wrong,
                span,
                format!("`{name}` is an error, and errors are not silenced"),
            )
            .found(info.title)
            .help(format!("mend what it says: `pipec explain {name}`")),
        )),
        None => Err(Box::new(unknown(name, span, wrong))),
    }
}

fn unknown(name: &str, span: Span, wrong: Code) -> Diagnostic {
    let diagnostic = Diagnostic::new(wrong, span, format!("`{name}` is no code")).found("not a code of pipec");
    let warnings = super::CODES.iter().filter(|info| info.severity == Severity::Warning);
    let names: Vec<_> = warnings.map(|info| info.code.to_string()).collect();
    match suggest(name, names.iter().map(String::as_str)) {
        Some(near) => diagnostic
            .help(format!("did you mean `{near}`?"))
            .fix(format!("write `{near}`"), span, near),
        None => diagnostic.help("a code is `P` and four digits; `pipec explain` lists them"),
    }
}

/// What is said of a project at its levels. `comments` are the places of its comments, and whether each stands alone
/// on its line; `whole` is whether everything that is to be said was found, so that a comment can be idle.
pub fn at_levels(
    sources: &Sources,
    comments: impl IntoIterator<Item = (Span, bool)>,
    levels: &Levels,
    said: Vec<Diagnostic>,
    whole: bool,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut allows: Vec<_> = comments
        .into_iter()
        .filter_map(|(span, alone)| allow(sources, span, alone, &mut found))
        .collect();
    for mut diagnostic in said {
        if diagnostic.severity == Severity::Warning {
            match levels.get(&diagnostic.code) {
                _ if silenced(sources, &diagnostic, &mut allows) => continue,
                Some(Level::Off) => continue,
                Some(Level::Error) => diagnostic.severity = Severity::Error,
                Some(Level::Warn) | None => {}
            }
        }
        found.push(diagnostic);
    }
    let idle = levels.get(&Code::IDLE_ALLOW).copied().unwrap_or(Level::Warn);
    if whole && idle != Level::Off {
        for allow in &allows {
            found.extend(idle_codes(sources, allow).map(|mut diagnostic| {
                if idle == Level::Error {
                    diagnostic.severity = Severity::Error;
                }
                diagnostic
            }));
        }
    }
    found.sort_by_key(|d| (d.primary.span.file, d.primary.span.start, d.code));
    found
}

fn silenced(sources: &Sources, diagnostic: &Diagnostic, allows: &mut [Allow]) -> bool {
    let span = diagnostic.primary.span;
    let line = sources.get(span.file).line_column(span.start).line;
    let here = |allow: &&mut Allow| allow.span.file == span.file && allow.line == line;
    let names = |allow: &&mut Allow| allow.codes.iter().any(|(code, _)| *code == diagnostic.code);
    let found = allows.iter_mut().filter(here).find(names);
    found.is_some_and(|allow| {
        allow.used.push(diagnostic.code);
        true
    })
}

/// The comment as one that silences; says what is wrong with it.
fn allow(sources: &Sources, span: Span, alone: bool, said: &mut Vec<Diagnostic>) -> Option<Allow> {
    let text = sources.text(span);
    let list = text.trim_start_matches('/').trim_start().strip_prefix("allow ")?;
    let (names, reason) = match list.split_once(':') {
        Some((names, reason)) => (names, reason.trim()),
        None => (list, ""),
    };
    let mut at = span.start as usize + text.len() - list.len();
    let mut codes = Vec::new();
    for name in names.split(',') {
        let start = at + name.len() - name.trim_start().len();
        at += name.len() + 1;
        codes.push((name.trim(), Span::new(span.file, start, start + name.trim().len())));
    }
    // `// allow for late rows` is a remark like any other.
    if !codes.iter().all(|(name, _)| is_like_a_code(name)) {
        return None;
    }
    if reason.is_empty() {
        // It silences all the same: that would be two messages for one mistake.
        said.push(no_reason(span, names.trim()));
    }
    let known = |(name, span): (&str, Span)| match warning(name, span, Code::BAD_ALLOW) {
        Ok(code) => Some((code, span)),
        Err(diagnostic) => {
            said.push(*diagnostic);
            None
        }
    };
    let codes: Vec<_> = codes.into_iter().filter_map(known).collect();
    let source = sources.get(span.file);
    let mut line = source.line_column(span.start).line;
    if alone {
        let lines = source.text.lines().count();
        let blank = |line: &str| line.trim().is_empty() || line.trim_start().starts_with("//");
        line += 1;
        while line < lines && blank(source.line(line)) {
            line += 1;
        }
    }
    let used = Vec::new();
    Some(Allow {
        span,
        line,
        codes,
        used,
    })
}

fn is_like_a_code(name: &str) -> bool {
    let digits = name.strip_prefix(['P', 'p']);
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn no_reason(span: Span, names: &str) -> Diagnostic {
    Diagnostic::new(Code::BAD_ALLOW, span, "a warning is silenced without a reason")
        .found("no reason follows")
        .help(format!("write why: `// allow {names}: the vendor only has floats`"))
}

/// What is to be said of the codes of a comment that silenced nothing.
fn idle_codes<'a>(sources: &'a Sources, allow: &'a Allow) -> impl Iterator<Item = Diagnostic> + 'a {
    let idle = allow.codes.iter().filter(|(code, _)| !allow.used.contains(code));
    idle.map(move |(code, span)| {
        let message = format!("`{code}` is silenced here, but nothing says it");
        let diagnostic = Diagnostic::new(Code::IDLE_ALLOW, *span, message).found("silences nothing");
        if allow.codes.len() > 1 {
            return diagnostic.help("take it out of the comment");
        }
        let whole = with_its_space(sources, allow.span);
        diagnostic
            .help("remove the comment")
            .fix("remove the comment", whole, "")
    })
}

/// A comment with what is left empty without it: its line, or the space in front of it.
fn with_its_space(sources: &Sources, span: Span) -> Span {
    let text = &sources.get(span.file).text;
    let before = text.get(..span.start as usize).unwrap_or("");
    let kept = before.trim_end_matches([' ', '\t']);
    let alone = kept.is_empty() || kept.ends_with('\n');
    let end = if alone {
        span.end as usize + 1
    } else {
        span.end as usize
    };
    Span::new(span.file, kept.len(), end.min(text.len()))
}
