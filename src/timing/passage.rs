//! What becomes of the messages of a bulk at the gateway: each comes up by the bulk's pace, waits
//! while the delivery window is closed, and expires where its validity is over before that.
//!
//! The gateway does not document what the validity is counted from. Here it is the bulk's own
//! `sendAt`: with a validity that is counted from a message's turn, fewer expire.

use jiff::Timestamp;

use super::horizon::{later_by, validity as effective_validity};
use super::pace::Pace;
use super::window::{next_close, next_open};
use crate::wire::options::{DeliveryTimeWindow, ValidityPeriod};

/// The messages of a bulk, or of several, that wait for the delivery window, and get through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passage {
    /// How many.
    pub waiting: u64,
    /// When the first of them comes up, and when the window opens for it.
    pub waits: Option<(Timestamp, Timestamp)>,
}

/// A message that expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expires {
    /// When it comes up.
    pub at: Timestamp,
    /// When the delivery window would open for it, if that is what it waits for; else the pace alone
    /// outlasts the validity.
    pub opens: Option<Timestamp>,
}

impl Passage {
    /// Looks at a bulk of `count` messages that starts at an instant.
    #[must_use]
    pub fn of(
        window: Option<&DeliveryTimeWindow>,
        validity: Option<ValidityPeriod>,
        pace: Pace,
        start: Timestamp,
        count: u64,
    ) -> Self {
        let mut passage = Self::default();
        let over = later_by(start, effective_validity(validity));
        let first_from = |instant, from| first_from(pace, start, instant, from, count);
        let mut number = 0;
        while number < count {
            let turn = pace.leaves_at(start, number);
            let opens = window.map_or(turn, |window| next_open(window, turn));
            // Whoever does not get through expires, and nobody gets through before those ahead of them.
            if opens >= over {
                break;
            }
            let next = if opens > turn {
                let next = first_from(opens, number);
                passage.waiting += next - number;
                passage.waits = passage.waits.or(Some((turn, opens)));
                next
            } else {
                let closes = window.and_then(|window| next_close(window, turn));
                first_from(closes.map_or(over, |closes| closes.min(over)), number)
            };
            number = next.max(number + 1);
        }
        passage
    }

    /// Both bulks together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let first = |one: Option<(Timestamp, Timestamp)>, other| one.into_iter().chain(other).min();
        Self { waiting: self.waiting + other.waiting, waits: first(self.waits, other.waits) }
    }
}

/// When a message of a bulk comes up, and when it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Departure {
    /// When it comes up: by the pace, behind those who have left before it.
    pub turn: Timestamp,
    /// When it leaves: then, or when the delivery window opens.
    pub leaves: Timestamp,
    over: Timestamp,
}

impl Departure {
    /// How it expires, if it does.
    #[must_use]
    pub fn expires(&self) -> Option<Expires> {
        let Self { turn, leaves, over } = *self;
        (leaves >= over).then_some(Expires { at: turn, opens: (turn < over).then_some(leaves) })
    }
}

/// The messages of one bulk, one after the other. Whoever waited for the delivery window leaves when it opens, and
/// those behind follow by the pace from then on: a window that opens lets nobody overtake the speed.
#[derive(Debug)]
pub struct Departures<'a> {
    window: Option<&'a DeliveryTimeWindow>,
    pace: Pace,
    over: Timestamp,
    /// Since when the pace holds without a break.
    since: Timestamp,
    /// How many messages have left since then.
    number: u64,
    /// For whoever comes up before this instant the window is open, or it opens at the other one.
    known: Option<(Timestamp, Option<Timestamp>)>,
}

impl<'a> Departures<'a> {
    /// Takes when the bulk starts, from which on the validity is counted.
    #[must_use]
    pub fn new(
        window: Option<&'a DeliveryTimeWindow>,
        validity: Option<ValidityPeriod>,
        pace: Pace,
        start: Timestamp,
    ) -> Self {
        let over = later_by(start, effective_validity(validity));
        Self { window, pace, over, since: start, number: 0, known: None }
    }

    /// When the next message comes up.
    #[must_use]
    pub fn next_turn(&self) -> Timestamp {
        self.pace.leaves_at(self.since, self.number)
    }

    /// When the next message leaves.
    pub fn next_one(&mut self) -> Departure {
        let turn = self.next_turn();
        Departure { turn, leaves: self.opens(turn), over: self.over }
    }

    /// Lets it leave. Whoever is left out takes no turn.
    pub fn take(&mut self, departure: Departure) {
        if departure.leaves > departure.turn {
            (self.since, self.number) = (departure.leaves, 0);
        }
        self.number += 1;
    }

    fn opens(&mut self, turn: Timestamp) -> Timestamp {
        let Some(window) = self.window else { return turn };
        if let Some((_, opens)) = self.known.filter(|(before, _)| turn < *before) {
            return opens.unwrap_or(turn);
        }
        let opens = next_open(window, turn);
        self.known = Some(if opens > turn {
            (opens, Some(opens))
        } else {
            (next_close(window, turn).unwrap_or(Timestamp::MAX), None)
        });
        opens
    }
}

/// The first message, from a given one on, that comes up at an instant or later; `count` if none does.
fn first_from(pace: Pace, start: Timestamp, instant: Timestamp, from: u64, count: u64) -> u64 {
    let (mut low, mut high) = (from, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if pace.leaves_at(start, middle) < instant { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::{Just, Strategy as _, prop_assert_eq, prop_oneof, proptest};

    use super::*;
    use crate::wire::options::{Day, SendingSpeedLimit, SpeedUnit, TimeOfDay, ValidityUnit};

    const ALL: [Day; 7] =
        [Day::Monday, Day::Tuesday, Day::Wednesday, Day::Thursday, Day::Friday, Day::Saturday, Day::Sunday];

    fn window(days: &[Day], from: u32, to: u32) -> DeliveryTimeWindow {
        let part = |part: u32| u8::try_from(part).unwrap();
        let time = |minutes: u32| Some(TimeOfDay { hour: part(minutes / 60), minute: part(minutes % 60) });
        DeliveryTimeWindow { days: days.to_vec(), from: time(from), to: time(to) }
    }

    fn pace(amount: u32, time_unit: SpeedUnit) -> Pace {
        Pace::new(Some(SendingSpeedLimit { amount, time_unit }))
    }

    fn minutes(amount: u32) -> Option<ValidityPeriod> {
        Some(ValidityPeriod { amount, time_unit: ValidityUnit::Minutes })
    }

    /// Who of a bulk waits, and who expires if each leaves as if nobody had waited before them.
    fn words(passage: Passage, expired: &[Expires]) -> String {
        let mut words = Vec::new();
        if let Some((turn, opens)) = passage.waits {
            words.push(format!("{} wait, from {turn} to {opens}", passage.waiting));
        }
        if let [Expires { at, opens }, ..] = expired {
            let opens = opens.map(|opens| format!(", it opens at {opens}")).unwrap_or_default();
            words.push(format!("{} expire, from {at}{opens}", expired.len()));
        }
        words.join("; ")
    }

    /// Whoever of a bulk expires: each is the first that is left, and takes no turn from those behind.
    fn expired(
        window: Option<&DeliveryTimeWindow>,
        validity: Option<ValidityPeriod>,
        pace: Pace,
        start: Timestamp,
        count: u64,
    ) -> Vec<Expires> {
        let over = later_by(start, effective_validity(validity));
        let departures = (0..count).map(|number| {
            let turn = pace.leaves_at(start, number);
            Departure { turn, leaves: window.map_or(turn, |window| next_open(window, turn)), over }
        });
        departures.filter_map(|departure| departure.expires()).collect()
    }

    #[test]
    fn who_waits_and_who_expires() {
        // 2026-12-01 is a Tuesday.
        let check = |window: Option<DeliveryTimeWindow>, validity, pace, start: &str, count, expect: &str| {
            let (window, start) = (window.as_ref(), start.parse().unwrap());
            let passage = Passage::of(window, validity, pace, start, count);
            assert_eq!(words(passage, &expired(window, validity, pace, start, count)), expect);
        };
        let nine = "2026-12-01T09:00:00Z";
        let hourly = pace(1, SpeedUnit::Hour);
        check(None, None, Pace::default(), nine, 1000, "");
        check(None, minutes(180), hourly, nine, 3, "");
        check(None, minutes(180), hourly, nine, 4, "1 expire, from 2026-12-01T12:00:00Z");
        check(None, minutes(1), hourly, nine, 5, "4 expire, from 2026-12-01T10:00:00Z");
        // More than 48 hours are cut to 48, and 48 hold if nothing is said.
        check(None, minutes(100_000), hourly, nine, 50, "2 expire, from 2026-12-03T09:00:00Z");
        check(None, None, hourly, nine, 50, "2 expire, from 2026-12-03T09:00:00Z");
        let day = Some(window(&ALL, 8 * 60, 12 * 60));
        check(day.clone(), None, hourly, nine, 3, "");
        check(day.clone(), None, hourly, nine, 5, "2 wait, from 2026-12-01T12:00:00Z to 2026-12-02T08:00:00Z");
        check(
            day.clone(),
            minutes(12 * 60),
            hourly,
            nine,
            5,
            "2 expire, from 2026-12-01T12:00:00Z, it opens at 2026-12-02T08:00:00Z",
        );
        check(
            day.clone(),
            None,
            Pace::default(),
            "2026-12-01T12:00:00Z",
            7,
            "7 wait, from 2026-12-01T12:00:00Z to 2026-12-02T08:00:00Z",
        );
        check(
            Some(window(&[Day::Monday], 8 * 60, 12 * 60)),
            None,
            Pace::default(),
            nine,
            7,
            "7 expire, from 2026-12-01T09:00:00Z, it opens at 2026-12-07T08:00:00Z",
        );
        check(
            day,
            None,
            hourly,
            nine,
            60,
            "40 wait, from 2026-12-01T12:00:00Z to 2026-12-02T08:00:00Z; 12 expire, from 2026-12-03T09:00:00Z",
        );
        check(
            Some(window(&[], 0, 0)),
            None,
            hourly,
            nine,
            2,
            "2 expire, from 2026-12-01T09:00:00Z, it opens at 9999-12-30T22:00:00.999999999Z",
        );
    }

    proptest! {
        /// Message by message comes to the same.
        #[test]
        fn everybody_who_waits_is_counted_once(
            amount in 1_u32..40,
            unit in prop_oneof![Just(SpeedUnit::Minute), Just(SpeedUnit::Hour), Just(SpeedUnit::Day)],
            is_paced in 0..5,
            days in proptest::sample::subsequence(ALL.to_vec(), 1..=7),
            hours in (0_u32..1380, 60_u32..1440).prop_map(|(from, length)| (from, (from + length).min(1439))),
            has_window in proptest::bool::ANY,
            validity in 1_u32..4000,
            second in 1_790_000_000_i64..1_791_000_000,
            count in 0_u64..200,
        ) {
            let pace = if is_paced > 0 { pace(amount, unit) } else { Pace::default() };
            let window = has_window.then(|| window(&days, hours.0, hours.1));
            let start = Timestamp::from_second(second).unwrap();
            let passage = Passage::of(window.as_ref(), minutes(validity), pace, start, count);
            let over = start + effective_validity(minutes(validity)).min(SignedDuration::from_hours(48));
            let mut waiting = Vec::new();
            for number in 0..count {
                let turn = pace.leaves_at(start, number);
                let leaves = window.as_ref().map_or(turn, |window| next_open(window, turn));
                waiting.extend((leaves > turn && leaves < over).then_some((turn, leaves)));
            }
            prop_assert_eq!((passage.waiting, passage.waits), (waiting.len() as u64, waiting.first().copied()));
        }

        /// Told by a slow restatement: behind the one before by a step of the pace, and through an open window.
        #[test]
        fn nobody_leaves_through_a_closed_window_or_too_close_behind_another(
            amount in 1_u32..40,
            days in proptest::sample::subsequence(ALL.to_vec(), 1..=7),
            hours in (0_u32..1380, 60_u32..1440).prop_map(|(from, length)| (from, (from + length).min(1439))),
            validity in 1_u32..4000,
            second in 1_790_000_000_i64..1_791_000_000,
            left_out in proptest::collection::vec(proptest::bool::ANY, 0..200),
        ) {
            // Steps of whole milliseconds, so that no rounding adds up.
            let amount = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30].into_iter().rfind(|step| *step <= amount).unwrap();
            let (pace, step) = (pace(amount, SpeedUnit::Hour), SignedDuration::from_millis(3_600_000 / i64::from(amount)));
            let window = window(&days, hours.0, hours.1);
            let start = Timestamp::from_second(second).unwrap();
            let over = start + effective_validity(minutes(validity)).min(SignedDuration::from_hours(48));
            let mut departures = Departures::new(Some(&window), minutes(validity), pace, start);
            let mut may_come = start;
            for is_left_out in left_out {
                let departure = departures.next_one();
                let leaves = next_open(&window, may_come);
                prop_assert_eq!((departure.turn, departure.leaves), (may_come, leaves));
                prop_assert_eq!(departure.expires().is_some(), leaves >= over);
                if !is_left_out {
                    departures.take(departure);
                    may_come = leaves + step;
                }
            }
        }
    }
}
