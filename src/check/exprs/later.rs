//! What is no expression at all.

use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{self, ExprKind};

use super::{Checker, Typed};

impl Checker<'_> {
    /// What is no expression: parts of settings and declarations.
    pub(super) fn no_value(&mut self, expr: &ast::Expr) -> Typed {
        let what = name_of(&expr.kind);
        let message = format!("{what} is no value of a row");
        let diagnostic = Diagnostic::new(Code::NOT_A_VALUE, expr.span, message).found("an expression is expected");
        self.say(match &expr.kind {
            ExprKind::Range { .. } => {
                diagnostic.help("a range stands behind `in` and in an arm of `match`: `x in 1..3`")
            }
            ExprKind::Lambda { .. } => {
                diagnostic.help("it is an argument of a function on lists: `filter(xs, x => x > 0)`")
            }
            _ => diagnostic.help("write a column, a literal, an operator or a call"),
        });
        self.error(expr)
    }
}

fn name_of(kind: &ExprKind) -> &'static str {
    match kind {
        ExprKind::Star(_) => "`.*`",
        ExprKind::Rate { .. } | ExprKind::For { .. } => "a rate",
        ExprKind::Of { .. } => "`of`",
        ExprKind::Range { .. } => "a range",
        ExprKind::Lambda { .. } => "`row => …`",
        ExprKind::Variant { .. } => "a value with settings of its own",
        ExprKind::Label(_) => "a label",
        _ => "this",
    }
}
