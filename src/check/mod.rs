//! Phase 3: types, expressions, steps and items: from the tree to the plan's typed values.
//!
//! It must not know how an engine or a cloud does anything.

pub mod addresses;
pub mod context;
pub mod declare;
pub mod exprs;
pub mod flow;
pub mod functions;
pub mod imports;
pub mod items;
pub mod labels;
pub mod patterns;
pub mod program;
pub mod rows;
pub mod samples;
pub mod schema;
pub mod settings;
pub mod steps;
pub mod texts;
pub mod ty;

pub use crate::plan::evaluate as constant;

use crate::base::Span;
use crate::diag::{Code, Diagnostic};

/// The language has it, and this version does not: `what` names it, "the step `sort`".
pub fn not_yet(span: Span, what: impl AsRef<str>) -> Diagnostic {
    Diagnostic::new(
        Code::NOT_YET,
        span,
        format!("not in this version yet: {}", what.as_ref()),
    )
    .found("the language has it")
}
