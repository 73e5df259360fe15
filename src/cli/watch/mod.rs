//! `pipec watch`: builds on every change.
//!
//! What is there after a failing build is the last good one. What it writes itself never makes it build again: only what
//! the project is made of is looked at, and only where its bytes are others.

mod affected;
mod batch;
mod eyes;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::output::{Output, plural};
use super::project::{Compiled, Project};
use super::{Failure, Outcome, ProjectArgument, build, project, run, test, writer};
use crate::base::{Disk, World};
use crate::diag::Severity;
use crate::emit;
use crate::local::{self, Inputs};
use crate::plan::Plan;
use crate::plan::lower::{Scope, lower};
use crate::session::{Analysis, Session};

use affected::affected;
use eyes::{Eyes, Seen};

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
    /// Run the tests that a change can affect
    #[arg(long)]
    test: bool,
    /// Run the transforms that a change can affect, on the samples
    #[arg(long)]
    run: bool,
}

/// How often it is looked whether the folder itself is still there.
const LOOK: Duration = Duration::from_secs(1);

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    let root = root(&arguments.project)?;
    let folder = arguments.output.clone().unwrap_or_else(|| root.join("build"));
    let project = Project {
        world: Disk::new(&root),
        root: root.clone(),
    };
    project::refuse_project_folder(&project, &folder)?;
    // What changes is told by whole paths.
    let here = std::fs::canonicalize(".").map_err(|error| Failure::io("find", Path::new("."), &error))?;
    let mut eyes = Eyes::open(&root, &[here.join(&folder), root.join("run")])?;
    let mut watch = Watch {
        out,
        arguments,
        session: Session::new(Arc::new(Disk::new(&root))).with_environment(arguments.env.clone()),
        root,
        folder,
        seen: None,
        tested: None,
        ran: None,
    };
    watch.changed(&[])?;
    loop {
        match eyes.next(LOOK) {
            Seen::Changes(paths) => watch.changed(&paths)?,
            Seen::Anything => {
                watch.session.all_changed();
                watch.changed(&[])?;
            }
            Seen::Nothing => {}
            Seen::End => {
                out.done("stopped watching");
                return Ok(());
            }
        }
        eyes.also(&watch.used());
    }
}

/// The folder to watch: that of a project, or one in which there may be one later.
fn root(argument: &ProjectArgument) -> Result<PathBuf, Failure> {
    let root = match project::find(argument) {
        Ok(found) => found.root,
        Err(_) if argument.path.is_none() => PathBuf::from("."),
        Err(failure) => return Err(failure),
    };
    std::fs::canonicalize(&root).map_err(|error| Failure::io("find", &root, &error))
}

struct Watch<'w> {
    out: &'w Output,
    arguments: &'w Arguments,
    session: Session,
    root: PathBuf,
    folder: PathBuf,
    /// The bytes of everything that the project is made of, as they were built last.
    seen: Option<Vec<(String, String)>>,
    /// The plan whose tests were run last, and the one that ran last.
    tested: Option<Plan>,
    ran: Option<Plan>,
}

impl Watch<'_> {
    /// These files may be others.
    fn changed(&mut self, paths: &[PathBuf]) -> Outcome {
        let started = Instant::now();
        for path in paths {
            if let Ok(inside) = path.strip_prefix(&self.root) {
                self.session.changed(&inside.to_string_lossy());
            } else {
                self.session.all_changed();
            }
        }
        let analysis = self.session.analysis();
        let now = self.made_of(&analysis);
        if self.seen.as_ref() == Some(&now) {
            return Ok(());
        }
        self.seen = Some(now);
        if std::io::stderr().is_terminal() && !self.out.is_quiet() {
            eprint!("\x1b[2J\x1b[3J\x1b[H");
        }
        match self.build(&analysis, started) {
            Ok(()) => {}
            // It was said, and the next change may mend it.
            Err(Failure::Project) => {}
            Err(Failure::Data(message) | Failure::Surroundings(message)) => self.out.error(&message),
            Err(usage) => return Err(usage),
        }
        Ok(())
    }

    /// The hashes of what the project is made of: its `.pipe` files, and the files that these name.
    fn made_of(&self, analysis: &Analysis) -> Vec<(String, String)> {
        let world = Disk::new(&self.root);
        let own = analysis.sources.iter().map(|(_, source)| source.path.clone());
        let mut paths: Vec<_> = own.filter(|path| !path.starts_with("std/")).collect();
        paths.extend(analysis.named_files());
        if self.arguments.run {
            let samples = world.list("samples").unwrap_or_default();
            paths.extend(samples.into_iter().map(|name| format!("samples/{name}")));
        }
        paths.sort();
        paths.dedup();
        let hash = |path: String| {
            let hash = world.read(&path).map(|bytes| writer::hash(&bytes));
            (path, hash.unwrap_or_default())
        };
        let mut found: Vec<_> = paths.into_iter().map(hash).collect();
        // Of a script the modules beside it count too, and of a container all that is in its folder.
        for (path, script) in analysis.plan.iter().flat_map(|plan| &plan.scripts) {
            let beside = script.files.iter();
            found.extend(beside.map(|(name, text)| (format!("{path} {name}"), writer::hash(text.as_bytes()))));
        }
        for image in analysis.plan.iter().flat_map(|plan| plan.images.values()) {
            found.extend(image.files.clone());
        }
        found
    }

    /// The folders of the projects that this one uses.
    fn used(&mut self) -> Vec<PathBuf> {
        let used = self
            .session
            .parsed()
            .project
            .items()
            .filter_map(|item| match &item.kind {
                crate::syntax::ast::ItemKind::Use { path } => Some(self.root.join(&path.value)),
                _ => None,
            });
        used.collect()
    }

    fn build(&mut self, analysis: &Analysis, started: Instant) -> Outcome {
        let said: Vec<_> = analysis.diagnostics.iter().chain(&analysis.not_yet).cloned().collect();
        let mut errors: Vec<_> = said
            .iter()
            .filter(|said| said.severity == Severity::Error)
            .cloned()
            .collect();
        let failed = !errors.is_empty();
        errors.extend(said.into_iter().filter(|said| said.severity == Severity::Warning));
        self.out.diagnostics(&analysis.sources, &errors);
        let plan = match &analysis.plan {
            Some(plan) if !failed => plan.clone(),
            _ => {
                self.out.error(&format!("not built ({})", took(started)));
                // What is right of it can be tested and run all the same.
                return self.tests_and_run(analysis);
            }
        };
        let compiled = Compiled {
            project: Project {
                world: Disk::new(&self.root),
                root: self.root.clone(),
            },
            sources: analysis.sources.clone(),
            plan,
            skipped: Vec::new(),
        };
        self.write(&compiled, started)?;
        self.tests_and_run(analysis)
    }

    fn write(&self, compiled: &Compiled, started: Instant) -> Outcome {
        let (out, folder) = (self.out, &self.folder);
        let files = build::with_manifest(compiled, emit::files(&compiled.plan))?;
        writer::recover(folder).map_err(|error| Failure::io("tidy", folder, &error))?;
        let difference = writer::compare(folder, &files).map_err(|error| Failure::io("read", folder, &error))?;
        if !difference.edited.is_empty() {
            for path in &difference.edited {
                out.error(&format!("`{}` is not as `pipec` wrote it", folder.join(path).display()));
            }
            out.error("nothing was written: `pipec build --force` gives these edits up");
            return Err(Failure::Project);
        }
        if difference.is_empty() {
            out.done(&format!("up to date ({})", took(started)));
            return Ok(());
        }
        writer::write(folder, &files, &difference).map_err(|error| Failure::io("write", folder, &error))?;
        build::describe(out, &difference);
        let count = difference.added.len() + difference.changed.len() + difference.removed.len();
        out.done(&format!(
            "built {}, {} changed ({})",
            folder.display(),
            plural(count, "file"),
            took(started)
        ));
        Ok(())
    }

    fn tests_and_run(&mut self, analysis: &Analysis) -> Outcome {
        let wrong = analysis.diagnostics.iter().any(|said| said.severity == Severity::Error);
        let Some(program) = analysis.program.as_ref().filter(|_| !wrong) else {
            return Err(Failure::Project);
        };
        if !self.arguments.test && !self.arguments.run {
            return Ok(());
        }
        let Some(plan) = lower(program, Scope::Embedded).plan else {
            self.out
                .error("the embedded engine does not carry all of it yet: `pipec test` says what");
            return Err(Failure::Project);
        };
        if self.arguments.test {
            self.test(analysis, &plan)?;
        }
        if self.arguments.run {
            self.run(&plan)?;
        }
        Ok(())
    }

    fn test(&mut self, analysis: &Analysis, plan: &Plan) -> Outcome {
        let mut some = plan.clone();
        let known = self.tested.replace(plan.clone());
        if let Some(affected) = known.and_then(|known| affected(&known, plan)) {
            some.tests.retain(|test| affected.tests.contains(&test.title));
            if some.tests.is_empty() {
                self.out.done("no test is affected");
                return Ok(());
            }
        }
        let results = local::test::run_tests(&some, &self.root, None);
        test::say_results(self.out, &analysis.sources, &results);
        Ok(())
    }

    fn run(&mut self, plan: &Plan) -> Outcome {
        let known = self.ran.replace(plan.clone());
        let affected = known.and_then(|known| affected(&known, plan));
        let inputs = Inputs {
            folder: self.root.join("samples"),
        };
        let folder = self.root.join("run");
        let only: Vec<Option<String>> = match affected {
            None => vec![None],
            Some(affected) => {
                let own = plan.transforms.iter().filter(|t| affected.transforms.contains(&t.name));
                own.map(|transform| Some(transform.name.clone())).collect()
            }
        };
        if only.is_empty() {
            self.out.done("no transform is affected");
        }
        for only in only {
            let options = local::Options {
                only: only.clone(),
                add: false,
                at: None,
                project: self.root.clone(),
            };
            let report = local::run(plan, &inputs, &folder, &options).map_err(run::failure)?;
            if !self.out.is_quiet() {
                self.out.result(&run::table(&report));
            }
        }
        Ok(())
    }
}

fn took(started: Instant) -> String {
    format!("{} ms", started.elapsed().as_millis())
}

/// Whether a path is within one of these folders.
fn within(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}
