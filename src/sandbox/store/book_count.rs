//! How many bulks and messages the books have, as all see it: whoever writes them counts on with each commit, so that no
//! count of anybody else has to keep up with theirs.

use std::sync::{Arc, Mutex, PoisonError};

use super::kept::{NewBulk, Receipt};

/// What is in the books.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BookCount {
    /// How many bulks.
    pub bulks: u64,
    /// How many of their messages were accepted.
    pub accepted: u64,
}

/// The same, shared with whoever writes.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedBookCount(Arc<Mutex<BookCount>>);

impl SharedBookCount {
    /// What it is now.
    pub(super) fn get(&self) -> BookCount {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what it is from now on.
    pub(super) fn set(&self, count: BookCount) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = count;
    }

    /// Adds the bulks that were kept together.
    pub(super) fn add(&self, entries: &[NewBulk], receipts: &[Receipt]) {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (entry, receipt) in entries.iter().zip(receipts) {
            let accepted = entry.count().saturating_sub(receipt.rejected.len());
            count.bulks += 1;
            count.accepted += u64::try_from(accepted).unwrap_or_default();
        }
    }
}
