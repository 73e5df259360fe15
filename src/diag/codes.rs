//! The registry of codes. A code is never used again for something else.
//!
//! Families: `P00xx` project and files, `P01xx` syntax, `P02xx` names, `P03xx` types and expressions,
//! `P04xx` labels, lifetimes and access, `P05xx` settings and units, `P06xx` steps, targets and engines,
//! `P07xx` capacity and cost, `P08xx` schedules, monitors, tests.

use super::Severity;

/// A code's number, printed as `P0301`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "P{:04}", self.0)
    }
}

impl Code {
    /// What the registry knows of it.
    ///
    /// # Panics
    /// If the code is not in the registry; a test holds every code that is raised against it.
    pub fn info(self) -> &'static CodeInfo {
        find(self).unwrap_or_else(|| panic!("{self} is not in the registry of codes"))
    }
}

/// What the registry knows of a code.
#[derive(Debug)]
pub struct CodeInfo {
    /// The code.
    pub code: Code,
    /// A short title for lists.
    pub title: &'static str,
    /// Its level.
    pub severity: Severity,
    /// The version that it came with.
    pub since: &'static str,
    /// The page behind `pipec explain`.
    pub page: &'static str,
}

/// The entry of a code.
pub fn find(code: Code) -> Option<&'static CodeInfo> {
    CODES.iter().find(|info| info.code == code)
}

macro_rules! codes {
    ($($number:literal $name:ident $severity:ident $since:literal $title:literal)*) => {
        #[allow(missing_docs, reason = "the title says it")]
        impl Code { $(pub const $name: Code = Code($number);)* }
        /// Every code, in order.
        pub static CODES: &[CodeInfo] = &[$(CodeInfo {
            code: Code($number),
            title: $title,
            severity: Severity::$severity,
            since: $since,
            page: include_str!(concat!("explain/P", stringify!($number), ".md")),
        }),*];
    };
}

// Numbers are written without a leading zero (Rust would not take one): 301 is P0301, its page `explain/P301.md`.
codes! {
    101 SYNTAX Error "0.1.0" "something stands where the grammar does not expect it"
    102 UNCLOSED Error "0.1.0" "a bracket or a text is never closed, or closes nothing"
    103 UNKNOWN_WORD Error "0.1.0" "no item or step has this name"
    104 NUMBER Error "0.1.0" "a number or a quantity is not well written"
    105 TOO_DEEP Error "0.1.0" "an expression is too long or nests too deep"
    106 COLUMN Error "0.1.0" "items start in column 0, and nothing else does"
    107 ESCAPE Error "0.1.0" "texts do not have this escape"
    108 ORDER Error "0.1.0" "settings come before clauses, and each has its separator"
    109 CHAINED Error "0.1.0" "comparisons do not chain"
}
