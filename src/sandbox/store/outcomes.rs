//! What testers say of how messages are to end: inputs, kept in the order of time.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::table;
use crate::sandbox::model::inputs::{Inputs, ToldOutcome};
use crate::sandbox::model::status::Ending;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS outcome (
        entry INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        after_bulk INTEGER NOT NULL,  -- the last bulk for whose messages it holds
        message_id TEXT NOT NULL,
        status INTEGER NOT NULL,
        error INTEGER NOT NULL
    ) STRICT;
";

/// Makes the table where there is none.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)
}

/// Adds what is kept to the inputs.
pub(super) fn load(connection: &Connection, inputs: &mut Inputs) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare("SELECT at, after_bulk, message_id, status, error FROM outcome ORDER BY entry")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let at = Timestamp::from_millisecond(row.get(0)?).unwrap_or(Timestamp::MAX);
        let ending = Ending { status: row.get(3)?, error: row.get(4)? };
        inputs.add_outcome(row.get(2)?, ToldOutcome { at, after_bulk: row.get(1)?, ending });
    }
    Ok(())
}

/// Notes how a message ends, and gives the last bulk for whose messages that holds.
pub(super) fn insert(
    connection: &Connection,
    message_id: &str,
    ending: Ending,
    now: Timestamp,
) -> rusqlite::Result<i64> {
    let last = table::last_number(connection)?;
    connection.execute(
        "INSERT INTO outcome (at, after_bulk, message_id, status, error) VALUES (?, ?, ?, ?, ?)",
        params![now.as_millisecond(), last, message_id, ending.status, ending.error],
    )?;
    Ok(last)
}
