//! The binary: hands the arguments to [`sendform::cli`] and returns its exit code.

use std::process::ExitCode;

/// Request bodies are made by one thread and freed by another, which the system's allocator answers
/// with memory that it keeps for each of them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sendform::cli::run(std::env::args_os())
}
