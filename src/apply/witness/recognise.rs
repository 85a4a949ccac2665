//! Whose a message in the logs is, by whom it is for.

use crate::apply::evidence::Addressee;
use crate::identity::{MessageId, Person, SenderId};

/// Makes persons of people, under every key of the run.
pub trait Recognise: Sync {
    /// Finds the persons of whoever is addressed by a sender, the first key's first; none, where that is no id
    /// of a recipient.
    fn under(&self, sender: &SenderId) -> impl Fn(&Addressee) -> Vec<Person> + Send;
}

/// Whose a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// It is of one of the run's keys: the first one makes this person of its addressee.
    OwnKeys(Person),
    /// It is of a key that the run does not have, or of another project: the run's first key makes this person of
    /// its addressee.
    OtherKeys(Person),
}

impl Whose {
    /// Compares a messageId with the persons of whom the message is for; `None`, if there are none.
    pub(super) fn of(id: &MessageId, persons: &[Person]) -> Option<Self> {
        let first = *persons.first()?;
        Some(if persons.contains(&id.person) { Self::OwnKeys(first) } else { Self::OtherKeys(first) })
    }

    /// Who it is under the first key.
    pub(super) fn first(self) -> Person {
        match self {
            Self::OwnKeys(person) | Self::OtherKeys(person) => person,
        }
    }
}
