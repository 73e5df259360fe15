//! Functions by name, on values whose types are known only when they run: what folds constants in the compiler and runs
//! rows in the embedded engine calls the same functions as generated code does.
//!
//! Which form of a function is meant was decided by the compiler; here the values themselves tell.

pub mod aggregate;
mod lists;
mod scalar;
mod time;
mod window;

use crate::functions::PseudonymKey;
use crate::types::Timestamp;
use crate::value::{Reject, Value};

pub use aggregate::{Accumulator, Row};
pub use window::{Frame, over_rows};

/// What a function gives where it is an argument: `row => …`.
pub type Function<'f> = &'f dyn Fn(&[Value]) -> Result<Value, Reject>;

/// An argument.
#[derive(Clone)]
pub enum Argument<'f> {
    /// A value.
    Is(Value),
    /// `row => …`
    Gives(Function<'f>),
}

/// What functions ask of the run that they are part of.
#[derive(Clone, Debug)]
pub struct Run {
    /// The run's scheduled time.
    pub now: Timestamp,
    /// The platform's secret.
    pub key: PseudonymKey,
}

/// One call: the run, and what the compiler decided of the answer.
#[derive(Clone, Copy, Debug)]
pub struct Call<'r> {
    /// The run; without one, functions that ask for it have no answer.
    pub run: Option<&'r Run>,
    /// Digits of an answer that is a decimal, or a list of them: in all, and behind the point.
    pub digits: (u8, u8),
}

/// Functions that see missing arguments; of all others one missing argument gives a missing answer.
const SEES_MISSING: [&str; 2] = ["null_if", "first_present"];

/// The answer of a scalar function; `None` where there is none of this name that takes these.
pub fn call(name: &str, arguments: &[Argument<'_>], call: Call<'_>) -> Option<Result<Value, Reject>> {
    let missing = |argument: &Argument<'_>| matches!(argument, Argument::Is(Value::Missing));
    if !SEES_MISSING.contains(&name) && arguments.iter().any(missing) {
        return Some(Ok(Value::Missing));
    }
    let themes = [scalar::call, scalar::call_numbers, time::call, lists::call];
    themes.iter().find_map(|theme| theme(name, arguments, call))
}

/// The names of all scalar functions, for the test that each is declared.
pub fn scalar_names() -> Vec<&'static str> {
    let themes = [scalar::NAMES, scalar::NUMBERS, time::NAMES, lists::NAMES];
    let mut names: Vec<_> = themes.concat();
    names.sort_unstable();
    names.dedup();
    names
}

/// The names of all aggregates.
pub fn aggregate_names() -> &'static [&'static str] {
    aggregate::NAMES
}

/// The names of all functions of windows that are not aggregates.
pub fn window_names() -> &'static [&'static str] {
    window::NAMES
}

/// A theme's functions: name, what it takes, and its answer.
macro_rules! theme {
    (
        $names:ident, $call:ident, $given:ident;
        $($name:literal $pattern:pat $(if $guard:expr)? => $answer:expr;)*
    ) => {
        /// The names of this theme's functions.
        pub(super) const $names: &[&str] = &[$($name),*];

        /// The answer of one of them.
        pub(super) fn $call(
            name: &str,
            arguments: &[Argument<'_>],
            $given: Call<'_>,
        ) -> Option<Result<Value, Reject>> {
            let answer = || -> Result<Option<Value>, Reject> {
                let _ = $given;
                Ok(Some(match (name, arguments) {
                    $(($name, $pattern) $(if $guard)? => $answer.into(),)*
                    _ => return Ok(None),
                }))
            };
            answer().transpose()
        }
    };
}
use theme;
