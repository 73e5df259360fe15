//! Conditions of steps.

use crate::check::exprs::{Place, Typed};
use crate::plan::types::Column;
use crate::syntax::ast;

use super::Steps;

impl Steps<'_> {
    /// A condition over the columns as they are now; `what` names it in messages.
    pub(super) fn condition(&mut self, condition: &ast::Expr, what: &str) -> Typed {
        let scope = self.scope();
        self.condition_over(&scope, condition, what)
    }

    /// A condition over these columns.
    pub(super) fn condition_over(&mut self, scope: &[Column], condition: &ast::Expr, what: &str) -> Typed {
        self.checker(scope, Place::Step).condition(condition, what)
    }
}
