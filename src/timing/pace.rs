//! Sending speed. The gateway holds a limit for one request only; here it is made to hold for a
//! whole message, over all its bulks and all the times it is applied.

use jiff::{SignedDuration, Timestamp};

use super::horizon::later_by;
use crate::wire::options::SendingSpeedLimit;

/// The speed of a message; without a limit everything leaves at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    speed: Option<SendingSpeedLimit>,
}

impl Pace {
    /// Takes the limit, if there is one.
    #[must_use]
    pub const fn new(speed: Option<SendingSpeedLimit>) -> Self {
        Self { speed }
    }

    /// How long after a bulk's start its message with this number (from 0) leaves, in milliseconds.
    #[must_use]
    pub fn offset_ms(self, number: u64) -> i64 {
        self.speed.map_or(0, |speed| speed.offset_ms(number))
    }

    /// When the message with this number (from 0) of a bulk leaves.
    #[must_use]
    pub fn leaves_at(self, start: Timestamp, number: u64) -> Timestamp {
        later_by(start, SignedDuration::from_millis(self.offset_ms(number)))
    }

    /// The end of a bulk of `count` messages: the first instant at which one more could leave at
    /// this speed. `None` without a limit.
    #[must_use]
    pub fn until(self, start: Timestamp, count: u64) -> Option<Timestamp> {
        self.speed.map(|_| self.leaves_at(start, count))
    }

    /// When the next bulk of a message starts: the later of the message's own start and the end of
    /// its previous bulk, whether this run or an earlier one made that.
    #[must_use]
    pub fn stagger(self, start: Timestamp, previous_until: Option<Timestamp>) -> Timestamp {
        match (self.speed, previous_until) {
            (Some(_), Some(until)) => start.max(until),
            (None, _) | (_, None) => start,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;
    use crate::wire::options::SpeedUnit;

    fn pace(amount: u32, time_unit: SpeedUnit) -> Pace {
        Pace::new(Some(SendingSpeedLimit { amount, time_unit }))
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_bulk_ends_when_one_more_could_leave() {
        let check = |pace: Pace, count: u64, expect: &str| {
            let until = pace.until(at("2026-12-01T08:00:00Z"), count).map(|until| until.to_string());
            assert_eq!(until.unwrap_or_default(), expect);
        };
        check(pace(600, SpeedUnit::Minute), 1000, "2026-12-01T08:01:40Z");
        check(pace(600, SpeedUnit::Minute), 0, "2026-12-01T08:00:00Z");
        check(pace(7, SpeedUnit::Minute), 1, "2026-12-01T08:00:08.572Z");
        check(pace(100, SpeedUnit::Hour), 1000, "2026-12-01T18:00:00Z");
        check(pace(1, SpeedUnit::Day), 31, "2027-01-01T08:00:00Z");
        check(pace(1, SpeedUnit::Day), u64::MAX, &Timestamp::MAX.to_string());
        check(Pace::default(), 1000, "");
    }

    #[test]
    fn bulks_follow_each_other() {
        let start = at("2026-12-01T08:00:00Z");
        let check = |pace: Pace, previous: Option<&str>, expect: &str| {
            assert_eq!(pace.stagger(start, previous.map(at)).to_string(), expect, "{pace:?} {previous:?}");
        };
        let limited = pace(600, SpeedUnit::Minute);
        check(limited, None, "2026-12-01T08:00:00Z");
        check(limited, Some("2026-12-01T08:01:40Z"), "2026-12-01T08:01:40Z");
        check(limited, Some("2026-11-30T08:00:00Z"), "2026-12-01T08:00:00Z");
        check(Pace::default(), None, "2026-12-01T08:00:00Z");
        // What was paced once does not hold back what no longer is.
        check(Pace::default(), Some("2026-12-01T08:01:40Z"), "2026-12-01T08:00:00Z");
    }

    proptest! {
        #[test]
        fn no_cut_into_bulks_makes_a_message_faster(amount in 1_u32..5_000, bulks in proptest::collection::vec(1_u64..2_000, 1..8)) {
            let pace = pace(amount, SpeedUnit::Minute);
            let start = Timestamp::UNIX_EPOCH;
            let (mut previous, mut sent) = (None, 0);
            for count in bulks {
                let bulk_start = pace.stagger(start, previous);
                for number in [0, count / 2, count - 1] {
                    prop_assert!(pace.leaves_at(bulk_start, number) >= pace.leaves_at(start, sent + number));
                }
                sent += count;
                previous = pace.until(bulk_start, count);
            }
        }
    }
}
