//! Bulks that one run alone hands over.

use std::collections::VecDeque;
use std::sync::Mutex;

use super::ports::{BulkSource, IsHeldBack, Supply};
use super::run::lock;
use super::summary::{MessageRevision, Stopped, Tally};
use crate::plan::Bulk;

/// Bulks that one run alone hands over, in their order; those of a message that is held back wait for their turn
/// in theirs.
#[derive(Debug)]
pub struct PlannedBulks(Mutex<Vec<BulkLane>>);

/// The bulks of one message, each with its place among all.
#[derive(Debug)]
struct BulkLane {
    message: MessageRevision,
    bulks: VecDeque<(usize, Bulk)>,
}

impl PlannedBulks {
    /// Takes them.
    #[must_use]
    pub fn new(bulks: Vec<Bulk>) -> Self {
        let mut lanes: Vec<BulkLane> = Vec::new();
        for (place, bulk) in bulks.into_iter().enumerate() {
            let is_its = |lane: &&mut BulkLane| lane.message.0 == bulk.message && lane.message.1 == bulk.revision;
            match lanes.iter_mut().rev().find(is_its) {
                Some(lane) => lane.bulks.push_back((place, bulk)),
                None => lanes
                    .push(BulkLane { message: (bulk.message.clone(), bulk.revision), bulks: [(place, bulk)].into() }),
            }
        }
        Self(Mutex::new(lanes))
    }

    fn take(&self, is_held_back: &IsHeldBack<'_>) -> Supply {
        let mut lanes = lock(&self.0);
        lanes.retain(|lane| !lane.bulks.is_empty());
        let free = lanes.iter_mut().filter(|lane| !is_held_back(&lane.message));
        let first = free.min_by_key(|lane| lane.bulks.front().map(|(place, _)| *place));
        match first.and_then(|lane| lane.bulks.pop_front()) {
            Some((_, bulk)) => Supply::Bulk(bulk),
            None if lanes.is_empty() => Supply::UsedUp,
            None => Supply::HeldBack,
        }
    }
}

impl BulkSource for PlannedBulks {
    fn next(&self, is_held_back: &IsHeldBack<'_>) -> impl Future<Output = Result<Supply, Stopped>> + Send {
        std::future::ready(Ok(self.take(is_held_back)))
    }

    fn not_given(&self) -> Vec<(MessageRevision, Tally)> {
        let lanes = std::mem::take(&mut *lock(&self.0));
        lanes.into_iter().flat_map(|lane| lane.bulks).map(|(_, bulk)| not_attempted(bulk)).collect()
    }
}

/// Counts the people of a bulk that was never handed over.
pub(super) fn not_attempted(bulk: Bulk) -> (MessageRevision, Tally) {
    let not_attempted = u64::try_from(bulk.recipients.len()).unwrap_or(u64::MAX);
    ((bulk.message, bulk.revision), Tally { not_attempted, ..Tally::default() })
}
