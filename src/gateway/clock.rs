//! The clock of a real run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use crate::apply::Clock;

/// The machine's clocks. Clones go on together.
///
/// The monotonic clock stands still while some machines sleep, and the time of day does not, but
/// somebody may set it. So between two looks the longer of what both say has passed: time asleep
/// counts, and time never goes back or stands still. A time of day that is set forward makes
/// tickets older than they are, which only costs new claims.
#[derive(Debug, Clone)]
pub struct SystemClock(Arc<Mutex<ClockReading>>);

/// What the clocks said, and how much time had passed.
#[derive(Debug)]
struct ClockReading {
    monotonic: Instant,
    wall: SystemTime,
    elapsed: Duration,
}

impl SystemClock {
    /// Starts counting now.
    #[must_use]
    pub fn start() -> Self {
        Self(Arc::new(Mutex::new(ClockReading {
            monotonic: Instant::now(),
            wall: SystemTime::now(),
            elapsed: Duration::ZERO,
        })))
    }
}

impl ClockReading {
    /// Looks again, and says how much time has passed in all.
    fn again(&mut self, monotonic: Instant, wall: SystemTime) -> Duration {
        let awake = monotonic.saturating_duration_since(self.monotonic);
        let of_day = wall.duration_since(self.wall).unwrap_or_default();
        let elapsed = self.elapsed.saturating_add(awake.max(of_day));
        *self = Self { monotonic: monotonic.max(self.monotonic), wall, elapsed };
        elapsed
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        let mut look = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        look.again(Instant::now(), SystemTime::now())
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const NIGHT: Duration = Duration::from_hours(8);

    /// How much time passes over looks at (monotonic clock, time of day), from noon on.
    fn passes(looks: impl Fn(Instant, SystemTime) -> Vec<(Instant, SystemTime)>) -> Vec<Duration> {
        let (monotonic, noon) = (Instant::now(), SystemTime::UNIX_EPOCH + 10 * NIGHT);
        let mut look = ClockReading { monotonic, wall: noon, elapsed: Duration::ZERO };
        looks(monotonic, noon).into_iter().map(|(monotonic, wall)| look.again(monotonic, wall)).collect()
    }

    #[test]
    fn time_asleep_counts() {
        let passed =
            passes(|start, noon| vec![(start + MINUTE, noon + NIGHT), (start + 2 * MINUTE, noon + NIGHT + MINUTE)]);
        assert_eq!(passed, [NIGHT, NIGHT + MINUTE]);
    }

    #[test]
    fn a_time_of_day_that_is_set_back_stops_nothing() {
        let passed =
            passes(|start, noon| vec![(start + MINUTE, noon - NIGHT), (start + 2 * MINUTE, noon - NIGHT + MINUTE)]);
        assert_eq!(passed, [MINUTE, 2 * MINUTE]);
    }

    #[test]
    fn a_time_of_day_that_goes_forth_and_back_leaves_no_gap() {
        let passed = passes(|start, noon| vec![(start, noon + NIGHT), (start, noon), (start + MINUTE, noon + MINUTE)]);
        assert_eq!(passed, [NIGHT, NIGHT, NIGHT + MINUTE]);
    }
}
