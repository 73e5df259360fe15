//! Texts: escapes, expressions inside, and the margin of texts over several lines.

use crate::base::Span;
use crate::diag::{Code, Diagnostic};

use super::super::ast::{ExprKind, StrLit, TextPart};
use super::super::grammar::Rule;
use super::{Builder, Node, child};

impl Builder<'_> {
    /// A text and the expressions in it.
    pub(super) fn text(&mut self, node: Node) -> ExprKind {
        let margin = margin(node.as_str());
        let mut parts: Vec<TextPart> = Vec::new();
        let body = node.into_inner().next().map(Node::into_inner).into_iter().flatten();
        let mut first = true;
        for piece in body {
            let plain = match piece.as_rule() {
                Rule::interpolation => {
                    parts.push(TextPart::Expr(self.expr_in(&piece)));
                    first = false;
                    continue;
                }
                Rule::escape => self.escape(&piece),
                _ => without_margin(piece.as_str(), margin, first),
            };
            first = false;
            match parts.last_mut() {
                Some(TextPart::Plain(text)) => text.push_str(&plain),
                _ => parts.push(TextPart::Plain(plain)),
            }
        }
        if margin.is_some()
            && let Some(TextPart::Plain(last)) = parts.last_mut()
        {
            // The line of the closing quotes is none of the text's.
            let kept = last.trim_end_matches([' ', '\t']).len();
            if last.get(..kept).is_some_and(|kept| kept.ends_with('\n')) {
                last.truncate(kept.saturating_sub(1));
            }
        }
        ExprKind::Text(parts)
    }

    /// A text that stands where no expressions may be inside.
    pub(super) fn plain_text_in(&mut self, node: &Node) -> StrLit {
        let Some(text) = child(node, Rule::text) else {
            return StrLit {
                value: String::new(),
                span: self.span(node),
            };
        };
        let span = self.span(&text);
        let mut value = String::new();
        if let ExprKind::Text(parts) = self.text(text) {
            for part in parts {
                match part {
                    TextPart::Plain(plain) => value.push_str(&plain),
                    TextPart::Expr(expr) => self.no_expression(expr.span),
                }
            }
        }
        StrLit { value, span }
    }

    fn no_expression(&mut self, span: Span) {
        self.say(
            Diagnostic::new(Code::SYNTAX, span, "this text takes no `${ }`")
                .found("an expression in a text that must be fixed")
                .help("write `\\$` for a dollar sign"),
        );
    }

    fn escape(&mut self, node: &Node) -> String {
        let written = node.as_str();
        let known = match written {
            "\\n" => Some('\n'),
            "\\t" => Some('\t'),
            "\\r" => Some('\r'),
            "\\\"" => Some('"'),
            "\\\\" => Some('\\'),
            "\\$" => Some('$'),
            _ => {
                let digits = written.strip_prefix("\\u{").and_then(|rest| rest.strip_suffix('}'));
                digits
                    .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                    .and_then(char::from_u32)
            }
        };
        if let Some(known) = known {
            return known.to_string();
        }
        let span = self.span(node);
        self.say(
            Diagnostic::new(
                Code::ESCAPE,
                span,
                format!(
                    "texts have no escape `{}`",
                    written.escape_debug().to_string().replacen("\\\\", "\\", 1)
                ),
            )
            .found("not an escape")
            .help(format!(
                "write `\\{}` for a backslash; escapes are `\\n \\t \\r \\\" \\\\ \\$ \\u{{…}}`",
                written.escape_debug().to_string().replacen("\\\\", "\\", 1)
            )),
        );
        written.to_owned()
    }
}

/// How far a text over several lines is indented, where it starts on the line behind its quotes.
fn margin(literal: &str) -> Option<usize> {
    let inside = literal.strip_prefix("\"\"\"")?;
    let inside = inside.get(..inside.len().saturating_sub(3))?;
    let (head, lines) = inside.split_once('\n')?;
    if !head.trim().is_empty() {
        return None;
    }
    let last = lines.lines().count().saturating_sub(1);
    let counts = |(at, line): &(usize, &str)| !line.trim().is_empty() || *at == last;
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let lines = lines.split('\n').enumerate().filter(counts);
    Some(lines.map(|(_, line)| indent(line)).min().unwrap_or(0))
}

fn without_margin(text: &str, margin: Option<usize>, first: bool) -> String {
    let Some(margin) = margin else { return text.to_owned() };
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or("").to_owned();
    if first {
        out.clear();
    }
    for (at, line) in lines.enumerate() {
        if !(first && at == 0) {
            out.push('\n');
        }
        let spaces = line.len() - line.trim_start_matches([' ', '\t']).len();
        out.push_str(line.get(spaces.min(margin)..).unwrap_or(""));
    }
    out
}
