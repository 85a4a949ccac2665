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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::apply::simulation::world;
    use crate::identity::{BulkTime, MessageKey};

    const MESSAGES: [&str; 3] = ["sale.one", "sale.two", "sale.three"];

    /// A bulk of a message, to one person, who tells it from others.
    fn bulk(message: usize, person: u64) -> Bulk {
        let message = MessageKey::parse(MESSAGES[message]).unwrap();
        Bulk { message, ..world::bulk(&[person], BulkTime::Start(0)) }
    }

    proptest! {
        /// Looking through all that are left, each time, gives the same.
        #[test]
        fn the_first_that_is_not_held_back_comes_next(
            of in proptest::collection::vec(0_usize..3, 0..12),
            held in proptest::collection::vec(proptest::collection::btree_set(0_usize..3, 0..3), 0..30),
        ) {
            let bulks: Vec<Bulk> = of.iter().zip(0..).map(|(message, person)| bulk(*message, person)).collect();
            let mut left = bulks.clone();
            let planned = PlannedBulks::new(bulks);
            for held in held {
                let held: BTreeSet<&str> = held.into_iter().map(|message| MESSAGES[message]).collect();
                let is_held = |message: &MessageKey| held.contains(message.to_string().as_str());
                let next = left.iter().position(|bulk| !is_held(&bulk.message)).map(|at| left.remove(at));
                match planned.take(&|message| is_held(&message.0)) {
                    Supply::Bulk(bulk) => {
                        let person = |bulk: &Bulk| bulk.recipients.iter().map(|it| it.person).collect::<Vec<_>>();
                        prop_assert_eq!(Some(person(&bulk)), next.as_ref().map(person));
                    }
                    Supply::HeldBack => prop_assert!(next.is_none() && !left.is_empty()),
                    Supply::UsedUp => prop_assert!(next.is_none() && left.is_empty()),
                }
            }
            let not_given: u64 = planned.not_given().iter().map(|(_, tally)| tally.not_attempted).sum();
            prop_assert_eq!(not_given, left.len() as u64);
        }
    }
}
