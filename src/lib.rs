//! The `.pipe` compiler: text in, a whole data platform out.
//!
//! Data flows one way through the phases below; nothing lower knows what stands above it.

pub mod aws;
pub mod base;
pub mod check;
pub mod cli;
mod compile;
pub mod cost;
pub mod diag;
pub mod emit;
pub mod evidence;
pub mod format;
pub mod local;
#[path = "../lsp/mod.rs"]
pub mod lsp;
pub mod plan;
pub mod prove;
pub mod resolve;
pub mod session;
pub mod syntax;

pub use compile::{
    Compilation, Options, Parsed, Phase, Ready, compile, compile_alone, compile_observed, compile_parsed, read_files,
};
