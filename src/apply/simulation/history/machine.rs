//! One machine, with a clock that may be wrong, and be moved.

use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::apply::Clock;
use crate::apply::simulation::clock::SimClock;

/// How a machine's clock is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wrong {
    /// How many seconds it is ahead.
    pub(super) ahead: i64,
    /// When it is read so many times, somebody moves it by so many seconds.
    pub(super) moved: Option<(usize, i64)>,
}

/// A machine's clock beside the true time.
pub(super) struct Machine<'a> {
    truth: &'a SimClock,
    wrong: Wrong,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    reads: usize,
    /// By how much it was set forward, which counts as time that has passed, as it does for a real run.
    skipped: Duration,
}

impl<'a> Machine<'a> {
    pub(super) fn new(truth: &'a SimClock, wrong: Wrong) -> Self {
        Self { truth, wrong, state: Mutex::default() }
    }

    /// Whether it is so wrong from the beginning that everybody has to notice.
    pub(super) fn is_far_off(&self) -> bool {
        self.wrong.ahead.abs() > 70 && self.wrong.moved.is_none()
    }
}

impl Clock for Machine<'_> {
    fn now(&self) -> Timestamp {
        let mut state = self.state.lock().unwrap();
        state.reads += 1;
        let mut ahead = SignedDuration::from_secs(self.wrong.ahead);
        if let Some((reads, seconds)) = self.wrong.moved.filter(|(reads, _)| state.reads > *reads) {
            ahead += SignedDuration::from_secs(seconds);
            if state.reads == reads + 1 {
                state.skipped = Duration::from_secs(seconds.max(0).unsigned_abs());
            }
        }
        self.truth.now() + ahead
    }

    fn elapsed(&self) -> Duration {
        self.truth.elapsed() + self.state.lock().unwrap().skipped
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        self.truth.sleep(time)
    }
}
