//! What every kind of store does with a ledger that is open for writing.
//!
//! Futures are boxed, so that one pointer leads to any store, and a new one is an `impl` and nothing else: an
//! allocation beside a write to a disk or a network. Where a method has a body, that is what holds for a store to
//! which nothing like it can happen.

use std::fmt::Debug;
use std::future::ready;
use std::sync::RwLockReadGuard;

use futures_util::future::BoxFuture;
use jiff::Timestamp;

use crate::apply::LateBulk;
use crate::identity::MessageId;
use crate::ledger::{
    Claim, ClaimId, Evidence, Grant, Ledger, MessageRecord, Outcome, RunId, StopOrder, Trust, View, Weighed,
};

use super::error::StoreError;

/// What comes of a write.
pub type Written<'a, T = ()> = BoxFuture<'a, Result<T, StoreError>>;

/// A ledger that is open for writing. Dropping it leaves what was granted and settled, which is all that was
/// promised; [`LedgerStore::finish`] also puts it in order.
pub trait LedgerStore: Debug + Send + Sync {
    /// The ledger as this run knows it, with entries that may still be on their way. Writing waits while the guard
    /// is held.
    fn ledger(&self) -> RwLockReadGuard<'_, Ledger>;

    /// Whether open claims of other runs may belong to one that lives: never where the operating system's
    /// lock keeps other runs away.
    fn view(&self, now: Timestamp) -> View {
        View::Shared { now }
    }

    /// How many bulks should be claimed at most before their requests; `None` where a claim costs so little that
    /// none should.
    fn bulks_ahead(&self) -> Option<usize> {
        None
    }

    /// How far it could be trusted as it was when it was opened: what could be mended is.
    fn trust(&self) -> Trust {
        Trust::default()
    }

    /// Claims people: durable, for all runs, before it gives [`Grant::Granted`]. It is not granted if any of them
    /// is accepted, given up or claimed already; then nothing is written.
    ///
    /// # Errors
    /// If the claim does not go with the ledger; if it could not be made durable. The error says whether it is
    /// [surely not written](StoreError::is_surely_not_written).
    fn claim(&self, claim: Claim) -> Written<'_, Grant>;

    /// Writes what became of a claim: durable, at least on this machine, before it is done.
    ///
    /// # Errors
    /// If the outcome does not go with the ledger; if it could not be made durable.
    fn settle(&self, outcome: Outcome) -> Written<'_>;

    /// Holds evidence against all that is known at the moment of writing, and writes what follows from it:
    /// durable, for all runs, before it is done.
    ///
    /// # Errors
    /// If that could not be made durable; some of it may be.
    fn weigh(&self, evidence: Vec<Evidence>) -> Written<'_, Vec<Weighed>>;

    /// Writes what a message is, durable before any later claim is granted.
    ///
    /// # Errors
    /// If it could not be made durable.
    fn record(&self, record: MessageRecord) -> Written<'_>;

    /// Joins another ledger in, durable when [`LedgerStore::finish`] is done.
    ///
    /// # Errors
    /// If the ledgers do not go together; then nothing is joined.
    fn join(&self, other: Ledger) -> Written<'_>;

    /// Reads what others have written until now.
    ///
    /// # Errors
    /// If it cannot be read, or is not what is expected.
    fn catch_up(&self) -> Written<'_>;

    /// Whether there is another claim of this message to this person than the one named, in which they were
    /// not rejected.
    ///
    /// # Errors
    /// If what others have written cannot be read.
    fn claimed_before<'a>(&'a self, message: &'a MessageId, besides: &'a ClaimId) -> Written<'a, bool> {
        let is_claimed = self.ledger().claimed_before(message, besides);
        Box::pin(ready(Ok(is_claimed)))
    }

    /// The stops that stand, as they are now, or were a short while ago where asking takes long; see
    /// [`Store::standing_stops`](crate::apply::Store::standing_stops).
    ///
    /// # Errors
    /// If nobody can tell.
    fn standing_stops(&self) -> Written<'_, Vec<StopOrder>>;

    /// Finds a time for a paced bulk that cannot keep its planned one, behind everything that any run was given;
    /// `None` where this run alone knows all times.
    ///
    /// # Errors
    /// If that could not be made durable.
    fn late_start<'a>(&'a self, _late: &'a LateBulk) -> Written<'a, Option<Timestamp>> {
        Box::pin(ready(Ok(None)))
    }

    /// Whether anything may be sent from this ledger.
    ///
    /// # Errors
    /// If it must be compared with the gateway first: its last claims may be missing.
    fn may_send(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Makes sure that what was opened is there still, after a while in which somebody may have put an old copy
    /// in its place.
    ///
    /// # Errors
    /// If it is not.
    fn check_still_there(&self) -> Written<'_> {
        done()
    }

    /// Takes what there is of these runs, and these claims, for all that there is, after it was compared with the
    /// gateway.
    ///
    /// # Errors
    /// If that could not be made durable.
    fn close_others<'a>(&'a self, _runs: &'a [RunId]) -> Written<'a> {
        done()
    }

    /// Confirms that the ledger is whole where it is now, after it was compared with the gateway; see
    /// [`LedgerStore::may_send`].
    ///
    /// # Errors
    /// If that could not be made durable.
    fn confirm_server(&self) -> Written<'_> {
        done()
    }

    /// Whether somebody takes what is there for all that there is, although nothing shows it.
    fn is_vouched_for(&self) -> bool {
        false
    }

    /// Confirms that entries of which nobody knew whether they are an old copy are none, after a run in which
    /// nothing has shown the contrary.
    ///
    /// # Errors
    /// If that could not be made durable, or something shows the contrary now.
    fn confirm_entries(&self) -> Written<'_> {
        done()
    }

    /// Whether a run whose end is missing goes on to be told from one that has ended, also after it was
    /// joined into another ledger.
    fn tells_unclosed_runs(&self) -> bool {
        false
    }

    /// Whether outcomes wait on this machine's disk until the run ends.
    fn keeps_outcomes_here(&self) -> bool {
        false
    }

    /// Ends the run.
    ///
    /// # Errors
    /// If anything could not be written, now or before. What was granted stays durable.
    fn finish(self: Box<Self>) -> Written<'static>;
}

/// Nothing had to be written.
fn done<'a>() -> Written<'a> {
    Box::pin(ready(Ok(())))
}
