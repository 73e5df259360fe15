//! The grammar of `.pipe` for tree-sitter, and the queries that editors ask of its trees.
//!
//! It knows nothing of the compiler: `tests/editors` holds both against each other.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_pipe() -> *const ();
}

/// The language.
// Sound: the function comes from a parser that tree-sitter generated.
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_pipe) };

/// What a text's parts are, for colours.
pub const HIGHLIGHTS: &str = include_str!("../../queries/highlights.scm");
/// What can be folded.
pub const FOLDS: &str = include_str!("../../queries/folds.scm");
/// What stands further right than the line before.
pub const INDENTS: &str = include_str!("../../queries/indents.scm");
/// What is of another language.
pub const INJECTIONS: &str = include_str!("../../queries/injections.scm");
/// What an outline shows.
pub const TAGS: &str = include_str!("../../queries/tags.scm");
/// Where names are made and used.
pub const LOCALS: &str = include_str!("../../queries/locals.scm");
