//! A bulk that was sent, as far as it matters what becomes of it.

use jiff::Timestamp;

use super::summary::MessageRevision;
use crate::identity::{BulkId, MessageId, Person};
use crate::ledger::{ClaimState, PersonState};

/// A bulk whose messages have left at once, and of whom it was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentBulk {
    /// The bulk.
    pub bulk: BulkId,
    /// How many people were in its request.
    pub count: usize,
    /// Whom of them the gateway has accepted.
    pub accepted: Vec<Person>,
    /// When it was claimed.
    pub at: Timestamp,
}

impl SentBulk {
    /// What a ledger has of a claim, if its messages have left at once and any of them was accepted.
    #[must_use]
    pub fn of(state: ClaimState<'_>) -> Option<Self> {
        let claim = state.claim();
        let waits = claim.send_at.is_some() || claim.until.is_some() || claim.leaves_by.is_some();
        let accepted = state.people().filter(|(_, state)| *state == PersonState::Accepted).map(|(person, _)| person);
        let accepted: Vec<Person> = accepted.collect();
        (!waits && !accepted.is_empty()).then(|| Self {
            bulk: claim.id.bulk.clone(),
            count: claim.people.len(),
            accepted,
            at: claim.at,
        })
    }

    /// Its message and its revision.
    pub(super) fn message(&self) -> MessageRevision {
        (self.bulk.message.clone(), self.bulk.revision)
    }

    /// The messageIds of whoever was accepted.
    pub(super) fn ids(&self) -> impl Iterator<Item = MessageId> + '_ {
        let BulkId { message, revision, .. } = &self.bulk;
        self.accepted.iter().map(|person| MessageId { message: message.clone(), revision: *revision, person: *person })
    }
}
