//! `pipec check`: every diagnostic, nothing written.

use super::output::{Output, plural};
use super::{Outcome, ProjectArgument, project};

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
    let compiled = project::compile_timed_or_say(out, found, arguments.env.as_deref(), arguments.timings)?;
    let plan = &compiled.plan;
    out.done(&format!(
        "{}: {}, {}, {}, no errors",
        plan.pipeline.name,
        plural(plan.sources.len(), "source"),
        plural(plan.transforms.len(), "transform"),
        plural(plan.datasets.len(), "dataset"),
    ));
    Ok(())
}
