//! A claim with all that is known of it, a record of a message, and a header, as the ledger keeps
//! them; and the join of each kind.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::damage::{EntryError, JoinError};
use super::facts::Facts;
use super::line::{Claim, Header, KnownTwice, MessageRecord, Outcome, PersonState, Proof, Terms};
use super::people;
use super::states::States;
use super::unknown_fields::UnknownFields;
use crate::identity::Person;

/// A word on a claim that is not its own run's: a person's, or the gateway's logs'.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// When it was given.
    pub at: Timestamp,
    /// Who gave it.
    pub by: String,
    /// Their reason.
    pub why: Option<String>,
    /// What they said of the people of the claim.
    pub state: PersonState,
    /// What of the logs the acceptances rest on, if these are the logs' word.
    pub proof: Option<Proof>,
    /// Of whom it says that several acceptances are known.
    pub known: Option<KnownTwice>,
}

/// The last word on a claim of the run that made it: its request is over.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settled {
    /// When it was written.
    pub at: Timestamp,
    /// The error of a refusal, or what was strange.
    pub why: Option<String>,
}

/// A claim with all that is known of it.
#[derive(Debug, Clone)]
pub(super) struct ClaimEntry {
    pub(super) claim: Claim,
    pub(super) states: States,
    pub(super) notes: BTreeSet<Note>,
    pub(super) settled: Option<Settled>,
    /// Who is accepted by a proof of the logs and by another word as well, in ascending order.
    pub(super) answered: Vec<Person>,
    /// What was folded into it.
    pub(super) facts: Facts,
    /// Unknown fields of the claim.
    pub(super) extra: UnknownFields,
    /// Unknown fields of its outcomes.
    pub(super) outcome_extra: UnknownFields,
}

impl ClaimEntry {
    /// Takes a claim of which nothing else is known.
    ///
    /// # Errors
    /// If it has no people, or they are not in ascending order, each once.
    pub(super) fn new(mut claim: Claim) -> Result<Self, EntryError> {
        if claim.people.is_empty() || !people::is_ascending(&claim.people) {
            return Err(EntryError::People(claim.id));
        }
        claim.people.shrink_to_fit();
        Ok(Self {
            claim,
            states: States::All(PersonState::Claimed),
            notes: BTreeSet::new(),
            settled: None,
            answered: Vec::new(),
            facts: Facts::default(),
            extra: UnknownFields::default(),
            outcome_extra: UnknownFields::default(),
        })
    }

    /// The state of one of its people; `None` if they are not in it.
    pub(super) fn state(&self, person: Person) -> Option<PersonState> {
        self.claim.people.binary_search(&person).ok().map(|position| self.states.get(position))
    }

    /// All people with their states.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Person, PersonState)> {
        self.claim.people.iter().enumerate().map(|(position, person)| (*person, self.states.get(position)))
    }

    /// Whether the run that claimed somebody who stands in this state now left them open, so that another word was
    /// needed. A run leaves people open of whom it was told nothing: of those in the same claim the gateway may have
    /// accepted and rejected others, and refused nobody.
    pub(super) fn was_left_open(&self, person: Person, state: PersonState) -> bool {
        let words = || self.notes.iter().filter(|note| note.known.is_none());
        if self.claim.is_recovered || words().next().is_none() {
            return state == PersonState::Claimed;
        }
        let is_said_accepted = words().any(|note| note.proof.is_none() && note.state == PersonState::Accepted);
        match state {
            PersonState::Claimed | PersonState::Refused | PersonState::Abandoned => true,
            PersonState::Accepted => is_said_accepted || self.is_found_only(person),
            PersonState::Rejected(_) => is_said_accepted || self.otherwise_accepted().next().is_none(),
        }
    }

    /// Whether nothing of it was sent, for sure.
    pub(super) fn is_refused(&self) -> bool {
        self.states.is_all(PersonState::Refused)
    }

    /// How many of its people are accepted.
    pub(super) fn acceptances(&self) -> usize {
        match self.states {
            States::All(PersonState::Accepted) => self.claim.people.len(),
            States::All(_) => 0,
            States::Each(_) => self.accepted(&self.states).count(),
        }
    }

    /// How many of its people are still open.
    pub(super) fn open(&self) -> usize {
        self.iter().filter(|(_, state)| *state == PersonState::Claimed).count()
    }

    /// Works out what an outcome says of each of its people.
    ///
    /// # Errors
    /// If the outcome names somebody who is not in the claim.
    pub(super) fn states_of(
        &self,
        common: PersonState,
        others: &[(Person, PersonState)],
    ) -> Result<States, EntryError> {
        if others.is_empty() {
            return Ok(States::All(common));
        }
        let mut named: Vec<Option<PersonState>> = vec![None; self.claim.people.len()];
        for (person, state) in others {
            let position = self.claim.people.binary_search(person).ok();
            let place = position.and_then(|position| named.get_mut(position));
            let place = place.ok_or_else(|| EntryError::UnknownPerson(self.claim.id.clone()))?;
            *place = (*place).max(Some(*state));
        }
        Ok(States::each(named.into_iter().map(|state| state.unwrap_or(common)).collect()))
    }

    /// Takes an outcome.
    ///
    /// # Errors
    /// If it names somebody who is not in the claim; then nothing is taken.
    pub(super) fn settle(&mut self, outcome: Outcome, facts: &Facts, extra: &UnknownFields) -> Result<(), EntryError> {
        let states = self.states_of(outcome.state, &outcome.others)?;
        let proof = outcome.proof.filter(|_| outcome.by.is_some());
        let has_proof = self.has_proof() || proof.is_some();
        let answered = has_proof.then(|| {
            let is_found = |person| proof.as_ref().is_some_and(|proof| proof.is_of(person));
            let accepted = self.accepted(&states).filter(|person| !is_found(*person));
            accepted.chain(self.otherwise_accepted()).collect()
        });
        self.states.raise(self.claim.people.len(), &states);
        match outcome.by {
            Some(by) => {
                let Outcome { at, why, state, known, .. } = outcome;
                self.notes.insert(Note { at, by, why, state, proof, known });
            }
            None => self.settled = self.settled.take().max(Some(Settled { at: outcome.at, why: outcome.why })),
        }
        self.set_answered(answered);
        self.facts.join(facts);
        self.outcome_extra.join(extra);
        Ok(())
    }

    /// The people whom states of this claim's have as accepted.
    fn accepted(&self, states: &States) -> impl Iterator<Item = Person> {
        let accepted = (0..self.claim.people.len()).filter(|at| states.get(*at) == PersonState::Accepted);
        accepted.filter_map(|at| self.claim.people.get(at).copied())
    }

    fn has_proof(&self) -> bool {
        self.notes.iter().any(|note| note.proof.is_some())
    }

    /// Whether somebody is accepted by a proof of the logs, and by no other word.
    pub(super) fn is_found_only(&self, person: Person) -> bool {
        self.proofs(person).next().is_some() && self.answered.binary_search(&person).is_err()
    }

    /// The proofs of the logs by which somebody is accepted.
    pub(super) fn proofs(&self, person: Person) -> impl Iterator<Item = &Proof> {
        self.notes.iter().filter_map(|note| note.proof.as_ref()).filter(move |proof| proof.is_of(person))
    }

    /// The people who are accepted by another word than a proof of the logs.
    fn otherwise_accepted(&self) -> impl Iterator<Item = Person> {
        self.accepted(&self.states).filter(|person| !self.is_found_only(*person))
    }

    /// Remembers who is accepted by another word than a proof of the logs: of those who are accepted by
    /// such a proof as well, for of everybody else that goes without saying.
    fn set_answered(&mut self, otherwise: Option<BTreeSet<Person>>) {
        if let Some(otherwise) = otherwise {
            self.answered = otherwise.into_iter().filter(|person| self.proofs(*person).next().is_some()).collect();
        }
    }

    /// Joins what another ledger knows of the same claim.
    ///
    /// # Errors
    /// If it is not the same claim; then nothing is joined.
    pub(super) fn join(&mut self, other: &Self) -> Result<(), EntryError> {
        if self.claim != other.claim {
            return Err(EntryError::Contradiction(self.claim.id.clone()));
        }
        let answered = (self.has_proof() || other.has_proof())
            .then(|| self.otherwise_accepted().chain(other.otherwise_accepted()).collect());
        self.states.raise(self.claim.people.len(), &other.states);
        self.notes.extend(other.notes.iter().cloned());
        if other.settled > self.settled {
            self.settled.clone_from(&other.settled);
        }
        self.set_answered(answered);
        self.facts.join(&other.facts);
        self.extra.join(&other.extra);
        self.outcome_extra.join(&other.outcome_extra);
        Ok(())
    }
}

/// What orders the records of a message.
type RecordRank<'a> = (Timestamp, Option<(Timestamp, usize)>, &'a str, u64, &'a str, Option<&'a Terms>, String);

/// A record of a message with its unknown fields.
#[derive(Debug, Clone)]
pub(super) struct RecordEntry {
    pub(super) record: MessageRecord,
    /// What was folded into it: earlier records of the same revision, too.
    pub(super) facts: Facts,
    pub(super) extra: UnknownFields,
}

impl RecordEntry {
    /// Keeps the later of two records, of two at one instant the greater; and the editions of both.
    pub(super) fn join(&mut self, other: &Self) {
        if other.rank() > self.rank() {
            let before = std::mem::replace(&mut self.record, other.record.clone());
            self.record.keep_editions(&before);
            self.extra.clone_from(&other.extra);
        } else {
            self.record.keep_editions(&other.record);
        }
        self.facts.join(&other.facts);
    }

    /// Of two at one instant the one whose edition is the later one, which is after more runs.
    fn rank(&self) -> RecordRank<'_> {
        let record = &self.record;
        let terms = record.terms.as_ref();
        let edition = terms.map(|terms| (terms.since, terms.after.len()));
        (record.at, edition, &record.text, record.audience, record.sender.as_str(), terms, self.extra.rank())
    }
}

/// A header with its unknown fields.
#[derive(Debug, Clone)]
pub(super) struct BoundHeader {
    pub(super) header: Header,
    /// The entries that have made it what it is.
    pub(super) facts: Facts,
    pub(super) extra: UnknownFields,
}

impl BoundHeader {
    /// Takes a header, with its keys in order.
    pub(super) fn new(mut header: Header, facts: Facts, extra: UnknownFields) -> Self {
        let first = header.first_key.as_ref().map(|first| first.id.clone());
        header.name_keys(first);
        Self { header, facts, extra }
    }

    /// Unites the keys; which of them comes first was said last by whoever said it most often. A gateway is
    /// the one of the header that was made by changing the other.
    ///
    /// # Errors
    /// If the other is of another project; if it is of another gateway, and neither was made by changing the
    /// other. Then nothing is joined.
    pub(super) fn join(&mut self, other: &Self) -> Result<(), JoinError> {
        let (mine, theirs) = (&mut self.header, &other.header);
        if mine.project != theirs.project {
            return Err(JoinError::Project(mine.project.to_string(), theirs.project.to_string()));
        }
        if mine.gateway != theirs.gateway {
            // A header that nobody has numbered is a change of none.
            let is_after = |one: &Facts, other: &Facts| !other.is_empty() && one.includes(other);
            let (is_later, is_earlier) = (is_after(&self.facts, &other.facts), is_after(&other.facts, &self.facts));
            if is_later == is_earlier {
                return Err(JoinError::Gateway(mine.gateway.clone(), theirs.gateway.clone()));
            }
            if is_earlier {
                mine.gateway.clone_from(&theirs.gateway);
            }
        }
        self.facts.join(&other.facts);
        mine.name_keys(theirs.keys.iter().cloned());
        if theirs.first_key > mine.first_key {
            mine.first_key.clone_from(&theirs.first_key);
        }
        self.extra.join(&other.extra);
        Ok(())
    }
}
