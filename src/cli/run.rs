//! `pipec run`: the platform on the embedded engine, from samples to datasets.

use std::path::PathBuf;
use std::time::Duration;

use pipec_runtime::Timestamp;

use super::output::Output;
use super::{Failure, Outcome, ProjectArgument, project};
use crate::local::{self, Fault, Inputs, Report, RunError};
use crate::plan::lower::Scope;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// The folder with `SOURCE.jsonl` (or `.csv`, `.parquet`, `.avro`, or a folder of them) for each source [default: `samples` in the project]
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,
    /// The folder to write [default: `run` in the project]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// This transform alone, on what an earlier run left in the output folder
    #[arg(long, value_name = "TRANSFORM")]
    only: Option<String>,
    /// Apply an environment's settings
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Read only files of samples that no earlier run has read, and add what comes of them to the output folder
    #[arg(long)]
    add: bool,
    /// The time for which the run is scheduled, which is what `now()` is: `2026-01-31T02:00:00Z` [default: the present]
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Timestamp>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "it is written so: 2026-01-31T02:00:00Z".to_owned())
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let found = project::find(&arguments.project)?;
    let inputs = Inputs {
        folder: arguments.input.clone().unwrap_or_else(|| found.root.join("samples")),
    };
    let folder = arguments.output.clone().unwrap_or_else(|| found.root.join("run"));
    project::refuse_project_folder(&found, &folder)?;
    let root = found.root.clone();
    let compiled = project::compile_or_say(out, found, arguments.env.as_deref(), Scope::Embedded)?;
    let options = local::Options {
        only: arguments.only.clone(),
        add: arguments.add,
        at: arguments.at,
        project: root,
    };
    let report = local::run(&compiled.plan, &inputs, &folder, &options).map_err(failure)?;
    if !out.is_quiet() {
        out.result(&table(&report));
        for note in &report.notes {
            out.done(note);
        }
    }
    out.done(&format!("wrote {}", folder.display()));
    Ok(())
}

/// Rows that cannot be computed are the project's matter, everything else the surroundings'.
pub(super) fn failure(error: RunError) -> Failure {
    let help = error.help.map(|help| format!("\n  help: {help}")).unwrap_or_default();
    let message = format!("{}{help}", error.message);
    match error.fault {
        Fault::Surroundings => Failure::Surroundings(message),
        Fault::Data | Fault::Unsupported => Failure::Data(message),
    }
}

/// A line a source and transform, and below each the rows that it did not pass on, by reason.
pub(super) fn table(report: &Report) -> String {
    let mut lines = vec![["", "in", "out", "turned away", "time"].map(str::to_owned)];
    let mut details: Vec<(usize, String)> = Vec::new();
    for source in &report.sources {
        let time = seconds(source.elapsed);
        lines.push([
            source.name.clone(),
            source.rows.to_string(),
            source.rows.to_string(),
            String::new(),
            time,
        ]);
        if source.unknown_fields > 0 {
            details.push((
                lines.len(),
                format!(
                    "{:>8}  fields that the schema does not have, ignored",
                    source.unknown_fields
                ),
            ));
        }
    }
    for transform in &report.transforms {
        let (rows_in, rows_out) = (transform.rows_in.to_string(), transform.rows_out.to_string());
        let name = format!("{} -> {}", transform.name, transform.target);
        lines.push([
            name,
            rows_in,
            rows_out,
            transform.rejected_rows().to_string(),
            seconds(transform.elapsed),
        ]);
        let rejected = transform.rejected.iter().map(|(reason, count)| (count, reason.clone()));
        let dropped = transform
            .dropped
            .iter()
            .map(|(name, count)| (count, format!("left out by `expect {name}`")));
        let warned = transform
            .warned
            .iter()
            .map(|(name, count)| (count, format!("kept, though `expect {name}` does not hold")));
        let mut reasons: Vec<_> = rejected.chain(dropped).chain(warned).collect();
        reasons.sort_by(|one, other| other.0.cmp(one.0).then(one.1.cmp(&other.1)));
        details.extend(
            reasons
                .into_iter()
                .map(|(count, reason)| (lines.len(), format!("{count:>8}  {reason}"))),
        );
    }
    render(&lines, &details)
}

fn render(lines: &[[String; 5]], details: &[(usize, String)]) -> String {
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..5).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        let [name, rest @ ..] = line;
        text += &format!("{name:<width$}", width = widths[0]);
        for (at, cell) in rest.iter().enumerate() {
            text += &format!("  {cell:>width$}", width = widths[at + 1]);
        }
        text.push('\n');
        for (_, detail) in details.iter().filter(|(after, _)| *after == number + 1) {
            text += &format!("  {detail}\n");
        }
    }
    text
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}
