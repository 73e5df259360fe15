//! What flows where over the whole typed program: labels to sinks and to people, lifetimes to exports.
//!
//! It must not know how a column was computed beyond what a step says of it, nor how an engine or a cloud does anything.

mod lifetime;

pub use lifetime::days_left;
