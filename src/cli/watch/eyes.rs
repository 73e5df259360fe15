//! What changes below the project's folder, as the operating system tells it; and Ctrl-C.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::batch::Batch;
use super::within;
use crate::cli::Failure;

/// What happened.
#[derive(Debug)]
pub(super) enum Seen {
    /// These files were made, written, removed or renamed.
    Changes(Vec<PathBuf>),
    /// Something was missed: anything may be another.
    Anything,
    /// Nothing yet.
    Nothing,
    /// Ctrl-C.
    End,
}

/// What comes from the outside.
enum Event {
    Files(Result<notify::Event, notify::Error>),
    End,
}

/// Watches folders.
pub(super) struct Eyes {
    root: PathBuf,
    /// Which folder it is, however it is called: another one may take its place.
    identity: Option<u64>,
    ignored: Vec<PathBuf>,
    watcher: RecommendedWatcher,
    also: Vec<PathBuf>,
    events: Receiver<Event>,
}

impl Eyes {
    /// Watches a folder, but not what is written below it.
    pub(super) fn open(root: &Path, ignored: &[PathBuf]) -> Result<Self, Failure> {
        let (send, events) = channel();
        let stop: Sender<Event> = send.clone();
        let ending = ctrlc::set_handler(move || {
            // Who does not listen any more has ended.
            let _ = stop.send(Event::End);
        });
        ending.map_err(|error| Failure::Surroundings(format!("Ctrl-C cannot be heard: {error}")))?;
        let watcher = notify::recommended_watcher(move |event| {
            let _ = send.send(Event::Files(event));
        });
        let watcher = watcher.map_err(|error| Failure::Surroundings(format!("nothing can be watched: {error}")))?;
        let mut eyes = Eyes {
            identity: identity(root),
            root: root.to_path_buf(),
            ignored: ignored.to_vec(),
            watcher,
            also: Vec::new(),
            events,
        };
        eyes.watch_root()?;
        Ok(eyes)
    }

    fn watch_root(&mut self) -> Result<(), Failure> {
        let watched = self.watcher.watch(&self.root, RecursiveMode::Recursive);
        watched.map_err(|error| {
            let help = "on Linux, `fs.inotify.max_user_watches` limits how many folders can be watched";
            Failure::Surroundings(format!(
                "cannot watch `{}`: {error}\n  help: {help}",
                self.root.display()
            ))
        })
    }

    /// Watches these folders too.
    pub(super) fn also(&mut self, folders: &[PathBuf]) {
        for folder in folders {
            if !self.also.contains(folder) && self.watcher.watch(folder, RecursiveMode::Recursive).is_ok() {
                self.also.push(folder.clone());
            }
        }
    }

    /// Waits for what happens next: saves that belong together at once.
    pub(super) fn next(&mut self, longest: Duration) -> Seen {
        let (mut batch, mut paths, mut missed) = (Batch::default(), Vec::new(), false);
        let end = Instant::now() + longest;
        loop {
            let due = batch.due().unwrap_or(end);
            match self.events.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return Seen::End,
                Ok(Event::Files(Ok(event))) => {
                    missed |= event.need_rescan();
                    let reads = event.kind.is_access();
                    let own = event.paths.into_iter().filter(|path| !reads && self.counts(path));
                    let before = paths.len();
                    paths.extend(own);
                    if paths.len() > before || missed {
                        batch.add(Instant::now());
                    }
                }
                Ok(Event::Files(Err(_))) => {
                    missed = true;
                    batch.add(Instant::now());
                }
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        batch.clear();
        paths.sort();
        paths.dedup();
        match self.is_another() || missed {
            true => Seen::Anything,
            false if paths.is_empty() => Seen::Nothing,
            false => Seen::Changes(paths),
        }
    }

    /// Whether a change of a file can matter: what is hidden and what is written here does not.
    fn counts(&self, path: &Path) -> bool {
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        let hidden = inside
            .components()
            .any(|part| part.as_os_str().to_string_lossy().starts_with('.'));
        !hidden && !within(path, &self.ignored)
    }

    /// Whether another folder stands where the watched one was; it is watched from now on.
    fn is_another(&mut self) -> bool {
        let now = identity(&self.root);
        if now == self.identity || now.is_none() {
            return false;
        }
        self.identity = now;
        // The old one is gone: there may be nothing left to stop.
        let _ = self.watcher.unwatch(&self.root);
        self.watch_root().is_ok()
    }
}

fn identity(folder: &Path) -> Option<u64> {
    std::fs::metadata(folder).ok().map(|found| found.ino())
}
