//! What the server knows: the projects that are worked on, what editors hold, what was told to them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{
    CallHierarchyItem, CodeAction, CodeActionOrCommand, CodeActionParams, CodeActionResponse, Diagnostic as Said,
    InitializeParams, Position, Range, TextDocumentContentChangeEvent, Uri, WorkspaceSymbol,
};

use super::colours::Coloured;
use super::queue::{Job, Owned};
use super::text::{self, Encoding};
use super::{files, say, shape};
use crate::base::{Disk, Span};
use crate::session::ide::{Context, Place};
use crate::session::{Analysis, Session};

/// Projects with more text than this, bytes, are analysed on a thread of their own.
const LARGE: usize = 64 << 10;
/// How long nothing must be typed before a large project is analysed as a whole.
const REST: Duration = Duration::from_millis(150);

/// What is sent to the editor without being asked.
#[derive(Debug)]
pub(super) enum Tell {
    /// Diagnostics of a file.
    Diagnostics(Uri, Vec<Said>, Option<i32>),
    /// Something for the log.
    Log(String),
    /// Long work starts, with its name.
    Begin(String),
    /// Long work ended.
    End,
    /// What was asked before may be answered otherwise now.
    Refresh,
}

/// A document that an editor holds.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) path: PathBuf,
    pub(super) root: PathBuf,
    pub(super) version: i32,
}

/// A project that is worked on.
pub(super) struct Project {
    pub(super) session: Session,
    /// What was told of each file: addresses, and what was said.
    told: BTreeMap<Uri, (Vec<Said>, Option<i32>)>,
    /// The generation that was told last.
    generation: Option<u64>,
    /// Stops the analysis that is under way.
    stop: Arc<AtomicBool>,
    /// The generation of which what can be said at once was said.
    glanced: Option<u64>,
    /// The generation that is being analysed.
    under_way: Option<u64>,
    /// When the last edit came.
    touched: Option<Instant>,
}

/// All state of the server.
pub(super) struct State {
    pub(super) encoding: Encoding,
    /// Whether the editor asks for diagnostics itself.
    pub(super) pulls: bool,
    /// Whether it has asked for those of all files.
    pub(super) pulls_all: bool,
    /// The colours that were told last, and how many answers there were.
    pub(super) coloured: BTreeMap<Uri, Coloured>,
    pub(super) answers: u64,
    pub(super) documents: BTreeMap<Uri, Document>,
    pub(super) projects: BTreeMap<PathBuf, Project>,
    pub(super) folders: BTreeSet<PathBuf>,
    pub(super) settings: super::settings::Settings,
    /// Whether the editor knows snippets, links with two ends, and how to watch files.
    pub(super) snippets: bool,
    pub(super) links: bool,
    pub(super) watches: bool,
    /// Whether it shows that something takes long.
    shows_progress: bool,
    /// Who is to ask again once something more was found out: they hear of it when these are dropped.
    pub(super) waiting: Vec<oneshot::Sender<()>>,
    jobs: Sender<Job<State>>,
    tell: UnboundedSender<Tell>,
}

/// No file of a project stands behind an address.
pub(super) fn unknown(uri: &Uri) -> Error {
    Error::invalid_params(format!("`{}` is no file that is open here", uri.as_str()))
}

impl State {
    pub(super) fn new(jobs: Sender<Job<State>>, tell: UnboundedSender<Tell>) -> Self {
        State {
            encoding: Encoding::Utf16,
            pulls: false,
            pulls_all: false,
            coloured: BTreeMap::new(),
            answers: 0,
            documents: BTreeMap::new(),
            projects: BTreeMap::new(),
            folders: BTreeSet::new(),
            settings: super::settings::Settings::default(),
            snippets: false,
            links: false,
            watches: false,
            shows_progress: false,
            waiting: Vec::new(),
            jobs,
            tell,
        }
    }

    pub(super) fn tell(&self, what: Tell) {
        // An editor that is gone is told nothing.
        let _ = self.tell.send(what);
    }

    /// A folder that is worked in: a project in it is checked even while none of its files is open.
    pub(super) fn add_folder(&mut self, path: PathBuf) {
        if files::is_project(&path) {
            self.project(&path);
        }
        self.folders.insert(path);
    }

    /// A folder that is not worked in any more.
    pub(super) fn remove_folder(&mut self, path: &Path) {
        self.folders.remove(path);
        self.forget();
    }

    /// What the editor says of itself first.
    pub(super) fn begin(&mut self, params: &InitializeParams, encoding: Encoding) {
        self.encoding = encoding;
        let capabilities = &params.capabilities;
        let document = capabilities.text_document.as_ref();
        let completion = document.and_then(|document| document.completion.as_ref());
        let item = completion.and_then(|completion| completion.completion_item.as_ref());
        self.snippets = item.and_then(|item| item.snippet_support).unwrap_or(false);
        let definition = document.and_then(|document| document.definition.as_ref());
        self.links = definition
            .and_then(|definition| definition.link_support)
            .unwrap_or(false);
        let files = capabilities
            .workspace
            .as_ref()
            .and_then(|all| all.did_change_watched_files.as_ref());
        self.watches = files.and_then(|files| files.dynamic_registration).unwrap_or(false);
        let window = capabilities.window.as_ref();
        self.shows_progress = window.and_then(|window| window.work_done_progress).unwrap_or(false);
        self.pulls = document.is_some_and(|document| document.diagnostic.is_some());
        let folders: Vec<_> = params.workspace_folders.iter().flatten().collect();
        folders
            .iter()
            .filter_map(|folder| files::path_of(&folder.uri))
            .for_each(|path| self.add_folder(path));
        if let Some(options) = &params.initialization_options {
            self.settings.read(options);
        }
    }

    /// The project in a folder.
    pub(super) fn project(&mut self, root: &Path) -> &mut Project {
        let make = || Project {
            session: Session::new(Arc::new(Disk::new(root))),
            told: BTreeMap::new(),
            generation: None,
            glanced: None,
            stop: Arc::default(),
            under_way: None,
            touched: None,
        };
        self.projects.entry(root.to_path_buf()).or_insert_with(make)
    }

    /// An editor opened a file.
    pub(super) fn open(&mut self, uri: Uri, version: i32, text: &str) {
        let Some(path) = files::path_of(&uri) else { return };
        let root = files::project_of(&path);
        self.documents.insert(
            uri,
            Document {
                path: path.clone(),
                root: root.clone(),
                version,
            },
        );
        self.project(&root);
        self.hold(&path, text);
    }

    /// Every project that sees a file sees this text of it.
    fn hold(&mut self, path: &Path, text: &str) {
        for (root, project) in &mut self.projects {
            if let Some(inside) = files::seen_from(root, path).filter(|inside| project.session.sees(inside)) {
                project.session.edit(&inside, text);
                project.edited();
            }
        }
    }

    /// An editor changed a file.
    pub(super) fn change(&mut self, uri: &Uri, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let Some(document) = self.documents.get_mut(uri) else {
            return;
        };
        document.version = version;
        let (path, root) = (document.path.clone(), document.root.clone());
        let encoding = self.encoding;
        let Some(inside) = files::inside(&root, &path) else {
            return;
        };
        let held = self
            .projects
            .get(&root)
            .and_then(|project| project.session.opened(&inside));
        let mut held = held.map(|held| held.to_string()).unwrap_or_default();
        for change in changes {
            match change.range {
                None => held = change.text,
                Some(range) => {
                    let start = text::offset(&held, range.start, encoding);
                    let end = text::offset(&held, range.end, encoding).max(start);
                    held.replace_range(start..end, &change.text);
                }
            }
        }
        self.hold(&path, &held);
    }

    /// An editor closed a file.
    pub(super) fn close(&mut self, uri: &Uri) {
        let Some(document) = self.documents.remove(uri) else {
            return;
        };
        self.coloured.remove(uri);
        for (root, project) in &mut self.projects {
            if let Some(inside) = files::seen_from(root, &document.path).filter(|inside| project.session.sees(inside)) {
                project.session.close(&inside);
                project.edited();
            }
        }
        self.forget();
    }

    /// What nobody looks at is forgotten, and what was said of it taken back.
    fn forget(&mut self) {
        let open: BTreeSet<_> = self
            .documents
            .values()
            .map(|document| &document.root)
            .chain(&self.folders)
            .cloned()
            .collect();
        let gone: Vec<_> = self
            .projects
            .keys()
            .filter(|root| !open.contains(*root))
            .cloned()
            .collect();
        for root in gone {
            if let Some(project) = self.projects.remove(&root) {
                project.stop.store(true, Ordering::Relaxed);
                for uri in project.told.into_keys() {
                    self.tell(Tell::Diagnostics(uri, Vec::new(), None));
                }
            }
        }
    }

    /// A file changed outside of the editor.
    pub(super) fn outside(&mut self, path: &Path) {
        for (root, project) in &mut self.projects {
            if let Some(inside) = files::seen_from(root, path).filter(|inside| project.session.sees(inside)) {
                project.session.changed(&inside);
                project.edited();
            }
        }
        // It may be what makes a folder a project, or no longer one.
        if path.extension().is_some_and(|extension| extension == "pipe") {
            self.rehome();
        }
    }

    /// Looks again which project each document belongs to.
    fn rehome(&mut self) {
        let moved = self
            .documents
            .iter()
            .filter(|(_, document)| files::project_of(&document.path) != document.root);
        let moved: Vec<_> = moved.map(|(uri, document)| (uri.clone(), document.clone())).collect();
        for (uri, document) in moved {
            let inside = files::inside(&document.root, &document.path);
            let project = self.projects.get(&document.root);
            let held = inside.and_then(|inside| project?.session.opened(&inside).cloned());
            self.close(&uri);
            self.open(uri, document.version, &held.unwrap_or_default());
        }
    }

    /// Answers a question about a place of a document.
    pub(super) fn at<T>(
        &mut self,
        uri: &Uri,
        position: Position,
        question: impl FnOnce(&Context<'_>, Place, &Around<'_>) -> T,
    ) -> Result<T> {
        let encoding = self.encoding;
        self.of(uri, |context, file, around| {
            let text = &context.sources.get(file).text;
            let offset = text::offset(text, position, encoding) as u32;
            question(context, Place { file, offset }, around)
        })
    }

    /// Answers a question about a document.
    pub(super) fn of<T>(
        &mut self,
        uri: &Uri,
        question: impl FnOnce(&Context<'_>, crate::base::FileId, &Around<'_>) -> T,
    ) -> Result<T> {
        let document = self.documents.get(uri).cloned().ok_or_else(|| unknown(uri))?;
        self.analysed(&document.root);
        let encoding = self.encoding;
        let inside = files::inside(&document.root, &document.path).ok_or_else(|| unknown(uri))?;
        let project = self.project(&document.root);
        let answer = project.session.ask(|context| {
            let file = context
                .project
                .files
                .iter()
                .find(|file| context.sources.get(file.id).path == inside)?;
            let around = Around {
                root: &document.root,
                encoding,
            };
            Some(question(context, file.id, &around))
        });
        answer.ok_or_else(|| unknown(uri))
    }

    /// Finds out what is to be said of a small project; of a large one what was found last stays, but for the first time.
    pub(super) fn analysed(&mut self, root: &Path) -> Option<Arc<Analysis>> {
        let project = self.project(root);
        if project.is_large() && project.session.last().is_some() {
            return project.session.last().cloned();
        }
        Some(project.session.analysis())
    }

    /// Tells what was found of a project.
    pub(super) fn publish(&mut self, root: &Path) {
        let (encoding, pulls) = (self.encoding, self.pulls);
        let versions: BTreeMap<_, _> = self
            .documents
            .iter()
            .map(|(uri, document)| (uri.clone(), document.version))
            .collect();
        let Some(project) = self.projects.get_mut(root) else {
            return;
        };
        let Some(analysis) = project.session.last().cloned() else {
            return;
        };
        if analysis.generation != project.session.generation() || project.generation == Some(analysis.generation) {
            return;
        }
        project.generation = Some(analysis.generation);
        if self.pulls_all {
            self.tell(Tell::Refresh);
            return;
        }
        let found = say::by_file(root, &analysis.sources, &analysis.diagnostics, encoding);
        let mut now: BTreeMap<Uri, (Vec<Said>, Option<i32>)> = BTreeMap::new();
        for (file, said) in found {
            if let Some(uri) = files::address(root, &analysis.sources, file)
                && !(pulls && versions.contains_key(&uri))
            {
                let version = versions.get(&uri).copied();
                now.insert(uri, (said, version));
            }
        }
        for (uri, version) in &versions {
            let known = project.told.contains_key(uri);
            if pulls {
                // The editor asks for these itself.
                continue;
            }
            if known || self.documents.get(uri).is_some_and(|document| document.root == root) {
                now.entry(uri.clone()).or_insert_with(|| (Vec::new(), Some(*version)));
            }
        }
        let before = std::mem::replace(&mut project.told, now.clone());
        for uri in before.keys().filter(|uri| !now.contains_key(*uri)) {
            self.tell(Tell::Diagnostics(uri.clone(), Vec::new(), None));
        }
        if pulls {
            self.tell(Tell::Refresh);
        }
        for (uri, told) in now {
            if before.get(&uri) != Some(&told) {
                self.tell(Tell::Diagnostics(uri, told.0, told.1));
            }
        }
    }

    /// Tells of a large project what can be said at once: of the file that is typed in.
    fn glance(&mut self, root: &Path) {
        let (encoding, pulls) = (self.encoding, self.pulls);
        let project = self.project(root);
        let Some(quick) = project.session.quick().filter(|_| !pulls) else {
            return;
        };
        let sources = &project.session.parsed().sources;
        let Some(uri) = files::address(root, sources, quick.file) else {
            return;
        };
        let said = say::by_file(root, sources, &quick.said, encoding)
            .remove(&quick.file)
            .unwrap_or_default();
        let version = self.documents.get(&uri).map(|document| document.version);
        self.project(root).told.insert(uri.clone(), (said.clone(), version));
        self.tell(Tell::Diagnostics(uri, said, version));
    }

    /// Starts to analyse a large project on a thread of its own.
    fn start(&mut self, root: &Path) {
        let jobs = self.jobs.clone();
        let first = self.shows_progress && self.project(root).session.last().is_none();
        let name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let project = self.project(root);
        let Some(work) = project.session.work() else { return };
        project.stop.store(true, Ordering::Relaxed);
        let stop = Arc::new(AtomicBool::new(false));
        project.stop = Arc::clone(&stop);
        project.under_way = Some(project.session.generation());
        if first {
            self.tell(Tell::Begin(format!("checking {name}")));
        }
        let root = root.to_path_buf();
        std::thread::spawn(move || {
            let run = || work.run(&stop).map(Analysis::shared);
            let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            let shared = found.as_ref().ok().cloned().flatten();
            let job: Job<State> = Box::new(move |state| {
                if first {
                    state.tell(Tell::End);
                }
                match found {
                    Ok(found) => state.found(&root, found),
                    Err(_) => state.after_panic("a compilation failed"),
                }
            });
            // A server that ends does not want to know.
            let _ = jobs.send(job);
            let rest = || shared.as_ref().map(|found| found.find_resources().len());
            if std::panic::catch_unwind(std::panic::AssertUnwindSafe(rest)).is_err() {
                let _ = jobs.send(Box::new(|state| state.after_panic("resources could not be told")));
            }
        });
    }

    fn found(&mut self, root: &Path, found: Option<Arc<Analysis>>) {
        let Some(project) = self.projects.get_mut(root) else {
            return;
        };
        if let Some(found) = found {
            if project.under_way == Some(found.generation) {
                project.under_way = None;
            }
            project.session.keep(found);
            self.publish(root);
            self.waiting.clear();
        }
    }
}

/// What is asked for many projects, or with what was said.
impl State {
    /// The items of all projects whose names are like a text.
    pub(super) fn symbols(&mut self, like: &str) -> Vec<WorkspaceSymbol> {
        let encoding = self.encoding;
        let mut found = Vec::new();
        for (root, project) in &mut self.projects {
            let around = Around { root, encoding };
            project.session.ask(|context| {
                let all = context.symbols(like);
                found.extend(all.iter().filter_map(|item| shape::found(context, &around, item)));
            });
        }
        found
    }

    /// What can be done about a selection.
    pub(super) fn actions(&mut self, params: &CodeActionParams) -> Result<CodeActionResponse> {
        let uri = &params.text_document.uri;
        let document = self.documents.get(uri).cloned().ok_or_else(|| unknown(uri))?;
        let analysis = self.analysed(&document.root);
        let quick = self.project(&document.root).session.quick();
        let mut said = analysis
            .as_ref()
            .map(|analysis| analysis.diagnostics.clone())
            .unwrap_or_default();
        if let Some(quick) = quick {
            // Of the file that is typed in, what was said last is of another text.
            said.retain(|diagnostic| diagnostic.primary.span.file != quick.file);
            said.extend(quick.said);
        } else if let Some(analysis) = analysis {
            // What was said of another text stands at other places by now.
            let sources = &self.project(&document.root).session.parsed().sources;
            let paths: BTreeMap<_, _> = sources.iter().map(|(_, one)| (&one.path, &one.text)).collect();
            let is_now = |span: Span| {
                let then = analysis.sources.get(span.file);
                paths.get(&then.path).is_none_or(|now| **now == then.text)
            };
            said.retain(|one| is_now(one.primary.span) && one.fixes.iter().all(|fix| is_now(fix.span)));
        }
        let range = params.range;
        self.at(uri, range.start, |context, place, around| {
            let text = &context.sources.get(place.file).text;
            let end = text::offset(text, range.end, around.encoding);
            let selection = Span::new(place.file, place.offset as usize, end);
            let all = context.actions(selection, &said).into_iter();
            let wanted = |action: &CodeAction| match (&params.context.only, &action.kind) {
                (Some(only), Some(kind)) => only.iter().any(|only| kind.as_str().starts_with(only.as_str())),
                _ => true,
            };
            let all = all.map(|action| shape::action(context, around, action, &params.context.diagnostics));
            all.filter(wanted).map(CodeActionOrCommand::CodeAction).collect()
        })
    }

    /// What stands before a source or transform on the way of rows, or behind it.
    pub(super) fn hierarchy(
        &mut self,
        item: &CallHierarchyItem,
        behind: bool,
    ) -> Result<Vec<(CallHierarchyItem, Range)>> {
        let data = item.data.clone().unwrap_or_default();
        let text = |name: &str| data.get(name).and_then(|value| value.as_str()).unwrap_or("").to_owned();
        let (kind, name) = (text("kind"), text("name"));
        let path = files::path_of(&item.uri).ok_or_else(|| unknown(&item.uri))?;
        let root = files::project_of(&path);
        let encoding = self.encoding;
        let project = self.projects.get_mut(&root).ok_or_else(|| unknown(&item.uri))?;
        Ok(project.session.ask(|context| {
            let around = Around { root: &root, encoding };
            let found = match behind {
                true => context.downstream(&kind, &name),
                false => context.upstream(&name),
            };
            let one = |(station, span): &(crate::session::ide::Station, crate::base::Span)| {
                let item = shape::station(context, &around, station)?;
                Some((item, say::range(context.sources, *span, encoding)))
            };
            found.iter().filter_map(one).collect()
        }))
    }
}

/// What answers need beside the project.
pub(super) struct Around<'a> {
    pub(super) root: &'a Path,
    pub(super) encoding: Encoding,
}

impl Project {
    /// Forgets what was told, and says of which files that is to be taken back.
    pub(super) fn take_back(&mut self) -> Vec<Uri> {
        std::mem::take(&mut self.told).into_keys().collect()
    }

    fn edited(&mut self) {
        self.touched = Some(Instant::now());
        if self.under_way.take().is_some() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn is_large(&mut self) -> bool {
        self.session.size() > LARGE
    }
}

impl Owned for State {
    fn after_panic(&mut self, what: &str) {
        self.tell(Tell::Log(format!("a question failed: {what}")));
        // What was half done may be wrong: everything is read again, but what editors hold.
        for project in self.projects.values_mut() {
            project.session.all_changed();
        }
    }

    fn idle(&mut self) -> Option<Instant> {
        let mut wake: Option<Instant> = None;
        let roots: Vec<_> = self.projects.keys().cloned().collect();
        for root in roots {
            let project = self.project(&root);
            if project.generation == Some(project.session.generation()) || project.under_way.is_some() {
                continue;
            }
            if !project.is_large() {
                project.session.analysis();
                self.publish(&root);
                continue;
            }
            if project.glanced != Some(project.session.generation()) {
                project.glanced = Some(project.session.generation());
                self.glance(&root);
            }
            let project = self.project(&root);
            let due = project.touched.map_or_else(Instant::now, |touched| touched + REST);
            if project.session.last().is_none() || due <= Instant::now() {
                self.start(&root);
            } else {
                wake = Some(wake.map_or(due, |wake| wake.min(due)));
            }
        }
        wake
    }
}
