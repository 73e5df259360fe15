//! One way to lay out a file: what the author wrote, line by line, with the space between things put in order.
//!
//! Works on tokens, and keeps each of them, comments too, so that it cannot change what a file means; the parser is
//! asked first whether the file can be read at all. Line breaks are the author's, and so is a column that lies further
//! right than it must, where everything in it lies there. It knows no names, types or settings.

mod align;
mod lines;
mod spaces;

use crate::base::FileId;
use crate::diag::{Diagnostic, Diagnostics};
use crate::syntax::parse;

/// How often a file is laid out before it must have come to rest.
const ROUNDS: usize = 16;

/// The file's one layout.
///
/// # Errors
/// What is wrong with it, if it cannot be read.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let mut diagnostics = Diagnostics::default();
    parse(FileId(0), text, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics.sorted());
    }
    let mut laid = lay_out(text);
    for _ in 0..ROUNDS {
        let next = lay_out(&laid);
        if next == laid {
            break;
        }
        laid = next;
    }
    Ok(laid)
}

fn lay_out(text: &str) -> String {
    let mut lines = lines::lines(text);
    align::align(&mut lines);
    let mut out = String::with_capacity(text.len());
    for line in &lines {
        if line.blank_before && !out.is_empty() {
            out.push('\n');
        }
        line.print(&mut out);
        out.push('\n');
    }
    out
}
