//! Packages of Python for AWS Lambda, as pip fetches them: for the service's processor and Python, whatever runs here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::package::{Packed, read};
use crate::local::{Fault, RunError};

/// The Python of functions.
const PYTHON: &str = "3.13";

/// What a file of requirements asks for, as files of an archive. Nothing is built here: packages come as wheels.
pub(super) fn packages(requirements: &Path, architecture: &str) -> Result<Vec<Packed>, RunError> {
    let folder = tempfile::tempdir().map_err(|error| failed(requirements, &error.to_string()))?;
    let machine = match architecture {
        "arm64" => "aarch64",
        other => other,
    };
    let mut command = Command::new("python3");
    command
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-compile",
        ])
        .args([
            "--only-binary",
            ":all:",
            "--implementation",
            "cp",
            "--python-version",
            PYTHON,
        ])
        .args(["--platform", &format!("manylinux2014_{machine}")])
        .args(["--platform", &format!("manylinux_2_28_{machine}")])
        .arg("--target")
        .arg(folder.path())
        .arg("--requirement")
        .arg(requirements);
    let done = command.stdin(Stdio::null()).output();
    let done = done.map_err(|error| failed(requirements, &format!("python3 could not be started: {error}")))?;
    if !done.status.success() {
        return Err(failed(requirements, String::from_utf8_lossy(&done.stderr).trim()));
    }
    let mut all = files(folder.path(), "")?;
    // Programs of packages name the Python of this machine, and records of what was installed tell of them.
    all.retain(|file| !file.name().starts_with("bin/") && !file.name().ends_with("/RECORD"));
    Ok(all)
}

/// All files below a folder, named as they are below it, with something before.
pub(super) fn files(folder: &Path, before: &str) -> Result<Vec<Packed>, RunError> {
    let mut out = Vec::new();
    for path in below(folder)? {
        let name = path
            .strip_prefix(folder)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        out.push(Packed::new(&format!("{before}{name}"), read(&path)?, 0o644));
    }
    Ok(out)
}

fn failed(requirements: &Path, why: &str) -> RunError {
    let what = format!("what `{}` asks for could not be fetched: {why}", requirements.display());
    RunError::new(Fault::Surroundings, what).help("it needs Python 3 with pip, and a wheel of each package for Lambda")
}

/// All files below a folder.
#[allow(clippy::disallowed_methods, reason = "what pip fetched is no input of a compilation")]
fn below(folder: &Path) -> Result<Vec<PathBuf>, RunError> {
    let unreadable = |error| RunError::file(folder, "read", error);
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        match path.is_dir() {
            true => out.extend(below(&path)?),
            false => out.push(path),
        }
    }
    Ok(out)
}
