//! Regular expressions in the syntax that all engines have in common, and functions that use them.
//!
//! An expression is checked and made explicit once: classes and word boundaries are those of ASCII, `$` is the very end.

use std::cell::RefCell;
use std::collections::BTreeMap;

use regex::Captures;
pub use regex::Regex;
use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassPerlKind, ClassSet, ClassSetItem, ClassUnicodeKind, Flag, FlagsItemKind, GroupKind,
    HexLiteralKind, LiteralKind, Span, SpecialLiteralKind,
};

/// What is outside of the common syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The first byte of it in the expression.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// What it is.
    pub what: String,
    /// What may be written instead.
    pub instead: Option<String>,
}

/// Checks an expression.
pub fn check(pattern: &str) -> Result<(), Fault> {
    explicit(pattern).map(drop)
}

/// An expression, ready to be used; where it is outside of the common syntax, why.
pub fn compile(pattern: &str) -> Result<Regex, Fault> {
    Regex::new(&explicit(pattern)?).map_err(|error| whole(pattern, &error.to_string()))
}

/// The expression with all classes written out, for engines whose classes are others.
pub fn explicit(pattern: &str) -> Result<String, Fault> {
    let mut parser = ast::parse::Parser::new();
    let ast = parser.parse(pattern).map_err(|error| {
        let (what, instead) = words_of(error.kind());
        Fault {
            start: error.span().start.offset,
            end: error.span().end.offset,
            what,
            instead,
        }
    })?;
    let mut walk = Walk {
        pattern,
        written: Vec::new(),
    };
    walk.ast(&ast)?;
    let mut text = String::new();
    let mut at = 0;
    for (span, explicit) in walk.written {
        text.push_str(pattern.get(at..span.start.offset).unwrap_or(""));
        text.push_str(explicit);
        at = span.end.offset;
    }
    text.push_str(pattern.get(at..).unwrap_or(""));
    Regex::new(&text).map_err(|error| whole(pattern, &error.to_string()))?;
    Ok(text)
}

fn whole(pattern: &str, error: &str) -> Fault {
    let what = match error.contains("size limit") {
        true => "it is too large".to_owned(),
        false => error
            .lines()
            .last()
            .unwrap_or(error)
            .trim_start_matches("error: ")
            .to_owned(),
    };
    Fault {
        start: 0,
        end: pattern.len(),
        what,
        instead: None,
    }
}

fn words_of(kind: &ast::ErrorKind) -> (String, Option<String>) {
    use ast::ErrorKind::{
        ClassUnclosed, EscapeUnexpectedEof, EscapeUnrecognized, GroupUnclosed, GroupUnopened, RepetitionMissing,
        UnsupportedBackreference, UnsupportedLookAround,
    };
    let (what, instead) = match kind {
        UnsupportedLookAround => (
            "look-around is not in it",
            Some("take the part out with a group, or test it apart"),
        ),
        UnsupportedBackreference => (
            "back-references are not in it",
            Some("compare two groups after taking them out"),
        ),
        GroupUnclosed => ("this `(` is never closed", Some("a bracket itself is written `\\\\(`")),
        GroupUnopened => ("this `)` closes nothing", Some("a bracket itself is written `\\\\)`")),
        ClassUnclosed => ("this `[` is never closed", Some("a bracket itself is written `\\\\[`")),
        RepetitionMissing => (
            "nothing stands before it that could be repeated",
            Some("the sign itself has `\\\\` before it"),
        ),
        EscapeUnrecognized => ("there is no such escape", None),
        EscapeUnexpectedEof => (
            "nothing stands behind the `\\`",
            Some("the sign itself is written `\\\\\\\\`"),
        ),
        other => return (other.to_string(), None),
    };
    (what.to_owned(), instead.map(str::to_owned))
}

struct Walk<'p> {
    pattern: &'p str,
    /// What is written out, in order.
    written: Vec<(Span, &'static str)>,
}

impl Walk<'_> {
    fn fault(&self, span: &Span, what: &str, instead: Option<&str>) -> Fault {
        let _ = self.pattern;
        Fault {
            start: span.start.offset,
            end: span.end.offset,
            what: what.to_owned(),
            instead: instead.map(str::to_owned),
        }
    }

    fn ast(&mut self, ast: &Ast) -> Result<(), Fault> {
        match ast {
            Ast::Empty(_) | Ast::Dot(_) => Ok(()),
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::Literal(literal) => self.literal(literal),
            Ast::Assertion(assertion) => self.assertion(assertion),
            Ast::ClassUnicode(class) => self.unicode(class),
            Ast::ClassPerl(class) => {
                self.written.push((class.span, outside(&class.kind, class.negated)));
                Ok(())
            }
            Ast::ClassBracketed(class) => self.set(&class.kind),
            Ast::Repetition(repetition) => {
                if let Ast::Repetition(inner) = repetition.ast.as_ref() {
                    let _ = inner;
                    let instead = "put the inner one in `(?:…)`";
                    return Err(self.fault(&repetition.op.span, "a repetition is repeated", Some(instead)));
                }
                let written = self
                    .pattern
                    .get(repetition.op.span.start.offset..repetition.op.span.end.offset);
                if written.is_some_and(|op| op.starts_with("{,")) {
                    return Err(self.fault(&repetition.op.span, "it has no least count", Some("write `{0,…}`")));
                }
                self.ast(&repetition.ast)
            }
            Ast::Group(group) => {
                match &group.kind {
                    GroupKind::CaptureName {
                        starts_with_p: true,
                        name,
                    } => {
                        let instead = format!("write `(?<{}>…)`", name.name);
                        return Err(self.fault(&name.span, "`(?P<…>` is not in it", Some(&instead)));
                    }
                    GroupKind::NonCapturing(flags) => self.flags(flags)?,
                    _ => {}
                }
                self.ast(&group.ast)
            }
            Ast::Alternation(alternation) => alternation.asts.iter().try_for_each(|ast| self.ast(ast)),
            Ast::Concat(concat) => concat.asts.iter().try_for_each(|ast| self.ast(ast)),
        }
    }

    fn flags(&self, flags: &ast::Flags) -> Result<(), Fault> {
        for item in &flags.items {
            match item.kind {
                FlagsItemKind::Flag(Flag::DotMatchesNewLine) => {}
                FlagsItemKind::Flag(Flag::CaseInsensitive) => {
                    let instead = "search in `lower(…)`";
                    return Err(self.fault(
                        &item.span,
                        "the flag `i` means another thing on each engine",
                        Some(instead),
                    ));
                }
                _ => return Err(self.fault(&item.span, "of the flags only `s` is in it", None)),
            }
        }
        Ok(())
    }

    fn literal(&self, literal: &ast::Literal) -> Result<(), Fault> {
        match &literal.kind {
            LiteralKind::Special(SpecialLiteralKind::VerticalTab) => Err(self.fault(
                &literal.span,
                "`\\v` means another thing on each engine",
                Some("write `\\\\x0B`"),
            )),
            LiteralKind::HexFixed(HexLiteralKind::UnicodeLong)
            | LiteralKind::HexBrace(HexLiteralKind::UnicodeShort | HexLiteralKind::UnicodeLong) => Err(self.fault(
                &literal.span,
                "this way to write a code point is not in it",
                Some("write `\\\\x{…}`"),
            )),
            _ => Ok(()),
        }
    }

    fn assertion(&mut self, assertion: &ast::Assertion) -> Result<(), Fault> {
        let explicit = match assertion.kind {
            AssertionKind::StartLine | AssertionKind::StartText | AssertionKind::EndText => return Ok(()),
            AssertionKind::EndLine => "\\z",
            AssertionKind::WordBoundary => "(?-u:\\b)",
            // Of bytes it could stand inside of a code point, so it is made of Unicode's classes.
            AssertionKind::NotWordBoundary => {
                let instead = "say which signs stand there";
                return Err(self.fault(&assertion.span, "`\\B` is not in it", Some(instead)));
            }
            _ => return Err(self.fault(&assertion.span, "this boundary is not in it", Some("write `\\\\b`"))),
        };
        self.written.push((assertion.span, explicit));
        Ok(())
    }

    fn unicode(&self, class: &ast::ClassUnicode) -> Result<(), Fault> {
        let category = |name: &str| matches!(name.len(), 1 | 2) && name.starts_with(|c: char| "LMNPSZC".contains(c));
        match &class.kind {
            ClassUnicodeKind::OneLetter(letter) if category(&letter.to_string()) => Ok(()),
            ClassUnicodeKind::Named(name) if category(name) => Ok(()),
            _ => Err(self.fault(
                &class.span,
                "of Unicode's classes only general categories are in it",
                Some("write one as `\\\\p{L}` or `\\\\p{Lu}`"),
            )),
        }
    }

    fn set(&mut self, set: &ClassSet) -> Result<(), Fault> {
        match set {
            ClassSet::Item(item) => self.item(item),
            ClassSet::BinaryOp(operation) => Err(self.fault(
                &operation.span,
                "classes are not computed with",
                Some("write the signs out"),
            )),
        }
    }

    fn item(&mut self, item: &ClassSetItem) -> Result<(), Fault> {
        match item {
            ClassSetItem::Empty(_) => Ok(()),
            ClassSetItem::Literal(literal) => self.literal(literal),
            ClassSetItem::Range(range) => {
                self.literal(&range.start)?;
                self.literal(&range.end)
            }
            ClassSetItem::Ascii(class) => Err(self.fault(
                &class.span,
                "classes as `[:alpha:]` are not in it",
                Some("write `A-Za-z`"),
            )),
            ClassSetItem::Unicode(class) => self.unicode(class),
            ClassSetItem::Perl(class) => {
                self.written.push((class.span, inside(&class.kind, class.negated)));
                Ok(())
            }
            ClassSetItem::Bracketed(class) => Err(self.fault(
                &class.span,
                "a class stands in a class",
                Some("a bracket itself is written `\\\\[`"),
            )),
            ClassSetItem::Union(union) => union.items.iter().try_for_each(|item| self.item(item)),
        }
    }
}

/// A class by itself.
fn outside(kind: &ClassPerlKind, negated: bool) -> &'static str {
    match (kind, negated) {
        (ClassPerlKind::Digit, false) => "[0-9]",
        (ClassPerlKind::Space, false) => "[ \\t\\n\\x0B\\f\\r]",
        (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
        (kind, true) => inside(kind, true),
    }
}

/// A class among others.
fn inside(kind: &ClassPerlKind, negated: bool) -> &'static str {
    match (kind, negated) {
        (ClassPerlKind::Digit, false) => "0-9",
        (ClassPerlKind::Space, false) => " \\t\\n\\x0B\\f\\r",
        (ClassPerlKind::Word, false) => "0-9A-Za-z_",
        (ClassPerlKind::Digit, true) => "[^0-9]",
        (ClassPerlKind::Space, true) => "[^ \\t\\n\\x0B\\f\\r]",
        (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
    }
}

/// A `$` in a replacement that is neither a group nor a dollar sign.
pub fn wrong_reference(replacement: &str) -> Option<String> {
    let mut rest = replacement;
    while let Some(at) = rest.find('$') {
        let next = rest.get(at + 1..)?.chars().next();
        match next {
            Some(c) if c == '$' || c.is_ascii_digit() => rest = rest.get(at + 2..)?,
            _ => return rest.get(at..).map(|wrong| wrong.chars().take(2).collect()),
        }
    }
    None
}

/// The expression of this text, made once a thread; nothing for one that [`check`] finds a fault in.
pub fn cached(pattern: &str) -> Option<Regex> {
    /// More than this are not kept: the number of expressions in a project is small.
    const KEPT: usize = 256;
    thread_local! {
        static MADE: RefCell<BTreeMap<String, Regex>> = const { RefCell::new(BTreeMap::new()) };
    }
    MADE.with_borrow_mut(|made| {
        if let Some(regex) = made.get(pattern) {
            return Some(regex.clone());
        }
        if made.len() >= KEPT {
            made.clear();
        }
        let regex = compile(pattern).ok()?;
        made.insert(pattern.to_owned(), regex.clone());
        Some(regex)
    })
}

/// With each match replaced: `$1` to `$9` are groups, `$0` is the match, `$$` a dollar sign.
pub fn regex_replace(text: &str, pattern: &Regex, replacement: &str) -> String {
    let replaced = pattern.replace_all(text, |found: &Captures<'_>| {
        let mut out = String::new();
        let mut signs = replacement.chars();
        while let Some(c) = signs.next() {
            match c {
                '$' => match signs.next() {
                    Some(digit) if digit.is_ascii_digit() => {
                        let group = digit as usize - '0' as usize;
                        out.push_str(found.get(group).map_or("", |group| group.as_str()));
                    }
                    Some(other) => out.push(other),
                    None => {}
                },
                other => out.push(other),
            }
        }
        out
    });
    replaced.into_owned()
}

/// A group of the first match; 0 is the match.
pub fn regex_extract<'t>(text: &'t str, pattern: &Regex, group: i64) -> Option<&'t str> {
    let group = usize::try_from(group).ok()?;
    pattern.captures(text)?.get(group).map(|group| group.as_str())
}

/// A group of every match.
pub fn regex_extract_all(text: &str, pattern: &Regex, group: i64) -> Vec<String> {
    let group = usize::try_from(group).unwrap_or(usize::MAX);
    let matches = pattern.captures_iter(text);
    matches
        .map(|found| found.get(group).map_or("", |group| group.as_str()).to_owned())
        .collect()
}

/// How many matches.
pub fn regex_count(text: &str, pattern: &Regex) -> i64 {
    pattern.find_iter(text).count() as i64
}

/// The pieces between matches.
pub fn regex_split(text: &str, pattern: &Regex) -> Vec<String> {
    pattern.split(text).map(str::to_owned).collect()
}

/// Whether it is found anywhere.
pub fn matches(text: &str, pattern: &Regex) -> bool {
    pattern.is_match(text)
}

/// The expression of a text in which [`explicit`] has already said all that differs between engines.
///
/// # Panics
/// If it is none: whoever wrote it has checked it before.
pub fn checked(explicit: &str) -> Regex {
    Regex::new(explicit).unwrap_or_else(|fault| panic!("the compiler checked this expression: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_of_ascii() {
        assert!(!matches("٣", &compile("\\d").unwrap()));
        assert!(matches("٣", &compile("\\D").unwrap()));
        assert!(!matches("é", &compile("^\\w$").unwrap()));
        assert!(!matches("\u{a0}", &compile("[\\s]").unwrap()));
        assert!(matches("x", &compile("[\\D]").unwrap()));
        assert!(!matches("a\n", &compile("a$").unwrap()));
        assert!(matches("é a", &compile("\\ba").unwrap()));
        assert_eq!(explicit("[\\d.]+\\s$").unwrap(), "[0-9.]+[ \\t\\n\\x0B\\f\\r]\\z");
    }

    #[test]
    fn what_one_engine_alone_has_is_told_by_place() {
        for (pattern, start, end) in [
            ("a(?=b)", 1, 4),
            ("(a)\\1", 3, 5),
            ("a(?i)b", 3, 4),
            ("[[:alpha:]]", 1, 10),
            ("(?P<x>a)", 4, 5),
            ("a++", 2, 3),
            ("\\p{Greek}", 0, 9),
            ("a\\v", 1, 3),
            ("[a&&b]", 1, 5),
            ("(a", 0, 1),
            ("*a", 0, 0),
        ] {
            let fault = compile(pattern).unwrap_err();
            assert_eq!((fault.start, fault.end), (start, end), "{pattern}: {}", fault.what);
        }
    }

    #[test]
    fn references() {
        assert_eq!(wrong_reference("$1 $$ $0"), None);
        assert_eq!(wrong_reference("$x").as_deref(), Some("$x"));
        assert_eq!(wrong_reference("a$").as_deref(), Some("$"));
    }
}
