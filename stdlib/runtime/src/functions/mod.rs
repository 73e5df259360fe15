//! The standard library's scalar functions, a file a theme. Each is declared in `stdlib/functions/THEME.pipe`;
//! a missing argument never comes here.

mod hash;
mod text;
mod time;

pub use hash::{Hex, PseudonymKey, sha256};
pub use text::{len, lower, trim, upper};
pub use time::date;
