//! Where a run hands in the entries of a ledger: the ledger in memory, and the one thread that makes
//! entries durable.

use std::fmt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use crate::ledger::{Claim, Evidence, Grant, Ledger, MessageRecord, Outcome, RunId, Weighed};

use super::error::StoreError;

/// What is to be written.
pub(super) enum NewEntry {
    Claim(Claim),
    Outcome(Outcome),
    Record(MessageRecord),
    /// Nothing, but what others have written is to be read.
    News,
    /// Runs that have not closed themselves are closed with what there is of them.
    Ends(Vec<RunId>),
    /// A whole ledger, to be joined in; durable when the writer finishes.
    Ledger(Box<Ledger>),
}

/// Where somebody waits for the answer to their entry.
pub(super) type Reply = oneshot::Sender<Result<Grant, StoreError>>;

/// Where somebody waits to learn what came of their evidence.
pub(super) type Verdict = oneshot::Sender<Result<Vec<Weighed>, StoreError>>;

/// Somebody who waits for the writer.
pub(super) enum WriterRequest {
    /// For an entry to be written.
    Write(Box<NewEntry>, Reply),
    /// For evidence to be held against the ledger where it is written, and for what follows from it to be
    /// written.
    Weigh(Vec<Evidence>, Verdict),
}

/// Answers somebody. Whoever does not wait any more misses nothing: what was written stands, and a claim
/// without an outcome is in doubt.
pub(super) fn answer<T>(reply: oneshot::Sender<Result<T, StoreError>>, answer: Result<T, StoreError>) {
    drop(reply.send(answer));
}

/// A ledger in memory, and the thread of its writer `W`, which ends when nobody can hand in
/// anything any more.
pub(super) struct WriterHandle<W> {
    ledger: Arc<RwLock<Ledger>>,
    requests: Option<Sender<WriterRequest>>,
    writer: Option<JoinHandle<W>>,
}

impl<W> fmt::Debug for WriterHandle<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Desk({:?})", self.ledger())
    }
}

impl<W: Send + 'static> WriterHandle<W> {
    /// Starts the writer's thread.
    pub(super) fn open(
        ledger: Arc<RwLock<Ledger>>,
        write: impl FnOnce(&Receiver<WriterRequest>) -> W + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (requests, receiver) = mpsc::channel();
        let thread = thread::Builder::new().name("ledger".to_owned()).spawn(move || write(&receiver));
        let writer = thread.map_err(StoreError::io("start a thread to write", Path::new("the ledger")))?;
        Ok(Self { ledger, requests: Some(requests), writer: Some(writer) })
    }
}

impl<W> WriterHandle<W> {
    /// The ledger as it is now. Writing waits while the guard is held.
    pub(super) fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands in a claim.
    pub(super) async fn claim(&self, claim: Claim) -> Result<Grant, StoreError> {
        self.ask(NewEntry::Claim(claim)).await
    }

    /// Hands in an outcome.
    pub(super) async fn settle(&self, outcome: Outcome) -> Result<(), StoreError> {
        self.ask(NewEntry::Outcome(outcome)).await.map(drop)
    }

    /// Hands in a message's record.
    pub(super) async fn record(&self, record: MessageRecord) -> Result<(), StoreError> {
        self.ask(NewEntry::Record(record)).await.map(drop)
    }

    /// Has what others have written read.
    pub(super) async fn catch_up(&self) -> Result<(), StoreError> {
        self.ask(NewEntry::News).await.map(drop)
    }

    /// Hands in a ledger to be joined.
    pub(super) async fn join(&self, other: Ledger) -> Result<(), StoreError> {
        self.ask(NewEntry::Ledger(Box::new(other))).await.map(drop)
    }

    /// Hands in runs that are to be closed with what there is of them.
    pub(super) async fn close_others(&self, runs: Vec<RunId>) -> Result<(), StoreError> {
        self.ask(NewEntry::Ends(runs)).await.map(drop)
    }

    /// Hands in evidence.
    pub(super) async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, StoreError> {
        self.send(|verdict| WriterRequest::Weigh(evidence, verdict)).await
    }

    async fn ask(&self, entry: NewEntry) -> Result<Grant, StoreError> {
        self.send(|reply| WriterRequest::Write(Box::new(entry), reply)).await
    }

    async fn send<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> WriterRequest,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let requests = self.requests.as_ref().ok_or(StoreError::Stopped)?;
        requests.send(request(reply)).map_err(|_| StoreError::Stopped)?;
        answer.await.map_err(|_| StoreError::Stopped)?
    }

    /// Waits until the writer has done what it was asked, and takes it.
    pub(super) fn stop(&mut self) -> Option<W> {
        drop(self.requests.take());
        self.writer.take()?.join().ok()
    }
}

impl<W> Drop for WriterHandle<W> {
    fn drop(&mut self) {
        drop(self.stop());
    }
}
