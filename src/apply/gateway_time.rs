//! The gateway's time, as far as its answers tell it, beside ours.
//!
//! An answer with a `Date` of d means an instant in [d, d + 1 s). If our clock said b before the request
//! and a when the answer's head was there, then theirs is ahead of ours by something in
//! [d − a, d + 1 s − b]. What a run knows is what all of its answers allow.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// By how much the two clocks may differ.
const APART_MAX: SignedDuration = SignedDuration::from_mins(1);
/// A date has whole seconds.
const DATE_STEP: SignedDuration = SignedDuration::from_secs(1);
/// By how much answers may disagree before a clock was moved, besides drift: behind one address there may
/// be several machines.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(5);
/// A clock that nobody moves gains or loses less than this part of the time that passes.
const DRIFT_PARTS: i32 = 1000;

/// What one answer says of the gateway's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Our clock before the request's first byte.
    pub before: Timestamp,
    /// Our clock when the answer's head was there.
    pub after: Timestamp,
    /// The time since the run began, then.
    pub elapsed: Duration,
    /// The answer's date.
    pub date: Timestamp,
    /// Whether it is a sandbox's on this machine, whose clock is set by its users.
    pub is_sandbox: bool,
}

/// How the two clocks go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// As far as anybody knows they differ by less than a minute.
    Near,
    /// They surely differ by more: theirs is ahead by at least this much, or, if it is negative, behind.
    Off(
        /// By how much.
        SignedDuration,
    ),
    /// One of them was moved during the run.
    Moved,
}

/// What the answers of a run have told of the gateway's time.
#[derive(Debug)]
pub struct GatewayTime {
    /// Whether our clock is a clock: a time that is fixed for tests is compared with nothing.
    compares: bool,
    state: Mutex<TimeState>,
}

#[derive(Debug, Default)]
struct TimeState {
    last: Option<Timestamp>,
    /// What our clock said at the last answer that was compared, and when that was.
    seen: Option<(Timestamp, Duration)>,
    offset: Option<Offset>,
    is_moved: bool,
}

/// By how much their clock is ahead of ours.
#[derive(Debug, Clone, Copy)]
struct Offset {
    low: SignedDuration,
    high: SignedDuration,
    elapsed: Duration,
}

impl GatewayTime {
    /// Knows nothing yet. `compares` is false where our time is fixed for tests.
    #[must_use]
    pub fn new(compares: bool) -> Self {
        Self { compares, state: Mutex::default() }
    }

    /// Takes in what an answer says.
    pub fn take(&self, stamp: &Stamp) {
        let mut state = self.state();
        state.last = Some(stamp.date);
        if !self.compares || stamp.is_sandbox {
            return;
        }
        state.seen = Some((stamp.after, stamp.elapsed));
        let seen = Offset::of(stamp);
        let Some(known) = state.offset.map(|known| known.drifted(stamp.elapsed)) else {
            state.offset = Some(seen);
            return;
        };
        if seen.low > known.high.saturating_add(TOLERANCE) || seen.high < known.low.saturating_sub(TOLERANCE) {
            state.is_moved = true;
            state.offset = Some(seen);
            return;
        }
        let (low, high) = (known.low.max(seen.low), known.high.min(seen.high));
        state.offset = Some(if low <= high { Offset { low, high, ..seen } } else { seen });
    }

    /// How the two clocks go together, by all answers until now; `now` is what our clock says, `elapsed` the
    /// time since the run began. No answer tells that ours was moved after the last one: but then it has not
    /// gone on as time has.
    #[must_use]
    pub fn agreement(&self, now: Timestamp, elapsed: Duration) -> Agreement {
        let state = self.state();
        let is_moved = state.is_moved || state.seen.is_some_and(|seen| is_moved(seen, (now, elapsed)));
        match state.offset {
            _ if is_moved => Agreement::Moved,
            Some(Offset { low, .. }) if low > APART_MAX => Agreement::Off(low),
            Some(Offset { high, .. }) if high < -APART_MAX => Agreement::Off(high),
            Some(_) | None => Agreement::Near,
        }
    }

    /// The gateway's last date.
    #[must_use]
    pub fn last(&self) -> Option<Timestamp> {
        self.state().last
    }

    /// The earliest instant at which an answer can have been made, by either clock: what counts as now
    /// where something has to be long past. Where clocks are not compared it is ours.
    #[must_use]
    pub fn instant(&self, stamp: &Stamp) -> Timestamp {
        if self.compares && !stamp.is_sandbox { stamp.before.min(stamp.date) } else { stamp.before }
    }

    /// Whether an answer without a date that counts still has a time: ours, where nothing is compared.
    #[must_use]
    pub fn needs_date(&self) -> bool {
        self.compares
    }

    fn state(&self) -> MutexGuard<'_, TimeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a clock was moved between two looks at it, each with the time since the run began.
fn is_moved((before, then): (Timestamp, Duration), (now, elapsed): (Timestamp, Duration)) -> bool {
    let passed = SignedDuration::try_from(elapsed.saturating_sub(then)).unwrap_or(SignedDuration::MAX);
    let by = now.duration_since(before).saturating_sub(passed);
    let drift = passed.checked_div(DRIFT_PARTS).unwrap_or_default();
    by.abs() > TOLERANCE.saturating_add(drift)
}

impl Offset {
    fn of(stamp: &Stamp) -> Self {
        let low = stamp.date.duration_since(stamp.after);
        let high = stamp.date.duration_since(stamp.before).saturating_add(DATE_STEP);
        Self { low, high, elapsed: stamp.elapsed }
    }

    /// The same, so much later.
    fn drifted(self, elapsed: Duration) -> Self {
        let passed = SignedDuration::try_from(elapsed.saturating_sub(self.elapsed)).unwrap_or(SignedDuration::MAX);
        let drift = passed.checked_div(DRIFT_PARTS).unwrap_or_default();
        Self { low: self.low.saturating_sub(drift), high: self.high.saturating_add(drift), elapsed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sample::at;

    /// An answer that came at a second of the run, after a request that took a second, from a clock that
    /// is so many seconds ahead of ours.
    fn stamp(second: i64, ahead: i64) -> Stamp {
        Stamp {
            before: at(second - 1),
            after: at(second),
            elapsed: Duration::from_secs(u64::try_from(second).unwrap()),
            date: at(second + ahead),
            is_sandbox: false,
        }
    }

    fn agreement(stamps: &[Stamp]) -> Agreement {
        let time = GatewayTime::new(true);
        stamps.iter().for_each(|stamp| time.take(stamp));
        let (now, elapsed) = stamps.last().map_or((at(0), Duration::ZERO), |last| (last.after, last.elapsed));
        time.agreement(now, elapsed)
    }

    #[test]
    fn a_minute_is_the_limit_and_only_what_is_sure_counts() {
        let off = |seconds| Agreement::Off(SignedDuration::from_secs(seconds));
        assert_eq!(agreement(&[]), Agreement::Near);
        for near in [0, 59, 60, -59, -61, -62] {
            assert_eq!(agreement(&[stamp(10, near)]), Agreement::Near, "{near}");
        }
        assert_eq!(agreement(&[stamp(10, 61)]), off(61));
        assert_eq!(agreement(&[stamp(10, 1800)]), off(1800));
        assert_eq!(agreement(&[stamp(10, -63)]), off(-61));
        assert_eq!(agreement(&[stamp(10, -86_400)]), off(-86_398));
    }

    #[test]
    fn several_answers_know_more_than_one_and_a_moved_clock_is_seen() {
        // A slow answer alone leaves half a minute open.
        let slow = Stamp { before: at(-20), ..stamp(10, 50) };
        assert_eq!(agreement(&[slow]), Agreement::Near);
        assert_eq!(agreement(&[slow, stamp(11, 62)]), Agreement::Off(SignedDuration::from_secs(62)));
        assert_eq!(agreement(&[stamp(10, 0), stamp(20, 30)]), Agreement::Moved);
        assert_eq!(agreement(&[stamp(10, 0), stamp(20, -30), stamp(30, -30)]), Agreement::Moved);
        // In a day a clock may drift by a minute and a half before it was moved.
        assert_eq!(agreement(&[stamp(10, 0), stamp(86_410, 50)]), Agreement::Near);
        assert_eq!(agreement(&[stamp(10, 0), stamp(86_410, 120)]), Agreement::Moved);
    }

    #[test]
    fn a_clock_that_was_moved_since_the_last_answer_is_seen_without_another_one() {
        let time = GatewayTime::new(true);
        let after =
            |second: i64, said: i64| time.agreement(at(said), Duration::from_secs(u64::try_from(second).unwrap()));
        assert_eq!(after(10, 86_400), Agreement::Near, "nothing to compare with");
        time.take(&stamp(10, 0));
        assert_eq!(
            [(10, 10), (20, 24), (20, 16), (86_410, 86_500)].map(|(second, said)| after(second, said)),
            [Agreement::Near; 4]
        );
        assert_eq!(
            [(20, 26), (20, 14), (86_410, 86_510)].map(|(second, said)| after(second, said)),
            [Agreement::Moved; 3]
        );
    }

    #[test]
    fn what_is_not_compared_is_never_off() {
        let sandbox = Stamp { is_sandbox: true, ..stamp(10, 86_400) };
        let time = GatewayTime::new(true);
        time.take(&sandbox);
        let agreement = |time: &GatewayTime| time.agreement(at(-3600), Duration::from_secs(10));
        assert_eq!((agreement(&time), time.last()), (Agreement::Near, Some(sandbox.date)));
        assert_eq!(time.instant(&sandbox), sandbox.before);
        let fixed = GatewayTime::new(false);
        fixed.take(&stamp(10, 86_400));
        assert_eq!(agreement(&fixed), Agreement::Near);
        assert_eq!(fixed.instant(&stamp(10, -86_400)), at(9));
    }

    #[test]
    fn now_is_the_earlier_of_both_clocks() {
        let time = GatewayTime::new(true);
        assert_eq!(time.instant(&stamp(10, 30)), at(9));
        assert_eq!(time.instant(&stamp(10, -30)), at(-20));
    }
}
