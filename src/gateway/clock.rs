//! The clock of a real run.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use crate::apply::Clock;

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    monotonic: Instant,
    wall: SystemTime,
}

impl SystemClock {
    /// Starts counting now.
    #[must_use]
    pub fn start() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        // The monotonic clock stands still while some machines sleep, and the time of day does not:
        // whichever went further tells how old a ticket may be.
        self.monotonic.elapsed().max(self.wall.elapsed().unwrap_or_default())
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_asleep_counts() {
        let asleep = Duration::from_hours(8);
        let clock = SystemClock { monotonic: Instant::now(), wall: SystemTime::now() - asleep };
        assert!(clock.elapsed() >= asleep);
    }

    #[test]
    fn a_time_of_day_that_is_set_back_does_not_count() {
        let clock = SystemClock { monotonic: Instant::now(), wall: SystemTime::now() + Duration::from_hours(8) };
        assert!(clock.elapsed() < Duration::from_hours(1));
    }
}
