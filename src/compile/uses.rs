//! `use "../platform"`: the front end of another project, for what it exports.
//!
//! What is wrong in that project is told once, where it is used: it is mended there.

use std::collections::BTreeSet;

use crate::base::{Below, Sources, Span, World, join};
use crate::check::declare::Declarations;
use crate::check::flow;
use crate::check::imports::{Imports, Used};
use crate::check::items::{self, Ground};
use crate::check::program::{DatasetWriter, Import, Program};
use crate::check::settings::Value;
use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::plan::{Class, DatasetId};
use crate::resolve::{Index, Library, Project};
use crate::syntax::ast::{ItemKind, StrLit};

/// What compiling a used project needs of the one that uses it.
#[derive(Clone, Copy)]
pub(super) struct Base<'b> {
    pub(super) library: &'b Library,
    pub(super) declarations: &'b Declarations<'b>,
}

/// A project on the way from the one that is compiled to the one that is looked at.
struct Visited {
    identity: String,
}

impl Visited {
    /// The folder's own name.
    fn name(&self) -> &str {
        self.identity.rsplit('/').next().unwrap_or(&self.identity)
    }
}

/// What the projects that `project` uses export to it.
pub(super) fn imports(
    world: &dyn World,
    base: Base<'_>,
    project: &Project,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Imports {
    if used_paths(project).next().is_none() {
        return Imports::default();
    }
    let identity = world.identity("").unwrap_or_default();
    let mut loader = Loader {
        base,
        sources,
        chain: vec![Visited { identity }],
    };
    loader.imports(world, "", project, diagnostics)
}

fn used_paths(project: &Project) -> impl Iterator<Item = &StrLit> {
    project.items().filter_map(|item| match &item.kind {
        ItemKind::Use { path } => Some(path),
        _ => None,
    })
}

struct Loader<'l> {
    base: Base<'l>,
    sources: &'l mut Sources,
    chain: Vec<Visited>,
}

impl Loader<'_> {
    /// The imports of the project in `folder`, a path as the compiled project sees it.
    fn imports(
        &mut self,
        world: &dyn World,
        folder: &str,
        project: &Project,
        diagnostics: &mut Diagnostics,
    ) -> Imports {
        let mut imports = Imports::default();
        let mut known: Vec<(String, Span)> = Vec::new();
        for path in used_paths(project) {
            let used = match self.place(world, folder, path, &mut known) {
                Ok((identity, whole)) => self.used(world, identity, &whole, path),
                Err(diagnostic) => Err(Box::new(diagnostic)),
            };
            match used {
                Ok(used) => match imports
                    .projects
                    .iter()
                    .find(|o| o.import.pipeline == used.import.pipeline)
                {
                    Some(other) => diagnostics.push(same_name(&used, other)),
                    None => imports.projects.push(used),
                },
                Err(diagnostic) => {
                    imports.incomplete = true;
                    diagnostics.push(*diagnostic);
                }
            }
        }
        imports
    }

    /// What the folder is, and its path as the compiled project sees it.
    fn place(
        &self,
        world: &dyn World,
        folder: &str,
        path: &StrLit,
        known: &mut Vec<(String, Span)>,
    ) -> Result<(String, String), Diagnostic> {
        let text = &path.value;
        let wrong = |message: String| Diagnostic::new(Code::USE_PATH, path.span, message);
        let form = "write the folder of the other project, as seen from this one: `use \"../platform\"`";
        if text.trim().is_empty() || text.starts_with('/') || text.contains('\\') {
            let message = format!("`{text}` is not a folder as seen from this project");
            return Err(wrong(message)
                .found("no path that leads there from everywhere")
                .help(form));
        }
        let own = join("", text);
        if !own.starts_with("..") {
            let message = format!("`{text}` is a folder of this project");
            let found = "its files are read already";
            return Err(wrong(message).found(found).help(form));
        }
        let whole = join(folder, text);
        let there = world
            .identity(&whole)
            .and_then(|identity| Ok((world.pipe_files_below(&whole)?, identity)));
        let (files, identity) = there.map_err(|_| {
            let message = format!("there is no project in `{text}`");
            wrong(message).found("no such folder").help(form)
        })?;
        if let Some(at) = self.chain.iter().position(|visited| visited.identity == identity) {
            return Err(self.circle(at, path));
        }
        if files.is_empty() {
            let message = format!("there is no project in `{text}`");
            return Err(wrong(message).found("no `.pipe` file below it").help(form));
        }
        if let Some((_, first)) = known.iter().find(|(other, _)| *other == identity) {
            let message = format!("`{text}` is used twice");
            return Err(Diagnostic::new(Code::NAME_TWICE, path.span, message)
                .found("the second")
                .label(*first, "the first")
                .help("leave one of them out"));
        }
        known.push((identity.clone(), path.span));
        Ok((identity, whole))
    }

    fn circle(&self, at: usize, path: &StrLit) -> Diagnostic {
        let mut names: Vec<_> = self.chain.iter().skip(at).map(Visited::name).collect();
        let first = names.first().copied().unwrap_or_default();
        names.push(first);
        let message = format!("project `{first}` uses itself");
        Diagnostic::new(Code::USE_CYCLE, path.span, message)
            .found("and so round again")
            .note(format!("the circle: {}", names.join(" → ")))
            .help("let one of them export what both need, and use nothing of the others")
    }

    fn used(
        &mut self,
        world: &dyn World,
        identity: String,
        whole: &str,
        path: &StrLit,
    ) -> Result<Used, Box<Diagnostic>> {
        self.chain.push(Visited { identity });
        let (program, said) = self.front(world, whole);
        self.chain.pop();
        if let Some(circle) = said.iter().find(|diagnostic| diagnostic.code == Code::USE_CYCLE) {
            // Where it goes round is seen from here as well.
            let mut diagnostic = circle.clone();
            diagnostic.primary.span = path.span;
            return Err(Box::new(diagnostic));
        }
        let errors: Vec<_> = said
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .collect();
        match (program, errors.first()) {
            (Some(program), None) => Ok(export(&program, path)),
            (_, first) => Err(Box::new(broken(path, errors.len(), first.copied()))),
        }
    }

    /// The front end of the project in `folder`, as its items are written: an environment of it is its own business.
    fn front(&mut self, world: &dyn World, folder: &str) -> (Option<Program>, Vec<Diagnostic>) {
        let mut diagnostics = Diagnostics::default();
        let files = Project::read_below(&Below::new(world, folder), folder, self.sources, &mut diagnostics);
        let mut project = Project::parse(&files, self.sources, &mut diagnostics);
        project.read_beside(&Below::new(world, folder));
        let imports = self.imports(world, folder, &project, &mut diagnostics);
        let index = Index::new(project.items(), &mut diagnostics);
        let ground = Ground {
            library: self.base.library,
            declarations: self.base.declarations,
            project: &project,
            index: &index,
            sources: self.sources,
            imports: &imports,
        };
        let (program, _, said) = items::check(ground, None, &mut items::Remembered::default(), diagnostics);
        (program.filter(|_| !said.has_errors()), said.sorted())
    }
}

fn same_name(used: &Used, other: &Used) -> Diagnostic {
    let message = format!("two projects that are used are called `{}`", used.import.pipeline);
    Diagnostic::new(Code::NAME_TWICE, used.span, message)
        .found("the second")
        .label(other.span, "the first")
        .help("give one of their pipelines another name")
}

fn broken(path: &StrLit, errors: usize, first: Option<&Diagnostic>) -> Diagnostic {
    let text = &path.value;
    let count = match errors {
        1 => "an error".to_owned(),
        some => format!("{some} errors"),
    };
    let message = format!("the project in `{text}` has {count}");
    let diagnostic = Diagnostic::new(Code::USED_PROJECT, path.span, message)
        .found("what is wrong there is mended there")
        .help(format!("`pipec check {text}` tells all of it"));
    match first {
        Some(first) => diagnostic
            .label(first.primary.span, first.message.clone())
            .note(format!("the first: {} {}", first.code, first.message)),
        None => diagnostic,
    }
}

/// What a project exports, and what comes with it.
fn export(program: &Program, path: &StrLit) -> Used {
    let settings = &program.pipeline.settings;
    let mut exported: BTreeSet<DatasetId> = BTreeSet::new();
    for item in settings.list("exports") {
        if let Value::Dataset { zone, name } = &item.value {
            let ids = program.datasets.keys().filter(|id| id.zone == *zone);
            exported.extend(
                ids.filter(|id| name.as_ref().is_none_or(|name| id.name == *name))
                    .cloned(),
            );
        }
    }
    let pipeline = program.pipeline.name.clone();
    let region = settings.variant("cloud").and_then(|(_, cloud)| cloud.text("region"));
    let region = region.map(str::to_owned);
    let mut datasets = Vec::new();
    let mut left = flow::days_left(program);
    for dataset in program
        .datasets
        .values()
        .filter(|dataset| exported.contains(&dataset.id))
    {
        let mut taken = dataset.clone();
        taken.writer = DatasetWriter::Import(pipeline.clone());
        datasets.push((taken, left.remove(&dataset.id).unwrap_or_default()));
    }
    let labels = datasets.iter().flat_map(|(dataset, _)| &dataset.columns);
    let labels: BTreeSet<_> = labels.flat_map(|column| column.labels.iter().cloned()).collect();
    Used {
        classes: with_named(&program.classes, labels),
        kept: program
            .datasets
            .keys()
            .filter(|id| !exported.contains(id))
            .cloned()
            .collect(),
        exports: settings.span("exports").unwrap_or(program.pipeline.span),
        folder: path.value.clone(),
        span: path.span,
        import: Import {
            pipeline,
            region: region.unwrap_or_default(),
            datasets,
        },
    }
}

/// These classes, and those that they name: what stands above them, and what lowering leaves.
fn with_named(classes: &[Class], names: BTreeSet<String>) -> Vec<Class> {
    let mut wanted = names;
    loop {
        let known = classes.iter().filter(|class| wanted.contains(&class.name));
        let named = known.flat_map(|class| {
            let left = class.lowered_by.iter().filter_map(|(_, left)| left.clone());
            left.chain(class.below.clone())
        });
        let more: BTreeSet<_> = named.filter(|name| !wanted.contains(name)).collect();
        if more.is_empty() {
            return classes
                .iter()
                .filter(|class| wanted.contains(&class.name))
                .cloned()
                .collect();
        }
        wanted.extend(more);
    }
}
