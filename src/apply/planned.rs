//! Bulks that one run alone hands over.

use std::sync::Mutex;
use std::vec::IntoIter;

use super::ports::BulkSource;
use super::run::lock;
use super::summary::{MessageRevision, Stopped, Tally};
use crate::plan::Bulk;

/// Bulks that one run alone hands over, in their order.
#[derive(Debug)]
pub struct PlannedBulks(Mutex<IntoIter<Bulk>>);

impl PlannedBulks {
    /// Takes them.
    #[must_use]
    pub fn new(bulks: Vec<Bulk>) -> Self {
        Self(Mutex::new(bulks.into_iter()))
    }
}

impl BulkSource for PlannedBulks {
    fn next(&self) -> impl Future<Output = Result<Option<Bulk>, Stopped>> + Send {
        std::future::ready(Ok(lock(&self.0).next()))
    }

    fn not_given(&self) -> Vec<(MessageRevision, Tally)> {
        lock(&self.0).by_ref().map(not_attempted).collect()
    }
}

/// Counts the people of a bulk that was never handed over.
pub(super) fn not_attempted(bulk: Bulk) -> (MessageRevision, Tally) {
    let not_attempted = u64::try_from(bulk.recipients.len()).unwrap_or(u64::MAX);
    ((bulk.message, bulk.revision), Tally { not_attempted, ..Tally::default() })
}
