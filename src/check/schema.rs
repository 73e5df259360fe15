//! Schemas.
use super::context::Context;
use crate::diag::Diagnostics;
use crate::plan;
use crate::syntax::ast;

/// A schema's fields with their types, labels, defaults and checks.
pub fn check_schema(
    _ctx: &Context<'_>,
    _name: &str,
    _doc: Option<&ast::Doc>,
    _fields: &[ast::Field],
    _diagnostics: &mut Diagnostics,
) -> plan::Schema {
    todo!()
}
