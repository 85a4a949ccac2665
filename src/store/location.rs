//! Where a ledger lives, and the ledger opened there: what every kind of store can do.

use std::sync::RwLockReadGuard;

use jiff::Timestamp;

use crate::apply::evidence::LedgerView;
use crate::apply::{LateBulk, Store};
use crate::identity::MessageId;
use crate::ledger::{
    Claim, ClaimId, Evidence, Grant, Header, Ledger, MessageRecord, Outcome, RunId, Shadow, Trust, View, Weighed,
};

use super::binding::Binding;
use super::error::StoreError;
use super::git::{Branch, GitLedger};
use super::lockfile::Lockfile;
use super::paths::Paths;
use super::postgres::{Database, Postgres};
use super::visit::Visit;

/// Where a ledger lives.
#[derive(Debug, Clone)]
pub enum LedgerLocation {
    /// In a file on one machine.
    Lockfile(Paths),
    /// On a branch of its own.
    Git(Branch),
    /// In PostgreSQL, for many machines at once.
    Postgres(Database),
}

/// A ledger that was read by somebody who only looks.
#[derive(Debug, Clone)]
pub struct ReadOnlyLedger {
    /// The ledger.
    pub ledger: Ledger,
    /// Whether its open claims may belong to a run that lives.
    pub view: View,
    /// How far it can be trusted.
    pub trust: Trust,
    /// Since when it may be out of date, if it is kept elsewhere and was not asked for there.
    pub since: Option<Timestamp>,
}

impl ReadOnlyLedger {
    /// A ledger of which there is nothing else to say.
    #[must_use]
    pub fn new(ledger: Ledger, view: View) -> Self {
        Self { ledger, view, trust: Trust::default(), since: None }
    }
}

impl LedgerLocation {
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
    pub async fn create(&self, header: Header, expected: &Binding, visit: &Visit) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::create(paths, header, expected, visit),
            Self::Git(branch) => {
                let (branch, expected, visit) = (branch.clone(), expected.clone(), visit.clone());
                waiting(move || GitLedger::create(&branch, header, &expected, &visit)).await
            }
            Self::Postgres(database) => database.create(&header, visit).await,
        }
    }

    /// Reads the ledger without a lock, for those who only look.
    ///
    /// # Errors
    /// If it is missing or damaged, or is not what is expected.
    pub async fn look(&self, expected: &Binding, now: Timestamp) -> Result<ReadOnlyLedger, StoreError> {
        let shared = View::Shared { now };
        match self {
            Self::Lockfile(paths) => {
                let before = Lockfile::is_held(paths);
                let (ledger, trust) = Lockfile::look(paths, expected)?;
                let held = before || Lockfile::is_held(paths);
                let view = if held { shared } else { View::Exclusive };
                Ok(ReadOnlyLedger { trust, ..ReadOnlyLedger::new(ledger, view) })
            }
            Self::Git(branch) => {
                let (branch, expected) = (branch.clone(), expected.clone());
                let (ledger, authenticity) = waiting(move || GitLedger::look(&branch, &expected)).await?;
                let trust = Trust { authenticity: Some(authenticity), ..Trust::default() };
                Ok(ReadOnlyLedger { trust, ..ReadOnlyLedger::new(ledger, shared) })
            }
            Self::Postgres(database) => Ok(ReadOnlyLedger::new(database.read(expected).await?, shared)),
        }
    }

    /// Reads the ledger as [`LedgerLocation::look`] does, for whoever binds it anew: what it may lack is found out after
    /// that, because what is to be brought may be bound as it is going to be.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`].
    pub async fn bound(&self, expected: &Binding, now: Timestamp) -> Result<Ledger, StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::bound(paths, expected),
            Self::Git(_) | Self::Postgres(_) => Ok(self.look(expected, now).await?.ledger),
        }
    }

    /// Reads the ledger as [`LedgerLocation::look`] does, but without the network.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`], and if nothing of it is here.
    pub async fn look_here(&self, expected: &Binding, now: Timestamp) -> Result<ReadOnlyLedger, StoreError> {
        match self {
            Self::Lockfile(_) => self.look(expected, now).await,
            Self::Git(branch) => {
                let (branch, expected) = (branch.clone(), expected.clone());
                let look = move || GitLedger::look_here(&branch, &expected);
                let (ledger, authenticity, since) = waiting(look).await?;
                let trust = Trust { authenticity: Some(authenticity), ..Trust::default() };
                Ok(ReadOnlyLedger { trust, since: Some(since), ..ReadOnlyLedger::new(ledger, View::Shared { now }) })
            }
            Self::Postgres(database) => Err(StoreError::NotHere { place: database.place() }),
        }
    }

    /// Says why nothing would be sent from the ledger, if that is so: its last claims may be missing.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`].
    pub async fn refusal(&self, expected: &Binding) -> Result<Option<StoreError>, StoreError> {
        match self {
            Self::Lockfile(_) | Self::Git(_) => Ok(None),
            Self::Postgres(database) => Ok(database.refusal(expected).await?.map(StoreError::from)),
        }
    }

    /// Opens the ledger for writing.
    ///
    /// # Errors
    /// If it is missing, damaged or held by another run, or is not what is expected; if nothing shows that
    /// its lines are genuine.
    pub async fn open(&self, expected: &Binding, visit: &Visit) -> Result<OpenLedger, StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::open(paths, expected, visit).map(OpenLedger::Lockfile),
            Self::Git(branch) => {
                let (branch, expected, visit) = (branch.clone(), expected.clone(), visit.clone());
                waiting(move || GitLedger::open(&branch, &expected, &visit)).await.map(OpenLedger::Git)
            }
            Self::Postgres(database) => {
                Ok(OpenLedger::Postgres(Box::new(Postgres::open(database, expected, visit).await?)))
            }
        }
    }

    /// Binds the ledger anew: to another name of its gateway, or with more keys. A call that was cut
    /// off can be made again.
    ///
    /// # Errors
    /// If it is missing, damaged or held by another run, or is not what is expected.
    pub async fn rebind(&self, from: &Binding, to: Header, visit: &Visit) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(paths) => Lockfile::rebind(paths, from, &to, visit),
            Self::Git(branch) => {
                let (branch, from, visit) = (branch.clone(), from.clone(), visit.clone());
                waiting(move || GitLedger::rebind(&branch, &from, to, &visit)).await
            }
            Self::Postgres(database) => database.rebind(from, &to, visit).await,
        }
    }

    /// Compares the ledger with its shadow; a store without one is the same as its shadow.
    ///
    /// # Errors
    /// As [`LedgerLocation::look`].
    pub fn shadow(&self, expected: &Binding) -> Result<Shadow, StoreError> {
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
/// that was promised; [`OpenLedger::finish`] also puts it in order.
#[derive(Debug)]
pub enum OpenLedger {
    /// In a file on one machine.
    Lockfile(Lockfile),
    /// On a branch of its own.
    Git(GitLedger),
    /// In PostgreSQL, where others may have it open too.
    Postgres(Box<Postgres>),
}

impl OpenLedger {
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
            Self::Git(git) => git.record(record).await,
            Self::Postgres(postgres) => postgres.record(record).await,
        }
    }

    /// Joins another ledger in, durable when [`OpenLedger::finish`] returns.
    ///
    /// # Errors
    /// If the ledgers do not go together; then nothing is joined.
    pub async fn join(&self, other: Ledger) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.join(other).await,
            Self::Git(git) => git.join(other).await,
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

    /// How far it could be trusted as it was when it was opened: what could be mended is.
    #[must_use]
    pub fn trust(&self) -> Trust {
        match self {
            Self::Lockfile(lockfile) => lockfile.trust().clone(),
            Self::Git(_) => Trust::default(),
            Self::Postgres(postgres) => Trust { unmarked: postgres.unmarked(), ..Trust::default() },
        }
    }

    /// Takes what there is of these runs, and these claims, for all that there is, after it was compared with
    /// the gateway.
    ///
    /// # Errors
    /// If that could not be made durable.
    pub async fn close_others(&self, runs: &[RunId]) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) if !runs.is_empty() => lockfile.close_others(runs).await,
            Self::Lockfile(_) | Self::Git(_) => Ok(()),
            Self::Postgres(postgres) => postgres.mark_anew(true).await,
        }
    }

    /// Makes sure that what was opened is there still, after a while in which somebody may have put an old copy
    /// in its place.
    ///
    /// # Errors
    /// If it is not.
    pub async fn check_still_there(&self) -> Result<(), StoreError> {
        match self {
            // A file is held, and a branch is compared at every push.
            Self::Lockfile(_) | Self::Git(_) => Ok(()),
            Self::Postgres(postgres) => postgres.check_still_there().await,
        }
    }

    /// Confirms that the ledger is whole where it is now, after it was compared with the gateway; see
    /// [`OpenLedger::may_send`].
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
            Self::Postgres(postgres) => {
                postgres.finish().await;
                Ok(())
            }
        }
    }
}

impl LedgerView for OpenLedger {
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger())
    }

    fn view(&self, now: Timestamp) -> View {
        Self::view(self, now)
    }
}

impl Store for OpenLedger {
    type Error = StoreError;

    async fn claim(&self, claim: Claim) -> Result<Grant, StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.claim(claim).await,
            Self::Git(git) => git.claim(claim).await,
            Self::Postgres(postgres) => postgres.claim(claim).await,
        }
    }

    fn is_surely_not_written(error: &StoreError) -> bool {
        error.is_surely_not_written()
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.settle(outcome).await,
            Self::Git(git) => git.settle(outcome).await,
            Self::Postgres(postgres) => postgres.settle(outcome).await,
        }
    }

    async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, StoreError> {
        match self {
            Self::Lockfile(lockfile) => lockfile.weigh(evidence).await,
            Self::Git(git) => git.weigh(evidence).await,
            Self::Postgres(postgres) => postgres.weigh(evidence).await,
        }
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        match self {
            // The operating system's lock keeps everybody else away.
            Self::Lockfile(_) => Ok(()),
            Self::Git(git) => git.catch_up().await,
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

    async fn late_start(&self, late: &LateBulk) -> Result<Option<Timestamp>, StoreError> {
        match self {
            Self::Lockfile(_) | Self::Git(_) => Ok(None),
            Self::Postgres(postgres) => postgres.late_start(late).await.map(Some),
        }
    }
}
