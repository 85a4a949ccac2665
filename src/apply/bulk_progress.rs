//! How far a bulk has come, so that nobody in it is lost if its delivery is cut off.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::summary::{MessageRevision, Tally};
use super::work::{Tries, Work};

/// How far a bulk has come, for the case that its delivery does not come to its end.
#[derive(Debug)]
pub(super) struct BulkProgress {
    message: MessageRevision,
    tries: Tries,
    /// People who are not counted yet.
    pub(super) open: AtomicU64,
    /// Whether a claim of them may be in the ledger.
    pub(super) claimed: AtomicBool,
}

impl BulkProgress {
    pub(super) fn of(work: &Work) -> Self {
        Self {
            message: work.stage.message(),
            tries: work.tries,
            open: AtomicU64::new(work.stage.people()),
            claimed: AtomicBool::new(false),
        }
    }

    /// The message.
    pub(super) fn message(&self) -> &MessageRevision {
        &self.message
    }

    /// Everybody is counted, or goes into another bulk.
    pub(super) fn end(&self) {
        self.open.store(0, Ordering::Relaxed);
    }

    /// The groups of those who are not counted yet.
    pub(super) fn lost(&self) -> Tally {
        let open = self.open.load(Ordering::Relaxed);
        if self.claimed.load(Ordering::Relaxed) {
            Tally { in_doubt: open, ..Tally::default() }
        } else {
            not_attempted(open, self.tries)
        }
    }
}

/// The group of people who are not tried any more before an answer: refused, if there was one
/// before.
pub(super) fn not_attempted(people: u64, tries: Tries) -> Tally {
    if tries.claims > 0 {
        Tally { refused: people, ..Tally::default() }
    } else {
        Tally { not_attempted: people, ..Tally::default() }
    }
}

/// Counts people.
pub(super) fn count(people: usize) -> u64 {
    u64::try_from(people).unwrap_or(u64::MAX)
}
