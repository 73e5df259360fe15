//! The front end as one call: the files of a project in, its plan and everything to be said of it out.

mod files;
mod uses;

pub use files::read as read_files;

use crate::aws::{Address, OverrideProofs};
use crate::base::{Sources, World};
use crate::check::declare::Declarations;
use crate::check::functions;
use crate::check::imports::Imports;
use crate::check::items::{self, Alone, Earlier, Ground, Remembered, Whole, check_alone};
use crate::check::program::Program;
use crate::cost;
use crate::diag::{Code, Diagnostic, Diagnostics, Levels, Severity, at_levels, without_echoes};
use crate::plan::Plan;
use crate::plan::lower::{Passed, Scope, lower_after};
use crate::prove::prove;
use crate::resolve::{Index, Library, Project, top};
use crate::syntax::ast;
use std::sync::Arc;

/// What a compilation is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The environment whose settings the plan has; without it, the plan is as the items say.
    pub environment: Option<String>,
    /// Whether what single items can be checked against is kept.
    pub for_edits: bool,
}

/// What comes of a compilation.
#[derive(Clone, Debug)]
pub struct Compilation {
    /// All text, of the project and of the standard library.
    pub sources: Sources,
    /// Everything to be said of the project, by file, then place.
    pub diagnostics: Vec<Diagnostic>,
    /// The typed program; only where nothing said is an error.
    pub program: Option<Program>,
    /// The plan; only where nothing said is an error and all of the program can be built.
    pub plan: Option<Plan>,
    /// What is right and cannot be built yet, as errors, by file, then place.
    pub not_yet: Vec<Diagnostic>,
    /// The typed program as far as it is known, where something said is an error: for who edits it.
    pub doubtful: Option<Program>,
    /// What single items can be checked against, where that was asked for.
    pub ready: Option<Ready>,
    /// The resources of the plan that may be paid for, type and label, where its cost was proved.
    pub paid: Option<Arc<[Address]>>,
    /// The trees of its files.
    pub trees: Vec<Arc<ast::File>>,
}

/// What single items of a project can be checked against.
#[derive(Clone, Debug)]
pub struct Ready {
    whole: Whole,
    levels: Levels,
    imports: Imports,
    /// What was right, for the next compilation.
    earlier: Arc<Earlier>,
}

/// A project that was read and parsed, with the standard library.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// All text.
    pub sources: Sources,
    /// The project's files.
    pub project: Project,
    /// The standard library.
    pub library: Library,
    /// What is to be said of it so far.
    pub said: Diagnostics,
}

/// The parts of a compilation, in order; checking and proving take turns, environment by environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The project's files are read.
    Read,
    /// They are parsed.
    Parse,
    /// The standard library is parsed.
    Library,
    /// Items are found by name.
    Resolve,
    /// Settings, types, labels.
    Check,
    /// Lifetimes, capacity, freshness, cost.
    Prove,
}

/// Compiles a project. Every environment is checked, whichever is asked for: a platform that is wrong in one does not
/// compile.
pub fn compile(world: &dyn World, options: &Options) -> Compilation {
    compile_observed(world, options, &mut |_| ())
}

/// Compiles a project, and calls `ended` whenever a phase, or one environment's part of it, has ended: who measures
/// brings the clock.
pub fn compile_observed(world: &dyn World, options: &Options, ended: &mut dyn FnMut(Phase)) -> Compilation {
    let mut sources = Sources::default();
    let mut said = Diagnostics::default();
    let files = Project::read(world, &mut sources, &mut said);
    ended(Phase::Read);
    let mut project = Project::parse(&files, &sources, &mut said);
    project.read_beside(world);
    ended(Phase::Parse);
    let library = Library::load(&mut sources, functions::FILES);
    let parsed = Parsed {
        sources,
        project,
        library,
        said,
    };
    let go_on = &mut |phase| {
        ended(phase);
        true
    };
    compile_parsed(world, parsed, None, options, go_on)
}

/// The same for a project that was parsed already; what was right `before` some edits and is the same now is not checked
/// again. `ended` says whether to go on. Where it did not, what is found is only a part.
pub fn compile_parsed(
    world: &dyn World,
    parsed: Parsed,
    before: Option<&Ready>,
    options: &Options,
    ended: &mut dyn FnMut(Phase) -> bool,
) -> Compilation {
    let Parsed {
        mut sources,
        project,
        library,
        said: mut diagnostics,
    } = parsed;
    let declarations = Declarations::new(&library);
    ended(Phase::Library);
    let base = uses::Base {
        library: &library,
        declarations: &declarations,
    };
    let imports = uses::imports(world, base, &project, &mut sources, &mut diagnostics);
    let index = Index::new(project.items(), &mut diagnostics);
    ended(Phase::Resolve);
    let ground = Ground {
        library: &library,
        declarations: &declarations,
        project: &project,
        index: &index,
        sources: &sources,
        imports: &imports,
    };
    let asked = options.environment.as_deref();
    if let Some(unknown) = asked.filter(|name| index.get("env", name).is_none()) {
        diagnostics.push(no_environment(unknown, ground));
    }
    let (mut program, mut plan, mut not_yet, mut doubtful, mut paid) = (None, None, Vec::new(), None, None);
    let (mut levels, mut passed) = (Levels::new(), Passed::default());
    let (mut costs, mut overrides) = (cost::Proofs::default(), OverrideProofs::default());
    let mut remembered = Remembered::after(before.map(|ready| Arc::clone(&ready.earlier)), options.for_edits);
    for environment in environments(&index, asked) {
        let (found, places, mut said) = items::check(ground, environment, &mut remembered, diagnostics);
        if !ended(Phase::Check) {
            diagnostics = said;
            break;
        }
        if environment == asked {
            levels.clone_from(&places.levels);
        }
        if said.has_errors() {
            if environment == asked {
                doubtful = found;
            }
        } else if let Some(found) = found {
            let lowered = lower_after(&found, Scope::Platform, &mut passed);
            lowered.diagnostics.into_iter().for_each(|one| said.push(one));
            let proved = lowered.plan.as_ref().and_then(|plan| {
                prove(plan, &places, &mut said);
                overrides.prove(plan, &mut said);
                costs.prove(plan, &places, &mut said)
            });
            if environment == asked {
                (plan, not_yet) = (lowered.plan, lowered.not_yet);
                not_yet.extend(files::missing(world, &found));
                if let Some(plan) = &mut plan {
                    files::read(world, plan);
                }
                program = Some(found);
                paid = proved.map(|proved| proved.resources);
            } else if let (Some(plan), Some(proved)) = (lowered.plan, proved) {
                costs.remember(plan, proved);
            }
            ended(Phase::Prove);
        }
        diagnostics = said;
    }
    overrides.end(&mut diagnostics);
    let ready = remembered.take(ground);
    let diagnostics = at_the_end(&sources, &project, &levels, diagnostics);
    let right = diagnostics.iter().all(|d| d.severity == Severity::Warning);
    if !right {
        doubtful = doubtful.or(program.take());
    }
    not_yet.retain(|_| right);
    let ready = ready.map(|(whole, earlier)| Ready {
        whole,
        levels,
        imports,
        earlier,
    });
    Compilation {
        sources,
        diagnostics,
        program,
        plan: plan.filter(|_| right),
        not_yet,
        doubtful,
        ready,
        paid,
        trees: project.files,
    }
}

/// All environments, and none. What is asked for comes last: it is kept, and by then nothing else is.
fn environments<'a>(index: &Index<'a>, asked: Option<&str>) -> Vec<Option<&'a str>> {
    let all = index.of_kind("env").map(|entity| Some(entity.name));
    let mut environments: Vec<_> = [None].into_iter().chain(all).collect();
    environments.sort_by_key(|environment| *environment == asked);
    environments
}

/// What is said in the end, of all that was said on the way.
fn at_the_end(sources: &Sources, project: &Project, levels: &Levels, diagnostics: Diagnostics) -> Vec<Diagnostic> {
    let items: Vec<_> = project.items().map(|item| item.span).collect();
    let whole = !diagnostics.has_errors();
    let mut diagnostics = without_echoes(sources, &items, diagnostics.sorted());
    if diagnostics.iter().any(|d| d.code == Code::TWO_PIPELINES) {
        // These are two projects: that their items share names, or do not fit together, goes without saying.
        diagnostics.retain(|d| d.code.0 < 200);
    }
    let comments = project.files.iter().flat_map(|file| &file.comments);
    let comments = comments.map(|comment| (comment.span, comment.own_line));
    at_levels(sources, comments, levels, diagnostics, whole)
}

/// What is to be said of some transforms and tests of one file, as the texts are now, and those of them that are right;
/// whether what others read of them is another than before.
pub fn compile_alone(parsed: &Parsed, ready: &Ready, file: &ast::File, changed: &[&ast::Item]) -> Alone {
    let declarations = Declarations::new(&parsed.library);
    let index = Index::new(parsed.project.items(), &mut Diagnostics::default());
    let ground = Ground {
        library: &parsed.library,
        declarations: &declarations,
        project: &parsed.project,
        index: &index,
        sources: &parsed.sources,
        imports: &ready.imports,
    };
    let within = |diagnostic: &&Diagnostic| {
        let span = diagnostic.primary.span;
        changed.iter().any(|item| item.span.covers(span))
    };
    let mut said = Diagnostics::default();
    parsed.said.iter().filter(within).for_each(|d| said.push(d.clone()));
    let mut alone = check_alone(ground, &ready.whole, changed, said);
    let mut said = std::mem::take(&mut alone.said);
    said.retain(|diagnostic| within(&diagnostic));
    said.sort_by_key(|d| (d.primary.span.start, d.code));
    let items: Vec<_> = file.items.iter().map(|item| item.span).collect();
    let said = without_echoes(&parsed.sources, &items, said);
    let comments = file.comments.iter().map(|comment| (comment.span, comment.own_line));
    alone.said = at_levels(&parsed.sources, comments, &ready.levels, said, false);
    alone
}

fn no_environment(name: &str, ground: Ground<'_>) -> Diagnostic {
    let pipeline = ground.index.of_kind("pipeline").next();
    let first = ground.project.files.first();
    let span = pipeline.map(|entity| entity.span).or(first.map(|file| top(file.id)));
    let span = span.unwrap_or(top(crate::base::FileId(0)));
    let diagnostic = Diagnostic::new(Code::UNKNOWN_ITEM, span, format!("there is no env `{name}`"))
        .found("not an environment of this project");
    let names: Vec<_> = ground.index.of_kind("env").map(|entity| entity.name).collect();
    match ground.index.nearest("env", name) {
        Some(near) => diagnostic.help(format!("did you mean `--env {near}`?")),
        None if names.is_empty() => diagnostic.help(format!("declare it: `env {name} {{ … }}`")),
        None => diagnostic.help(format!("there is `{}`", names.join("`, `"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FileId, Memory, Span};

    const CLICKSTREAM: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/clickstream/clickstream.pipe"
    ));

    fn plan_of(environment: Option<&str>) -> Plan {
        let options = Options {
            environment: environment.map(str::to_owned),
            ..Options::default()
        };
        let compilation = compile(&Memory::new([("clickstream.pipe", CLICKSTREAM)]), &options);
        assert_eq!(compilation.diagnostics, []);
        compilation.plan.unwrap()
    }

    /// A plan without the places of its parts.
    fn without_places(mut plan: Plan) -> Plan {
        let nowhere = Span::new(FileId(0), 0, 0);
        for transform in &mut plan.transforms {
            transform.span = nowhere;
            transform.steps.iter_mut().for_each(|step| step.span = nowhere);
        }
        plan.tests.iter_mut().for_each(|test| test.span = nowhere);
        plan
    }

    #[test]
    fn an_environment_replaces_what_it_says_and_nothing_else() {
        let (plain, dev, prod) = (plan_of(None), plan_of(Some("dev")), plan_of(Some("prod")));
        assert!(!plain.pipeline.destroyable && dev.pipeline.destroyable && !prod.pipeline.destroyable);
        assert_eq!(dev.zone("curated").unwrap().backup_days, None);
        assert_eq!(prod.zone("curated").unwrap().backup_days, Some(35));
        let mut again = prod;
        again.environment = None;
        again.zones.iter_mut().for_each(|zone| zone.backup_days = None);
        assert_eq!(again, plain);
    }

    #[test]
    fn an_environment_that_is_not_declared_is_said() {
        let options = Options {
            environment: Some("prd".into()),
            ..Options::default()
        };
        let compilation = compile(&Memory::new([("clickstream.pipe", CLICKSTREAM)]), &options);
        let said: Vec<_> = compilation.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(said, ["there is no env `prd`"]);
        assert_eq!(compilation.diagnostics[0].help, ["did you mean `--env prod`?"]);
        assert!(compilation.plan.is_none());
    }

    #[test]
    fn two_projects_in_one_folder_are_one_mistake() {
        let world = Memory::new([("a/lake.pipe", CLICKSTREAM), ("b/lake.pipe", CLICKSTREAM)]);
        let compilation = compile(&world, &Options::default());
        let said: Vec<_> = compilation.diagnostics.iter().map(|d| d.message.as_str()).collect();
        assert_eq!(said, ["`clickstream` is a second pipeline in this project"]);
        assert!(compilation.plan.is_none());
    }

    #[test]
    fn a_project_of_several_files_is_one() {
        let (head, tail) = CLICKSTREAM.split_once("source clicks").unwrap();
        let tail = format!("source clicks{tail}");
        let world = Memory::new([("b/rest.pipe", tail.as_str()), ("a.pipe", head)]);
        let compilation = compile(&world, &Options::default());
        assert_eq!(compilation.diagnostics, []);
        assert_eq!(without_places(compilation.plan.unwrap()), without_places(plan_of(None)));
    }
}
