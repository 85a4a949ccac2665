//! The journal of requests in the books: the newest of them, the older ones are forgotten. They are written with what is
//! written anyway, or a little later: nobody who sends waits for the journal.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::packed::unpack;
use crate::sandbox::journal::entry::{RequestEntry, RequestOutcome};

/// How many requests are kept.
pub const REQUESTS_KEPT: i64 = 2_000;
/// How many wait to be written at most.
pub(super) const PENDING_MAX: usize = 256;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS request (
        entry INTEGER PRIMARY KEY,
        path TEXT NOT NULL,
        status INTEGER,               -- none: nobody was answered
        outcome TEXT NOT NULL,
        bulk INTEGER,                 -- the number of the bulk that it made: that has its body
        request TEXT NOT NULL,        -- JSON
        body BLOB NOT NULL            -- or the beginning of it
    ) STRICT;
";

/// An entry that is to be kept.
#[derive(Debug)]
pub(super) struct NewRequest {
    pub(super) entry: RequestEntry,
    pub(super) body: Vec<u8>,
}

/// Which entries are looked for. What is absent does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestSearch {
    /// Those with an answer's status between these two.
    pub status: Option<(u16, u16)>,
    /// Those for this path.
    pub path: Option<String>,
    /// Those of which this came.
    pub outcome: Option<RequestOutcome>,
    /// Those before this number only.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
    /// How much of each body is wanted, in bytes; nothing if absent.
    pub body_bytes: Option<usize>,
}

/// An entry that is kept.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptRequest {
    /// Its number; those of later requests are higher.
    pub number: i64,
    /// What is kept of it.
    #[serde(flatten)]
    pub entry: RequestEntry,
    /// Its body, or the beginning of it, if that is wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// Makes the table where there is none.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)
}

/// Writes entries, and forgets those that are too old then.
pub(super) fn write(connection: &Connection, entries: &[NewRequest]) -> rusqlite::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut statement = connection
        .prepare_cached("INSERT INTO request (path, status, outcome, bulk, request, body) VALUES (?, ?, ?, ?, ?, ?)")?;
    let mut last = 0;
    for NewRequest { entry, body } in entries {
        let json = serde_json::to_string(entry);
        let json = json.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let bulk = entry.bulk.as_ref().map(|bulk| bulk.number);
        last = statement.insert(params![entry.path, entry.status, entry.outcome.name(), bulk, json, body])?;
    }
    let mut statement = connection.prepare_cached("DELETE FROM request WHERE entry <= ?")?;
    statement.execute([last - REQUESTS_KEPT]).map(drop)
}

const WANTED: &str = "(?1 IS NULL OR status BETWEEN ?1 AND ?2) AND (?3 IS NULL OR path = ?3)
    AND (?4 IS NULL OR outcome = ?4)";

/// How many entries a search finds, wherever it begins.
pub(super) fn count(connection: &Connection, search: &RequestSearch) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(&format!("SELECT count(*) FROM request WHERE {WANTED}"))?;
    let (low, high) = search.status.unzip();
    let parameters = params![low, high, search.path, search.outcome.map(RequestOutcome::name)];
    let count: i64 = statement.query_row(parameters, |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The entries that a search finds, the newest first.
pub(super) fn read(connection: &Connection, search: &RequestSearch) -> rusqlite::Result<Vec<KeptRequest>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT entry, request, bulk, substr(body, 1, ?6) FROM request WHERE entry < ?5 AND {WANTED}
         ORDER BY entry DESC LIMIT ?7"
    ))?;
    let (low, high) = search.status.unzip();
    let whole = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let parameters = params![
        low,
        high,
        search.path,
        search.outcome.map(RequestOutcome::name),
        search.before.unwrap_or(i64::MAX),
        whole(search.body_bytes.unwrap_or_default()),
        whole(search.limit)
    ];
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let broken = |error: serde_json::Error| {
            rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error.into())
        };
        let entry: RequestEntry = serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(broken)?;
        let body = match (search.body_bytes, row.get::<_, Option<i64>>(2)?) {
            (None, _) => None,
            (Some(bytes), Some(bulk)) => body_of(connection, bulk, bytes)?,
            // Of nothing SQLite has no part.
            (Some(_), None) => Some(row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default()),
        };
        let body = body.map(|body| String::from_utf8_lossy(&body).into_owned());
        found.push(KeptRequest { number: row.get(0)?, entry, body });
    }
    Ok(found)
}

/// The beginning of the body of a bulk.
fn body_of(connection: &Connection, bulk: i64, bytes: usize) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut statement = connection.prepare_cached("SELECT body FROM bulk WHERE number = ?")?;
    let packed: Option<Vec<u8>> = statement.query_row([bulk], |row| row.get(0)).optional()?;
    let mut body = packed.and_then(|packed| unpack(&packed));
    if let Some(body) = &mut body {
        body.truncate(bytes);
    }
    Ok(body)
}
