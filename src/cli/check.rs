//! `pipec check`: every diagnostic, nothing written.

use super::output::{Output, plural};
use super::{Failure, Outcome, ProjectArgument, project};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// Apply an environment's settings
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Say how long each phase took
    #[arg(long)]
    timings: bool,
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let found = project::find(&arguments.project)?;
    let compilation = project::check_or_say(out, &found, arguments.env.as_deref(), arguments.timings)?;
    let program = compilation.program.ok_or(Failure::Project)?;
    out.done(&format!(
        "{}: {}, {}, {}, no errors",
        program.pipeline.name,
        plural(program.sources.len(), "source"),
        plural(program.transforms.len(), "transform"),
        plural(program.datasets.len(), "dataset"),
    ));
    if let Some(first) = compilation.not_yet.first() {
        let source = compilation.sources.get(first.primary.span.file);
        let line = source.line_column(first.primary.span.start).line;
        let others = match compilation.not_yet.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        let what = first.message.trim_start_matches("not in this version yet: ");
        out.done(&format!(
            "`pipec build` cannot build it yet: {what} ({}:{line}){others}",
            source.path
        ));
    }
    Ok(())
}
