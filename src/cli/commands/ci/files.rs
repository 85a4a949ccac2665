//! The files of a runner that a step writes to: its summary, and its outputs.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use data_encoding::HEXLOWER;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::wire::said::without_secrets;

/// Adds a text to the end of a file that the runner has made.
///
/// # Errors
/// If it cannot be written.
pub(super) fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let write = || OpenOptions::new().append(true).create(true).open(path)?.write_all(without_secrets(text).as_bytes());
    write().map_err(|error| {
        Failure::new(Exit::Environment, format!("`{}` cannot be written", path.display())).at(path).because(&error)
    })
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
            Failure::new(Exit::Environment, "there are no random numbers").because(&io::Error::other(error))
        })?;
        let line = format!("sendform-{}", HEXLOWER.encode(&bytes));
        for part in [name, "<<", &line, "\n", value, "\n", &line, "\n"] {
            text.push_str(part);
        }
    }
    append(path, &text)
}
