//! A ledger that is open for writing, in whatever store, as the rest of the program holds it.

use std::ops::Deref;

use jiff::Timestamp;

use crate::apply::evidence::LedgerView;
use crate::apply::{LateBulk, MessageRevision, Store};
use crate::identity::MessageId;
use crate::ledger::{Answered, Claim, ClaimId, Evidence, Grant, Ledger, Outcome, RunId, StopOrder, View, Weighed};

use super::error::StoreError;
use super::ledger_store::LedgerStore;
use super::postgres::Postgres;

/// A ledger that is open for writing: what all stores can do is done through [`LedgerStore`].
#[derive(Debug)]
pub enum OpenLedger {
    /// Each run sends what it has planned.
    Alone(Box<dyn LedgerStore>),
    /// Runs on many machines take their bulks from one plan.
    Sharing(Box<Postgres>),
}

impl OpenLedger {
    /// What runs on many machines take their bulks from, if this store has that.
    #[must_use]
    pub fn shared_queue(&self) -> Option<&Postgres> {
        match self {
            Self::Alone(_) => None,
            Self::Sharing(postgres) => Some(postgres),
        }
    }

    /// Whether other runs may write into this ledger meanwhile.
    #[must_use]
    pub fn may_have_company(&self, now: Timestamp) -> bool {
        matches!(self.view(now), View::Shared { .. })
    }

    /// Ends the run; see [`LedgerStore::finish`].
    ///
    /// # Errors
    /// If anything could not be written, now or before. What was granted stays durable.
    pub async fn finish(self) -> Result<(), StoreError> {
        match self {
            Self::Alone(store) => store.finish().await,
            Self::Sharing(postgres) => LedgerStore::finish(postgres).await,
        }
    }
}

impl Deref for OpenLedger {
    type Target = dyn LedgerStore;

    fn deref(&self) -> &(dyn LedgerStore + 'static) {
        match self {
            Self::Alone(store) => &**store,
            Self::Sharing(postgres) => &**postgres,
        }
    }
}

impl LedgerView for OpenLedger {
    fn read<T>(&self, look: impl FnOnce(&Ledger) -> T) -> T {
        look(&self.ledger())
    }

    fn view(&self, now: Timestamp) -> View {
        (**self).view(now)
    }
}

impl Store for OpenLedger {
    type Error = StoreError;

    fn is_surely_not_written(error: &StoreError) -> bool {
        error.is_surely_not_written()
    }

    fn is_stop(error: &StoreError) -> bool {
        error.is_stop()
    }

    async fn claim(&self, claim: Claim) -> Result<Grant, StoreError> {
        (**self).claim(claim).await
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), StoreError> {
        (**self).settle(outcome).await
    }

    async fn weigh(&self, evidence: Vec<Evidence>) -> Result<Vec<Weighed>, StoreError> {
        (**self).weigh(evidence).await
    }

    async fn catch_up(&self) -> Result<(), StoreError> {
        (**self).catch_up().await
    }

    async fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> Result<bool, StoreError> {
        (**self).claimed_before(message, besides).await
    }

    async fn standing_stops(&self) -> Result<Vec<StopOrder>, StoreError> {
        (**self).standing_stops().await
    }

    async fn late_start(&self, late: &LateBulk) -> Result<Option<Timestamp>, StoreError> {
        (**self).late_start(late).await
    }

    async fn answered_elsewhere(&self, message: &MessageRevision, run: RunId) -> Result<Answered, StoreError> {
        // A branch was read by the last push; to fetch it before each claim would take as long as the claim.
        if self.shared_queue().is_some() {
            (**self).catch_up().await?;
        }
        Ok(self.ledger().answered_elsewhere(&message.0, message.1, run))
    }
}
