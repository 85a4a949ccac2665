//! Bulks that one run alone hands over.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use super::ports::{BulkSource, IsHeldBack, Supply};
use super::run::lock;
use super::summary::{MessageRevision, Stopped, Tally};
use crate::plan::Bulk;

/// Bulks that one run alone hands over, in their order; those of a message that is held back wait for their turn
/// in theirs.
#[derive(Debug)]
pub struct PlannedBulks(Mutex<BTreeMap<usize, BulkLane>>);

/// The bulks of one message, each with its place among all; never none.
#[derive(Debug)]
struct BulkLane {
    message: MessageRevision,
    bulks: VecDeque<(usize, Bulk)>,
}

impl PlannedBulks {
    /// Takes them.
    #[must_use]
    pub fn new(bulks: Vec<Bulk>) -> Self {
        let mut lanes: BTreeMap<MessageRevision, VecDeque<(usize, Bulk)>> = BTreeMap::new();
        for (place, bulk) in bulks.into_iter().enumerate() {
            lanes.entry((bulk.message.clone(), bulk.revision)).or_default().push_back((place, bulk));
        }
        let lanes = lanes.into_iter().map(|(message, bulks)| BulkLane { message, bulks });
        Self(Mutex::new(lanes.filter_map(BulkLane::at_its_place).collect()))
    }

    /// Gives the first bulk of all that is not held back. Nothing is looked through for that but the messages that are.
    fn take(&self, is_held_back: &IsHeldBack<'_>) -> Supply {
        let mut lanes = lock(&self.0);
        let free = lanes.iter().find(|(_, lane)| !is_held_back(&lane.message)).map(|(place, _)| *place);
        let Some(mut lane) = free.and_then(|place| lanes.remove(&place)) else {
            return if lanes.is_empty() { Supply::UsedUp } else { Supply::HeldBack };
        };
        let first = lane.bulks.pop_front();
        lanes.extend(lane.at_its_place());
        first.map_or(Supply::UsedUp, |(_, bulk)| Supply::Bulk(bulk))
    }
}

impl BulkLane {
    /// The lane with the place of its first bulk; nothing, if it has none any more.
    fn at_its_place(self) -> Option<(usize, Self)> {
        let place = self.bulks.front().map(|(place, _)| *place)?;
        Some((place, self))
    }
}

impl BulkSource for PlannedBulks {
    fn next(&self, is_held_back: &IsHeldBack<'_>) -> impl Future<Output = Result<Supply, Stopped>> + Send {
        std::future::ready(Ok(self.take(is_held_back)))
    }

    fn not_given(&self) -> Vec<(MessageRevision, Tally)> {
        let lanes = std::mem::take(&mut *lock(&self.0));
        lanes.into_values().flat_map(|lane| lane.bulks).map(|(_, bulk)| not_attempted(bulk)).collect()
    }
}

/// Counts the people of a bulk that was never handed over.
pub(super) fn not_attempted(bulk: Bulk) -> (MessageRevision, Tally) {
    let not_attempted = u64::try_from(bulk.recipients.len()).unwrap_or(u64::MAX);
    ((bulk.message, bulk.revision), Tally { not_attempted, ..Tally::default() })
}
