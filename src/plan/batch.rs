//! From people to bulks: grouped by send time, staggered so that the message's speed holds over all
//! its bulks, cut by number and by bytes; where conversation windows close, soonest first.

use jiff::Timestamp;

use crate::campaign::Message;
use crate::identity::BulkTime;
use crate::timing::Pace;
use crate::timing::horizon::is_too_far_ahead;

use super::bulk::{Bulk, Recipient};
use super::clocks::{Clocks, SlotTally};
use super::collect::Gathered;
use super::gate::{Counts, Gate};
use super::times::{SendTimes, SlotTime, ZoneSlot};

/// How many bytes a request's body should have at most. The API states no limit; servers in front
/// of one often allow a megabyte, and what is in flight is what an apply needs memory for.
const BODY_BYTES_MAX: usize = 768 * 1024;
/// What a message adds to the body around its text, in bytes: ids, keys, options.
const ENVELOPE_BYTES: usize = 400;

/// The bulks of a message.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// To hand over now.
    pub due: Vec<Bulk>,
    /// To hand over later.
    pub later: Vec<Bulk>,
    /// How many people get it when.
    pub clocks: Clocks,
}

/// What a message's bulks are cut by.
pub(super) struct Batcher<'a> {
    /// The message.
    pub message: &'a Message,
    /// Its instants.
    pub times: &'a SendTimes,
    /// The end of what the ledger has of the message's paced sending.
    pub until: Option<Timestamp>,
    /// The instant of planning.
    pub now: Timestamp,
    /// How many people one bulk holds at most.
    pub bulk_size_max: usize,
}

impl Batcher<'_> {
    /// Cuts what was gathered; moves people in the counts whom a gate of time stops.
    #[must_use]
    pub(super) fn cut(&self, gathered: &mut Gathered, counts: &mut Counts) -> Batches {
        let size = (BODY_BYTES_MAX / (gathered.bytes_max as usize + ENVELOPE_BYTES)).clamp(1, self.bulk_size_max);
        let mut cut = Batches::default();
        let mut building: Option<Building> = None;
        let mut until = self.until;
        let mut tally = SlotTally::new(self.times);
        for index in self.order(gathered) {
            let Some(recipient) = gathered.recipients.get(index).copied() else { continue };
            let group = self.start(gathered, index);
            let closes_at = gathered.closes_at.get(index).copied().unwrap_or(Timestamp::MAX);
            if building.as_ref().is_some_and(|open| open.group != group || open.recipients.len() >= size) {
                until = building.take().and_then(|full| self.close(full, &mut cut, counts)).or(until);
            }
            let open = building.get_or_insert_with(|| self.building(group, until));
            if is_too_far_ahead(self.now, open.start) {
                counts.shift(Gate::ToSend, Gate::TooEarly);
            } else if closes_at <= open.next_at() {
                counts.shift(Gate::ToSend, Gate::WindowClosed);
            } else {
                open.recipients.push(recipient);
                tally.add(slot(gathered, index), open.is_due);
            }
        }
        if let Some(last) = building {
            self.close(last, &mut cut, counts);
        }
        cut.clocks = tally.clocks(self.times);
        cut
    }

    /// The people's indices by the time at which they should get it; at one time in the order in
    /// which their windows close, and then in the audience's.
    fn order(&self, gathered: &Gathered) -> Box<dyn Iterator<Item = usize>> {
        let count = gathered.recipients.len();
        if gathered.slots.is_empty() && gathered.closes_at.is_empty() {
            return Box::new(0..count);
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|index| (self.start(gathered, *index), gathered.closes_at.get(*index).copied(), *index));
        Box::new(order.into_iter())
    }

    /// When a person should get it, before staggering.
    fn start(&self, gathered: &Gathered, index: usize) -> Timestamp {
        match self.times.when(slot(gathered, index)) {
            SlotTime::At(instant) => *instant,
            SlotTime::Now | SlotTime::Past(_) | SlotTime::Expired(_) | SlotTime::Ambiguous(_) => self.now,
        }
    }

    /// Makes a bulk of what was collected; gives the end of its paced sending.
    fn close(&self, building: Building, cut: &mut Batches, counts: &mut Counts) -> Option<Timestamp> {
        if building.recipients.is_empty() {
            return None;
        }
        let start = building.start;
        let until = building.until();
        let offset_ms = start.duration_since(self.now).as_millis();
        let scheduled = self.message.schedule.send_at.is_some() && start > self.now;
        let time =
            if scheduled { BulkTime::At(start) } else { BulkTime::Start(i64::try_from(offset_ms).unwrap_or(i64::MAX)) };
        let bulk = Bulk {
            message: self.message.key.clone(),
            revision: self.message.revision,
            time,
            send_at: (start > self.now).then_some(start),
            until,
            recipients: building.recipients,
        };
        if building.is_due {
            cut.due.push(bulk);
        } else {
            for _ in &bulk.recipients {
                counts.shift(Gate::ToSend, Gate::NotDue);
            }
            cut.later.push(bulk);
        }
        until
    }

    fn building(&self, group: Timestamp, until: Option<Timestamp>) -> Building {
        let pace = Pace::new(self.message.schedule.speed);
        let start = pace.stagger(group, until);
        Building { pace, group, start, is_due: self.is_due(start), recipients: Vec::new() }
    }

    /// Says whether what starts then is handed over by now.
    fn is_due(&self, start: Timestamp) -> bool {
        let handover = self.message.schedule.handover;
        handover.is_none_or(|handover| start.checked_sub(handover).unwrap_or(Timestamp::MIN) <= self.now)
    }
}

/// Somebody's slot.
fn slot(gathered: &Gathered, index: usize) -> ZoneSlot {
    gathered.slots.get(index).copied().unwrap_or(ZoneSlot(0))
}

/// A bulk under construction.
struct Building {
    pace: Pace,
    group: Timestamp,
    start: Timestamp,
    /// Whether it is handed over by now.
    is_due: bool,
    recipients: Vec<Recipient>,
}

impl Building {
    /// When the next person would get it.
    fn next_at(&self) -> Timestamp {
        self.pace.leaves_at(self.start, self.recipients.len() as u64)
    }

    /// The end of its paced sending; absent if it is not paced.
    fn until(&self) -> Option<Timestamp> {
        self.pace.until(self.start, self.recipients.len() as u64)
    }
}
