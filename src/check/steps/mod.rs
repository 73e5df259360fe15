//! Steps.
use super::context::Context;
use crate::base::{Span, Spanned};
use crate::diag::Diagnostics;
use crate::plan;
use crate::plan::types::Column;
use crate::syntax::ast;

/// What a transform's rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Rows as they arrive.
    Stream,
    /// All rows of a dataset.
    Table,
}

/// The steps among a transform's entries, each with the columns after it. `None` if one was wrong.
pub fn check_steps(
    _ctx: &Context<'_>,
    _shape: Shape,
    _input: &[Column],
    _entries: &[ast::Entry],
    _diagnostics: &mut Diagnostics,
) -> Option<Vec<plan::Step>> {
    todo!()
}

/// Whether a dataset with these columns can be partitioned so.
pub fn check_partition(
    _columns: &[Column],
    _partition: &[Spanned<String>],
    _target: Span,
    _diagnostics: &mut Diagnostics,
) -> bool {
    todo!()
}
