//! ty/mod
