//! The journal of requests in the books: the newest of them, the older ones are forgotten. They are written with what is
//! written anyway, or a little later: nobody who sends waits for the journal.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Serialize;

use super::packed::unpack;
use super::table;
use crate::sandbox::journal::entry::{KeptBodies, RequestEntry, RequestOutcome};
use crate::sandbox::model::answer;

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
    -- The answers of which no bulk says what they were, or the beginnings of them.
    CREATE TABLE IF NOT EXISTS answer (entry INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
";

/// An entry that is to be kept.
#[derive(Debug)]
pub(super) struct NewRequest {
    pub(super) entry: RequestEntry,
    pub(super) kept: KeptBodies,
}

/// Which entries are looked for. What is absent does not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestSearch {
    /// Those with an answer's status between these two.
    pub status: Option<(u16, u16)>,
    /// Those with this method.
    pub method: Option<String>,
    /// Those that have made a bulk with this bulkId.
    pub bulk_id: Option<String>,
    /// Those for this path.
    pub path: Option<String>,
    /// Those of which this came.
    pub outcome: Option<RequestOutcome>,
    /// Those before this number only.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
    /// How much of the bodies is wanted; nothing if absent.
    pub bodies: Option<BodiesWanted>,
}

/// How much of bodies is wanted, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodiesWanted {
    /// Of that of a request.
    pub body: usize,
    /// Of that of its answer.
    pub answer: usize,
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
    /// The body of its answer, or the beginning of it, if that is wanted and it got one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
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
    let mut answers = connection.prepare_cached("INSERT OR REPLACE INTO answer VALUES (?, ?)")?;
    let mut last = 0;
    for NewRequest { entry, kept } in entries {
        let json = serde_json::to_string(entry);
        let json = json.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let bulk = entry.bulk.as_ref().map(|bulk| bulk.number);
        last = statement.insert(params![entry.path, entry.status, entry.outcome.name(), bulk, json, kept.body])?;
        if let Some(answer) = &kept.answer {
            answers.execute(params![last, answer])?;
        }
    }
    for forget in ["DELETE FROM request WHERE entry <= ?", "DELETE FROM answer WHERE entry <= ?"] {
        connection.prepare_cached(forget)?.execute([last - REQUESTS_KEPT])?;
    }
    Ok(())
}

const WANTED: &str = "(?1 IS NULL OR status BETWEEN ?1 AND ?2) AND (?3 IS NULL OR path = ?3)
    AND (?4 IS NULL OR outcome = ?4) AND (?5 IS NULL OR request ->> '$.method' = ?5)
    AND (?6 IS NULL OR request ->> '$.bulk.bulkId' = ?6)";

/// How many entries a search finds, wherever it begins.
pub(super) fn count(connection: &Connection, search: &RequestSearch) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(&format!("SELECT count(*) FROM request WHERE {WANTED}"))?;
    let (low, high) = search.status.unzip();
    let outcome = search.outcome.map(RequestOutcome::name);
    let parameters = params![low, high, search.path, outcome, search.method, search.bulk_id];
    let count: i64 = statement.query_row(parameters, |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The entries that a search finds, the newest first.
pub(super) fn read(connection: &Connection, search: &RequestSearch) -> rusqlite::Result<Vec<KeptRequest>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT entry, request, bulk FROM request WHERE entry < ?7 AND {WANTED} ORDER BY entry DESC LIMIT ?8"
    ))?;
    let (low, high) = search.status.unzip();
    let outcome = search.outcome.map(RequestOutcome::name);
    let before = search.before.unwrap_or(i64::MAX);
    let limit = i64::try_from(search.limit).unwrap_or(i64::MAX);
    let parameters = params![low, high, search.path, outcome, search.method, search.bulk_id, before, limit];
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let entry: RequestEntry =
            serde_json::from_str(row.get_ref(1)?.as_str()?).map_err(|error| table::broken(1, error))?;
        let mut kept = KeptRequest { number: row.get(0)?, entry, body: None, answer: None };
        if let Some(wanted) = search.bodies {
            add_bodies(connection, &mut kept, row.get(2)?, wanted)?;
        }
        found.push(kept);
    }
    Ok(found)
}

/// Adds what is wanted of the bodies: what is not kept of them is that of the bulk.
fn add_bodies(
    connection: &Connection,
    kept: &mut KeptRequest,
    bulk: Option<i64>,
    BodiesWanted { body: body_max, answer: answer_max }: BodiesWanted,
) -> rusqlite::Result<()> {
    let text = |body: Vec<u8>, most: usize| {
        String::from_utf8_lossy(body.get(..body.len().min(most)).unwrap_or_default()).into_owned()
    };
    let body = match bulk {
        Some(bulk) => body_of(connection, bulk)?,
        None => blob(connection, "SELECT body FROM request WHERE entry = ?", kept.number)?,
    };
    kept.body = body.map(|body| text(body, body_max));
    let was_told_all = kept.entry.faults.is_empty() && kept.entry.status == Some(200);
    let answer = match (blob(connection, "SELECT body FROM answer WHERE entry = ?", kept.number)?, bulk) {
        (None, Some(bulk)) if was_told_all => answer_of(connection, bulk)?,
        (answer, _) => answer,
    };
    kept.answer = answer.map(|answer| text(answer, answer_max));
    Ok(())
}

fn blob(connection: &Connection, query: &str, number: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.prepare_cached(query)?.query_row([number], |row| row.get(0)).optional()
}

/// The body of a bulk.
fn body_of(connection: &Connection, bulk: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let packed = blob(connection, "SELECT body FROM bulk WHERE number = ?", bulk)?;
    Ok(packed.and_then(|packed| unpack(&packed)))
}

/// The body of the answer to the request that has made a bulk.
fn answer_of(connection: &Connection, bulk: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    let Some(header) = table::header(connection, bulk)? else { return Ok(None) };
    let bulk = table::load(connection, header)?;
    Ok(Some(table::json(&answer::accepted(&bulk))?.into_bytes()))
}
