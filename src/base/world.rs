//! The only door to files: phases ask a [`World`], never the operating system.

#![allow(clippy::disallowed_methods, reason = "the one door to files")]

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// What a compilation can see of the outside.
pub trait World {
    /// Every `.pipe` file below the project's folder, relative, with `/`, sorted.
    fn pipe_files(&self) -> io::Result<Vec<String>>;
    /// Every `.pipe` file below another folder, by its path relative to the project's: `../platform`. The files' paths are
    /// relative to the project's folder too. An error where there is no such folder.
    fn pipe_files_below(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Every file below a folder of the project, by its path in it, sorted: all that an image is made of. What Python leaves
    /// beside its sources is none.
    fn files_below(&self, folder: &str) -> io::Result<Vec<String>>;
    /// What tells a folder from every other, however its path is written: two paths of one folder have the same.
    fn identity(&self, folder: &str) -> io::Result<String>;
    /// The bytes of a file, by its path relative to the project's folder; `..` leads out of it.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// Whether a file or a folder is there.
    fn exists(&self, path: &str) -> bool;
    /// The files and folders right in a folder that are not hidden, sorted; folders end in `/`.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
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

    /// Adds all files below `folder`, which is called `name`.
    fn all(folder: &Path, name: &str, found: &mut Vec<String>) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let file = entry.file_name();
            let name = join(name, &file.to_string_lossy());
            if !entry.file_type()?.is_dir() {
                found.push(name);
            } else if file != "__pycache__" {
                Self::all(&entry.path(), &name, found)?;
            }
        }
        Ok(())
    }

    /// Adds the `.pipe` files below `folder`, which is called `name`.
    fn walk(folder: &Path, name: &str, found: &mut Vec<String>) -> io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let (path, file) = (entry.path(), entry.file_name());
            let hidden = file.to_string_lossy().starts_with('.');
            let kind = entry.file_type()?;
            let name = join(name, &file.to_string_lossy());
            if kind.is_dir() && !hidden && !is_output(&path) {
                Self::walk(&path, &name, found)?;
            } else if kind.is_file() && !hidden && path.extension().is_some_and(|e| e == "pipe") {
                found.push(name);
            }
        }
        Ok(())
    }
}

/// The path of `path` as seen from where `folder` is one: `join("../b", "../c")` is `../c`. Knows names alone: whether a
/// folder is a link is not asked.
pub fn join(folder: &str, path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    let before = if absolute { "" } else { folder };
    for part in before.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute || folder.starts_with('/') {
        format!("/{joined}")
    } else {
        joined
    }
}

/// A folder that a build wrote is no source: it holds a `manifest.json` of ours, or is a cargo target folder.
fn is_output(folder: &Path) -> bool {
    folder.join("manifest.json").exists() || folder.join("CACHEDIR.TAG").exists()
}

impl World for Disk {
    fn pipe_files(&self) -> io::Result<Vec<String>> {
        self.pipe_files_below("")
    }

    fn pipe_files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        Self::walk(&self.root.join(folder), folder, &mut found)?;
        found.sort();
        Ok(found)
    }

    fn files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        Self::all(&self.root.join(folder), folder, &mut found)?;
        found.sort();
        Ok(found)
    }

    fn identity(&self, folder: &str) -> io::Result<String> {
        let path = std::fs::canonicalize(self.root.join(folder))?;
        Ok(path.to_string_lossy().into_owned())
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.root.join(path))
    }

    fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(self.root.join(folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || is_output(&entry.path()) {
                continue;
            }
            found.push(if entry.path().is_dir() {
                format!("{name}/")
            } else {
                name
            });
        }
        found.sort();
        Ok(found)
    }
}

/// A project held in memory, for tests and unsaved editors. Its folder is called `project`; files of projects beside it
/// have paths such as `../platform/lake.pipe`.
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

    /// The path under which a file is kept, however it is written.
    fn key(&self, path: &str) -> String {
        let whole = join("/projects/project", path);
        match whole.strip_prefix("/projects/project/") {
            Some(own) => own.to_owned(),
            None => whole.replacen("/projects/", "../", 1),
        }
    }
}

impl World for Memory {
    fn pipe_files(&self) -> io::Result<Vec<String>> {
        Ok(self
            .files
            .keys()
            .filter(|path| path.ends_with(".pipe") && !path.starts_with("../"))
            .cloned()
            .collect())
    }

    fn pipe_files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        let wanted = self.identity(folder)?;
        let mut found = Vec::new();
        for path in self.files.keys().filter(|path| path.ends_with(".pipe")) {
            if let Some(below) = self.identity(path)?.strip_prefix(&format!("{wanted}/")) {
                found.push(join(folder, below));
            }
        }
        match found.is_empty() {
            true => Err(io::ErrorKind::NotFound.into()),
            false => Ok(found),
        }
    }

    fn files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        let below = format!("{}/", self.key(folder));
        let mine = self.files.keys().filter(|path| path.starts_with(&below));
        Ok(mine.cloned().collect())
    }

    fn identity(&self, folder: &str) -> io::Result<String> {
        Ok(join("/projects/project", folder))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let file = self.files.get(&self.key(path)).cloned();
        file.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn exists(&self, path: &str) -> bool {
        let path = self.key(path);
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(&path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let inside = match folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let below = self.files.keys().filter_map(|path| path.strip_prefix(&inside));
        let mut found: Vec<_> = below
            .map(|rest| rest.split_inclusive('/').next().unwrap_or(rest).to_owned())
            .collect();
        found.dedup();
        Ok(found)
    }
}

/// Another folder of a world, as the project that is compiled: what a `use` leads to.
#[derive(Clone, Copy)]
pub struct Below<'w> {
    world: &'w dyn World,
    folder: &'w str,
}

impl<'w> Below<'w> {
    /// The project in `folder`, a path relative to the project's folder of `world`.
    pub fn new(world: &'w dyn World, folder: &'w str) -> Self {
        Below { world, folder }
    }
}

impl World for Below<'_> {
    fn pipe_files(&self) -> io::Result<Vec<String>> {
        self.pipe_files_below("")
    }

    fn pipe_files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        let whole = join(self.folder, folder);
        let files = self.world.pipe_files_below(&whole)?;
        let prefix = format!("{whole}/");
        let own = |path: String| path.strip_prefix(&prefix).map(|below| join(folder, below));
        Ok(files.into_iter().filter_map(own).collect())
    }

    fn files_below(&self, folder: &str) -> io::Result<Vec<String>> {
        let files = self.world.files_below(&join(self.folder, folder))?;
        let prefix = format!("{}/", self.folder);
        let own = |path: String| path.strip_prefix(&prefix).map(str::to_owned);
        Ok(files.into_iter().filter_map(own).collect())
    }

    fn identity(&self, folder: &str) -> io::Result<String> {
        self.world.identity(&join(self.folder, folder))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.world.read(&join(self.folder, path))
    }

    fn exists(&self, path: &str) -> bool {
        self.world.exists(&join(self.folder, path))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.world.list(&join(self.folder, folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_by_name() {
        let cases = [
            ("", "../platform", "../platform"),
            ("../b", "../c", "../c"),
            ("../b", "../../c", "../../c"),
            ("a/b", "./../c", "a/c"),
            ("", "..", ".."),
            ("a", "..", ""),
            ("/x/y", "../z", "/x/z"),
            ("a", "/z", "/z"),
        ];
        for (folder, path, expected) in cases {
            assert_eq!(join(folder, path), expected, "{folder} and {path}");
        }
    }

    #[test]
    fn a_project_beside_another_is_a_world_of_its_own() {
        let world = Memory::new([
            ("main.pipe", "a"),
            ("../other/lake.pipe", "b"),
            ("../other/more/zones.pipe", "c"),
        ]);
        assert_eq!(world.pipe_files().unwrap(), ["main.pipe"]);
        let other = Below::new(&world, "../other");
        assert_eq!(other.pipe_files().unwrap(), ["lake.pipe", "more/zones.pipe"]);
        assert_eq!(other.read("lake.pipe").unwrap(), b"b");
        assert!(other.exists("more/zones.pipe") && !other.exists("main.pipe"));
        assert_eq!(other.read("../project/main.pipe").unwrap(), b"a");
        assert_eq!(other.identity("../project").unwrap(), world.identity("").unwrap());
        assert_eq!(other.pipe_files_below("../project").unwrap(), ["../project/main.pipe"]);
        assert!(world.pipe_files_below("../nowhere").is_err());
    }
}
