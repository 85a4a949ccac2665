//! What is known about each of the people of one claim, in a few bytes.

use std::collections::BTreeMap;

use super::line::PersonState;

/// The states of the people of a claim, by their position in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum States {
    /// Everybody has the same.
    All(PersonState),
    /// Not everybody has the same.
    Each(Box<[PersonState]>),
}

impl States {
    /// The state of the person at a position.
    pub(super) fn get(&self, position: usize) -> PersonState {
        match self {
            Self::All(state) => *state,
            Self::Each(states) => states.get(position).copied().unwrap_or(PersonState::Claimed),
        }
    }

    /// Raises each of `count` people to another state, if that wins over what is known.
    pub(super) fn raise(&mut self, count: usize, other: &Self) {
        if let (Self::All(mine), Self::All(theirs)) = (&mut *self, other) {
            *mine = (*mine).max(*theirs);
            return;
        }
        let states = (0..count).map(|position| self.get(position).max(other.get(position)));
        *self = Self::each(states.collect());
    }

    /// Takes one state a person.
    pub(super) fn each(states: Vec<PersonState>) -> Self {
        match states.split_first() {
            Some((first, rest)) if rest.iter().all(|state| state == first) => Self::All(*first),
            _ => Self::Each(states.into_boxed_slice()),
        }
    }

    /// Whether everybody has this state.
    pub(super) fn is_all(&self, state: PersonState) -> bool {
        *self == Self::All(state)
    }

    /// The state that most people have; of several, the lowest.
    pub(super) fn common(&self) -> PersonState {
        let states = match self {
            Self::All(state) => return *state,
            Self::Each(states) => states,
        };
        let mut counts: BTreeMap<PersonState, usize> = BTreeMap::new();
        for state in states {
            *counts.entry(*state).or_default() += 1;
        }
        let most = counts.values().copied().max();
        let common = counts.into_iter().find(|(_, count)| Some(*count) == most);
        common.map_or(PersonState::Claimed, |(state, _)| state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PersonState::{Accepted, Claimed, Refused, Rejected};

    #[test]
    fn the_common_state_is_the_most_frequent_then_the_lowest() {
        let check = |states: &[PersonState], common| assert_eq!(States::each(states.to_vec()).common(), common);
        check(&[Accepted], Accepted);
        check(&[Accepted, Claimed], Claimed);
        check(&[Accepted, Claimed, Accepted], Accepted);
        check(&[Rejected(14), Rejected(15), Refused], Refused);
        check(&[Rejected(15), Rejected(14), Rejected(15)], Rejected(15));
    }

    #[test]
    fn raising_never_lowers_and_collapses_to_one() {
        let mut states = States::each(vec![Accepted, Claimed]);
        states.raise(2, &States::All(Refused));
        assert_eq!(states, States::each(vec![Accepted, Refused]));
        states.raise(2, &States::each(vec![Claimed, Accepted]));
        assert_eq!(states, States::All(Accepted));
        states.raise(2, &States::All(Claimed));
        assert!(states.is_all(Accepted));
    }
}
