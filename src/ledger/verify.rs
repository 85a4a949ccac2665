//! What should never be found in a ledger, and is looked for all the same.

use std::collections::BTreeMap;

use super::book::Ledger;
use super::line::{ClaimId, PersonState};
use crate::identity::{BulkId, MessageKey, Person, PersonMap, Revision};

/// Something odd in a ledger whose lines are all as they were written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// Somebody was accepted in several claims of one revision of one message: they got it twice.
    AcceptedTwice {
        /// Who.
        person: Person,
        /// The claims, in ascending order.
        claims: Vec<ClaimId>,
    },
    /// The id of a claim's bulk is not the one that its time and people give.
    ForeignId {
        /// The claim.
        claim: ClaimId,
    },
    /// There are claims of a revision of a message, but no record of what it was.
    NoRecord {
        /// The message.
        message: MessageKey,
        /// Its revision.
        revision: Revision,
    },
}

impl Ledger {
    /// Looks for what should never be found, in ascending order.
    #[must_use]
    pub fn verify(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for ((message, revision), index) in &self.indexes {
            if !self.records.contains_key(&(message.clone(), *revision)) {
                findings.push(Finding::NoRecord { message: message.clone(), revision: *revision });
            }
            findings.extend(self.accepted_twice(&index.claims));
        }
        for claim in self.claims().map(|claim| claim.claim()).filter(|claim| !claim.is_recovered) {
            let bulk = BulkId::new(&claim.id.bulk.message, claim.id.bulk.revision, claim.time, &claim.people);
            if bulk != claim.id.bulk {
                findings.push(Finding::ForeignId { claim: claim.id.clone() });
            }
        }
        findings.sort_unstable();
        findings
    }

    fn accepted_twice(&self, claims: &[usize]) -> Vec<Finding> {
        let mut first: PersonMap<&ClaimId> = PersonMap::default();
        let mut twice: BTreeMap<Person, Vec<ClaimId>> = BTreeMap::new();
        for entry in claims.iter().filter_map(|position| self.entries.get(*position)) {
            for (person, _) in entry.iter().filter(|(_, state)| *state == PersonState::Accepted) {
                if let Some(before) = first.insert(person, &entry.claim.id) {
                    let claims = twice.entry(person).or_insert_with(|| vec![before.clone()]);
                    claims.push(entry.claim.id.clone());
                }
            }
        }
        let finding = |(person, mut claims): (Person, Vec<ClaimId>)| {
            claims.sort_unstable();
            Finding::AcceptedTwice { person, claims }
        };
        twice.into_iter().map(finding).collect()
    }
}
