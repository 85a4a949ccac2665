//! One true speed: the gateway's limit holds for one request only, so the bulks of a message are
//! sent one after the other, also when they begin later than planned or are cut into more.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::summary::MessageRevision;
use super::work::Letters;
use crate::identity::BulkTime;

/// The times that are given to paced bulks, by message: from when until when they are sent.
#[derive(Debug, Default)]
pub(super) struct Pace {
    slots: BTreeMap<MessageRevision, BTreeMap<Timestamp, Timestamp>>,
}

/// When a bulk is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    /// The `sendAt` of its request; at once, if absent.
    pub(super) send_at: Option<Timestamp>,
    /// From when until when its paced sending takes; absent if it is not paced.
    pub(super) span: Option<(Timestamp, Timestamp)>,
}

impl Pace {
    /// Gives a bulk its time: the planned one, or the first after it at which the message's speed
    /// allows it; unscheduled bulks are planned from the beginning of the run. What is past goes at
    /// once.
    pub(super) fn give(&mut self, letters: &Letters, begin: Timestamp, now: Timestamp) -> Slot {
        let planned = letters.send_at.or(match letters.time {
            BulkTime::At(instant) => Some(instant),
            BulkTime::Start(0) => None,
            BulkTime::Start(offset) => Some(later(begin, offset)),
        });
        let Some(speed) = letters.envelope.speed else {
            return Slot { send_at: planned.filter(|planned| *planned > now), span: None };
        };
        let people = u64::try_from(letters.people.len()).unwrap_or(u64::MAX);
        let length = speed.offset_ms(people);
        let slots = self.slots.entry(letters.message()).or_default();
        let earliest = planned.map_or(now, |planned| planned.max(now));
        let start = fit(slots, earliest, length);
        let until = whole_milliseconds(later(start, length));
        slots.insert(start, until);
        Slot { send_at: (start > now).then_some(start), span: Some((start, until)) }
    }

    /// Takes a time back, because nothing was sent in it.
    pub(super) fn give_back(&mut self, message: &MessageRevision, slot: Slot) {
        if let (Some((start, _)), Some(slots)) = (slot.span, self.slots.get_mut(message)) {
            slots.remove(&start);
        }
    }
}

/// The first instant from `earliest` on at which so many milliseconds are free.
fn fit(slots: &BTreeMap<Timestamp, Timestamp>, earliest: Timestamp, length_ms: i64) -> Timestamp {
    let mut start = whole_milliseconds(earliest);
    for (&from, &until) in slots {
        if until > start {
            if later(start, length_ms) <= from {
                break;
            }
            start = until;
        }
    }
    start
}

fn later(instant: Timestamp, milliseconds: i64) -> Timestamp {
    instant.checked_add(SignedDuration::from_millis(milliseconds)).unwrap_or(Timestamp::MAX)
}

/// Rounds up to whole milliseconds, which is all that the wire carries.
fn whole_milliseconds(instant: Timestamp) -> Timestamp {
    let whole = Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant);
    if whole < instant { later(whole, 1) } else { whole }
}

