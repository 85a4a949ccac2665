//! Whom the gateway has answered: accepted, or rejected with a status.

use std::collections::BTreeMap;

use super::book::Ledger;
use super::line::{PersonState, RunId, Standing};
use super::view::View;
use crate::identity::{MessageKey, Person, Revision};

/// How many people the gateway has accepted, and how many it has rejected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    /// Accepted.
    pub accepted: u64,
    /// Rejected, by status.
    pub rejected: BTreeMap<u16, u64>,
}

impl Answered {
    /// Everybody who was rejected, for whatever reason.
    #[must_use]
    pub fn rejected_any(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Everybody who was answered.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.accepted.saturating_add(self.rejected_any())
    }

    /// Counts others as well.
    pub fn add(&mut self, accepted: u64, rejected: &BTreeMap<u16, u64>) {
        self.accepted = self.accepted.saturating_add(accepted);
        for (status, count) in rejected {
            let sum = self.rejected.entry(*status).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// Those who are not among some who were answered before.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let news = |(status, count): (&u16, &u64)| {
            let known = before.rejected.get(status).copied().unwrap_or_default();
            (*count > known).then(|| (*status, count - known))
        };
        Self {
            accepted: self.accepted.saturating_sub(before.accepted),
            rejected: self.rejected.iter().filter_map(news).collect(),
        }
    }

    fn count(&mut self, state: PersonState) {
        match state {
            PersonState::Accepted => self.accepted += 1,
            PersonState::Rejected(status) => *self.rejected.entry(status).or_default() += 1,
            PersonState::Claimed | PersonState::Refused | PersonState::Abandoned => {}
        }
    }
}

impl Ledger {
    /// Counts the people of a revision of a message whom the gateway has answered, each once, as they stand;
    /// without those who are `asked_anew` after a rejection.
    #[must_use]
    pub fn answered(
        &self,
        message: &MessageKey,
        revision: Revision,
        view: View,
        asked_anew: impl Fn(Person) -> bool,
    ) -> Answered {
        let mut answered = Answered::default();
        let Some(index) = self.index(message, revision) else { return answered };
        answered.accepted = index.accepted.len() as u64;
        for person in index.others.keys() {
            if let Standing::Rejected(status) = index.standing(&self.entries, *person, view)
                && !asked_anew(*person)
            {
                *answered.rejected.entry(status).or_default() += 1;
            }
        }
        answered
    }

    /// Counts the answers to the claims of a revision of a message that other runs than this one have made.
    #[must_use]
    pub fn answered_elsewhere(&self, message: &MessageKey, revision: Revision, run: RunId) -> Answered {
        let mut answered = Answered::default();
        let others = self.claims_of(message, revision).filter(|claim| claim.claim().id.run != run);
        others.flat_map(|claim| claim.people()).for_each(|(_, state)| answered.count(state));
        answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample;

    #[test]
    fn everybody_who_was_answered_is_counted_once_as_they_stand() {
        let mut ledger = Ledger::new(sample::header());
        let states = [
            (1, PersonState::Accepted),
            (2, PersonState::Rejected(14)),
            (3, PersonState::Rejected(20)),
            (4, PersonState::Refused),
            (5, PersonState::Claimed),
        ];
        for (person, state) in states {
            let claim = sample::claim("announce", &[person], 1, 1);
            ledger.add_claim(claim.clone()).unwrap();
            ledger.add_outcome(sample::outcome(&claim, state, &[])).unwrap();
        }
        // One who was rejected is accepted later.
        let later = sample::claim("announce", &[3], 2, 8);
        ledger.add_claim(later.clone()).unwrap();
        ledger.add_outcome(sample::outcome(&later, PersonState::Accepted, &[])).unwrap();
        let (message, revision) = (sample::message("announce"), sample::revision());
        let answered = |anew: u64| ledger.answered(&message, revision, View::Exclusive, |person| person.0 == anew);
        assert_eq!(answered(0), Answered { accepted: 2, rejected: [(14, 1)].into() });
        assert_eq!(answered(2), Answered { accepted: 2, rejected: BTreeMap::new() });
        assert_eq!((answered(0).all(), answered(0).rejected_any()), (3, 1));
        // Answer by answer, and without those of one's own run.
        let elsewhere = |run| ledger.answered_elsewhere(&message, revision, RunId(run));
        assert_eq!(elsewhere(9), Answered { accepted: 2, rejected: [(14, 1), (20, 1)].into() });
        assert_eq!(elsewhere(8), Answered { accepted: 1, rejected: [(14, 1), (20, 1)].into() });
        let news = elsewhere(9).since(&elsewhere(8));
        assert_eq!(news, Answered { accepted: 1, rejected: BTreeMap::new() });
    }
}
