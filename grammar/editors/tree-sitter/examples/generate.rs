//! Writes the parser that `grammar.js` describes: `cargo run -p tree-sitter-pipe --example generate -- FOLDER`.
//!
//! It needs Node.js, which evaluates the grammar. `make grammars` runs it on `src/`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tree_sitter_generate::{OptLevel, generate_parser_in_directory};

/// The newest form of parsers that Neovim 0.7, of Debian 12, can load.
const ABI: usize = 14;

fn main() -> ExitCode {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::args().nth(1).map_or_else(|| home.join("src"), PathBuf::from);
    let mut remarks = Vec::new();
    let done = generate_parser_in_directory(
        home,
        Some(folder),
        None::<PathBuf>,
        ABI,
        None,
        None,
        true,
        OptLevel::default(),
        &mut remarks,
    );
    for remark in &remarks {
        eprintln!("{remark:?}");
    }
    match done {
        Ok(()) if remarks.is_empty() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
