//! A file of `--write`, and whose turn it is to write it: the run, and whoever says the last word of an interrupted one,
//! would else leave a part of each document, or the older one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::format::Write;

/// A file that is wanted.
#[derive(Debug, Clone)]
pub(super) struct WantedFile {
    /// Which one, and in which form.
    pub write: Write,
    /// Whose turn it is to write it.
    pub turn: DocumentTurn,
}

impl From<Write> for WantedFile {
    fn from(write: Write) -> Self {
        Self { write, turn: DocumentTurn::default() }
    }
}

/// Whose turn it is to put a document somewhere.
#[derive(Debug, Clone, Default)]
pub(super) struct DocumentTurn(Arc<Mutex<()>>);

impl DocumentTurn {
    /// Waits for it.
    pub(super) fn take(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
