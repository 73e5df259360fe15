//! The standard library: `.pipe` files that are part of the binary.

use crate::base::Sources;
use crate::diag::Diagnostics;
use crate::syntax::{self, ast};

macro_rules! library {
    ($($path:literal)*) => {
        /// The standard library's files: path and text.
        pub static LIBRARY: &[(&str, &str)] = &[$(
            ($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/stdlib/", $path))),
        )*];
    };
}

// A file below `stdlib/` that is missing here turns a test red.
library! {
    "connectors/kinesis.pipe"
    "engines/athena.pipe"
    "engines/glue.pipe"
    "engines/lambda.pipe"
    "prelude.pipe"
    "zones.pipe"
}

/// The standard library, parsed.
#[derive(Debug)]
pub struct Library {
    /// One tree a file.
    pub files: Vec<ast::File>,
}

impl Library {
    /// Parses the standard library with `more` files of it; in `sources` they are `std/…`. A mistake in it turns the
    /// project's own tests red, so nothing is said here.
    pub fn load(sources: &mut Sources, more: &[(&str, &str)]) -> Library {
        Self::load_into(sources, more, &mut Diagnostics::default())
    }

    /// The same, with what the parser has to say.
    pub fn load_into(sources: &mut Sources, more: &[(&str, &str)], diagnostics: &mut Diagnostics) -> Library {
        let files = LIBRARY
            .iter()
            .chain(more)
            .map(|(path, text)| {
                let file = sources.add(format!("std/{path}"), text);
                syntax::parse(file, text, diagnostics)
            })
            .collect();
        Library { files }
    }

    /// Every item of the standard library.
    pub fn items(&self) -> impl Iterator<Item = &ast::Item> {
        self.files.iter().flat_map(|file| &file.items)
    }
}
