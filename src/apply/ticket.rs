//! Tickets: the proof that a claim is durable. Only [`claim`] makes them, sending asks for one, and
//! only [`settle`] takes them back.

use std::time::Duration;

use super::ports::Store;
use super::verdict::Settlement;
use crate::identity::Person;
use crate::ledger::{Claim, ClaimId, Grant, Outcome};

/// The right to send one request, once, before it is too late.
#[derive(Debug)]
#[must_use = "a claim without an outcome is a doubt"]
pub struct Ticket {
    claim: ClaimId,
    start_by: StartBy,
}

/// When a request may begin at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartBy(Duration);

impl StartBy {
    /// Says whether the request may still begin, at a time that [`super::Clock::elapsed`] told.
    #[must_use]
    pub fn allows(self, elapsed: Duration) -> bool {
        elapsed < self.0
    }
}

impl Ticket {
    /// The claim behind it.
    #[must_use]
    pub fn claim(&self) -> &ClaimId {
        &self.claim
    }

    /// Says whether the request may still begin, at a time that [`super::Clock::elapsed`] told.
    #[must_use]
    pub fn may_start(&self, elapsed: Duration) -> bool {
        self.start_by.allows(elapsed)
    }

    /// When the request may begin at the latest.
    #[must_use]
    pub fn start_by(&self) -> StartBy {
        self.start_by
    }

    /// A ticket without a claim, to test senders with.
    #[cfg(test)]
    pub(crate) fn without_claim(claim: ClaimId, start_by: Duration) -> Self {
        Self { claim, start_by: StartBy(start_by) }
    }
}

/// What a store said to a claim.
pub(super) enum Claimed {
    /// It is durable.
    Yes(Ticket),
    /// These people are somebody else's; nothing was written.
    Taken(Vec<Person>),
}

/// Claims. `start_by` is the claim's own `start_by` on the clock of [`super::Clock::elapsed`].
pub(super) async fn claim<S: Store>(store: &S, claim: Claim, start_by: Duration) -> Result<Claimed, S::Error> {
    let id = claim.id.clone();
    Ok(match store.claim(claim).await? {
        Grant::Granted => Claimed::Yes(Ticket { claim: id, start_by: StartBy(start_by) }),
        Grant::Taken(people) => Claimed::Taken(people),
    })
}

/// Uses a ticket up: what the store is to write of its claim.
#[must_use = "an outcome that is not written is a doubt"]
pub(super) fn settle(ticket: Ticket, settlement: Settlement) -> Outcome {
    settlement.of(ticket.claim)
}
