//! The standard library: `.pipe` files that are part of the binary.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    "connectors/api.pipe"
    "connectors/kafka.pipe"
    "connectors/kinesis.pipe"
    "connectors/others.pipe"
    "engines/athena.pipe"
    "engines/emr.pipe"
    "engines/glue.pipe"
    "engines/lambda.pipe"
    "engines/programs.pipe"
    "engines/warehouse.pipe"
    "operations.pipe"
    "platform.pipe"
    "reading.pipe"
    "sinks.pipe"
    "sources.pipe"
    "transforms.pipe"
    "zones.pipe"
}

/// The standard library, parsed.
#[derive(Clone, Debug)]
pub struct Library {
    /// One tree a file.
    pub files: Arc<Vec<ast::File>>,
}

/// The number of the first file, and how many there are; trees hold the numbers of their files.
type Place = (usize, usize);

/// What was parsed before in this process, so that an editor, a watcher or a test that compiles often parses the
/// library once.
static PARSED: Mutex<BTreeMap<Place, Library>> = Mutex::new(BTreeMap::new());

/// More places than this are not kept: it is a few projects that are compiled often.
const PLACES: usize = 32;

impl Library {
    /// Parses the standard library with `more` files of it; in `sources` they are `std/…`. A mistake in it turns the
    /// project's own tests red, so nothing is said here.
    pub fn load(sources: &mut Sources, more: &[(&str, &str)]) -> Library {
        let place = (sources.iter().count(), more.len());
        let known = PARSED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&place)
            .cloned();
        if let Some(library) = known {
            for (path, text) in LIBRARY.iter().chain(more) {
                sources.add(format!("std/{path}"), text);
            }
            return library;
        }
        let library = Self::load_into(sources, more, &mut Diagnostics::default());
        let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.len() < PLACES {
            parsed.insert(place, library.clone());
        }
        library
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
        Library { files: Arc::new(files) }
    }

    /// Every item of the standard library.
    pub fn items(&self) -> impl Iterator<Item = &ast::Item> {
        self.files.iter().flat_map(|file| &file.items)
    }
}
