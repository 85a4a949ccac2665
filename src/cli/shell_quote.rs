//! Words as a shell takes them, for commands that a person is told to type.

use std::path::Path;

pub(super) use crate::diagnostic::shell_word as word;

/// The option that names the project's folder, with the space before it.
#[must_use]
pub(super) fn dir_option(dir: &Path) -> String {
    format!(" --dir {}", word(&dir.display().to_string()))
}
