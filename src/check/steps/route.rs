//! `route { when COND -> TARGET … else -> TARGET }`: each row goes to the first branch whose condition holds.

use crate::diag::{Code, Diagnostic};
use crate::plan::StepKind;
use crate::plan::expr::{CompareOp, Expr, ExprKind};
use crate::plan::types::TypeKind;
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn route(
        &mut self,
        branches: &[(ast::Expr, ast::Path)],
        otherwise: Option<&ast::Path>,
    ) -> Option<StepKind> {
        let mut checked = Vec::new();
        for (condition, path) in branches {
            let typed = self.condition(condition, "a branch of `route`");
            if !typed.is_error() && decides_by_float(&typed.expr) {
                let message = format!("`{}` sends rows by whether floats are equal", typed.expr.text);
                let diagnostic = Diagnostic::new(Code::ROUTE, condition.span, message)
                    .found("floats that print alike may differ")
                    .help("compare with `<` and `>`, or round to a decimal first");
                self.say(diagnostic);
                self.broken = true;
            }
            let target = self.around.target(path, self.diagnostics);
            match target {
                Some(target) if !typed.is_error() => checked.push((typed.expr, target)),
                _ => self.broken = true,
            }
        }
        let otherwise = match otherwise {
            Some(path) => Some(self.around.target(path, self.diagnostics)?),
            None => None,
        };
        Some(StepKind::Route {
            branches: checked,
            otherwise,
        })
    }
}

fn decides_by_float(expr: &Expr) -> bool {
    let own = match &expr.kind {
        ExprKind::Compare {
            op: CompareOp::Equal | CompareOp::NotEqual,
            left,
            ..
        } => left.ty.kind == TypeKind::Float,
        _ => false,
    };
    own || expr.children().into_iter().any(decides_by_float)
}
