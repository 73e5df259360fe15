//! Phase 2: every file of the project and of the standard library, its items by name, `like` and `env` applied.
//!
//! Knows names, not types: what a setting means is the checker's business.

mod env;
mod index;
mod layers;
mod library;
mod meant;

pub use env::{Overlay, apply, overlay};
pub(crate) use index::article;
pub use index::{Entity, Index};
pub use layers::{Layer, Layered, layers, own_layer};
pub use library::{LIBRARY, Library};
pub use meant::{Written, no_dataset, targets, unknown_item, written};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{FileId, Sources, Span, World, join};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::syntax::{self, ast};

/// The files of a project, parsed.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// One tree a file, by path.
    pub files: Vec<Arc<ast::File>>,
    /// The files beside it that its tests name, by path; or why one cannot be read.
    pub beside: BTreeMap<String, Result<String, String>>,
}

impl Project {
    /// Reads every `.pipe` file of the project; what cannot be read is said, and left out.
    pub fn read(world: &dyn World, sources: &mut Sources, diagnostics: &mut Diagnostics) -> Vec<FileId> {
        let paths = match world.pipe_files() {
            Ok(paths) => paths,
            Err(error) => {
                let file = sources.add(".", "");
                let message = format!("the project's folder cannot be read: {error}");
                diagnostics.push(Diagnostic::new(Code::FILE, top(file), message));
                Vec::new()
            }
        };
        paths
            .iter()
            .filter_map(|path| read(world, path, path, sources, diagnostics))
            .collect()
    }

    /// Reads every `.pipe` file of a project that is used; its files are called as the one that uses it sees them, by
    /// the path of the folder.
    pub fn read_below(
        world: &dyn World,
        folder: &str,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Vec<FileId> {
        let paths = world.pipe_files().unwrap_or_default();
        let file = |path: &String| read(world, path, &join(folder, path), sources, diagnostics);
        paths.iter().filter_map(file).collect()
    }

    /// Parses the files that were read.
    pub fn parse(files: &[FileId], sources: &Sources, diagnostics: &mut Diagnostics) -> Project {
        let files = files
            .iter()
            .map(|file| Arc::new(syntax::parse(*file, &sources.get(*file).text, diagnostics)))
            .collect();
        Project {
            files,
            beside: BTreeMap::new(),
        }
    }

    /// Reads the files that the project's tests name.
    pub fn read_beside(&mut self, world: &dyn World) {
        let mut named = Vec::new();
        for item in self.items() {
            if let ast::ItemKind::Test(test) = &item.kind {
                named.extend(test.entries.iter().filter_map(|entry| match &entry.kind {
                    ast::EntryKind::Given {
                        rows: ast::GivenRows::File(file),
                        ..
                    } => Some(file.value.clone()),
                    _ => None,
                }));
            }
        }
        for path in named {
            let inside = !path.starts_with('/') && !join("", &path).starts_with("..");
            let text = match inside {
                true => world
                    .read(&path)
                    .map_err(|_| "there is no such file beside the project".to_owned()),
                false => Err("it is not in the project's folder".to_owned()),
            };
            let text = text.and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned()));
            self.beside.insert(path, text);
        }
    }

    /// Every item of the project, file by file.
    pub fn items(&self) -> impl Iterator<Item = &ast::Item> {
        self.files.iter().flat_map(|file| &file.items)
    }
}

/// Reads a file that is to be called `path`.
fn read(
    world: &dyn World,
    file: &str,
    path: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<FileId> {
    let failed = match world.read(file) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => return Some(sources.add(path, &text)),
            Err(error) => format!(
                "`{path}` is not UTF-8: byte {} is no text",
                error.utf8_error().valid_up_to() + 1
            ),
        },
        Err(error) => format!("`{path}` cannot be read: {error}"),
    };
    let file = sources.add(path, "");
    diagnostics.push(Diagnostic::new(Code::FILE, top(file), failed));
    None
}

/// The very start of a file, for what has no better place.
pub fn top(file: FileId) -> Span {
    Span::new(file, 0, 0)
}
