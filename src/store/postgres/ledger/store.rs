//! The database as one of the stores.

use std::sync::RwLockReadGuard;

use jiff::Timestamp;

use super::opened::Postgres;
use crate::apply::LateBulk;
use crate::identity::MessageId;
use crate::ledger::{
    Claim, ClaimId, Evidence, Grant, Ledger, MessageRecord, Outcome, RunId, StopOrder, Trust, Weighed,
};
use crate::store::error::StoreError;
use crate::store::ledger_store::{LedgerStore, Written};

impl LedgerStore for Postgres {
    fn ledger(&self) -> RwLockReadGuard<'_, Ledger> {
        self.ledger()
    }

    fn trust(&self) -> Trust {
        Trust { unmarked: self.unmarked(), ..Trust::default() }
    }

    fn claim(&self, claim: Claim) -> Written<'_, Grant> {
        Box::pin(self.claim(claim))
    }

    fn settle(&self, outcome: Outcome) -> Written<'_> {
        Box::pin(self.settle(outcome))
    }

    fn weigh(&self, evidence: Vec<Evidence>) -> Written<'_, Vec<Weighed>> {
        Box::pin(self.weigh(evidence))
    }

    fn record(&self, record: MessageRecord) -> Written<'_> {
        Box::pin(self.record(record))
    }

    fn join(&self, other: Ledger) -> Written<'_> {
        Box::pin(async move { self.join(&other).await })
    }

    fn catch_up(&self) -> Written<'_> {
        Box::pin(self.catch_up())
    }

    fn claimed_before<'a>(&'a self, message: &'a MessageId, besides: &'a ClaimId) -> Written<'a, bool> {
        Box::pin(self.claimed_before(message, besides))
    }

    fn standing_stops(&self) -> Written<'_, Vec<StopOrder>> {
        Box::pin(self.standing_stops())
    }

    fn late_start<'a>(&'a self, late: &'a LateBulk) -> Written<'a, Option<Timestamp>> {
        Box::pin(async move { self.late_start(late).await.map(Some) })
    }

    fn may_send(&self) -> Result<(), StoreError> {
        self.may_send()
    }

    fn check_still_there(&self) -> Written<'_> {
        Box::pin(self.check_still_there())
    }

    /// The database tells the runs themselves; what may be an old copy are its rows.
    fn close_others<'a>(&'a self, _runs: &'a [RunId]) -> Written<'a> {
        Box::pin(self.mark_anew(true))
    }

    fn confirm_server(&self) -> Written<'_> {
        Box::pin(self.confirm_server())
    }

    fn is_vouched_for(&self) -> bool {
        self.is_vouched_for()
    }

    fn confirm_entries(&self) -> Written<'_> {
        Box::pin(self.mark_anew(false))
    }

    fn finish(self: Box<Self>) -> Written<'static> {
        Box::pin(async move {
            (*self).finish().await;
            Ok(())
        })
    }
}
