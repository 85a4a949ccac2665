//! The binary: hands the arguments to [`sendform::cli`] and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    sendform::cli::run(std::env::args_os())
}
