//! The SQL of the books: one row a bulk, its messages as the body in which they came,
//! because a row a message would cost many times as much to write.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, Statement, TransactionBehavior, params};

use super::book_count::BookCount;
use super::kept::{NewBulk, unpack_table};
use super::pushes;
use crate::sandbox::model::bulk::{AcceptedBulk, BulkHeader, LogSpan};
use crate::sandbox::model::inputs::{InboundMessage, Inputs, PersonAct, RulesEntry};
use crate::sandbox::model::message::SendTiming;
use crate::sandbox::model::reports::{Handed, Marks};
use crate::sandbox::model::rules::ChannelRules;
use crate::sandbox::model::webhook::inbound::InboundDraft;
use crate::wire::channel::ValidityFrom;

/// What marks the file as the sandbox's books ("sfbk").
pub(super) const APPLICATION_ID: i64 = 0x7366_626b;
/// The version of the tables.
pub(super) const VERSION: i64 = 3;
/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
    CREATE TABLE bulk (
        number INTEGER PRIMARY KEY,   -- the order of acceptance
        bulk_id TEXT NOT NULL,
        accepted_at INTEGER NOT NULL, -- milliseconds of Unix time
        pace TEXT NOT NULL,           -- JSON
        count INTEGER NOT NULL,
        first_at INTEGER NOT NULL,    -- none of its messages comes into the logs before
        last_at INTEGER NOT NULL,     -- nor after
        rejected TEXT NOT NULL,       -- JSON: [[position, status], …]
        hashes BLOB NOT NULL,         -- of the messageIds, 8 bytes each
        sequence INTEGER NOT NULL,    -- from which the ids come that the body lacks
        body BLOB NOT NULL            -- as it came, packed
    ) STRICT;
    CREATE INDEX bulk_by_id ON bulk (bulk_id);
    CREATE INDEX bulk_by_time ON bulk (last_at, first_at);
    -- Which reports of a bulk were handed out.
    CREATE TABLE reported (
        number INTEGER PRIMARY KEY,
        marks BLOB NOT NULL,          -- a bit for each message
        is_all INTEGER NOT NULL       -- whether none is to come
    ) STRICT;
    -- What was done to the sandbox from outside, in the order of time.
    CREATE TABLE rules (entry INTEGER PRIMARY KEY, at INTEGER NOT NULL, after_bulk INTEGER NOT NULL, rules TEXT NOT NULL) STRICT;
    CREATE TABLE inbound (
        entry INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        after_bulk INTEGER NOT NULL,
        sender TEXT NOT NULL,
        person TEXT NOT NULL,
        message TEXT                  -- JSON, as it is posted; without any the person blocked the sender
    ) STRICT;
    -- No time after it was shown to anybody.
    CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), bound INTEGER NOT NULL) STRICT;
";

/// Makes the file, for the owner's eyes only: the books hold people's messages.
pub(super) fn create_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Opens the database and makes its tables; `None` if it is something else.
pub(super) fn open(path: &Path) -> rusqlite::Result<Option<Connection>> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // Of new books only. A packed bulk is written as a few large pages, not as a hundred small ones; but each page of the
    // indexes is written with it as well.
    connection.pragma_update(None, "page_size", 16_384)?;
    // Full: what was answered with a 200 survives a loss of power.
    connection.pragma_update(None, "synchronous", "full")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pragma = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_known = match (pragma("application_id")?, pragma("user_version")?) {
        (0, 0) if tables == 0 => {
            transaction.execute_batch(SCHEMA)?;
            transaction.execute_batch(pushes::SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            true
        }
        marks => marks == (APPLICATION_ID, VERSION),
    };
    transaction.commit()?;
    if !is_known {
        return Ok(None);
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    // About a gigabyte: a thread of its own does it long before, unless it never finds the time.
    connection.pragma_update(None, "wal_autocheckpoint", 64_000)?;
    Ok(Some(connection))
}

/// Writes a bulk and gives its number.
pub(super) fn insert(connection: &Connection, entry: &NewBulk, rejected: &[(usize, u16)]) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO bulk (bulk_id, accepted_at, pace, count, first_at, last_at, rejected, hashes, sequence, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let first_at = first_at(entry.logged, entry.accepted_at, rejected);
    statement.insert(params![
        entry.bulk_id,
        entry.accepted_at.as_millisecond(),
        json(&entry.pace)?,
        i64::try_from(entry.count()).unwrap_or(i64::MAX),
        first_at.as_millisecond(),
        entry.logged.last.as_millisecond(),
        json(&rejected)?,
        entry.hashes,
        i64::try_from(entry.sequence).unwrap_or(i64::MAX),
        entry.body,
    ])
}

/// From when on something of a bulk is in the logs: who is turned down is there at once.
fn first_at(logged: LogSpan, accepted_at: Timestamp, rejected: &[(usize, u16)]) -> Timestamp {
    if rejected.is_empty() { logged.first } else { accepted_at }
}

/// Writes anew in which time the messages of a bulk come into the logs, if their validity is counted in another way.
pub(super) fn set_span(connection: &Connection, number: i64, validity_from: ValidityFrom) -> rusqlite::Result<()> {
    let Some(header) = header(connection, number)? else { return Ok(()) };
    let bulk = load(connection, header)?;
    let logged = bulk.log_span(validity_from);
    let first_at = first_at(logged, bulk.header.accepted_at, &bulk.rejected);
    let mut statement = connection.prepare_cached("UPDATE bulk SET first_at = ?, last_at = ? WHERE number = ?")?;
    statement.execute(params![first_at.as_millisecond(), logged.last.as_millisecond(), number]).map(drop)
}

/// Writes anew when and how fast a bulk is sent.
pub(super) fn set_pace(connection: &Connection, number: i64, pace: &SendTiming) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached("UPDATE bulk SET pace = ? WHERE number = ?")?;
    statement.execute(params![json(pace)?, number]).map(drop)
}

pub(super) fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Writes the bound of the clock, unless it is beyond that already.
pub(super) fn raise_bound(connection: &Connection, bound: Timestamp) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO clock VALUES (1, ?) ON CONFLICT DO UPDATE SET bound = max(bound, excluded.bound)",
    )?;
    statement.execute([bound.as_millisecond()]).map(drop)
}

/// Takes the bound of the clock back to the last time that was shown, if nobody else has raised it meanwhile.
pub(super) fn lower_bound(connection: &Connection, bound: Timestamp, last: Timestamp) -> rusqlite::Result<()> {
    let instants = [last.as_millisecond(), bound.as_millisecond()];
    connection.execute("UPDATE clock SET bound = ?1 WHERE bound = ?2 AND ?1 < ?2", instants).map(drop)
}

/// The bound of the clock; `None` if there never was one.
pub(super) fn bound(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let bound = connection.query_row("SELECT bound FROM clock", [], |row| row.get(0)).optional()?;
    Ok(bound.and_then(|bound| Timestamp::from_millisecond(bound).ok()))
}

/// How many bulks there are, and how many of their messages were accepted.
pub(super) fn count(connection: &Connection) -> rusqlite::Result<BookCount> {
    const COUNT: &str = "SELECT count(*), coalesce(sum(count - json_array_length(rejected)), 0) FROM bulk";
    connection.query_row(COUNT, [], |row| {
        let whole = |column| row.get::<_, i64>(column).map(|number| u64::try_from(number).unwrap_or_default());
        Ok(BookCount { bulks: whole(0)?, accepted: whole(1)? })
    })
}

/// Hands out the hashes of every bulk after a number, in order.
pub(super) fn hashes_after(
    connection: &Connection,
    number: i64,
    mut each: impl FnMut(i64, &[u8]),
) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare_cached("SELECT number, hashes FROM bulk WHERE number > ? ORDER BY number")?;
    let mut rows = statement.query([number])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get_ref(1)?.as_blob()?);
    }
    Ok(())
}

const HEADER: &str = "SELECT number, bulk_id, accepted_at, pace, count, first_at, last_at FROM bulk";

/// The headers of all bulks, or of those with one of these bulkIds, in the order of acceptance.
pub(super) fn headers(connection: &Connection, bulk_ids: &[String]) -> rusqlite::Result<Vec<BulkHeader>> {
    if bulk_ids.is_empty() {
        let mut statement = connection.prepare_cached(&format!("{HEADER} ORDER BY number"))?;
        return headers_of(&mut statement, []);
    }
    let mut statement = connection.prepare_cached(&format!("{HEADER} WHERE bulk_id = ? ORDER BY number"))?;
    let mut headers = Vec::new();
    for bulk_id in bulk_ids {
        headers.extend(headers_of(&mut statement, [bulk_id])?);
    }
    Ok(headers)
}

/// The number of the newest bulk; 0 if there is none.
pub(super) fn last_number(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT coalesce(max(number), 0) FROM bulk", [], |row| row.get(0))
}

/// The header of the bulk with a number.
pub(super) fn header(connection: &Connection, number: i64) -> rusqlite::Result<Option<BulkHeader>> {
    let mut statement = connection.prepare_cached(&format!("{HEADER} WHERE number = ?"))?;
    Ok(headers_of(&mut statement, [number])?.pop())
}

fn headers_of(statement: &mut Statement<'_>, parameters: impl rusqlite::Params) -> rusqlite::Result<Vec<BulkHeader>> {
    statement.query_map(parameters, read_header)?.collect()
}

fn read_header(row: &Row<'_>) -> rusqlite::Result<BulkHeader> {
    let count: i64 = row.get(4)?;
    Ok(BulkHeader {
        number: row.get(0)?,
        bulk_id: row.get(1)?,
        accepted_at: instant(row.get(2)?),
        // What cannot be read is found out where its messages are read, so that it does not fail those beside it.
        pace: pace(row.get_ref(3)?).unwrap_or_default(),
        count: u64::try_from(count).unwrap_or_default(),
        logged: LogSpan { first: instant(row.get(5)?), last: instant(row.get(6)?) },
    })
}

fn pace(kept: ValueRef<'_>) -> rusqlite::Result<SendTiming> {
    serde_json::from_slice(kept.as_bytes()?).map_err(|error| broken(3, error))
}

pub(super) fn instant(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}

/// The headers of all bulks that may have something in the logs between two instants, those that end last first.
pub(super) fn headers_between(
    connection: &Connection,
    from: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Vec<BulkHeader>> {
    let mut statement = connection
        .prepare_cached(&format!("{HEADER} WHERE last_at >= ? AND first_at <= ? ORDER BY last_at DESC, number DESC"))?;
    headers_of(&mut statement, [from.as_millisecond(), until.as_millisecond()])
}

/// The headers of all bulks of which reports may be to come that are due between two instants, those that begin
/// first before the others.
pub(super) fn headers_to_report(
    connection: &Connection,
    from: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<Vec<BulkHeader>> {
    let mut statement = connection.prepare_cached(&format!(
        "{HEADER} LEFT JOIN reported USING (number)
         WHERE last_at >= ? AND first_at <= ? AND coalesce(is_all, 0) = 0 ORDER BY first_at, number"
    ))?;
    headers_of(&mut statement, [from.as_millisecond(), until.as_millisecond()])
}

/// The headers of some bulks from a number on, in the order of acceptance.
pub(super) fn headers_from(connection: &Connection, number: i64, count: usize) -> rusqlite::Result<Vec<BulkHeader>> {
    let mut statement = connection.prepare_cached(&format!("{HEADER} WHERE number >= ? ORDER BY number LIMIT ?"))?;
    headers_of(&mut statement, params![number, i64::try_from(count).unwrap_or(i64::MAX)])
}

/// Which reports of a bulk were handed out.
pub(super) fn marks(connection: &Connection, number: i64) -> rusqlite::Result<Marks> {
    let mut statement = connection.prepare_cached("SELECT marks FROM reported WHERE number = ?")?;
    let marks = statement.query_row([number], |row| row.get(0)).optional()?;
    Ok(marks.map(Marks::new).unwrap_or_default())
}

/// Marks reports as handed out; `false`, and nothing is marked, if others were meanwhile.
pub(super) fn mark(connection: &Connection, handed: &Handed) -> rusqlite::Result<bool> {
    if marks(connection, handed.bulk)? != handed.before {
        return Ok(false);
    }
    let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO reported VALUES (?, ?, ?)")?;
    statement.execute(params![handed.bulk, handed.after.bytes(), handed.is_all])?;
    Ok(true)
}

/// Marks reports that went out by themselves as handed out.
pub(super) fn hand_out(
    connection: &Connection,
    bulk: i64,
    positions: impl Iterator<Item = usize>,
) -> rusqlite::Result<()> {
    let mut marks = marks(connection, bulk)?;
    positions.for_each(|position| marks.add(position));
    let mut statement = connection
        .prepare_cached("INSERT INTO reported VALUES (?1, ?2, 0) ON CONFLICT DO UPDATE SET marks = excluded.marks")?;
    statement.execute(params![bulk, marks.bytes()]).map(drop)
}

/// All inputs but the requests.
pub(super) fn inputs(connection: &Connection) -> rusqlite::Result<Inputs> {
    let mut inputs = Inputs::default();
    let mut statement = connection.prepare("SELECT at, after_bulk, rules FROM rules ORDER BY entry")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let rules = serde_json::from_str(row.get_ref(2)?.as_str()?).map_err(|error| broken(2, error))?;
        inputs.add_rules(RulesEntry { at: instant(row.get(0)?), after_bulk: row.get(1)?, rules });
    }
    let mut statement =
        connection.prepare("SELECT at, after_bulk, sender, person, message IS NULL FROM inbound ORDER BY entry")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        inputs.add_inbound(InboundMessage {
            at: instant(row.get(0)?),
            after_bulk: row.get(1)?,
            sender: row.get(2)?,
            person: row.get(3)?,
            act: if row.get(4)? { PersonAct::Blocks } else { PersonAct::Writes },
        });
    }
    Ok(inputs)
}

/// Notes rules that hold from now on, for the bulks that are accepted from now on as well as for the others.
pub(super) fn add_rules(connection: &Connection, at: Timestamp, rules: &ChannelRules) -> rusqlite::Result<RulesEntry> {
    let after_bulk = last_number(connection)?;
    connection.execute(
        "INSERT INTO rules (at, after_bulk, rules) VALUES (?, ?, ?)",
        params![at.as_millisecond(), after_bulk, json(rules)?],
    )?;
    Ok(RulesEntry { at, after_bulk, rules: rules.clone() })
}

/// Notes what a person does, with the message that they write. Gives its number.
pub(super) fn add_inbound(
    connection: &Connection,
    at: Timestamp,
    (sender, person): (&str, &str),
    draft: Option<&InboundDraft>,
) -> rusqlite::Result<(i64, InboundMessage)> {
    let after_bulk = last_number(connection)?;
    let entry: i64 = connection.query_row("SELECT coalesce(max(entry), 0) + 1 FROM inbound", [], |row| row.get(0))?;
    let message = draft.map(|draft| draft.compose(entry, at)).transpose();
    let message = message.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection.execute(
        "INSERT INTO inbound VALUES (?, ?, ?, ?, ?, ?)",
        params![entry, at.as_millisecond(), after_bulk, sender, person, message],
    )?;
    let act = if message.is_some() { PersonAct::Writes } else { PersonAct::Blocks };
    Ok((entry, InboundMessage { at, after_bulk, sender: sender.to_owned(), person: person.to_owned(), act }))
}

/// Reads the messages of a bulk.
pub(super) fn load(connection: &Connection, mut header: BulkHeader) -> rusqlite::Result<AcceptedBulk<'static>> {
    let mut statement =
        connection.prepare_cached("SELECT rejected, sequence, body, pace FROM bulk WHERE number = ?")?;
    let number = header.number;
    statement.query_row([number], |row| {
        let rejected = serde_json::from_str(row.get_ref(0)?.as_str()?).map_err(|error| broken(0, error))?;
        let sequence = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
        header.pace = pace(row.get_ref(3)?)?;
        let kept = (&*header.bulk_id, header.accepted_at);
        let table = unpack_table(row.get_ref(2)?.as_blob()?, sequence, kept).ok_or_else(never_accepted)?;
        Ok(AcceptedBulk { header, table, rejected })
    })
}

/// What is said of a body that cannot be read again.
pub(super) fn never_accepted() -> rusqlite::Error {
    broken(2, serde::de::Error::custom("it was never accepted"))
}

pub(super) fn broken(column: usize, error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, error.into())
}
