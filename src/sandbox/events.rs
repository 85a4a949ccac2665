//! What happens, as it happens, for those who look on: nobody who is slow holds up the sandbox, or costs it more memory.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;

use super::journal::entry::{BulkTaken, RequestEntry};
use super::push_told::PushTold;
use crate::wire::time::serde_instant;

/// How many events somebody may be behind. Who is further behind has lost some.
const BEHIND_MAX: usize = 1_024;

/// Something that has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SandboxEvent {
    /// Its number since the sandbox was started, from 1.
    pub id: u64,
    /// When, by the sandbox's clock.
    #[serde(with = "serde_instant")]
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: SandboxEventKind,
}

/// What can happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SandboxEventKind {
    /// A request to the API is over.
    Request(Box<RequestEntry>),
    /// A bulk was accepted.
    Accepted(BulkTaken),
    /// A try to post has ended.
    Push(PushTold),
    /// Its books cannot be used.
    Trouble {
        /// Which, and why.
        why: String,
    },
    /// The clock was moved, or runs in another way.
    Clock {
        /// From this time.
        #[serde(with = "serde_instant")]
        from: Timestamp,
        /// To this one.
        #[serde(with = "serde_instant")]
        to: Timestamp,
    },
    /// Something was done to the sandbox from outside.
    Input(SandboxInput),
    /// Other faults are played.
    Faults {
        /// How many.
        count: usize,
    },
    /// A request is held.
    Held {},
    /// What was held goes on.
    Released {
        /// How many requests.
        released: u64,
    },
    /// Delivery reports were handed out to somebody who has asked for them.
    Pulled {
        /// How many.
        reports: usize,
    },
    /// The sandbox has forgotten everything.
    Reset {},
}

/// What is done to the sandbox from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SandboxInput {
    /// The channel behaves in another way.
    Rules,
    /// A person has written.
    Inbound,
    /// It was said how a message is to end.
    Outcome,
}

impl SandboxEventKind {
    /// Its name, as in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Accepted(_) => "accepted",
            Self::Push(_) => "push",
            Self::Trouble { .. } => "trouble",
            Self::Clock { .. } => "clock",
            Self::Input(_) => "input",
            Self::Faults { .. } => "faults",
            Self::Held {} => "held",
            Self::Released { .. } => "released",
            Self::Pulled { .. } => "pulled",
            Self::Reset {} => "reset",
        }
    }
}

/// Where events come from.
#[derive(Debug)]
pub(super) struct SandboxEvents {
    last: Mutex<u64>,
    listeners: broadcast::Sender<Arc<SandboxEvent>>,
}

impl Default for SandboxEvents {
    fn default() -> Self {
        Self { last: Mutex::default(), listeners: broadcast::Sender::new(BEHIND_MAX) }
    }
}

impl SandboxEvents {
    /// Tells all who listen; what has happened is only written out if somebody does. The clock is read for one event after
    /// the other, so that a later number is never of an earlier time.
    pub(super) fn tell(&self, now: impl FnOnce() -> Timestamp, what: impl FnOnce() -> SandboxEventKind) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last += 1;
        if self.listeners.receiver_count() > 0 {
            // The last of them may just have left.
            drop(self.listeners.send(Arc::new(SandboxEvent { id: *last, at: now(), what: what() })));
        }
    }

    /// Listens from now on.
    pub(super) fn listen(&self) -> broadcast::Receiver<Arc<SandboxEvent>> {
        self.listeners.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::thread;

    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;

    #[test]
    fn who_is_too_slow_is_told_what_they_have_lost() {
        let events = SandboxEvents::default();
        let tell = || events.tell(|| Timestamp::UNIX_EPOCH, || SandboxEventKind::Held {});
        tell();
        let mut listener = events.listen();
        tell();
        let first = listener.try_recv().unwrap();
        assert_eq!(
            serde_json::to_string(&*first).unwrap(),
            r#"{"id":2,"at":"1970-01-01T00:00:00.000+0000","held":{}}"#
        );
        (0..BEHIND_MAX + 7).for_each(|_| tell());
        assert_eq!(listener.try_recv().unwrap_err(), TryRecvError::Lagged(7));
        assert_eq!(listener.try_recv().unwrap().id, 10);
    }

    #[test]
    fn numbers_and_times_go_on_together() {
        let (events, clock) = (SandboxEvents::default(), AtomicI64::new(0));
        let mut listener = events.listen();
        let now = || Timestamp::from_millisecond(clock.fetch_add(1, Ordering::Relaxed)).unwrap();
        let tell_many = || (0..200).for_each(|_| events.tell(now, || SandboxEventKind::Held {}));
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(tell_many))));
        for number in 0..800 {
            let event = listener.try_recv().unwrap();
            assert_eq!((event.id - 1, event.at.as_millisecond()), (number, i64::try_from(number).unwrap()));
        }
    }
}
