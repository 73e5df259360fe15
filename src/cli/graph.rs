//! `pipec graph`: the architecture diagram, from the source.

use clap::ValueEnum;

use super::output::Output;
use super::{Failure, FormatArgument, Outcome, ProjectArgument, project};
use crate::emit::docs;
use crate::emit::graph::Graph;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// What is drawn: the data and what is made of it, or also the resources that it becomes
    #[arg(long, value_enum, default_value = "data")]
    level: Level,
    /// Apply an environment's settings
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Level {
    Data,
    Aws,
}

pub(super) fn run(out: &Output, format: Option<FormatArgument>, arguments: &Arguments) -> Outcome {
    let found = project::find(&arguments.project)?;
    let plan = project::plan_or_say(out, found, arguments.env.as_deref())?;
    let graph = match arguments.level {
        Level::Data => Graph::of(&plan),
        Level::Aws => Graph::on_aws(&plan),
    };
    let text = match format {
        Some(FormatArgument::Mermaid) => graph.mermaid(),
        Some(FormatArgument::Dot) => graph.dot(),
        Some(FormatArgument::Json) => {
            let text = serde_json::to_string_pretty(&graph);
            text.map_err(|error| Failure::Surroundings(error.to_string()))? + "\n"
        }
        _ => docs::drawing(&graph, ""),
    };
    out.result(&text);
    Ok(())
}
