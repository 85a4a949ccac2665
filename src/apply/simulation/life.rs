//! The life of a process, which may be killed.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::clock::Death;

/// A process, which is killed at one of its steps: before or after a write, a request or a question.
pub(super) struct Life {
    pub(super) death: Death,
    steps: AtomicUsize,
    dies_at: Option<usize>,
}

impl Life {
    pub(super) fn new(dies_at: Option<usize>) -> Self {
        Self { death: Death::default(), steps: AtomicUsize::new(0), dies_at }
    }

    /// The next step, which may be the last.
    pub(super) async fn step(&self) {
        if Some(self.steps.fetch_add(1, Ordering::Relaxed)) == self.dies_at {
            self.death.die().await;
        }
    }

    /// How many steps it has made.
    pub(super) fn steps(&self) -> usize {
        self.steps.load(Ordering::Relaxed)
    }
}
