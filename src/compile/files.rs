//! The files that a program names are there: scripts, what they require, folders of containers.
//!
//! `check` reads a project without them, for they may be made later; what builds or runs the project needs them.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::base::{Span, World};
use crate::check::program::Program;
use crate::diag::{Code, Diagnostic};
use crate::plan::{Image, Plan, Run, RunKind, Script, StepKind};

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

/// What a plan's containers are made of, and the scripts that its transforms give rows to.
pub fn read(world: &dyn World, plan: &mut Plan) {
    plan.images = images(world, plan);
    plan.scripts = scripts(world, plan);
}

/// What the containers of a plan are made of. A file that cannot be read is missing: the folder was there a moment ago.
fn images(world: &dyn World, plan: &Plan) -> BTreeMap<String, Image> {
    let mut found = BTreeMap::new();
    for run in plan.transforms.iter().filter_map(|transform| transform.program()) {
        if let Some(folder) = run.settings.text("build") {
            let paths = world.files_below(folder).unwrap_or_default();
            let hashed = paths.into_iter().filter_map(|path| {
                let bytes = world.read(&path).ok()?;
                Some((path, sha256(&bytes)))
            });
            found.insert(
                folder.to_owned(),
                Image {
                    files: hashed.collect(),
                },
            );
        } else if let Some(address) = run.settings.text("image") {
            found.insert(address.to_owned(), Image::default());
        }
    }
    found
}

/// The scripts of a plan, with the modules beside each. A file that is no text is missing: Python would not read it.
fn scripts(world: &dyn World, plan: &Plan) -> BTreeMap<String, Script> {
    let text = |path: &str| String::from_utf8(world.read(path).ok()?).ok();
    let mut found = BTreeMap::new();
    for run in plan.transforms.iter().filter_map(|transform| transform.script()) {
        let Some(path) = run.path.as_deref() else { continue };
        let folder = path.rsplit_once('/').map(|(folder, _)| folder);
        let beside = folder.and_then(|folder| world.files_below(folder).ok());
        let beside = beside.unwrap_or_default().into_iter().filter(|other| {
            let here = other.rsplit_once('/').map(|(folder, _)| folder);
            here == folder && other.ends_with(".py")
        });
        let files = beside.chain([path.to_owned()]).filter_map(|path| {
            let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
            Some((name, text(&path)?))
        });
        let requirements = run.settings.text("requirements").and_then(text);
        let script = Script {
            files: files.collect(),
            requirements,
        };
        found.insert(path.to_owned(), script);
    }
    found
}

fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
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
