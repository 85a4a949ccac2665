//! The one thread that publishes. A version costs a round trip, so as much as possible goes together: while
//! claims that were published are still being sent, new ones wait until they are as many.

use std::collections::HashSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::ledger::{ClaimId, Grant, Ledger};
use crate::store::binding::Binding;
use crate::store::error::StoreError;
use crate::store::lock_file::LockFile;
use crate::store::visit::Numbers;
use crate::store::writer_handle::{self, NewEntry, Reply, WriterRequest};

use super::batch::Batch;
use super::journal::Journal;
use super::publisher::{Publisher, Unpublished};
use super::remote::Remote;

/// The most claims that are published together.
const CLAIMS_MAX: usize = 512;
/// How long a claim waits at most for others, while the run has claims that are not settled.
const CLAIMS_WAIT_MAX: Duration = Duration::from_secs(30);
/// How long an outcome waits at most for a version to ride along with.
const OUTCOMES_WAIT_MAX: Duration = Duration::from_secs(30);

/// Publishes what a run claims and settles.
pub(in crate::store) struct BatchWriter<R: Remote> {
    batch: Batch,
    publisher: Publisher<R>,
    journal: Journal,
    guard: LockFile,
    /// Claims of this run that are published and not settled.
    open: HashSet<ClaimId>,
    /// Since when the first claim waits, and the first outcome.
    claims_since: Option<Instant>,
    outcomes_since: Option<Instant>,
    /// The first failure; nothing is published after it.
    failed: Option<Arc<StoreError>>,
}

impl<R: Remote> BatchWriter<R> {
    /// Goes on from a ledger that the remote has. What an earlier run here has left, the next version
    /// takes along.
    ///
    /// # Errors
    /// If what was left does not go with the ledger.
    pub(super) fn new(
        ledger: Arc<RwLock<Ledger>>,
        left: Option<&Ledger>,
        (publisher, journal, guard): (Publisher<R>, Journal, LockFile),
        (expected, numbers): (Binding, Numbers),
    ) -> Result<Self, StoreError> {
        let mut batch = Batch::new(ledger, (expected, numbers), publisher.remote().place());
        if let Some(left) = left {
            batch.join(left)?;
        }
        Ok(Self {
            batch,
            publisher,
            journal,
            guard,
            open: HashSet::new(),
            claims_since: None,
            outcomes_since: left.map(|_| Instant::now()),
            failed: None,
        })
    }

    /// Closes runs that have died; see [`Batch::close_the_dead`].
    pub(super) fn close_the_dead(&mut self, times: (Timestamp, Timestamp), adopts: bool) {
        self.batch.close_the_dead(times, adopts);
    }

    /// Publishes what an earlier run has left, before anything else.
    ///
    /// # Errors
    /// If that cannot be done.
    pub(super) fn publish_left(&mut self) -> Result<(), StoreError> {
        self.publish();
        self.check()
    }

    /// Answers requests until nobody can make any more.
    pub(super) fn run(mut self, requests: &Receiver<WriterRequest>) -> Self {
        loop {
            let next = match self.due() {
                None => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(time) => requests.recv_timeout(time),
            };
            match next {
                Ok(first) => std::iter::once(first).chain(requests.try_iter()).for_each(|request| self.take(request)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self,
            }
            if self.due() == Some(Duration::ZERO) {
                self.publish();
            }
        }
    }

    /// How long until something has to be published; `None` if nothing has.
    fn due(&self) -> Option<Duration> {
        let rest = |since: Instant, time: Duration| time.saturating_sub(since.elapsed());
        let claims = self.batch.claims();
        let enough = claims >= self.open.len() || claims >= CLAIMS_MAX;
        let claims = self.claims_since.map(|since| if enough { Duration::ZERO } else { rest(since, CLAIMS_WAIT_MAX) });
        let outcomes = self.outcomes_since.map(|since| rest(since, OUTCOMES_WAIT_MAX));
        // Whoever asks the logs hands in what it has learned of many claims together, and waits.
        let evidence = self.batch.has_evidence().then_some(Duration::ZERO);
        claims.into_iter().chain(outcomes).chain(evidence).min().filter(|_| self.failed.is_none())
    }

    /// Takes what somebody asks for. Evidence is not in the journal: the logs can be asked again.
    fn take(&mut self, request: WriterRequest) {
        match request {
            WriterRequest::Write(entry, reply) => self.stage(*entry, reply),
            WriterRequest::Weigh(evidence, verdict) => match self.check() {
                Ok(()) => self.batch.hear(evidence, verdict),
                Err(error) => writer_handle::answer(verdict, Err(error)),
            },
        }
    }

    /// Takes an entry. Claims are answered when they are published, outcomes when the journal has them,
    /// and records at once: they ride along with the first claims that they are for.
    fn stage(&mut self, entry: NewEntry, reply: Reply) {
        let done = match entry {
            NewEntry::Claim(claim) if self.failed.is_none() => {
                self.batch.claim(claim, reply);
                if self.batch.claims() > 0 {
                    self.claims_since.get_or_insert_with(Instant::now);
                }
                return;
            }
            NewEntry::Claim(_) => Err(self
                .failed
                .as_ref()
                .map_or(StoreError::Stopped, |cause| StoreError::NotWritten { cause: Arc::clone(cause) })),
            NewEntry::Record(record) => {
                self.batch.record(record);
                self.check()
            }
            NewEntry::Outcome(outcome) => {
                self.open.remove(&outcome.claim);
                self.outcomes_since.get_or_insert_with(Instant::now);
                self.batch.settle(outcome).and_then(|lines| self.journal.append(&lines))
            }
            NewEntry::News => self.check().and_then(|()| self.publisher.catch_up_with_others(&mut self.batch)),
            // Whoever has died is closed when the branch is opened.
            NewEntry::Ends(_) => Ok(()),
            NewEntry::Ledger(other) => {
                self.outcomes_since.get_or_insert_with(Instant::now);
                self.check().and_then(|()| self.batch.join(&other))
            }
        };
        writer_handle::answer(reply, done.map(|()| Grant::Granted));
    }

    fn check(&self) -> Result<(), StoreError> {
        self.failed.as_ref().map_or(Ok(()), |cause| Err(StoreError::Failed { cause: Arc::clone(cause) }))
    }

    /// Publishes everything that waits.
    fn publish(&mut self) {
        match self.try_publish() {
            Ok(()) => (self.claims_since, self.outcomes_since) = (None, None),
            Err(Unpublished { cause, may_be_there }) => {
                let cause = Arc::new(cause);
                self.batch.fail(|| match Arc::clone(&cause) {
                    cause if may_be_there => StoreError::Failed { cause },
                    cause => StoreError::NotWritten { cause },
                });
                self.failed = Some(cause);
            }
        }
    }

    fn try_publish(&mut self) -> Result<(), Unpublished> {
        self.guard.check()?;
        self.batch.drop_left();
        if self.publisher.publish(&mut self.batch)? {
            self.note_published().map_err(|cause| Unpublished { cause, may_be_there: true })
        } else {
            self.batch.tell().map_err(Unpublished::from)
        }
    }

    /// Answers those whose claims the remote has.
    fn note_published(&mut self) -> Result<(), StoreError> {
        self.open.extend(self.batch.grant()?);
        self.journal.clear()
    }

    /// Publishes what is left, and gives the lock back.
    ///
    /// # Errors
    /// If anything could not be published, now or before.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        if self.failed.is_none() && (self.batch.end() || self.batch.has_outcomes()) {
            self.publish();
        }
        if let Some(cause) = self.failed {
            let path = self.journal.path();
            return Err(if path.exists() {
                StoreError::Unpushed { path: path.to_owned(), cause }
            } else {
                StoreError::Failed { cause }
            });
        }
        self.guard.release()
    }
}
