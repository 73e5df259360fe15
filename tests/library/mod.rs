//! The standard library's declarations, for tests of what they promise.

use pipec::base::Sources;
use pipec::check::context::{Context, Types};
use pipec::check::functions::{FILES, Functions};
use pipec::check::labels::Classes;
use pipec::diag::Diagnostics;
use pipec::syntax::parse;

/// Hands the library's functions, and what was said of them, to a test.
pub fn with_library(test: impl FnOnce(&Context<'_>, &Functions, &mut Diagnostics)) {
    let mut sources = Sources::default();
    let mut diagnostics = Diagnostics::default();
    let files: Vec<_> = FILES
        .iter()
        .map(|(path, text)| parse(sources.add(*path, text), text, &mut diagnostics))
        .collect();
    let functions = Functions::read(files.iter().flat_map(|file| &file.items), &mut diagnostics);
    let (classes, types) = (Classes::default(), Types::default());
    let ctx = Context {
        sources: &sources,
        functions: &functions,
        classes: &classes,
        types: &types,
        on_stream: false,
    };
    test(&ctx, &functions, &mut diagnostics);
}
