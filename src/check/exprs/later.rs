//! What the language has and this version cannot do, and what is no expression at all.

use crate::base::Span;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, ExprKind};

use super::{Checker, Typed};

impl Checker<'_> {
    /// An expression that this version cannot do: an error that names it.
    pub(super) fn refused(&mut self, expr: &ast::Expr, at: Span, what: &str) -> Typed {
        self.say(crate::check::not_yet(at, what));
        self.error(expr)
    }

    /// The constructs that have no place in the plan yet.
    pub(super) fn later(&mut self, expr: &ast::Expr) -> Typed {
        let what = match &expr.kind {
            ExprKind::Member { .. } => "`x.field`",
            ExprKind::Index { .. } => "`list[i]`",
            ExprKind::Match { .. } => "`match`",
            ExprKind::Lambda { .. } => "`row => …`",
            ExprKind::Quantity { .. } => "durations in expressions",
            other => return self.no_value(expr, name_of(other)),
        };
        self.refused(expr, expr.span, what)
    }

    fn no_value(&mut self, expr: &ast::Expr, what: &str) -> Typed {
        let message = format!("{what} is no value of a row");
        let diagnostic = Diagnostic::new(Code::NOT_A_VALUE, expr.span, message).found("an expression is expected");
        self.say(diagnostic.help("write a column, a literal, an operator or a call"));
        self.error(expr)
    }
}

fn name_of(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::Star(_) => "`.*`",
        ExprKind::Rate { .. } | ExprKind::For { .. } => "a rate",
        ExprKind::Of { .. } => "`of`",
        ExprKind::Range { .. } => "a range",
        ExprKind::List(_) => "a list",
        ExprKind::Record(_) => "a record",
        ExprKind::Variant { .. } => "a value with settings of its own",
        ExprKind::Label(_) => "a label",
        _ => "this",
    }
}
