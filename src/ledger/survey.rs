//! Questions to the ledger: what is in doubt, how many are in which state, when it ends.

use jiff::Timestamp;

use super::book::Ledger;
use super::entry::{Entry, Note, Settled};
use super::line::{Claim, ClaimId, MessageRecord, PersonState, Standing};
use super::view::View;
use crate::identity::{MessageKey, Person, Revision};

/// A claim of which something is in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The claim; its bulk names message and revision.
    pub claim: ClaimId,
    /// How many of its people are in doubt.
    pub open: usize,
    /// How many people it has.
    pub count: usize,
    /// The `sendAt` of its request; at once, if absent.
    pub send_at: Option<Timestamp>,
    /// When its paced sending ends; absent if it is not paced.
    pub until: Option<Timestamp>,
    /// When the claim was made.
    pub at: Timestamp,
}

/// How many people of a revision of a message stand how, each counted once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Accepted by the gateway.
    pub accepted: usize,
    /// Rejected by the gateway.
    pub rejected: usize,
    /// Claimed, and nothing is known.
    pub in_doubt: usize,
    /// Claimed by a run that may still be sending.
    pub in_flight: usize,
    /// Given up by a person's word.
    pub abandoned: usize,
    /// Claimed before, surely not sent, and free again.
    pub refused: usize,
}

/// A claim, and what is known of its people.
#[derive(Debug, Clone, Copy)]
pub struct ClaimState<'a>(&'a Entry);

impl<'a> ClaimState<'a> {
    /// The claim.
    #[must_use]
    pub fn claim(self) -> &'a Claim {
        &self.0.claim
    }

    /// Its people in ascending order, each with their state.
    pub fn people(self) -> impl Iterator<Item = (Person, PersonState)> + 'a {
        self.0.iter()
    }

    /// What is known of somebody; `None` if they are not in the claim.
    #[must_use]
    pub fn state(self, person: Person) -> Option<PersonState> {
        self.0.state(person)
    }

    /// How many of its people are still open.
    #[must_use]
    pub fn open(self) -> usize {
        self.0.open()
    }

    /// When, and why, a run has last settled it.
    #[must_use]
    pub fn settled(self) -> Option<&'a Settled> {
        self.0.settled.as_ref()
    }

    /// The words of persons on it, the oldest first.
    pub fn notes(self) -> impl Iterator<Item = &'a Note> {
        self.0.notes.iter()
    }
}

impl Ledger {
    /// Iterates over the latest record of each revision of each message, in their order.
    pub fn messages(&self) -> impl Iterator<Item = &MessageRecord> {
        self.records.values().map(|record| &record.record)
    }

    /// Finds the latest record of a message's highest revision.
    #[must_use]
    pub fn last_record(&self, message: &MessageKey) -> Option<&MessageRecord> {
        self.messages().filter(|record| record.message == *message).last()
    }

    /// Iterates over all claims, in no particular order.
    pub fn claims(&self) -> impl ExactSizeIterator<Item = ClaimState<'_>> {
        self.entries.iter().map(ClaimState)
    }

    /// Iterates over the claims of a revision of a message.
    pub fn claims_of(&self, message: &MessageKey, revision: Revision) -> impl Iterator<Item = ClaimState<'_>> {
        let positions = self.index(message, revision).into_iter().flat_map(|index| &index.claims);
        positions.filter_map(|position| self.entries.get(*position)).map(ClaimState)
    }

    /// Finds a claim.
    #[must_use]
    pub fn claim_state(&self, id: &ClaimId) -> Option<ClaimState<'_>> {
        self.by_id.get(id).and_then(|position| self.entries.get(*position)).map(ClaimState)
    }

    /// Finds the claims of a bulk by its whole id, or by the digits at its end; the oldest first.
    #[must_use]
    pub fn find_bulk(&self, bulk: &str) -> Vec<ClaimState<'_>> {
        let is_it = |claim: &ClaimState<'_>| {
            let id = claim.claim().id.bulk.to_string();
            id == bulk || id.rsplit_once('.').is_some_and(|(_, digits)| digits == bulk)
        };
        let mut found: Vec<_> = self.claims().filter(is_it).collect();
        found.sort_by_key(|claim| (claim.claim().at, claim.claim().id.clone()));
        found
    }

    /// Lists the claims of which something is in doubt, the oldest first. What may still be in
    /// flight is not in doubt.
    #[must_use]
    pub fn doubts(&self, view: View) -> Vec<Doubt> {
        let dead = self.entries.iter().filter(|entry| !view.may_live(&entry.claim));
        let doubts = dead.filter_map(|entry| {
            let Claim { id, send_at, until, at, people, .. } = &entry.claim;
            let (claim, count) = (id.clone(), people.len());
            let doubt = Doubt { claim, open: entry.open(), count, send_at: *send_at, until: *until, at: *at };
            (doubt.open > 0).then_some(doubt)
        });
        let mut doubts: Vec<Doubt> = doubts.collect();
        doubts.sort_by(|one, other| (one.at, &one.claim).cmp(&(other.at, &other.claim)));
        doubts
    }

    /// The latest end of paced sending among the claims of a revision of a message that were not
    /// wholly refused.
    #[must_use]
    pub fn until(&self, message: &MessageKey, revision: Revision) -> Option<Timestamp> {
        self.sendable(message, revision).filter_map(|claim| claim.until).max()
    }

    /// The latest `sendAt` among the claims of a revision of a message that were not wholly
    /// refused.
    #[must_use]
    pub fn last_send_at(&self, message: &MessageKey, revision: Revision) -> Option<Timestamp> {
        self.sendable(message, revision).filter_map(|claim| claim.send_at).max()
    }

    fn sendable(&self, message: &MessageKey, revision: Revision) -> impl Iterator<Item = &Claim> {
        self.claims_of(message, revision).filter(|claim| !claim.0.is_refused()).map(ClaimState::claim)
    }

    /// Counts how the people of a revision of a message stand.
    #[must_use]
    pub fn totals(&self, message: &MessageKey, revision: Revision, view: View) -> Totals {
        let mut totals = Totals::default();
        let Some(index) = self.index(message, revision) else { return totals };
        totals.accepted = index.accepted.len();
        for person in index.others.keys() {
            let count = match index.standing(&self.entries, *person, view) {
                Standing::Free => &mut totals.refused,
                Standing::Rejected(_) => &mut totals.rejected,
                Standing::Abandoned => &mut totals.abandoned,
                Standing::InFlight => &mut totals.in_flight,
                Standing::InDoubt => &mut totals.in_doubt,
                Standing::Accepted => &mut totals.accepted,
            };
            *count += 1;
        }
        totals
    }
}
