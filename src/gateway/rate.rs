//! How often the logs are asked: as often as an account may ask them in a minute, and no more.

use std::collections::VecDeque;
use std::time::Duration;

use crate::wire::limits::LOGS_REQUESTS_PER_MINUTE;

/// A minute, and a second for what a request takes on its way.
const WINDOW: Duration = Duration::from_secs(61);

/// The requests of the last minute.
#[derive(Debug, Default)]
pub(super) struct Rate(VecDeque<Duration>);

impl Rate {
    /// Takes a request, on the clock of [`crate::apply::Clock::elapsed`], and says how long it has to
    /// wait before it begins.
    pub(super) fn take(&mut self, elapsed: Duration) -> Duration {
        let max = usize::try_from(LOGS_REQUESTS_PER_MINUTE).unwrap_or(usize::MAX);
        let free = if self.0.len() < max { Duration::ZERO } else { self.0.pop_front().unwrap_or_default() + WINDOW };
        let begin = elapsed.max(free);
        self.0.push_back(begin);
        begin.saturating_sub(elapsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_minute_has_more_requests_than_it_may() {
        let mut rate = Rate::default();
        let (mut elapsed, mut begins) = (Duration::from_secs(5), Vec::new());
        for _ in 0..1000 {
            elapsed += rate.take(elapsed);
            begins.push(elapsed);
            elapsed += Duration::from_millis(10);
        }
        assert_eq!(begins[119], Duration::from_millis(5000 + 1190));
        for (first, after) in begins.iter().zip(&begins[120..]) {
            assert!(*after - *first >= Duration::from_mins(1));
        }
        assert!(*begins.last().unwrap() < Duration::from_mins(9));
    }
}
