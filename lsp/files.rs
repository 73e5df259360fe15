//! Where files are: the protocol's addresses, projects' folders, and the standard library, which editors can open too.

use std::io;
use std::path::{Path, PathBuf};

use tower_lsp::ls_types::Uri;

use crate::base::{Sources, join};
use crate::check::functions;
use crate::cli::project::root_of;
use crate::resolve::LIBRARY;

/// The path of an address, if it is one of a file.
pub(super) fn path_of(uri: &Uri) -> Option<PathBuf> {
    uri.to_file_path().map(|path| path.into_owned())
}

/// The folder of the project that a file belongs to: the nearest above that declares a pipeline, else its own.
pub(super) fn project_of(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new("/"));
    root_of(folder).unwrap_or_else(|| folder.to_path_buf())
}

/// Whether a folder holds a project itself.
pub(super) fn is_project(folder: &Path) -> bool {
    root_of(folder).is_some_and(|root| root == folder)
}

/// The path of a file as its project sees it, with `/`.
pub(super) fn inside(root: &Path, path: &Path) -> Option<String> {
    let parts = path.strip_prefix(root).ok()?.components();
    let parts: Vec<_> = parts
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    Some(parts.join("/"))
}

/// The path by which a project sees a file: below its folder, or beside it, where it may be one that it uses.
pub(super) fn seen_from(root: &Path, path: &Path) -> Option<String> {
    if let Some(inside) = inside(root, path) {
        return Some(inside);
    }
    let mut up = String::new();
    for above in root.ancestors().skip(1) {
        up += "../";
        if let Some(inside) = inside(above, path).filter(|_| above.parent().is_some()) {
            return Some(up + &inside);
        }
    }
    None
}

/// The address of a file of a compilation; one of the standard library is written down first.
pub(super) fn address(root: &Path, sources: &Sources, file: crate::base::FileId) -> Option<Uri> {
    let path = &sources.get(file).path;
    match path.strip_prefix("std/") {
        Some(own) => Uri::from_file_path(library(own).ok()?),
        None => address_of(root, path),
    }
}

/// The address of a file by its path from the project's folder.
pub(super) fn address_of(root: &Path, path: &str) -> Option<Uri> {
    Uri::from_file_path(join(&root.to_string_lossy(), path))
}

/// A file of the standard library, written where the user's other caches are.
fn library(path: &str) -> io::Result<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    let cache = cache.ok_or(io::ErrorKind::NotFound)?;
    let file = cache
        .join("pipec")
        .join(format!("std-{}", env!("CARGO_PKG_VERSION")))
        .join(path);
    let known = LIBRARY.iter().chain(functions::FILES).find(|(known, _)| *known == path);
    let (_, text) = known.ok_or(io::ErrorKind::NotFound)?;
    if std::fs::read_to_string(&file).is_ok_and(|found| found == *text) {
        return Ok(file);
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&file, text)?;
    Ok(file)
}
