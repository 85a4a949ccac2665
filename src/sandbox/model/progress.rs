//! How many messages have left and how many have ended, counted as time goes on. A bulk is counted when it comes, and
//! once more if the inputs change before all of its messages have ended: an end that was seen stays. So a look costs what
//! has happened since the last one, however many messages there are.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::bulk::AcceptedBulk;
use super::inputs::Inputs;

/// How many instants are looked through at most for the one at which something is reached.
const INSTANTS_LOOKED_THROUGH: usize = 4_096;

/// How many messages have come how far; those that were turned down when they came do not count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageProgress {
    /// How many have left the gateway.
    pub sent: u64,
    /// How many have ended.
    pub ended: u64,
}

impl MessageProgress {
    /// Whether it has come as far as another, or further.
    #[must_use]
    pub const fn reaches(self, wanted: Self) -> bool {
        self.sent >= wanted.sent && self.ended >= wanted.ended
    }

    const fn add(&mut self, more: Self) {
        self.sent += more.sent;
        self.ended += more.ended;
    }
}

/// A bulk of which some messages had not ended when it was looked at.
#[derive(Debug, Clone, Copy, Default)]
struct UnendedBulk {
    /// What there will be of it.
    all: MessageProgress,
    /// When the last of it ends, in milliseconds of Unix time.
    last_ms: Option<i64>,
}

/// Counts until an instant, which never goes back.
#[derive(Debug, Default)]
pub struct ProgressTally {
    /// Until when is counted, in milliseconds of Unix time.
    until_ms: Option<i64>,
    counted: MessageProgress,
    /// What comes later, by its instants.
    due: BTreeMap<i64, MessageProgress>,
    /// What is counted of bulks that no input changes any more.
    settled: MessageProgress,
    /// The other bulks, by their numbers.
    open: BTreeMap<i64, UnendedBulk>,
    /// The bulks that are to be counted once more.
    anew: Vec<i64>,
    /// The newest bulk that was counted.
    upto: i64,
}

impl ProgressTally {
    /// The number of the newest bulk that was counted; 0 if there was none.
    #[must_use]
    pub const fn upto(&self) -> i64 {
        self.upto
    }

    /// Begins to count by other inputs, which were noted after everything that was counted until now: all bulks but
    /// those that had ended are to be counted once more.
    pub fn begin_anew(&mut self) {
        for (number, bulk) in std::mem::take(&mut self.open) {
            if bulk.last_ms <= self.until_ms {
                self.settled.add(bulk.all);
            } else {
                self.anew.push(number);
            }
        }
        self.counted = self.settled;
        self.due.clear();
    }

    /// Takes one of the bulks that are to be counted once more.
    pub fn take_anew(&mut self) -> Option<i64> {
        self.anew.pop()
    }

    /// Counts until an instant, if it is not before the last.
    pub fn advance(&mut self, now: Timestamp) {
        self.until_ms = self.until_ms.max(Some(now.as_millisecond()));
        while let Some(due) = self.due.first_entry().filter(|due| Some(*due.key()) <= self.until_ms) {
            self.counted.add(due.remove());
        }
    }

    /// Counts a bulk by the inputs that hold now.
    pub fn add(&mut self, bulk: &AcceptedBulk<'_>, inputs: &Inputs) {
        let mut counted = UnendedBulk::default();
        for (position, life) in bulk.lives(inputs).iter().enumerate() {
            if bulk.rejection(position).is_some() {
                continue;
            }
            if let Some(sent_at) = life.sent_at.filter(|_| life.is_charged()) {
                self.count(sent_at.as_millisecond(), MessageProgress { sent: 1, ended: 0 }, &mut counted);
            }
            self.count(life.done_at.as_millisecond(), MessageProgress { sent: 0, ended: 1 }, &mut counted);
        }
        self.open.insert(bulk.header.number, counted);
        self.upto = self.upto.max(bulk.header.number);
    }

    fn count(&mut self, at_ms: i64, one: MessageProgress, counted: &mut UnendedBulk) {
        if Some(at_ms) <= self.until_ms {
            self.counted.add(one);
        } else {
            self.due.entry(at_ms).or_default().add(one);
        }
        counted.all.add(one);
        counted.last_ms = counted.last_ms.max(Some(at_ms));
    }

    /// What has come about until the last instant.
    #[must_use]
    pub const fn counted(&self) -> MessageProgress {
        self.counted
    }

    /// When so much will have come about by time alone; nothing if it never will. If that is far off it is an earlier
    /// instant, at which to look again.
    #[must_use]
    pub fn when(&self, wanted: MessageProgress) -> Option<Timestamp> {
        let mut counted = self.counted;
        let mut at_ms = self.until_ms?;
        let mut due = self.due.iter();
        for (instant_ms, more) in due.by_ref().take(INSTANTS_LOOKED_THROUGH) {
            if counted.reaches(wanted) {
                break;
            }
            counted.add(*more);
            at_ms = *instant_ms;
        }
        let may_be_reached = counted.reaches(wanted) || due.next().is_some();
        may_be_reached.then(|| Timestamp::from_millisecond(at_ms).ok()).flatten()
    }
}

#[cfg(test)]
mod tests;
