//! A frozen plan: who gets which contents, to be applied later, or elsewhere, and nothing else.
//!
//! It holds no personal data: people are fingerprints, contents are keyed digests. It may be applied
//! as often as one likes: whoever has their message, or must not have it any more, is left out, and
//! nobody is ever added. [`Frozen::freeze`] makes it of a plan, [`Frozen::write`] and
//! [`Frozen::read`] bring it to a file and back, and a planner that is given one
//! ([`Input::frozen`](super::Input::frozen)) tells in [`Comparison`] what became of its people, and in
//! [`Change`] what does not match any more.

mod change;
mod error;
mod freeze;
mod comparison;
mod constraint;
mod difference;
mod raw;
mod read;
mod state;
#[cfg(test)]
mod tests;
mod write;

use jiff::Timestamp;

use crate::identity::{ContentDigest, KeyId, MessageKey, Person, ProjectId};

use super::definition::Definition;
use super::digest::{MessageDigest, PlanDigest};
use super::safety_limits::Accepted;
use super::schedule_terms::Term;
use super::selection::Selection;

pub use change::Change;
pub use comparison::{Comparison, Dropped};
pub(super) use constraint::{PlanConstraint, PlannedPerson};
pub use difference::{MessageDifference, PeopleNamed, PlanDifference, Presence};
pub use error::FrozenError;
pub use state::FrozenState;

/// A frozen plan. Of a person it keeps 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// The project.
    pub project: ProjectId,
    /// The gateway, as the ledger names it.
    pub gateway: String,
    /// The check values of the keys that were there; the first one made its people and contents.
    pub keys: Vec<KeyId>,
    /// The digest of the plan.
    pub digest: PlanDigest,
    /// When it was planned.
    pub at: Timestamp,
    /// The version of sendform that planned it.
    pub tool: String,
    /// What was selected.
    pub selection: Selection,
    /// The numbers that a person accepted.
    pub accepted: Accepted,
    /// The messages whose rejected people were free again.
    pub retry_rejected: Vec<MessageKey>,
    /// What is selected, in the order of the messages' ids.
    messages: Vec<FrozenMessage>,
    /// What is not selected: the digest of the plan covers it, and nobody in it is sent to.
    others: Vec<(MessageKey, MessageDigest)>,
}

/// One message of a frozen plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FrozenMessage {
    /// What it is.
    pub definition: Definition,
    /// Its options, for showing what changed in them.
    pub options: Vec<Term>,
    /// The source of its template, for showing what changed in it.
    pub text: String,
    /// Everybody, due or not, with what they get; in ascending order, nobody twice.
    pub people: Vec<(Person, ContentDigest)>,
}

impl Frozen {
    /// How many people it has, each counted once for every message.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.messages.iter().map(|message| message.people.len() as u64).sum()
    }

    /// The messages, selected ones only.
    pub fn messages(&self) -> impl Iterator<Item = &MessageKey> {
        self.messages.iter().map(|message| &message.definition.key)
    }

    /// A message.
    fn message(&self, key: &MessageKey) -> Option<&FrozenMessage> {
        self.messages.iter().find(|message| message.definition.key == *key)
    }
}
