//! The embedded engine behind `pipec run` and `pipec test`: a plan's transforms over files and rows on this machine.
//! Knows the plan and the runtime crate; nothing of source text, AWS or generated code.

mod alone;
mod batch;
mod came;
mod chain;
mod error;
mod eval;
mod feed;
mod folder;
mod group;
mod increment;
mod keys;
pub mod lambda;
mod lines;
mod needed;
mod objects;
mod params;
mod partition;
mod pipeline;
mod read;
mod run;
pub mod spark;
mod steps;
pub mod test;
mod value;
mod write;

pub use alone::{Answers, Rows};
pub use error::{Fault, RunError};
pub use read::read_rows;
pub use run::{Inputs, Options, Report, SourceReport, TransformReport, known, run};
pub use value::canonical;

#[cfg(test)]
mod tests;
