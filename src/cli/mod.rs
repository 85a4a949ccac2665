//! Arguments, environment, exit codes: puts the rooms together.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs sendform with the arguments of a process, the program's name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let _ = arguments.into_iter().count();
    ExitCode::SUCCESS
}
