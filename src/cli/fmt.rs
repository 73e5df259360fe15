//! `pipec fmt`: one way to lay out a file.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::output::{Output, plural};
use super::{Failure, Outcome};
use crate::base::{Disk, Sources, World};
use crate::diag::{Diagnostic, Diagnostics};
use crate::format;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files, or folders with `.pipe` files [default: this folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write nothing; fail if a file would change
    #[arg(long)]
    check: bool,
    /// Read standard input, write standard output
    #[arg(long, conflicts_with_all = ["paths", "check"])]
    stdin: bool,
}

pub(super) fn run(out: &Output, arguments: &Arguments) -> Outcome {
    if arguments.stdin {
        return standard_input(out);
    }
    let (mut sources, mut said, mut changed) = (Sources::default(), Vec::new(), Vec::new());
    let files = files(&arguments.paths)?;
    for path in &files {
        let text = std::fs::read_to_string(path).map_err(|error| Failure::io("read", path, &error))?;
        match laid_out(&mut sources, &path.to_string_lossy(), &text) {
            Ok(new) if new != text => changed.push((path, new)),
            Ok(_) => {}
            Err(diagnostics) => said.extend(diagnostics),
        }
    }
    out.diagnostics(&sources, &said);
    for (path, text) in &changed {
        if arguments.check {
            out.error(&format!("`{}` is not laid out as `pipec fmt` does", path.display()));
        } else {
            replace(path, text)?;
            out.detail(&format!("  ~ {}", path.display()));
        }
    }
    if !arguments.check {
        out.done(&format!(
            "{} of {} laid out anew",
            changed.len(),
            plural(files.len(), "file")
        ));
    }
    match said.is_empty() && (changed.is_empty() || !arguments.check) {
        true => Ok(()),
        false => Err(Failure::Project),
    }
}

fn standard_input(out: &Output) -> Outcome {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| Failure::io("read", Path::new("<stdin>"), &error))?;
    let mut sources = Sources::default();
    match laid_out(&mut sources, "<stdin>", &text) {
        Ok(text) => out.result(&text),
        Err(diagnostics) => {
            out.diagnostics(&sources, &diagnostics);
            return Err(Failure::Project);
        }
    }
    Ok(())
}

/// The text laid out, or why it cannot be: a file with syntax errors is left alone.
fn laid_out(sources: &mut Sources, path: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    let id = sources.add(path, text);
    let mut diagnostics = Diagnostics::default();
    crate::syntax::parse(id, text, &mut diagnostics);
    match diagnostics.has_errors() {
        true => Err(diagnostics.sorted()),
        false => format::format(text),
    }
}

fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let found = Disk::new(path)
                .pipe_files()
                .map_err(|error| Failure::io("read", path, &error))?;
            files.extend(found.iter().map(|file| path.join(file)));
        } else if path.is_file() {
            files.push(path.clone());
        } else {
            return Err(Failure::Usage(format!("`{}` is no folder and no file", path.display())));
        }
    }
    Ok(files)
}

/// Replaces a file in one step, so that a killed run leaves it whole.
pub(super) fn replace(path: &Path, text: &str) -> Outcome {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        std::fs::set_permissions(file.path(), std::fs::metadata(path)?.permissions())?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|error| Failure::io("write", path, &error))
}
