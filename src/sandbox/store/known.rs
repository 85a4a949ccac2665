//! Which messageIds were accepted in the last hours, by their hashes: so that a repeated one can be turned down without
//! reading a message again. Built when it is first needed, brought up to date from then on; what is too old to matter is
//! forgotten.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

/// The hashes of the messageIds that are remembered.
#[derive(Debug, Default)]
pub(super) struct KnownIds {
    upto: i64,
    /// When an id was last accepted, in milliseconds of Unix time.
    accepted: HashMap<u64, i64>,
    /// The same in the order of acceptance.
    order: VecDeque<(i64, u64)>,
}

impl KnownIds {
    /// Takes in the bulks that were added since, and forgets what was accepted so long ago.
    pub(super) fn refresh(
        &mut self,
        connection: &Connection,
        (now, memory): (Timestamp, SignedDuration),
    ) -> rusqlite::Result<()> {
        let oldest = now.checked_sub(memory).unwrap_or(Timestamp::MIN).as_millisecond();
        let mut statement = connection.prepare_cached(
            "SELECT number, accepted_at, rejected, hashes FROM bulk WHERE number > ? AND accepted_at > ? ORDER BY number",
        )?;
        let mut rows = statement.query([self.upto, oldest])?;
        while let Some(row) = rows.next()? {
            let broken = |error: serde_json::Error| {
                rusqlite::Error::FromSqlConversionFailure(2, rusqlite::types::Type::Text, error.into())
            };
            let rejected: Vec<(usize, u16)> = serde_json::from_str(row.get_ref(2)?.as_str()?).map_err(broken)?;
            let rejected: HashSet<usize> = rejected.into_iter().map(|(position, _)| position).collect();
            let (number, accepted_at) = (row.get(0)?, row.get(1)?);
            for (position, bytes) in row.get_ref(3)?.as_blob()?.as_chunks().0.iter().enumerate() {
                if !rejected.contains(&position) {
                    self.add(u64::from_le_bytes(*bytes), accepted_at);
                }
            }
            self.upto = number;
        }
        while let Some((at, hash)) = self.order.front().copied().filter(|(at, _)| *at <= oldest) {
            self.order.pop_front();
            if self.accepted.get(&hash) == Some(&at) {
                self.accepted.remove(&hash);
            }
        }
        Ok(())
    }

    fn add(&mut self, hash: u64, accepted_at: i64) {
        self.accepted.insert(hash, accepted_at);
        self.order.push_back((accepted_at, hash));
    }

    /// Whether an id with a hash is remembered.
    pub(super) fn has(&self, hash: u64) -> bool {
        self.accepted.contains_key(&hash)
    }
}
