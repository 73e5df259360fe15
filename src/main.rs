//! The `pipec` command: arguments in, exit code out.

fn main() {}
