//! Why a run did not end: what an author's data, a missing file or this version's limits made impossible.

use std::fmt;
use std::path::Path;

/// Whose matter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A folder, a file, a disk.
    Surroundings,
    /// The rows: an aggregate overflowed, an `expect … else fail` did not hold.
    Data,
    /// The plan holds what this version's embedded engine does not do.
    Unsupported,
}

/// A run that failed; nothing of it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError {
    /// Whose matter it is.
    pub fault: Fault,
    /// What happened; lower case, no full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl RunError {
    pub(super) fn new(fault: Fault, message: impl Into<String>) -> RunError {
        RunError {
            fault,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> RunError {
        self.help = Some(help.into());
        self
    }

    pub(super) fn data(message: impl Into<String>) -> RunError {
        RunError::new(Fault::Data, message)
    }

    /// Says in which transform the rows were that cannot be computed.
    pub(super) fn within(mut self, transform: &str) -> RunError {
        if self.fault == Fault::Data {
            self.message = format!("`{transform}`: {}", self.message);
        }
        self
    }

    pub(super) fn unsupported(what: impl fmt::Display) -> RunError {
        RunError::new(Fault::Unsupported, format!("the embedded engine cannot do {what} yet"))
    }

    /// `path` could not be read, written, moved …
    pub(super) fn file(path: &Path, done: &str, error: impl fmt::Display) -> RunError {
        RunError::new(
            Fault::Surroundings,
            format!("`{}` could not be {done}: {error}", path.display()),
        )
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RunError {}

/// Arrow only refuses arrays that do not belong together, which a checked plan does not give it.
impl From<arrow::error::ArrowError> for RunError {
    fn from(error: arrow::error::ArrowError) -> RunError {
        RunError::new(Fault::Unsupported, format!("arrow refused an operation: {error}"))
    }
}
