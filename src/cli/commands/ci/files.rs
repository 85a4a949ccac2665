//! The files of a runner that a step writes to: its summary, and its outputs.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use data_encoding::HEXLOWER;

use crate::cli::failure::Failure;
use crate::report::failure_code::FailureCode;
use crate::wire::said::without_secrets;

/// Adds a text to the end of a file that the runner has made.
///
/// # Errors
/// If it cannot be written.
pub(super) fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || OpenOptions::new().append(true).create(true).open(path)?.write_all(without_secrets(text).as_bytes());
    write().map_err(|error| unwritten(path, &error))
}

/// Writes a text into a file, in place of what was there.
///
/// # Errors
/// If it cannot be written.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, without_secrets(text).as_bytes()).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::new(FailureCode::Environment, format!("`{}` cannot be written", path.display())).at(path).because(error)
}

/// Writes outputs, each between two lines that no value can hold, because nobody can guess them.
///
/// # Errors
/// If they cannot be written.
pub(super) fn set_outputs(path: &Path, outputs: &[(&str, &str)]) -> Result<(), Failure> {
    let mut text = String::new();
    for (name, value) in outputs {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| {
            Failure::new(FailureCode::Environment, "there are no random numbers").because(&io::Error::other(error))
        })?;
        let line = format!("sendform-{}", HEXLOWER.encode(&bytes));
        for part in [name, "<<", &line, "\n", value, "\n", &line, "\n"] {
            text.push_str(part);
        }
    }
    append(path, &text)
}

/// Writes variables for GitLab's `artifacts:reports:dotenv`, a line each, in place of what was there. None of the values
/// has a line of its own, or anything that would have to be quoted.
///
/// # Errors
/// If they cannot be written.
pub(super) fn set_variables(path: &Path, variables: &[(&str, &str)]) -> Result<(), Failure> {
    let text: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    replace(path, &text)
}
