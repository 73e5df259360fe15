//! Lengths of time that steps are told: `within 1 hour`, `every 5 min`.

use crate::check::exprs::Place;
use crate::diag::{Code, Diagnostic};
use crate::plan::expr::Literal;
use crate::plan::types::TypeKind;
use crate::syntax::ast;

use super::Steps;

const SECOND: i64 = 1_000_000;

impl Steps<'_> {
    /// A length of time known at compile time, whole seconds; `what` is the word before it.
    pub(super) fn seconds(&mut self, expr: &ast::Expr, what: &str) -> Option<u64> {
        let typed = self.checker(&[], Place::Constant).expr(expr);
        if typed.is_error() {
            return None;
        }
        let Some(Literal::Duration(micros)) = typed.literal().cloned() else {
            let text = &typed.expr.text;
            let diagnostic = match typed.kind() {
                TypeKind::Int => Diagnostic::new(Code::DIMENSION, expr.span, format!("`{what} {text}` has no unit"))
                    .found("a duration is expected")
                    .help(format!("write `{what} {text} min`")),
                _ => Diagnostic::new(
                    Code::DIMENSION,
                    expr.span,
                    format!("`{what}` takes a duration, but `{text}` is {}", typed.kind()),
                )
                .found("not a duration")
                .help(format!("write `{what} 5 min`")),
            };
            self.say(diagnostic);
            return None;
        };
        match u64::try_from(micros / SECOND) {
            Ok(seconds) if seconds > 0 && micros % SECOND == 0 => Some(seconds),
            _ => {
                let message = format!("`{what}` takes whole seconds, one at least, not `{}`", typed.expr.text);
                let diagnostic = Diagnostic::new(Code::OUT_OF_BOUNDS, expr.span, message)
                    .found("outside of what it allows")
                    .help(format!("write `{what} 1 s` or more"));
                self.say(diagnostic);
                None
            }
        }
    }
}
