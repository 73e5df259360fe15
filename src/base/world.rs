//! The only door to files: phases ask a [`World`], never the operating system.

#![allow(clippy::disallowed_methods, reason = "the one door to files")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What a compilation can see of the outside.
pub trait World {
    /// Every `.pipe` file below the project's folder, relative, with `/`, sorted.
    fn pipe_files(&self) -> io::Result<Vec<String>>;
    /// The bytes of a file, by its path relative to the project's folder.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// Whether a file is there.
    fn exists(&self, path: &str) -> bool;
}

/// A project's folder on disk.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The project in this folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Disk { root: root.into() }
    }

    /// The project's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn walk(&self, folder: &Path, found: &mut Vec<String>) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let (path, name) = (entry.path(), entry.file_name());
            let hidden = name.to_string_lossy().starts_with('.');
            let kind = entry.file_type()?;
            if kind.is_dir() && !hidden && !is_output(&path) {
                self.walk(&path, found)?;
            } else if kind.is_file() && !hidden && path.extension().is_some_and(|e| e == "pipe") {
                let relative = path.strip_prefix(&self.root).unwrap_or(&path);
                let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
                found.push(parts.join("/"));
            }
        }
        Ok(())
    }
}

/// A folder that a build wrote is no source: it holds a `manifest.json` of ours, or is a cargo target folder.
fn is_output(folder: &Path) -> bool {
    folder.join("manifest.json").exists() || folder.join("CACHEDIR.TAG").exists()
}

impl World for Disk {
    fn pipe_files(&self) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        self.walk(&self.root, &mut found)?;
        found.sort();
        Ok(found)
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.root.join(path))
    }

    fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}

/// A project held in memory, for tests and unsaved editors.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    files: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// A project of these files.
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = files
            .into_iter()
            .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
            .collect();
        Memory { files }
    }
}

impl World for Memory {
    fn pipe_files(&self) -> io::Result<Vec<String>> {
        Ok(self
            .files
            .keys()
            .filter(|path| path.ends_with(".pipe"))
            .cloned()
            .collect())
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}
