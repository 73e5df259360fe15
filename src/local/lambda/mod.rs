//! Generated functions on this machine: built, put into the archives that the Terraform names, and run against
//! services played on loopback. Knows the build folder's layout; nothing of how the functions are written.

mod event;
mod package;
mod pip;
pub(super) mod rows;
mod service;
mod store;
mod tests;

pub use package::{Archive, package};
pub use tests::run_tests;
