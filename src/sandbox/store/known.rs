//! Which messageIds were accepted in the last hours: so that a repeated one can be turned down. They are known by their
//! hashes, which is built when it is first needed, and brought up to date from then on; what is too old to matter is
//! forgotten. Two ids may have one hash, and nobody is turned down for the id of another: where a hash is known the text
//! decides. A repeated bulk costs no more, however often it is repeated: what was turned down is not known.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use super::kept::NewBulk;
use super::table;
use crate::wire::response::STATUS_DUPLICATE_MESSAGE_ID;

/// Where a messageId was accepted.
#[derive(Debug, Clone, Copy)]
struct KnownId {
    /// When, in milliseconds of Unix time.
    accepted_at: i64,
    /// In the bulk with this number.
    bulk: i64,
}

/// The messageIds that are remembered, by their hashes.
#[derive(Debug, Default)]
pub(super) struct KnownIds {
    upto: i64,
    /// Where one with a hash was last accepted.
    last: HashMap<u64, KnownId>,
    /// Where others with that hash were, or the same one was more than once.
    earlier: HashMap<u64, Vec<KnownId>>,
    /// All hashes in the order of acceptance.
    order: VecDeque<(i64, u64)>,
}

impl KnownIds {
    /// The rejected messages of a bulk that is to be kept, with those whose messageIds are known if that is asked for.
    pub(super) fn rejected(&mut self, connection: &Connection, entry: &NewBulk) -> rusqlite::Result<Vec<(usize, u16)>> {
        let mut rejected = entry.rejected.clone();
        let Some(memory) = entry.duplicate_memory else { return Ok(rejected) };
        self.refresh(connection, (entry.accepted_at, memory))?;
        if !self.may_repeat(entry) {
            return Ok(rejected);
        }
        let was_rejected: HashSet<usize> = rejected.iter().map(|(position, _)| *position).collect();
        let table = entry.table().ok_or_else(table::never_accepted)?;
        let mut texts = KnownTexts { connection, read: BTreeMap::new() };
        let mut here = HashSet::new();
        for (position, (message, hash)) in table.messages.iter().zip(entry.hashes()).enumerate() {
            let id = &*message.message_id;
            if !was_rejected.contains(&position) && (texts.have(self.bulks_with(hash), id)? || !here.insert(id)) {
                rejected.push((position, STATUS_DUPLICATE_MESSAGE_ID));
            }
        }
        rejected.sort_unstable();
        Ok(rejected)
    }

    /// Whether a bulk may have an id that is known, or one twice.
    fn may_repeat(&self, entry: &NewBulk) -> bool {
        let mut here = HashSet::new();
        entry.hashes().any(|hash| self.last.contains_key(&hash) || !here.insert(hash))
    }

    /// The bulks with an accepted id that has a hash, the newest first.
    fn bulks_with(&self, hash: u64) -> impl Iterator<Item = i64> {
        let earlier = self.earlier.get(&hash).into_iter().flatten().rev();
        self.last.get(&hash).into_iter().chain(earlier).map(|known| known.bulk)
    }

    /// Takes in the bulks that were added since, and forgets what was accepted so long ago.
    fn refresh(&mut self, connection: &Connection, (now, memory): (Timestamp, SignedDuration)) -> rusqlite::Result<()> {
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
                    self.add(u64::from_le_bytes(*bytes), KnownId { accepted_at, bulk: number });
                }
            }
            self.upto = number;
        }
        while let Some((_, hash)) = self.order.front().copied().filter(|(at, _)| *at <= oldest) {
            self.order.pop_front();
            if self.last.get(&hash).is_some_and(|known| known.accepted_at <= oldest) {
                self.last.remove(&hash);
                self.earlier.remove(&hash);
            } else if let Some(earlier) = self.earlier.get_mut(&hash) {
                earlier.retain(|known| known.accepted_at > oldest);
            }
        }
        Ok(())
    }

    fn add(&mut self, hash: u64, known: KnownId) {
        self.order.push_back((known.accepted_at, hash));
        if let Some(earlier) = self.last.insert(hash, known) {
            self.earlier.entry(hash).or_default().push(earlier);
        }
    }
}

/// The accepted messageIds of some bulks as they are written: of those that were asked for, each read once.
struct KnownTexts<'c> {
    connection: &'c Connection,
    read: BTreeMap<i64, HashSet<String>>,
}

impl KnownTexts<'_> {
    /// Whether one of these bulks has an id.
    fn have(&mut self, bulks: impl Iterator<Item = i64>, id: &str) -> rusqlite::Result<bool> {
        for number in bulks {
            if !self.read.contains_key(&number) {
                let texts = self.read_bulk(number)?;
                self.read.insert(number, texts);
            }
            if self.read.get(&number).is_some_and(|texts| texts.contains(id)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read_bulk(&self, number: i64) -> rusqlite::Result<HashSet<String>> {
        let Some(header) = table::header(self.connection, number)? else { return Ok(HashSet::new()) };
        let bulk = table::load(self.connection, header)?;
        let accepted =
            bulk.table.messages.iter().enumerate().filter(|(position, _)| bulk.rejection(*position).is_none());
        Ok(accepted.map(|(_, message)| message.message_id.clone().into_owned()).collect())
    }
}
