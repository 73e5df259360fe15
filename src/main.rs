//! The `pipec` command: arguments in, exit code out.

/// Compiling makes many small values that live as long as the compilation: this allocator is made for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    pipec::cli::main()
}
