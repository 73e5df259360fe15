//! What a step may do on a stream, a table and objects: the others are told what to do instead.

use crate::base::Span;
use crate::check::program::Shape;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast;

use super::Steps;

/// What rows of a shape are called.
pub(super) fn of_shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Stream => "a stream",
        Shape::Table => "a table",
        Shape::Objects => "objects",
    }
}

impl Steps<'_> {
    /// Whether the rows are a table's; that a step wants one is said, and what to do instead.
    pub(super) fn table_only(&mut self, step: &str, at: Span, instead: &str) -> bool {
        if self.shape == Shape::Table {
            return true;
        }
        let rows = of_shape(self.shape);
        let message = format!("`{step}` needs a table, and these rows come as {rows}");
        let diagnostic = Diagnostic::new(Code::TABLES_ONLY, at, message)
            .found(format!("{rows} never ends"))
            .help(instead);
        self.say(match self.shape {
            Shape::Objects => diagnostic,
            _ => diagnostic.help("or do it in a transform that reads what landed: `ZONE.SOURCE`"),
        });
        false
    }

    /// A `route` is the end of a transform.
    pub(super) fn behind_route(&mut self, step: &ast::Step, route: &ast::Step) {
        let message = format!("`{}` stands behind `route`, where no rows are left", step.word.text);
        let diagnostic = Diagnostic::new(Code::ROUTE, step.word.span, message)
            .found("never reached")
            .label(route.word.span, "each row has gone to one of its targets")
            .help("write it above `route`");
        self.say(diagnostic);
    }
}
