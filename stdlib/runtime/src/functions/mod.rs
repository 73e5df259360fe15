//! The standard library's scalar functions, a file a theme. Each is declared in `stdlib/functions/THEME.pipe`;
//! a missing argument never comes here, unless the declaration says that the function sees it.

pub mod arithmetic;
pub mod convert;
mod digest;
mod format;
pub mod geo;
#[cfg(feature = "hashes")]
mod hash;
pub mod json;
pub mod like;
pub mod lists;
pub mod maps;
pub mod numbers;
#[cfg(feature = "regex")]
pub mod regex;
#[cfg(feature = "regex")]
pub mod regex_java;
mod text;
mod time;
pub mod url;
#[cfg(feature = "time_zones")]
pub mod zones;

pub use digest::*;
pub use format::Format;
#[cfg(feature = "hashes")]
pub use hash::*;
pub use like::Like;
pub use text::*;
pub use time::*;
