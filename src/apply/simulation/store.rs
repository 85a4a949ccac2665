//! A ledger in memory, whose process dies, or whose disk fails, at a given write.

use std::sync::Mutex;

use super::clock::{Death, yield_once};
use super::stop_sign::StopSign;
use crate::apply::Store;
use crate::identity::{MessageId, Person};
use crate::ledger::{Claim, ClaimId, Evidence, Grant, Outcome, PersonState, Standing, StopOrder, Weighed};

/// What goes wrong at a write; writes are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Never,
    DieBefore(usize),
    DieAfter(usize),
    /// This write and all after it fail, and are not made.
    FailBefore(usize),
    /// This write is made, but seems to fail, as do all after it.
    FailAfter(usize),
    /// This write and all after it are not made, and never answered.
    StallBefore(usize),
    /// This write is made, but never answered, as are all after it.
    StallAfter(usize),
}

/// The ledger, which outlives processes.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) claims: Vec<Claim>,
    pub(super) outcomes: Vec<Outcome>,
    /// Whether somebody has stopped sending.
    pub(super) sign: StopSign,
}

impl Records {
    fn state(&self, claim: &Claim, person: Person) -> PersonState {
        let outcomes = self.outcomes.iter().filter(|outcome| outcome.claim == claim.id);
        let states = outcomes.map(|outcome| {
            let other = outcome.others.iter().find(|(other, _)| *other == person);
            other.map_or(outcome.state, |(_, state)| *state)
        });
        states.max().unwrap_or(PersonState::Claimed)
    }

    pub(super) fn standing(&self, person: Person) -> Standing {
        let claims = self.claims.iter().filter(|claim| claim.people.contains(&person));
        let states: Vec<_> = claims.map(|claim| self.state(claim, person)).collect();
        let rejected = states.iter().find_map(|state| match state {
            PersonState::Rejected(status) => Some(*status),
            PersonState::Claimed | PersonState::Refused | PersonState::Abandoned | PersonState::Accepted => None,
        });
        if states.contains(&PersonState::Accepted) {
            Standing::Accepted
        } else if states.contains(&PersonState::Claimed) {
            Standing::InDoubt
        } else if let Some(status) = rejected {
            Standing::Rejected(status)
        } else {
            Standing::Free
        }
    }
}

/// One process's way to the ledger.
pub(super) struct SimStore<'a> {
    pub(super) records: &'a Mutex<Records>,
    pub(super) fault: Fault,
    pub(super) death: Death,
    writes: Mutex<usize>,
}

#[derive(Debug, thiserror::Error)]
#[error("no space left on device")]
pub(super) struct DiskFull;

impl<'a> SimStore<'a> {
    pub(super) fn new(records: &'a Mutex<Records>, fault: Fault, death: &Death) -> Self {
        Self { records, fault, death: death.clone(), writes: Mutex::new(0) }
    }

    /// How many writes there were.
    pub(super) fn writes(&self) -> usize {
        *self.writes.lock().unwrap()
    }

    fn next_write(&self) -> usize {
        let mut writes = self.writes.lock().unwrap();
        *writes += 1;
        *writes - 1
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "every fault is for one moment")]
    async fn write(&self, change: impl FnOnce(&mut Records)) -> Result<(), DiskFull> {
        yield_once().await;
        let number = self.next_write();
        match self.fault {
            Fault::DieBefore(at) if number == at => self.death.die().await,
            Fault::FailBefore(at) if number >= at => return Err(DiskFull),
            Fault::FailAfter(at) if number > at => return Err(DiskFull),
            Fault::StallBefore(at) if number >= at => std::future::pending().await,
            Fault::StallAfter(at) if number > at => std::future::pending().await,
            _ => {}
        }
        {
            let mut records = self.records.lock().unwrap();
            records.sign.step();
            change(&mut records);
            records.sign.step();
        }
        match self.fault {
            Fault::DieAfter(at) if number == at => self.death.die().await,
            Fault::FailAfter(at) if number == at => return Err(DiskFull),
            Fault::StallAfter(at) if number == at => std::future::pending().await,
            _ => {}
        }
        yield_once().await;
        Ok(())
    }
}

impl Store for SimStore<'_> {
    type Error = DiskFull;

    async fn claim(&self, claim: Claim) -> Result<Grant, DiskFull> {
        assert!(claim.people.is_sorted_by(|one, other| one < other), "ascending, nobody twice");
        assert!(!self.records.lock().unwrap().sign.stands(), "nothing is claimed while a stop stands");
        let mut grant = Grant::Granted;
        self.write(|records| {
            let held = |person: &Person| matches!(records.standing(*person), Standing::Accepted | Standing::InDoubt);
            let taken: Vec<_> = claim.people.iter().copied().filter(held).collect();
            if taken.is_empty() {
                let fresh = records.claims.iter().all(|other| other.id != claim.id);
                assert!(fresh, "no two claims have one id");
                records.claims.push(claim);
            } else {
                grant = Grant::ClaimedElsewhere(taken);
            }
        })
        .await?;
        Ok(grant)
    }

    async fn settle(&self, outcome: Outcome) -> Result<(), DiskFull> {
        self.write(|records| records.outcomes.push(outcome)).await
    }

    async fn weigh(&self, _: Vec<Evidence>) -> Result<Vec<Weighed>, DiskFull> {
        panic!("a run asks no logs")
    }

    async fn catch_up(&self) -> Result<(), DiskFull> {
        Ok(())
    }

    async fn standing_stops(&self) -> Result<Vec<StopOrder>, DiskFull> {
        yield_once().await;
        self.records.lock().unwrap().sign.look().ok_or(DiskFull)
    }

    async fn claimed_before(&self, message: &MessageId, besides: &ClaimId) -> Result<bool, DiskFull> {
        let records = self.records.lock().unwrap();
        Ok(records.claims.iter().any(|claim| {
            let same = claim.id.bulk.message == message.message && claim.id.bulk.revision == message.revision;
            let other = claim.id != *besides && same && claim.people.contains(&message.person);
            other && !matches!(records.state(claim, message.person), PersonState::Rejected(_))
        }))
    }
}
