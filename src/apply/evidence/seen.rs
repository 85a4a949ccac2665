//! What the answers of a pass have shown, by person.

use std::collections::BTreeMap;

use super::control::ShownControls;
use super::logs::LogRow;
use crate::apply::summary::MessageRevision;
use crate::apply::verdict::state;
use crate::identity::{MessageId, Person, PersonMap};
use crate::ledger::{PersonState, Sighting};

/// A row as far as it is evidence.
pub(in crate::apply) fn sighting(row: LogRow) -> Sighting {
    Sighting { state: state(&row.status), bulk: row.bulk_id, sent_at: row.sent_at }
}

/// How far somebody's messageId was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Asked {
    /// It was not, or the answer was not read to its end.
    #[default]
    No,
    /// It was; this is what the same answer shows of messages that the gateway surely has.
    Yes(ShownControls),
}

/// What is known of one messageId.
#[derive(Debug, Clone, Default)]
pub(super) struct Sightings {
    pub(super) rows: Vec<Sighting>,
    pub(super) asked: Asked,
    /// Whether a row may be of another claim than theirs, so that a first look is not enough.
    is_ambiguous: bool,
}

impl Sightings {
    /// Whether their message was asked for, and the logs do not have it.
    pub(super) fn are_none(&self) -> bool {
        self.asked != Asked::No && self.rows.is_empty()
    }

    /// Whether the gateway took the message more than once.
    pub(super) fn was_sent_again(&self) -> bool {
        self.rows.iter().filter(|row| row.state == PersonState::Accepted).count() > 1
    }
}

/// What is known of all messageIds of a group of doubts.
#[derive(Debug, Default)]
pub(super) struct SeenMessages(BTreeMap<MessageRevision, PersonMap<Sightings>>);

impl SeenMessages {
    /// Begins with these people of a message, of whom nothing is known, and says of each whether
    /// another claim was accepted for them. Who is expected twice is in doubt by two claims.
    pub(super) fn expect(&mut self, message: MessageRevision, people: impl IntoIterator<Item = (Person, bool)>) {
        let known = self.0.entry(message).or_default();
        for (person, accepted_elsewhere) in people {
            known
                .entry(person)
                .and_modify(|sightings| sightings.is_ambiguous = true)
                .or_insert_with(|| Sightings { is_ambiguous: accepted_elsewhere, ..Sightings::default() });
        }
    }

    /// What is known of somebody, if they are expected.
    pub(super) fn get(&self, message: &MessageRevision, person: Person) -> Option<&Sightings> {
        self.0.get(message)?.get(&person)
    }

    pub(super) fn get_mut(&mut self, id: &MessageId) -> Option<&mut Sightings> {
        // The key is a pair, which is made anew; rows are few beside the requests that bring them.
        self.0.get_mut(&(id.message.clone(), id.revision))?.get_mut(&id.person)
    }

    /// Everybody expected whom a first look at the bulks has not settled.
    pub(super) fn missing(&self) -> Vec<MessageId> {
        let all = self.0.iter().flat_map(|((message, revision), people)| {
            people.iter().map(move |(person, sightings)| (message, *revision, *person, sightings))
        });
        let missing = all.filter(|(.., sightings)| {
            sightings.is_ambiguous || sightings.rows.iter().all(|row| row.state != PersonState::Accepted)
        });
        let mut ids: Vec<MessageId> = missing
            .map(|(message, revision, person, _)| MessageId { message: message.clone(), revision, person })
            .collect();
        ids.sort_unstable();
        ids
    }
}
