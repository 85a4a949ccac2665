//! What is due next: one entry for each bulk that has something to report, and one for each push that waits.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

/// What something is to be done about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueWork {
    /// A push, by its number, is to be tried.
    Push(i64),
    /// A bulk, by its number, has reports to push.
    Bulk(i64),
}

/// All entries, the next one first; of several at one instant pushes that wait, then bulks in their order.
#[derive(Debug, Default)]
pub struct Agenda {
    entries: BTreeSet<(Timestamp, DueWork)>,
    places: HashMap<DueWork, Timestamp>,
}

impl Agenda {
    /// Says when something is due, in place of what was said before.
    pub fn set(&mut self, due: DueWork, at: Timestamp) {
        self.remove(due);
        self.entries.insert((at, due));
        self.places.insert(due, at);
    }

    /// Forgets something.
    pub fn remove(&mut self, due: DueWork) {
        if let Some(at) = self.places.remove(&due) {
            self.entries.remove(&(at, due));
        }
    }

    /// When the next one is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.entries.first().map(|(at, _)| *at)
    }

    /// Takes the next one that is due by an instant.
    pub fn take(&mut self, now: Timestamp) -> Option<(Timestamp, DueWork)> {
        let (at, due) = self.entries.first().copied().filter(|(at, _)| *at <= now)?;
        self.remove(due);
        Some((at, due))
    }

    /// The bulks that are in it.
    #[must_use]
    pub fn bulks(&self) -> Vec<i64> {
        let bulks = self.entries.iter().filter_map(|(_, due)| match due {
            DueWork::Bulk(number) => Some(*number),
            DueWork::Push(_) => None,
        });
        bulks.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_order_and_stands_there_once() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut agenda = Agenda::default();
        for (due, second) in [
            (DueWork::Bulk(2), 5),
            (DueWork::Bulk(1), 5),
            (DueWork::Push(9), 5),
            (DueWork::Bulk(3), 4),
            (DueWork::Bulk(3), 9),
        ] {
            agenda.set(due, at(second));
        }
        agenda.remove(DueWork::Bulk(7));
        assert_eq!((agenda.next_at(), agenda.take(at(4)), agenda.bulks()), (Some(at(5)), None, vec![1, 2, 3]));
        let taken: Vec<_> = std::iter::from_fn(|| agenda.take(at(9))).map(|(_, due)| due).collect();
        assert_eq!(taken, [DueWork::Push(9), DueWork::Bulk(1), DueWork::Bulk(2), DueWork::Bulk(3)]);
        assert_eq!(agenda.next_at(), None);
    }
}
