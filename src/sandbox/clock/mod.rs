//! The sandbox's clock: it starts where it is told to, runs as fast as it is told to or stands still, can be
//! moved by hand, and never goes back, not even where the sandbox is killed and started again.
//!
//! For that it never shows a time behind its *bound*, and the bound is durable in the books before the clock
//! comes to it. A bound lies one second of real time ahead, so that it is written about once a second, and
//! not for each answer; a sandbox that is killed begins again at its bound. Where the books cannot be written
//! in time the clock stands at its bound and waits for them.

mod change;
mod hold;

pub use change::{ClockRefusal, ClockSetting, Moved};
pub use hold::ClockHold;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::wire::sandbox_limits::SPEED_MAX;
use crate::wire::sandbox_time::SandboxTime;

/// How much real time the bound lies ahead of a clock that runs.
const AHEAD: Duration = Duration::from_secs(1);
/// How much real time ahead of its bound a new one is asked for.
const RENEWED_BEFORE: Duration = Duration::from_millis(500);

/// The last instant to which it comes, the last of the year 9997: after it there are enough instants left for all that
/// is reckoned from one. Where it is started later it stands still.
const LAST: Timestamp = Timestamp::constant(253_339_228_799, 999_000_000);

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

/// How many of its seconds pass in a second of real time, from 1 to [`Speed::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(u32);

impl Speed {
    /// That of the real time.
    pub const REAL: Self = Self(1);
    /// The highest: about eleven days in a second.
    pub const MAX: u32 = SPEED_MAX;

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Takes a speed; `None` if it is out of its bounds.
    #[must_use]
    pub const fn new(speed: u32) -> Option<Self> {
        if speed >= 1 && speed <= Self::MAX { Some(Self(speed)) } else { None }
    }

    /// How much of its time passes in some real time.
    fn passed_in(self, real: Duration) -> SignedDuration {
        let real = SignedDuration::try_from(real).unwrap_or(SignedDuration::MAX);
        real.checked_mul(i32::try_from(self.0).unwrap_or(i32::MAX)).unwrap_or(SignedDuration::MAX)
    }
}

/// A clock that can be shared. Its times are whole milliseconds, as those of the API and of the books are.
#[derive(Debug)]
pub struct SandboxClock(Mutex<ClockState>);

#[derive(Debug)]
struct ClockState {
    base: Timestamp,
    /// Since when it runs from its base; it stands still if absent.
    running_since: Option<Instant>,
    speed: Speed,
    /// No time after it is shown: a restart begins there.
    bound: Timestamp,
    /// It stands there until what is due then was done.
    bar: Option<Timestamp>,
    /// It stands there until it is let go.
    held: Option<Held>,
}

/// Where a clock is held.
#[derive(Debug, Clone, Copy)]
struct Held {
    /// It shows no later time.
    at: Timestamp,
    /// Since when it is held.
    since: Instant,
    /// How many hold it.
    holds: usize,
}

impl ClockState {
    /// The time that it would be if neither bound nor bar nor hold were any matter.
    fn free_reading(&self, real: Instant) -> Timestamp {
        let passed = self.running_since.map_or(Duration::ZERO, |since| real.saturating_duration_since(since));
        whole_ms(later(self.base, self.speed.passed_in(passed))).min(self.last())
    }

    /// The time that it would be if the bound were no matter.
    fn reading(&self, real: Instant) -> Timestamp {
        let stops = [self.bar, self.held.map(|held| held.at)];
        stops.into_iter().flatten().fold(self.free_reading(real), Ord::min)
    }

    /// The last instant to which it comes.
    fn last(&self) -> Timestamp {
        self.base.max(LAST)
    }

    fn is_fast(&self) -> bool {
        self.running_since.is_some() && self.speed > Speed::REAL
    }

    fn now(&self, real: Instant) -> Timestamp {
        self.reading(real).min(self.bound)
    }

    /// The bound to be had now: the clock would come to it in a second of real time. Not after its bar, since a restart
    /// begins there, and what is due at the bar is to be done then.
    fn next_bound(&self, now: Timestamp) -> Timestamp {
        match self.running_since {
            Some(_) => {
                let ahead = later(now, self.speed.passed_in(AHEAD)).min(self.last());
                self.bar.map_or(ahead, |bar| ahead.min(bar.max(now)))
            }
            None => now,
        }
    }

    /// Whether it needs a bound again: not if it comes to no later instant anyway, as it is barred.
    fn comes_to_its_bound(&self) -> bool {
        self.running_since.is_some() && self.bound < self.last() && self.bar.is_none_or(|bar| bar > self.bound)
    }
}

impl SandboxClock {
    /// Starts a clock, not before the bound of the one before it. It stands at its first time until its first
    /// bound is granted.
    #[must_use]
    pub fn start(start: ClockStart, speed: Speed, bound: Option<Timestamp>) -> Self {
        let (base, runs) = match start {
            ClockStart::Real => (Timestamp::now(), true),
            ClockStart::At(instant) => (instant, true),
            ClockStart::Fixed(instant) => (instant, false),
        };
        let base = whole_ms(bound.map_or(base, |bound| bound.max(base)));
        let running_since = runs.then(Instant::now);
        Self(Mutex::new(ClockState { base, running_since, speed, bound: base, bar: None, held: None }))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.with(|state| state.now(Instant::now()))
    }

    /// The time, and how the clock goes on.
    #[must_use]
    pub fn reading(&self) -> SandboxTime {
        self.with(|state| {
            let speed = if state.running_since.is_some() { state.speed.0 } else { 0 };
            SandboxTime { now: state.now(Instant::now()), speed }
        })
    }

    /// The bound that it needs next, to be made durable and then [granted](Self::grant); `None` as long as the
    /// one that it has will do.
    #[must_use]
    pub fn wanted_bound(&self) -> Option<Timestamp> {
        self.with(|state| {
            let reading = state.reading(Instant::now());
            let is_near = later(reading, state.speed.passed_in(RENEWED_BEFORE)) >= state.bound;
            // At the end of all time there is no further one.
            let next = Some(state.next_bound(reading)).filter(|next| *next > state.bound);
            next.filter(|_| state.running_since.is_some() && is_near)
        })
    }

    /// How much real time passes until it needs a bound; `None` while it stands still, and where it needs none any more or
    /// none before its [bar](Self::bar) is another.
    #[must_use]
    pub fn wants_bound_in(&self) -> Option<Duration> {
        self.with(|state| {
            state.comes_to_its_bound().then_some(())?;
            let left = state.bound.duration_since(state.reading(Instant::now()));
            let left = Duration::try_from(left).unwrap_or_default() / state.speed.0;
            Some(left.saturating_sub(RENEWED_BEFORE))
        })
    }

    /// Lets it run up to a bound that is durable now.
    pub fn grant(&self, bound: Timestamp) {
        self.with(|state| state.bound = state.bound.max(bound));
    }

    /// The bound with which it can be changed in this way.
    ///
    /// # Errors
    /// If it would go back.
    pub fn bound_of(&self, change: &ClockSetting) -> Result<Timestamp, ClockRefusal> {
        self.with(|state| {
            let (changed, _) = changed(state, change)?;
            Ok(changed.bound)
        })
    }

    /// Changes it, with the [bound](Self::bound_of) that it needs for that, which is durable now. Says where it
    /// came from and to: not beyond the bound, however long it took to make that durable.
    ///
    /// # Errors
    /// If it would go back.
    pub fn change(&self, change: &ClockSetting, bound: Timestamp) -> Result<Moved, ClockRefusal> {
        self.with(|state| {
            let (changed, Moved { from, to }) = changed(state, change)?;
            let to = to.min(bound).max(from);
            // It was moved there whatever lets it stand, and stands there now.
            let (bar, held) = (state.bar.map(|bar| bar.max(to)), state.held.map(|held| Held { at: to, ..held }));
            *state = ClockState { base: to, bound: state.bound.max(bound), bar, held, ..changed };
            Ok(Moved { from, to })
        })
    }

    /// How fast it runs, and whether it runs at all.
    #[must_use]
    pub fn speed(&self) -> (Speed, bool) {
        self.with(|state| (state.speed, state.running_since.is_some()))
    }

    /// How much real time passes until it shows an instant, as it runs now; `None` if it stands still before that.
    #[must_use]
    pub fn real_until(&self, instant: Timestamp) -> Option<Duration> {
        self.with(|state| {
            let left = instant.duration_since(state.now(Instant::now()));
            let left = Duration::try_from(left).unwrap_or_default();
            (left.is_zero() || state.running_since.is_some()).then(|| left / state.speed.0)
        })
    }

    /// Lets it not pass an instant until it is let go on: something is due then. A clock that runs as fast as the
    /// real time has gone on meanwhile, and any other goes on from where it stood. Says whether it needs bounds again,
    /// and did not before.
    pub fn bar(&self, at: Option<Timestamp>) -> bool {
        self.with(|state| {
            let real = Instant::now();
            let now = state.now(real);
            let stood = !state.comes_to_its_bound();
            state.go_on_from_here(real);
            state.bar = at.map(|at| at.max(now));
            stood && state.comes_to_its_bound()
        })
    }

    /// Whether it runs faster than the real time.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        self.with(|state| state.is_fast())
    }

    /// The instant to which a change would bring it.
    ///
    /// # Errors
    /// If it would go back.
    pub fn target_of(&self, change: &ClockSetting) -> Result<Timestamp, ClockRefusal> {
        self.with(|state| change.target(state.now(Instant::now())))
    }

    /// Stops it for good, and gives its last time.
    #[must_use]
    pub fn stop(&self) -> Timestamp {
        self.with(|state| {
            let now = state.now(Instant::now());
            (state.base, state.running_since, state.bar) = (now, None, None);
            now
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut ClockState) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a clock becomes by a change, with the bound that it is to have then.
fn changed(state: &ClockState, change: &ClockSetting) -> Result<(ClockState, Moved), ClockRefusal> {
    let real = Instant::now();
    let from = state.now(real);
    let to = change.target(from)?;
    let runs = change.stopped.map_or(state.running_since.is_some(), |stopped| !stopped);
    let changed = ClockState {
        base: to,
        running_since: runs.then_some(real),
        speed: change.speed.unwrap_or(state.speed),
        bound: to,
        bar: state.bar,
        held: state.held,
    };
    let bound = changed.next_bound(to);
    Ok((ClockState { bound, ..changed }, Moved { from, to }))
}

/// An instant some time later, or the last one that there is.
fn later(instant: Timestamp, duration: SignedDuration) -> Timestamp {
    instant.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// The last whole millisecond at an instant or before it.
fn whole_ms(instant: Timestamp) -> Timestamp {
    let ms = instant.as_nanosecond().div_euclid(1_000_000);
    i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(instant)
}

#[cfg(test)]
mod tests;
