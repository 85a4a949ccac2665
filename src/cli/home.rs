//! Where sendform keeps its own files: beside the project file, and under `.sendform/`.

use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::identity::{Key, Keys};
use crate::report::failure_code::FailureCode;
use crate::store::regular::{self, Links};

use super::failure::Failure;

/// The project file's name.
pub(super) const PROJECT_FILE: &str = "sendform.yaml";

/// The paths of a project.
#[derive(Debug, Clone)]
pub(super) struct ProjectPaths {
    /// The project's folder.
    pub dir: PathBuf,
    /// Whether it was found above the current folder.
    pub is_above: bool,
}

impl ProjectPaths {
    /// Finds the project's folder: the one that is named, else `campaigns` or the current folder, whichever holds a
    /// project file, else the same of the nearest folder above.
    #[must_use]
    pub(super) fn find(named: Option<&Path>) -> Self {
        let here = |dir: PathBuf| Self { dir, is_above: false };
        if let Some(dir) = named {
            return here(dir.to_owned());
        }
        if let Some(dir) = project_in(Path::new("")) {
            return here(dir);
        }
        project_above().map_or_else(|| here(PathBuf::from(".")), |dir| Self { dir, is_above: true })
    }

    /// The folder that git ignores.
    #[must_use]
    pub(super) fn private(&self) -> PathBuf {
        self.dir.join(".sendform")
    }

    /// The folder of the sandbox.
    #[must_use]
    pub(super) fn sandbox(&self) -> PathBuf {
        self.private().join("sandbox")
    }

    /// The books of the sandbox.
    #[must_use]
    pub(super) fn books(&self) -> PathBuf {
        self.sandbox().join("books.sqlite")
    }

    /// Makes sure that nothing under `.sendform` leads elsewhere.
    ///
    /// # Errors
    /// If there is a link, a pipe or a device.
    pub(super) fn check_private(&self) -> Result<(), Failure> {
        regular::check_private(&self.dir).map_err(|error| {
            let failure = Failure::from(error);
            failure.hint("sendform makes this folder itself, and git must not have it: delete it there")
        })
    }

    /// Whether anything was ever sent to the sandbox, as far as its ledger goes: a ledger
    /// that is missing although it was made once is not an empty one.
    #[must_use]
    pub(super) fn sandbox_was_used(&self) -> bool {
        self.sandbox().join("used").exists()
    }

    /// Remembers that the sandbox has a ledger.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(super) fn mark_sandbox_used(&self) -> Result<(), Failure> {
        let path = self.sandbox().join("used");
        regular::write(&path, "the sandbox has a ledger; to begin afresh remove this folder\n").map_err(|error| {
            Failure::new(FailureCode::Environment, format!("`{}` cannot be written", path.display())).because(&error)
        })
    }

    /// Makes the private folder, and tells git to ignore it.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(super) fn make_private(&self) -> Result<(), Failure> {
        let make = || -> io::Result<()> {
            fs::create_dir_all(self.private())?;
            let ignore = self.private().join(".gitignore");
            if ignore.exists() { Ok(()) } else { regular::write(&ignore, "*\n") }
        };
        make().map_err(|error| {
            let message = format!("`{}` cannot be made", self.private().display());
            Failure::new(FailureCode::Environment, message).because(&error)
        })
    }

    /// Whether one of these keys is the sandbox's own, which anybody on this machine may read.
    #[must_use]
    pub(super) fn holds_sandbox_key(&self, keys: &Keys) -> bool {
        let Ok(text) = regular::read_text(&self.sandbox().join("key"), Links::Refused) else { return false };
        Keys::parse(&text).is_ok_and(|own| own.ids().iter().any(|id| keys.ids().contains(id)))
    }

    /// The key of the sandbox's own ledger: made at first need, readable by its owner only.
    ///
    /// # Errors
    /// If it cannot be read or made.
    pub(super) fn sandbox_keys(&self) -> Result<Keys, Failure> {
        if let Some(keys) = self.read_sandbox_keys()? {
            return Ok(keys);
        }
        let path = self.sandbox().join("key");
        let wrong = |error: &(dyn std::error::Error + 'static)| unusable_key(&path, error);
        let mut bytes = [0; Key::LENGTH];
        getrandom::fill(&mut bytes).map_err(|error| wrong(&io::Error::other(error)))?;
        let key = Key::from_bytes(bytes);
        self.make_private()?;
        fs::create_dir_all(self.sandbox()).map_err(|error| wrong(&error))?;
        write_secret(&path, &key.to_base64()).map_err(|error| wrong(&error))?;
        // Another run may have been first: its key is the one that stays.
        let text = regular::read_text(&path, Links::Refused).map_err(|error| wrong(&error))?;
        Keys::parse(&text).map_err(|error| wrong(&error))
    }

    /// The key of the sandbox's own ledger, if it was made.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn read_sandbox_keys(&self) -> Result<Option<Keys>, Failure> {
        let path = self.sandbox().join("key");
        match regular::read_text(&path, Links::Refused) {
            Ok(text) => Keys::parse(&text).map(Some).map_err(|error| unusable_key(&path, &error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable_key(&path, &error)),
        }
    }
}

/// The folder of the project that belongs to a folder: its `campaigns`, or itself.
fn project_in(folder: &Path) -> Option<PathBuf> {
    let itself = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    [folder.join("campaigns"), itself.to_owned()].into_iter().find(|dir| dir.join(PROJECT_FILE).is_file())
}

/// The folder of the project that belongs to the nearest folder above, if one does. It is looked for up to the top of
/// the repository, and never on another file system, or in a folder of somebody else, who could lead a run anywhere.
fn project_above() -> Option<PathBuf> {
    let here = env::current_dir().ok()?;
    let whose = |folder: &Path| fs::metadata(folder).map(|metadata| (metadata.dev(), metadata.uid())).ok();
    let mut path = PathBuf::new();
    for pair in here.ancestors().collect::<Vec<_>>().windows(2) {
        let [below, above] = pair else { return None };
        if below.join(".git").exists() || whose(above) != whose(&here) {
            return None;
        }
        path.push("..");
        if let Some(found) = project_in(&path) {
            return Some(found);
        }
    }
    None
}

fn unusable_key(path: &Path, error: &(dyn std::error::Error + 'static)) -> Failure {
    let message = format!("the sandbox's key in `{}` cannot be used", path.display());
    Failure::new(FailureCode::Environment, message).because(error)
}

/// Writes a file that only its owner can read, whole or not at all.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}
