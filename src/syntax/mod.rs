//! Phase 1: text to tree. The only place that knows pest.

pub mod ast;
