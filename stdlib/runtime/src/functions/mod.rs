//! The standard library's scalar functions, a file a theme. Each is declared in `stdlib/functions/THEME.pipe`;
//! a missing argument never comes here, unless the declaration says that the function sees it.

pub mod convert;
pub mod geo;
mod hash;
pub mod json;
pub mod lists;
pub mod numbers;
pub mod regex;
mod text;
mod time;
pub mod url;
pub mod zones;

pub use hash::*;
pub use text::*;
pub use time::*;
