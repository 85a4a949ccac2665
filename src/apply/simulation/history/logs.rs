//! How far the gateway's logs have come: rows show only up to a frontier, which follows the time, lags
//! behind it, or stands still for hours.

use std::time::Duration;

/// In which order rows come into the logs. Times are true ones, since the beginning.
#[derive(Debug, Clone)]
pub(super) enum Pipeline {
    /// A later row never shows before an earlier one.
    InOrder(Frontier),
    /// Every row takes its own time, up to this.
    Unordered(Duration),
}

/// Up to when rows show.
#[derive(Debug, Clone, Default)]
pub(super) struct Frontier {
    lag: Duration,
    /// From when until when it stands still.
    stands: Option<(Duration, Duration)>,
    reached: Duration,
}

impl Frontier {
    /// Goes on to now.
    fn reach(&mut self, now: Duration) -> Duration {
        let follows = match self.stands {
            Some((from, until)) if (from..until).contains(&now) => from,
            Some(_) | None => now,
        };
        self.reached = self.reached.max(follows.saturating_sub(self.lag));
        self.reached
    }
}

impl Pipeline {
    /// From now on it lags so much.
    pub(super) fn lag(&mut self, now: Duration, lag: Duration) {
        if let Self::InOrder(frontier) = self {
            frontier.reach(now);
            frontier.lag = lag;
        }
    }

    /// Stands still from one instant to another.
    pub(super) fn stand(&mut self, now: Duration, from: Duration, until: Duration) {
        if let Self::InOrder(frontier) = self {
            frontier.reach(now);
            frontier.stands = Some((from, until));
        }
    }

    /// Shows everything, and goes on without a lag.
    pub(super) fn heal(&mut self, now: Duration) {
        if let Self::InOrder(frontier) = self {
            *frontier = Frontier { reached: now, ..Frontier::default() };
        }
    }

    /// Whether a row shows that was sent at an instant; of several the `number`th.
    pub(super) fn shows(&mut self, now: Duration, number: usize, sent_at: Duration) -> bool {
        match self {
            Self::InOrder(frontier) => sent_at <= now && sent_at <= frontier.reach(now),
            Self::Unordered(most) => {
                // Thirteen numbers in another order than theirs.
                let own = *most * u32::try_from(number * 5 % 13).unwrap_or_default() / 13;
                sent_at.saturating_add(own) <= now
            }
        }
    }
}

#[test]
fn a_frontier_lags_stands_still_and_catches_up_in_order() {
    let minute = Duration::from_mins;
    let mut pipeline = Pipeline::InOrder(Frontier::default());
    let shows = |pipeline: &mut Pipeline, now, sent_at| pipeline.shows(minute(now), 0, minute(sent_at));
    assert!(shows(&mut pipeline, 5, 5) && !shows(&mut pipeline, 5, 6));
    pipeline.stand(minute(5), minute(7), minute(60));
    assert!(shows(&mut pipeline, 6, 6) && shows(&mut pipeline, 50, 7) && !shows(&mut pipeline, 50, 8));
    assert!(shows(&mut pipeline, 60, 60));
    pipeline.lag(minute(60), minute(10));
    assert!(shows(&mut pipeline, 61, 60) && !shows(&mut pipeline, 70, 61) && shows(&mut pipeline, 71, 61));
}
