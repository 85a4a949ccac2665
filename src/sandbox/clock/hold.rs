//! Holds: a clock that is held shows no later time until it is let go, and yet everybody may read it meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{ClockState, Held, SandboxClock, Speed};

/// How long, in real time, a clock may have been held for whoever wants to hold it briefly as well: it goes on in
/// between, however many come one after the other.
const BRIEF: Duration = Duration::from_millis(100);

/// Holds a clock as long as it is there.
#[derive(Debug)]
pub struct ClockHold {
    clock: Arc<SandboxClock>,
    at: Timestamp,
}

impl ClockHold {
    /// The time at which the clock was when this began.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

impl Drop for ClockHold {
    fn drop(&mut self) {
        self.clock.with(|state| state.let_go(Instant::now()));
    }
}

impl SandboxClock {
    /// Holds it: nobody sees a later time until it is let go. One that runs as fast as the real time has gone on then,
    /// and any other goes on from where it stood.
    #[must_use]
    pub fn hold(self: &Arc<Self>) -> ClockHold {
        let at = self.with(|state| state.hold(Instant::now()));
        ClockHold { clock: Arc::clone(self), at }
    }

    /// Holds it for a moment if it runs faster than the real time, unless it has been held for others for long already.
    #[must_use]
    pub fn hold_briefly(self: &Arc<Self>) -> Option<ClockHold> {
        let at = self.with(|state| {
            let real = Instant::now();
            let is_free = state.held.is_none_or(|held| real.saturating_duration_since(held.since) < BRIEF);
            (state.is_fast() && is_free).then(|| state.hold(real))
        })?;
        Some(ClockHold { clock: Arc::clone(self), at })
    }

    /// Whether somebody holds it.
    #[cfg(test)]
    pub(in crate::sandbox) fn is_held(&self) -> bool {
        self.with(|state| state.held.is_some())
    }
}

impl ClockState {
    fn hold(&mut self, real: Instant) -> Timestamp {
        let at = self.now(real);
        let held = self.held.get_or_insert(Held { at, since: real, holds: 0 });
        held.holds += 1;
        at
    }

    fn let_go(&mut self, real: Instant) {
        let Some(held) = &mut self.held else { return };
        held.holds -= 1;
        if held.holds == 0 {
            self.go_on_from_here(real);
            self.held = None;
        }
    }

    /// Lets a clock that is faster than the real time, and stands, go on from where it stands. Any other goes on as if it
    /// had not stood.
    pub(super) fn go_on_from_here(&mut self, real: Instant) {
        if self.speed > Speed::REAL && self.reading(real) < self.free_reading(real) {
            (self.base, self.running_since) = (self.now(real), self.running_since.map(|_| real));
        }
    }
}
