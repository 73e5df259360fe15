//! `pipec check`: every diagnostic; writes nothing but the edits that `--fix` asks for.

use std::collections::BTreeSet;
use std::mem::ManuallyDrop;

use super::fmt::replace;
use super::output::{Output, plural};
use super::project::Project;
use super::{Failure, Outcome, ProjectArgument, project};
use crate::base::{Sources, Span, World};
use crate::diag::{CODES, Code, Diagnostic, Severity, apply_fixes, warning};

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
    /// Apply the edits that are surely right, and say what is left
    #[arg(long)]
    fix: bool,
    /// Apply edits that are guesses too: the name that is nearest to a misspelt one
    #[arg(long)]
    fix_guesses: bool,
    /// Take warnings for errors: all of them, or those of a code
    #[arg(long, value_name = "warnings|CODE")]
    deny: Vec<String>,
}

/// An edit may uncover another mistake; more rounds than this do not come to an end.
const ROUNDS: usize = 10;

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let denied = denied(&arguments.deny)?;
    let found = project::find(&arguments.project)?;
    if arguments.fix || arguments.fix_guesses {
        fix(out, &found, arguments)?;
    }
    let (env, timed) = (arguments.env.as_deref(), arguments.timings);
    // The process ends with this command: its memory goes back at once, not value by value.
    let compilation = ManuallyDrop::new(project::check_or_say(out, &found, env, timed, &denied)?);
    let refused = |d: &Diagnostic| d.severity == Severity::Warning && denied.contains(&d.code);
    if compilation.diagnostics.iter().any(refused) {
        return Err(Failure::Project);
    }
    let program = compilation.program.as_ref().ok_or(Failure::Project)?;
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

/// The codes of the warnings that are errors in this run.
fn denied(asked: &[String]) -> Result<BTreeSet<Code>, Failure> {
    let mut denied = BTreeSet::new();
    for name in asked {
        if name == "warnings" {
            let warnings = CODES.iter().filter(|info| info.severity == Severity::Warning);
            denied.extend(warnings.map(|info| info.code));
            continue;
        }
        let nowhere = Span::new(crate::base::FileId(0), 0, 0);
        let code = warning(name, nowhere, Code::NO_WARNING).map_err(|wrong| Failure::Usage(wrong.message))?;
        denied.insert(code);
    }
    Ok(denied)
}

/// Applies edits until there are none, and says each.
fn fix(out: &Output, project: &Project, arguments: &Arguments) -> Outcome {
    for _ in 0..ROUNDS {
        let compilation = project::compile(project, arguments.env.as_deref())?;
        let sources = &compilation.sources;
        let fixed = apply_fixes(sources, &compilation.diagnostics, arguments.fix_guesses);
        if fixed.done.is_empty() {
            return Ok(());
        }
        for (id, text) in &fixed.files {
            let path = &sources.get(*id).path;
            if project.world.exists(path) && !path.starts_with("../") {
                replace(&project.root.join(path), text)?;
            }
        }
        for (diagnostic, fix) in &fixed.done {
            out.done(&format!(
                "fixed {}: {} ({})",
                place(sources, fix.span),
                fix.title,
                diagnostic.code
            ));
        }
    }
    Ok(())
}

fn place(sources: &Sources, span: Span) -> String {
    let source = sources.get(span.file);
    format!("{}:{}", source.path, source.line_column(span.start).line)
}
