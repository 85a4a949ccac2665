//! Where a ledger lives, and the ledger opened there: what every kind of store can do.

use std::sync::RwLockReadGuard;

use jiff::Timestamp;

use crate::apply::Store;
use crate::apply::evidence::Known;
use crate::identity::MessageId;
use crate::ledger::{Claim, ClaimId, Grant, Header, Ledger, MessageRecord, Outcome, Shadow, View};

use super::error::StoreError;
use super::expected::Expected;
use super::lockfile::Lockfile;
use super::paths::Paths;

/// Where a ledger lives.
#[derive(Debug, Clone)]
pub enum Home {
    /// In a file on one machine.
    Lockfile(Paths),
}

impl Home {
    /// Says where it is, for people: the file, the branch, the database.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Lockfile(paths) => paths.lockfile.display().to_string(),
        }
    }

    /// Makes a new ledger.
    ///
    /// # Errors
    /// If there is one already, or it cannot be made.
    pub async fn create(&self, header: Header) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::create(paths, header),
        }
    }

    /// Reads the ledger without a lock, for those who only look, and says whether its open claims
    /// may belong to a run that lives.
    ///
    /// # Errors
    /// If it is missing or damaged, or is not what is expected.
    pub async fn look(&self, expected: &Expected, now: Timestamp) -> Result<(Ledger, View), StoreError> {
        match self {
            Self::Lockfile(paths) => {
                let before = Lockfile::is_held(paths);
                let ledger = Lockfile::read(paths, expected)?;
                let held = before || Lockfile::is_held(paths);
                Ok((ledger, if held { View::Shared { now } } else { View::Exclusive }))
            }
        }
    }

    /// Opens the ledger for writing. `note` tells others who has it, such as `apply`.
    ///
    /// # Errors
    /// If it is missing, damaged or held by another run, or is not what is expected.
    pub async fn open(&self, expected: &Expected, note: &str) -> Result<Opened, StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::open(paths, expected, note).map(Opened::Lockfile),
        }
    }

    /// Binds the ledger anew: to another name of its gateway, or with more keys. A call that was cut
    /// off can be made again.
    ///
    /// # Errors
    /// If it is missing, damaged or held by another run, or is not what is expected.
    pub async fn rebind(&self, from: &Expected, to: Header) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::rebind(paths, from, &to),
        }
    }

    /// Compares the ledger with its shadow; a store without one is the same as its shadow.
    ///
    /// # Errors
    /// As [`Home::look`].
    pub fn shadow(&self, expected: &Expected) -> Result<Shadow, StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::shadow(paths, expected),
        }
    }
}

/// A ledger that is open for writing. Dropping it leaves what was granted and settled, which is all
/// that was promised; [`Opened::finish`] also puts it in order.
#[derive(Debug)]
pub enum Opened {
    /// In a file on one machine.
    Lockfile(Lockfile),
}

impl Opened {
    /// The ledger as this run knows it, with entries that may still be on their way. Writing waits
    /// while the guard is held.
    pub fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        match self {
            Self::Lockfile(lockfile) => lockfile.ledger(),
        }
    }

    /// Says whether open claims of other runs may belong to one that lives: never where the
    /// operating system's lock keeps other runs away.
    #[must_use]
    pub fn view(&self, _now: Timestamp) -> View {
        match self {
            Self::Lockfile(_) => View::Exclusive,
        }
    }

    /// Writes what a message is, durable before this returns.
    ///
    /// # Errors
    /// If it could not be made durable.
    pub async fn record(&self, record: MessageRecord) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.record(record).await,
        }
    }

    /// Joins another ledger in, durable when [`Opened::finish`] returns.
    ///
    /// # Errors
    /// If the ledgers do not go together; then nothing is joined.
    pub async fn join(&self, other: Ledger) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.join(other).await,
        }
    }

    /// Ends the run.
    ///
    /// # Errors
    /// If anything could not be written, now or before. What was granted stays durable.
    pub async fn finish(self) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.finish(),
        }
    }
}

impl Known for Opened {
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger())
    }

    fn view(&self, now: Timestamp) -> View {
        Self::view(self, now)
    }
}

impl Store for Opened {
    type Error = StoreError;

    async fn claim(&self, claim: Claim) -> Result<Grant, StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.claim(claim).await,
        }
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.settle(outcome).await,
        }
    }

    async fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> Result<bool, StoreError> {
        match self {
            Self::Lockfile(lockfile) => Ok(lockfile.ledger().claimed_before(message, besides)),
        }
    }
}
