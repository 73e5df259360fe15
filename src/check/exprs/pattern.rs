//! `like` and `matches`: a text against a pattern that is known when the project is compiled.

use crate::check::patterns;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::{ExprKind, Literal};
use crate::plan::types::TypeKind;
use crate::syntax::ast;

use super::{Checker, Typed};

impl Checker<'_> {
    /// `x [not] like "a%"`
    pub(super) fn like(&mut self, expr: &ast::Expr, value: &ast::Expr, pattern: &ast::Expr, negated: bool) -> Typed {
        let Some((value, pattern)) = self.patterned("like", value, pattern) else {
            return self.error(expr);
        };
        self.answer(expr, [value], |[value]| ExprKind::Like {
            value: Box::new(value),
            pattern,
            negated,
        })
    }

    /// `x [not] matches "^a+$"`
    pub(super) fn matches(&mut self, expr: &ast::Expr, value: &ast::Expr, pattern: &ast::Expr, negated: bool) -> Typed {
        let at = pattern.span;
        let Some((value, pattern)) = self.patterned("matches", value, pattern) else {
            return self.error(expr);
        };
        if let Some(wrong) = patterns::regex(&pattern, at, self.ctx.sources) {
            self.say(wrong);
            return self.error(expr);
        }
        self.answer(expr, [value], |[value]| ExprKind::Matches {
            value: Box::new(value),
            pattern,
            negated,
        })
    }

    /// The text and the pattern, if they are what they must be.
    fn patterned(&mut self, word: &str, value: &ast::Expr, pattern: &ast::Expr) -> Option<(Typed, String)> {
        let (value, pattern) = (self.expr(value), self.expr(pattern));
        if value.is_error() || pattern.is_error() {
            return None;
        }
        if *value.kind() != TypeKind::Text {
            let (text, kind) = (&value.expr.text, value.kind());
            let message = format!("`{word}` looks at a text, but `{text}` is {kind}");
            let diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, value.span, message).found(format!("this is {kind}"));
            self.say(match kind {
                TypeKind::Enum { .. } => diagnostic.help(format!("write `{text} in [{text}, …]` with its variants")),
                _ => diagnostic.help(format!("make it a text: `\"${{{text}}}\" {word} …`")),
            });
            return None;
        }
        match pattern.literal() {
            Some(Literal::Text(known)) => Some((value, known.clone())),
            _ => {
                let message = format!(
                    "the pattern of `{word}` is not known when the project is compiled: `{}`",
                    pattern.expr.text
                );
                let diagnostic = Diagnostic::new(Code::PATTERN, pattern.span, message).found("not a literal text");
                self.say(diagnostic.help(format!(
                    "write the pattern itself, or ask for a part of the text: `contains({}, {})`",
                    value.expr.text, pattern.expr.text
                )));
                None
            }
        }
    }
}
