//! When it is the turn of each message of a bulk, and when it leaves: a function of the bulk alone.
//!
//! A bulk sends at its speed: every so often there is room for one message. There goes the first of the request
//! that may leave: one whose delivery window is open, and whose validity is not over. Those before it that may
//! not step aside and are held. So whoever was held goes before all that come later, once the window opens, and
//! a message that waits holds up nobody.
//!
//! Where the channel takes only so many messages of a sender in a time, a bulk has its [turns](super::channel_turns) there,
//! which begin when those before it are through, and goes no faster than that.
//!
//! While nobody may leave the bulk waits for the next window that opens, and goes on from there at its speed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::Timestamp;

use super::message::ChannelTurns;
use crate::timing::{horizon, next_close, next_open};
use crate::wire::channel::ValidityFrom;
use crate::wire::options::{DeliveryTimeWindow, SendingSpeedLimit, Steps, ValidityPeriod};

/// The course of one message, as far as its bulk decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageCourse {
    /// When it is its turn for the first time; absent if it expires before that.
    pub turn_at: Option<Timestamp>,
    /// When it leaves; absent if it never does.
    pub leaves_at: Option<Timestamp>,
    /// When its validity is over.
    pub over_at: Timestamp,
}

/// What a bulk's messages go by.
#[derive(Debug, Clone, Copy)]
pub struct Timetable {
    /// When the bulk was accepted.
    pub accepted_at: Timestamp,
    /// When it begins to send.
    pub starts_at: Timestamp,
    /// How fast it sends.
    pub speed: Option<SendingSpeedLimit>,
    /// When and how fast the channel takes it, if that takes only so many messages of a sender in a time.
    pub turns: Option<ChannelTurns>,
    /// What the validity is counted from.
    pub validity_from: ValidityFrom,
}

impl Timetable {
    /// When it is the turn of its first message.
    #[must_use]
    pub fn turns_at(&self) -> Timestamp {
        self.turns.map_or(self.starts_at, |turns| turns.at.max(self.starts_at))
    }

    /// In which steps its messages leave; at once if absent.
    #[must_use]
    pub fn steps(&self) -> Option<Steps> {
        self.turns.map(|turns| turns.rate.steps(self.speed)).or_else(|| self.speed.map(SendingSpeedLimit::steps))
    }

    /// What the validity of its messages is counted from; absent if that is the turn of each.
    #[must_use]
    pub const fn valid_from(&self) -> Option<Timestamp> {
        match self.validity_from {
            ValidityFrom::SendAt => Some(self.starts_at),
            ValidityFrom::Acceptance => Some(self.accepted_at),
            ValidityFrom::Turn => None,
        }
    }
}

/// On which conditions some messages of a bulk leave.
#[derive(Debug, Clone, Copy, Default)]
pub struct Conditions<'a> {
    /// When they may be delivered.
    pub window: Option<&'a DeliveryTimeWindow>,
    /// How long they are worth delivering.
    pub validity: Option<ValidityPeriod>,
}

/// The end of all time, in milliseconds.
const NEVER: i64 = i64::MAX;

/// Works out the courses of a bulk's messages: of those for which there is a number, which is that of their
/// conditions. The others were turned down, and take no room from anybody.
#[must_use]
pub fn courses(
    timetable: &Timetable,
    conditions: &[Conditions<'_>],
    messages: &[Option<usize>],
) -> Vec<Option<MessageCourse>> {
    let mut queue = BulkQueue::new(timetable, conditions, messages);
    queue.run();
    let BulkQueue { turns, leaves, overs, .. } = queue;
    let places = messages.iter().zip(turns).zip(leaves).zip(overs);
    let course = |(((number, turn), leave), over): (((&Option<usize>, i64), i64), i64)| {
        number.is_some().then(|| MessageCourse {
            turn_at: (turn < over).then(|| instant(turn)),
            leaves_at: (leave < NEVER).then(|| instant(leave)),
            over_at: instant(over),
        })
    };
    places.map(course).collect()
}

/// An instant by its millisecond, or the last one that there is.
pub(super) fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

fn ms(instant: Timestamp) -> i64 {
    if instant == Timestamp::MAX { NEVER } else { instant.as_millisecond() }
}

/// Messages on the same conditions, in the order of the request.
struct Group<'a> {
    window: Option<&'a DeliveryTimeWindow>,
    valid_ms: i64,
    members: Vec<usize>,
    /// The first member that has neither left nor expired.
    front: usize,
    /// Until when its window is open, as far as was looked.
    open_until: i64,
}

struct BulkQueue<'a> {
    timetable: &'a Timetable,
    messages: &'a [Option<usize>],
    groups: Vec<Group<'a>>,
    /// The first member of each group that may be open, by its position.
    open: BinaryHeap<Reverse<(usize, usize)>>,
    /// The groups whose windows are closed, by when they open.
    closed: BinaryHeap<Reverse<(i64, usize)>>,
    /// How many messages, from the first on, have had their turn.
    tried: usize,
    turns: Vec<i64>,
    leaves: Vec<i64>,
    overs: Vec<i64>,
}

impl<'a> BulkQueue<'a> {
    fn new(timetable: &'a Timetable, conditions: &[Conditions<'a>], messages: &'a [Option<usize>]) -> Self {
        let mut groups: Vec<_> = conditions
            .iter()
            .map(|conditions| Group {
                window: conditions.window,
                valid_ms: i64::try_from(horizon::validity(conditions.validity).as_millis()).unwrap_or(NEVER),
                members: Vec::new(),
                front: 0,
                open_until: i64::MIN,
            })
            .collect();
        let counted_from = timetable.valid_from().map(ms);
        let mut overs = vec![NEVER; messages.len()];
        for ((position, number), over) in messages.iter().enumerate().zip(&mut overs) {
            let Some(group) = number.and_then(|number| groups.get_mut(number)) else { continue };
            group.members.push(position);
            *over = counted_from.map_or(NEVER, |from| from.saturating_add(group.valid_ms));
        }
        let closed = (0..groups.len()).map(|number| Reverse((ms(timetable.turns_at()), number))).collect();
        let [turns, leaves] = [(); 2].map(|()| vec![NEVER; messages.len()]);
        Self { timetable, messages, groups, open: BinaryHeap::new(), closed, tried: 0, turns, leaves, overs }
    }

    /// Lets every message leave that ever does.
    fn run(&mut self) {
        let mut base = ms(self.timetable.turns_at());
        let mut left = 0_u64;
        let steps = self.timetable.steps();
        loop {
            let offset = steps.map_or(0, |steps| steps.offset_ms(left));
            let now = base.saturating_add(offset);
            if now >= Timestamp::MAX.as_millisecond() {
                return;
            }
            if let Some((position, number)) = self.first_that_may_leave(now) {
                self.try_until(position + 1, now);
                if let Some(leaves) = self.leaves.get_mut(position) {
                    *leaves = now;
                }
                self.advance(number);
                left += 1;
                continue;
            }
            self.try_until(self.messages.len(), now);
            match self.closed.peek() {
                Some(Reverse((opens, _))) if *opens < NEVER => (base, left) = (*opens, 0),
                Some(_) | None => return,
            }
        }
    }

    /// The first message that may leave now, and its group.
    fn first_that_may_leave(&mut self, now: i64) -> Option<(usize, usize)> {
        while let Some(Reverse((_, number))) = self.closed.peek().copied().filter(|Reverse((opens, _))| *opens <= now) {
            self.closed.pop();
            self.look_at(number, now);
        }
        while let Some(Reverse((position, number))) = self.open.pop() {
            if self.groups.get(number).is_none_or(|group| group.open_until <= now) {
                self.look_at(number, now);
            } else if self.overs.get(position).is_none_or(|over| *over <= now) {
                self.advance(number);
            } else {
                return Some((position, number));
            }
        }
        None
    }

    /// Puts a group where it belongs by its window.
    fn look_at(&mut self, number: usize, now: i64) {
        let Some(group) = self.groups.get_mut(number) else { return };
        let Some(position) = group.members.get(group.front).copied() else { return };
        let opens = group.window.map_or(now, |window| ms(next_open(window, instant(now))));
        if opens > now {
            self.closed.push(Reverse((opens, number)));
            return;
        }
        let closes = group.window.and_then(|window| next_close(window, instant(now)));
        group.open_until = closes.map_or(NEVER, ms);
        self.open.push(Reverse((position, number)));
    }

    /// Goes on to the next member of a group that is open.
    fn advance(&mut self, number: usize) {
        let Some(group) = self.groups.get_mut(number) else { return };
        group.front += 1;
        if let Some(position) = group.members.get(group.front) {
            self.open.push(Reverse((*position, number)));
        }
    }

    /// Notes that it is the turn of all messages before a position that had none yet.
    fn try_until(&mut self, end: usize, now: i64) {
        for position in self.tried..end {
            let group = self.messages.get(position).and_then(|number| self.groups.get((*number)?));
            let (Some(group), Some(turn), Some(over)) =
                (group, self.turns.get_mut(position), self.overs.get_mut(position))
            else {
                continue;
            };
            *turn = now;
            if self.timetable.validity_from == ValidityFrom::Turn {
                *over = now.saturating_add(group.valid_ms);
            }
        }
        self.tried = self.tried.max(end);
    }
}

#[cfg(test)]
mod tests;
