//! `pipec completions`: a shell's completion script.

use clap::CommandFactory;

use super::{Cli, Outcome};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    clap_complete::generate(arguments.shell, &mut Cli::command(), "pipec", &mut std::io::stdout());
    Ok(())
}
