//! Phase 3: types, expressions, steps and items: from the tree to the plan's typed values.
//!
//! It must not know how an engine or a cloud does anything.

pub mod context;
pub mod exprs;
pub mod functions;
pub mod labels;
pub mod rows;
pub mod schema;
pub mod steps;
pub mod ty;
