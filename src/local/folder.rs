//! The output folder: a run writes a new one beside it and exchanges the two at the end, so that a run that fails, or
//! is killed, leaves the last one's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::error::{Fault, RunError};

/// Says that a folder may be replaced: it is a run's.
const MARKER: &str = ".pipec-run";

/// A folder being written.
#[derive(Debug)]
pub(super) struct Staging {
    target: PathBuf,
    new: PathBuf,
    old: PathBuf,
    done: bool,
}

impl Staging {
    /// Starts an empty folder beside `target`, which is not there, empty, or a run's.
    pub fn start(target: &Path) -> Result<Staging, RunError> {
        let named = target.file_name().map(|name| name.to_string_lossy().into_owned());
        let Some(name) = named else {
            let message = format!("`{}` cannot be an output folder", target.display());
            return Err(RunError::new(Fault::Surroundings, message));
        };
        let staging = Staging {
            target: target.to_owned(),
            new: target.with_file_name(format!(".{name}.new")),
            old: target.with_file_name(format!(".{name}.old")),
            done: false,
        };
        staging
            .recover()
            .map_err(|error| RunError::file(target, "recovered", error))?;
        staging.refuse_others()?;
        fs::create_dir_all(&staging.new).map_err(|error| RunError::file(&staging.new, "made", error))?;
        let marker = staging.new.join(MARKER);
        fs::File::create(&marker).map_err(|error| RunError::file(&marker, "written", error))?;
        Ok(staging)
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.new
    }

    /// Takes over from the last run what this one will not write: a folder below the output folder.
    pub fn take_over(&self, folder: &Path) -> Result<(), RunError> {
        let from = self.target.join(folder);
        if !from.is_dir() {
            return Ok(());
        }
        link_tree(&from, &self.new.join(folder)).map_err(|error| RunError::file(&from, "taken over", error))
    }

    /// Puts the new folder in the old one's place.
    pub fn finish(mut self) -> Result<(), RunError> {
        let failed = |error| RunError::file(&self.target, "replaced", error);
        // At each moment one whole folder is there, where the file system can exchange two.
        if renameat_with(CWD, &self.new, CWD, &self.target, RenameFlags::EXCHANGE).is_ok() {
            fs::rename(&self.new, &self.old).map_err(failed)?;
        } else {
            if self.target.exists() {
                fs::rename(&self.target, &self.old).map_err(failed)?;
            }
            fs::rename(&self.new, &self.target).map_err(failed)?;
        }
        self.done = true;
        remove(&self.old).map_err(|error| RunError::file(&self.old, "removed", error))
    }

    /// Mends what a killed run left: the old folder goes back if the new one did not get to its place.
    fn recover(&self) -> io::Result<()> {
        if self.old.exists() && !self.target.exists() {
            fs::rename(&self.old, &self.target)?;
        }
        remove(&self.old)?;
        remove(&self.new)
    }

    fn refuse_others(&self) -> Result<(), RunError> {
        let target = &self.target;
        #[allow(clippy::disallowed_methods, reason = "the output folder is the embedded engine's")]
        let entries = match fs::read_dir(target) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(RunError::file(target, "read", error)),
        };
        if target.join(MARKER).exists() || entries.count() == 0 {
            return Ok(());
        }
        let message = format!(
            "`{}` holds files that no run wrote, and a run would replace them",
            target.display()
        );
        Err(RunError::new(Fault::Surroundings, message).help("name an empty folder, or one of an earlier run"))
    }
}

/// A run that failed leaves nothing.
impl Drop for Staging {
    fn drop(&mut self) {
        if !self.done {
            // Nothing more can be done about a folder that cannot be removed; the next run tries again.
            let _ = remove(&self.new);
        }
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The same files under another name, without copying them where the file system can.
fn link_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    #[allow(clippy::disallowed_methods, reason = "the output folder is the embedded engine's")]
    let entries = fs::read_dir(from)?;
    for entry in entries {
        let entry = entry?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            link_tree(&path, &target)?;
        } else if fs::hard_link(&path, &target).is_err() {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_run_leaves_the_last_one() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("run");
        let staging = Staging::start(&target).unwrap();
        fs::create_dir_all(staging.path().join("a")).unwrap();
        staging.finish().unwrap();
        let failing = Staging::start(&target).unwrap();
        fs::create_dir_all(failing.path().join("b")).unwrap();
        drop(failing);
        assert!(target.join("a").is_dir() && !target.join("b").exists());
        assert!(!folder.path().join(".run.new").exists());
    }

    #[test]
    fn a_run_that_was_killed_between_two_renames_is_mended() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("run");
        fs::create_dir_all(folder.path().join(".run.old/a")).unwrap();
        File::create_marker(&folder.path().join(".run.old"));
        fs::create_dir_all(folder.path().join(".run.new")).unwrap();
        let staging = Staging::start(&target).unwrap();
        assert!(target.join("a").is_dir());
        staging.finish().unwrap();
        assert!(!target.join("a").exists());
    }

    #[test]
    fn what_no_run_wrote_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("home");
        fs::create_dir_all(target.join("pictures")).unwrap();
        let error = Staging::start(&target).unwrap_err();
        assert_eq!(error.fault, Fault::Surroundings);
        assert!(target.join("pictures").is_dir());
    }

    struct File;

    impl File {
        fn create_marker(folder: &Path) {
            fs::File::create(folder.join(MARKER)).unwrap();
        }
    }
}
