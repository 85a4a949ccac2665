//! What a message is, as far as a plan binds it beside its people and their contents.

use crate::campaign::Message;
use crate::identity::{MessageKey, Revision, SenderId};

use super::schedule_terms::{self, Term};

/// A message's identity and the terms of its schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    /// The campaign's and the message's id.
    pub key: MessageKey,
    /// The revision.
    pub revision: Revision,
    /// The sender.
    pub sender: SenderId,
    /// The terms of its schedule.
    pub terms: Vec<Term>,
}

impl Definition {
    /// Takes what a message is.
    #[must_use]
    pub(super) fn of(message: &Message) -> Self {
        Self {
            key: message.key.clone(),
            revision: message.revision,
            sender: message.sender.clone(),
            terms: schedule_terms::of_schedule(&message.schedule),
        }
    }
}
