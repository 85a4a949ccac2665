//! What should never be found in a ledger, and is looked for all the same.

use super::book::Ledger;
use super::line::ClaimId;
use super::twice::{RepeatKind, Repeated};
use crate::identity::{BulkId, MessageKey, Person, Revision};

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
    /// The same, and somebody has said that they know.
    KnownTwice {
        /// Who.
        person: Person,
        /// The claims, in ascending order.
        claims: Vec<ClaimId>,
    },
    /// Somebody was accepted in several claims of one revision of one message, but as far as anybody
    /// knows the gateway has one message: settlers who did not know of each other booked it for both.
    BookedTwice {
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

impl Finding {
    /// Whether it is worth a note, and no more: nobody got anything twice by it, or is forgotten, but where
    /// somebody knows of it.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        match self {
            Self::KnownTwice { .. } | Self::BookedTwice { .. } => true,
            Self::AcceptedTwice { .. } | Self::ForeignId { .. } | Self::NoRecord { .. } => false,
        }
    }
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
            findings.extend(self.repeated(index).map(Finding::from));
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
}

impl From<Repeated<'_>> for Finding {
    fn from(Repeated { person, entries, kind }: Repeated<'_>) -> Self {
        let mut claims: Vec<ClaimId> = entries.into_iter().map(|entry| entry.claim.id.clone()).collect();
        claims.sort_unstable();
        match kind {
            RepeatKind::Twice => Self::AcceptedTwice { person, claims },
            RepeatKind::Known => Self::KnownTwice { person, claims },
            RepeatKind::Booked => Self::BookedTwice { person, claims },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::line::PersonState;
    use crate::ledger::sample;
    use crate::ledger::{BY_LOGS, Claim, Outcome, Proof, Seals};

    /// How somebody is accepted in a claim: by an answer, or by rows that were sent from one second to
    /// another, of which there were several, or not.
    #[derive(Debug, Clone, Copy)]
    enum Word {
        Answer,
        Logs(i64, i64),
        Twice(i64),
        /// As older versions write it.
        Bare,
    }

    fn said(claim: &Claim, word: Word) -> Outcome {
        let proof = |first, last, twice: &[u64]| {
            let twice = twice.iter().copied().map(Person).collect();
            Some(Proof { left: [sample::at(first), sample::at(last)], people: Some(vec![Person(1)]), twice })
        };
        let proof = match word {
            Word::Answer | Word::Bare => None,
            Word::Logs(first, last) => proof(first, last, &[]),
            Word::Twice(at) => proof(at, at, &[1]),
        };
        let by = (!matches!(word, Word::Answer)).then(|| BY_LOGS.to_owned());
        let outcome = sample::outcome(claim, PersonState::Claimed, &[(1, PersonState::Accepted)]);
        Outcome { by, proof, ..outcome }
    }

    #[track_caller]
    fn check(words: &[(i64, &[Word])], expect: Option<(bool, usize)>) {
        let mut ledger = Ledger::new(sample::header());
        ledger.add_message(sample::record("announce", "Hi", 0));
        let mut lines =
            sample::header_line(&sample::header()) + &sample::message_line(&sample::record("announce", "Hi", 0));
        for (run, (at, words)) in (1..).zip(words) {
            let claim = Claim { at: sample::at(*at), ..sample::claim("announce", &[1, 2], 1, run) };
            ledger.add_claim(claim.clone()).unwrap();
            lines.push_str(&sample::claim_line(&claim));
            for word in *words {
                lines.push_str(&sample::outcome_line(&said(&claim, *word)));
                ledger.add_outcome(said(&claim, *word)).unwrap();
            }
        }
        let appended = Ledger::read(lines.as_bytes(), &Seals::none()).unwrap().ledger;
        let folded = Ledger::read(&ledger.write(&Seals::none()), &Seals::none()).unwrap().ledger;
        for ledger in [ledger, appended, folded] {
            let found: Vec<_> = ledger
                .verify()
                .into_iter()
                .map(|finding| match finding {
                    Finding::AcceptedTwice { claims, .. } => (false, claims.len()),
                    Finding::BookedTwice { claims, .. } => (true, claims.len()),
                    Finding::KnownTwice { .. } | Finding::ForeignId { .. } | Finding::NoRecord { .. } => {
                        panic!("{finding:?}")
                    }
                })
                .collect();
            assert_eq!(found, expect.into_iter().collect::<Vec<_>>(), "{words:?}");
        }
    }

    #[test]
    fn one_row_that_was_booked_for_two_claims_is_one_message() {
        use Word::{Answer, Bare, Logs, Twice};
        let (once, twice) = (Some((true, 2)), Some((false, 2)));
        check(&[(0, &[Logs(5, 5)]), (900, &[])], None);
        check(&[(0, &[Answer]), (900, &[Answer])], twice);
        check(&[(0, &[Answer]), (900, &[Bare])], twice);
        // The row may be the second claim's own.
        check(&[(0, &[Logs(905, 905)]), (900, &[Answer])], once);
        check(&[(0, &[Logs(905, 905)]), (900, &[Logs(905, 905)])], once);
        // Clocks may be a minute apart.
        check(&[(0, &[Logs(841, 841)]), (900, &[Answer])], once);
        check(&[(0, &[Logs(839, 839)]), (900, &[Answer])], twice);
        check(&[(900, &[Answer]), (0, &[Logs(5, 5)])], twice);
        check(&[(0, &[Logs(5, 5)]), (900, &[Logs(905, 905)])], twice);
        check(&[(0, &[Logs(905, 905)]), (0, &[Logs(906, 906)])], twice);
        check(&[(0, &[Logs(5, 5), Logs(905, 905)]), (900, &[Answer])], once);
        check(&[(0, &[Twice(905)]), (900, &[Answer])], twice);
        // What the gateway answered is more than what its logs say.
        check(&[(0, &[Logs(905, 905), Answer]), (900, &[Answer])], twice);
        check(&[(0, &[Answer, Logs(905, 905)]), (900, &[Answer])], twice);
        check(&[(0, &[Logs(905, 905)]), (900, &[Answer]), (800, &[Answer])], twice);
        check(&[(0, &[Logs(905, 905)]), (900, &[Logs(905, 905)]), (800, &[Logs(905, 905)])], Some((true, 3)));
    }
}
