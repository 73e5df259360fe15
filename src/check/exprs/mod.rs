//! exprs/mod
