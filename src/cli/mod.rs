//! The command line: a file a command. What people and scripts rely on is in `docs/cli.md`.

#![allow(
    clippy::disallowed_methods,
    reason = "the command line is where the outside comes in"
)]

mod build;
mod check;
mod completions;
mod diff;
mod doctor;
mod explain;
mod fmt;
mod graph;
mod lsp;
mod new;
mod output;
mod package;
pub(crate) mod project;
mod run;
mod test;
mod timings;
mod verify;
mod watch;
mod words;
pub mod writer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::diag::render::Format;

/// A compiler for .pipe: data platforms that are proved right before anything is deployed.
#[derive(Debug, Parser)]
#[command(name = "pipec", version, propagate_version = true, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Global {
    /// How diagnostics are written [default: human on a terminal, short elsewhere]
    #[arg(long, value_enum, global = true)]
    format: Option<FormatArgument>,
    /// When to use colours
    #[arg(long, value_enum, global = true, default_value = "auto")]
    color: Colour,
    /// Say only what is wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more of what is done
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArgument {
    Human,
    Short,
    Json,
    Sarif,
    Github,
    /// Of `pipec graph`: an image
    Svg,
    /// Of `pipec graph`: a diagram in Markdown
    Mermaid,
    /// Of `pipec graph`: the language of Graphviz
    Dot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

impl FormatArgument {
    /// How diagnostics are written; nothing where it says how something is drawn.
    fn of_diagnostics(self) -> Option<Format> {
        match self {
            FormatArgument::Human => Some(Format::Human),
            FormatArgument::Short => Some(Format::Short),
            FormatArgument::Json => Some(Format::Json),
            FormatArgument::Sarif => Some(Format::Sarif),
            FormatArgument::Github => Some(Format::Github),
            FormatArgument::Svg | FormatArgument::Mermaid | FormatArgument::Dot => None,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a project that compiles, with a sample and a test
    New(new::Arguments),
    /// Say everything that is wrong with a project; write nothing
    Check(check::Arguments),
    /// Write the build: Terraform, functions, jobs, state machines
    Build(build::Arguments),
    /// Run the platform on the embedded engine, from samples to datasets
    Run(run::Arguments),
    /// Run the project's tests
    Test(test::Arguments),
    /// Lay out files the one way
    Fmt(fmt::Arguments),
    /// Say why: a diagnostic's code, the plan, who sees what, where a column comes from
    Explain(explain::Arguments),
    /// Draw the architecture: what rows come from, go through and stay in
    Graph(graph::Arguments),
    /// Say what a change means: for data, how long it stays, who sees it, what it costs, resources
    Diff(diff::Arguments),
    /// Build the generated functions into the archives that the Terraform names
    Package(package::Arguments),
    /// Hold a Terraform plan against what the build claims of it
    Verify(verify::Arguments),
    /// Build on every change, and say what changed and how long it took
    Watch(watch::Arguments),
    /// Talk to an editor: the language server on standard input and output
    Lsp(lsp::Arguments),
    /// Say which tools are there for what, and what to install
    Doctor,
    /// Print a shell's completion script
    Completions(completions::Arguments),
}

/// The folder of a project, or a `.pipe` file in it.
#[derive(Debug, clap::Args)]
struct ProjectArgument {
    /// The project's folder or a `.pipe` file in it [default: the nearest folder above that declares a `pipeline`]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
enum Failure {
    /// The project has errors, tests failed, or a check found a difference; it was said already.
    Project,
    /// The project's rows cannot be computed, or not here.
    Data(String),
    /// The command line is wrong.
    Usage(String),
    /// A file, a tool, the file system; and what to do about it.
    Surroundings(String),
}

type Outcome = Result<(), Failure>;

impl Failure {
    fn io(doing: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Failure::Surroundings(format!("cannot {doing} `{}`: {error}", path.display()))
    }
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let out = output::Output::new(&cli.global);
    let drawn = cli
        .global
        .format
        .is_some_and(|format| format.of_diagnostics().is_none());
    let outcome = match &cli.command {
        command if drawn && !matches!(command, Command::Graph(_)) => {
            let message = "only `pipec graph` draws: `svg`, `mermaid` and `dot` are formats of it alone";
            Err(Failure::Usage(message.to_owned()))
        }
        Command::New(arguments) => new::run(&out, arguments),
        Command::Check(arguments) => check::run(&out, arguments),
        Command::Build(arguments) => build::run(&out, arguments),
        Command::Run(arguments) => run::run(&out, arguments),
        Command::Test(arguments) => test::run(&out, arguments),
        Command::Fmt(arguments) => fmt::run(&out, arguments),
        Command::Explain(arguments) => explain::run(&out, arguments),
        Command::Graph(arguments) => graph::run(&out, cli.global.format, arguments),
        Command::Diff(arguments) => diff::run(&out, arguments),
        Command::Package(arguments) => package::run(&out, arguments),
        Command::Verify(arguments) => verify::run(&out, arguments),
        Command::Watch(arguments) => watch::run(&out, arguments),
        Command::Lsp(arguments) => lsp::run(arguments),
        Command::Doctor => doctor::run(&out),
        Command::Completions(arguments) => completions::run(arguments),
    };
    let (code, message) = match outcome {
        Ok(()) => (0, None),
        Err(Failure::Project) => (1, None),
        Err(Failure::Data(message)) => (1, Some(message)),
        Err(Failure::Usage(message)) => (2, Some(message)),
        Err(Failure::Surroundings(message)) => (3, Some(message)),
    };
    if let Some(message) = message {
        out.error(&message);
    }
    ExitCode::from(code)
}
