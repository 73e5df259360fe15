//! Finds the project that a command is about, and compiles it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::output::Output;
use super::timings::Timings;
use super::{Failure, ProjectArgument};
use crate::base::{Disk, Sources, World};
use crate::diag::{Code, Diagnostic, Severity};
use crate::plan::Plan;
use crate::plan::lower::{Scope, Skipped, lower};
use crate::{Compilation, Options, compile_observed, read_files};

/// A project's folder, and the files in it.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) root: PathBuf,
    pub(super) world: Disk,
}

/// A project without errors.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) project: Project,
    pub(super) sources: Sources,
    pub(super) plan: Plan,
    /// The transforms that the one engine does not carry which the project was compiled for.
    pub(super) skipped: Vec<Skipped>,
}

/// The project that is meant.
pub(super) fn find(argument: &ProjectArgument) -> Result<Project, Failure> {
    let root = match &argument.path {
        Some(path) if path.is_dir() => path.clone(),
        Some(path) if path.is_file() => {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            nearest(folder)?.unwrap_or_else(|| folder.to_path_buf())
        }
        Some(path) => return Err(Failure::Usage(format!("`{}` is no folder and no file", path.display()))),
        None => nearest(Path::new("."))?.ok_or_else(|| {
            let help = "name the project's folder, or start one with `pipec new NAME`";
            Failure::Usage(format!("no folder from here up declares a `pipeline`; {help}"))
        })?,
    };
    let world = Disk::new(&root);
    Ok(Project { root, world })
}

/// The nearest folder from here up with a file that declares a `pipeline`.
fn nearest(start: &Path) -> Result<Option<PathBuf>, Failure> {
    let start = std::path::absolute(start).map_err(|error| Failure::io("find", start, &error))?;
    Ok(start
        .ancestors()
        .find(|folder| declares_pipeline(folder))
        .map(Path::to_path_buf))
}

/// The same for who has no command line to be wrong.
pub(crate) fn root_of(folder: &Path) -> Option<PathBuf> {
    nearest(folder).ok().flatten()
}

fn declares_pipeline(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "pipe"))
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .any(|text| {
            text.lines()
                .any(|line| line.split_whitespace().next() == Some("pipeline") && !line.starts_with(' '))
        })
}

/// Checks a project and says everything there is to say about it, but not what cannot be built yet; with `timed`, says
/// too how long each phase took. Warnings of the `denied` codes are said as errors.
pub(super) fn check_or_say(
    out: &Output,
    project: &Project,
    environment: Option<&str>,
    timed: bool,
    denied: &BTreeSet<Code>,
) -> Result<Compilation, Failure> {
    let (compilation, timings) = compiled(project, environment)?;
    let mut shown = compilation.diagnostics.clone();
    for diagnostic in shown.iter_mut().filter(|diagnostic| denied.contains(&diagnostic.code)) {
        diagnostic.severity = Severity::Error;
    }
    out.diagnostics(&compilation.sources, &shown);
    if timed {
        out.note(&timings.text(&compilation.sources));
    }
    Ok(compilation)
}

/// Compiles a project for one of its uses and says everything there is to say about it; what that use does not carry yet
/// is an error. An engine alone skips the transforms that it does not carry.
pub(super) fn compile_or_say(
    out: &Output,
    project: Project,
    environment: Option<&str>,
    scope: Scope,
) -> Result<Compiled, Failure> {
    let (compilation, _) = compiled(&project, environment)?;
    let (mut diagnostics, sources) = (compilation.diagnostics, compilation.sources);
    let (plan, not_yet, skipped) = match (scope, &compilation.program) {
        (Scope::Platform, _) | (_, None) => (compilation.plan, compilation.not_yet, Vec::new()),
        (scope, Some(program)) => {
            let mut lowered = lower(program, scope);
            if let Some(plan) = &mut lowered.plan {
                read_files(&project.world, plan);
            }
            // What is wrong with the platform was said already, where all of it could be lowered.
            let new = |diagnostic: &Diagnostic| !diagnostics.contains(diagnostic);
            let wrong: Vec<_> = lowered.diagnostics.into_iter().filter(new).collect();
            let files = compilation
                .not_yet
                .into_iter()
                .filter(|diagnostic| diagnostic.code != Code::NOT_YET);
            let carried = lowered.plan.is_some();
            let not_yet = lowered.not_yet.into_iter().filter(|_| !carried);
            let not_yet = wrong.into_iter().chain(not_yet).chain(files).collect();
            (lowered.plan, not_yet, lowered.skipped)
        }
    };
    diagnostics.extend(not_yet);
    out.diagnostics(&sources, &diagnostics);
    if diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error)
    {
        return Err(Failure::Project);
    }
    let plan = plan.ok_or(Failure::Project)?;
    Ok(Compiled {
        project,
        sources,
        plan,
        skipped,
    })
}

/// The plan of a project, of one above its budget too: that is when it has to be explained.
pub(super) fn plan_or_say(out: &Output, project: Project, environment: Option<&str>) -> Result<Plan, Failure> {
    let compilation = compile(&project, environment)?;
    let wrong = compilation
        .diagnostics
        .iter()
        .filter(|said| said.severity == Severity::Error);
    let above = wrong.clone().count() > 0 && wrong.clone().all(|said| said.code == Code::BUDGET);
    if let (true, Some(program)) = (above, &compilation.doubtful)
        && let Some(plan) = lower(program, Scope::Platform).plan
    {
        return Ok(plan);
    }
    Ok(compile_or_say(out, project, environment, Scope::Platform)?.plan)
}

/// Compiles a project and says nothing.
pub(super) fn compile(project: &Project, environment: Option<&str>) -> Result<Compilation, Failure> {
    compiled(project, environment).map(|(compilation, _)| compilation)
}

fn compiled(project: &Project, environment: Option<&str>) -> Result<(Compilation, Timings), Failure> {
    if let Err(error) = project.world.pipe_files() {
        return Err(Failure::io("read", &project.root, &error));
    }
    let options = Options {
        environment: environment.map(str::to_owned),
        ..Options::default()
    };
    let mut timings = Timings::start();
    let compilation = compile_observed(&project.world, &options, &mut |phase| timings.ended(phase));
    Ok((compilation, timings))
}

/// What is written takes the place of a whole folder: that must not be one with sources in it.
pub(super) fn refuse_project_folder(project: &Project, folder: &Path) -> Result<(), Failure> {
    let real = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    let root = real(&project.root).map_err(|error| Failure::io("find", &project.root, &error))?;
    let folder = real(folder).map_err(|error| Failure::io("find", folder, &error))?;
    if root.starts_with(&folder) {
        let folder = folder.display();
        return Err(Failure::Usage(format!(
            "`{folder}` holds the project itself; name a folder of its own"
        )));
    }
    Ok(())
}
