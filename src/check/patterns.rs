//! Texts that functions read as patterns: regular expressions, dates and times, time zones. What is wrong in one is said
//! when the project is compiled, where it stands.
//!
//! It must not know which functions take them: their declarations say so.

use pipec_runtime::functions::{regex as common, zones};

use crate::base::{Sources, Span, suggest};
use crate::diag::{Code, Diagnostic};

use super::functions::{Declaration, Pattern};
use crate::plan::types::TypeKind;

/// What is wrong with a regular expression, by the syntax that all engines have in common; `None` if it is well written.
/// `at` is the literal that holds it.
pub fn regex(pattern: &str, at: Span, sources: &Sources) -> Option<Diagnostic> {
    let fault = common::check(pattern).err()?;
    let span = within(at, fault.start, fault.end, pattern, sources);
    let message = format!("`{pattern}` is no regular expression of every engine: {}", fault.what);
    let diagnostic = Diagnostic::new(Code::REGEX, span, message).found("not in the common syntax");
    Some(match fault.instead {
        Some(instead) => diagnostic.help(instead),
        None => diagnostic.help("the syntax is what Rust's `regex` and Java have in common"),
    })
}

/// What is wrong with what takes the place of a match.
pub fn replacement(text: &str, at: Span) -> Option<Diagnostic> {
    let wrong = common::wrong_reference(text)?;
    let message = format!("`{wrong}` in a replacement is neither a group nor a dollar sign");
    let diagnostic = Diagnostic::new(Code::REGEX, at, message).found("`$1` is the first group");
    Some(diagnostic.help("write `$$` for a dollar sign, `$0` for the whole match"))
}

/// What is wrong with a pattern of dates and times; one for dates alone has no clock in it.
pub fn time(pattern: &str, form: &Declaration, at: Span) -> Option<Diagnostic> {
    let say = |what: String, found: &str, help: &str| {
        let diagnostic = Diagnostic::new(Code::TIME_PATTERN, at, what).found(found.to_owned());
        Some(match meant(pattern) {
            Some(meant) => {
                diagnostic
                    .help(format!("write `{meant}`"))
                    .fix(format!("write `{meant}`"), at, format!("\"{meant}\""))
            }
            None => diagnostic.help(help.to_owned()),
        })
    };
    let parts = match zones::Format::new(pattern) {
        Ok(parts) => parts,
        Err(wrong) => {
            let message = format!("`{wrong}` in `{pattern}` stands for no part of a date or time");
            let help = "the parts are `yyyy MM dd HH mm ss S XXX`, `M d H`, `MMM EEE DDD hh a XX`; other letters stand in `'quotes'`";
            return say(message, "not a part that every engine reads", help);
        }
    };
    let dates_alone = form.returns == Pattern::Optional(Box::new(Pattern::Kind(TypeKind::Date)))
        || form
            .params
            .iter()
            .any(|param| param.ty == Pattern::Kind(TypeKind::Date));
    if dates_alone && parts.has_clock() {
        let message = format!("`{pattern}` reads a clock, but a date has none");
        return say(
            message,
            "hours, minutes, seconds or an offset",
            "leave them out, or use a timestamp",
        );
    }
    let parses = form.returns.sees_missing();
    if parses && !parts.has_day() {
        let message = format!("`{pattern}` does not say which day it is");
        return say(
            message,
            "no year, month and day",
            "write `yyyy`, `MM` and `dd`, or `yyyy` and `DDD`",
        );
    }
    None
}

/// What was meant by a pattern in the way of other languages (`%Y-%m-%d`, `YYYY-MM-DD`, `yyyy-mm-dd`), if all of it has a
/// part here.
fn meant(pattern: &str) -> Option<String> {
    let mut written = String::new();
    let mut signs = pattern.chars();
    while let Some(c) = signs.next() {
        match c {
            '%' => written.push_str(match signs.next()? {
                'Y' => "yyyy",
                'm' => "MM",
                'd' => "dd",
                'H' => "HH",
                'I' => "hh",
                'M' => "mm",
                'S' => "ss",
                'f' => "SSSSSS",
                'p' => "a",
                'b' => "MMM",
                'a' => "EEE",
                'j' => "DDD",
                'z' => "XX",
                'F' => "yyyy-MM-dd",
                'T' => "HH:mm:ss",
                _ => return None,
            }),
            'Y' => written.push('y'),
            'D' if !pattern.contains("DDD") => written.push('d'),
            'm' if !pattern.contains("MM") && !pattern.contains(['H', 'h']) => written.push('M'),
            other => written.push(other),
        }
    }
    (written != pattern && zones::Format::new(&written).is_ok()).then_some(written)
}

/// What is wrong with a time zone's name.
pub fn zone(name: &str, at: Span) -> Option<Diagnostic> {
    if zones::is_zone(name) {
        return None;
    }
    let diagnostic = Diagnostic::new(Code::TIME_ZONE, at, format!("no time zone is called `{name}`"))
        .found("not in the time zone database");
    Some(match suggest(name, zones::names()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
            format!("write `\"{near}\"`"),
            at,
            format!("\"{near}\""),
        ),
        None => diagnostic.help("write a place of it, such as `Europe/Paris`, or `UTC`"),
    })
}

/// A part of a literal's value as a place in the source: exact where the literal has no escapes.
fn within(at: Span, start: usize, end: usize, value: &str, sources: &Sources) -> Span {
    let written = sources.text(at);
    match written.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inside) if inside == value && end <= value.len() => {
            let from = at.start + 1 + u32::try_from(start).unwrap_or(0);
            let to = at.start + 1 + u32::try_from(end).unwrap_or(0);
            Span {
                start: from,
                end: to.max(from + 1),
                ..at
            }
        }
        _ => at,
    }
}
