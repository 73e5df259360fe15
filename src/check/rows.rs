//! Rows written in tests.
use super::context::Context;
use crate::diag::Diagnostics;
use crate::plan::expr::Literal;
use crate::plan::types::Column;
use crate::syntax::ast;
use std::collections::BTreeMap;

/// The values of one written row, in the order written; what is wrong is said and left out.
pub fn check_row(
    _ctx: &Context<'_>,
    _columns: &[Column],
    _row: &ast::Expr,
    _diagnostics: &mut Diagnostics,
) -> Vec<(String, Literal)> {
    todo!()
}

/// The whole row number `number` (from 1), in the columns' order, what was not written filled in.
pub fn fill_row(
    _columns: &[Column],
    _defaults: &BTreeMap<String, Literal>,
    _written: &[(String, Literal)],
    _number: u64,
) -> Vec<Literal> {
    todo!()
}
