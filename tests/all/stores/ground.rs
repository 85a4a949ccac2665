//! The stores, and a ledger's place in each of them.

use sendform::store::{Home, Paths};
use tempfile::TempDir;

/// The stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A file on one machine.
    Lockfile,
}

impl Kind {
    /// Says whether several runs, on several machines, may have a ledger open at once.
    pub(super) fn is_shared(self) -> bool {
        match self {
            Self::Lockfile => false,
        }
    }
}

/// A place for one ledger, which goes away with it.
#[derive(Debug)]
pub(super) struct Ground {
    kind: Kind,
    folder: TempDir,
}

impl Ground {
    /// A place of its own.
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// The store.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The ledger, as it is seen from one of several machines. There is but one with a lockfile.
    pub(super) fn home(&self, _machine: usize) -> Home {
        match self.kind {
            Kind::Lockfile => Home::Lockfile(Paths::of_project(self.folder.path())),
        }
    }
}
