//! A file that entries are appended to, and that is replaced whole.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;

use crate::ledger::{Ledger, ReadLedger, Seals};

use super::error::{DamagedText, StoreError};
use super::git::{KeptBy, kept_in_git};
use super::regular::{self, LEDGER_BYTES_MAX, Links};

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(pub(super) u64, pub(super) u64);

impl Identity {
    /// The identity of an open file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::from(&metadata))
    }

    /// The identity of the file at a path.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::from(&metadata))
    }
}

#[cfg(unix)]
impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(metadata.dev(), metadata.ino())
    }
}

#[cfg(not(unix))]
impl From<&Metadata> for Identity {
    fn from(_: &Metadata) -> Self {
        Self(0, 0)
    }
}

/// A file that entries are appended to.
#[derive(Debug)]
pub(super) struct AppendFile {
    path: PathBuf,
    file: File,
    identity: Identity,
    length: u64,
}

impl AppendFile {
    /// Opens a file that is there.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = regular::open(path, Links::Refused, File::options().append(true));
        let file = file.map_err(StoreError::io("open", path))?;
        Self::over(path, file)
    }

    /// Takes an open file.
    pub(super) fn over(path: &Path, file: File) -> Result<Self, StoreError> {
        let metadata = file.metadata().map_err(StoreError::io("look at", path))?;
        Ok(Self { path: path.to_owned(), file, identity: Identity::from(&metadata), length: metadata.len() })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that the file at the path is still this one, and that nobody else has written to
    /// it: what is appended to a file that a checkout has replaced is lost.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let there = fs::metadata(&self.path).ok();
        let same = there.is_some_and(|there| Identity::from(&there) == self.identity && there.len() == self.length);
        same.then_some(()).ok_or_else(|| StoreError::Replaced { path: self.path.clone() })
    }

    /// Appends bytes, which are not durable yet.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(StoreError::io("write", &self.path))?;
        self.length += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Makes durable what was appended.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(StoreError::io("sync", &self.path))
    }
}

/// Reads a file; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match regular::read(path, Links::Refused, LEDGER_BYTES_MAX) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// Reads the text of a ledger's file; the path is for the message.
pub(super) fn parse(path: &Path, text: &[u8], seals: &Seals) -> Result<ReadLedger, StoreError> {
    Ledger::read(text, seals).map_err(|damage| {
        // What git does not tell it does not keep.
        let commit = kept_in_git(path).ok().flatten().map(KeptBy::commit);
        let (place, of) = (path.display().to_string(), DamagedText::Home { commit });
        StoreError::Damage { place, damage: Box::new(damage), of }
    })
}

/// Cuts a file's torn end off, durably.
pub(super) fn truncate(path: &Path, length: usize) -> Result<(), StoreError> {
    let cut = || {
        let file = regular::open(path, Links::Refused, File::options().write(true))?;
        file.set_len(u64::try_from(length).unwrap_or(u64::MAX))?;
        file.sync_all()
    };
    cut().map_err(StoreError::io("cut the torn end off", path))
}

/// Replaces a file, or makes it, whole and durably: a crash leaves the old or the new one.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<(), StoreError> {
    let write = || {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(text)?;
        file.commit()
    };
    write().map_err(StoreError::io("replace", path))
}
