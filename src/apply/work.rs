//! What is still to be done: bulks as planned, and those that come of them on the way.

use std::sync::Arc;

use jiff::Timestamp;

use super::kin::Kin;
use super::prepared::{BulkOptions, Prepared, PreparedPerson};
use super::send_schedule;
use super::summary::MessageRevision;
use crate::identity::{BulkId, BulkTime, MessageKey, Person, PersonSet, Revision};
use crate::ledger::PersonState;
use crate::plan::Bulk;

/// One bulk to be handed over.
#[derive(Debug)]
pub(super) struct Work {
    /// How far it has come.
    pub(super) stage: Stage,
    /// What was tried before.
    pub(super) tries: Tries,
    /// Where it comes from.
    pub(super) kin: Kin,
}

/// How far a bulk has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// As planned.
    Planned(Bulk),
    /// Rendered.
    Prepared(PreparedBulk),
}

/// What was tried before, of a bulk and of those that it was cut from.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tries {
    /// Claims that were granted.
    pub(super) claims: u32,
    /// How often no request could begin.
    pub(super) failed: u32,
    /// How often the answer was 429.
    pub(super) throttled: u32,
}

/// A rendered bulk.
#[derive(Debug)]
pub(super) struct PreparedBulk {
    pub(super) message: MessageKey,
    pub(super) revision: Revision,
    /// The time that goes into its id.
    pub(super) time: BulkTime,
    /// The planned `sendAt`.
    pub(super) send_at: Option<Timestamp>,
    /// The planned end of its paced sending, if it was not cut since, or has its share of that.
    pub(super) until: Option<Timestamp>,
    pub(super) options: Arc<BulkOptions>,
    pub(super) people: Vec<PreparedPerson>,
}

impl Work {
    /// A bulk as planned, with its place among all that were supplied.
    pub(super) fn planned(bulk: Bulk, number: u64) -> Self {
        Self { stage: Stage::Planned(bulk), tries: Tries::default(), kin: Kin::planned(number) }
    }

    /// Cuts a planned bulk after so many people, and gives the rest, if there is one, as a bulk of its own. In a
    /// shared plan, given what time it is, each part keeps its share of the bulk's time, which is no other bulk's.
    pub(super) fn cut(
        self,
        people: usize,
        shared_at: Option<Timestamp>,
        number: impl FnOnce() -> u64,
    ) -> (Self, Option<Self>) {
        let Self { stage: Stage::Planned(mut bulk), tries, kin } = self else { return (self, None) };
        let rest = bulk.recipients.split_off(people.min(bulk.recipients.len()));
        let rest = (!rest.is_empty()).then(|| {
            let people = (bulk.recipients.len(), rest.len());
            let [first, second] = send_schedule::divide((bulk.send_at, bulk.until), people, shared_at);
            (bulk.send_at, bulk.until) = first;
            let rest = Bulk { send_at: second.0, until: second.1, recipients: rest, ..bulk.clone() };
            Self::planned(rest, number())
        });
        (Self { stage: Stage::Planned(bulk), tries, kin }, rest)
    }
}

impl Stage {
    /// The message and its revision.
    pub(super) fn message(&self) -> MessageRevision {
        match self {
            Self::Planned(bulk) => (bulk.message.clone(), bulk.revision),
            Self::Prepared(prepared_bulk) => prepared_bulk.message(),
        }
    }

    /// How many people it has.
    pub(super) fn people(&self) -> u64 {
        let people = match self {
            Self::Planned(bulk) => bulk.recipients.len(),
            Self::Prepared(prepared_bulk) => prepared_bulk.people.len(),
        };
        u64::try_from(people).unwrap_or(u64::MAX)
    }
}

impl PreparedBulk {
    /// Takes what was rendered of a bulk: nobody who is not in the bulk, and nobody twice.
    pub(super) fn new(bulk: &Bulk, prepared: Prepared) -> Self {
        let mut open: PersonSet = bulk.recipients.iter().map(|recipient| recipient.person).collect();
        let mut people = prepared.people;
        people.retain(|recipient| open.remove(&recipient.person));
        Self {
            message: bulk.message.clone(),
            revision: bulk.revision,
            time: bulk.time,
            send_at: bulk.send_at,
            until: bulk.until,
            options: Arc::new(prepared.options),
            people,
        }
    }

    /// The message and its revision.
    pub(super) fn message(&self) -> MessageRevision {
        (self.message.clone(), self.revision)
    }

    /// How much memory its people take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let of = |recipient: &PreparedPerson| {
            let callback = recipient.callback_data.as_ref().map_or(0, String::len);
            size_of::<PreparedPerson>() + recipient.to.len() + recipient.content.bytes() + callback
        };
        self.people.iter().map(of).sum()
    }

    /// Everybody, in ascending order.
    pub(super) fn persons(&self) -> Vec<Person> {
        let mut persons: Vec<Person> = self.people.iter().map(|recipient| recipient.person).collect();
        persons.sort_unstable();
        persons
    }

    /// The id of the bulk, from exactly these people.
    pub(super) fn bulk_id(&self, persons: &[Person]) -> BulkId {
        BulkId::new(&self.message, self.revision, self.time, persons)
    }

    /// Leaves out people, and says whom of them it had.
    pub(super) fn leave_out(&mut self, people: &[Person]) -> Vec<Person> {
        let out: PersonSet = people.iter().copied().collect();
        self.people
            .extract_if(.., |recipient| out.contains(&recipient.person))
            .map(|recipient| recipient.person)
            .collect()
    }

    /// The same bulk with other people.
    fn with(&self, people: Vec<PreparedPerson>) -> Self {
        Self {
            message: self.message.clone(),
            revision: self.revision,
            time: self.time,
            send_at: self.send_at,
            until: self.until,
            options: Arc::clone(&self.options),
            people,
        }
    }

    /// The same bulk with the people only who were refused, given what became of each.
    pub(super) fn refused(mut self, states: &[PersonState]) -> Self {
        let mut states = states.iter();
        self.people.retain(|_| states.next() == Some(&PersonState::Refused));
        self
    }

    /// Cuts it into two, the first half first. In a shared plan, given what time it is, each keeps its share of the
    /// bulk's time.
    pub(super) fn halves(mut self, shared_at: Option<Timestamp>) -> [Self; 2] {
        let second = self.people.split_off(self.people.len().div_ceil(2));
        let mut second = self.with(second);
        let people = (self.people.len(), second.people.len());
        let times = send_schedule::divide((self.send_at, self.until), people, shared_at);
        [(self.send_at, self.until), (second.send_at, second.until)] = times;
        [self, second]
    }
}
