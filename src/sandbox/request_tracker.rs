//! Counts what happens, holds requests until they are released, and wakes whoever waits for either:
//! nobody has to sleep and look again.

use serde::Serialize;
use tokio::sync::watch;

/// What happened since the sandbox was started; and what its books have, however long they have it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RequestCounts {
    /// Sends that arrived, whatever became of them.
    pub requests: u64,
    /// Queries of the logs that arrived.
    pub queries: u64,
    /// Queries of the delivery reports that arrived.
    pub reports: u64,
    /// Bulks that are in its books.
    pub bulks: u64,
    /// Messages in its books that were accepted; rejected ones do not count.
    pub accepted: u64,
    /// Requests that are held now.
    pub held: u64,
    /// Requests to the API that are being served now.
    #[serde(rename = "inFlight")]
    pub in_flight: u64,
    /// Pushes to webhooks that their receivers have taken.
    pub webhooks: u64,
    /// Tries to post that were withheld, because nothing may be posted there.
    pub withheld: u64,
}

/// What all requests go through.
#[derive(Debug, Default)]
pub(super) struct RequestTracker(watch::Sender<TrackerState>);

#[derive(Debug, Default)]
struct TrackerState {
    counts: RequestCounts,
    /// Raised by each release: who was held before it goes on.
    releases: u64,
    is_closed: bool,
}

/// The sandbox is ending.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl RequestTracker {
    /// What was counted.
    pub(super) fn counts(&self) -> RequestCounts {
        self.0.borrow().counts
    }

    /// Counts something.
    pub(super) fn count(&self, count: impl FnOnce(&mut RequestCounts)) {
        self.0.send_modify(|state| count(&mut state.counts));
    }

    /// Wakes whoever waits, because something else has changed than a count.
    pub(super) fn wake(&self) {
        self.0.send_modify(|_| {});
    }

    /// Begins to count anew, but for what goes on now.
    pub(super) fn count_anew(&self) {
        self.0.send_modify(|state| {
            let RequestCounts { held, in_flight, .. } = state.counts;
            state.counts = RequestCounts { held, in_flight, ..RequestCounts::default() };
        });
    }

    /// Watches from now on.
    pub(super) fn watch(&self) -> RequestWatch {
        RequestWatch(self.0.subscribe())
    }

    /// Holds a request until the next release.
    pub(super) async fn hold(&self) -> Result<(), Closed> {
        let mut releases = 0;
        self.0.send_modify(|state| {
            state.counts.held += 1;
            releases = state.releases;
        });
        let _held = HeldRequest { tracker: self, releases };
        let mut states = self.0.subscribe();
        let state = states.wait_for(|state| state.is_closed || state.releases != releases).await.map_err(|_| Closed)?;
        if state.is_closed { Err(Closed) } else { Ok(()) }
    }

    /// Releases all that are held, and says how many they are.
    pub(super) fn release(&self) -> u64 {
        let mut held = 0;
        self.0.send_modify(|state| {
            held = std::mem::take(&mut state.counts.held);
            state.releases += 1;
        });
        held
    }

    /// Waits until the counts are as wanted.
    pub(super) async fn wait(&self, mut wanted: impl FnMut(&RequestCounts) -> bool) -> Result<RequestCounts, Closed> {
        let mut states = self.0.subscribe();
        let state = states.wait_for(|state| state.is_closed || wanted(&state.counts)).await.map_err(|_| Closed)?;
        if state.is_closed { Err(Closed) } else { Ok(state.counts) }
    }

    /// Sends everybody home.
    pub(super) fn close(&self) {
        self.0.send_modify(|state| state.is_closed = true);
    }
}

/// Watches what happens to requests.
#[derive(Debug)]
pub(super) struct RequestWatch(watch::Receiver<TrackerState>);

impl RequestWatch {
    /// Waits until something has changed since it was made, or since this was last asked.
    pub(super) async fn changed(&mut self) -> Result<(), Closed> {
        self.0.changed().await.map_err(|_| Closed)?;
        if self.0.borrow().is_closed { Err(Closed) } else { Ok(()) }
    }

    /// Waits until the sandbox ends.
    pub(super) async fn closed(mut self) {
        // Whoever counts may be gone as well.
        drop(self.0.wait_for(|state| state.is_closed).await);
    }
}

/// A request that is held; one whose client goes away is held no more.
struct HeldRequest<'a> {
    tracker: &'a RequestTracker,
    releases: u64,
}

impl Drop for HeldRequest<'_> {
    fn drop(&mut self) {
        self.tracker.0.send_modify(|state| {
            if state.releases == self.releases {
                state.counts.held = state.counts.held.saturating_sub(1);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn the_held_go_on_when_released() {
        let tracker = RequestTracker::default();
        let (mut one, mut two) = (pin!(tracker.hold()), pin!(tracker.hold()));
        assert_eq!((one.as_mut().now_or_never(), two.as_mut().now_or_never()), (None, None));
        assert_eq!(tracker.wait(|counts| counts.held == 2).await.map(|counts| counts.held), Ok(2));
        assert_eq!(tracker.release(), 2);
        assert_eq!(tracker.counts().held, 0);
        // One that comes after the release waits for the next.
        let mut three = pin!(tracker.hold());
        assert_eq!(three.as_mut().now_or_never(), None);
        assert_eq!((one.await, two.await), (Ok(()), Ok(())));
        assert_eq!(tracker.counts().held, 1);
        assert_eq!(tracker.release(), 1);
        assert_eq!(three.await, Ok(()));
    }

    #[tokio::test]
    async fn one_whose_client_is_gone_is_not_held() {
        let tracker = RequestTracker::default();
        assert_eq!(tracker.hold().now_or_never(), None);
        assert_eq!(tracker.counts().held, 0);
    }

    #[tokio::test]
    async fn closing_ends_all_waiting() {
        let tracker = RequestTracker::default();
        let mut held = pin!(tracker.hold());
        assert_eq!(held.as_mut().now_or_never(), None);
        tracker.close();
        assert_eq!(held.await, Err(Closed));
        assert_eq!(tracker.wait(|counts| counts.held == 9).await, Err(Closed));
    }
}
