//! The lock that proves that no other run of this machine has the ledger open.
//!
//! It is the operating system's, so it ends with the process, however that ends. The locked file
//! says who holds it.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use super::append_file::Identity;
use super::error::StoreError;
use super::holder::Holder;
use super::regular::{self, Links};

/// How often the lock is tried: its file may be replaced meanwhile, and somebody may only be looking
/// whether it is held.
const TRIES_MAX: usize = 16;
/// How long to wait before the lock is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// The lock, held while this lives.
#[derive(Debug)]
pub(super) struct LockFile {
    file: File,
    path: PathBuf,
}

impl LockFile {
    /// Whether a run holds the lock right now.
    pub(super) fn is_held(path: &Path) -> bool {
        Self::check_free(path).is_err()
    }

    /// Makes sure that no run holds the lock right now, without taking it.
    ///
    /// # Errors
    /// If one does.
    pub(super) fn check_free(path: &Path) -> Result<(), StoreError> {
        let Ok(mut file) = regular::open_to_read(path, Links::Refused) else { return Ok(()) };
        if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return Err(StoreError::Held { holder: holder(&mut file) });
        }
        Ok(())
    }

    /// Takes the lock.
    ///
    /// # Errors
    /// If another run holds it, or the file cannot be opened or written.
    pub(super) fn take(path: &Path, note: &str) -> Result<Self, StoreError> {
        Self::lock(path, (TRIES_MAX, File::try_lock), |guard| guard.sign(note))
    }

    /// Takes the lock beside others who take it in this way. The first of them signs.
    ///
    /// # Errors
    /// If another run has [taken](Self::take) it, or the file cannot be opened or written.
    pub(super) fn share(path: &Path, note: &str) -> Result<Self, StoreError> {
        // Nobody else holds it: whoever it names holds it no more.
        match Self::lock(path, (1, File::try_lock), |guard| guard.sign(note)) {
            Ok(first) => drop(first),
            Err(StoreError::Held { .. }) => {}
            Err(error) => return Err(error),
        }
        Self::lock(path, (TRIES_MAX, File::try_lock_shared), |_| Ok(()))
    }

    /// Locks the file in some way, and does something under the lock.
    fn lock(
        path: &Path,
        (tries_max, lock): (usize, impl Fn(&File) -> Result<(), TryLockError>),
        then: impl Fn(&mut Self) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        for tries_left in (0..tries_max).rev() {
            let mut options = File::options();
            let options = options.read(true).write(true).create(true).truncate(false);
            let mut file = regular::open(path, Links::Refused, options).map_err(StoreError::io("open", path))?;
            match lock(&file) {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if tries_left > 0 => {
                    thread::sleep(TRY_AGAIN);
                    continue;
                }
                Err(TryLockError::WouldBlock) => return Err(StoreError::Held { holder: holder(&mut file) }),
                Err(TryLockError::Error(source)) => return Err(StoreError::io("lock", path)(source)),
            }
            // Whoever had the file open before it was deleted has locked a file that is gone.
            if Identity::of(&file).is_ok_and(|mine| Identity::at(path).is_ok_and(|there| there == mine)) {
                let mut guard = Self { file, path: path.to_owned() };
                then(&mut guard)?;
                return Ok(guard);
            }
        }
        Err(StoreError::Replaced { path: path.to_owned() })
    }

    /// Writes who holds the lock.
    fn sign(&mut self, note: &str) -> Result<(), StoreError> {
        let holder = Holder { pid: std::process::id(), host: host(), since: Timestamp::now(), note: note.to_owned() };
        let text = serde_json::to_string(&holder).expect("texts and numbers can be written as JSON");
        self.file.set_len(0).map_err(StoreError::io("write", &self.path))?;
        self.file.write_all(text.as_bytes()).map_err(StoreError::io("write", &self.path))
    }

    /// Whether the lock still keeps others out: it does not if its file was deleted.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let there = Identity::at(&self.path).ok();
        let mine = Identity::of(&self.file).ok();
        let same = there.is_some() && there == mine;
        same.then_some(()).ok_or_else(|| StoreError::Replaced { path: self.path.clone() })
    }

    /// Takes the holder's name away and gives the lock back.
    pub(super) fn release(self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(StoreError::io("write", &self.path))
    }
}

/// Reads who holds a lock; nobody, if they have not said so yet.
fn holder(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    name.map_or_else(|_| "this machine".to_owned(), |name| name.trim().to_owned())
}
