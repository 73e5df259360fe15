//! The table of functions beside their declarations.
