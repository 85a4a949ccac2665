//! How many bulks are claimed before their requests can begin.
//!
//! Where a durable claim costs a round trip, claims are worth making in large groups. But what is
//! claimed and not sent is in doubt if the run dies, and a ticket lasts only so long. So the number
//! follows the gateway: it grows with every request that begins soon after its claim, and shrinks
//! with every one that had to wait for long. Their texts are rendered already, so it is bounded by their
//! size as well.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::settings::RunSettings;

/// How many bulks are claimed ahead for each request in flight, until it is known how fast they go.
const AHEAD_FIRST: usize = 16;
/// How much memory rendered bulks may take that are under way, in bytes.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// A request that begins within this part of the time that its ticket has begins soon.
const SOON: u32 = 4;

/// How many bulks may be claimed, and whose request begins next.
#[derive(Debug)]
pub(super) struct ClaimWindow {
    /// How many bulks may be under way now.
    now: AtomicUsize,
    least: usize,
    most: usize,
    /// The size of the largest bulk so far, in bytes.
    largest: AtomicUsize,
    soon: Duration,
    requests: Semaphore,
}

impl ClaimWindow {
    /// Begins with [`RunSettings::parallel`] until it is known how large a bulk is, then with some more if
    /// more are wanted.
    pub(super) fn new(settings: &RunSettings) -> Self {
        let least = settings.parallel.max(1);
        let most = settings.ahead.max(least);
        Self {
            now: AtomicUsize::new(least.saturating_mul(AHEAD_FIRST).min(most)),
            least,
            most,
            largest: AtomicUsize::new(0),
            soon: settings.start_within / SOON,
            requests: Semaphore::new(least),
        }
    }

    /// How many bulks may be under way: prepared, claimed, sent.
    pub(super) fn bulks(&self) -> usize {
        let fitting = BYTES_MAX.checked_div(self.largest.load(Ordering::Relaxed)).unwrap_or_default();
        self.now.load(Ordering::Relaxed).min(fitting).max(self.least)
    }

    /// Learns how large a rendered bulk is, in bytes.
    pub(super) fn rendered(&self, bytes: usize) {
        self.largest.fetch_max(bytes, Ordering::Relaxed);
    }

    /// Waits until one more request may be in flight; whoever asks first comes first. `None` never
    /// comes to pass: nobody takes the requests away.
    pub(super) async fn request(&self) -> Option<SemaphorePermit<'_>> {
        self.requests.acquire().await.ok()
    }

    /// Learns how long a claimed bulk has waited for its request.
    pub(super) fn waited(&self, time: Duration) {
        let now = self.now.load(Ordering::Relaxed);
        let next = if time <= self.soon { now.saturating_add(1) } else { now.saturating_sub(1) };
        self.now.store(next.clamp(self.least, self.most), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::RunId;

    #[test]
    fn what_is_claimed_ahead_follows_the_gateway() {
        let settings = RunSettings { parallel: 2, ahead: 100, ..RunSettings::new(RunId(1)) };
        let ahead = ClaimWindow::new(&settings);
        let unknown = ahead.bulks();
        ahead.rendered(1);
        let mut seen = vec![unknown, ahead.bulks()];
        for (times, seconds) in [(10, 1), (200, 30), (5, 31), (200, 60)] {
            (0..times).for_each(|_| ahead.waited(Duration::from_secs(seconds)));
            seen.push(ahead.bulks());
        }
        assert_eq!(seen, [2, 32, 42, 100, 95, 2]);
        (0..98).for_each(|_| ahead.waited(Duration::ZERO));
        let seen = [0, 1 << 20, 1 << 10, 1 << 22, 1 << 30].map(|bytes| {
            ahead.rendered(bytes);
            ahead.bulks()
        });
        assert_eq!(seen, [100, 64, 64, 16, 2], "large ones are fewer, but never fewer than are in flight");
        let ahead = ClaimWindow::new(&RunSettings { parallel: 4, ..RunSettings::new(RunId(1)) });
        ahead.waited(Duration::ZERO);
        assert_eq!(ahead.bulks(), 4, "nothing is claimed ahead unless it is asked for");
    }
}
