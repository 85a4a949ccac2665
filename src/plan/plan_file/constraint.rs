//! Whom a frozen plan lets through, and with which contents.

use std::cmp::Ordering;

use crate::campaign::Message;
use crate::identity::{ContentDigest, Person, PersonSet};
use crate::ledger::{Ledger, PersonState};
use crate::plan::definition::Definition;

use super::Frozen;

/// What a message is held to.
pub(in crate::plan) enum PlanConstraint<'a> {
    /// To nothing: there is no frozen plan.
    Free,
    /// To nobody: the frozen plan has not got this message.
    Nobody,
    /// To nobody: the frozen plan has this message for these people, but not as it is now.
    Changed(&'a [(Person, ContentDigest)]),
    /// To these people.
    People {
        /// They, in ascending order, with what they get.
        people: &'a [(Person, ContentDigest)],
        /// Those whom the gateway rejected after the plan was made: it does not try them again.
        rejected_since: PersonSet,
    },
}

/// What a frozen plan says of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum PlannedPerson {
    /// Nothing: there is none.
    Anything,
    /// They are not in it.
    Nothing,
    /// They get the message as it was, which it is not any more.
    Other,
    /// They get this.
    This(ContentDigest),
}

impl PlannedPerson {
    /// Whether a person may get this.
    pub(in crate::plan) fn allows(self, content: ContentDigest) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing | Self::Other => false,
            Self::This(planned) => planned == content,
        }
    }
}

impl<'a> PlanConstraint<'a> {
    /// Finds what a message is held to.
    pub(in crate::plan) fn of(frozen: Option<&'a Frozen>, message: &Message, ledger: Option<&Ledger>) -> Self {
        let Some(frozen) = frozen else { return Self::Free };
        match frozen.message(&message.key) {
            Some(planned) if planned.definition == Definition::of(message) => {
                Self::People { people: &planned.people, rejected_since: rejected_since(frozen, message, ledger) }
            }
            Some(planned) => Self::Changed(&planned.people),
            None => Self::Nobody,
        }
    }

    /// The people who may be sent to, in ascending order.
    pub(in crate::plan) fn people(&self) -> &'a [(Person, ContentDigest)] {
        match self {
            Self::Free | Self::Nobody | Self::Changed(_) => &[],
            Self::People { people, .. } => people,
        }
    }

    /// Says what a person gets.
    pub(in crate::plan) fn planned(&self, person: Person) -> PlannedPerson {
        match self {
            Self::Free => PlannedPerson::Anything,
            Self::Nobody => PlannedPerson::Nothing,
            Self::Changed(people) => find(people, person).map_or(PlannedPerson::Nothing, |_| PlannedPerson::Other),
            Self::People { people, .. } => find(people, person).map_or(PlannedPerson::Nothing, PlannedPerson::This),
        }
    }

    /// Whether the gateway rejected a person after the plan was made.
    pub(in crate::plan) fn was_rejected_since(&self, person: Person) -> bool {
        matches!(self, Self::People { rejected_since, .. } if rejected_since.contains(&person))
    }
}

/// Finds a person. Persons are spread evenly, so that their place can be guessed, and few guesses
/// are needed.
fn find(people: &[(Person, ContentDigest)], person: Person) -> Option<ContentDigest> {
    let (mut low, mut high) = (0, people.len());
    while low < high {
        let first = people.get(low)?.0.0;
        let last = people.get(high - 1)?.0.0;
        if !(first..=last).contains(&person.0) {
            return None;
        }
        let width = u128::from(last - first).max(1);
        let guess = u128::from(person.0 - first) * (high - low - 1) as u128 / width;
        let at = low + usize::try_from(guess).ok()?;
        let (found, content) = people.get(at)?;
        match found.cmp(&person) {
            Ordering::Equal => return Some(*content),
            Ordering::Less => low = at + 1,
            Ordering::Greater => high = at,
        }
    }
    None
}

fn rejected_since(frozen: &Frozen, message: &Message, ledger: Option<&Ledger>) -> PersonSet {
    let Some(ledger) = ledger.filter(|_| frozen.retry_rejected.contains(&message.key)) else {
        return PersonSet::default();
    };
    let claims = ledger.claims_of(&message.key, message.revision).filter(|state| state.claim().at > frozen.at);
    let rejected = |(person, state)| matches!(state, PersonState::Rejected(_)).then_some(person);
    claims.flat_map(|state| state.people().filter_map(rejected)).collect()
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::identity::{ContentDigest, Person};

    #[test]
    fn everybody_is_found_and_nobody_else() {
        let spread = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for numbers in [
            (0..1_000).map(spread).collect::<Vec<_>>(),
            (0..50).chain([u64::MAX - 1, u64::MAX]).collect(),
            vec![0],
            vec![u64::MAX],
            vec![],
        ] {
            let mut people: Vec<_> = numbers.iter().map(|number| (Person(*number), ContentDigest(!number))).collect();
            people.sort_unstable();
            for number in &numbers {
                assert_eq!(find(&people, Person(*number)), Some(ContentDigest(!number)));
            }
            for number in [5_000, spread(2_000), u64::MAX / 2, u64::MAX - 7] {
                assert_eq!(find(&people, Person(number)), None, "{number}");
            }
        }
    }
}
