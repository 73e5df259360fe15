//! Writes a build folder so that it is always whole: killed at any moment, it holds the old build or the new one.
//!
//! The new tree is staged beside the folder and takes its place in one step (`renameat2` with `RENAME_EXCHANGE`).
//! What a person or a tool put into the folder (Terraform's state and providers, packaged archives, compiled
//! functions) is carried over; a generated file that was edited by hand stops the build unless it is forced.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::plan::Files;

/// Name of the file that lists a build's files.
pub const MANIFEST: &str = "manifest.json";
/// Lies in a folder while it is being replaced, so that the next run can tell the old tree from a half-written one.
const REPLACED: &str = ".pipec-replaced";

/// What a build is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The compiler's version.
    pub compiler: String,
    /// The environment that was built, where one was asked for.
    pub environment: Option<String>,
    /// SHA-256 of each source file.
    pub inputs: BTreeMap<String, String>,
    /// SHA-256 of each generated file, but this one.
    pub files: BTreeMap<String, String>,
}

/// How a build folder differs from what would be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Not there yet.
    pub added: Vec<String>,
    /// There with other content, as the last build wrote them.
    pub changed: Vec<String>,
    /// Written by the last build, and no longer part of it.
    pub removed: Vec<String>,
    /// Not as the last build wrote them (or not written by it at all): a person's work.
    pub edited: Vec<String>,
}

impl Difference {
    /// Whether the folder is exactly what would be written.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty() && self.edited.is_empty()
    }
}

/// SHA-256 of some bytes, as lower-case hex.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares a build folder with the files that would be written.
///
/// # Errors
/// If a file of the folder cannot be read.
pub fn compare(folder: &Path, files: &Files) -> io::Result<Difference> {
    let old = read_manifest(folder)?
        .map(|manifest| manifest.files)
        .unwrap_or_default();
    let mut difference = Difference::default();
    for (path, text) in files.iter().filter(|(path, _)| *path != MANIFEST) {
        match (read_optional(&folder.join(path))?, old.get(path)) {
            (None, _) => difference.added.push(path.clone()),
            (Some(found), _) if found == text.as_bytes() => {}
            (Some(found), Some(written)) if *written == hash(&found) => difference.changed.push(path.clone()),
            (Some(_), _) => difference.edited.push(path.clone()),
        }
    }
    for (path, written) in old.iter().filter(|(path, _)| !files.contains_key(*path)) {
        match read_optional(&folder.join(path))? {
            None => {}
            Some(found) if *written == hash(&found) => difference.removed.push(path.clone()),
            Some(_) => difference.edited.push(path.clone()),
        }
    }
    if difference.is_empty()
        && read_optional(&folder.join(MANIFEST))?.as_deref() != files.get(MANIFEST).map(|m| m.as_bytes())
    {
        difference.changed.push(MANIFEST.to_owned());
    }
    Ok(difference)
}

/// The generated files of a build folder that are not as they were written, or gone.
///
/// # Errors
/// If a file of the folder cannot be read.
pub fn edited(folder: &Path) -> io::Result<Vec<String>> {
    let files = read_manifest(folder)?
        .map(|manifest| manifest.files)
        .unwrap_or_default();
    let mut out = vec![];
    for (path, written) in files {
        let found = read_optional(&folder.join(&path))?;
        if found.is_none_or(|bytes| hash(&bytes) != written) {
            out.push(path);
        }
    }
    Ok(out)
}

/// Replaces a build folder's generated files by these, all at once. Only files in which it differs are written: the others
/// stay the very files that they are.
///
/// # Errors
/// If the file system refuses; the folder then is as it was.
pub fn write(folder: &Path, files: &Files, difference: &Difference) -> io::Result<()> {
    let parent = parent(folder)?;
    fs::create_dir_all(&parent)?;
    // Two builds into one place wait for each other; the lock goes with the process.
    let lock = File::open(&parent)?;
    lock.lock()?;
    recover(folder)?;
    let staged = staging(folder)?;
    let lists = [&difference.added, &difference.changed, &difference.edited];
    let mut other: BTreeSet<_> = lists.into_iter().flatten().map(String::as_str).collect();
    other.insert(MANIFEST);
    write_tree(&staged, files, |path| {
        (!other.contains(path)).then(|| folder.join(path))
    })?;
    if !folder.exists() {
        return fs::rename(&staged, folder);
    }
    let old = read_manifest(folder)?
        .map(|manifest| manifest.files)
        .unwrap_or_default();
    fs::write(folder.join(REPLACED), b"")?;
    exchange(&staged, folder)?;
    carry_over(&staged, folder, &old)?;
    fs::remove_dir_all(&staged)
}

/// Finishes or takes back what a killed run left.
///
/// # Errors
/// If the file system refuses.
pub fn recover(folder: &Path) -> io::Result<()> {
    let staged = staging(folder)?;
    if staged.join(REPLACED).exists() {
        let old = read_manifest(&staged)?
            .map(|manifest| manifest.files)
            .unwrap_or_default();
        carry_over(&staged, folder, &old)?;
    }
    remove_if_there(fs::remove_file(folder.join(REPLACED)))?;
    remove_if_there(fs::remove_dir_all(&staged))
}

fn parent(folder: &Path) -> io::Result<PathBuf> {
    let parent = std::path::absolute(folder)?.parent().map(Path::to_path_buf);
    parent.ok_or_else(|| {
        io::Error::new(
            ErrorKind::InvalidInput,
            "the file system's root cannot be a build folder",
        )
    })
}

fn staging(folder: &Path) -> io::Result<PathBuf> {
    let name = folder
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "a build folder needs a name"))?;
    Ok(parent(folder)?.join(format!(".{}.pipec-staged", name.to_string_lossy())))
}

/// Writes files, but for those that are somewhere already: these are the same file, under another name.
fn write_tree(root: &Path, files: &Files, there: impl Fn(&str) -> Option<PathBuf>) -> io::Result<()> {
    let folders: BTreeSet<_> = files
        .keys()
        .filter_map(|path| root.join(path).parent().map(Path::to_path_buf))
        .collect();
    for folder in folders {
        fs::create_dir_all(folder)?;
    }
    for (path, text) in files {
        let target = root.join(path);
        // Where files cannot have two names, they are written.
        if there(path).is_none_or(|there| fs::hard_link(there, &target).is_err()) {
            fs::write(target, text)?;
        }
    }
    Ok(())
}

/// Puts `new` where `old` is, and the other way round, in one step.
fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    match renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // A file system without exchange: two steps, and the same name for the tree in between so that `recover` finds it.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            let aside = new.with_extension("aside");
            fs::rename(old, &aside)?;
            fs::rename(new, old)?;
            fs::rename(&aside, new)
        }
        Err(error) => Err(error.into()),
    }
}

/// Moves what the old build did not write itself into the new folder, without ever replacing something there.
fn carry_over(old: &Path, new: &Path, generated: &BTreeMap<String, String>) -> io::Result<()> {
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        for entry in fs::read_dir(old.join(&relative))? {
            let entry = entry?;
            let path = relative.join(entry.file_name());
            let key = path
                .iter()
                .map(|part| part.to_string_lossy())
                .collect::<Vec<_>>()
                .join("/");
            let ours = generated.contains_key(&key) || key == MANIFEST || key == REPLACED;
            let target = new.join(&path);
            if entry.file_type()?.is_dir() && target.is_dir() {
                folders.push(path);
            } else if entry.file_type()?.is_dir() && generated.keys().any(|file| file.starts_with(&format!("{key}/"))) {
                // A generated folder that is gone from the new build: only foreign files in it are worth keeping.
                folders.push(path);
            } else if !ours && !target.exists() {
                fs::create_dir_all(target.parent().unwrap_or(new))?;
                fs::rename(entry.path(), target)?;
            }
        }
    }
    Ok(())
}

/// The manifest of a build folder, if it has one.
///
/// # Errors
/// If it cannot be read, or is none.
pub fn read_manifest(folder: &Path) -> io::Result<Option<Manifest>> {
    let Some(bytes) = read_optional(&folder.join(MANIFEST))? else {
        return Ok(None);
    };
    let manifest = serde_json::from_slice(&bytes).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
    Ok(Some(manifest))
}

fn read_optional(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}

fn remove_if_there(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(entries: &[(&str, &str)]) -> Files {
        let mut files: Files = entries
            .iter()
            .map(|(path, text)| (path.to_string(), text.to_string()))
            .collect();
        let hashes = files
            .iter()
            .map(|(path, text)| (path.clone(), hash(text.as_bytes())))
            .collect();
        let manifest = Manifest {
            compiler: "0".into(),
            environment: None,
            inputs: BTreeMap::new(),
            files: hashes,
        };
        files.insert(MANIFEST.into(), serde_json::to_string(&manifest).unwrap());
        files
    }

    fn build_into(build: &Path, files: &Files) {
        let difference = compare(build, files).unwrap();
        write(build, files, &difference).unwrap();
    }

    #[test]
    fn only_what_changed_is_written() {
        use std::os::unix::fs::MetadataExt;
        let root = tempfile::tempdir().unwrap();
        let build = root.path().join("build");
        build_into(&build, &files(&[("glue/a.py", "1"), ("glue/b.py", "1"), ("c.tf", "1")]));
        let number = |path: &str| fs::metadata(build.join(path)).unwrap().ino();
        let before = ["glue/a.py", "glue/b.py", "c.tf"].map(number);
        fs::write(build.join("c.tf"), "by hand").unwrap();
        build_into(&build, &files(&[("glue/a.py", "1"), ("glue/b.py", "2"), ("c.tf", "1")]));
        let after = ["glue/a.py", "glue/b.py", "c.tf"].map(number);
        assert_eq!(before[0], after[0]);
        assert!(before[1] != after[1] && before[2] != after[2]);
        assert_eq!(fs::read_to_string(build.join("glue/b.py")).unwrap(), "2");
        assert_eq!(fs::read_to_string(build.join("c.tf")).unwrap(), "1");
    }

    #[test]
    fn a_new_build_keeps_what_is_not_its_own() {
        let root = tempfile::tempdir().unwrap();
        let build = root.path().join("build");
        build_into(&build, &files(&[("terraform/main.tf", "1"), ("glue/old.py", "1")]));
        fs::create_dir_all(build.join("terraform/.terraform/providers")).unwrap();
        fs::write(build.join("terraform/.terraform/providers/aws"), "plugin").unwrap();
        fs::write(build.join("terraform/terraform.tfstate"), "state").unwrap();
        fs::write(build.join("glue/notes.txt"), "mine").unwrap();
        build_into(&build, &files(&[("terraform/main.tf", "2")]));
        let read = |path: &str| fs::read_to_string(build.join(path)).ok();
        assert_eq!(read("terraform/main.tf").as_deref(), Some("2"));
        assert_eq!(read("terraform/terraform.tfstate").as_deref(), Some("state"));
        assert_eq!(read("terraform/.terraform/providers/aws").as_deref(), Some("plugin"));
        assert_eq!(read("glue/notes.txt").as_deref(), Some("mine"));
        assert_eq!(read("glue/old.py"), None);
        let left: Vec<_> = fs::read_dir(root.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["build"]);
    }

    #[test]
    fn edits_by_hand_are_seen() {
        let root = tempfile::tempdir().unwrap();
        let build = root.path().join("build");
        let old = files(&[("a.tf", "1"), ("b.tf", "1"), ("c.tf", "1")]);
        build_into(&build, &old);
        assert!(compare(&build, &old).unwrap().is_empty());
        fs::write(build.join("a.tf"), "mine").unwrap();
        let new = files(&[("a.tf", "1"), ("b.tf", "2"), ("d.tf", "1")]);
        let difference = compare(&build, &new).unwrap();
        let names = |list: &[&str]| list.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        assert_eq!(difference.edited, names(&["a.tf"]));
        assert_eq!(difference.changed, names(&["b.tf"]));
        assert_eq!(difference.added, names(&["d.tf"]));
        assert_eq!(difference.removed, names(&["c.tf"]));
    }

    #[test]
    fn a_run_killed_after_the_exchange_loses_nothing() {
        let root = tempfile::tempdir().unwrap();
        let build = root.path().join("build");
        build_into(&build, &files(&[("a.tf", "1")]));
        fs::write(build.join("terraform.tfstate"), "state").unwrap();
        let staged = staging(&build).unwrap();
        write_tree(&staged, &files(&[("a.tf", "2")]), |_| None).unwrap();
        fs::write(build.join(REPLACED), b"").unwrap();
        exchange(&staged, &build).unwrap();
        recover(&build).unwrap();
        assert_eq!(fs::read_to_string(build.join("a.tf")).unwrap(), "2");
        assert_eq!(fs::read_to_string(build.join("terraform.tfstate")).unwrap(), "state");
        assert!(!staged.exists() && !build.join(REPLACED).exists());
    }

    #[test]
    fn a_run_killed_before_the_exchange_leaves_the_old_build() {
        let root = tempfile::tempdir().unwrap();
        let build = root.path().join("build");
        build_into(&build, &files(&[("a.tf", "1")]));
        let staged = staging(&build).unwrap();
        fs::create_dir_all(&staged).unwrap();
        fs::write(staged.join("a.tf"), "half").unwrap();
        fs::write(build.join(REPLACED), b"").unwrap();
        recover(&build).unwrap();
        assert_eq!(fs::read_to_string(build.join("a.tf")).unwrap(), "1");
        assert!(!staged.exists() && !build.join(REPLACED).exists());
    }
}
