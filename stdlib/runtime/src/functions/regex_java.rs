//! Regular expressions of the common syntax as Java reads them, with the same answers.
//!
//! It must not know which engine asks: it turns texts into texts.

use regex_syntax::ast::{self, AssertionKind, Ast, GroupKind};
use regex_syntax::hir::Hir;

use super::regex::{Fault, explicit};

/// Between what is a letter, digit or `_` of ASCII and what is not; Java's own `\b` is of Unicode.
const BOUNDARY: &str = "(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_])|(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))";

/// Java reads halves of code points as if they were some; a match starts at none.
const WHOLE: &str = "(?![\\x{DC00}-\\x{DFFF}])";

/// An expression as Java reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Java {
    /// Finds what the expression finds.
    pub pattern: String,
    /// Finds every match in turn: of those that are empty none right behind another match.
    pub in_turn: String,
    /// Whether a match may be empty.
    pub may_be_empty: bool,
    /// How many groups it has.
    pub groups: usize,
}

/// An expression as Java reads it; where it is outside of the common syntax, why.
pub fn java(pattern: &str) -> Result<Java, Fault> {
    let mut writer = Writer::new(pattern, None)?;
    let body = writer.text()?;
    let may_be_empty = hir(pattern).is_none_or(|hir| hir.properties().minimum_len() == Some(0));
    let in_turn = match may_be_empty {
        // `\G` is the end of the match before; at the start there was none.
        true => format!("(?d){WHOLE}(?>{body})(?:\\A|(?!\\G))"),
        false => format!("(?d){body}"),
    };
    Ok(Java {
        pattern: format!("(?d){body}"),
        in_turn,
        may_be_empty,
        groups: writer.groups,
    })
}

/// What Java finds in a text in whose first match this group takes part; nothing for a group that is not there.
pub fn takes_part(pattern: &str, group: usize) -> Option<String> {
    if group == 0 {
        return java(pattern).ok().map(|java| java.pattern);
    }
    let mut writer = Writer::new(pattern, Some(group)).ok()?;
    let body = writer.text().ok()?;
    // An empty group at the end of the group is what a reference to it asks for.
    writer.mark.map(|mark| format!("(?d)(?>\\A(?s:.*?)(?:{body}))\\{mark}"))
}

/// What Java finds where the first match is empty and starts the text.
pub fn starts_empty(java: &Java) -> String {
    format!("\\A(?>{})(?<=\\A)", java.pattern)
}

/// A replacement (`$1`, `$$`) as Java reads it, for an expression with so many groups.
pub fn replacement(text: &str, groups: usize) -> String {
    let mut out = String::new();
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '$' => match signs.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    let group = digit as usize - '0' as usize;
                    // Java refuses a group that is not there, where it stands for nothing.
                    if group <= groups {
                        out.extend(['$', digit]);
                        if signs.peek().is_some_and(char::is_ascii_digit) {
                            out.push('\\');
                        }
                    }
                }
                Some('\\') => out.push_str("\\\\"),
                Some('$') => out.push_str("\\$"),
                Some(other) => out.push(other),
                None => {}
            },
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
    out
}

fn hir(pattern: &str) -> Option<Hir> {
    regex_syntax::ParserBuilder::new()
        .utf8(false)
        .build()
        .parse(&explicit(pattern).ok()?)
        .ok()
}

/// Writes an expression's tree, changing only what Java reads otherwise.
struct Writer {
    ast: Ast,
    explicit: String,
    groups: usize,
    /// The group that gets an empty one at its end, and the number of that one.
    wanted: Option<usize>,
    mark: Option<usize>,
    /// What is written at which place instead of so many bytes.
    changes: Vec<(usize, usize, String)>,
}

impl Writer {
    fn new(pattern: &str, wanted: Option<usize>) -> Result<Writer, Fault> {
        let explicit = explicit(pattern)?;
        let ast = ast::parse::Parser::new().parse(&explicit).map_err(|error| Fault {
            start: 0,
            end: pattern.len(),
            what: error.to_string(),
            instead: None,
        })?;
        Ok(Writer {
            ast,
            explicit,
            groups: 0,
            wanted,
            mark: None,
            changes: Vec::new(),
        })
    }

    fn text(&mut self) -> Result<String, Fault> {
        let ast = self.ast.clone();
        self.walk(&ast);
        self.changes.sort_by_key(|(start, ..)| *start);
        let mut out = String::new();
        let mut at = 0;
        for (start, end, text) in &self.changes {
            out.push_str(self.explicit.get(at..*start).unwrap_or(""));
            out.push_str(text);
            at = *end;
        }
        out.push_str(self.explicit.get(at..).unwrap_or(""));
        Ok(out)
    }

    fn walk(&mut self, ast: &Ast) {
        match ast {
            Ast::Group(group) => self.group(group),
            Ast::Repetition(repetition) => self.walk(&repetition.ast),
            Ast::Alternation(alternation) => alternation.asts.iter().for_each(|ast| self.walk(ast)),
            Ast::Concat(concat) => concat.asts.iter().for_each(|ast| self.walk(ast)),
            Ast::Assertion(assertion) if assertion.kind == AssertionKind::WordBoundary => {
                let span = assertion.span;
                self.changes
                    .push((span.start.offset, span.end.offset, BOUNDARY.to_owned()));
            }
            _ => {}
        }
    }

    fn group(&mut self, group: &ast::Group) {
        let span = group.span;
        if let GroupKind::NonCapturing(flags) = &group.kind
            && flags.items.iter().any(|item| {
                matches!(
                    item.kind,
                    ast::FlagsItemKind::Negation | ast::FlagsItemKind::Flag(ast::Flag::Unicode)
                )
            })
            && let Ast::Assertion(_) = group.ast.as_ref()
        {
            // `(?-u:\b)`, which is what a boundary was made explicit as.
            self.changes
                .push((span.start.offset, span.end.offset, BOUNDARY.to_owned()));
            return;
        }
        let mut number = None;
        match &group.kind {
            GroupKind::CaptureIndex(_) => {
                self.groups += 1;
                number = Some(self.groups);
            }
            GroupKind::CaptureName { name, .. } => {
                self.groups += 1;
                number = Some(self.groups);
                // Java's names have no `_`, and nothing asks for a group by its name.
                self.changes
                    .push((span.start.offset, name.span.end.offset + 1, "(".to_owned()));
            }
            GroupKind::NonCapturing(_) => {}
        }
        self.walk(&group.ast);
        if number.is_some() && number == self.wanted {
            self.groups += 1;
            self.mark = Some(self.groups);
            let end = span.end.offset - 1;
            self.changes.push((end, end, "()".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_java_reads_otherwise_is_changed() {
        let plain = java("[a-z]+@(?<the_host>[^.]+)\\.de$").unwrap();
        assert_eq!(plain.pattern, "(?d)[a-z]+@([^.]+)\\.de\\z");
        assert_eq!((plain.groups, plain.may_be_empty), (1, false));
        assert_eq!(java("\\bx").unwrap().pattern, format!("(?d){BOUNDARY}x"));
        assert_eq!(java("x*").unwrap().in_turn, format!("(?d){WHOLE}(?>x*)(?:\\A|(?!\\G))"));
        assert_eq!(takes_part("(a)|(b)", 2).unwrap(), "(?d)(?>\\A(?s:.*?)(?:(a)|(b())))\\3");
        assert_eq!(takes_part("(a)", 2), None);
    }

    #[test]
    fn replacements() {
        assert_eq!(replacement("$1-$$\\$3", 1), "$1-\\$\\\\");
        assert_eq!(replacement("$12", 20), "$1\\2");
    }
}
