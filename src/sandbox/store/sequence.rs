//! The numbers from which ids are made where a request has none: none comes twice, neither after a restart nor after a
//! reset, also where the clock stands still.

use rusqlite::{Connection, OptionalExtension as _};

use super::table;

/// Of how many bulks, the newest, the numbers are looked at: they are drawn before the bulks are written, so that the
/// highest is not always that of the last one.
const LOOKED_AT: i64 = 1_000;

const SCHEMA: &str = "
    -- No number from which ids are made was this one, or comes after it, when the books were emptied last.
    CREATE TABLE IF NOT EXISTS sequence (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL) STRICT;
";

/// Makes the table, if there is none.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)
}

/// The first number that no bulk was ever given.
pub(super) fn next(connection: &Connection) -> rusqlite::Result<i64> {
    let kept: Option<i64> = connection.query_row("SELECT next FROM sequence", [], |row| row.get(0)).optional()?;
    let highest: Option<i64> = connection.query_row(
        "SELECT max(sequence) FROM (SELECT sequence FROM bulk ORDER BY number DESC LIMIT ?)",
        [LOOKED_AT],
        |row| row.get(0),
    )?;
    // A bulk has never had a lower number than those before it are many.
    let of_bulks = table::last_number(connection)?.max(highest.map_or(0, |highest| highest.saturating_add(1)));
    Ok(kept.unwrap_or_default().max(of_bulks))
}

/// Keeps it for when the bulks are gone.
pub(super) fn keep(connection: &Connection) -> rusqlite::Result<()> {
    let next = next(connection)?;
    connection.execute("INSERT OR REPLACE INTO sequence VALUES (1, ?)", [next]).map(drop)
}
