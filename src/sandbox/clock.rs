//! The sandbox's clock: it starts where it is told to, runs at the speed of the real one or stands
//! still, can be moved by hand, and never goes back.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// Where the clock starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockStart {
    /// At the real time; it runs.
    Real,
    /// At this time; it runs.
    At(Timestamp),
    /// At this time; it stands still until it is moved.
    Fixed(Timestamp),
}

/// A clock that can be shared.
#[derive(Debug)]
pub struct SandboxClock(Mutex<ClockState>);

#[derive(Debug)]
struct ClockState {
    base: Timestamp,
    /// Since when it runs from its base; it stands still if absent.
    running_since: Option<Instant>,
}

impl ClockState {
    fn now(&self) -> Timestamp {
        let passed = self.running_since.map_or(SignedDuration::ZERO, |since| {
            SignedDuration::try_from(since.elapsed()).unwrap_or(SignedDuration::MAX)
        });
        self.base.checked_add(passed).unwrap_or(Timestamp::MAX)
    }
}

impl SandboxClock {
    /// Starts a clock, not before the last time that was seen.
    #[must_use]
    pub fn start(start: ClockStart, seen: Option<Timestamp>) -> Self {
        let (base, runs) = match start {
            ClockStart::Real => (Timestamp::now(), true),
            ClockStart::At(instant) => (instant, true),
            ClockStart::Fixed(instant) => (instant, false),
        };
        let base = seen.map_or(base, |seen| seen.max(base));
        Self(Mutex::new(ClockState { base, running_since: runs.then(Instant::now) }))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now()
    }

    /// Moves the clock forward; `false`, and nothing happens, if it would go back.
    #[must_use]
    pub fn move_to(&self, instant: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if instant < state.now() {
            return false;
        }
        let running_since = state.running_since.map(|_| Instant::now());
        *state = ClockState { base: instant, running_since };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_fixed_clock_is_moved_by_hand_and_only_forward() {
        let clock = SandboxClock::start(ClockStart::Fixed(at("2026-11-30T12:00:00Z")), None);
        assert_eq!(clock.now(), at("2026-11-30T12:00:00Z"));
        assert!(clock.move_to(at("2026-12-01T09:00:00Z")));
        assert!(!clock.move_to(at("2026-12-01T08:59:59Z")));
        assert_eq!(clock.now(), at("2026-12-01T09:00:00Z"));
    }

    #[test]
    fn a_running_clock_runs_on_from_where_it_is_put() {
        let clock = SandboxClock::start(ClockStart::At(at("2026-11-30T12:00:00Z")), None);
        let first = clock.now();
        assert!(first >= at("2026-11-30T12:00:00Z") && first <= clock.now());
        assert!(clock.move_to(at("2030-01-01T00:00:00Z")));
        assert!(clock.now() >= at("2030-01-01T00:00:00Z"));
    }

    #[test]
    fn a_clock_never_starts_before_the_last_time_seen() {
        let seen = Some(at("2026-12-05T00:00:00Z"));
        for start in [ClockStart::Fixed(at("2026-11-30T12:00:00Z")), ClockStart::At(at("2026-11-30T12:00:00Z"))] {
            assert!(SandboxClock::start(start, seen).now() >= at("2026-12-05T00:00:00Z"));
        }
        let later = SandboxClock::start(ClockStart::Fixed(at("2027-01-01T00:00:00Z")), seen);
        assert_eq!(later.now(), at("2027-01-01T00:00:00Z"));
    }
}
