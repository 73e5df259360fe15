//! `pipec lsp`: the language server on standard input and output.

use super::{Failure, Outcome};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// What editors call it with; standard input and output is the only way there is
    #[arg(long)]
    stdio: bool,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let _ = arguments.stdio;
    crate::lsp::serve().map_err(|error| Failure::Surroundings(format!("the language server cannot start: {error}")))
}
