//! Tickets: the proof that a claim is durable. Only [`claim`] makes them, sending asks for one, and
//! only [`settle`] takes them back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
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
    start: RequestStart,
}

/// When a request may begin at the latest, and whether it has begun. Clones tell the same.
#[derive(Debug, Clone)]
pub struct RequestStart {
    by: Duration,
    state: Arc<AtomicU8>,
}

const WAITING: u8 = 0;
const BEGUN: u8 = 1;
const CANCELLED: u8 = 2;

impl RequestStart {
    fn new(by: Duration) -> Self {
        Self { by, state: Arc::new(AtomicU8::new(WAITING)) }
    }

    /// Begins the request, at a time that [`super::Clock::elapsed`] told. False if it may not begin:
    /// it is too late, it was given up, or it has begun before.
    #[must_use]
    pub fn begin(&self, elapsed: Duration) -> bool {
        !self.is_too_late(elapsed) && self.becomes(BEGUN)
    }

    /// Whether it is too late to begin, at a time that [`super::Clock::elapsed`] told.
    #[must_use]
    pub fn is_too_late(&self, elapsed: Duration) -> bool {
        elapsed >= self.by
    }

    /// Gives the request up. False if it has begun.
    pub(super) fn cancel(&self) -> bool {
        self.becomes(CANCELLED)
    }

    fn becomes(&self, state: u8) -> bool {
        self.state.compare_exchange(WAITING, state, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Ticket {
    /// The claim behind it.
    #[must_use]
    pub fn claim(&self) -> &ClaimId {
        &self.claim
    }

    /// When its request may begin, and whether it has.
    #[must_use]
    pub fn start(&self) -> &RequestStart {
        &self.start
    }

    /// A ticket without a claim, to test senders with.
    #[cfg(test)]
    pub(crate) fn without_claim(claim: ClaimId, start_by: Duration) -> Self {
        Self { claim, start: RequestStart::new(start_by) }
    }
}

/// What a store said to a claim.
pub(super) enum Claimed {
    /// It is durable.
    Yes(Ticket),
    /// These people are somebody else's; nothing was written.
    Elsewhere(Vec<Person>),
    /// Somebody has stopped sending; nothing was written.
    Stopped,
    /// The store failed before it wrote anything; the text says why.
    No(String),
}

/// Claims. `start_by` is the claim's own `start_by` on the clock of [`super::Clock::elapsed`].
pub(super) async fn claim<S: Store>(store: &S, claim: Claim, start_by: Duration) -> Result<Claimed, S::Error> {
    let id = claim.id.clone();
    Ok(match store.claim(claim).await {
        Ok(Grant::Granted) => Claimed::Yes(Ticket { claim: id, start: RequestStart::new(start_by) }),
        Ok(Grant::ClaimedElsewhere(people)) => Claimed::Elsewhere(people),
        Err(error) if S::is_stop(&error) => Claimed::Stopped,
        Err(error) if S::is_surely_not_written(&error) => Claimed::No(error.to_string()),
        Err(error) => return Err(error),
    })
}

/// Uses a ticket up: what the store is to write of its claim.
#[must_use = "an outcome that is not written is a doubt"]
pub(super) fn settle(ticket: Ticket, settlement: Settlement) -> Outcome {
    settlement.of(ticket.claim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_begins_once_in_time_or_never() {
        let second = Duration::from_secs;
        let start = RequestStart::new(second(2));
        let other = start.clone();
        assert!(start.begin(second(1)) && !other.begin(second(1)) && !other.cancel());
        let start = RequestStart::new(second(2));
        assert!(!start.begin(second(2)), "too late");
        assert!(start.cancel() && !start.begin(second(1)), "given up");
    }
}
