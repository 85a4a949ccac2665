//! What came of a pass over the doubts.

use std::collections::{BTreeMap, BTreeSet};

use super::absence::StillInDoubt;
use super::logs::LogsFailure;
use crate::apply::summary::MessageRevision;
use crate::identity::Person;
use crate::ledger::{Doubt, Ledger, PersonState, Standing, View};

/// What came of one doubt: its people, each in exactly one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtFinding {
    /// The doubt as it was.
    pub doubt: Doubt,
    /// Found: accepted by the gateway.
    pub accepted: usize,
    /// Found: rejected by the gateway, by status.
    pub rejected: BTreeMap<u16, usize>,
    /// Proved not to have been sent to, and free again.
    pub absent: usize,
    /// In doubt no more when this was to be written: somebody else has settled them meanwhile.
    pub settled_elsewhere: usize,
    /// Still in doubt, and why.
    pub kept: BTreeMap<StillInDoubt, usize>,
    /// Of how many people the logs have the message more than once: sent to them again.
    pub sent_again: usize,
}

impl DoubtFinding {
    pub(super) fn new(doubt: Doubt) -> Self {
        Self {
            doubt,
            accepted: 0,
            rejected: BTreeMap::new(),
            absent: 0,
            settled_elsewhere: 0,
            kept: BTreeMap::new(),
            sent_again: 0,
        }
    }

    /// How many people are still in doubt.
    #[must_use]
    pub fn open(&self) -> usize {
        self.kept.values().sum()
    }

    /// How many people the gateway rejected.
    #[must_use]
    pub fn rejected_any(&self) -> usize {
        self.rejected.values().sum()
    }

    /// How many people are settled now.
    #[must_use]
    pub fn settled(&self) -> usize {
        self.accepted + self.rejected_any() + self.absent
    }
}

/// What came of all doubts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Each doubt, the oldest first.
    pub findings: Vec<DoubtFinding>,
    /// The first reason why the logs could not be read to their end.
    pub failure: Option<LogsFailure>,
}

impl Reconciled {
    /// How many people are settled now.
    #[must_use]
    pub fn settled(&self) -> usize {
        self.findings.iter().map(DoubtFinding::settled).sum()
    }

    /// How many people are still in doubt.
    #[must_use]
    pub fn open(&self) -> usize {
        self.findings.iter().map(DoubtFinding::open).sum()
    }

    /// How many people were proved not to have been sent to, and are free by all that the ledger has of them by now, of
    /// each message of which anybody is: who was rejected before stays so.
    #[must_use]
    pub fn freed(&self, ledger: &Ledger) -> BTreeMap<MessageRevision, u64> {
        let mut freed: BTreeMap<MessageRevision, BTreeSet<Person>> = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| finding.absent > 0) {
            let Some(claim) = ledger.claim_state(&finding.doubt.claim) else { continue };
            let bulk = &finding.doubt.claim.bulk;
            let standings = ledger.standings(&bulk.message, bulk.revision);
            let refused = claim.people().filter(|(_, state)| *state == PersonState::Refused).map(|(person, _)| person);
            let free = refused.filter(|person| standings.get(*person, View::Exclusive) == Standing::Free);
            freed.entry((bulk.message.clone(), bulk.revision)).or_default().extend(free);
        }
        freed.retain(|_, people| !people.is_empty());
        freed.into_iter().map(|(message, people)| (message, people.len() as u64)).collect()
    }

    /// Of how many people the logs have their message more than once.
    #[must_use]
    pub fn sent_again(&self) -> usize {
        self.findings.iter().map(|finding| finding.sent_again).sum()
    }
}
