//! Compiles the parser and its scanner.

fn main() {
    let mut build = cc::Build::new();
    build.include("src").std("c11").warnings(false).opt_level(1);
    for file in ["src/parser.c", "src/scanner.c"] {
        println!("cargo:rerun-if-changed={file}");
        build.file(file);
    }
    build.compile("tree-sitter-pipe");
}
