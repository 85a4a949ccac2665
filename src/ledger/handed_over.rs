//! What is handed over and has not left: messages that the gateway accepted with a time that is not
//! past. They will leave, and this API cannot stop them.

use std::ops::RangeBounds;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::book::Ledger;
use super::line::{Claim, PersonState};
use super::queries::ClaimState;
use super::view::{DEADLINE_MAX, SKEW_MAX};
use crate::identity::{MessageKey, Person, Revision};
use crate::timing;

/// When messages leave the gateway: the first and the last of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaving {
    /// The first.
    pub from: Timestamp,
    /// The last.
    pub by: Timestamp,
}

impl Leaving {
    /// When the messages of a claim leave, as far as the claim can tell: from its `sendAt` on, at its
    /// pace, and, if a delivery window holds them back, not before that opens.
    #[must_use]
    pub fn of(claim: &Claim) -> Self {
        let from = claim.send_at.unwrap_or(claim.at);
        let pace =
            claim.until.map_or(SignedDuration::ZERO, |until| until.duration_since(from).max(SignedDuration::ZERO));
        // The pace ends when one more could leave.
        let count = i32::try_from(claim.people.len()).unwrap_or(i32::MAX).max(1);
        let paced = later(from, pace - pace / count);
        // Where the window was open for all of them it ends with what could be under way then.
        let open = later(later(from.max(later(claim.start_by, DEADLINE_MAX)), pace), SKEW_MAX);
        let held = claim.leaves_by.filter(|leaves_by| *leaves_by > open);
        Self { from, by: held.map_or(paced, |held| held.max(paced)) }
    }

    /// From the first to the last of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), by: self.by.max(other.by) }
    }

    /// Puts it into words, on both clocks if there is a zone: `at …`, `from … to …`, or, once it has
    /// begun, `by …`.
    #[must_use]
    pub fn words(self, now: Timestamp, zone: Option<&TimeZone>) -> String {
        let clock = |instant| zone.map_or_else(|| timing::utc(instant), |zone| timing::both_clocks(instant, zone));
        if self.from == self.by {
            format!("at {}", clock(self.by))
        } else if self.from <= now {
            format!("by {}", clock(self.by))
        } else {
            format!("from {} to {}", clock(self.from), clock(self.by))
        }
    }
}

fn later(instant: Timestamp, time: SignedDuration) -> Timestamp {
    instant.checked_add(time).unwrap_or(Timestamp::MAX)
}

/// People whose message is handed over and has not left, and when it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandedOver {
    /// How many.
    pub people: u64,
    /// When the first and the last of them get it.
    pub leaving: Leaving,
}

impl HandedOver {
    /// Takes both together.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { people: self.people + other.people, leaving: self.leaving.join(other.leaving) }
    }

    /// Takes more people in.
    pub fn add(all: &mut Option<Self>, people: u64, leaving: Leaving) {
        if people > 0 {
            let more = Self { people, leaving };
            *all = Some(all.map_or(more, |known| known.join(more)));
        }
    }
}

impl<'a> ClaimState<'a> {
    /// When its messages leave, if any of them was accepted and the last has not left by now.
    #[must_use]
    pub fn leaving(self, now: Timestamp) -> Option<Leaving> {
        let leaving = Leaving::of(self.claim());
        (leaving.by > now && self.accepted().next().is_some()).then_some(leaving)
    }

    /// Those of its people whom the gateway accepted.
    pub fn accepted(self) -> impl Iterator<Item = Person> + 'a {
        self.people().filter(|(_, state)| *state == PersonState::Accepted).map(|(person, _)| person)
    }
}

impl Ledger {
    /// The claims of a message, of all its revisions, that are handed over and have not left by now.
    pub fn handed_over(&self, message: &MessageKey, now: Timestamp) -> impl Iterator<Item = (ClaimState<'_>, Leaving)> {
        self.claims_of_all(message).filter_map(move |claim| Some((claim, claim.leaving(now)?)))
    }

    /// How many people of a message are handed over in these of its revisions and have not left by now,
    /// and when they leave.
    #[must_use]
    pub fn still_to_leave(
        &self,
        message: &MessageKey,
        revisions: impl RangeBounds<Revision>,
        now: Timestamp,
    ) -> Option<HandedOver> {
        let mut all = None;
        for (claim, leaving) in self.handed_over(message, now) {
            if revisions.contains(&claim.claim().id.bulk.revision) {
                HandedOver::add(&mut all, claim.accepted().count() as u64, leaving);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::{self, at};

    /// Claimed at second 0, to begin by second 600.
    fn claim(people: u64, send_at: Option<i64>, until: Option<i64>, leaves_by: Option<i64>) -> Claim {
        let people: Vec<u64> = (1..=people).collect();
        let claim = sample::claim("announce", &people, 1, 1);
        let [send_at, until, leaves_by] = [send_at, until, leaves_by].map(|second| second.map(at));
        Claim { at: at(0), start_by: at(600), send_at, until, leaves_by, ..claim }
    }

    #[test]
    fn the_last_message_leaves_at_its_time_its_pace_or_when_a_window_opens() {
        let check = |claim: Claim, from, by| {
            assert_eq!(Leaving::of(&claim), Leaving { from: at(from), by: at(by) }, "{claim:?}");
        };
        check(claim(3, None, None, None), 0, 0);
        check(claim(3, Some(3600), None, None), 3600, 3600);
        // The fourth could leave at 4000.
        check(claim(4, Some(3600), Some(4000), None), 3600, 3900);
        check(claim(1, Some(3600), Some(4000), None), 3600, 3600);
        check(claim(2, None, Some(120), None), 0, 60);
        // A window that was open ends with what may be under way: 600 + 120 + 300.
        check(claim(1, None, None, Some(1020)), 0, 0);
        check(claim(1, None, None, Some(1021)), 0, 1021);
        check(claim(1, Some(3600), None, Some(3900)), 3600, 3600);
        check(claim(1, Some(3600), None, Some(90_000)), 3600, 90_000);
    }

    #[test]
    fn only_who_was_accepted_and_has_not_left_is_counted() {
        let ledger = sample::ledger();
        let count = |second| {
            let found = ledger.still_to_leave(&sample::message("announce"), sample::revision().., at(second));
            found.map(|handed| (handed.people, handed.leaving.by)).unwrap_or((0, at(second)))
        };
        // Of six people one was rejected and two are in doubt. The pace of the bulks ends at 7201: the
        // last of three leaves at 6000.66, the last of two at 5400.5.
        assert_eq!(count(0).0, 3);
        assert_eq!(count(5400).0, 3);
        assert_eq!(count(5401).0, 2);
        assert_eq!(count(6001).0, 0);
        assert_eq!(ledger.handed_over(&sample::message("remind"), at(0)).count(), 0);
        let second = Revision::new(2).unwrap();
        assert_eq!(ledger.still_to_leave(&sample::message("announce"), second.., at(0)), None);
    }

    #[test]
    fn it_is_told_on_both_clocks() {
        let zone = timing::zone("Europe/Zagreb").unwrap();
        let words = |from, by, now, zone| Leaving { from: at(from), by: at(by) }.words(at(now), zone);
        assert_eq!(words(3600, 3600, 0, Some(&zone)), "at 2026-12-01 02:00 Europe/Zagreb (01:00 UTC)");
        assert_eq!(words(3600, 7200, 0, None), "from 2026-12-01 01:00 UTC to 2026-12-01 02:00 UTC");
        assert_eq!(words(3600, 7200, 3600, None), "by 2026-12-01 02:00 UTC");
    }
}
