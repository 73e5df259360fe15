//! `filter COND`

use crate::plan::StepKind;
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    pub(super) fn filter(&mut self, condition: &ast::Expr) -> Option<StepKind> {
        let typed = self.condition(condition, "what `filter` keeps");
        (!typed.is_error()).then_some(StepKind::Filter(typed.expr))
    }
}
