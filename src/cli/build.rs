//! `pipec build`: writes the build, all of it or nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::output::{Output, plural};
use super::project::Compiled;
use super::writer::{self, Difference, MANIFEST, Manifest};
use super::{Failure, Outcome, ProjectArgument, project};
use crate::base::World;
use crate::emit;
use crate::plan::Files;
use crate::plan::lower::Scope;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: ProjectArgument,
    /// The folder to write [default: `build` in the project]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Apply an environment's settings
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Write nothing; fail if the folder differs from what would be written
    #[arg(long)]
    check: bool,
    /// Replace generated files that were edited by hand
    #[arg(long)]
    force: bool,
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let found = project::find(&arguments.project)?;
    let folder = arguments.output.clone().unwrap_or_else(|| found.root.join("build"));
    project::refuse_project_folder(&found, &folder)?;
    let compiled = project::compile_or_say(out, found, arguments.env.as_deref(), Scope::Platform)?;
    let files = files(&compiled)?;
    if !arguments.check {
        writer::recover(&folder).map_err(|error| Failure::io("tidy", &folder, &error))?;
    }
    let difference = writer::compare(&folder, &files).map_err(|error| Failure::io("read", &folder, &error))?;
    if arguments.check {
        return check(out, &folder, &difference);
    }
    if !difference.edited.is_empty() && !arguments.force {
        for path in &difference.edited {
            out.error(&format!(
                "`{}` is not as `pipec build` wrote it",
                folder.join(path).display()
            ));
        }
        out.error("nothing was written: move the edits into the `.pipe` source, or give them up with `--force`");
        return Err(Failure::Project);
    }
    if difference.is_empty() {
        out.done(&format!(
            "{} is up to date ({})",
            folder.display(),
            plural(files.len(), "file")
        ));
        return Ok(());
    }
    writer::write(&folder, &files, &difference).map_err(|error| Failure::io("write", &folder, &error))?;
    describe(out, &difference);
    out.done(&format!("wrote {} ({})", folder.display(), plural(files.len(), "file")));
    Ok(())
}

/// Every file of the build, the manifest included.
pub(super) fn files(compiled: &Compiled) -> Result<Files, Failure> {
    with_manifest(compiled, emit::files(&compiled.plan))
}

/// These files of a build, and the manifest that tells what they were made from.
pub(super) fn with_manifest(compiled: &Compiled, mut files: Files) -> Result<Files, Failure> {
    let mut inputs = BTreeMap::new();
    let world = &compiled.project.world;
    for path in world
        .pipe_files()
        .map_err(|error| Failure::io("read", &compiled.project.root, &error))?
    {
        let bytes = world
            .read(&path)
            .map_err(|error| Failure::io("read", Path::new(&path), &error))?;
        inputs.insert(path, writer::hash(&bytes));
    }
    let manifest = Manifest {
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        environment: compiled.plan.environment.clone(),
        inputs,
        files: files
            .iter()
            .map(|(path, text)| (path.clone(), writer::hash(text.as_bytes())))
            .collect(),
    };
    let text = serde_json::to_string_pretty(&manifest).map_err(|error| Failure::Surroundings(error.to_string()))?;
    files.insert(MANIFEST.to_owned(), text + "\n");
    Ok(files)
}

fn check(out: &Output, folder: &Path, difference: &Difference) -> Outcome {
    if difference.is_empty() {
        out.done(&format!("{} is up to date", folder.display()));
        return Ok(());
    }
    let lists = [
        ("would be added", &difference.added),
        ("would change", &difference.changed),
        ("would be removed", &difference.removed),
        ("was edited by hand", &difference.edited),
    ];
    for (what, paths) in lists {
        for path in paths {
            out.error(&format!("`{}` {what}", folder.join(path).display()));
        }
    }
    Err(Failure::Project)
}

pub(super) fn describe(out: &Output, difference: &Difference) {
    let lists = [
        ("+", &difference.added),
        ("~", &difference.changed),
        ("-", &difference.removed),
        ("!", &difference.edited),
    ];
    for (mark, paths) in lists {
        for path in paths {
            out.detail(&format!("  {mark} {path}"));
        }
    }
}
