//! From people to bulks: grouped by send time, staggered so that the message's speed holds over all
//! its bulks, cut by number and by bytes; where conversation windows close, soonest first.

use jiff::Timestamp;

use crate::campaign::{Message, Schedule};
use crate::identity::{BulkTime, Person};
use crate::timing::horizon::is_too_far_ahead;
use crate::timing::{Departures, Expires, Pace};

use super::bulk::{Bulk, Recipient};
use super::clocks::{Clocks, SlotTally};
use super::collect::Collected;
use super::gate::{Counts, Gate};
use super::times::{SendTimes, SlotTime};

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
    /// Who misses their turn.
    pub missed: Missed,
    /// They, each with the gate that stops them.
    pub missed_people: Vec<(Person, Gate)>,
}

/// People whose turn comes too late.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Missed {
    /// How many people's conversation windows close before their turn, but not before the message's time.
    pub outpaced: u64,
    /// How many people's messages would expire.
    pub expired: u64,
    /// The first of those.
    pub expires: Option<Expires>,
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
    /// How many people have to be answered before the message is judged by its rejections; none, if it is judged.
    pub unanswered: usize,
    /// How many people a bulk holds at most before that.
    pub unjudged_bulk_max: usize,
}

/// What happens to the people of a message, one after the other.
enum Step<'a> {
    /// The person's time is further ahead than the gateway takes.
    TooEarly,
    /// The conversation window of the person with this index is closed by then: it would not be at the message's own
    /// time, if the pace is to blame.
    WindowClosed { index: usize, by_pace: bool },
    /// The message of the person with this index would expire at the gateway.
    WouldExpire { index: usize, expires: Expires },
    /// The person with this index leaves at an instant, with the open bulk.
    Leaves { index: usize, at: Timestamp, is_due: bool },
    /// The open bulk is complete.
    Complete(OpenBulk<'a>),
}

impl Batches {
    fn misses(&mut self, collected: &Collected, index: usize, gate: Gate) {
        self.missed_people.extend(collected.recipients.get(index).map(|recipient| (recipient.person, gate)));
    }
}

impl Batcher<'_> {
    /// Cuts what was collected; moves people in the counts whom a gate of time stops.
    #[must_use]
    pub(super) fn cut(&self, collected: &Collected, counts: &mut Counts) -> Batches {
        let mut batches = Batches::default();
        let mut tally = SlotTally::new(self.times);
        let mut recipients = Vec::new();
        self.line_up(collected, |step| match step {
            Step::TooEarly => counts.shift(Gate::ToSend, Gate::TooEarly),
            Step::WindowClosed { index, by_pace } => {
                batches.misses(collected, index, Gate::WindowClosed);
                counts.shift(Gate::ToSend, Gate::WindowClosed);
                batches.missed.outpaced += u64::from(by_pace);
            }
            Step::WouldExpire { index, expires } => {
                batches.misses(collected, index, Gate::WouldExpire);
                counts.shift(Gate::ToSend, Gate::WouldExpire);
                let Missed { expired, expires: first, .. } = &mut batches.missed;
                *expired += 1;
                *first = first.filter(|first| first.at <= expires.at).or(Some(expires));
            }
            Step::Leaves { index, is_due, .. } => {
                recipients.extend(collected.recipients.get(index));
                tally.add(collected.slot(index), is_due);
            }
            Step::Complete(bulk) if bulk.is_due => batches.due.push(self.bulk(&bulk, std::mem::take(&mut recipients))),
            Step::Complete(bulk) => {
                recipients.iter().for_each(|_| counts.shift(Gate::ToSend, Gate::NotDue));
                batches.later.push(self.bulk(&bulk, std::mem::take(&mut recipients)));
            }
        });
        batches.clocks = tally.clocks(self.times);
        batches
    }

    /// Tells when everybody leaves whom no gate of time stops, now or later.
    pub(super) fn departures(&self, collected: &Collected, mut each: impl FnMut(Person, Timestamp)) {
        self.line_up(collected, |step| {
            if let Step::Leaves { index, at, .. } = step
                && let Some(recipient) = collected.recipients.get(index)
            {
                each(recipient.person, at);
            }
        });
    }

    /// Lets the people pass in the order in which they leave.
    fn line_up<'a>(&'a self, collected: &Collected, mut step: impl FnMut(Step<'a>)) {
        let size = (BODY_BYTES_MAX / (collected.bytes_max as usize + ENVELOPE_BYTES)).clamp(1, self.bulk_size_max);
        // An apply gives the gateway no larger bulks either, until it has answered as many people.
        let size_after = |people| if people < self.unanswered { size.min(self.unjudged_bulk_max) } else { size };
        let mut people = 0;
        let mut now = size_after(people);
        let mut open: Option<OpenBulk<'a>> = None;
        let mut until = self.until;
        for index in self.order(collected) {
            let group = self.start(collected, index);
            let closes_at = collected.closes_at.get(index).copied().unwrap_or(Timestamp::MAX);
            // Each bulk has a validity of its own: whoever would expire in this one begins another.
            if let Some(full) = open.take_if(|open| {
                open.group != group || open.people >= now || open.departures.next_one().expires().is_some()
            }) && full.people > 0
            {
                until = full.until().or(until);
                people += full.people;
                now = size_after(people);
                step(Step::Complete(full));
            }
            let open = open.get_or_insert_with(|| self.open(group, until));
            let departure = open.departures.next_one();
            if is_too_far_ahead(self.now, open.start) {
                step(Step::TooEarly);
            } else if closes_at <= departure.leaves {
                step(Step::WindowClosed { index, by_pace: closes_at > group });
            } else if let Some(expires) = departure.expires() {
                step(Step::WouldExpire { index, expires });
            } else {
                step(Step::Leaves { index, at: departure.leaves, is_due: open.is_due });
                open.departures.take(departure);
                open.people += 1;
            }
        }
        if let Some(last) = open.filter(|open| open.people > 0) {
            step(Step::Complete(last));
        }
    }

    /// The people's indices by the time at which they should get it; at one time in the order in
    /// which their windows close, and then in the audience's.
    fn order(&self, collected: &Collected) -> Box<dyn Iterator<Item = usize>> {
        let count = collected.recipients.len();
        if collected.slots.is_empty() && collected.closes_at.is_empty() {
            return Box::new(0..count);
        }
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|index| (self.start(collected, *index), collected.closes_at.get(*index).copied(), *index));
        Box::new(order.into_iter())
    }

    /// When a person should get it, before staggering.
    fn start(&self, collected: &Collected, index: usize) -> Timestamp {
        match self.times.when(collected.slot(index)) {
            SlotTime::At(instant) => *instant,
            SlotTime::Now | SlotTime::Past(_) | SlotTime::Expired(_) | SlotTime::Ambiguous(_) => self.now,
        }
    }

    /// The bulk of these people.
    fn bulk(&self, open: &OpenBulk<'_>, recipients: Vec<Recipient>) -> Bulk {
        let start = open.start;
        let offset_ms = start.duration_since(self.now).as_millis();
        let scheduled = self.message.schedule.send_at.is_some() && start > self.now;
        let time =
            if scheduled { BulkTime::At(start) } else { BulkTime::Start(i64::try_from(offset_ms).unwrap_or(i64::MAX)) };
        Bulk {
            message: self.message.key.clone(),
            revision: self.message.revision,
            time,
            send_at: (start > self.now).then_some(start),
            until: open.until(),
            recipients,
        }
    }

    fn open(&self, group: Timestamp, until: Option<Timestamp>) -> OpenBulk<'_> {
        let pace = Pace::new(self.message.schedule.speed);
        let start = pace.stagger(group, until);
        let Schedule { window, validity, .. } = &self.message.schedule;
        let departures = Departures::new(window.as_ref(), *validity, pace, start);
        OpenBulk { pace, group, start, departures, is_due: self.is_due(start), people: 0 }
    }

    /// Whether what starts then is handed over by now.
    fn is_due(&self, start: Timestamp) -> bool {
        let handover = self.message.schedule.handover;
        handover.is_none_or(|handover| start.checked_sub(handover).unwrap_or(Timestamp::MIN) <= self.now)
    }
}

/// A bulk under construction.
struct OpenBulk<'a> {
    pace: Pace,
    /// When its messages leave.
    departures: Departures<'a>,
    /// When its people should get it, before staggering.
    group: Timestamp,
    start: Timestamp,
    /// Whether it is handed over by now.
    is_due: bool,
    /// How many people it has.
    people: usize,
}

impl OpenBulk<'_> {
    /// The end of its paced sending; absent if it is not paced.
    fn until(&self) -> Option<Timestamp> {
        self.pace.until(self.start, 0).map(|_| self.departures.next_turn())
    }
}
