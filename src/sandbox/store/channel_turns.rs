//! Which time the bulks of a sender have at a channel that takes only so many of its messages in a time. What is past is
//! taken as a whole, and what touches is one: so there are few rows, however many bulks there were.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::table;
use crate::sandbox::model::bulk::AcceptedBulk;
use crate::sandbox::model::channel_turns::{TakenTime, turns};
use crate::sandbox::model::rules::ChannelRules;
use crate::wire::channel_rate::ChannelRate;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS channel_time (
        sender TEXT NOT NULL,
        ends INTEGER NOT NULL,        -- the first millisecond after it
        begins INTEGER NOT NULL,
        PRIMARY KEY (sender, ends)
    ) STRICT, WITHOUT ROWID;
";

/// Makes the table, if there is none.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)
}

/// Gives a bulk that was just written its turns.
pub(super) fn give(
    connection: &Connection,
    number: i64,
    (rate, rules): (ChannelRate, &ChannelRules),
) -> rusqlite::Result<()> {
    let Some(header) = table::header(connection, number)? else { return Ok(()) };
    let mut bulk = table::load(connection, header)?;
    let senders = senders(&bulk);
    let accepted_at = bulk.header.accepted_at.as_millisecond();
    senders.iter().try_for_each(|sender| end_past(connection, sender, accepted_at))?;
    let first_of_all = |at: i64| {
        let mut first: Option<TakenTime> = None;
        for sender in &senders {
            let taken = taken_after(connection, sender, at)?;
            first = [first, taken].into_iter().flatten().min_by_key(|taken| taken.begins);
        }
        Ok::<_, rusqlite::Error>(first)
    };
    let (turns, time) = turns(&bulk, (rate, rules.validity_from), first_of_all)?;
    if let Some(time) = time {
        senders.iter().try_for_each(|sender| take(connection, sender, time))?;
    }
    bulk.header.pace.turns = Some(turns);
    table::set_pace(connection, number, &bulk.header.pace)
}

/// The senders of all messages that were not turned down.
fn senders(bulk: &AcceptedBulk<'_>) -> Vec<String> {
    let messages = bulk.table.messages.iter().enumerate();
    let sent = messages.filter(|(position, _)| bulk.rejection(*position).is_none());
    let mut senders: Vec<_> =
        sent.filter_map(|(_, message)| bulk.table.terms_of(message)).map(|terms| &*terms.sender).collect();
    senders.sort_unstable();
    senders.dedup();
    senders.into_iter().map(str::to_owned).collect()
}

/// The first time of a sender that ends after an instant.
fn taken_after(connection: &Connection, sender: &str, at: i64) -> rusqlite::Result<Option<TakenTime>> {
    let mut statement = connection
        .prepare_cached("SELECT begins, ends FROM channel_time WHERE sender = ? AND ends > ? ORDER BY ends LIMIT 1")?;
    statement.query_row(params![sender, at], |row| Ok(TakenTime { begins: row.get(0)?, ends: row.get(1)? })).optional()
}

/// Takes a time for a sender, together with those that it touches.
fn take(connection: &Connection, sender: &str, TakenTime { begins, ends }: TakenTime) -> rusqlite::Result<()> {
    let mut touching = connection.prepare_cached(
        "DELETE FROM channel_time WHERE sender = ? AND (ends = ? OR begins = ?) RETURNING begins, ends",
    )?;
    let touched = touching.query_map(params![sender, begins, ends], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut whole = (begins, ends);
    for time in touched {
        let (begins, ends): (i64, i64) = time?;
        whole = (whole.0.min(begins), whole.1.max(ends));
    }
    insert(connection, sender, whole)
}

/// Makes one of all times of a sender that were over when the latest bulk was accepted. Where two are accepted at once
/// the clocks may have shown the second an earlier time: so nothing before the end of the last of them is free.
fn end_past(connection: &Connection, sender: &str, now: i64) -> rusqlite::Result<()> {
    let mut past =
        connection.prepare_cached("DELETE FROM channel_time WHERE sender = ? AND ends <= ? RETURNING ends")?;
    let ends: rusqlite::Result<Vec<i64>> = past.query_map(params![sender, now], |row| row.get(0))?.collect();
    ends?.into_iter().max().map_or(Ok(()), |last| insert(connection, sender, (i64::MIN, last)))
}

fn insert(connection: &Connection, sender: &str, (begins, ends): (i64, i64)) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT INTO channel_time (sender, begins, ends) VALUES (?, ?, ?)")?;
    statement.execute(params![sender, begins, ends]).map(drop)
}
