//! The lockfile as the port that `apply` asks for.

use crate::apply::Store;
use crate::identity::MessageId;
use crate::ledger::{Claim, ClaimId, Grant, Outcome, PersonState};

use super::error::StoreError;
use super::lockfile::Lockfile;

impl Store for Lockfile {
    type Error = StoreError;

    async fn claim(&self, claim: Claim) -> Result<Grant, StoreError> {
        Self::claim(self, claim).await
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), StoreError> {
        Self::settle(self, outcome).await
    }

    async fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> Result<bool, StoreError> {
        let ledger = self.ledger();
        let mut claims = ledger.claims_of(&message.message, message.revision);
        Ok(claims.any(|state| {
            let not_rejected = |state| !matches!(state, PersonState::Rejected(_));
            state.claim().id != *besides && state.state(message.person).is_some_and(not_rejected)
        }))
    }
}
