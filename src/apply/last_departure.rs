//! When the last message of a claim can leave the gateway: before that nobody can say from its
//! absence that it did not.

use jiff::{SignedDuration, Timestamp};

use crate::ledger::{Claim, DEADLINE_MAX, SKEW_MAX};
use crate::timing::horizon::{VALIDITY_MAX, validity};
use crate::timing::{is_open, next_close, next_open};
use crate::wire::options::{DeliveryTimeWindow, ValidityPeriod};

/// When the request of a claim was over at the latest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestSpan {
    /// Its own run wrote an outcome at this instant, so it was over by then.
    By(Timestamp),
    /// Its run wrote nothing: it may have begun at the last instant that the claim allows.
    Unknown,
}

/// The last instant at which a message of a claim can leave.
pub(super) fn last(claim: &Claim, over: RequestSpan) -> Timestamp {
    let planned = claim.send_at.unwrap_or(claim.at);
    let begun = match over {
        RequestSpan::By(instant) => instant,
        RequestSpan::Unknown => latest_request(claim),
    };
    let last = later(planned.max(begun), length(claim));
    claim.leaves_by.map_or(last, |leaves_by| leaves_by.max(last))
}

/// The same by the clock of a sandbox on this machine, given an instant by which the request was surely over, on that
/// clock too. There a second of the machine may be an hour, and the clock may be moved, so nothing counts that the claim
/// says of minutes; but what waits for nothing has left when its request has come.
pub(super) fn by_sandbox(claim: &Claim, over_by: Timestamp) -> Timestamp {
    let planned = claim.send_at.unwrap_or(claim.at);
    if claim.until.is_none() && claim.leaves_by.is_none() {
        return planned;
    }
    let leaves = later(planned.max(over_by), length(claim));
    match claim.leaves_by {
        None => leaves,
        // How long the window holds them back was worked out for a request that has come by then.
        Some(leaves_by) if over_by <= latest_request(claim) => leaves_by.max(leaves),
        Some(leaves_by) => leaves_by.max(later(leaves, VALIDITY_MAX)),
    }
}

/// The last instant at which the first message of a claim can leave such a sandbox: however slow its pace is, that one
/// waits for nothing but its own time. Nobody who died says when a request was over, and where nobody closes their run, as
/// in a database, the last of its messages could leave ever later; this instant stays where it is. Only through a delivery
/// window the first one leaves as late as the others.
pub(super) fn first_by_sandbox(claim: &Claim, over_by: Timestamp) -> Timestamp {
    match claim.leaves_by {
        None => claim.send_at.unwrap_or(claim.at),
        Some(_) => by_sandbox(claim, over_by),
    }
}

/// The last instant at which a message of a claim can leave through a delivery window: when the
/// window opens for whoever comes last, unless their validity is over before that. Both clocks are
/// given some slack, so that a window which closes just then counts as closed. Whoever has waited for a window
/// follows by the pace once it opens: then only the end of the validity is sure.
pub(super) fn through_window(claim: &Claim, window: &DeliveryTimeWindow, period: Option<ValidityPeriod>) -> Timestamp {
    let first = claim.send_at.unwrap_or(claim.at).checked_sub(SKEW_MAX).unwrap_or(Timestamp::MIN);
    let latest = later(last(claim, RequestSpan::Unknown), SKEW_MAX);
    let over = later(latest, validity(period));
    let waits = !is_open(window, first) || next_close(window, first).is_some_and(|closes| closes <= latest);
    if claim.until.is_some() && waits { over } else { next_open(window, latest).min(over) }
}

fn latest_request(claim: &Claim) -> Timestamp {
    later(claim.start_by, DEADLINE_MAX)
}

/// How long its paced sending takes.
fn length(claim: &Claim) -> SignedDuration {
    let planned = claim.send_at.unwrap_or(claim.at);
    claim.until.map_or(SignedDuration::ZERO, |until| until.duration_since(planned).max(SignedDuration::ZERO))
}

/// An instant so much later, or the last one that there is.
pub(super) fn later(instant: Timestamp, time: SignedDuration) -> Timestamp {
    instant.checked_add(time).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Just, prop_assert, prop_oneof, proptest};

    use super::*;
    use crate::ledger::sample::{self, at};
    use crate::timing::{Departures, Pace};
    use crate::wire::options::{Day, SendingSpeedLimit, SpeedUnit, TimeOfDay};

    /// Claimed at second 0, to begin by second 600.
    fn claim(send_at: Option<i64>, until: Option<i64>) -> Claim {
        let claim = sample::claim("announce", &[1], 1, 1);
        Claim { at: at(0), start_by: at(600), send_at: send_at.map(at), until: until.map(at), ..claim }
    }

    #[test]
    fn the_last_message_leaves_after_its_request_its_time_and_its_pace() {
        let check = |send_at, until, over, expect| assert_eq!(last(&claim(send_at, until), over), at(expect));
        check(None, None, RequestSpan::By(at(5)), 5);
        check(None, None, RequestSpan::Unknown, 720);
        check(Some(3600), None, RequestSpan::By(at(5)), 3600);
        check(Some(300), None, RequestSpan::Unknown, 720);
        check(None, Some(60), RequestSpan::By(at(5)), 65);
        check(None, Some(60), RequestSpan::Unknown, 780);
        check(Some(3600), Some(7200), RequestSpan::Unknown, 7200);
    }

    #[test]
    fn a_window_holds_the_last_message_back() {
        // 2026-12-01, second 0, is a Tuesday.
        let window = |from, to| DeliveryTimeWindow {
            days: vec![Day::Tuesday],
            from: Some(TimeOfDay { hour: from, minute: 0 }),
            to: Some(TimeOfDay { hour: to, minute: 0 }),
        };
        let check = |window: DeliveryTimeWindow, send_at: i64, expect: i64| {
            let mut claim = claim(Some(send_at), None);
            claim.leaves_by = Some(through_window(&claim, &window, None));
            assert_eq!(last(&claim, RequestSpan::By(claim.at)), at(expect));
        };
        check(window(8, 20), 3600, 8 * 3600);
        check(window(8, 20), 9 * 3600, 9 * 3600 + 300);
        // By a pace, the queue of those who waited takes its time.
        let paced = |send_at: i64, until: i64| through_window(&claim(Some(send_at), Some(until)), &window(8, 20), None);
        assert_eq!(paced(9 * 3600, 10 * 3600), at(10 * 3600 + 300));
        assert_eq!(paced(3600, 7200), at(7200 + 300 + 48 * 3600));
        assert_eq!(paced(19 * 3600, 21 * 3600), at(21 * 3600 + 300 + 48 * 3600));
        // Minutes before its end nobody knows on which side the gateway saw it; here validity ends first.
        check(window(8, 20), 20 * 3600 - 60, 20 * 3600 + 240 + 48 * 3600);
    }

    /// A claim of so many people at a moment of a Tuesday by a sandbox's clock, paced and windowed as is said.
    fn claimed(at: Timestamp, pace: Pace, count: u64, window: Option<&DeliveryTimeWindow>) -> Claim {
        let start_by = later(at, SignedDuration::from_mins(2));
        let until = pace.until(at, count);
        let claim = Claim { at, start_by, send_at: None, until, ..claim(None, None) };
        Claim { leaves_by: window.map(|window| through_window(&claim, window, None)), ..claim }
    }

    proptest! {
        /// However fast the sandbox's clock runs: what is over by it is over. The request comes after so many seconds of
        /// the machine, and its run, or whoever closes that, writes later that it is over.
        #[test]
        fn nothing_leaves_after_the_last_instant_by_the_sandboxs_clock(
            speed in prop_oneof![Just(1_i64), Just(60), Just(3600), 1..10_000_i64],
            [minute, comes, told] in [0..2880_i64, 0..150, 0..60],
            amount in proptest::option::of(1_u32..600),
            count in 1_u64..300,
            hours in proptest::option::of((0_u8..20, 1_u8..4)),
        ) {
            let pace = Pace::new(amount.map(|amount| SendingSpeedLimit { amount, time_unit: SpeedUnit::Hour }));
            let window = hours.map(|(from, length)| DeliveryTimeWindow {
                days: vec![Day::Tuesday, Day::Wednesday, Day::Thursday],
                from: Some(TimeOfDay { hour: from, minute: 0 }),
                to: Some(TimeOfDay { hour: from + length, minute: 0 }),
            });
            let claim = claimed(at(minute * 60), pace, count, window.as_ref());
            let came = later(claim.at, SignedDuration::from_secs(comes * speed));
            let over_by = later(came, SignedDuration::from_secs(told * speed));
            let mut departures = Departures::new(window.as_ref(), None, pace, came);
            let (mut first, mut last) = (None, came);
            for _ in 0..count {
                let departure = departures.next_one();
                if departure.expires().is_some() {
                    break;
                }
                first = first.or(Some(departure.leaves));
                last = departure.leaves;
                departures.take(departure);
            }
            // What waits for nothing has left when it came.
            let is_over = by_sandbox(&claim, over_by).max(over_by);
            prop_assert!(last <= is_over, "{last} is after {is_over}");
            if let Some(first) = first {
                let has_begun = first_by_sandbox(&claim, over_by).max(over_by);
                prop_assert!(first <= has_begun, "{first} is after {has_begun}");
                // Whoever asks later asks for no other instant, where no window is in the way.
                let asked_later = first_by_sandbox(&claim, Timestamp::MAX);
                prop_assert!(window.is_some() || asked_later == first_by_sandbox(&claim, over_by));
            }
        }
    }
}
