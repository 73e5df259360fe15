//! The files that a program names are there: scripts, what they require, folders of containers.
//!
//! `check` reads a project without them, for they may be made later; what builds or runs the project needs them.

use crate::base::{Span, World};
use crate::check::program::Program;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Run, RunKind, StepKind};

/// What of the files that a program names is not there.
pub(super) fn missing(world: &dyn World, program: &Program) -> Vec<Diagnostic> {
    let mut said = Vec::new();
    for transform in &program.transforms {
        for step in &transform.steps {
            let StepKind::Run(run) = &step.kind else {
                continue;
            };
            for named in named(run, step.span) {
                if !world.exists(named.path) {
                    said.push(absent(&named));
                }
            }
        }
    }
    said
}

/// A file that a program names.
struct Named<'r> {
    path: &'r str,
    span: Span,
    /// What it is, with its article.
    what: &'static str,
}

fn named(run: &Run, step: Span) -> Vec<Named<'_>> {
    let setting = |name: &str, what| {
        let path = run.settings.text(name)?;
        let span = run.settings.span(name)?;
        Some(Named { path, span, what })
    };
    let script = run.path.as_deref().filter(|_| run.kind == RunKind::Script);
    let script = script.map(|path| Named {
        path,
        span: step,
        what: "the script",
    });
    let others = [
        setting("requirements", "what a script requires"),
        setting("build", "the folder of a container"),
    ];
    script.into_iter().chain(others.into_iter().flatten()).collect()
}

fn absent(named: &Named<'_>) -> Diagnostic {
    let path = named.path;
    Diagnostic::new(
        Code::NO_FILE,
        named.span,
        format!("there is no `{path}` in this project"),
    )
    .found(format!("{}, not there", named.what))
    .help(format!(
        "write it, as `{path}` below the project's folder, or name another"
    ))
}
