//! How long whoever posts waits before it uses the books again that could not be used: longer each time.

use std::time::{Duration, Instant};

/// How long at first, in real time, and at most.
const WAIT_MIN: Duration = Duration::from_millis(100);
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The patience that is left.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// The last wait, and when it was asked for.
    last: Option<(Duration, Instant)>,
}

impl Patience {
    /// How long to wait now: twice as long as the last time, unless that is long ago.
    pub(super) fn wait(&mut self, now: Instant) -> Duration {
        let recent = self.last.filter(|(_, at)| now.saturating_duration_since(*at) < 2 * WAIT_MAX);
        let wait = recent.map_or(WAIT_MIN, |(wait, _)| (2 * wait).min(WAIT_MAX));
        self.last = Some((wait, now));
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_and_comes_back() {
        let (mut patience, begin) = (Patience::default(), Instant::now());
        let waits = [0, 0, 1, 2, 3, 5, 9, 15, 25, 44, 64].map(|second| {
            let wait = patience.wait(begin + Duration::from_secs(second));
            u64::try_from(wait.as_millis()).unwrap()
        });
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000, 100]);
    }
}
