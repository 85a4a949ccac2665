//! What one ledger knows that another does not.

use super::book::Ledger;
use super::entry::{ClaimEntry, RecordEntry};
use super::view::View;
use crate::identity::PersonSet;

/// What a ledger learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LedgerDelta {
    /// Revisions of messages whose record is new, or a later one.
    pub records: usize,
    /// Claims that are new.
    pub claims: usize,
    /// Claims that were known, and of which more is known now.
    pub outcomes: usize,
    /// People who stand otherwise, once for each revision of a message.
    pub people: usize,
}

/// How a ledger compares with its shadow, the copy that a checkout does not take back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shadow {
    /// They know the same, or the ledger's home needs no shadow.
    Same,
    /// There is no shadow: the next run that writes makes it.
    Missing,
    /// They do not know the same: the next run that writes joins them.
    Differs {
        /// What the ledger lacks, such as after a checkout.
        file: LedgerDelta,
        /// What the shadow lacks, such as after a pull.
        shadow: LedgerDelta,
    },
}

impl LedgerDelta {
    /// Finds what `after`, which has all that `before` has, knows besides.
    #[must_use]
    pub fn between(before: &Ledger, after: &Ledger) -> Self {
        let mut news = Self::default();
        let is_new = |of, record: &RecordEntry| before.records.get(of).is_none_or(|known| !known.says_the_same(record));
        let records = after.records.iter().filter(|(of, record)| is_new(of, record));
        news.records = records.count();
        for ((message, revision), index) in &after.indexes {
            let (was, is) = (before.standings(message, *revision), after.standings(message, *revision));
            let mut moved = PersonSet::default();
            for entry in index.claims.iter().filter_map(|position| after.entries.get(*position)) {
                match before.entry(entry) {
                    Some(known) if known.knows_all_of(entry) => continue,
                    Some(_) => news.outcomes += 1,
                    None => news.claims += 1,
                }
                let people = entry.claim.people.iter().copied();
                moved.extend(people.filter(|one| was.get(*one, View::Exclusive) != is.get(*one, View::Exclusive)));
            }
            news.people += moved.len();
        }
        news
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl Ledger {
    pub(super) fn entry(&self, like: &ClaimEntry) -> Option<&ClaimEntry> {
        self.by_id.get(&like.claim.id).and_then(|position| self.entries.get(*position))
    }
}

impl RecordEntry {
    /// Whether the same is said of the message here as there.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.record == other.record && self.extra == other.extra
    }
}

impl ClaimEntry {
    /// Whether the same is known of the claim here as there.
    pub(super) fn knows_all_of(&self, other: &Self) -> bool {
        self.states == other.states
            && self.notes == other.notes
            && self.settled == other.settled
            && self.answered == other.answered
            && self.extra == other.extra
            && self.outcome_extra == other.outcome_extra
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{PersonState, sample};

    #[test]
    fn what_is_new_is_counted_once() {
        let before = sample::ledger();
        let mut after = before.clone();
        assert!(LedgerDelta::between(&before, &after).is_empty());

        // Another record, a claim of two people of whom one is known as accepted, and an outcome of
        // a known claim that says what was known already of one of its two people.
        after.add_message(sample::record("announce", "Hi!", 9));
        after.add_claim(sample::claim("announce", &[1, 7], 2, 7)).unwrap();
        let known = sample::claim("announce", &[4, 5], 1, 7);
        after.add_outcome(sample::outcome(&known, PersonState::Accepted, &[])).unwrap();
        let wanted = LedgerDelta { records: 1, claims: 1, outcomes: 1, people: 2 };
        assert_eq!(LedgerDelta::between(&before, &after), wanted);

        // A word that changes nobody's standing is news all the same.
        let mut word = before.clone();
        let first = sample::claim("announce", &[1, 2, 3], 1, 7);
        let outcome = sample::outcome(&first, PersonState::Refused, &[]);
        word.add_outcome(crate::ledger::Outcome { by: Some("ana".to_owned()), ..outcome }).unwrap();
        assert_eq!(LedgerDelta::between(&before, &word), LedgerDelta { outcomes: 1, ..LedgerDelta::default() });
    }
}
