//! Where a ledger lives, and the ledger opened there: what every kind of store can do.

use std::sync::RwLockReadGuard;

use jiff::Timestamp;

use crate::apply::evidence::Known;
use crate::apply::{Late, Store};
use crate::identity::MessageId;
use crate::ledger::{Claim, ClaimId, Evidence, Grant, Header, Ledger, MessageRecord, Outcome, Shadow, View, Weighed};

use super::error::StoreError;
use super::expected::Expected;
use super::git::{Branch, GitLedger};
use super::lockfile::Lockfile;
use super::paths::Paths;
use super::postgres::{Database, DatabaseError, Postgres};

/// Where a ledger lives.
#[derive(Debug, Clone)]
pub enum Home {
    /// In a file on one machine.
    Lockfile(Paths),
    /// On a branch of its own.
    Git(Branch),
    /// In PostgreSQL, for many machines at once.
    Postgres(Database),
}

impl Home {
    /// Says where it is, for people: the file, the branch, the database.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Lockfile(paths) => paths.lockfile.display().to_string(),
            Self::Git(branch) => branch.place(),
            Self::Postgres(database) => database.place(),
        }
    }

    /// Makes a new ledger.
    ///
    /// # Errors
    /// If there is one already, or it cannot be made.
    pub async fn create(&self, header: Header) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::create(paths, header),
            Self::Git(branch) => {
                let branch = branch.clone();
                waiting(move || GitLedger::create(&branch, &header)).await
            }
            Self::Postgres(database) => database.create(&header).await,
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
            Self::Git(branch) => {
                let (branch, expected) = (branch.clone(), expected.clone());
                let ledger = waiting(move || GitLedger::read(&branch, &expected)).await?;
                Ok((ledger, View::Shared { now }))
            }
            Self::Postgres(database) => Ok((database.read(expected).await?, View::Shared { now })),
        }
    }

    /// Reads the ledger as [`Home::look`] does, but without the network, and says since when it may
    /// be out of date, if it is kept elsewhere.
    ///
    /// # Errors
    /// As [`Home::look`], and if nothing of it is here.
    pub async fn look_here(
        &self,
        expected: &Expected,
        now: Timestamp,
    ) -> Result<(Ledger, View, Option<Timestamp>), StoreError> {
        match self {
            Self::Lockfile(_) => self.look(expected, now).await.map(|(ledger, view)| (ledger, view, None)),
            Self::Git(branch) => {
                let (branch, expected) = (branch.clone(), expected.clone());
                let (ledger, since) = waiting(move || GitLedger::read_here(&branch, &expected)).await?;
                Ok((ledger, View::Shared { now }, Some(since)))
            }
            Self::Postgres(database) => Err(StoreError::NotHere { place: database.place() }),
        }
    }

    /// Opens the ledger for writing. `note` tells others who has it, such as `apply`.
    ///
    /// # Errors
    /// If it is missing, damaged or held by another run, or is not what is expected.
    pub async fn open(&self, expected: &Expected, note: &str) -> Result<Opened, StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::open(paths, expected, note).map(Opened::Lockfile),
            Self::Git(branch) => {
                let (branch, expected, note) = (branch.clone(), expected.clone(), note.to_owned());
                waiting(move || GitLedger::open(&branch, &expected, &note)).await.map(Opened::Git)
            }
            Self::Postgres(database) => Ok(Opened::Postgres(Box::new(Postgres::open(database, expected).await?))),
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
            Self::Git(branch) => {
                let (branch, from) = (branch.clone(), from.clone());
                waiting(move || GitLedger::rebind(&branch, &from, to)).await
            }
            Self::Postgres(database) => database.rebind(from, &to).await,
        }
    }

    /// Compares the ledger with its shadow; a store without one is the same as its shadow.
    ///
    /// # Errors
    /// As [`Home::look`].
    pub fn shadow(&self, expected: &Expected) -> Result<Shadow, StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::shadow(paths, expected),
            Self::Git(_) | Self::Postgres(_) => Ok(Shadow::Same),
        }
    }
}

/// Does something that waits for the network or the disk where nobody else has to wait for it.
async fn waiting<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Stopped))
}

/// A ledger that is open for writing. Dropping it leaves what was granted and settled, which is all
/// that was promised; [`Opened::finish`] also puts it in order.
#[derive(Debug)]
pub enum Opened {
    /// In a file on one machine.
    Lockfile(Lockfile),
    /// On a branch of its own.
    Git(GitLedger),
    /// In PostgreSQL, where others may have it open too.
    Postgres(Box<Postgres>),
}

impl Opened {
    /// The ledger as this run knows it, with entries that may still be on their way. Writing waits
    /// while the guard is held.
    pub fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        match self {
            Self::Lockfile(lockfile) => lockfile.ledger(),
            Self::Git(git) => git.ledger(),
            Self::Postgres(postgres) => postgres.ledger(),
        }
    }

    /// Says whether open claims of other runs may belong to one that lives: never where the
    /// operating system's lock keeps other runs away.
    #[must_use]
    pub fn view(&self, now: Timestamp) -> View {
        match self {
            Self::Lockfile(_) => View::Exclusive,
            Self::Git(_) | Self::Postgres(_) => View::Shared { now },
        }
    }

    /// How many bulks should be claimed at most before their requests; `None` where a claim costs so
    /// little that none should.
    #[must_use]
    pub fn bulks_ahead(&self) -> Option<usize> {
        match self {
            Self::Lockfile(_) | Self::Postgres(_) => None,
            Self::Git(git) => Some(git.bulks_ahead()),
        }
    }

    /// Writes what a message is, durable before any later claim is granted.
    ///
    /// # Errors
    /// If it could not be made durable.
    pub async fn record(&self, record: MessageRecord) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.record(record).await,
            Self::Git(git) => git.desk().record(record).await,
            Self::Postgres(postgres) => postgres.record(record).await,
        }
    }

    /// Joins another ledger in, durable when [`Opened::finish`] returns.
    ///
    /// # Errors
    /// If the ledgers do not go together; then nothing is joined.
    pub async fn join(&self, other: Ledger) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.join(other).await,
            Self::Git(git) => git.desk().join(other).await,
            Self::Postgres(postgres) => postgres.join(&other).await,
        }
    }

    /// Says whether anything may be sent from this ledger.
    ///
    /// # Errors
    /// If it must be compared with the gateway first: its last claims may be missing.
    pub fn may_send(&self) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(_) | Self::Git(_) => Ok(()),
            Self::Postgres(postgres) => postgres.may_send(),
        }
    }

    /// Confirms that the ledger is whole where it is now, after it was compared with the gateway; see
    /// [`Opened::may_send`].
    ///
    /// # Errors
    /// If that could not be made durable.
    pub async fn confirm_server(&self) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(_) | Self::Git(_) => Ok(()),
            Self::Postgres(postgres) => postgres.confirm_server().await,
        }
    }

    /// Ends the run.
    ///
    /// # Errors
    /// If anything could not be written, now or before. What was granted stays durable.
    pub async fn finish(self) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.finish(),
            Self::Git(git) => waiting(move || git.finish()).await,
            Self::Postgres(_) => Ok(()),
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
            Self::Git(git) => git.desk().claim(claim).await,
            Self::Postgres(postgres) => postgres.claim(claim).await,
        }
    }

    fn is_surely_not_written(error: &StoreError) -> bool {
        // An entry that does not go with the ledger is never begun, and a ledger that is bound anew takes none.
        matches!(
            error,
            StoreError::NotWritten { .. }
                | StoreError::Entry(_)
                | StoreError::KeyMissing { .. }
                | StoreError::KeyUnknown { .. }
                | StoreError::KeyOrder { .. }
                | StoreError::Database(DatabaseError::Rebound)
        )
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.settle(outcome).await,
            Self::Git(git) => git.desk().settle(outcome).await,
            Self::Postgres(postgres) => postgres.settle(outcome).await,
        }
    }

    async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.weigh(evidence).await,
            Self::Git(git) => git.desk().weigh(evidence).await,
            Self::Postgres(postgres) => postgres.weigh(evidence).await,
        }
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        match self {
            // The operating system's lock keeps everybody else away.
            Self::Lockfile(_) => Ok(()),
            Self::Git(git) => git.desk().catch_up().await,
            Self::Postgres(postgres) => postgres.catch_up().await,
        }
    }

    async fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> Result<bool, StoreError> {
        match self {
            Self::Lockfile(lockfile) => Ok(lockfile.ledger().claimed_before(message, besides)),
            Self::Git(git) => Ok(git.ledger().claimed_before(message, besides)),
            Self::Postgres(postgres) => postgres.claimed_before(message, besides).await,
        }
    }

    async fn late_start(&self, late: &Late) -> Result<Option<Timestamp>, StoreError> {
        match self {
            Self::Lockfile(_) | Self::Git(_) => Ok(None),
            Self::Postgres(postgres) => postgres.late_start(late).await.map(Some),
        }
    }
}
