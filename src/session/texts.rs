//! The files of a project as its author sees them now: what an editor holds, over what is on disk.
//!
//! What was read once is kept until somebody says that it changed, so that an edit does not read the folder again.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::{World, join};

/// A world that can be handed to another thread.
pub type Outside = Arc<dyn World + Send + Sync>;

/// What was read: a file's bytes, or what kind of error it was.
type Read = Result<Arc<[u8]>, io::ErrorKind>;

/// A world with texts over it.
#[derive(Clone)]
pub struct Texts {
    outside: Outside,
    /// What editors hold, by path.
    open: BTreeMap<String, Arc<str>>,
    /// What was read; shared between copies, which see the same disk.
    kept: Arc<Mutex<BTreeMap<String, Read>>>,
}

impl Texts {
    /// The files of a world, none of them open.
    pub fn new(outside: Outside) -> Self {
        Texts {
            outside,
            open: BTreeMap::new(),
            kept: Arc::default(),
        }
    }

    /// An editor holds this text of a file.
    pub fn open(&mut self, path: &str, text: &str) {
        self.open.insert(join("", path), Arc::from(text));
    }

    /// What an editor holds of a file.
    pub fn opened(&self, path: &str) -> Option<&Arc<str>> {
        self.open.get(path)
    }

    /// No editor holds it any more.
    pub fn close(&mut self, path: &str) {
        self.open.remove(path);
        self.changed(path);
    }

    /// A file changed on disk.
    pub fn changed(&mut self, path: &str) {
        let mut kept = self.kept().clone();
        kept.remove(path);
        // Copies that are at work go on with what they saw.
        self.kept = Arc::new(Mutex::new(kept));
    }

    /// Anything may have changed on disk.
    pub fn all_changed(&mut self) {
        self.kept = Arc::default();
    }

    /// The files and folders right below the folder that a half-typed path is in, folders with a `/`.
    pub fn names_below(&self, typed: &str) -> Vec<String> {
        let folder = typed.rsplit_once('/').map_or("", |(folder, _)| folder);
        let names = self.outside.list(folder).unwrap_or_default();
        let below = |name: String| match folder {
            "" => name,
            folder => format!("{folder}/{name}"),
        };
        names.into_iter().map(below).collect()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Read>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World for Texts {
    fn pipe_files(&self) -> io::Result<Vec<String>> {
        let mut paths = self.outside.pipe_files()?;
        let own = self.open.keys().filter(|path| !path.starts_with(".."));
        paths.extend(own.cloned());
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    fn pipe_files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut paths = self.outside.pipe_files_below(folder)?;
        let inside = format!("{}/", join("", folder));
        let open = self.open.keys().filter(|path| path.starts_with(&inside));
        paths.extend(open.cloned());
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    fn files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        self.outside.files_below(folder)
    }

    fn identity(&self, folder: &str) -> io::Result<String> {
        self.outside.identity(folder)
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let path = join("", path);
        if let Some(text) = self.open.get(&path) {
            return Ok(text.as_bytes().to_vec());
        }
        if let Some(known) = self.kept().get(&path) {
            return match known {
                Ok(bytes) => Ok(bytes.to_vec()),
                Err(kind) => Err((*kind).into()),
            };
        }
        let read = self.outside.read(&path);
        if path.ends_with(".pipe") && !path.starts_with("..") {
            // Who reads it has its tree, and asks again only for another.
            return read;
        }
        let kept = read.as_deref().map(Arc::from).map_err(io::Error::kind);
        self.kept().insert(path, kept);
        read
    }

    fn exists(&self, path: &str) -> bool {
        let path = join("", path);
        self.open.contains_key(&path) || self.outside.exists(&path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.outside.list(folder)
    }
}
