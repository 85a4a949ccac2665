//! The repository around a folder, as far as that is seen without asking git.

use std::io;
use std::path::{Path, PathBuf};

/// The top of the work tree that a folder may be in; nothing, if surely neither it nor a folder above has a
/// repository. Where nobody can tell, it is the folder itself.
pub(super) fn top(folder: &Path) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(whole) = folder.canonicalize() else { return Some(folder.to_owned()) };
    whole.ancestors().find(|above| has_repository(above)).map(Path::to_owned)
}

fn has_repository(folder: &Path) -> bool {
    let missing = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    folder.join(".git").symlink_metadata().map_or_else(|error| !missing.contains(&error.kind()), |_| true)
}
