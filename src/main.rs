//! The `pipec` command: arguments in, exit code out.

fn main() -> std::process::ExitCode {
    pipec::cli::main()
}
