//! A project while somebody works on it: its texts, its trees, and what is to be said of it, kept from edit to edit.
//!
//! What was not touched is not read or parsed again; what is said is always what a compilation from nothing would say. It
//! must not know editors, nor how often anybody asks.

pub mod ide;
mod quick;
mod texts;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::aws::Address;
use crate::base::{FileId, Sources, World, join};
use crate::check::functions::{self, Functions};
use crate::check::program::{Program, Transform};
use crate::compile::{Compilation, Options, Parsed, Ready, compile_parsed};
use crate::diag::{Diagnostic, Diagnostics};
use crate::plan::{Plan, Run, StepKind};
use crate::resolve::{Library, Project};
use crate::syntax;
use crate::syntax::ast::{EntryKind, File, GivenRows, Item, ItemKind};

pub use quick::Quick;
pub use texts::{Outside, Texts};

/// A project that is worked on.
pub struct Session {
    texts: Texts,
    /// The trees, and the paths whose text is another since they were made.
    trees: Option<Trees>,
    stale: Vec<String>,
    /// Counts the edits.
    generation: u64,
    analysis: Option<Arc<Analysis>>,
    /// Transforms that were right when they were checked alone, since the last analysis.
    recent: BTreeMap<String, Transform>,
    functions: Arc<Functions>,
    environment: Option<String>,
}

/// What reading and parsing gave, file by file.
struct Trees {
    parsed: Parsed,
    /// What was said while the files were read.
    read: Diagnostics,
    /// The files that were parsed, with what was said of each.
    files: Vec<(FileId, Vec<Diagnostic>)>,
}

/// What a compilation found, and of which state of the texts.
#[derive(Debug)]
pub struct Analysis {
    /// The state: [`Session::generation`] when it was asked for.
    pub generation: u64,
    /// All text as it was then.
    pub sources: Sources,
    /// Everything that is to be said.
    pub diagnostics: Vec<Diagnostic>,
    /// What is right and cannot be built yet.
    pub not_yet: Vec<Diagnostic>,
    /// The typed program, as far as it is known.
    pub program: Option<Program>,
    /// The plan, where nothing is wrong.
    pub plan: Option<Plan>,
    /// The trees that this was found of.
    trees: Vec<Arc<File>>,
    /// What single items can be checked against.
    ready: Option<Ready>,
    /// Those of the plan's resources that may be paid for, where its cost was proved.
    paid: Option<Arc<[Address]>>,
    /// The resources that the plan becomes, type and label, once somebody asked.
    resources: OnceLock<Vec<Address>>,
    /// Whether somebody else finds these, so that no question waits for them.
    is_shared: bool,
}

/// A compilation that can be run anywhere, at any time.
pub struct Work {
    texts: Texts,
    parsed: Parsed,
    generation: u64,
    environment: Option<String>,
    /// What is known of an earlier state.
    before: Option<Arc<Analysis>>,
}

impl Work {
    /// Runs it; nothing comes of it once `stopped` says so.
    pub fn run(self, stopped: &AtomicBool) -> Option<Analysis> {
        let options = Options {
            for_edits: true,
            environment: self.environment,
        };
        let go_on = &mut |_| !stopped.load(Ordering::Relaxed);
        let ready = self.before.as_ref().and_then(|before| before.ready.as_ref());
        let found = compile_parsed(&self.texts, self.parsed, ready, &options, go_on);
        (!stopped.load(Ordering::Relaxed)).then(|| Analysis::of(found, self.generation))
    }
}

impl Analysis {
    /// The files beside the project's own that its transforms and tests name: scripts, what these require, rows.
    pub fn named_files(&self) -> Vec<String> {
        let transforms = self.program.iter().flat_map(|program| &program.transforms);
        let runs = transforms
            .flat_map(|transform| &transform.steps)
            .filter_map(|step| match &step.kind {
                StepKind::Run(run) => Some(run),
                _ => None,
            });
        let named = |run: &Run| {
            let settings = ["requirements", "build"]
                .into_iter()
                .filter_map(|name| run.settings.text(name));
            run.path
                .as_deref()
                .into_iter()
                .chain(settings)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let mut found: Vec<_> = runs.flat_map(named).collect();
        let items = self.trees.iter().flat_map(|tree| &tree.items);
        let tests = items.filter_map(|item| match &item.kind {
            ItemKind::Test(test) => Some(&test.entries),
            _ => None,
        });
        found.extend(tests.flatten().filter_map(|entry| match &entry.kind {
            EntryKind::Given {
                rows: GivenRows::File(file),
                ..
            } => Some(file.value.clone()),
            _ => None,
        }));
        found
    }

    fn of(found: Compilation, generation: u64) -> Self {
        Analysis {
            generation,
            sources: found.sources,
            diagnostics: found.diagnostics,
            not_yet: found.not_yet,
            program: found.program.or(found.doubtful),
            plan: found.plan,
            trees: found.trees,
            ready: found.ready,
            paid: found.paid,
            resources: OnceLock::new(),
            is_shared: false,
        }
    }

    /// For a thread that goes on to [`Analysis::find_resources`] while questions are answered of the rest.
    pub fn shared(mut self) -> Arc<Analysis> {
        self.is_shared = true;
        Arc::new(self)
    }
}

impl Session {
    /// Starts to work on the project of a world.
    pub fn new(outside: Outside) -> Self {
        let mut sources = Sources::default();
        let library = Library::load(&mut sources, functions::FILES);
        let functions = Functions::read(library.items(), &mut Diagnostics::default());
        Session {
            texts: Texts::new(outside),
            trees: None,
            stale: Vec::new(),
            generation: 0,
            analysis: None,
            recent: BTreeMap::new(),
            functions: Arc::new(functions),
            environment: None,
        }
    }

    /// The same with the settings of an environment.
    pub fn with_environment(self, environment: Option<String>) -> Self {
        Session { environment, ..self }
    }

    /// How many edits there were: what was asked before the last is no answer any more.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// An editor holds this text of a file, by its path from the project's folder.
    pub fn edit(&mut self, path: &str, text: &str) {
        self.texts.open(path, text);
        self.touch(path);
    }

    /// What an editor holds of a file.
    pub fn opened(&self, path: &str) -> Option<&Arc<str>> {
        self.texts.opened(path)
    }

    /// No editor holds a file any more: what is on disk counts.
    pub fn close(&mut self, path: &str) {
        self.texts.close(path);
        self.touch(path);
    }

    /// A file was made, changed or removed on disk.
    pub fn changed(&mut self, path: &str) {
        self.texts.changed(path);
        self.touch(path);
    }

    /// Anything may be another on disk.
    pub fn all_changed(&mut self) {
        self.texts.all_changed();
        self.trees = None;
        self.generation += 1;
    }

    fn touch(&mut self, path: &str) {
        self.generation += 1;
        self.stale.push(path.to_owned());
    }

    /// The trees as the texts are now.
    pub fn parsed(&mut self) -> &Parsed {
        let stale = std::mem::take(&mut self.stale);
        let kept = self.trees.take().and_then(|trees| trees.with(&self.texts, &stale));
        let trees = kept.unwrap_or_else(|| Trees::read(&self.texts));
        &self.trees.insert(trees).parsed
    }

    /// What there is to find out, if anything changed since it was found out last.
    pub fn work(&mut self) -> Option<Work> {
        let known = self.analysis.as_ref().map(|analysis| analysis.generation);
        (known != Some(self.generation)).then(|| Work {
            parsed: self.parsed().clone(),
            texts: self.texts.clone(),
            generation: self.generation,
            environment: self.environment.clone(),
            before: self.analysis.clone(),
        })
    }

    /// Keeps what was found, unless something newer is known.
    pub fn keep(&mut self, found: Arc<Analysis>) -> Arc<Analysis> {
        let newer = |known: &Arc<Analysis>| known.generation > found.generation;
        match self.analysis.clone().filter(newer) {
            Some(known) => known,
            None => {
                self.recent.clear();
                self.analysis.insert(found).clone()
            }
        }
    }

    /// What was found last, be it of an earlier state.
    pub fn last(&self) -> Option<&Arc<Analysis>> {
        self.analysis.as_ref()
    }

    /// What is to be said of the project as it is now.
    pub fn analysis(&mut self) -> Arc<Analysis> {
        let found = self.work().and_then(|work| work.run(&AtomicBool::new(false)));
        match (found, &self.analysis) {
            (Some(found), _) => self.keep(Arc::new(found)),
            (None, Some(known)) => Arc::clone(known),
            (None, None) => Arc::new(Analysis::of(
                crate::compile(&self.texts, &Options::default()),
                self.generation,
            )),
        }
    }

    /// Whether a file, by its path from the project's folder, is one of the project, or of one that it uses.
    pub fn sees(&mut self, path: &str) -> bool {
        let used = |item: &Item| match &item.kind {
            ItemKind::Use { path: folder } => path.starts_with(&format!("{}/", join("", &folder.value))),
            _ => false,
        };
        !path.starts_with("..") || self.parsed().project.items().any(used)
    }

    /// How large the project's own text is, bytes.
    pub fn size(&mut self) -> usize {
        let parsed = self.parsed();
        let own = parsed.project.files.iter();
        own.map(|file| parsed.sources.get(file.id).text.len()).sum()
    }

    /// Answers a question about the project as it is written now; types and columns are those that were found last.
    pub fn ask<T>(&mut self, question: impl FnOnce(&ide::Context<'_>) -> T) -> T {
        self.parsed();
        let (functions, analysis) = (Arc::clone(&self.functions), self.analysis.clone());
        let texts = self.texts.clone();
        let recent = std::mem::take(&mut self.recent);
        let parsed = self.parsed();
        let ground = ide::Ground::new(parsed);
        let known = ide::Known {
            functions: &functions,
            analysis: analysis.as_deref(),
            recent: &recent,
            texts: &texts,
        };
        let answer = question(&ground.context(parsed, known));
        self.recent = recent;
        answer
    }
}

impl Trees {
    /// Reads and parses all of a project.
    fn read(texts: &Texts) -> Self {
        let (mut sources, mut read) = (Sources::default(), Diagnostics::default());
        let ids = Project::read(texts, &mut sources, &mut read);
        let (mut files, mut trees) = (Vec::new(), Vec::new());
        for id in ids {
            let mut said = Diagnostics::default();
            trees.push(Arc::new(syntax::parse(id, &sources.get(id).text, &mut said)));
            files.push((id, said.iter().cloned().collect()));
        }
        let library = Library::load(&mut sources, functions::FILES);
        let parsed = Parsed {
            sources,
            project: Project {
                files: trees,
                ..Project::default()
            },
            library,
            said: Diagnostics::default(),
        };
        let trees = Trees { parsed, read, files };
        trees.whole(texts)
    }

    /// The same with some texts read again; nothing where it is no longer the same list of files.
    fn with(mut self, texts: &Texts, stale: &[String]) -> Option<Self> {
        for path in stale {
            let Some(at) = self.place_of(path) else {
                // What tests read and projects that are used are read again anyway; another `.pipe` file of its own makes
                // another project.
                match path.ends_with(".pipe") && !path.starts_with("..") {
                    true => return None,
                    false => continue,
                }
            };
            let text = String::from_utf8(texts.read(path).ok()?).ok()?;
            let (id, said) = self.files.get_mut(at)?;
            let mut heard = Diagnostics::default();
            self.parsed.sources.replace(*id, &text);
            let tree = syntax::parse(*id, &text, &mut heard);
            *said = heard.iter().cloned().collect();
            *self.parsed.project.files.get_mut(at)? = Arc::new(tree);
        }
        Some(if stale.is_empty() { self } else { self.whole(texts) })
    }

    /// Puts together what was said, and reads what tests name.
    fn whole(mut self, texts: &Texts) -> Self {
        let mut said = self.read.clone();
        let all = self.files.iter().flat_map(|(_, said)| said);
        all.for_each(|diagnostic| said.push(diagnostic.clone()));
        self.parsed.said = said;
        self.parsed.project.beside.clear();
        self.parsed.project.read_beside(texts);
        self
    }

    fn place_of(&self, path: &str) -> Option<usize> {
        let sources = &self.parsed.sources;
        self.files.iter().position(|(id, _)| sources.get(*id).path == path)
    }
}
