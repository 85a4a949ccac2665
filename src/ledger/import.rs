//! Texts that are joined into a ledger: other lockfiles, and the outcomes that a store did not take.

use std::collections::BTreeSet;

use super::book::Ledger;
use super::damage::{Damage, EntryError, Reason};
use super::facts::Facts;
use super::line::{Outcome, PersonState};
use super::queries::ClaimState;
use super::read::{ReadLedger, SortedLines};
use super::seals::Seals;
use super::unknown_fields::UnknownFields;
use crate::identity::BulkId;

/// A text of ledger lines, read, that is to be joined into a ledger.
#[derive(Debug, Clone)]
pub enum ImportFile {
    /// A ledger with its header.
    Whole(Box<ReadLedger>),
    /// Outcomes without a header, as a run keeps them when its store does not take them.
    Outcomes(Outcomes),
}

/// Outcomes of claims that are in some ledger, each with the number of its line.
#[derive(Debug, Clone)]
pub struct Outcomes {
    outcomes: Vec<(usize, Outcome, Facts, UnknownFields)>,
    /// Whether all of them are surely signed by somebody who has one of the keys at hand.
    pub is_signed: bool,
}

impl ImportFile {
    /// Reads a text.
    ///
    /// # Errors
    /// As [`Ledger::read`]. Without a header there may be nothing but whole lines of outcomes:
    /// nobody knows which gateway a claim without a header was made for.
    pub fn read(text: &[u8], seals: &Seals) -> Result<Self, Damage> {
        let mut lines = SortedLines::new(seals);
        let torn = lines.take(text)?;
        if lines.bound.is_some() || text.is_empty() {
            return Ledger::read(text, seals).map(|read| Self::Whole(Box::new(read)));
        }
        if let Some(kept) = torn {
            let whole = text.get(..kept).unwrap_or_default();
            return Err(Damage { line: whole.split(|byte| *byte == b'\n').count(), reason: Reason::Cut });
        }
        match lines.claims.first() {
            Some((line, _)) => Err(Damage { line: *line, reason: Reason::NoHeader }),
            None if !lines.records.is_empty() => Err(Damage { line: 1, reason: Reason::NoHeader }),
            None => {
                lines.check_signatures()?;
                // There is no header that names its keys: what cannot be checked is as good as not signed.
                let is_signed = lines.is_signed()? && !lines.is_unchecked;
                Ok(Self::Outcomes(Outcomes { outcomes: lines.outcomes, is_signed }))
            }
        }
    }
}

impl Outcomes {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// Parts those of claims that a ledger has from those whose claims it has lost.
    #[must_use]
    pub fn split(self, ledger: &Ledger) -> [Self; 2] {
        let is_signed = self.is_signed;
        let has = |(_, outcome, ..): &(usize, Outcome, Facts, UnknownFields)| {
            ledger.claim_state(&outcome.claim).is_some() || nothing_was_sent(outcome)
        };
        let (known, lost) = self.outcomes.into_iter().partition(has);
        [known, lost].map(|outcomes| Self { outcomes, is_signed })
    }

    /// The bulks of which somebody was accepted, rejected or given up, and of which a ledger has no claim that
    /// keeps its people: who was in them nothing tells.
    #[must_use]
    pub fn untold(&self, ledger: &Ledger) -> BTreeSet<BulkId> {
        let bulks = self.outcomes.iter().filter(|(_, outcome, ..)| !nothing_was_sent(outcome));
        let mut bulks: BTreeSet<BulkId> = bulks.map(|(_, outcome, ..)| outcome.claim.bulk.clone()).collect();
        // A claim that was given back keeps nobody from being sent to: a later try of the same bulk has its id.
        let keeps = |claim: &ClaimState<'_>| claim.people().any(|(_, state)| state != PersonState::Refused);
        for claim in ledger.claims().filter(keeps) {
            bulks.remove(&claim.claim().id.bulk);
        }
        bulks
    }
}

impl Ledger {
    /// Takes outcomes in, and says how many were passed over: of a claim that the ledger never got
    /// nothing was sent if its outcome says so.
    ///
    /// # Errors
    /// If an outcome says more than that of a claim that the ledger does not have: then claims are
    /// missing, and whoever is in them would be taken for unsent. Also if an outcome names somebody
    /// who is not in its claim. After an error the ledger is as it was.
    pub fn take_outcomes(&mut self, outcomes: &Outcomes) -> Result<usize, Damage> {
        let mut taken = self.clone();
        let mut passed_over = 0;
        for (line, outcome, facts, extra) in &outcomes.outcomes {
            match taken.settle(outcome.clone(), facts, extra) {
                Ok(_) => {}
                Err(EntryError::UnknownClaim(_)) if nothing_was_sent(outcome) => passed_over += 1,
                Err(error) => return Err(Damage { line: *line, reason: Reason::Entry(error) }),
            }
        }
        taken.index_anew();
        *self = taken;
        Ok(passed_over)
    }
}

fn nothing_was_sent(outcome: &Outcome) -> bool {
    std::iter::once(&outcome.state)
        .chain(outcome.others.iter().map(|(_, state)| state))
        .all(|state| *state == PersonState::Refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Person;
    use crate::ledger::{Standing, View, sample};
    use PersonState::{Accepted, Claimed, Refused, Rejected};

    fn outcomes(text: &str) -> Outcomes {
        match ImportFile::read(text.as_bytes(), &Seals::none()).unwrap() {
            ImportFile::Outcomes(outcomes) => outcomes,
            ImportFile::Whole(_) => panic!("it has no header"),
        }
    }

    fn standing(ledger: &Ledger, person: u64) -> Standing {
        ledger.standing(&sample::message("announce"), sample::revision(), Person(person), View::Exclusive)
    }

    #[test]
    fn outcomes_are_taken_whole_or_not_at_all() {
        let mut ledger = sample::ledger();
        let known = sample::outcome_line(&sample::outcome(&sample::claim("announce", &[6], 1, 7), Accepted, &[]));
        let stranger = sample::claim("announce", &[9], 1, 7);
        let check = |ledger: &mut Ledger, state, others: &[(u64, PersonState)]| {
            let line = sample::outcome_line(&sample::outcome(&stranger, state, others));
            ledger.take_outcomes(&outcomes(&format!("{known}{line}"))).map_err(|damage| damage.to_string())
        };
        for (state, others) in [(Accepted, &[][..]), (Claimed, &[]), (Rejected(14), &[]), (Refused, &[(9, Accepted)])] {
            let error = check(&mut ledger, state, others).unwrap_err();
            assert_eq!(
                error,
                format!("line 2: an outcome of `{}`, attempt 1, which nobody has claimed", stranger.id.bulk)
            );
            assert_eq!(standing(&ledger, 6), Standing::InDoubt, "nothing is taken");
        }
        assert_eq!(check(&mut ledger, Refused, &[]), Ok(1));
        assert_eq!([6, 9].map(|person| standing(&ledger, person)), [Standing::Accepted, Standing::Free]);
        let text = ledger.write(&Seals::none());
        assert_eq!(check(&mut ledger, Refused, &[(9, Refused)]), Ok(1));
        assert_eq!(ledger.write(&Seals::none()), text, "a second time changes nothing");
    }

    #[test]
    fn outcomes_of_lost_claims_are_told_apart_until_a_claim_has_their_bulk() {
        let mut ledger = sample::ledger();
        let line = |claim, state| sample::outcome_line(&sample::outcome(claim, state, &[]));
        let [known, lost, unsent] = [6, 9, 10].map(|person| sample::claim("announce", &[person], 1, 7));
        let text = [line(&known, Accepted), line(&lost, Accepted), line(&unsent, Refused)].concat();
        let [here, gone] = outcomes(&text).split(&ledger);
        assert_eq!((here.len(), gone.len()), (2, 1));
        assert_eq!(here.untold(&ledger), BTreeSet::new());
        assert_eq!(gone.untold(&ledger), BTreeSet::from([lost.id.bulk.clone()]));
        // Whoever recovers them claims them for the same bulk, in a run of their own.
        let given_back = sample::claim("announce", &[9], 1, 9);
        ledger.add_claim(given_back.clone()).unwrap();
        ledger.add_outcome(sample::outcome(&given_back, Refused, &[])).unwrap();
        assert_eq!(gone.untold(&ledger).len(), 1, "an earlier try that was refused keeps nobody");
        let recovered = sample::claim("announce", &[9], 1, 8);
        ledger.add_claim(recovered).unwrap();
        assert_eq!(gone.untold(&ledger), BTreeSet::new());
        assert_eq!(gone.split(&ledger)[1].len(), 1, "its claim is lost all the same");
    }

    #[test]
    fn what_is_neither_a_ledger_nor_outcomes_is_refused() {
        let claim = sample::claim("announce", &[1], 1, 7);
        let outcome = sample::outcome_line(&sample::outcome(&claim, Accepted, &[]));
        let error = |text: String| ImportFile::read(text.as_bytes(), &Seals::none()).unwrap_err().to_string();
        let found = [
            error(String::new()),
            error(format!("{outcome}{}", sample::claim_line(&claim))),
            error(sample::message_line(&sample::record("announce", "Hi", 0))),
            error(format!("{outcome}{}", outcome.split_at(20).0)),
            error(outcome.replace("accepted", "refused")),
        ];
        insta::assert_snapshot!(found.join("\n"), @r"
        line 1: the ledger is empty: it has not even a header
        line 2: the ledger has no header
        line 1: the ledger has no header
        line 2: the text is cut off inside this line
        line 1: the checksum does not match
        ");
        let whole = sample::ledger().write(&Seals::none());
        assert!(
            matches!(ImportFile::read(&whole, &Seals::none()), Ok(ImportFile::Whole(read)) if read.ledger.write(&Seals::none()) == whole)
        );
    }
}
