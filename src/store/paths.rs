//! Where the files of a lockfile are.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::regular;

const LOCKFILE: &str = "sendform.lock";
/// The files that a ledger in a lockfile has beside the project file, and that git keeps.
pub const LEDGER_FILES: [&str; 2] = [LOCKFILE, "sendform.stops"];

/// Where the files of one ledger are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The ledger itself, which git keeps.
    pub lockfile: PathBuf,
    /// A copy that git does not see, so that no checkout takes the ledger back.
    pub shadow: Option<PathBuf>,
    /// The file whose lock a run holds. Never the lockfile, which is replaced under the lock.
    pub guard: PathBuf,
    /// The file that says which run has opened the ledger for writing here last.
    pub mark: PathBuf,
}

impl Paths {
    /// The files of a project's own ledger: `sendform.lock`, with shadow and guard in `.sendform`.
    #[must_use]
    pub fn of_project(folder: &Path) -> Self {
        let private = folder.join(".sendform");
        Self {
            lockfile: folder.join(LOCKFILE),
            shadow: Some(private.join("shadow.lock")),
            guard: private.join("lock"),
            mark: private.join("run"),
        }
    }

    /// The files of a project's ledger of sandbox runs, all in `.sendform/sandbox`.
    #[must_use]
    pub fn of_sandbox(folder: &Path) -> Self {
        let private = folder.join(".sendform").join("sandbox");
        Self { lockfile: private.join(LOCKFILE), shadow: None, guard: private.join("lock"), mark: private.join("run") }
    }

    /// The file of stops, beside the lockfile: whoever may write the folder may stop what is sent from it.
    pub(super) fn stops(&self) -> PathBuf {
        self.lockfile.with_extension("stops")
    }

    /// A copy of it that git does not see, so that no checkout takes a stop back.
    pub(super) fn stops_shadow(&self) -> Option<PathBuf> {
        self.shadow.as_ref().map(|shadow| shadow.with_extension("stops"))
    }

    /// The file whose lock whoever writes stops holds for a moment. Never the lock of a run: that may be held for
    /// hours.
    pub(super) fn stops_guard(&self) -> PathBuf {
        self.guard.with_file_name("stops.lock")
    }

    /// Makes the folders of shadow and guard, and has git ignore those that it makes.
    pub(super) fn make_folders(&self) -> Result<(), StoreError> {
        let private = self.shadow.iter().chain([&self.guard]).filter_map(|path| path.parent());
        private.filter(|folder| !folder.as_os_str().is_empty()).try_for_each(make_private)
    }
}

/// Makes a folder that git does not see, if there is none.
pub(super) fn make_private(folder: &Path) -> Result<(), StoreError> {
    if folder.exists() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    let ignore = folder.join(".gitignore");
    regular::write(&ignore, "*\n").map_err(StoreError::io("write", &ignore))
}

/// A file in the words of an error.
pub(super) fn place(path: &Path) -> String {
    path.display().to_string()
}
