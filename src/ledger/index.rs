//! Who of a revision of a message is in which claims: a set of those accepted, who are most, and
//! positions of claims for everybody else. What is kept never has to be lowered: how somebody
//! stands is worked out from their claims when it is asked.

use crate::identity::{Person, PersonMap, PersonSet};

use super::entry::ClaimEntry;
use super::line::{PersonState, Standing};
use super::view::View;

/// The people of one revision of one message.
#[derive(Debug, Clone, Default)]
pub(super) struct PeopleIndex {
    /// The positions of its claims, ascending.
    pub(super) claims: Vec<usize>,
    /// Whoever any claim has as accepted.
    pub(super) accepted: PersonSet,
    /// Everybody else, with the position of their first claim.
    pub(super) others: PersonMap<usize>,
    /// The positions of further claims of the others.
    pub(super) again: PersonMap<Vec<usize>>,
}

impl PeopleIndex {
    /// Makes room for so many accepted people.
    pub(super) fn reserve(&mut self, accepted: usize) {
        self.accepted.reserve(accepted);
    }

    /// Takes the people of a claim in, as they are now.
    pub(super) fn take(&mut self, position: usize, entry: &ClaimEntry) {
        if self.claims.last().is_none_or(|last| *last < position) {
            self.claims.push(position);
        }
        if entry.states.is_all(PersonState::Accepted) && self.others.is_empty() {
            // Reading a ledger of what was sent is nothing but this.
            self.accepted.extend(entry.claim.people.iter().copied());
            return;
        }
        for (person, state) in entry.iter() {
            if state == PersonState::Accepted {
                self.accepted.insert(person);
                self.others.remove(&person);
                self.again.remove(&person);
            } else if !self.accepted.contains(&person) {
                let first = *self.others.entry(person).or_insert(position);
                let again = if first == position { None } else { Some(self.again.entry(person).or_default()) };
                if let Some(again) = again.filter(|again| !again.contains(&position)) {
                    again.push(position);
                }
            }
        }
    }

    /// The positions of the claims that somebody is in, and of whoever is accepted those of all claims.
    pub(super) fn positions(&self, person: Person) -> impl Iterator<Item = &usize> {
        let is_accepted = self.accepted.contains(&person);
        let all = if is_accepted { self.claims.as_slice() } else { &[] };
        all.iter().chain(self.others.get(&person)).chain(self.again.get(&person).into_iter().flatten())
    }

    /// Says how somebody stands by all of their claims.
    pub(super) fn standing(&self, entries: &[ClaimEntry], person: Person, view: View) -> Standing {
        if self.accepted.contains(&person) {
            return Standing::Accepted;
        }
        let by_claim = self.positions(person).filter_map(|position| {
            let entry = entries.get(*position)?;
            Some(view.standing(entry, entry.state(person)?))
        });
        by_claim.max().unwrap_or(Standing::Free)
    }
}

/// How everybody stands with one revision of one message: made once, asked for each person.
#[derive(Debug, Clone, Copy)]
pub struct Standings<'a> {
    entries: &'a [ClaimEntry],
    index: Option<&'a PeopleIndex>,
}

impl<'a> Standings<'a> {
    pub(super) fn new(entries: &'a [ClaimEntry], index: Option<&'a PeopleIndex>) -> Self {
        Self { entries, index }
    }

    /// Says how somebody stands.
    #[must_use]
    pub fn get(&self, person: Person, view: View) -> Standing {
        self.index.map_or(Standing::Free, |index| index.standing(self.entries, person, view))
    }

    /// Whether the ledger knows nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_none_or(|index| index.accepted.is_empty() && index.others.is_empty())
    }
}
