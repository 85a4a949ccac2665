//! Finds bulks by messageId: an index in memory, built from the hashes in the books when it is
//! first needed, and brought up to date from then on.

use std::collections::{BTreeSet, HashMap};

use rusqlite::Connection;

use super::table;
use crate::sandbox::model::hash::hash;

/// Which bulks have a message with a hash. Another messageId may have the same hash, so what is
/// found has to be looked at.
#[derive(Debug, Default)]
pub(super) struct MessageIndex {
    upto: i64,
    first: HashMap<u64, i64>,
    more: HashMap<u64, Vec<i64>>,
}

impl MessageIndex {
    /// Takes in the bulks that were added since.
    pub(super) fn refresh(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        table::hashes_after(connection, self.upto, |number, hashes| {
            for bytes in hashes.as_chunks().0 {
                self.add(u64::from_le_bytes(*bytes), number);
            }
            self.upto = number;
        })
    }

    fn add(&mut self, hash: u64, number: i64) {
        let first = *self.first.entry(hash).or_insert(number);
        if first != number {
            self.more.entry(hash).or_default().push(number);
        }
    }

    /// The numbers of the bulks that may have one of these messageIds.
    pub(super) fn find<'a>(&self, message_ids: impl IntoIterator<Item = &'a str>) -> BTreeSet<i64> {
        let mut numbers = BTreeSet::new();
        for message_id in message_ids {
            let hash = hash(message_id.as_bytes());
            numbers.extend(self.first.get(&hash));
            numbers.extend(self.more.get(&hash).into_iter().flatten());
        }
        numbers
    }
}
